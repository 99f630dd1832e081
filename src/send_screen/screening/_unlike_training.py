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


def critical_distance(n: int) -> float:
    """Return the Kolmogorov-Smirnov distance from which a column of n children is unlike the training children.

    Children of one school are alike, so the critical values for independent draws do not hold. With a fifth of the
    variance between schools (normal), fewer than 1 school in 1,000 of 30 to 400 children is as far as this.

    >>> round(critical_distance(100), 2)
    0.61
    """
    return 0.55 + 0.6 / float(np.sqrt(n))


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
        values = np.sort(X[feature.name].dropna().to_numpy(dtype=np.float64))
        if len(values) < MIN_CHILDREN or term.n is None or None in term.n:
            continue
        counts = np.array(term.n, dtype=np.float64)
        trained = np.cumsum(counts)[:-1] / counts.sum()
        here = np.searchsorted(values, term.edges) / len(values)
        cut = int(np.abs(here - trained).argmax())
        if abs(here[cut] - trained[cut]) < critical_distance(len(values)):
            continue
        value = describe_value(feature, contracts, term.edges[cut]).removeprefix(f"{feature.label}: ")
        columns = " and ".join(ref.column for ref in feature.sources)
        found.append(
            (
                feature.label,
                f"{feature.label}: below {value} for {round(100 * here[cut])} of 100 rows of this file, and for "
                f"{round(100 * trained[cut])} of 100 that the model learnt from. Before the list is used, check the "
                f"content of {columns}: per cent or a number, and what each code means.",
            )
        )
    rest = [label for label, _ in found[_MAX_SHOWN:]]
    others = [f"As unlike what the model learnt from, and to be checked too: {', '.join(rest)}."] if rest else []
    return (*(banner for _, banner in found[:_MAX_SHOWN]), *others)
