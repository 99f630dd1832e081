"""Validation errors of pydantic as one line per mistake: the path, the rule, the closest valid name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

from send_screen.errors import SendScreenError

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

_MAX_MISTAKES = 50  # mistakes in one message
_MAX_QUOTED = 200  # characters of what is quoted of a file

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


def raise_mistakes(
    mistakes: Iterable[str],
    *,
    error: type[SendScreenError],
    file: str | None,
    kind: str,
    max_listed: int = _MAX_MISTAKES,
) -> NoReturn:
    """Raise an error that lists each mistake, ``path: rule``, in a line of its own, ``max_listed`` at most."""
    listed = list(dict.fromkeys(mistakes))
    rest = [f"and {len(listed) - max_listed:,} more"] if len(listed) > max_listed else []
    lines = "\n".join(f"  {mistake}" for mistake in (*listed[:max_listed], *rest))
    count = "one mistake" if len(listed) == 1 else f"{len(listed):,} mistakes"
    raise error(f"The {kind} has {count}:\n{lines}\n", file=file, remedy="Correct each line and try again.") from None


def find_mistakes(problem: ValidationError, model: type[BaseModel], document: Any) -> list[str]:
    """Return each mistake that the model finds in a document as ``path: rule``."""
    schema = model.model_json_schema()
    mistakes = []
    for error in problem.errors(include_url=False):
        path, known = _locate(error, document, schema)
        mistakes.append(f"{path}: {_rule(error, known)}")
    return mistakes


def _rule(error: Any, known: Iterable[str]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return f"is not a key here{closest(str(error['loc'][-1]), known)}"
    if kind == "literal_error" and isinstance(error["input"], str):
        allowed = re.findall(r"'([^']*)'", context["expected"])
        given = error["input"]
        shown = repr(given if len(given) < _MAX_QUOTED else f"{given[:_MAX_QUOTED]}…")
        return f"{shown} is not one of {', '.join(allowed)}{closest(given, allowed)}"
    if kind == "string_type" and isinstance(error["input"], bool | int | float):
        return "must be text: put it into quotation marks"
    if kind in _RULES:
        rule = _RULES[kind].format(**context)
        return rule.replace(" 1 entries", " 1 entry").replace(" 1 characters", " 1 character")
    return str(error["msg"]).removeprefix("Value error, ")


def _locate(error: Any, document: Any, schema: dict[str, Any]) -> tuple[str, set[str]]:
    """Return the path of a mistake, such as ``$.terms[3].slope``, and the keys that the schema allows there.

    pydantic's locations also name the member of a union that it tried; the path leaves these out.
    """
    path, known = "$", set[str]()
    subschemas = _members(schema, schema)
    for part in error["loc"]:
        inside: list[Any]
        is_missing = error["type"] == "missing" and part == error["loc"][-1]
        if isinstance(part, int):
            path, document = f"{path}[{part}]", document[part] if part < len(document) else None
            inside = [subschema.get("items") for subschema in subschemas]
        elif isinstance(document, dict) and (part in document or is_missing):
            path = f"{path}.{part}" if re.fullmatch(r"\w+", part) else f"{path}[{part[:_MAX_QUOTED]!r}]"
            document = document.get(part)
            known = {key for subschema in subschemas for key in subschema.get("properties", ())}
            inside = [s.get("properties", {}).get(part, s.get("additionalProperties")) for s in subschemas]
        else:
            subschemas = [each for each in subschemas if _is_named(each, part)] or subschemas
            continue
        subschemas = [member for each in inside if isinstance(each, dict) for member in _members(each, schema)]
    return path, known


def _members(subschema: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a subschema with its reference resolved; of a union, each of its members."""
    if "$ref" in subschema:
        return _members(schema["$defs"][subschema["$ref"].rpartition("/")[2]], schema)
    union = [*subschema.get("anyOf", ()), *subschema.get("oneOf", ())]
    return [found for member in union for found in _members(member, schema)] if union else [subschema]


def _is_named(member: dict[str, Any], name: str) -> bool:
    """Return whether a member of a union has this title or, as pydantic's discriminator has it, this constant."""
    properties = member.get("properties", {}).values()
    return name == member.get("title") or any(each.get("const") == name for each in properties)
