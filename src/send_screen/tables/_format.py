"""The JSON of a model file, format ``send_screen.risk_tables/2``: written for people, read with suspicion.

``risk_tables.schema.json`` beside this module is the published schema. It is not what a file is read by: the reader
needs no other library, and also holds a file to what a schema cannot say (edges ascend, a grid has the shape of its
edges, no key is there twice). A file may come from anywhere, so nothing in it is trusted: its size, depth, keys, types
and numbers are checked, and the first thing that is wrong is told with its place.

Format 1, which had no shapes or interactions and kept levels in an object, is read too.
"""

from __future__ import annotations

from dataclasses import dataclass

from send_screen.errors import TablesError
from send_screen.tables import _strict as strict
from send_screen.tables._interaction import InteractionTerm
from send_screen.tables._lines import dumps
from send_screen.tables._strict import Fields
from send_screen.tables._term_format import read_old_term, read_surface, read_term, surface_fields, term_fields
from send_screen.tables._terms import Term

FORMAT = "send_screen.risk_tables/2"
OLD_FORMAT = "send_screen.risk_tables/1"
MAX_BYTES = 8_000_000
MAX_TERMS = 10_000


@dataclass(frozen=True)
class Document:
    """What a model file says: the fields of :class:`~send_screen.tables.RiskTables`."""

    intercept: float
    terms: tuple[Term, ...]
    n_background: int
    name: str
    interactions: tuple[InteractionTerm, ...]


def write_document(document: Document) -> str:
    """Return the JSON text of a model."""
    content = {
        "format": FORMAT,
        "name": document.name,
        "n_background": document.n_background,
        "intercept": document.intercept,
        "terms": [term_fields(term) for term in document.terms],
        "interactions": [surface_fields(interaction) for interaction in document.interactions],
    }
    return dumps(content) + "\n"


def read_document(text: str) -> Document:
    """Return the model in ``text``.

    Raises
    ------
    TablesError
        With the place of what is wrong, as in ``$.terms[3].slope``.
    """
    if len(text) > MAX_BYTES:
        raise TablesError(f"The model file is larger than {MAX_BYTES:,} characters: no model of ours is.")
    return read_value(strict.parse(text), "$")


def read_value(value: object, path: str) -> Document:
    """Return the model in a value that :func:`send_screen.tables._strict.parse` returned, whose place is ``path``.

    Raises
    ------
    TablesError
        With the place of what is wrong.
    """
    version = next((v for k, v in strict.pairs(value, path) if k == "format"), FORMAT)
    if version not in (FORMAT, OLD_FORMAT):
        strict.refuse(
            f"{path}.format", f"must be {FORMAT!r}: this file is of another kind, or of a version not known here"
        )
    expected = {"format", "name", "n_background", "intercept", "terms"}
    fields = Fields(value, path, expected if version == OLD_FORMAT else expected | {"interactions"})
    read = read_old_term if version == OLD_FORMAT else read_term
    terms: dict[str, Term] = {}
    for entry, path in fields.items("terms", MAX_TERMS):
        term = read(entry, path)
        if term.feature in terms:
            strict.refuse(f"{path}.feature", "names a feature that already has a term")
        terms[term.feature] = term
    entries = fields.items("interactions", MAX_TERMS) if "interactions" in fields else []
    return Document(
        intercept=fields.number("intercept"),
        terms=tuple(terms.values()),
        n_background=fields.count("n_background"),
        name=fields.text("name"),
        interactions=tuple(read_surface(*entry) for entry in entries),
    )
