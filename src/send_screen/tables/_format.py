"""The JSON of a model file, format ``send_screen.risk_tables/1``: written for people, read with suspicion.

A file may come from anywhere, so nothing in it is trusted: its size, depth, keys, types and numbers are checked, and
the first thing that is wrong is told with its place. Terms carry their ``kind``, so that a later format can add kinds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import NoReturn

from send_screen.errors import TablesError
from send_screen.tables._terms import LevelsTerm, LinearTerm, Term

FORMAT = "send_screen.risk_tables/1"
MAX_BYTES = 8_000_000
MAX_TERMS = 10_000
_SHOWN = 60  # characters of a key that an error shows

_KINDS: dict[str, type[Term]] = {"linear": LinearTerm, "levels": LevelsTerm}
_NUMBERS = {"slope", "low", "high", "missing", "mean"}
_COUNTS = {"n", "n_missing"}


class _Object(list[tuple[str, object]]):
    """A JSON object as its pairs, because a dict would hide a key that is there twice."""


def write_document(intercept: float, terms: Sequence[Term], n_background: int, name: str) -> str:
    """Return the JSON text of a model."""
    kinds = {cls: kind for kind, cls in _KINDS.items()}
    document = {
        "format": FORMAT,
        "name": name,
        "n_background": n_background,
        "intercept": intercept,
        "terms": [{"kind": kinds[type(term)], **asdict(term)} for term in terms],
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def read_document(text: str) -> tuple[float, tuple[Term, ...], int, str]:
    """Return intercept, terms, number of background rows and name of the model in ``text``.

    Raises
    ------
    TablesError
        With the place of what is wrong, as in ``$.terms[3].slope``.
    """
    if len(text) > MAX_BYTES:
        raise TablesError(f"The model file is larger than {MAX_BYTES:,} characters: no model of ours is.")
    document = _fields(_parse(text), "$", {"format", "name", "n_background", "intercept", "terms"})
    if document["format"] != FORMAT:
        _refuse("$.format", f"must be {FORMAT!r}: this file is of another kind, or of a version not known here")
    terms = document["terms"]
    if not isinstance(terms, list) or isinstance(terms, _Object):
        _refuse("$.terms", "must be a list")
    if len(terms) > MAX_TERMS:
        _refuse("$.terms", f"has more than {MAX_TERMS:,} entries")
    features: set[str] = set()
    read: list[Term] = []
    for i, value in enumerate(terms):
        term = _term(value, f"$.terms[{i}]")
        if term.feature in features:
            _refuse(f"$.terms[{i}].feature", "names a feature that already has a term")
        features.add(term.feature)
        read.append(term)
    return (
        _number(document["intercept"], "$.intercept"),
        tuple(read),
        _count(document["n_background"], "$.n_background"),
        _text(document["name"], "$.name"),
    )


def _parse(text: str) -> object:
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


def _term(value: object, path: str) -> Term:
    kind = next((v for k, v in _pairs(value, path) if k == "kind"), None)
    if not isinstance(kind, str) or kind not in _KINDS:
        _refuse(f"{path}.kind", f"must be one of {', '.join(sorted(_KINDS))}")
    cls = _KINDS[kind]
    fields = _fields(value, path, {"kind", *cls.__dataclass_fields__})
    arguments: dict[str, object] = {}
    for name in cls.__dataclass_fields__:
        where = f"{path}.{name}"
        if name in _NUMBERS:
            arguments[name] = _number(fields[name], where)
        elif name in _COUNTS:
            arguments[name] = None if fields[name] is None else _count(fields[name], where)
        elif name == "feature":
            arguments[name] = _text(fields[name], where)
        else:
            pairs = _fields(fields[name], where, None)
            arguments[name] = {_text(k, where): _number(v, f"{where}[{k[:_SHOWN]!r}]") for k, v in pairs.items()}
    try:
        return cls(**arguments)  # type: ignore[arg-type]  # each was checked above
    except TablesError as error:
        raise TablesError(f"{path}: {error.message}") from None


def _pairs(value: object, path: str) -> Iterator[tuple[str, object]]:
    if not isinstance(value, _Object):
        _refuse(path, "must be an object")
    return iter(value)


def _fields(value: object, path: str, expected: set[str] | None) -> dict[str, object]:
    fields: dict[str, object] = {}
    for key, item in _pairs(value, path):
        if key in fields:
            _refuse(path, f"has the key {key[:_SHOWN]!r} twice")
        if expected is not None and key not in expected:
            _refuse(path, f"has a key that is not known: {key[:_SHOWN]!r}")
        fields[key] = item
    for key in sorted(expected or ()):
        if key not in fields:
            _refuse(f"{path}.{key}", "is missing")
    return fields


def _number(value: object, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(path, "must be a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        _refuse(path, "must be a finite number")
    return number


def _count(value: object, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        _refuse(path, "must be a count: a whole number, 0 or more")
    return value


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        _refuse(path, "must be a text")
    if any("\ud800" <= character <= "\udfff" for character in value):
        _refuse(path, "holds half a character, which no file can be written with")
    return value


def _refuse(path: str, words: str) -> NoReturn:
    raise TablesError(f"{path}: {words}.")
