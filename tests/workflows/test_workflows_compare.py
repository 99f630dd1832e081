"""``send-screen compare``: registered, exported, and from ``published.json`` alone."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from folder_hashes import write_manifest
from typer.testing import CliRunner

from send_screen.cli._app import app
from send_screen.errors import TablesError, UsageError
from send_screen.governance import sha256_of
from send_screen.workflows import compare


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["compare", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def another(trained: Any, tmp_path: Path) -> Path:
    """Another version: its spec lists twice as many children, and its gaps have other verdicts."""
    folder = tmp_path / "another"
    shutil.copytree(trained.exported, folder)
    spec = (folder / "spec.yaml").read_text("utf-8").replace("capacity: 0.10", "capacity: 0.20")
    (folder / "spec.yaml").write_text(spec, encoding="utf-8", newline="\n")

    def change(published: dict[str, Any]) -> None:
        published["version"] |= {"id": "f" * 16, "capacity": 0.2, "spec_sha256": sha256_of(spec.encode())}
        for gap in published["gaps"]:
            gap["verdict"] = "outside tolerance"

    _rewrite(folder, change)
    write_manifest(folder, version="f" * 16)
    return folder


def _rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    published = json.loads((folder / "published.json").read_text("utf-8"))
    change(published)
    (folder / "published.json").write_text(json.dumps(published), encoding="utf-8")


def test_two_exported_versions(trained: Any, another: Path, tmp_path: Path) -> None:
    code, out, err = run(trained.exported, another, "--out", tmp_path / "page.html")
    assert code == 0, err
    for words in (
        "Places (capacity): 10 of 100 children -> 20 of 100 children",
        "capacity: 0.1 -> 0.2",
        "Data and contracts: nothing",
        "a longer list misses fewer",
        "Girls: “not enough evidence”, then “outside tolerance”.",
        "the same figures",
    ):
        assert words in out, words
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "20 of 100 children" in page
    assert "Invented children" in page


def test_json_is_the_same_comparison(trained: Any, another: Path) -> None:
    code, out, _ = run(trained.exported, another, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["spec"] == [{"what": "capacity", "first": "0.1", "second": "0.2"}]
    assert found == json.loads(json.dumps(compare(trained.exported, another).to_dict()))


@pytest.mark.parametrize("name", ["models:/reception_sen/1", "reception_sen/1", "reception_sen@candidate"])
def test_a_registered_version_goes_by_its_name(trained: Any, name: str) -> None:
    found = compare(name, trained.exported, tracking_uri=trained.uri).comparison
    assert found.names[0].startswith("models:/reception_sen")
    assert found.ids == (trained.made.version, trained.made.version)
    assert "Both are the same version." in found.notes
    assert found.spec == ()


def test_published_json_is_enough_and_is_said_to_be_unverified(trained: Any, another: Path) -> None:
    found = compare(trained.exported / "published.json", another).comparison
    whole = compare(trained.exported, another).comparison
    assert found.spec is None
    assert "nothing verifies" in found.notes[0]
    assert (found.parts, found.metrics, found.groups) == (whole.parts, whole.metrics, whole.groups)


def test_an_altered_version_is_refused(trained: Any, another: Path) -> None:
    _rewrite(another, lambda published: published["version"].update(capacity=0.3))
    with pytest.raises(TablesError, match="was changed"):
        compare(trained.exported, another)


@pytest.mark.parametrize("content", ["{}", "[1]", "not JSON", '{"format": "send_screen.bundle/1"}'])
def test_a_file_that_is_no_published_json_is_refused(trained: Any, tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"other\.json is not what a version publishes"):
        compare(file, trained.exported)


def test_what_is_not_there_and_what_cannot_be_compared(trained: Any, another: Path, tmp_path: Path) -> None:
    code, _, err = run(trained.exported, tmp_path / "nowhere")
    assert code == 2
    assert "There is no exported model" in err
    file = tmp_path / "published.json"
    shutil.copy(another / "published.json", file)
    published = json.loads(file.read_text("utf-8"))
    published["version"]["outcome_description"] = "was excluded"
    file.write_text(json.dumps(published), encoding="utf-8")
    code, _, err = run(trained.exported, file)
    assert code == 2
    assert "predict different outcomes" in err
    (tmp_path / "file").touch()
    code, _, err = run(trained.exported, another, "--out", tmp_path / "file" / "page.html")
    assert code == 3
    assert "--out" in err


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("performance", {"a": 1}),
        ("version", "text"),
        ("performance", [{"value": math.nan}]),
    ],
)
def test_a_document_of_another_kind_is_one_clear_error(trained: Any, tmp_path: Path, section: str, value: Any) -> None:
    document = json.loads((trained.exported / "published.json").read_text("utf-8"))
    other = tmp_path / "published.json"
    other.write_text(json.dumps(document | {section: value}), encoding="utf-8")
    with pytest.raises(UsageError, match="not what a version publishes"):
        compare(trained.exported, other)


def test_a_name_that_is_too_long_is_no_version(trained: Any) -> None:
    with pytest.raises(UsageError, match="too long"):
        compare(trained.exported, "x" * 5000)
