"""The noun for the people a model is about, and rewording of texts that say "children" to use it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Annotated, Any, Literal, TypeVar, get_origin

from pydantic import BaseModel, Field

from send_screen.documents._model import Document

Word = Annotated[str, Field(pattern=r"^[^\W\d_]+([ '’-][^\W\d_]+)*$", max_length=40)]
Value = TypeVar("Value")
_CHILD = re.compile(r"\b(?:(a) )?(?<!-)\b(child|children)\b(?!-)", re.IGNORECASE)  # not CSS's first-child
_VOWEL = re.compile(r"(?!eu|uni|use|one)[aeiou]", re.IGNORECASE)
_PROTECTED = "\ufdd0"  # inserted into words that are not reworded: a code point that no text has


class Noun(Document):
    """A noun in the singular and the plural: letters, with blanks, hyphens or apostrophes between them."""

    singular: Word
    plural: Word


CHILDREN = Noun(singular="child", plural="children")
SCHOOLS = Noun(singular="school", plural="schools")


def reword(value: Value, children: Noun) -> Value:
    """Return a text, or a document or record of texts, with "child" and "children" replaced by another noun.

    What people typed is left alone if it was passed through :func:`keep_wording` before.

    >>> reword("A child is one of 100 children.", Noun(singular="applicant", plural="applicants"))
    'An applicant is one of 100 applicants.'
    """

    def noun(found: re.Match[str]) -> str:
        article, old = found.groups()
        new = children.singular if old.casefold() == CHILDREN.singular else children.plural
        new = new[0].upper() + new[1:] if old[0].isupper() else new
        return f"{article}{'n' if _VOWEL.match(new) else ''} {new}" if article else new

    if children == CHILDREN:
        return value
    worded: Value = _each_text(value, lambda text: _CHILD.sub(noun, text).replace(_PROTECTED, ""))
    return worded


def keep_wording(value: Value, children: Noun) -> Value:
    """Return a text, document or record that people typed, so that :func:`reword` leaves it alone."""
    if children == CHILDREN:
        return value
    protected: Value = _each_text(value, lambda text: _CHILD.sub(lambda found: _PROTECTED.join(found[0]), text))
    return protected


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value with each of its texts changed, but for fields of a document whose type is a Literal."""
    if isinstance(value, str):
        return type(value)(change(value))
    if isinstance(value, BaseModel):
        literals = {name for name, field in type(value).model_fields.items() if get_origin(field.annotation) is Literal}
        update = {name: _each_text(each, change) for name, each in value if name not in literals}
        return value.model_copy(update=update)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _each_text(getattr(value, field.name), change) for field in fields(value)})
    if isinstance(value, tuple | list):
        items = [_each_text(each, change) for each in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, Mapping):
        return {change(name): _each_text(each, change) for name, each in value.items()}
    return value
