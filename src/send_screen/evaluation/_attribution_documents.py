"""Gaps in mean score and their parts as typed documents, rounded so that no count follows from a mean contribution."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from send_screen.evaluation._row_documents import as_document, nearest_multiples
from send_screen.evaluation.disclosure import Suppression, is_small
from send_screen.evaluation.disclosure._intruder import MIN_WIDTH
from send_screen.published import Attribution, AttributionTerm


def attribution_documents(
    table: pd.DataFrame, suppression: Suppression, ranges: Mapping[str, float], agencies: Mapping[str, str]
) -> tuple[Attribution, ...]:
    """Return each gap in mean score with its parts by feature, by agency and by fold.

    The mean contribution of a yes-or-no feature tells how many of the group have it. So each part is rounded to what
    five children more would change, by the range of the feature's contributions, and sums are of rounded parts.
    """
    found = []
    for _, rows in table.groupby(["attribute", "group", "against", "among"], sort=False):
        by_kind = {kind: part.to_dict("records") for kind, part in rows.groupby("kind")}
        (total,), (folds,) = by_kind["total"], by_kind["folds"]
        key = total["attribute"], total["group"]
        suppressed = is_small(total["smallest_cell"]) or suppression.suppresses("prevalence", key)
        if not suppressed and math.isfinite(total["value"]):
            per_child = 1 / total["n"] + 1 / total["n_others"]
            steps = {name: max(MIN_WIDTH * width * per_child, 1e-6) for name, width in ranges.items()}
            parts = {row["term"]: _rounded_term(row, steps[row["term"]]) for row in by_kind["feature"]}
            folds = _rounded_term(folds, 0.001)
            by_kind["feature"] = list(parts.values())
            by_kind["agency"] = [
                _sum_of(row, [part for name, part in parts.items() if agencies.get(name) == row["term"]], steps)
                for row in by_kind.get("agency", ())
            ]
            total = _sum_of(total, [*parts.values(), folds], steps)
        features, of_agencies = (
            tuple(as_document(AttributionTerm, row, suppressed) for row in by_kind.get(kind, ()))
            for kind in ("feature", "agency")
        )
        of_folds = as_document(AttributionTerm, folds, suppressed).value
        found.append(
            as_document(Attribution, total, suppressed, features=features, agencies=of_agencies, folds=of_folds)
        )
    return tuple(found)


def _rounded_term(row: Mapping[Any, Any], step: float) -> dict[Any, Any]:
    """Return a part of a gap, rounded to a step, its interval outward."""
    return {**row, **nearest_multiples(row, step)}


def _sum_of(row: Mapping[Any, Any], parts: Sequence[Mapping[Any, Any]], steps: Mapping[str, float]) -> dict[Any, Any]:
    """Return a sum of parts as the sum of the rounded ones; its interval, outward, contains it."""
    value = sum(part["value"] for part in parts)
    step = max((steps.get(part["term"], 0.0) for part in parts), default=0.0) or 0.001
    rounded = _rounded_term(row, step)
    return {**rounded, "value": value, "low": min(rounded["low"], value), "high": max(rounded["high"], value)}
