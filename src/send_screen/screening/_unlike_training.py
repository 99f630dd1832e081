"""Detect numeric columns whose distribution differs so much from training that they may hold something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from send_screen.contracts import Contract
from send_screen.contracts._note import Note
from send_screen.specs import Equals, Feature
from send_screen.specs._columns import value_text
from send_screen.tables import RiskTables, ShapeTerm

MIN_CHILDREN = 30  # in the file, for a column to be compared
_MAX_SHOWN = 3  # banners
_MAX_CODES = 3  # of a column with so few values the distance alone is sufficient
_MIN_VALUES = 8  # distinct, of other columns
_DISJOINT = 0.85  # distance from which a column counts as disjoint from training
_QUANTILES = (0.1, 0.5, 0.9)


def most_different_cut_point(values: np.ndarray, edges: np.ndarray, trained: np.ndarray) -> int | None:
    """Return the position of the cut point where a column differs most from training; None if it is plausible.

    A large Kolmogorov-Smirnov distance is required. It is sufficient only for a column of codes, since the children of
    one school are similar. Other columns must also seem to be in another unit (each of three quantiles at most half or
    at least twice that of training), or be almost disjoint from training. Columns of few values, which may be features
    of classes, are ignored.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Values in the file that is screened.
    edges, trained : numpy.ndarray, shape (m,)
        Cut points, and the share of the training children below each.
    """
    n = len(values)
    here = np.searchsorted(np.sort(values), edges) / n
    cut = int(np.abs(here - trained).argmax())
    distance = abs(here[cut] - trained[cut])
    if distance < 0.55 + 0.6 / np.sqrt(n):
        return None
    if len(edges) <= _MAX_CODES - 1:
        return cut
    expected = np.interp(_QUANTILES, trained, edges)
    found = np.quantile(values, _QUANTILES)
    other_unit = bool((expected > 0).all()) and bool((found <= expected / 2).all() or (found >= 2 * expected).all())
    return cut if len(np.unique(values)) >= _MIN_VALUES and (other_unit or distance >= _DISJOINT) else None


def unlike_training(
    features: Sequence[Feature], tables: RiskTables, X: pd.DataFrame, contracts: Mapping[str, Contract]
) -> tuple[str, ...]:
    """Return banners on numeric features whose distribution is unlike the counts published with the tables.

    Yes-or-no features, such as free school meals, differ between schools by their intake, and are left out.
    """
    found: list[tuple[Feature, Note]] = []
    for feature, term in zip(features, tables.terms, strict=True):
        if not isinstance(term, ShapeTerm) or isinstance(feature.source, Equals) or not term.edges:
            continue
        values = X[feature.name].dropna().to_numpy(dtype=np.float64)
        if len(values) < MIN_CHILDREN or term.n is None or None in term.n:
            continue
        edges, counts = np.array(term.edges), np.array(term.n, dtype=np.float64)
        trained = np.cumsum(counts)[:-1] / counts.sum()
        cut = most_different_cut_point(values, edges, trained)
        if cut is None:
            continue
        here, there = (round(100 * float(share)) for share in (np.mean(values < edges[cut]), trained[cut]))
        value = value_text(feature, contracts, term.edges[cut])
        columns = [ref.column for ref in feature.sources]
        text = (
            f"{feature.label}: below {value} for {here} of 100 rows of this file, and for "
            f"{there} of 100 that the model learnt from. Before the list is used, check the "
            f"content of {' and '.join(columns)}: per cent or a number, and what each code means."
        )
        found.append((feature, Note(text, columns)))
    banners, rest = [banner for _, banner in found[:_MAX_SHOWN]], [feature for feature, _ in found[_MAX_SHOWN:]]
    if rest:
        labels = ", ".join(feature.label for feature in rest)
        text = f"As unlike what the model learnt from, and to be checked too: {labels}."
        banners.append(Note(text, [ref.column for feature in rest for ref in feature.sources]))
    return tuple(banners)
