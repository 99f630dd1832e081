"""The points of a model as a card that is added up by hand, and a child who does not exist to try it on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from send_screen.contracts import Contract
from send_screen.published._axis_labels import NOT_KNOWN, AxisLabels, axis_labels
from send_screen.published._plot_data import bin_labels, distinct_rows, interactions, shapes
from send_screen.specs import ModelSpec
from send_screen.tables import BaggedTables, LevelsTerm, RiskTables, Scorecard, Term, percent, scorecard

NEAR_ENOUGH = 1.0  # log-odds; a card of one decimal whose sum can be further off has two
_HALF = 0.5  # totals are told by halves of a point
_FROM_100, _TO_100 = 1, 90  # beyond these, of 100 children, halves tell little
_LOW_EVERY = 3  # one in so many of the invented child's values is from the low end


def synthetic_child(axes: Mapping[str, AxisLabels], tables: RiskTables) -> pd.DataFrame:
    """Return a child who does not exist: values within the published ranges, made from those ranges alone.

    Every third feature has a low value, the others a high one; the feature that is most often missing is missing.

    Returns
    -------
    pandas.DataFrame, shape (1, p)
        As for :meth:`RiskTables.score`.
    """
    values: dict[str, list[float | str | None]] = {}
    for j, term in enumerate(tables.terms):
        values[term.feature] = [_example_value(axes[term.feature], term, low=j % _LOW_EVERY == 0)]
    most = max(tables.terms, key=lambda term: term.n_missing or 0, default=None)
    if most is not None and most.n_missing:
        values[most.feature] = [None if isinstance(most, LevelsTerm) else math.nan]
    return pd.DataFrame(values)


def _example_value(axis: AxisLabels, term: Term, *, low: bool) -> float | str | None:
    if isinstance(term, LevelsTerm):
        levels: list[str | None] = [*axis.levels] or [None]
        return levels[0 if low else -1]
    if axis.codes:
        return (axis.values or axis.codes)[0 if low else -1]
    value = term.low + (term.high - term.low) * (0.25 if low else 0.75)
    return float(round(value)) if axis.values else float(f"{value:.2g}")


def example(axes: Mapping[str, AxisLabels], tables: RiskTables, child: pd.DataFrame) -> dict[str, Any]:
    """Return the section ``example`` of ``published.json``: an invented child's exact contributions, with words.

    Parameters
    ----------
    axes : mapping of str to AxisLabels
    tables : RiskTables
    child : pandas.DataFrame, shape (1, p)
        From :func:`synthetic_child`.
    """
    score = float(tables.score(child)[0])
    contributions = tables.contributions(child)[0].tolist()
    return {
        "base_value": tables.base_value,
        "score": score,
        "percent": percent(score),
        "reasons": [
            {
                "feature": feature,
                "label": axes[feature].feature.label,
                "value": _value_label(axes[feature], child[feature].iloc[0]),
                "contribution": contribution,
            }
            for feature, contribution in zip(tables.features, contributions, strict=True)
        ],
    }


def points_card(axes: Mapping[str, AxisLabels], tables: RiskTables, child: pd.DataFrame) -> dict[str, Any]:
    """Return the section ``scorecard`` of ``published.json``: the points of every value, rounded.

    Parameters
    ----------
    axes, tables, child
        As for :func:`example`.

    Returns
    -------
    dict
        ``start``; ``features``, each with ``rows`` of words and points, and ``missing``; ``interactions`` as grids of
        words and points; ``largest_error`` of a sum; ``percent``, what totals mean; and ``example``: the points of the
        invented child in the order of the card, their ``total`` and the ``exact`` score.
    """
    values = {name: axis.values for name, axis in axes.items()}
    card = scorecard(tables, digits=1, values=values)
    if card.largest_error > NEAR_ENOUGH:
        card = scorecard(tables, digits=2, values=values)
    looked_up = card.look_up(tables, child).iloc[0].tolist()
    added = card.add_up(tables, child).iloc[0]
    return {
        "digits": card.digits,
        "start": card.start,
        "features": [
            {
                "feature": feature.feature,
                "label": axes[feature.feature].feature.label,
                "rows": [
                    {"label": _row_words(axes[feature.feature], row.levels, row.lower, row.upper), "points": row.points}
                    for row in feature.rows
                ],
                "missing": feature.missing,
            }
            for feature in card.features
        ],
        "interactions": _grids(axes, card),
        "largest_error": card.largest_error,
        "percent": _totals(),
        "example": {
            "values": [_value_label(axes[name], child[name].iloc[0]) for name in tables.features],
            "points": looked_up,
            "total": float(added["points"]),
            "exact": float(added["exact"]),
        },
    }


def _row_words(axis: AxisLabels, levels: tuple[str, ...], lower: float | None, upper: float | None) -> str:
    return " or ".join(map(axis.words, levels)) if levels else axis.between(lower, upper)


def _value_label(axis: AxisLabels, value: Any) -> str:
    return NOT_KNOWN if pd.isna(value) else axis.words(value)


def _grids(axes: Mapping[str, AxisLabels], card: Scorecard) -> list[dict[str, Any]]:
    """Return each interaction as rows of points, the feature with more bins running down."""
    grids = []
    for interaction in card.interactions:
        points, names, bounds = np.array(interaction.points), list(interaction.features), list(interaction.bounds)
        if points.shape[1] > points.shape[0]:
            points, names, bounds = points.T, names[::-1], bounds[::-1]
        rows, columns = distinct_rows(points), distinct_rows(points.T)
        grids.append(
            {
                "labels": [axes[name].feature.label for name in names],
                "rows": bin_labels(axes[names[0]], bounds[0], rows),
                "columns": bin_labels(axes[names[1]], bounds[1], columns),
                "points": [[float(points[row[0], column[0]]) for column in columns] for row in rows],
            }
        )
    return grids


def _totals() -> list[dict[str, Any]]:
    """Return how many of 100 children with a total later had the outcome, by halves of a point."""
    low, high = (math.log(share / (100 - share)) for share in (_FROM_100, _TO_100))
    halves = range(math.ceil(low / _HALF), math.ceil(high / _HALF) + 1)
    return [{"points": half * _HALF, "percent": percent(half * _HALF)} for half in halves]


def model_sections(
    spec: ModelSpec, contracts: dict[str, Contract], tables: RiskTables, bags: BaggedTables | None
) -> dict[str, Any]:
    """Return the sections of the published report that follow from the model alone.

    Parameters
    ----------
    spec : ModelSpec
    contracts : dict of str to Contract
        By id.
    tables : RiskTables
    bags : BaggedTables or None
        For standard errors.

    Returns
    -------
    dict
        ``shapes``, ``interactions``, ``example`` and ``scorecard``.

    Examples
    --------
    >>> from send_screen import load_spec
    >>> from send_screen.contracts import shipped
    >>> spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    >>> from send_screen import PenalisedLogisticClassifier, load_cohort
    >>> from send_screen.published import model_sections
    >>> from send_screen.simulation import simulate_england
    >>> cohort = load_cohort(spec, simulate_england(children=600, schools=20, seed=0).tables)
    >>> tables = PenalisedLogisticClassifier().fit(cohort.X, cohort.y).risk_tables_
    >>> sections = model_sections(spec, dict(spec.contracts), tables, None)
    >>> sorted(sections)
    ['example', 'interactions', 'scorecard', 'shapes']
    """
    axes = axis_labels(spec, contracts, tables)
    child = synthetic_child(axes, tables)
    return {
        "shapes": shapes(axes, contracts, tables, bags),
        "interactions": interactions(axes, tables),
        "example": example(axes, tables, child),
        "scorecard": points_card(axes, tables, child),
    }
