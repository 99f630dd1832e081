"""README and pages: short, in short sentences, with commands that exist and links that lead somewhere."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest
import typer

from send_screen.cli._app import app
from send_screen.contracts import available_contracts, load_contract
from send_screen.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: Written by the build, or by other pages' own tests.
MADE = ("docs/_build/", "docs/gallery/", "docs/api/")

_FENCE = re.compile(r"^(`{3,}|:{3,})[^\n]*\n.*?^\1\s*$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"^\|.*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\]]*)\]\(([^)]*)\)")


def written() -> list[Path]:
    return [path for path in PAGES if not path.relative_to(ROOT).as_posix().startswith(MADE)]


def prose(text: str) -> str:
    """The text without code blocks, tables, equations, pictures and marks."""
    text = _TABLE.sub("", _FENCE.sub("", text))
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", re.sub(r"^\$\$.*?^\$\$", "", text, flags=re.MULTILINE | re.DOTALL))
    return re.sub(r"[*`]", "", _LINK.sub(r"\1", text))


def words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z0-9][\w'’.,/@-]*", text)


def sentences(text: str) -> list[str]:
    """Sentences of the prose; a heading or an item of a list without a full stop is none."""
    blocks = re.split(r"\n\s*\n|\n(?=- )|^#+.*$", prose(text), flags=re.MULTILINE)
    found = [one for block in blocks for one in re.split(r"(?<=[.!?])\s+(?=[A-Z\"“])", " ".join(block.split()))]
    return [one for one in found if one.endswith((".", "!", "?")) and words(one)]


def mean_length(text: str) -> float:
    found = sentences(text)
    return sum(len(words(one)) for one in found) / max(len(found), 1)


def test_the_readme_is_short() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(words(text)) <= 900, len(words(text))
    assert mean_length(text) <= 20
    assert "pip install 'send-screen[train]'" in text
    assert {"docs/images/list.png", "docs/images/report.png"} <= {link for _, link in _LINK.findall(text)}


@pytest.mark.parametrize("path", written(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_sentences_are_short(path: Path) -> None:
    assert mean_length(path.read_text("utf-8")) <= 20


def test_length_is_counted() -> None:
    text = "# A heading\n\nOne two three. Four five\nsix seven!\n\n```console\nnot this one.\n```\n- an item\n"
    assert sentences(text) == ["One two three.", "Four five six seven!"]
    assert mean_length(text) == 3.5


@pytest.mark.parametrize("path", written(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_to_files(path: Path) -> None:
    text = path.read_text("utf-8")
    for _, link in _LINK.findall(text):
        target = link.split("#")[0]
        if not target or "://" in target or target.startswith("mailto:"):
            continue
        there = (path.parent / target).resolve()
        assert there.exists() or "/docs/gallery/" in there.as_posix() or "/docs/api/" in there.as_posix(), link


def commands(text: str) -> list[list[str]]:
    blocks = re.findall(r"^```console\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("send-screen ")]
    inline = re.findall(r"`(send-screen [a-z-]+[^`]*)`", text)
    return [shlex.split(line.replace("\n", " "), comments=True)[1:] for line in [*lines, *inline]]


@pytest.mark.parametrize("path", written(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_and_their_options_exist(path: Path) -> None:
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, *rest in commands(path.read_text("utf-8")):
        if name.isupper():  # `send-screen COMMAND --help`
            continue
        assert name in known, f"send-screen {name}"
        options = {option for one in known[name].params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
        assert {word.split("=")[0] for word in rest if word.startswith("--")} <= options, [name, *rest]


def test_a_command_that_does_not_exist_is_seen() -> None:
    assert commands("```console\nsend-screen train a --data b  # words\n```\nor `send-screen screen --out c`") == [
        ["train", "a", "--data", "b"],
        ["screen", "--out", "c"],
    ]


@pytest.mark.parametrize("path", written(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_roles_are_those_of_the_contracts(path: Path) -> None:
    named = re.findall(r"--role[ =](\w+)|\"role\": ?\"(\w+)\"", path.read_text("utf-8"))
    known = {role for name in available_contracts() for role in load_contract(name).roles}
    assert known
    assert {first or second for first, second in named} <= known


def test_the_command_reference_says_what_each_exit_code_means(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "docs" / "_ext")
    page = importlib.import_module("command_pages").command_page()
    for code in ExitCode:
        assert f"| {code.value} | {code.description} |" in page
