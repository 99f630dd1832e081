"""The model file, format ``send_screen.risk_tables/3``: its typed document, and what is written of each term."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from pydantic import Field

from send_screen.documents import Count, Document, Text, read_document
from send_screen.errors import TablesError
from send_screen.tables._interaction import InteractionTerm
from send_screen.tables._json_lines import Line, LineObject
from send_screen.tables._terms import LevelsTerm, LinearTerm, ShapeTerm, Term

MAX_BYTES = 8_000_000
MAX_BAGGED_BYTES = 60_000_000
_MAX_TERMS, _MAX_BINS, _MAX_BAGS = 10_000, 4_096, 1_000

NonNegative = Annotated[float, Field(ge=0)]
_Edges = Annotated[list[float], Field(max_length=_MAX_BINS)]


class Bin(Document):
    """A bin of a shape term, up to (and without) ``below``; null in the last."""

    below: float | None
    log_odds: float
    n: Count | None
    standard_error: NonNegative | None = None


class Level(Document):
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
    bins: Annotated[list[Bin], Field(min_length=1, max_length=_MAX_BINS)]
    missing_standard_error: NonNegative | None = None


class LevelsFields(_TermFields):
    """A :class:`~send_screen.tables.LevelsTerm`."""

    kind: Literal["levels"]
    n: Count | None
    levels: Annotated[list[Level], Field(max_length=_MAX_BINS)]
    missing_standard_error: NonNegative | None = None


class InteractionFields(Document):
    """An :class:`~send_screen.tables.InteractionTerm`."""

    features: tuple[Text, Text]
    edges: tuple[_Edges, _Edges]
    values: list[list[float]]
    mean: float
    n: list[list[Count | None]] | None = None
    standard_error: list[list[NonNegative]] | None = None


class TablesDocument(Document):
    """A :class:`~send_screen.tables.RiskTables` as a model file has it."""

    format: Literal["send_screen.risk_tables/3"]
    name: Text
    n_background: Count
    intercept: float
    terms: Annotated[
        list[Annotated[LinearFields | ShapeFields | LevelsFields, Field(discriminator="kind")]],
        Field(max_length=_MAX_TERMS),
    ]
    interactions: Annotated[list[InteractionFields], Field(max_length=_MAX_TERMS)]


class BaggedDocument(Document):
    """A :class:`~send_screen.tables.BaggedTables` as a file has it."""

    format: Literal["send_screen.bagged_tables/1"]
    repeats: Annotated[list[Count], Field(max_length=_MAX_BAGS)]
    typical_variance: NonNegative
    bags: Annotated[list[TablesDocument], Field(max_length=_MAX_BAGS)]


def parse_tables(content: bytes | str, *, file: str | None = None) -> TablesDocument:
    """Return the document in a model file, or refuse it with every mistake and its path."""
    _require_size(content, MAX_BYTES, "model file", file)
    return read_document(TablesDocument, content, error=TablesError, file=file, kind="model file")


def parse_bagged(content: bytes | str) -> BaggedDocument:
    """Return the document in a file of bagged tables, or refuse it with every mistake and its path."""
    _require_size(content, MAX_BAGGED_BYTES, "file of bagged tables", None)
    return read_document(BaggedDocument, content, error=TablesError, kind="file of bagged tables")


def _require_size(content: bytes | str, most: int, kind: str, file: str | None) -> None:
    if len(content) > most:
        raise TablesError(f"The {kind} is larger than {most:,} bytes: no model of ours is.", file=file)


def read_fields(document: TablesDocument, path: str) -> dict[str, Any]:
    """Return the arguments of :class:`~send_screen.tables.RiskTables` that a document gives."""
    terms, interactions = [], []
    for i, term in enumerate(document.terms):
        with _placed(f"{path}.terms[{i}]"):
            terms.append(_read_term(term))
    for i, fields in enumerate(document.interactions):
        with _placed(f"{path}.interactions[{i}]"):
            interactions.append(InteractionTerm(**dict(fields)))
    return {
        "intercept": document.intercept,
        "terms": tuple(terms),
        "n_background": document.n_background,
        "name": document.name,
        "interactions": tuple(interactions),
    }


@contextmanager
def _placed(path: str) -> Iterator[None]:
    """Put the path of a term in front of what the term refuses."""
    try:
        yield
    except TablesError as error:
        raise TablesError(f"{path}: {error.message}") from None


def _read_term(fields: LinearFields | ShapeFields | LevelsFields) -> Term:
    common = {name: value for name, value in fields if name not in ("kind", "bins", "levels", "missing_standard_error")}
    if isinstance(fields, LinearFields):
        return LinearTerm(**common)
    if isinstance(fields, LevelsFields):
        levels = {row.level: row.log_odds for row in fields.levels}
        if len(levels) < len(fields.levels):
            raise TablesError("'levels' names a level twice.")
        counts = tuple(row.n for row in fields.levels)
        return LevelsTerm(**common, levels=levels, counts=counts, standard_error=_errors(fields, fields.levels))
    *rest, last = fields.bins
    edges = [row.below for row in rest if row.below is not None]
    if last.below is not None or len(edges) < len(rest):
        raise TablesError("'below' must be a number in every bin but the last, and null there.")
    return ShapeTerm(
        **common,
        edges=tuple(edges),
        values=tuple(row.log_odds for row in fields.bins),
        n=tuple(row.n for row in fields.bins),
        standard_error=_errors(fields, fields.bins),
    )


def _errors(fields: ShapeFields | LevelsFields, rows: Sequence[Bin | Level]) -> tuple[float, ...] | None:
    errors = [*(row.standard_error for row in rows), fields.missing_standard_error]
    known = tuple(error for error in errors if error is not None)
    if known and len(known) < len(errors):
        raise TablesError("standard errors must be given in every entry and for missing values, or nowhere.")
    return known or None


def write_fields(tables: Any) -> dict[str, object]:
    """Return what is written of a model, for :func:`~send_screen.tables._json_lines.dump_lines`."""
    return {
        "format": "send_screen.risk_tables/3",
        "name": tables.name,
        "n_background": tables.n_background,
        "intercept": tables.intercept,
        "terms": [_write_term(term) for term in tables.terms],
        "interactions": [_write_interaction(interaction) for interaction in tables.interactions],
    }


def _write_term(term: Term) -> dict[str, object]:
    names = ["feature", "missing", "mean", "n_missing", *(name for name in ("label", "unit") if getattr(term, name))]
    if not isinstance(term, LevelsTerm):
        names += ["slope", "low", "high"]
    written: dict[str, object] = {name: getattr(term, name) for name in names}
    if isinstance(term, LinearTerm):
        return {**written, "kind": "linear", "n": term.n}
    if isinstance(term, LevelsTerm):
        counts = term.counts or (None,) * len(term.levels)
        rows = [
            LineObject(level=level, log_odds=value, n=n)
            for (level, value), n in zip(term.levels.items(), counts, strict=True)
        ]
        written |= {"kind": "levels", "n": term.n, "levels": rows}
    else:
        counts = term.n or (None,) * len(term.values)
        rows = [
            LineObject(below=below, log_odds=value, n=n)
            for below, value, n in zip((*term.edges, None), term.values, counts, strict=True)
        ]
        written |= {"kind": "shape", "bins": rows}
    if term.standard_error is not None:
        *known, written["missing_standard_error"] = term.standard_error
        for row, error in zip(rows, known, strict=True):
            row["standard_error"] = error
    return written


def _write_interaction(interaction: InteractionTerm) -> dict[str, object]:
    grids = {"values": interaction.values, "n": interaction.n, "standard_error": interaction.standard_error}
    return {
        "features": Line(interaction.features),
        "edges": [Line(edges) for edges in interaction.edges],
        "mean": interaction.mean,
        **{name: [Line(row) for row in grid] for name, grid in grids.items() if grid is not None},
    }
