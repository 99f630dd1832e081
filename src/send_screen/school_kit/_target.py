"""The machine that a kit is for, which is not the machine that builds it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.tags import Tag, compatible_tags, cpython_tags


@dataclass(frozen=True)
class Target:
    """A kind of machine.

    Attributes
    ----------
    platform : str
        As ``sysconfig.get_platform()`` says it there.
    wheel_platforms : tuple of str
        The same in the names of wheels, best first.
    markers : mapping of str to str
        What decides there whether a requirement applies (PEP 508), but for Python's version. pip takes these from the
        machine it runs on, whatever ``--platform`` says, and so forgets what only Windows needs.
    """

    platform: str
    wheel_platforms: tuple[str, ...]
    markers: Mapping[str, str]

    def environment(self, python: str) -> dict[str, str]:
        """Return the markers of a Python there, such as ``"3.12"``."""
        return {**self.markers, "python_version": python, "python_full_version": f"{python}.0", "extra": ""}

    def tags(self, python: str) -> frozenset[Tag]:
        """Return the tags of the wheels that a Python can use there."""
        major, minor = (int(part) for part in python.split("."))
        abi = f"cp{major}{minor}"
        found: Iterable[Tag] = cpython_tags((major, minor), [abi], self.wheel_platforms)
        return frozenset(found) | frozenset(compatible_tags((major, minor), abi, self.wheel_platforms))


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
