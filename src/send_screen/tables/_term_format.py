"""A term or interaction as the fields of a model file, and back."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import contextmanager

from send_screen.errors import TablesError
from send_screen.tables import _strict as strict
from send_screen.tables._interaction import InteractionTerm
from send_screen.tables._lines import Line, LineObject
from send_screen.tables._shape import ShapeTerm
from send_screen.tables._strict import Fields
from send_screen.tables._terms import LevelsTerm, LinearTerm, Term

MAX_BINS = 4_096  # of one feature; no shape of ours comes near

_COMMON = {"kind", "feature", "missing", "mean", "n_missing"}
_LINE = {"slope", "low", "high"}
_WORDS = {"label", "unit"}


def term_fields(term: Term) -> dict[str, object]:
    """Return a term as it is written."""
    written: dict[str, object] = {
        "feature": term.feature,
        "missing": term.missing,
        "mean": term.mean,
        "n_missing": term.n_missing,
        **{name: getattr(term, name) for name in _WORDS if getattr(term, name)},
    }
    if isinstance(term, LevelsTerm):
        rows = [LineObject(level=level, log_odds=value) for level, value in term.levels.items()]
        for row, count in zip(rows, term.counts or (), strict=False):
            row["n"] = count
        return {**written, "kind": "levels", "n": term.n, "levels": rows, **_spread(rows, term.standard_error)}
    written |= {"slope": term.slope, "low": term.low, "high": term.high}
    if isinstance(term, LinearTerm):
        return {**written, "kind": "linear", "n": term.n}
    counts = term.n or (None,) * len(term.values)
    rows = [
        LineObject(below=below, log_odds=value, n=n)
        for below, value, n in zip((*term.edges, None), term.values, counts, strict=True)
    ]
    return {**written, "kind": "shape", "bins": rows, **_spread(rows, term.standard_error)}


def _spread(rows: list[LineObject], standard_error: tuple[float, ...] | None) -> dict[str, object]:
    if standard_error is None:
        return {}
    *known, missing = standard_error
    for row, value in zip(rows, known, strict=True):
        row["standard_error"] = value
    return {"missing_standard_error": missing}


def surface_fields(interaction: InteractionTerm) -> dict[str, object]:
    """Return an interaction as it is written."""
    return {
        "features": Line(interaction.features),
        "edges": [Line(edges) for edges in interaction.edges],
        "values": [Line(row) for row in interaction.values],
        "mean": interaction.mean,
        **{
            name: [Line(row) for row in grid]
            for name, grid in (("n", interaction.n), ("standard_error", interaction.standard_error))
            if grid is not None
        },
    }


def read_term(value: object, path: str) -> Term:
    """Return the term in ``value``, as :func:`term_fields` gives it."""
    kind = _kind(value, path, ("levels", "linear", "shape"))
    if kind == "linear":
        return _linear(Fields(value, path, _COMMON | _LINE | {"n"}, _WORDS))
    if kind == "levels":
        return _levels(Fields(value, path, _COMMON | {"n", "levels"}, _WORDS | {"missing_standard_error"}))
    return _shape(Fields(value, path, _COMMON | _LINE | {"bins"}, _WORDS | {"missing_standard_error"}))


def read_old_term(value: object, path: str) -> Term:
    """Return the term in ``value``, as format 1 had it."""
    if _kind(value, path, ("levels", "linear")) == "linear":
        return _linear(Fields(value, path, _COMMON | _LINE | {"n"}))
    fields = Fields(value, path, _COMMON | {"n", "levels"})
    where = f"{path}.levels"
    levels = {
        strict.text(key, where): strict.number(entry, strict.key_path(where, key))
        for key, entry in strict.free_fields(fields["levels"], where).items()
    }
    return _levels_term(fields, levels, None, None)


def _kind(value: object, path: str, kinds: tuple[str, ...]) -> str:
    kind = next((v for k, v in strict.pairs(value, path) if k == "kind"), None)
    if not isinstance(kind, str) or kind not in kinds:
        strict.refuse(f"{path}.kind", f"must be one of {', '.join(kinds)}")
    return kind


def _linear(fields: Fields) -> LinearTerm:
    with _placed(fields.path):
        return LinearTerm(
            feature=fields.text("feature"),
            slope=fields.number("slope"),
            low=fields.number("low"),
            high=fields.number("high"),
            missing=fields.number("missing"),
            mean=fields.number("mean"),
            n=fields.count_or_null("n"),
            n_missing=fields.count_or_null("n_missing"),
            label=fields.text("label"),
            unit=fields.text("unit"),
        )


def _levels(fields: Fields) -> LevelsTerm:
    rows = _rows(fields, "levels", {"level", "log_odds"}, {"n"})
    levels: dict[str, float] = {}
    for row in rows:
        level = row.text("level")
        if level in levels:
            strict.refuse(f"{row.path}.level", "names a level that is there already")
        levels[level] = row.number("log_odds")
    counts = [row.count_or_null("n") for row in rows if "n" in row]
    if len(counts) not in (0, len(rows)):
        strict.refuse(f"{fields.path}.levels", "must have 'n' in every entry or in none")
    return _levels_term(fields, levels, _read_spread(fields, rows), tuple(counts) or None)


def _levels_term(
    fields: Fields,
    levels: dict[str, float],
    standard_error: tuple[float, ...] | None,
    counts: tuple[int | None, ...] | None,
) -> LevelsTerm:
    with _placed(fields.path):
        return LevelsTerm(
            feature=fields.text("feature"),
            levels=levels,
            missing=fields.number("missing"),
            mean=fields.number("mean"),
            n=fields.count_or_null("n"),
            n_missing=fields.count_or_null("n_missing"),
            label=fields.text("label"),
            unit=fields.text("unit"),
            standard_error=standard_error,
            counts=counts,
        )


def _shape(fields: Fields) -> ShapeTerm:
    rows = _rows(fields, "bins", {"below", "log_odds", "n"})
    if not rows:
        strict.refuse(f"{fields.path}.bins", "must have an entry")
    edges = [row.number("below") for row in rows[:-1]]
    if rows[-1]["below"] is not None:
        strict.refuse(f"{rows[-1].path}.below", "must be null: the last bin has no end")
    with _placed(fields.path):
        return ShapeTerm(
            feature=fields.text("feature"),
            edges=tuple(edges),
            values=tuple(row.number("log_odds") for row in rows),
            slope=fields.number("slope"),
            low=fields.number("low"),
            high=fields.number("high"),
            missing=fields.number("missing"),
            mean=fields.number("mean"),
            n=tuple(row.count_or_null("n") for row in rows),
            n_missing=fields.count_or_null("n_missing"),
            label=fields.text("label"),
            unit=fields.text("unit"),
            standard_error=_read_spread(fields, rows),
        )


def _rows(fields: Fields, name: str, expected: set[str], optional: Set[str] = frozenset()) -> list[Fields]:
    # a standard_error is in every row or in none
    with_standard_errors = {"standard_error"} if "missing_standard_error" in fields else set()
    return [
        Fields(entry, path, expected | with_standard_errors, optional) for entry, path in fields.items(name, MAX_BINS)
    ]


def _read_spread(fields: Fields, rows: list[Fields]) -> tuple[float, ...] | None:
    if "missing_standard_error" not in fields:
        return None
    return (*(row.size("standard_error") for row in rows), fields.size("missing_standard_error"))


def read_surface(value: object, path: str) -> InteractionTerm:
    """Return the interaction in ``value``, as :func:`surface_fields` gives it."""
    fields = Fields(value, path, {"features", "edges", "values", "mean"}, {"n", "standard_error"})
    first, second = (strict.text(*entry) for entry in fields.items("features", 2, exactly=2))
    edges = [
        tuple(strict.number(*edge) for edge in strict.items(*axis, MAX_BINS))
        for axis in fields.items("edges", 2, exactly=2)
    ]
    rows, columns = len(edges[0]) + 2, len(edges[1]) + 2

    def grid(name: str) -> list[list[tuple[object, str]]]:
        return [strict.items(*row, columns, exactly=columns) for row in fields.items(name, rows, exactly=rows)]

    with _placed(path):
        return InteractionTerm(
            features=(first, second),
            edges=(edges[0], edges[1]),
            values=tuple(tuple(strict.number(*cell) for cell in row) for row in grid("values")),
            mean=fields.number("mean"),
            n=None
            if "n" not in fields
            else tuple(tuple(strict.count_or_null(*cell) for cell in row) for row in grid("n")),
            standard_error=None
            if "standard_error" not in fields
            else tuple(tuple(strict.size(*cell) for cell in row) for row in grid("standard_error")),
        )


@contextmanager
def _placed(path: str) -> Iterator[None]:
    """Put the place in front of what a term says of itself; what was read strictly has its place already."""
    try:
        yield
    except TablesError as error:
        raise error if error.message.startswith("$") else TablesError(f"{path}: {error.message}") from None
