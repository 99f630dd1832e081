"""The packages that screening needs on another machine, as wheels from the package index."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename

from send_screen.errors import MachineError
from send_screen.school_kit._own_wheel import pack_own_wheel

_NO_NETWORK = ("NewConnectionError", "Connection to ", "ConnectTimeoutError", "Name or service not known", "Retrying")


@dataclass(frozen=True)
class Target:
    """The machine that a kit is for, which is not the machine that builds it."""

    platform: str
    """As ``sysconfig.get_platform()`` says it there."""
    wheel_platforms: tuple[str, ...]
    """The same in the names of wheels, best first."""
    markers: Mapping[str, str]
    """What decides there whether a requirement applies (PEP 508), but for Python's version.

    pip takes these from the machine it runs on, whatever ``--platform`` says, and so forgets what only Windows needs.
    """

    def environment(self, python: str) -> dict[str, str]:
        """Return the markers of a Python there, such as ``"3.12"``."""
        return {**self.markers, "python_version": python, "python_full_version": f"{python}.0", "extra": ""}

    def tags(self, python: str) -> frozenset[Tag]:
        """Return the tags of the wheels that a Python can use there."""
        major, minor = (int(part) for part in python.split("."))
        abi = f"cp{major}{minor}"
        own = cpython_tags((major, minor), [abi], self.wheel_platforms)
        return frozenset(own) | frozenset(compatible_tags((major, minor), abi, self.wheel_platforms))


WINDOWS = Target(
    platform="win-amd64",
    wheel_platforms=("win_amd64",),
    markers={
        "implementation_name": "cpython",
        "os_name": "nt",
        "platform_machine": "AMD64",
        "platform_python_implementation": "CPython",
        "platform_system": "Windows",
        "sys_platform": "win32",
    },
)


def fetch_wheels(
    target: Target, pythons: Sequence[str], scratch: Path, *, progress: Callable[[str], None]
) -> dict[str, list[Path]]:
    """Fetch the wheels that screening needs on another machine into ``scratch``, and return them for each Python.

    Raises
    ------
    MachineError
        If a package has no wheel for one of them, the package index cannot be reached, or pip is not here.
    """
    own = pack_own_wheel(scratch)
    wheels = {}
    for python in pythons:
        progress(f"Fetching the packages for Python {python}")
        wheels[python] = wheels_for(target, python, own=own)
    return wheels


def wheels_for(target: Target, python: str, *, own: Path) -> list[Path]:
    """Fetch what a wheel needs, and all that needs in turn, for a Python on another machine, into its folder.

    A package that is installed here is fetched at the version that is installed here: the kit screens with what was
    tried. What only the other machine needs is the newest that fits. What is in the folder is not fetched again.
    """
    tags = target.tags(python)
    while True:
        parsed = {path: parse_wheel_filename(path.name) for path in sorted(own.parent.glob("*.whl"))}
        held = {canonicalize_name(name): path for path, (name, _, _, offered) in parsed.items() if offered & tags}
        needed, absent = _walk(own, held, target.environment(python))
        if not absent:
            return sorted((held[name] for name in needed), key=lambda path: path.name)
        _download(absent, target, python, own.parent)


def _requirements(wheel: Path) -> list[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA"))
        text = metadata.PathDistribution(zipfile.Path(archive, name.removesuffix("METADATA")))
        return [Requirement(line) for line in text.requires or []]


def _walk(
    own: Path, held: Mapping[NormalizedName, Path], environment: dict[str, str]
) -> tuple[set[NormalizedName], list[Requirement]]:
    """Return the needed packages, from the metadata of the wheels present, and the requirements without a wheel."""
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


def _download(absent: Iterable[Requirement], target: Target, python: str, folder: Path) -> None:
    """Fetch one wheel for each requirement."""
    platforms = [part for platform in target.wheel_platforms for part in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", python, *platforms]
    command += ["--dest", str(folder), *(_pinned(requirement) for requirement in absent)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
    if done.returncode == 0:
        return
    if "No module named pip" in done.stderr:
        raise MachineError(
            "pip is not installed beside this Python.",
            remedy=f"Run: {sys.executable} -m ensurepip. Then build the kit again.",
        )
    if any(sign in done.stderr for sign in _NO_NETWORK):
        raise MachineError(
            "The package index cannot be reached.",
            remedy="Build the kit on a machine with a network: the school needs none.",
        )
    for line in done.stderr.splitlines():
        if "No matching distribution found for" in line:
            missing = line.rpartition(" for ")[2].strip()
            raise MachineError(
                f"The package index has no Windows wheel of {missing} for Python {python}, or it cannot be reached.",
                remedy="Check the network; else name another Python with --python-version.",
            )
    last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
    raise MachineError(f"pip could not fetch the packages: {last}", remedy="Fix what it says, and try again.")


def _pinned(requirement: Requirement) -> str:
    try:
        return f"{requirement.name}=={metadata.version(requirement.name)}"
    except metadata.PackageNotFoundError:
        return f"{requirement.name}{requirement.specifier}"
