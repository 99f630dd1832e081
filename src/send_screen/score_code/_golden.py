"""Golden rows: synthetic children who follow from the tables alone, and what the library says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.tables import LevelsTerm, RiskTables, Term
from send_screen.tables._interaction import all_edges

MAX_ROWS = 40
_STRIDE = 7  # so that a row does not have the same place on the axis of every feature


@dataclass(frozen=True)
class GoldenRows:
    """Values of the features, shape (n, p), with the library's scores (n,), contributions and flags (n, p)."""

    X: pd.DataFrame
    score: np.ndarray
    contributions: np.ndarray
    clipped: np.ndarray
    unknown_category: np.ndarray
    missing: np.ndarray


def golden_rows(tables: RiskTables) -> GoldenRows:
    """Return synthetic children at, below and between cut points, beyond the range, of each level, and not known."""
    values = [_values(tables, term) for term in tables.terms]
    n = min(MAX_ROWS, max(map(len, values)))
    columns = {
        term.feature: pd.Series(
            [of_term[(i + _STRIDE * j) % len(of_term)] for i in range(n)],
            dtype=object if isinstance(term, LevelsTerm) else np.float64,
        )
        for j, (term, of_term) in enumerate(zip(tables.terms, values, strict=True))
    }
    X = pd.DataFrame(columns)
    return GoldenRows(
        X=X,
        score=tables.score(X),
        contributions=tables.contributions(X),
        clipped=tables.clipped(X),
        unknown_category=tables.unknown_category(X),
        missing=X.isna().to_numpy(),
    )


def _values(tables: RiskTables, term: Term) -> list[str | float | None]:
    """Return the values of one feature that are worth a row, spread evenly if there are too many."""
    if isinstance(term, LevelsTerm):
        unknown = "unknown"
        while unknown in term.levels:
            unknown += "?"
        found: list[str | float | None] = [*term.levels, unknown, None]
    else:
        edges = np.array(all_edges(term, tables.interactions))
        at = np.unique([*edges, *np.nextafter(edges, -np.inf), term.low, term.high, term.low - 1, term.high + 1])
        found = [*at.tolist(), np.nan, (term.low + term.high) / 2]
    spread = np.linspace(0, len(found) - 1, min(MAX_ROWS, len(found))).round().astype(int)
    return [found[i] for i in spread]
