"""Strict JSON: duplicate keys, NaN, infinities, oversized integers and excessive nesting are refused."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from send_screen.documents._yaml import shortened
from send_screen.errors import SendScreenError


class _DuplicateKeyDict(dict[str, Any]):
    """An object that gives a key twice."""

    key: str


def load_json(text: str, *, error: type[SendScreenError], file: str | None = None) -> Any:
    """Parse JSON into dicts, lists, texts, numbers, truth values and None.

    Parameters
    ----------
    text : str
    error : type of SendScreenError
        What to raise.
    file : str, optional
        The name used in messages.

    Raises
    ------
    SendScreenError
        Of the type ``error``: for invalid JSON, NaN and infinities, excessive nesting, integers of thousands of digits,
        and a duplicate key, with its path.

    Examples
    --------
    >>> from send_screen.errors import SpecError
    >>> load_json('{"folds": 5}', error=SpecError)
    {'folds': 5}
    """

    def refuse(words: str) -> NoReturn:
        raise error(words, file=file, remedy="Get the file again from where it was made.") from None

    def refuse_constant(name: str) -> NoReturn:
        refuse(f"The file holds {name}, which is not a number of JSON.")

    duplicate_keys: list[str] = []

    def as_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        marked = _DuplicateKeyDict(found)
        keys = [key for key, _ in pairs]
        marked.key = next(key for key in keys if keys.count(key) > 1)
        duplicate_keys.append(marked.key)
        return marked

    try:
        value = json.loads(text, object_pairs_hook=as_dict, parse_constant=refuse_constant)
        place = _find_duplicate_key(value, "$") if duplicate_keys else None
    except json.JSONDecodeError as problem:
        refuse(f"The file is damaged or cut off: {problem.msg} (line {problem.lineno}, column {problem.colno}).")
    except RecursionError:
        refuse("The file is nested too deeply.")
    except ValueError:  # Python refuses to read an integer of thousands of digits
        refuse("The file holds a whole number too long to read.")
    if duplicate_keys:
        # an object that is itself the first value of a key given twice is no longer there
        path, key = place or ("$", duplicate_keys[0])
        refuse(f"{path}: the key {shortened(key)} is given twice.")
    return value


def _find_duplicate_key(value: object, path: str) -> tuple[str, str] | None:
    """Return the path of the first object that gives a key twice, and the key."""
    if isinstance(value, _DuplicateKeyDict):
        return path, value.key
    items: list[tuple[str, object]] = []
    if isinstance(value, dict):
        items = [(f"{path}.{key}", item) for key, item in value.items()]
    elif isinstance(value, list):
        items = [(f"{path}[{position}]", item) for position, item in enumerate(value)]
    return next((place for path, item in items if (place := _find_duplicate_key(item, path))), None)
