"""The school's zip for true: built from the package index, unpacked where schools unpack, run without a network.

The zip is for Windows. Its completeness is held against another resolver that knows Windows; its steps are run here,
with the same files but the wheels of this machine.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from send_screen.errors import MachineError
from send_screen.published import PublishedReport
from send_screen.school_kit import Target, fetch_wheels, laptop_files
from send_screen.workflows import Kit
from send_screen.workflows import kit as build_kit

pytestmark = pytest.mark.slow
PYTHON = sysconfig.get_python_version()
LINUX = Target(
    platform=sysconfig.get_platform(),
    wheel_platforms=("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    markers={
        "implementation_name": "cpython",
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": "Linux",
        "sys_platform": "linux",
    },
)


@pytest.fixture(scope="module")
def kit(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """The zip for Windows, for the Python that runs the tests."""
    try:
        return build_kit(trained.exported, tmp_path_factory.mktemp("zip") / "school.zip")
    except MachineError as error:
        if "cannot be reached" in str(error):
            pytest.skip("the package index cannot be reached")
        raise


@pytest.fixture(scope="module")
def unpacked(kit: Kit, trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip where a school puts it, with this machine's wheels in place of those for Windows."""
    folder = tmp_path_factory.mktemp("laptop") / "Mrs O'Neil & Söhne" / "school kit (1)"
    zipfile.ZipFile(kit.out).extractall(folder)
    shutil.rmtree(folder / "wheels")
    (folder / "wheels").mkdir()
    scratch = tmp_path_factory.mktemp("linux")
    wheels = fetch_wheels(LINUX, (PYTHON,), scratch, progress=lambda _: None)
    version = PublishedReport.from_json((trained.exported / "published.json").read_bytes()).version
    files = laptop_files(version, wheels, LINUX, with_python=False)
    for name, content in files.items():
        if name.startswith("wheels/") or name == "kit/kit.json":
            (folder / name).write_bytes(content.read_bytes() if isinstance(content, Path) else content)
    # the two files that do the work are those of the zip
    assert files["kit/start.py"] == (folder / "kit" / "start.py").read_bytes()
    return folder


@pytest.fixture(scope="module")
def drop(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Do what ``screen.cmd`` does once it has found Python: no network, a console of the old encoding."""
    offline = ("unshare", "-rn") if subprocess.run(["unshare", "-rn", "true"], check=False).returncode == 0 else ()

    def run(*arguments: object) -> subprocess.CompletedProcess[bytes]:
        command = [*offline, sys.executable, "-I", "-S", unpacked / "kit" / "start.py", *arguments]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "cp1252", "LC_ALL": "C", "TERM": "dumb"}
        environment |= {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        words = [str(word) for word in command]
        return subprocess.run(
            words, env=environment, cwd=elsewhere, capture_output=True, stdin=subprocess.DEVNULL, check=False
        )

    return run


def test_it_screens_a_schools_file_where_there_is_no_network(
    drop: Callable[..., Any], unpacked: Path, trained: Any
) -> None:
    file = unpacked.parent / "Reception pupils (Söhne).csv"
    shutil.copy(trained.school_file, file)
    assert drop("--fits").returncode == 0
    done = drop(file)
    assert done.returncode == 0, done.stderr.decode("cp1252")
    assert "The first time" in done.stdout.decode("cp1252")
    (out,) = unpacked.parent.glob("Reception pupils (Söhne) - list of *")
    assert {path.name for path in out.iterdir()} == {
        "report.html",
        "list.csv",
        "list.xlsx",
        "excluded.csv",
        "summary.json",
    }
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    assert summary["n_screened"] + sum(summary["excluded"].values()) == summary["n_rows"]
    again = drop(file, "--capacity", "7")
    assert again.returncode == 0
    assert "The first time" not in again.stdout.decode("cp1252")
    listed = [
        json.loads((folder / "summary.json").read_text("utf-8"))["n_listed"]
        for folder in sorted(unpacked.parent.glob("Reception pupils*list of *"))
    ]
    assert len(listed) == 2
    assert listed[1] == 7


def test_a_file_that_is_wrong_gets_one_message(drop: Callable[..., Any], unpacked: Path) -> None:
    file = unpacked.parent / "wrong.csv"
    file.write_text("Name;Class\nx;y\n", encoding="cp1252")
    done = drop(file)
    assert done.returncode == 1
    assert b"wrong.csv" in done.stderr
    assert b"Traceback" not in done.stderr
    assert not list(unpacked.parent.glob("wrong - list of *"))


def test_nothing_is_written_but_beside_the_kit_and_beside_the_file(
    drop: Callable[..., Any], unpacked: Path, trained: Any, tmp_path: Path
) -> None:
    file = tmp_path / "pupils.csv"
    shutil.copy(trained.school_file, file)
    assert drop(file).returncode == 0
    assert {path.name.partition(" - ")[0] for path in tmp_path.iterdir()} == {"pupils.csv", "pupils"}
    assert {path.name for path in unpacked.iterdir()} == {
        "screen.cmd",
        "guide.html",
        "kit",
        "wheels",
        "model",
        "installed",
        "ledger.db",
        "ledger.key",
        ".ledger.lock",
    }


def test_it_is_complete_and_for_windows_says_another_resolver(
    kit: Kit, uv: str, call: Callable[..., Any], tmp_path: Path
) -> None:
    zipfile.ZipFile(kit.out).extractall(tmp_path / "kit")
    done = call(
        uv, "pip", "install", "--offline", "--no-index", "--find-links", tmp_path / "kit" / "wheels",
        "--only-binary", ":all:", "--python-platform", "x86_64-pc-windows-msvc", "--python-version", PYTHON,
        "--target", tmp_path / "to", "send-screen", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = {path.name.partition("-")[0] for path in (tmp_path / "kit" / "wheels").iterdir()}
    installed = {path.name.partition("-")[0] for path in (tmp_path / "to").glob("*.dist-info")}
    assert {name.lower() for name in installed} == {name.lower() for name in names}
    assert {"colorama", "tzdata"} <= installed  # which only Windows needs: pip alone would have forgotten them
    assert not any("linux" in path.name for path in (tmp_path / "kit" / "wheels").iterdir())


def test_the_it_department_may_use_pip(unpacked: Path, call: Callable[..., Any], tmp_path: Path) -> None:
    call(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv" / "bin" / "python"
    options = ("--no-index", "--find-links", unpacked / "wheels")
    done = call(python, "-m", "pip", "install", "--quiet", "--no-compile", *options, "send-screen", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert call(python, "-m", "send_screen", "--version", cwd=tmp_path).returncode == 0


def test_our_wheel_holds_what_the_built_one_holds(kit: Kit, wheel: Path) -> None:
    with zipfile.ZipFile(kit.out) as archive:
        (name,) = (name for name in archive.namelist() if name.startswith("wheels/send_screen-"))
        with archive.open(name) as file, zipfile.ZipFile(file) as ours, zipfile.ZipFile(wheel) as built:
            assert set(ours.namelist()) == set(built.namelist())
            for part in built.namelist():
                if ".dist-info/" not in part:
                    assert ours.read(part) == built.read(part), part


def test_the_guide_prints_on_one_page(kit: Kit, tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with zipfile.ZipFile(kit.out) as archive:
        archive.extract("guide.html", tmp_path)
    pdf = tmp_path / "guide.pdf"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={pdf}"]
    options.append(f"--user-data-dir={tmp_path / 'profile'}")
    subprocess.run(
        [chromium, *options, (tmp_path / "guide.html").as_uri()], capture_output=True, check=True, timeout=120
    )
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf.read_bytes())) == 1
