"""The base of every typed document, its reader and its writer."""

from __future__ import annotations

import json
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from send_screen.documents._characters import MISLEADING, is_misleading
from send_screen.documents._json import load_json
from send_screen.documents._mistakes import find_mistakes
from send_screen.documents._yaml import load_yaml
from send_screen.errors import SendScreenError


def _shown_as_it_is(text: str) -> str:
    if is_misleading(text):
        raise ValueError(MISLEADING)
    return text


#: Text that a page and a terminal show as what it is.
Text = Annotated[str, AfterValidator(_shown_as_it_is)]

#: A whole number of 0 or more that a float holds exactly.
Count = Annotated[int, Field(ge=0, lt=2**53)]


class Document(BaseModel):
    """A part of a typed document: it never changes, knows no other keys, and takes a text for no number.

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


def read_document(
    model: type[Model],
    content: bytes | str,
    *,
    error: type[SendScreenError],
    file: str | None = None,
    yaml: bool = False,
    kind: str = "file",
) -> Model:
    """Return a document, or refuse it with every mistake and its path.

    Parameters
    ----------
    model : type of Document
        The format.
    content : bytes or str
        JSON in UTF-8, or YAML where ``yaml`` is true.
    error : type of SendScreenError
        What to raise.
    file : str, optional
        The name used in messages.
    yaml : bool, default False
    kind : str, default "file"
        What the document is called in messages, for example ``"spec"``.

    Raises
    ------
    SendScreenError
        Of the type ``error``. One line a mistake: path, rule, and the closest right word where there is one.
    """
    try:
        text = content.decode("utf-8-sig" if yaml else "utf-8") if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        raise error(f"The {kind} is not UTF-8 text.", file=file, remedy="Save it as UTF-8.") from None
    if yaml:
        text = json.dumps(load_yaml(text.encode("utf-8"), file=file or "", error=error))
    else:
        load_json(text, error=error, file=file)
    try:
        return model.model_validate_json(text)
    except ValidationError as problem:
        refuse_mistakes(find_mistakes(problem, model), error=error, file=file, kind=kind)


def refuse_mistakes(mistakes: list[str], *, error: type[SendScreenError], file: str | None, kind: str) -> NoReturn:
    """Raise an error that says each mistake in a line of its own.

    Parameters
    ----------
    mistakes : list of str
        Each as ``path: rule``.
    error, file, kind
        See :func:`read_document`.
    """
    lines = "\n".join(f"  {mistake}" for mistake in mistakes)
    count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    raise error(f"The {kind} has {count}:\n{lines}\n", file=file, remedy="Correct each line and try again.") from None


def write_document(document: BaseModel) -> str:
    """Return a document as JSON for people: two spaces a level, no escapes, one line end at the end."""
    value: Any = document.model_dump(mode="json")
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
