"""The self-test of a query: golden rows, and what the query computes for them beside what the library does."""

from __future__ import annotations

from collections.abc import Iterator

from send_screen.score_code._dialects import Dialect, DialectName, find_dialect
from send_screen.score_code._golden import golden_rows
from send_screen.score_code._provenance import Provenance
from send_screen.score_code._query import (
    CHILD,
    CLIPPED,
    IN_POPULATION,
    KNOWN,
    MISSING,
    MISSING_NAN,
    SCORED,
    UNKNOWN,
    ScoreQuery,
)
from send_screen.tables import LevelsTerm, RiskTables

# of the query and of the library, and under which name each is shown
_NUMBERS = (("c", "computed"), ("e", "expected"))
_STATES = (("c", "computed_state"), ("e", "expected_state"))


def render_self_test(tables: RiskTables, provenance: Provenance, dialect: DialectName) -> str:
    """Return a query with golden rows in place of the user's table, which compares every score and contribution.

    It gives a row for each golden row and quantity: computed, expected, whether they differ, and how many do in all.

    Parameters
    ----------
    tables, provenance, dialect
        As for :func:`render_query`.

    Returns
    -------
    str
    """
    return SelfTest(tables, provenance, find_dialect(dialect)).to_sql()


class SelfTest:
    """The self-test of a model in one dialect."""

    def __init__(self, tables: RiskTables, provenance: Provenance, dialect: Dialect) -> None:
        self._tables, self._dialect, self._golden = tables, dialect, golden_rows(tables)
        self._query = ScoreQuery(tables, provenance, dialect)

    def to_sql(self) -> str:
        """Return the query."""
        name, text = self._dialect.identifier, self._dialect.text
        quantities = ["score", *self._tables.features]
        shown = (
            *(f"e.{name(CHILD)} AS {name(CHILD)}", f"q.{name('quantity')} AS {name('quantity')}"),
            *(f"{self._chosen(each, 'score', 'contribution')} AS {name(as_)}" for each, as_ in _NUMBERS),
            *(f"{self._chosen(each, 'status', 'state')} AS {name(as_)}" for each, as_ in _STATES),
        )
        (computed, expected), (state, expected_state) = (
            tuple(f"p.{name(as_)}" for _, as_ in pairs) for pairs in (_NUMBERS, _STATES)
        )
        columns = (f"p.{name(CHILD)}", f"p.{name('quantity')}", computed, expected, state, expected_state)
        differs = f"CASE WHEN {computed} = {expected} AND {state} = {expected_state} THEN 0 ELSE 1 END"
        rows = ((("n", str(n)), ("quantity", text(quantity))) for n, quantity in enumerate(quantities))
        lines = ",\n    ".join(shown)
        return (
            f"{self._query.header()}-- SELF-TEST on synthetic rows: n_differ must be 0. After the review date every row"
            " differs, since none is scored.\n"
            f"WITH {self._query.steps(self._rows())},\n"
            f"computed_rows AS (\n{self._query.result()}\n),\n"
            f"expected_rows AS (\n{self._expected()}\n),\n"
            f"quantities AS (\n{self._union(rows)}\n),\n"
            f"pairs AS (\n  SELECT\n    {lines}\n"
            # a golden row that is not computed differs
            f"  FROM expected_rows AS e LEFT JOIN computed_rows AS c ON c.{name(CHILD)} = e.{name(CHILD)}\n"
            "  CROSS JOIN quantities AS q\n),\n"
            f"compared AS (\n  SELECT {', '.join(columns)}, {differs} AS {name('differs')}\n  FROM pairs AS p\n)\n"
            f"SELECT d.*, SUM(d.{name('differs')}) OVER () AS {name('n_differ')}\n"
            f"FROM compared AS d\nORDER BY d.{name('differs')} DESC, d.{name(CHILD)}\n;\n"
        )

    def _chosen(self, relation: str, of_score: str, of_feature: str) -> str:
        """Return the column that belongs to the number of a quantity: that of the score, or that of a feature."""
        columns = (of_score, *(f"{of_feature}.{feature}" for feature in self._tables.features))
        whens = (f"WHEN {n} THEN {relation}.{self._dialect.identifier(column)}" for n, column in enumerate(columns))
        return f"CASE q.{self._dialect.identifier('n')} {' '.join(whens)} END"

    def _rows(self) -> str:
        return self._union(
            (self._key(i), (IN_POPULATION, "1"), *zip(self._tables.features, self._values(i), strict=True))
            for i in range(len(self._golden.X))
        )

    def _expected(self) -> str:
        return self._union(
            (
                self._key(i),
                ("score", self._dialect.double(float(self._golden.score[i]))),
                ("status", self._dialect.text(SCORED)),
                *(
                    (f"contribution.{f}", self._dialect.double(float(self._golden.contributions[i, j])))
                    for j, f in enumerate(self._tables.features)
                ),
                *((f"state.{f}", self._dialect.text(self._state(i, j))) for j, f in enumerate(self._tables.features)),
            )
            for i in range(len(self._golden.X))
        )

    def _union(self, rows: Iterator[tuple[tuple[str, str], ...]]) -> str:
        """Return rows of named expressions; only the first needs the names."""
        selects = (
            ", ".join(
                expression if i else f"{expression} AS {self._dialect.identifier(name)}" for name, expression in row
            )
            for i, row in enumerate(rows)
        )
        return "\n  UNION ALL ".join(f"  SELECT {select}" for select in selects)

    def _key(self, i: int) -> tuple[str, str]:
        return CHILD, str(i + 1)

    def _values(self, i: int) -> Iterator[str]:
        """Yield the values of a golden row as literals."""
        d = self._dialect
        for j, (term, feature) in enumerate(zip(self._tables.terms, self._tables.features, strict=True)):
            value = self._golden.X[feature].iloc[i]
            if isinstance(term, LevelsTerm):
                yield d.null(d.text_type) if value is None else f"CAST({d.text(value)} AS {d.text_type})"
            elif value != value:
                yield d.nan if self._is_nan(i, j) else d.null(d.double_type)
            else:
                yield d.double(float(value))

    def _is_nan(self, i: int, j: int) -> bool:
        """Return whether a missing number is given as NaN: every other one, where the dialect has it."""
        return self._dialect.has_nan and (i + j) % 2 == 1

    def _state(self, i: int, j: int) -> str:
        if self._golden.clipped[i, j]:
            return CLIPPED
        if self._golden.unknown_category[i, j]:
            return UNKNOWN
        if not self._golden.missing[i, j]:
            return KNOWN
        is_nan = self._is_nan(i, j) and not isinstance(self._tables.terms[j], LevelsTerm)
        return MISSING_NAN if is_nan else MISSING
