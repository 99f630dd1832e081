"""Every public name has a numpydoc docstring: parameters, returns, raises, and an example that is run as a doctest."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from _docstrings import Public, faults, public_names

#: How many names of each package are not yet as they should be. It only ever gets smaller.
UNFINISHED = {
    "governance": 60,
    "tables": 45,
    "contracts": 30,
    "reports": 30,
    "screening": 25,
    "specs": 22,
    "tracking": 25,
    "evaluation": 25,
    "workflows": 20,
}


def test_every_public_docstring_is_whole() -> None:
    found: dict[str, list[str]] = {}
    for public in public_names():
        if wrong := faults(public):
            found.setdefault(public.full.split(".")[1], []).append(f"{public.full} {'; '.join(wrong)}")
    beyond = [one for package, those in found.items() if len(those) > UNFINISHED.get(package, 10) for one in those]
    assert not beyond, "\n".join(beyond)


def none() -> None:
    pass


def no_sections(number: int) -> int:
    """Return the number.

    Examples
    --------
    >>> no_sections(1)
    1
    """
    if number < 0:
        raise ValueError
    return number


def whole(number: int) -> int:
    """Return the number.

    Parameters
    ----------
    number : int
        Any.

    Returns
    -------
    int
        The same.

    Examples
    --------
    >>> whole(1)
    1
    """
    return number


@pytest.mark.parametrize(("thing", "wrong"), [(none, "no docstring"), (no_sections, "what number is"), (whole, "")])
def test_what_is_missing_is_found(thing: Callable[..., object], wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "send_screen_example", sys.modules[__name__])
    found = "; ".join(faults(Public(f"send_screen_example.{thing.__name__}", thing, "function")))
    assert (wrong in found) if wrong else not found
