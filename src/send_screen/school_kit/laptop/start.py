"""Runs on the school's laptop: install the packages once, then screen the file that was dropped on ``screen.cmd``.

A list that comes back, ``list.xlsx`` with what was decided, is entered into the ledger in place of that.

This file is copied into the zip. It needs only Python (``python -I -S``, so without installed packages), uses no
network, starts no other program, and writes only into the kit's folder and the folder of the file.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import runpy
import shutil
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

# The longest path that Windows opens, unless an administrator changes a setting.
MAX_PATH_LENGTH = 259
ON_WINDOWS = os.name == "nt"
COMPLETE_MARKER = "whole.txt"
FAILED = 3
# A list that comes back with what was decided, as Windows names a copy too.
RETURNED_LIST = re.compile(r"list(?: - copy| ?\(\d+\))*\.(?:xlsx|csv)", re.IGNORECASE)


class KitError(Exception):
    """An error with a message for the user."""


def say(text: str, *, error: bool = False) -> None:
    """Print a line."""
    stream = sys.stderr if error else sys.stdout
    stream.write(text + "\n")
    stream.flush()


def read_kit(here: Path) -> dict[str, Any]:
    """Return the kit's manifest, ``kit.json``."""
    try:
        kit: dict[str, Any] = json.loads((here / "kit" / "kit.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise KitError("This folder is not complete. Extract the zip again, all of it.") from None
    return kit


def wheels_for(kit: dict[str, Any]) -> list[dict[str, str]]:
    """Return the packages for the Python that runs this, each with its file and hash."""
    version, platform = f"{sys.version_info[0]}.{sys.version_info[1]}", sysconfig.get_platform()
    if platform != kit["platform"] or version not in kit["pythons"]:
        held = " or ".join(kit["pythons"])
        raise KitError(
            f"This is Python {version} for {platform}, and the kit needs Python {held} for {kit['platform']}. "
            "Ask the IT department for one."
        )
    wheels: list[dict[str, str]] = kit["pythons"][version]
    return wheels


def install(here: Path, kit: dict[str, Any]) -> Path:
    """Unpack the wheels for this Python into the kit's folder, unless that was done, and return where they are.

    The hash of each wheel is verified first.
    """
    wheels = wheels_for(kit)
    target = here / "installed" / f"{sys.version_info[0]}.{sys.version_info[1]}"
    digest = hashlib.sha256(json.dumps(wheels).encode()).hexdigest()
    mark = target / COMPLETE_MARKER
    if mark.is_file() and mark.read_text(encoding="utf-8") == digest:
        return target
    if ON_WINDOWS and len(str(target)) + 1 + kit["max_path_length"] > MAX_PATH_LENGTH:
        raise KitError(
            f"The folder's own name is too long for Windows: {here}. "
            "Move the folder to a shorter place, such as your Documents, and try again."
        )
    say("The first time, this takes a minute or two. Please wait ...")
    try:
        if target.exists():
            shutil.rmtree(target)
        for wheel in wheels:
            path = here / "wheels" / wheel["file"]
            if hashlib.sha256(path.read_bytes()).hexdigest() != wheel["sha256"]:
                raise KitError(f"{wheel['file']} was changed or damaged. Extract the zip again, or ask for a new one.")
            unpack(path, target)
        mark.write_text(digest, encoding="utf-8")
    except FileNotFoundError as error:
        raise KitError(f"{Path(str(error.filename)).name} is missing. Extract the zip again, all of it.") from None
    except OSError as error:
        raise KitError(
            f"This folder cannot be written ({error.strerror}): {here}. "
            "Copy the folder to a place of your own, such as your Documents, and try again."
        ) from None
    return target


def unpack(wheel: Path, target: Path) -> None:
    """Unpack a wheel, with the modules in its ``.data`` folder, into a folder."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    for data in target.glob("*.data"):
        for folder in ("purelib", "platlib"):
            if (data / folder).is_dir():
                shutil.copytree(data / folder, target, dirs_exist_ok=True)
        shutil.rmtree(data)


def results_folder(file: PurePath, now: datetime.datetime) -> PurePath:
    """Return the folder for the results, next to the file; its name has the time, so that nothing is overwritten."""
    return file.with_name(f"{file.stem} - list of {now:%Y-%m-%d %H.%M.%S}")


def command_for(here: Path, file: Path, rest: Sequence[str], now: datetime.datetime) -> tuple[list[str], Path | None]:
    """Return the command for the file that was dropped, and the folder of the results; a list that comes back has none.

    One ledger is in the kit's folder, wherever the files are.
    """
    ledger = str(here / "ledger.db")
    if RETURNED_LIST.fullmatch(file.name):
        return ["decisions", str(file), "--ledger", ledger, *rest], None
    out = Path(results_folder(file, now))
    return ["screen", str(here / "model"), str(file), "--out", str(out), "--ledger", ledger, *rest], out


def parse_arguments(arguments: Sequence[str]) -> tuple[Path, list[str]]:
    """Return the file that was dropped, and further options of ``send-screen screen``."""
    if arguments:
        name, rest = arguments[0], list(arguments[1:])
    else:
        say("Drag your file into this window, then press Enter:")
        name, rest = input().strip().strip('"'), []
    file = Path(os.path.abspath(name)) if name else None
    if file is None or not file.exists():
        raise KitError(
            f"There is no file {name!r}. Drop one file (CSV or Excel) on screen.cmd. "
            "If its name or folder has a & in it, rename it first."
        )
    if rest and not rest[0].startswith("-"):
        raise KitError(
            "Drop one file at a time. If your data are in several files, put them in a folder and drop that."
        )
    return file, rest


def run(here: Path, arguments: Sequence[str]) -> int:
    """Install on the first run; screen, print where the list is, and open it; or enter what a list says."""
    file, rest = parse_arguments(arguments)
    sys.path.insert(0, str(install(here, read_kit(here))))
    command, out = command_for(here, file, rest, datetime.datetime.now())
    sys.argv = ["send-screen", *command]
    try:
        runpy.run_module("send_screen", run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
        if code == FAILED:
            say("Copy the file to a place of your own, such as your Documents, and drop it from there.", error=True)
        if code:
            return code
    if out is None:
        return 0
    page = out / "report.html"
    say(f"\nYour list is here:\n  {out}\nOpen report.html, or list.xlsx. They are about children: keep them safe.")
    if ON_WINDOWS and page.is_file():
        os.startfile(page)  # type: ignore[attr-defined,unused-ignore]  # only Windows has it
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run with these arguments; print errors, and return the exit code."""
    here = Path(os.path.abspath(__file__)).parent.parent
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # so that printing cannot fail
    try:
        if list(arguments) == ["--fits"]:
            wheels_for(read_kit(here))
            return 0
        return run(here, arguments)
    except KitError as trouble:
        say(f"\n{trouble}", error=True)
        return FAILED
    except (KeyboardInterrupt, EOFError):
        return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
