"""As far as it can be tested elsewhere: nothing of the light path is POSIX's alone.

Two ways: the source is searched for what Windows has not, and the light path is run where the parts of Python that
Windows lacks are taken away and the habits of Windows are put on: no file replaced, renamed over or removed while it
is open, no name that Windows refuses, an encoding by default that is not UTF-8, an old console.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import send_screen

PACKAGE = Path(send_screen.__file__).parent
LIGHT = (
    "documents",
    "contracts",
    "specs",
    "readers",
    "cohorts",
    "linkage",
    "tables",
    "governance",
    "screening",
    "published",
    "reports",
    "cli",
    "school_kit",
    "score_code",
    "batches",
)
SOURCES = sorted(
    [
        PACKAGE / "errors.py",
        PACKAGE / "results.py",
        *(path for folder in LIGHT for path in (PACKAGE / folder).rglob("*.py")),
    ]
    + [
        PACKAGE / "workflows" / name
        for name in (
            "__init__.py",
            "_compare.py",
            "_folders.py",
            "_decisions.py",
            "_erase.py",
            "_export.py",
            "_export_entry.py",
            "_held_record.py",
            "_in_batches.py",
            "_kit.py",
            "_last_list.py",
            "_list_folder.py",
            "_run_records.py",
            "_screen.py",
            "_screen_schools.py",
        )
    ]
)
NO_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "curses", "readline", "syslog"}
NO_NAMES = {
    "fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "setuid", "setgid", "chown", "lchown", "chroot",
    "umask", "mkfifo", "mknod", "nice", "getpgid", "setsid", "killpg", "wait3", "wait4", "getloadavg", "uname",
    "sched_getaffinity", "O_DIRECTORY", "O_NOFOLLOW", "SIGKILL", "SIGHUP", "SIGUSR1", "sysconf", "symlink",
    "symlink_to", "hardlink_to", "getxattr", "fchmod", "lchmod", "pread", "posix_fadvise", "sendfile",
    # it exists there, and protects nothing
    "chmod",
}  # fmt: skip
ONLY_THERE = ("/tmp", "/dev/", "/etc/", "/proc", "/var/", "/usr/")
TEXT_CALLS = {"open", "read_text", "write_text", "fdopen", "NamedTemporaryFile", "TemporaryFile"}


def faults(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] in NO_MODULES)
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] in NO_MODULES:
                yield node.lineno, str(node.module)
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name in NO_NAMES)
        elif isinstance(node, ast.Attribute) and node.attr in NO_NAMES:
            yield node.lineno, node.attr
        elif isinstance(node, ast.Call):
            yield from _call_faults(node)
        elif isinstance(node, ast.Constant) and str(node.value).startswith(ONLY_THERE):
            yield node.lineno, str(node.value)


def _call_faults(node: ast.Call) -> Iterator[tuple[int, str]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in TEXT_CALLS and not _binary(node) and not _has_encoding(node, name):
        yield node.lineno, f"{name} in the machine's own encoding"
    text = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if name == "Path" and any("/" in value for value in text):
        yield node.lineno, "a path with / in one piece"
    # paths are joined by pathlib: a contract's name (education/eyfsp) and a file in a zip do have a slash everywhere
    if name == "join" and isinstance(node.func, ast.Attribute) and getattr(node.func.value, "value", "") == "/":
        yield node.lineno, "'/'.join"


def _binary(node: ast.Call) -> bool:
    words = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
    words += [word.value.value for word in node.keywords if word.arg == "mode" and isinstance(word.value, ast.Constant)]
    return any(isinstance(word, str) and "b" in word and set(word) <= set("rwaxb+") for word in words)


def _has_encoding(node: ast.Call, name: str) -> bool:
    if any(word.arg == "encoding" for word in node.keywords):
        return True
    # Path.read_text("utf-8") gives it by place; os.open() and an archive's are of bytes
    by_place = {"read_text": 0, "write_text": 1}.get(name)
    if by_place is not None and len(node.args) > by_place:
        return True
    return (
        name == "open"
        and isinstance(node.func, ast.Attribute)
        and getattr(node.func.value, "id", "") in ("os", "archive", "packed")
    )


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_source_asks_for_nothing_that_windows_has_not(path: Path) -> None:
    assert list(faults(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import fcntl",
        "from resource import getrusage",
        "import os\nos.fork()",
        "from os import getuid",
        "path.chmod(0o600)",
        "open('/tmp/x', 'rb')",
        "open(name)",
        "path.open('w', newline='')",
        "path.read_text()",
        "path.write_text(text)",
        "Path('demo/data')",
        "'/'.join(parts)",
    ],
)
def test_the_search_finds_what_it_is_for(source: str) -> None:
    assert list(faults(source))


def test_the_light_path_is_searched_whole() -> None:
    """What the light commands import of us is what was searched."""
    code = "import sys, send_screen.cli; from send_screen import kit, screen; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {name for name in done.stdout.split() if name.startswith("send_screen.")}
    searched = {
        "send_screen." + ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        for path in SOURCES
    }
    assert ours <= searched


# Windows, put on.

WINDOWS = """
import builtins, os, re, sys

