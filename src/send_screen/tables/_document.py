"""The model file, format ``send_screen.risk_tables/3``: its typed document, its parser and its writer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from send_screen.documents import Count, Document, Text, read_document
from send_screen.errors import TablesError
from send_screen.tables._interaction import InteractionTerm
from send_screen.tables._terms import LevelsTerm, LinearTerm, ShapeTerm, Term

MAX_BYTES = 8_000_000
MAX_BAGGED_BYTES = 60_000_000
_DEPTH_OF_BINS = 4  # document, terms, term, bins, bin
_MAX_TERMS, _MAX_BINS, _MAX_BAGS = 10_000, 4_096, 1_000

NonNegative = Annotated[float, Field(ge=0)]
_Edges = Annotated[tuple[float, ...], Field(max_length=_MAX_BINS)]
_Read = TypeVar("_Read")
_Item = TypeVar("_Item")


class BinRow(Document):
    """A bin of a shape term, up to (and without) ``below``; null in the last."""

    below: float | None
    log_odds: float
    n: Count | None
    standard_error: NonNegative | None = None


class LevelRow(Document):
    """A level of a categorical feature."""

    level: Text
    log_odds: float
    n: Count | None
    standard_error: NonNegative | None = None


class _TermFields(Document):
    feature: Text
    missing: float
    mean: float
    n_missing: Count | None
    label: Text = ""
    unit: Text = ""


class LinearFields(_TermFields):
    """A :class:`~send_screen.tables.LinearTerm`."""

    kind: Literal["linear"]
    slope: float
    low: float
    high: float
    n: Count | None


class ShapeFields(_TermFields):
    """A :class:`~send_screen.tables.ShapeTerm`."""

    kind: Literal["shape"]
    slope: float
    low: float
    high: float
    bins: Annotated[list[BinRow], Field(min_length=1, max_length=_MAX_BINS)]
    missing_standard_error: NonNegative | None = None


class LevelsFields(_TermFields):
    """A :class:`~send_screen.tables.LevelsTerm`."""

    kind: Literal["levels"]
    n: Count | None
    levels: Annotated[list[LevelRow], Field(max_length=_MAX_BINS)]
    missing_standard_error: NonNegative | None = None


class InteractionFields(Document):
    """An :class:`~send_screen.tables.InteractionTerm`."""

    features: tuple[Text, Text]
    edges: tuple[_Edges, _Edges]
    values: tuple[tuple[float, ...], ...]
    mean: float
    n: tuple[tuple[Count | None, ...], ...] | None = None
    standard_error: tuple[tuple[NonNegative, ...], ...] | None = None


TermFields = LinearFields | ShapeFields | LevelsFields


class TablesDocument(Document):
    """A :class:`~send_screen.tables.RiskTables` in a model file."""

    format: Literal["send_screen.risk_tables/3"]
    name: Text
    n_training: Count
    intercept: float
    terms: Annotated[list[Annotated[TermFields, Field(discriminator="kind")]], Field(max_length=_MAX_TERMS)]
    interactions: Annotated[list[InteractionFields], Field(max_length=_MAX_TERMS)]


class BaggedDocument(Document):
    """A :class:`~send_screen.tables.BaggedTables` in a file."""

    format: Literal["send_screen.bagged_tables/1"]
    repeats: Annotated[list[Count], Field(max_length=_MAX_BAGS)]
    typical_variance: NonNegative
    bags: Annotated[list[TablesDocument], Field(max_length=_MAX_BAGS)]


_FILES: dict[type[Document], tuple[str, int]] = {
    TablesDocument: ("model file", MAX_BYTES),
    BaggedDocument: ("file of bagged tables", MAX_BAGGED_BYTES),
}
_Document = TypeVar("_Document", TablesDocument, BaggedDocument)


def parse(document: type[_Document], content: bytes | str, *, file: str | None = None) -> _Document:
    """Parse a file, or raise one error with every mistake and its path."""
    kind, max_bytes = _FILES[document]
    if len(content) > max_bytes:
        raise TablesError(f"The {kind} is larger than {max_bytes:,} bytes: no model of ours is.", file=file)
    return read_document(document, content, error=TablesError, file=file, kind=kind)


def read_fields(document: TablesDocument, path: str) -> dict[str, Any]:
    """Return the arguments of :class:`~send_screen.tables.RiskTables` from a document."""
    return {
        "intercept": document.intercept,
        "terms": tuple(_read_each(document.terms, _read_term, f"{path}.terms")),
        "n_training": document.n_training,
        "name": document.name,
        "interactions": tuple(
            _read_each(document.interactions, lambda fields: InteractionTerm(**dict(fields)), f"{path}.interactions")
        ),
    }


def _read_each(items: Sequence[_Item], read: Callable[[_Item], _Read], path: str) -> Iterator[_Read]:
    """Yield each parsed item; an error carries the path of its item."""
    for i, item in enumerate(items):
        try:
            yield read(item)
        except TablesError as error:
            raise TablesError(f"{path}[{i}]: {error.message}") from None


def _read_term(fields: TermFields) -> Term:
    common = {name: value for name, value in fields if name not in ("kind", "bins", "levels", "missing_standard_error")}
    if isinstance(fields, LinearFields):
        return LinearTerm(**common)
    if isinstance(fields, LevelsFields):
        levels = {row.level: row.log_odds for row in fields.levels}
        if len(levels) < len(fields.levels):
            raise TablesError("'levels' names a level twice.")
        counts = tuple(row.n for row in fields.levels)
        return LevelsTerm(
            **common, levels=levels, counts=counts, standard_error=_standard_errors(fields, fields.levels)
        )
    *rest, last = fields.bins
    edges = [row.below for row in rest if row.below is not None]
    if last.below is not None or len(edges) < len(rest):
        raise TablesError("'below' must be a number in every bin but the last, and null there.")
    return ShapeTerm(
        **common,
        edges=tuple(edges),
        values=tuple(row.log_odds for row in fields.bins),
        n=tuple(row.n for row in fields.bins),
        standard_error=_standard_errors(fields, fields.bins),
    )


def _standard_errors(fields: ShapeFields | LevelsFields, rows: Sequence[BinRow | LevelRow]) -> tuple[float, ...] | None:
    errors = [*(row.standard_error for row in rows), fields.missing_standard_error]
    known = tuple(error for error in errors if error is not None)
    if known and len(known) < len(errors):
        raise TablesError("standard errors must be given in every entry and for missing values, or nowhere.")
    return known or None


def write_tables(tables: Any) -> str:
    """Return the model file of :class:`~send_screen.tables.RiskTables`."""
    document = TablesDocument(
        format="send_screen.risk_tables/3",
        name=tables.name,
        n_training=tables.n_training,
        intercept=tables.intercept,
        terms=[_write_term(term) for term in tables.terms],
        interactions=[InteractionFields.model_validate(each, from_attributes=True) for each in tables.interactions],
    )
    return _dump_lines(document.model_dump(exclude_defaults=True)) + "\n"


def _write_term(term: Term) -> TermFields:
    common: dict[str, Any] = {name: getattr(term, name) for name in _TermFields.model_fields}
    if not isinstance(term, LevelsTerm):
        common |= {"slope": term.slope, "low": term.low, "high": term.high}
    if isinstance(term, LinearTerm):
        return LinearFields(kind="linear", n=term.n, **common)
    size = len(term.levels if isinstance(term, LevelsTerm) else term.values)
    *errors, common["missing_standard_error"] = term.standard_error or (None,) * (size + 1)
    if isinstance(term, LevelsTerm):
        rows = zip(term.levels.items(), term.counts or (None,) * size, errors, strict=True)
        levels = [LevelRow(level=name, log_odds=value, n=n, standard_error=error) for (name, value), n, error in rows]
        return LevelsFields(kind="levels", n=term.n, levels=levels, **common)
    columns = zip((*term.edges, None), term.values, term.n or (None,) * size, errors, strict=True)
    bins = [BinRow(below=below, log_odds=value, n=n, standard_error=error) for below, value, n, error in columns]
    return ShapeFields(kind="shape", bins=bins, **common)


def _dump_lines(value: object, depth: int = 0) -> str:
    """Return readable JSON: sorted keys, and one line for each number, bin, level or row of a grid."""
    opened, closed = "\n" + "  " * (depth + 1), "\n" + "  " * depth
    if isinstance(value, Mapping) and depth < _DEPTH_OF_BINS:
        pairs = [f"{_dump_lines(key)}: {_dump_lines(value[key], depth + 1)}" for key in sorted(value)]
        return "{" + opened + f",{opened}".join(pairs) + closed + "}"
    if isinstance(value, Sequence) and any(isinstance(item, Mapping | tuple) for item in value):
        return "[" + opened + f",{opened}".join(_dump_lines(item, depth + 1) for item in value) + closed + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
