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
    """Its ``sysconfig.get_platform()``."""
    wheel_platforms: tuple[str, ...]
    """Its platform tags of wheels, best first."""
    markers: Mapping[str, str]
    """Its environment markers (PEP 508), which decide whether a requirement applies, without Python's version.

    pip takes these from the machine that it runs on even with ``--platform``, and so omits what only Windows needs.
    """

    def environment(self, python: str) -> dict[str, str]:
        """Return the environment markers for a Python version, such as ``"3.12"``."""
        return {**self.markers, "python_version": python, "python_full_version": f"{python}.0", "extra": ""}

    def tags(self, python: str) -> frozenset[Tag]:
        """Return the tags of the wheels that a Python version on the target can use."""
        major, minor = (int(part) for part in python.split("."))
        abi = f"cp{major}{minor}"
        cpython = cpython_tags((major, minor), [abi], self.wheel_platforms)
        return frozenset(cpython) | frozenset(compatible_tags((major, minor), abi, self.wheel_platforms))


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
    """Download a wheel's dependencies, also indirect ones, for a Python on the target, into its folder.

    Packages that are installed here are fetched in the same version, which was tested. Those that only the target needs
    are fetched in the newest version that fits. Wheels that are in the folder are not fetched again.
    """
    tags = target.tags(python)
    while True:
        parsed = {path: parse_wheel_filename(path.name) for path in sorted(own.parent.glob("*.whl"))}
        available = {canonicalize_name(name): path for path, (name, _, _, offered) in parsed.items() if offered & tags}
        needed, missing = _resolve(own, available, target.environment(python))
        if not missing:
            return sorted((available[name] for name in needed), key=lambda path: path.name)
        _download(missing, target, python, own.parent)


def _requirements(wheel: Path) -> list[Requirement]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.count("/") == 1 and n.endswith(".dist-info/METADATA"))
        text = metadata.PathDistribution(zipfile.Path(archive, name.removesuffix("METADATA")))
        return [Requirement(line) for line in text.requires or []]


def _resolve(
    own: Path, available: Mapping[NormalizedName, Path], environment: dict[str, str]
) -> tuple[set[NormalizedName], list[Requirement]]:
    """Return the needed packages, by the metadata of the available wheels, and the requirements without a wheel."""
    first = (canonicalize_name(parse_wheel_filename(own.name)[0]), "")
    pending, seen, missing = [first], {first}, {}
    while pending:
        name, extra = pending.pop()
        for requirement in _requirements(available[name]):
            if requirement.marker and not requirement.marker.evaluate({**environment, "extra": extra}):
                continue
            key = canonicalize_name(requirement.name)
            if key not in available:
                missing[key] = requirement
                continue
            new = {(key, extra) for extra in {"", *requirement.extras}} - seen
            pending += new
            seen |= new
    return {name for name, _ in seen}, list(missing.values())


def _download(missing: Iterable[Requirement], target: Target, python: str, folder: Path) -> None:
    """Download one wheel for each requirement with pip."""
    platforms = [part for platform in target.wheel_platforms for part in ("--platform", platform)]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", python, *platforms]
    command += ["--dest", str(folder), *(_pinned(requirement) for requirement in missing)]
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
            package = line.rpartition(" for ")[2].strip()
            raise MachineError(
                f"The package index has no Windows wheel of {package} for Python {python}, or it cannot be reached.",
                remedy="Check the network; else name another Python with --python-version.",
            )
    last = (done.stderr.strip() or "it said nothing").splitlines()[-1]
    raise MachineError(f"pip could not fetch the packages: {last}", remedy="Fix what it says, and try again.")


def _pinned(requirement: Requirement) -> str:
    try:
        return f"{requirement.name}=={metadata.version(requirement.name)}"
    except metadata.PackageNotFoundError:
        return f"{requirement.name}{requirement.specifier}"
