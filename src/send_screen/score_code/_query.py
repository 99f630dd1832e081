"""A model as one SQL query: score and exact contributions of each row, in the order of addition of the library.

The query has four steps: the user's table (``source_rows``); each value as a number, or a level as its position
(``encoded``); the log-odds of each term (``terms``); and the sums. Each constant is written so that it is read back to
the last bit, and each operation is the library's own, so that the result is too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby

from send_screen.errors import UsageError
from send_screen.score_code._dialects import Dialect, DialectName, find_dialect
from send_screen.score_code._provenance import Provenance
from send_screen.tables import InteractionTerm, LevelsTerm, RiskTables, Term
from send_screen.tables._terms import LinearTerm

CHILD, IN_POPULATION = "child", "in_population"
SCORED = "scored"
KNOWN, MISSING, MISSING_NAN, CLIPPED, UNKNOWN = "known", "missing", "missing (NaN)", "clipped", "unknown category"
NOT_A_NUMBER, NOT_A_LEVEL = "not a number", "not a text or whole number"


def render_query(tables: RiskTables, provenance: Provenance, dialect: DialectName) -> str:
    """Return the query of a model, which reads a table ``children`` with a column for each feature.

    Parameters
    ----------
    tables : RiskTables
    provenance : Provenance
        What the query says of itself, and when it ends to give a score.
    dialect : {"postgres", "duckdb", "sqlite", "tsql", "spark"}

    Returns
    -------
    str

    Raises
    ------
    UsageError
        If there is no such dialect, or it cannot have a feature's name.
    """
    return ScoreQuery(tables, provenance, find_dialect(dialect)).to_sql()


class ScoreQuery:
    """The query of a model in one dialect."""

    def __init__(self, tables: RiskTables, provenance: Provenance, dialect: Dialect) -> None:
        _require_distinct([CHILD, IN_POPULATION, *tables.features])
        self._tables, self._provenance, self._dialect = tables, provenance, dialect
        self._features = dict(zip(tables.features, range(1, len(tables.terms) + 1), strict=True))

    def to_sql(self) -> str:
        """Return the query, which reads a table ``children`` with a column for each feature."""
        columns = ""
        for column in self.columns:
            comma = "" if column == self.columns[-1] else ","
            said = self._provenance.sources.get(column)
            columns += f"    c.{self._name(column)}{comma}{f'  {_comment(said)}' if said else ''}\n"
        comments = (
            "YOUR TABLE: change what stands in these brackets, and nothing else. One row for each child:",
            f"{CHILD} is what you know a row by; {IN_POPULATION} is 1 where it is one of these, 0 where not:",
            f"{self._provenance.population}.",
            "Numbers must have a numeric type; codes must be text or whole numbers. NULL and NaN are not known.",
        )
        source = "".join(f"  {_comment(line)}\n" for line in comments)
        source += f"  SELECT\n{columns}  FROM {self._name('children')} AS c"
        return f"{self.header()}WITH {self.steps(source)}\n{self.result()}\n;\n"

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that the query reads."""
        return CHILD, IN_POPULATION, *self._tables.features

    def header(self) -> str:
        """Return the comment that stands before the query."""
        p = self._provenance
        lines = (
            p.title,
            p.notice,
            *(f"Must not be used: {use}." for use in p.prohibited_uses),
            f"Version {p.version}; SHA-256 of its manifest: {p.manifest_sha256}.",
            f"To be reviewed by {p.review_date.isoformat()}. After that day there is no score, and every row says why.",
            f"Who answers for it: {p.owner}.",
            f"Written by send_screen for {self._dialect.name}. It knows of no withdrawal: ask the ledger of decisions.",
            f"The score is in log-odds: the base value, {self._tables.base_value!r}, and the contributions.",
        )
        return "".join(f"{_comment(line)}\n" for line in lines)

    def steps(self, source: str) -> str:
        """Return the common table expressions, from that of the source on."""
        encoded, terms = list(self._encoded()), list(self._terms())
        return ",\n".join(
            (
                f"source_rows AS (\n{source}\n)",
                f"encoded AS (\n{self._select(encoded, 'source_rows', 'r')}\n)",
                f"terms AS (\n{self._select(terms, 'encoded', 'e')}\n)",
            )
        )

    def result(self) -> str:
        """Return the last step: status, score, and the contribution and state of each feature."""
        d = self._dialect
        score = " + ".join(
            [
                d.double(self._tables.intercept),
                *(f"t.t{i}" for i in self._features.values()),
                *(f"t.q{k}" for k in range(1, len(self._tables.interactions) + 1)),
            ]
        )
        columns = [f"t.{self._name(CHILD)}", f"t.{self._name('status')}", self._if_scored(score, "score")]
        for term, (feature, i) in zip(self._tables.terms, self._features.items(), strict=True):
            contribution = f"t.t{i} - {d.double(term.mean)}"
            for k, pair in enumerate(self._tables.interactions, start=1):
                if feature in pair.features:
                    contribution = f"({contribution}) + {d.double(0.5)} * (t.q{k} - {d.double(pair.mean)})"
            columns.append(self._if_scored(contribution, f"contribution.{feature}"))
            columns.append(f"t.s{i} AS {self._name(f'state.{feature}')}")
        columns.append(f"{d.text(self._provenance.version)} AS {self._name('model_version')}")
        columns.append(f"{d.text(self._provenance.notice)} AS {self._name('notice')}")
        return self._select(columns, "terms", "t")

    def _name(self, name: str) -> str:
        return self._dialect.identifier(name)

    def _select(self, columns: Iterable[str], relation: str, alias: str) -> str:
        lines, fence = ",\n    ".join(columns), self._dialect.fence
        rows = f"(SELECT * FROM {relation} {fence})" if fence else relation
        return f"  SELECT\n    {lines}\n  FROM {rows} AS {alias}"

    def _if_scored(self, expression: str, name: str) -> str:
        is_scored = f"t.{self._name('status')} = {self._dialect.text(SCORED)}"
        return f"CASE WHEN {is_scored} THEN {expression} END AS {self._name(name)}"

    def _encoded(self) -> Iterator[str]:
        """Yield each value as a number x, NULL where not known, and its kind k: 0 NULL, 1 of its type, 2 of another."""
        d = self._dialect
        yield f"r.{self._name(CHILD)}"
        yield f"r.{self._name(IN_POPULATION)}"
        for term, (feature, i) in zip(self._tables.terms, self._features.items(), strict=True):
            column = f"r.{self._name(feature)}"
            if isinstance(term, LevelsTerm):
                of_type, text = d.is_level.replace("{}", column), d.as_text.replace("{}", column)
                levels = enumerate(term.levels)
                found = " ".join(f"WHEN {d.text(level + d.text_end)} THEN {at}" for at, level in levels)
                number = f"CASE {text} {found} END" if found else d.null(d.integer_type)
            else:
                of_type, number = d.is_number.replace("{}", column), d.number(column)
            yield f"CASE WHEN {column} IS NULL THEN 0 WHEN {of_type} THEN 1 ELSE 2 END AS k{i}"
            yield f"CASE WHEN {of_type} THEN {number} END AS x{i}"

    def _terms(self) -> Iterator[str]:
        """Yield the status of a row, and the log-odds of each term with the state of its value."""
        d, p = self._dialect, self._provenance
        yield f"e.{self._name(CHILD)}"
        cases = [(f"{d.today} > {d.day(p.review_date.isoformat())}", p.refusal)]
        for term, (feature, i) in zip(self._tables.terms, self._features.items(), strict=True):
            wrong = NOT_A_LEVEL if isinstance(term, LevelsTerm) else NOT_A_NUMBER
            cases.append((f"e.k{i} = 2", f"excluded: {feature} is {wrong}"))
        population = f"e.{self._name(IN_POPULATION)}"
        cases.append((f"{population} IS NULL", "excluded, look at by hand: not known whether in the population"))
        cases.append((f"{population} <> 1", "excluded: not in the population of the model"))
        whens = "\n      ".join(f"WHEN {condition} THEN {d.text(status)}" for condition, status in cases)
        yield f"CASE\n      {whens}\n      ELSE {d.text(SCORED)} END AS {self._name('status')}"
        for term, i in zip(self._tables.terms, self._features.values(), strict=True):
            yield f"{self._log_odds(term, f'e.x{i}')} AS t{i}"
            yield f"{self._state(term, i)} AS s{i}"
        for k, pair in enumerate(self._tables.interactions, start=1):
            yield f"{self._interaction(pair)} AS q{k}"

    def _state(self, term: Term, i: int) -> str:
        text = self._dialect.text
        is_levels = isinstance(term, LevelsTerm)
        wrong, none = (NOT_A_LEVEL, UNKNOWN) if is_levels else (NOT_A_NUMBER, MISSING_NAN)
        cases = [(f"e.k{i} = 0", MISSING), (f"e.k{i} = 2", wrong), (f"e.x{i} IS NULL", none)]
        if not isinstance(term, LevelsTerm) and term.slope != 0.0:
            low, high = self._dialect.double(term.low), self._dialect.double(term.high)
            cases.append((f"e.x{i} < {low} OR e.x{i} > {high}", CLIPPED))
        whens = " ".join(f"WHEN {condition} THEN {text(state)}" for condition, state in cases)
        return f"CASE {whens} ELSE {text(KNOWN)} END"

    def _log_odds(self, term: Term, x: str) -> str:
        """Return a term at a value."""
        d = self._dialect
        known = self._case(x, self._numbers(term.cut_points), self._numbers(term.step_values.tolist()))
        if not isinstance(term, LevelsTerm) and term.slope != 0.0:
            line = self._line(term.slope, term.low, term.high, x)
            known = line if isinstance(term, LinearTerm) else f"{line} + {known}"
        return f"CASE WHEN {x} IS NULL THEN {d.double(term.missing)} ELSE {known} END"

    def _line(self, slope: float, low: float, high: float, x: str) -> str:
        """Return the slope times a value within the training range."""
        d = self._dialect
        cases = [(f"{x} < {d.double(low)}", slope * low), (f"{x} > {d.double(high)}", slope * high)]
        if d.underflow_is_error and (zero := _underflows_to(slope)):
            cases.append((f"{x} BETWEEN {d.double(-zero)} AND {d.double(zero)}", 0.0))
        whens = " ".join(f"WHEN {condition} THEN {d.double(value)}" for condition, value in cases)
        return f"CASE {whens} ELSE {d.double(slope)} * {x} END"

    def _interaction(self, pair: InteractionTerm) -> str:
        """Return an interaction: a row of the grid by the first feature, and the cell in it by the second."""
        x, y = (f"e.x{self._features[feature]}" for feature in pair.features)
        row_edges, column_edges = map(self._numbers, pair.edges)
        rows = [self._with_missing(y, column_edges, self._numbers(row)) for row in pair.values]
        return self._with_missing(x, row_edges, rows)

    def _with_missing(self, x: str, edges: Sequence[str], leaves: Sequence[str]) -> str:
        """Return the leaf of the bin of a value; the last is that of a missing one."""
        *known, missing = leaves
        found = self._case(x, edges, known)
        return found if found == missing else f"CASE WHEN {x} IS NULL THEN {missing} ELSE {found} END"

    def _numbers(self, values: Iterable[float]) -> list[str]:
        return [self._dialect.double(value) for value in values]

    def _case(self, x: str, edges: Sequence[str], leaves: Sequence[str]) -> str:
        """Return the leaf of the bin of a value; CASE is not nested, which T-SQL allows ten levels deep only."""
        runs = [list(run) for _, run in groupby(range(len(leaves)), lambda i: leaves[i])]
        # neighbours that are the same are one bin
        whens = [f"WHEN {x} < {edges[run[-1]]} THEN {leaves[run[0]]}" for run in runs[:-1]]
        return f"CASE {' '.join(whens)} ELSE {leaves[-1]} END" if whens else leaves[-1]


def _comment(text: str) -> str:
    """Return a text as a comment; every kind of line break in it is a blank."""
    return f"-- {' '.join(text.split())}"


def _underflows_to(slope: float) -> float:
    """Return the largest number whose product with a slope is 0, which is an error in PostgreSQL."""
    zero = float(Fraction(1, 2**1075) / Fraction(abs(slope)))  # half of the smallest number, over the slope
    while zero and slope * zero != 0.0:
        zero = math.nextafter(zero, 0.0)
    while slope * math.nextafter(zero, math.inf) == 0.0:
        zero = math.nextafter(zero, math.inf)
    return zero


def _require_distinct(columns: Sequence[str]) -> None:
    """Raise where two columns are one in a dialect that takes no heed of case."""
    seen: dict[str, str] = {}
    for column in columns:
        if (other := seen.setdefault(column.casefold(), column)) != column or columns.count(column) > 1:
            raise UsageError(
                f"In SQL the columns {other!r} and {column!r} are one: the case of a name makes no difference.",
                remedy="Give the feature another name in a new version.",
            )
