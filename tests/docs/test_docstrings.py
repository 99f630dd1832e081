"""Every public name has a numpydoc docstring: parameters, returns, raises, and an example that is run as a doctest."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from _docstrings import Public, faults, public_names


def test_every_public_docstring_is_whole() -> None:
    found = [f"{public.full} {'; '.join(wrong)}" for public in public_names() if (wrong := faults(public))]
    assert not found, "\n".join(found)


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
