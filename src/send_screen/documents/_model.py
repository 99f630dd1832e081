"""The base of every typed document, its reader and its writer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from send_screen.documents._characters import CONTROL_CHARACTERS_ERROR, has_control_characters
from send_screen.documents._mistakes import find_mistakes, raise_mistakes
from send_screen.documents._yaml import decode, load_yaml, shortened
from send_screen.errors import SendScreenError


def _reject_misleading(text: str) -> str:
    if has_control_characters(text):
        raise ValueError(CONTROL_CHARACTERS_ERROR)
    return text


#: Text without misleading characters.
Text = Annotated[str, AfterValidator(_reject_misleading)]

#: A whole number of 0 or more that a float holds exactly.
Count = Annotated[int, Field(ge=0, lt=2**53)]


class Document(BaseModel):
    """Base class of typed documents and their sections: immutable, without unknown keys, and strict about types.

    Examples
    --------
    >>> class Owner(Document):
    ...     team: Text
    >>> from send_screen.errors import SpecError
    >>> read_document(Owner, '{"team": "Inclusion"}', error=SpecError).team
    'Inclusion'
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )


Model = TypeVar("Model", bound=BaseModel)
_MAX_VALUES = 2_000_000  # ten times as many as the largest document of a model version
_MAX_MISTAKES = 10_000  # a file with more is another kind of file


def read_document(
    model: type[Model],
    content: bytes | str,
    *,
    error: type[SendScreenError],
    file: str | None = None,
    yaml: bool = False,
    kind: str = "file",
) -> Model:
    """Return a document, or raise one error with every mistake: its path, the rule, and the closest valid name.

    The content is JSON in UTF-8, or YAML. ``error`` is raised, and names the document by its ``file`` and ``kind``.
    """
    if yaml:
        value = load_yaml(content, file=file or "", error=error)
        text = json.dumps(value)
    else:
        text = decode(content, "utf-8", file=file, error=error)
        value = _load_json(text, file=file, error=error)
    try:
        return model.model_validate_json(text)  # strict validation of Python objects would refuse a list for a tuple
    except ValidationError as problem:
        if problem.error_count() > _MAX_MISTAKES:
            raise error(
                f"The {kind} has {problem.error_count():,} mistakes: it is another kind of file.",
                file=file,
                remedy="Check that it is the file you meant.",
            ) from None
        raise_mistakes(find_mistakes(problem, model, value), error=error, file=file, kind=kind)


def _load_json(text: str, *, file: str | None, error: type[SendScreenError]) -> Any:
    """Parse JSON; raise for NaN, infinities, deep nesting, long numbers, too many values, and a key given twice."""

    def fail(message: str) -> NoReturn:
        raise error(message, file=file, remedy="Get the file again from where it was made.") from None

    def raise_for_constant(name: str) -> NoReturn:
        fail(f"The file holds {name}, which is not a number of JSON.")

    duplicates: list[tuple[dict[str, Any], str]] = []  # each object that gives a key twice, and the key

    def as_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            duplicates.append((found, next(key for key in keys if keys.count(key) > 1)))
        return found

    if text.count(",") >= _MAX_VALUES:
        fail(f"The file holds more than {_MAX_VALUES:,} values.")
    try:
        value = json.loads(text, object_pairs_hook=as_dict, parse_constant=raise_for_constant)
        everywhere = _objects(value) if duplicates else ()
        positions = [
            (path, key) for path, value_there in everywhere for found, key in duplicates if value_there is found
        ]
    except json.JSONDecodeError as problem:
        fail(f"The file is damaged or cut off: {problem.msg} (line {problem.lineno}, column {problem.colno}).")
    except RecursionError:
        fail("The file is nested too deeply.")
    except ValueError:  # Python refuses to read an integer of thousands of digits
        fail("The file holds a whole number too long to read.")
    if duplicates:  # an object that a later duplicate key replaced is no longer in the value, and has no path
        path, key = positions[0] if positions else ("$", duplicates[0][1])
        fail(f"{path}: the key {shortened(key)} is given twice.")
    return value


def _objects(value: object, path: str = "$") -> Iterator[tuple[str, object]]:
    """Yield each object inside a JSON value, with its path."""
    if isinstance(value, dict):
        yield path, value
        for key, item in value.items():
            yield from _objects(item, f"{path}.{key}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _objects(item, f"{path}[{position}]")


def write_document(document: BaseModel) -> str:
    """Return a document as indented JSON, without escapes, with a line break at the end."""
    value: Any = document.model_dump(mode="json")
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
