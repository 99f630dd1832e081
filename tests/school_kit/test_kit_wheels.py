"""Which packages go into a kit: those of the other machine, complete, at the versions that were tried here."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.tags import Tag

from send_screen.errors import MachineError
from send_screen.school_kit import WINDOWS
from send_screen.school_kit._own_wheel import pack_own_wheel
from send_screen.school_kit._wheels import wheels_for


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_what_only_windows_needs_is_fetched_and_what_only_others_need_is_not(index, make_wheel, tmp_path) -> None:
    own = make_wheel(
        tmp_path, "ours", needs=('zzz-windows; sys_platform == "win32"', 'zzz-linux; sys_platform == "linux"')
    )
    make_wheel(index, "zzz_windows", needs=('zzz-old; python_version < "3.12"', "zzz-more>=1"))
    make_wheel(index, "zzz_more", tag="cp311-abi3-win_amd64")
    make_wheel(index, "zzz_old")
    make_wheel(index, "zzz_linux")
    found = wheels_for(WINDOWS, "3.12", own=own)
    assert names(found) == [
        "ours-1.0-py3-none-any.whl",
        "zzz_more-1.0-cp311-abi3-win_amd64.whl",
        "zzz_windows-1.0-py3-none-any.whl",
    ]
    assert "zzz_old-1.0-py3-none-any.whl" in names(wheels_for(WINDOWS, "3.11", own=own))


def test_each_python_has_its_own_wheels(index, make_wheel, tmp_path) -> None:
    own = make_wheel(tmp_path, "ours", needs=("zzz-fast",))
    for tag in ("cp311-cp311-win_amd64", "cp312-cp312-win_amd64", "cp311-cp311-manylinux_2_28_x86_64"):
        make_wheel(index, "zzz_fast", tag=tag)
    assert names(wheels_for(WINDOWS, "3.11", own=own))[1:] == ["zzz_fast-1.0-cp311-cp311-win_amd64.whl"]
    assert names(wheels_for(WINDOWS, "3.12", own=own))[1:] == ["zzz_fast-1.0-cp312-cp312-win_amd64.whl"]
    with pytest.raises(MachineError, match=r"no Windows wheel of zzz-fast for Python 3\.13"):
        wheels_for(WINDOWS, "3.13", own=own)


def test_an_extra_brings_what_it_needs(index, make_wheel, tmp_path) -> None:
    own = make_wheel(tmp_path, "ours", needs=("zzz-plain", "zzz-both"))
    make_wheel(index, "zzz_plain", needs=("zzz-base",))
    make_wheel(index, "zzz_both", needs=("zzz-base[tables]",))
    make_wheel(index, "zzz_base", needs=('zzz-tables; extra == "tables"', 'zzz-never; extra == "never"'))
    make_wheel(index, "zzz_tables")
    found = wheels_for(WINDOWS, "3.12", own=own)
    assert [name.partition("-")[0] for name in names(found)] == [
        "ours",
        "zzz_base",
        "zzz_both",
        "zzz_plain",
        "zzz_tables",
    ]


def test_a_package_that_is_installed_here_keeps_its_version(index, make_wheel, tmp_path) -> None:
    here = metadata.version("packaging")
    own = make_wheel(tmp_path, "ours", needs=("packaging>=1",))
    for version in (here, "999.0"):
        make_wheel(index, "packaging", version)
    found = wheels_for(WINDOWS, "3.12", own=own)
    assert names(found)[1:] == [f"packaging-{here}-py3-none-any.whl"]


def test_no_network_is_said_and_is_not_taken_for_a_missing_package(
    make_wheel, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    own = make_wheel(tmp_path, "ours", needs=("zzz-nowhere",))
    with pytest.raises(MachineError, match="cannot be reached"):
        wheels_for(WINDOWS, "3.12", own=own)


def test_pip_that_is_not_here_is_named(make_wheel, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = subprocess.CompletedProcess([], 1, "", f"{sys.executable}: No module named pip\n")
    monkeypatch.setattr("send_screen.school_kit._wheels.subprocess.run", lambda *_, **__: done)
    own = make_wheel(tmp_path, "ours", needs=("zzz",))
    with pytest.raises(MachineError, match="ensurepip"):
        wheels_for(WINDOWS, "3.12", own=own)


def test_windows_tags() -> None:
    tags = WINDOWS.tags("3.12")
    assert {Tag("cp312", "cp312", "win_amd64"), Tag("cp311", "abi3", "win_amd64"), Tag("py3", "none", "any")} <= tags
    assert not any("linux" in tag.platform for tag in tags)


# Our own wheel.


def test_our_wheel_carries_what_runs_here_each_file_with_its_hash(tmp_path) -> None:
    path = pack_own_wheel(tmp_path)
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    record = next(name for name in held if name.endswith("/RECORD"))
    lines = [line.split(",") for line in held[record].decode().splitlines()]
    assert {line[0] for line in lines} == set(held)
    for name, digest, size in lines:
        if name != record:
            expected = base64.urlsafe_b64encode(hashlib.sha256(held[name]).digest()).rstrip(b"=").decode()
            assert (digest, size) == (f"sha256={expected}", str(len(held[name])))
    for name in ("cli/_app.py", "py.typed", "_shipped/models/reception_sen/spec.yaml", "school_kit/laptop/screen.cmd"):
        assert f"send_screen/{name}" in held
    assert not any("__pycache__" in name for name in held)


def test_our_wheel_is_the_same_bytes_each_time_and_pip_takes_it(tmp_path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    one.mkdir()
    two.mkdir()
    path = pack_own_wheel(one)
    assert path.read_bytes() == pack_own_wheel(two).read_bytes()
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target"]
    done = subprocess.run([*command, str(tmp_path / "to"), str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "to" / "send_screen" / "_shipped" / "data_contracts" / "education").is_dir()
