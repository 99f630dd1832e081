"""Numeric columns whose distribution is far from that of the training children: they may hold something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from send_screen.contracts import Contract
from send_screen.specs import Equals, Feature
from send_screen.specs._columns import describe_value
from send_screen.tables import RiskTables, ShapeTerm

MIN_CHILDREN = 30
_MAX_SHOWN = 3
_MAX_CODES = 3
_MIN_VALUES = 8
_DISJOINT = 0.85
_QUANTILES = (0.1, 0.5, 0.9)


def unlike_cut(values: np.ndarray, edges: np.ndarray, trained: np.ndarray) -> int | None:
    """Return the cut point at which a column differs most from training, or None where it may be a school's own.

    The Kolmogorov-Smirnov distance alone does not tell: the children of one school are alike. In a column of codes it
    is enough. Elsewhere the unit must look another one (each of three quantiles at most half or at least twice that of
    training), or hardly any value lie among those of training. A column of few values may be of classes: it is left
    out.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Of this file.
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
    usual = np.interp(_QUANTILES, trained, edges)
    found = np.quantile(values, _QUANTILES)
    other_unit = bool((usual > 0).all()) and bool((found <= usual / 2).all() or (found >= 2 * usual).all())
    return cut if len(np.unique(values)) >= _MIN_VALUES and (other_unit or distance >= _DISJOINT) else None


def unlike_training(
    features: Sequence[Feature], tables: RiskTables, X: pd.DataFrame, contracts: Mapping[str, Contract]
) -> tuple[str, ...]:
    """Return banners on the numeric features that are unlike the counts published with the tables.

    A feature that is true or false of a child (who eats free, who speaks what) differs between schools by who lives
    there, and is left out.
    """
    found: list[tuple[str, str]] = []
    for feature, term in zip(features, tables.terms, strict=True):
        if not isinstance(term, ShapeTerm) or isinstance(feature.source, Equals) or not term.edges:
            continue
        values = X[feature.name].dropna().to_numpy(dtype=np.float64)
        if len(values) < MIN_CHILDREN or term.n is None or None in term.n:
            continue
        edges, counts = np.array(term.edges), np.array(term.n, dtype=np.float64)
        trained = np.cumsum(counts)[:-1] / counts.sum()
        cut = unlike_cut(values, edges, trained)
        if cut is None:
            continue
        here, there = (round(100 * float(share)) for share in (np.mean(values < edges[cut]), trained[cut]))
        value = describe_value(feature, contracts, term.edges[cut]).removeprefix(f"{feature.label}: ")
        columns = " and ".join(ref.column for ref in feature.sources)
        found.append(
            (
                feature.label,
                f"{feature.label}: below {value} for {here} of 100 rows of this file, and for "
                f"{there} of 100 that the model learnt from. Before the list is used, check the "
                f"content of {columns}: per cent or a number, and what each code means.",
            )
        )
    rest = [label for label, _ in found[_MAX_SHOWN:]]
    others = [f"As unlike what the model learnt from, and to be checked too: {', '.join(rest)}."] if rest else []
    return (*(banner for _, banner in found[:_MAX_SHOWN]), *others)
