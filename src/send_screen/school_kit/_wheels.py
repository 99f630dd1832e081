"""The packages that screening needs on another machine, as wheels from the package index."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from send_screen.errors import MissingExtraError
from send_screen.school_kit._own_wheel import pack_own_wheel
from send_screen.school_kit._target import Target

_NO_NETWORK = ("NewConnectionError", "Connection to ", "ConnectTimeoutError", "Name or service not known", "Retrying")


def fetch_wheels(
    target: Target, pythons: Sequence[str], scratch: Path, *, progress: Callable[[str], None]
) -> dict[str, list[Path]]:
    """Fetch the wheels that screening needs on another machine, for each of several Pythons.

    Parameters
    ----------
    target : Target
        The other machine.
    pythons : sequence of str
        Such as ``"3.12"``.
    scratch : pathlib.Path
        An existing folder for the wheels.
    progress : callable
        Called with a sentence before each Python.

    Returns
    -------
    dict of str to list of pathlib.Path
        By Python, in the order given.

    Raises
    ------
    MissingExtraError
        If a package has no wheel for one of them, the package index cannot be reached, or pip is not here.
    """
    folder, own_folder = scratch / "wheels", scratch / "own"
    for each in (folder, own_folder):
        each.mkdir()
    own = pack_own_wheel(own_folder)
    wheels: dict[str, list[Path]] = {}
    for python in pythons:
        progress(f"Fetching the packages for Python {python}")
        wheels[python], missing = wheels_for(target, python, own=own, folder=folder)
        if missing:
            raise MissingExtraError(
                f"The package index has no Windows wheel of {missing} for Python {python}, or it cannot be reached.",
                remedy="Check the network; else name another Python with --python-version.",
            )
    return wheels


def wheels_for(target: Target, python: str, *, own: Path, folder: Path) -> tuple[list[Path], str]:
    """Fetch what a wheel needs, and all that needs in turn, for a Python on another machine.

    A package that is installed here is fetched at the version that is installed here: the kit screens with what was
    tried. What only the other machine needs is the newest that fits.

    Parameters
    ----------
    target : Target
        The other machine.
    python : str
        Such as ``"3.12"``.
    own : pathlib.Path
        The wheel to begin with.
    folder : pathlib.Path
        Where wheels are kept; what is there already is not fetched again.

    Returns
    -------
    wheels : list of pathlib.Path
        Sorted, ``own`` among them; empty where a package has no wheel for this Python.
    missing : str
        The package that has none, else ``""``.

    Raises
    ------
    MissingExtraError
        If the package index cannot be reached, or pip is not here.
    """
    while True:
        held = _held(folder, target, python) | {canonicalize_name(parse_wheel_filename(own.name)[0]): own}
        needed, absent = _walk(own, held, target.environment(python))
        if not absent:
            return sorted((held[name] for name in needed), key=lambda path: path.name), ""
        missing = _download(absent, target, python, folder)
        if missing:
            return [], missing


def _held(folder: Path, target: Target, python: str) -> dict[str, Path]:
    tags = target.tags(python)
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.whl")):
        name, _, _, offered = parse_wheel_filename(path.name)
        if offered & tags:
            found[canonicalize_name(name)] = path
    return found


def _requirements(wheel: Path) -> Iterable[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA"))
        text = metadata.PathDistribution(zipfile.Path(archive, name.removesuffix("METADATA")))
        return [Requirement(line) for line in text.requires or []]


def _walk(own: Path, held: dict[str, Path], environment: dict[str, str]) -> tuple[set[str], list[Requirement]]:
    """Return the names that are needed, as far as the wheels in hand say it, and the requirements not in hand."""
    first = (canonicalize_name(parse_wheel_filename(own.name)[0]), "")
    todo, seen, absent = [first], {first}, {}
    while todo:
        name, extra = todo.pop()
        for requirement in _requirements(held[name]):
            if requirement.marker and not requirement.marker.evaluate({**environment, "extra": extra}):
                continue
            key = canonicalize_name(requirement.name)
            if key not in held:
                absent[key] = requirement
                continue
            new = {(key, extra) for extra in {"", *requirement.extras}} - seen
            todo += new
            seen |= new
    return {name for name, _ in seen}, list(absent.values())


def _download(absent: Iterable[Requirement], target: Target, python: str, folder: Path) -> str:
    """Fetch one wheel for each requirement; return the one that has none, else ``""``."""
    platforms = [part for platform in target.wheel_platforms for part in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", python, *platforms]
    command += ["--dest", str(folder), *(_pinned(requirement) for requirement in absent)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode == 0:
        return ""
    if "No module named pip" in done.stderr:
        raise MissingExtraError(
            "pip is not installed beside this Python.",
            remedy=f"Run: {sys.executable} -m ensurepip. Then build the kit again.",
        )
    if any(sign in done.stderr for sign in _NO_NETWORK):
        raise MissingExtraError(
            "The package index cannot be reached.",
            remedy="Build the kit on a machine with a network: the school needs none.",
        )
    for line in done.stderr.splitlines():
        if "No matching distribution found for" in line:
            return line.rpartition(" for ")[2].strip()
    last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
    raise MissingExtraError(f"pip could not fetch the packages: {last}", remedy="Mend what it says, and try again.")


def _pinned(requirement: Requirement) -> str:
    try:
        return f"{requirement.name}=={metadata.version(requirement.name)}"
    except metadata.PackageNotFoundError:
        return f"{requirement.name}{requirement.specifier}"
