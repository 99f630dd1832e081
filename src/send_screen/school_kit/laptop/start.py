"""On the school's laptop: install from the folder, once, then screen the file that was dropped on ``screen.cmd``.

This file goes into the zip as it is. It needs Python alone (``python -I -S``: nothing that is installed on the machine
takes part), speaks to no network, starts no other program and writes nowhere but beside itself and beside the file.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import runpy
import shutil
import sys
import sysconfig
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

# Windows without a setting that needs an administrator opens no longer path.
MAX_PATH_LENGTH = 259
ON_WINDOWS = os.name == "nt"
WHOLE = "whole.txt"
CANNOT = 3


class Trouble(Exception):
    """An error with a message for whoever dropped the file."""


def say(text: str, *, error: bool = False) -> None:
    """Print."""
    stream = sys.stderr if error else sys.stdout
    stream.write(text + "\n")
    stream.flush()


def read_kit(here: Path) -> dict[str, Any]:
    """Return what the kit says it holds."""
    try:
        kit: dict[str, Any] = json.loads((here / "kit" / "kit.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Trouble("This folder is not complete. Extract the zip again, all of it.") from None
    return kit


def wheels_for(kit: dict[str, Any]) -> list[dict[str, str]]:
    """Return the packages for the Python that runs this, each with its file and hash."""
    version, platform = f"{sys.version_info[0]}.{sys.version_info[1]}", sysconfig.get_platform()
    if platform != kit["platform"] or version not in kit["pythons"]:
        held = " or ".join(kit["pythons"])
        raise Trouble(
            f"This is Python {version} for {platform}, and the kit needs Python {held} for {kit['platform']}. "
            "Ask the IT department for one."
        )
    wheels: list[dict[str, str]] = kit["pythons"][version]
    return wheels


def install(here: Path, kit: dict[str, Any]) -> Path:
    """Unpack the packages of this Python beside the kit, unless that was done, and return their folder.

    A wheel of these packages is a zip of what goes on Python's path. The hash of each is verified first.
    """
    wheels = wheels_for(kit)
    target = here / "installed" / f"{sys.version_info[0]}.{sys.version_info[1]}"
    digest = hashlib.sha256(json.dumps(wheels).encode()).hexdigest()
    mark = target / WHOLE
    if mark.is_file() and mark.read_text(encoding="utf-8") == digest:
        return target
    if ON_WINDOWS and len(str(target)) + 1 + kit["max_path_length"] > MAX_PATH_LENGTH:
        raise Trouble(
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
                raise Trouble(f"{wheel['file']} was changed or damaged. Extract the zip again, or ask for a new one.")
            unpack(path, target)
        mark.write_text(digest, encoding="utf-8")
    except FileNotFoundError as error:
        raise Trouble(f"{Path(str(error.filename)).name} is missing. Extract the zip again, all of it.") from None
    except OSError as error:
        raise Trouble(
            f"This folder cannot be written ({error.strerror}): {here}. "
            "Copy the folder to a place of your own, such as your Documents, and try again."
        ) from None
    return target


def unpack(wheel: Path, target: Path) -> None:
    """Put a wheel's modules, and what its ``.data`` folder holds for the path, into a folder."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    for data in target.glob("*.data"):
        for folder in ("purelib", "platlib"):
            if (data / folder).is_dir():
                shutil.copytree(data / folder, target, dirs_exist_ok=True)
        shutil.rmtree(data)


def results_beside(file: PurePath, now: datetime.datetime) -> PurePath:
    """Return the folder of the results: beside the file, and another each time, so that no notes are overwritten."""
    return file.with_name(f"{file.stem} - list of {now:%Y-%m-%d %H.%M.%S}")


def dropped(arguments: Sequence[str]) -> tuple[Path, list[str]]:
    """Return the file that was dropped, and what else the command should hear."""
    if arguments:
        name, rest = arguments[0], list(arguments[1:])
    else:
        say("Drag your file into this window, then press Enter:")
        name, rest = input().strip().strip('"'), []
    file = Path(os.path.abspath(name)) if name else None
    if file is None or not file.exists():
        raise Trouble(
            f"There is no file {name!r}. Drop one file (CSV or Excel) on screen.cmd. "
            "If its name or folder has a & in it, rename it first."
        )
    if rest and not rest[0].startswith("-"):
        raise Trouble("Drop one file at a time. If your data are in several files, put them in a folder and drop that.")
    return file, rest


def screen(here: Path, arguments: Sequence[str]) -> int:
    """Install if need be, screen, say where the list is, and open it."""
    file, rest = dropped(arguments)
    sys.path.insert(0, str(install(here, read_kit(here))))
    out = Path(results_beside(file, datetime.datetime.now()))
    # One ledger for the folder, wherever the files lie: who asks for it later should find all of it.
    ledger = str(here / "screenings.jsonl")
    sys.argv = ["send-screen", "screen", str(here / "model"), str(file), "--out", str(out), "--ledger", ledger, *rest]
    try:
        runpy.run_module("send_screen", run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
        if code == CANNOT:
            say("Copy the file to a place of your own, such as your Documents, and drop it from there.", error=True)
        if code:
            return code
    page = out / "report.html"
    say(f"\nYour list is here:\n  {out}\nOpen report.html, or list.xlsx. They are about children: keep them safe.")
    if ON_WINDOWS and page.is_file():
        os.startfile(page)  # type: ignore[attr-defined,unused-ignore]  # only Windows has it
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run, and turn errors into messages and exit codes."""
    here = Path(os.path.abspath(__file__)).parent.parent
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console of another encoding shows ? and goes on
    try:
        if list(arguments) == ["--fits"]:
            wheels_for(read_kit(here))
            return 0
        return screen(here, arguments)
    except Trouble as trouble:
        say(f"\n{trouble}", error=True)
        return CANNOT
    except (KeyboardInterrupt, EOFError):
        return CANNOT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
