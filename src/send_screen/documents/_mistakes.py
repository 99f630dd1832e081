"""What pydantic says of a document, in one line a mistake: its path, the rule, the closest right word."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

if TYPE_CHECKING:
    from pydantic import ValidationError

_MOST = 50  # mistakes in one message
_LONGEST = 200  # characters of what is quoted of a file

_RULES = {
    "missing": "is missing",
    "model_type": "must be an object with keys",
    "dict_type": "must be an object with keys",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "string_type": "must be text",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is a whole number too long to read",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "date_type": "must be a date such as 2027-01-31",
    "date_parsing": "must be a date such as 2027-01-31",
    "date_from_datetime_parsing": "must be a date such as 2027-01-31",
    "none_required": "must be null",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "too_short": "needs at least {min_length} entries",
    "too_long": "has more than {max_length} entries",
    "string_too_short": "needs at least {min_length} characters",
    "string_too_long": "has more than {max_length} characters",
    "string_pattern_mismatch": "does not match the pattern {pattern}",
    "literal_error": "must be {expected}",
    "union_tag_not_found": "needs the key {discriminator}",
    "union_tag_invalid": "{discriminator} must be one of {expected_tags}",
}


def closest(word: str, known: Iterable[str]) -> str:
    """Return the closest known word in brackets, or nothing.

    Examples
    --------
    >>> closest("capasity", ["capacity", "folds"])
    " (did you mean 'capacity'?)"
    """
    match = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {match[0]!r}?)" if match else ""


def find_mistakes(problem: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return each mistake of a document as ``path: rule``, the first fifty.

    Parameters
    ----------
    problem : pydantic.ValidationError
    model : type of pydantic.BaseModel
        What was validated.
    """
    found: dict[str, None] = {}
    for error in problem.errors(include_url=False, include_input=True):
        path, parent = _walk(model, error["loc"])
        found[f"{path}: {_rule(error, parent)}"] = None
    mistakes = list(found)
    rest = len(mistakes) - _MOST
    return mistakes if rest <= 0 else [*mistakes[:_MOST], f"and {rest:,} more"]


def _rule(error: Any, parent: object) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        known = list(_fields(parent))
        return f"is not a key here{closest(str(error['loc'][-1]), known)}"
    if kind == "literal_error" and isinstance(error["input"], str):
        known = re.findall(r"'([^']*)'", context["expected"])
        given = error["input"]
        shown = repr(given if len(given) < _LONGEST else f"{given[:_LONGEST]}…")
        return f"{shown} is not one of {', '.join(known)}{closest(given, known)}"
    if kind in _RULES:
        return _RULES[kind].format(**context)
    return str(error["msg"]).removeprefix("Value error, ")


def _walk(model: object, place: tuple[int | str, ...]) -> tuple[str, object]:
    """Return a place as a path such as ``$.terms[3].slope``, and the model that the last key should be a field of.

    The names of a union's members stand in a place, and not in the file: they are left out of the path.
    """
    path, here, parent = "$", _plain(model), model
    for part in place:
        if isinstance(part, int):
            path, here = f"{path}[{part}]", _item(here)
            continue
        member = _member(here, part)
        if member is not None:
            here = member
            continue
        parent = here
        path = f"{path}.{part}" if re.fullmatch(r"\w+", part) else f"{path}[{part[:_LONGEST]!r}]"
        here = _fields(here)[part] if part in _fields(here) else _item(here)
    return path, parent


def _plain(annotation: object) -> object:
    """Return an annotation without ``Annotated`` and ``| None``."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return _plain(members[0])
    return annotation


def _fields(annotation: object) -> dict[str, object]:
    """Return the keys of a model and what each holds; of a union, those of all its members."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {field.alias or name: _plain(field.annotation) for name, field in annotation.model_fields.items()}
    if get_origin(annotation) in (Union, types.UnionType):
        return {key: held for member in get_args(annotation) for key, held in _fields(_plain(member)).items()}
    return {}


def _item(annotation: object) -> object:
    """Return what a list, a tuple or an object of free keys holds."""
    held = [argument for argument in get_args(annotation) if argument is not Ellipsis]
    return _plain(held[-1]) if held else object


def _member(annotation: object, tag: str) -> object | None:
    """Return the member of a union that a part of a place names, None where it names none."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return None
    for member in map(_plain, get_args(annotation)):
        if tag == getattr(member, "__name__", None) or tag == str(member):
            return member
        for held in _fields(member).values():
            if get_origin(held) is Literal and tag in get_args(held):
                return member
    return None if tag in _fields(annotation) else object
