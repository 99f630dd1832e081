"""Reading JSON with suspicion: every value is checked before it is used, and what is wrong is told with its place."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Set
from typing import NoReturn

from send_screen.documents import MISLEADING, is_misleading
from send_screen.errors import TablesError

_SHOWN = 60  # characters of a key that an error shows


class _Object(list[tuple[str, object]]):
    """A JSON object as its pairs, because a dict would hide a key that is there twice."""


def parse(text: str) -> object:
    """Return the JSON value in ``text``; NaN, infinities and nesting without end are refused."""

    def constant(name: str) -> NoReturn:
        raise TablesError(f"The model file holds {name}, which is not a number that JSON or a model knows.")

    try:
        return json.loads(text, object_pairs_hook=_Object, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise TablesError(
            f"The model file is damaged or cut off: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    except RecursionError:
        raise TablesError("The model file is nested deeper than any model of ours.") from None
    except ValueError:  # Python refuses to read an integer of thousands of digits
        raise TablesError("The model file holds a whole number too long to read.") from None


def pairs(value: object, path: str) -> Iterator[tuple[str, object]]:
    """Return the keys and values of an object as they stand in the file, a key that is there twice among them."""
    if not isinstance(value, _Object):
        refuse(path, "must be an object")
    return iter(value)


class Fields:
    """An object that has every expected key, maybe an optional one, and no other; read key by key.

    Parameters
    ----------
    value : object
        As :func:`parse` returns it.
    path : str
        Its place in the file.
    expected, optional : set of str
        Its keys; an object with keys of the file's own choosing is read with :func:`free_fields`.
    """

    def __init__(self, value: object, path: str, expected: Set[str], optional: Set[str] = frozenset()) -> None:
        self.path = path
        self._found = free_fields(value, path)
        for key in self._found:
            if key not in expected and key not in optional:
                refuse(path, f"has a key that is not known: {key[:_SHOWN]!r}")
        for key in sorted(expected):
            if key not in self._found:
                refuse(f"{path}.{key}", "is missing")

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def __getitem__(self, name: str) -> object:
        return self._found[name]

    def number(self, name: str) -> float:
        """Return a finite number as float."""
        return number(self[name], f"{self.path}.{name}")

    def size(self, name: str) -> float:
        """Return a finite number of 0 or more."""
        return size(self[name], f"{self.path}.{name}")

    def count(self, name: str) -> int:
        """Return a whole number of 0 or more."""
        return count(self[name], f"{self.path}.{name}")

    def count_or_null(self, name: str) -> int | None:
        """Return a count, or None for one that is withheld."""
        return count_or_null(self[name], f"{self.path}.{name}")

    def text(self, name: str) -> str:
        """Return a text; an empty one for an optional key that is not there."""
        return text(self._found.get(name, ""), f"{self.path}.{name}")

    def items(self, name: str, most: int, *, exactly: int | None = None) -> list[tuple[object, str]]:
        """Return each entry of a list with its path."""
        return items(self[name], f"{self.path}.{name}", most, exactly=exactly)


def free_fields(value: object, path: str) -> dict[str, object]:
    """Return an object of any keys, each there once."""
    found: dict[str, object] = {}
    for key, item in pairs(value, path):
        if key in found:
            refuse(path, f"has the key {key[:_SHOWN]!r} twice")
        found[key] = item
    return found


def items(value: object, path: str, most: int, *, exactly: int | None = None) -> list[tuple[object, str]]:
    """Return each entry of a list with its path."""
    if not isinstance(value, list) or isinstance(value, _Object):
        refuse(path, "must be a list")
    if len(value) > most:
        refuse(path, f"has more than {most:,} entries")
    if exactly is not None and len(value) != exactly:
        refuse(path, f"must have {exactly} entries")
    return [(entry, f"{path}[{i}]") for i, entry in enumerate(value)]


def number(value: object, path: str) -> float:
    """Return a finite number as float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        refuse(path, "must be a number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        refuse(path, "must be a finite number")
    return found


def size(value: object, path: str) -> float:
    """Return a finite number of 0 or more."""
    found = number(value, path)
    if found < 0:
        refuse(path, "must be 0 or more")
    return found


def count(value: object, path: str) -> int:
    """Return a whole number of 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        refuse(path, "must be a count: a whole number, 0 or more")
    return value


def count_or_null(value: object, path: str) -> int | None:
    """Return a count, or None for one that is withheld."""
    return None if value is None else count(value, path)


def text(value: object, path: str) -> str:
    """Return a text that can be written to a file, and is shown as what it is."""
    if not isinstance(value, str):
        refuse(path, "must be a text")
    if any("\ud800" <= character <= "\udfff" for character in value):
        refuse(path, "holds half a character, which no file can be written with")
    if is_misleading(value):
        refuse(path, MISLEADING)
    return value


def key_path(path: str, key: str) -> str:
    """Return the path of a key that the file chose."""
    return f"{path}[{key[:_SHOWN]!r}]"


def refuse(path: str, words: str) -> NoReturn:
    """Raise :class:`TablesError` that says what is wrong at ``path``."""
    raise TablesError(f"{path}: {words}.")
