"""Scores and tables for display."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from send_screen.tables._terms import LevelsTerm, Term

if TYPE_CHECKING:
    from send_screen.tables._tables import RiskTables

NOT_KNOWN = "not known"
"""What is shown for a missing value."""


def percent(score: float) -> int:
    """Return the probability that a score stands for, as a whole percentage.

    Parameters
    ----------
    score : float
        In log-odds.

    Returns
    -------
    int
        0 to 100.

    Examples
    --------
    >>> percent(0.0)
    50
    """
    odds = math.exp(-abs(score))
    return round(100 * (odds if score < 0 else 1.0) / (1.0 + odds))


def to_html(tables: RiskTables) -> str:
    """Return an HTML table for notebooks: the lowest and the highest value of each term."""
    rows = [
        (term.label or term.feature, [*term.evaluate(np.array([*_ends(term), np.nan])) - term.mean])
        for term in tables.terms
    ]
    rows += [(pair.name, [np.array(pair.values).ravel() - pair.mean]) for pair in tables.interactions]
    cells = "".join(
        f"<tr><th>{escape(name)}</th><td>{np.min(values):+.2f}</td><td>{np.max(values):+.2f}</td></tr>"
        for name, values in rows
    )
    head = "<tr><th>term</th><th>lowest log-odds</th><th>highest log-odds</th></tr>"
    return f"<p>{escape(repr(tables))}</p><table>{head}{cells}</table>"


def _ends(term: Term) -> list[float]:
    """Return encoded values at which a term takes its least and its largest value, missing left out."""
    if isinstance(term, LevelsTerm):
        return list(range(len(term.levels)))
    ends = [term.low, term.high, *term.cut_points]
    return [*ends, *np.nextafter(term.cut_points, -np.inf)]
