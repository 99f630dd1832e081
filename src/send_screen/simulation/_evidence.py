"""Synthetic out-of-fold predictions: an evidence table of children who do not exist, for examples and trials."""

from __future__ import annotations

import numpy as np
import pandas as pd


def simulate_evidence(children: int = 1_000, *, seed: int = 0) -> pd.DataFrame:
    """Return an evidence table of synthetic children, with a calibrated candidate and a weaker baseline.

    Parameters
    ----------
    children : int, default 1000
        In five folds, and in schools of 25.
    seed : int, default 0

    Returns
    -------
    pandas.DataFrame, shape (children, 11)
        One group attribute, ``group.sex``, and one feature, ``contribution.reading``, which is all of the score.

    Examples
    --------
    >>> simulate_evidence(50)["flag.candidate"].sum()
    np.float64(5.0)
    """
    rng = np.random.default_rng(seed)
    row = np.arange(children)
    score = rng.normal(-1.5, 1.0, children)
    evidence = pd.DataFrame(
        {
            "fold_seed": 0,
            "row": row,
            "fold": row * 5 // children,
            "school": row // 25,
            "label": (rng.random(children) < 1 / (1 + np.exp(-score))).astype(np.int8),
            "group.sex": np.where(rng.random(children) < 0.5, "F", "M"),
            "score.candidate": score,
            "score.baseline": score + rng.normal(0.0, 1.0, children),
            "contribution.reading": score + 1.5,
        }
    )
    for model in ("candidate", "baseline"):
        rank = evidence.groupby("fold")[f"score.{model}"].rank(ascending=False)
        evidence[f"flag.{model}"] = (rank <= round(children / 50)).astype(np.float64)
    return evidence