for name in {modules!r}:
    sys.modules[name] = None


def ours():
    return sys._getframe(2).f_globals.get("__name__", "").startswith("send_screen")

def absent(name, call):
    def run(*rest, **options):
        if ours():
            raise AttributeError("Windows has no os." + name)
        return call(*rest, **options)
    return run

for name in {names!r}:
    if callable(getattr(os, name, None)):
        setattr(os, name, absent(name, getattr(os, name)))

REFUSED = re.compile(r'[<>:"|?*\\x00-\\x1f]|[. ]$|^(con|prn|aux|nul|com\\d|lpt\\d)(\\.|$)', re.IGNORECASE)

def names_are_fit(path):
    for part in os.fspath(path).split("/") if not isinstance(path, int) else []:
        if part not in ("", ".", "..") and REFUSED.search(part):
            raise OSError(22, "Windows refuses this name", part)

def is_open(path):
    path = os.path.realpath(path)
    for fd in os.listdir("/proc/self/fd"):
        try:
            if os.readlink("/proc/self/fd/" + fd) == path:
                return True
        except OSError:
            pass
    return False

def strict(call, *, both, over):
    def run(source, *rest, **options):
        for path in (source, *rest[: int(both)]):
            if is_open(path):
                raise PermissionError(13, "open in another program, as Windows would say", str(path))
        if both:
            names_are_fit(rest[0])
        if both and not over and os.path.exists(rest[0]):
            raise FileExistsError(17, "Windows does not rename over a file", str(rest[0]))
        return call(source, *rest, **options)
    return run

os.replace = strict(os.replace, both=True, over=True)
os.rename = strict(os.rename, both=True, over=False)
os.unlink = os.remove = strict(os.unlink, both=False, over=True)

def named(call):
    def run(path, mode="r", *rest, **options):
        if not isinstance(path, int) and set("wax") & set(mode if isinstance(mode, str) else ""):
            names_are_fit(path)
        return call(path, mode, *rest, **options)
    return run

builtins.open = named(builtins.open)
make = os.mkdir
os.mkdir = lambda path, *rest, **options: (names_are_fit(path), make(path, *rest, **options))[1]

from send_screen.cli import main
sys.argv = ["send-screen", *sys.argv[1:]]
main()
"""


@pytest.fixture(scope="module")
def as_on_windows(tmp_path_factory: pytest.TempPathFactory) -> Any:
    program = tmp_path_factory.mktemp("windows") / "windows.py"
    # gone before anything else is imported, but for what Python's own library needs to start a process here
    modules = sorted(NO_MODULES - {"posix", "fcntl", "pwd", "grp"})
    program.write_text(
        WINDOWS.replace("{modules!r}", repr(modules)).replace("{names!r}", repr(sorted(NO_NAMES))), encoding="utf-8"
    )

    def run(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[bytes]:
        environment = os.environ | {"PYTHONIOENCODING": "cp1252", "LC_ALL": "C", "PYTHONUTF8": "0", "NO_COLOR": "1"}
        environment |= {"PYTHONCOERCECLOCALE": "0", "SEND_SCREEN_DEBUG": "1"}
        command = [sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning:send_screen", program]
        words = [str(word) for word in (*command, *arguments)]
        return subprocess.run(words, cwd=cwd, env=environment, capture_output=True, check=False)

    return run


def test_checking_and_screening_run_as_on_windows(as_on_windows: Any, trained: Any, tmp_path: Path) -> None:
    # On this machine a backslash is part of a name: what took the path apart by slashes alone would lose it there.
    folder = tmp_path / "Mrs O'Neil & co (1)"
    folder.mkdir()
    file = folder / "SIMS export\\Reception 50%.csv"
    shutil.copy(trained.school_file, file)
    done = as_on_windows("check", "education/eyfsp", file, cwd=tmp_path)
    assert b"Traceback" not in done.stderr, done.stderr
    for _ in range(2):  # the second goes beside the first: nothing is written over it
        done = as_on_windows("screen", trained.exported, file, "--out", folder / "my lists", cwd=tmp_path)
        assert done.returncode == 0, done.stderr.decode("cp1252")
    lists = sorted(folder.glob("my lists*"))
    assert [path.name[:11].strip() for path in lists] == ["my lists", "my lists 20"]
    for path in lists:
        summary = json.loads((path / "summary.json").read_text("utf-8"))
        assert summary["n_screened"] + sum(summary["excluded"].values()) == summary["n_rows"]
        assert len(list(path.iterdir())) == 5
    done = as_on_windows("decisions", lists[0] / "list.xlsx", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode("cp1252")


def test_what_is_put_on_does_bite(as_on_windows: Any, trained: Any, tmp_path: Path) -> None:
    done = as_on_windows("screen", trained.exported, trained.school_file, "--out", tmp_path / "a: b", cwd=tmp_path)
    assert done.returncode == 3
    assert b"refuses this name" in done.stderr
    assert not (tmp_path / "a: b").exists()
