"""Exact attribution of a gap between groups in mean score to features, as gaps in mean contribution.

A child's score is its fold's base value plus one contribution a feature. So the gap in mean score between a group and
all others is the sum, over features, of the gaps in mean contribution [Lundberg2020]_, and of the gap in mean base
value, since groups are spread unevenly over the folds and each fold's model has a base value of its own. The features
of one agency's data add up to the agency's part. Contributions come from the out-of-fold predictions (the evidence).

References
----------
.. [Lundberg2020] Lundberg, S. M. (2020). Explaining quantitative measures of fairness. Fair & Responsible AI Workshop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import pandas as pd

from send_screen.errors import DataError
from send_screen.evaluation._estimate import smallest, t_interval, undefined
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._gaps import OTHERS
from send_screen.evaluation._influence import EstimateWithInfluence, ratio
from send_screen.evaluation._out_of_fold import CANDIDATE

_COLUMNS = (
    "attribute", "group", "against", "among", "kind", "term", "value", "low", "high", "n", "n_others", "schools",
    "smallest_cell", "reason",
)  # fmt: skip


def attribution(
    evidence: pd.DataFrame, *, agencies: Mapping[str, str] | None = None, alpha: float = 0.05
) -> pd.DataFrame:
    """Return each group's gap in mean score, and what each feature and each agency adds to it.

    Among all children it tells which group is scored higher. Among children with the outcome it tells which group's
    needs the score reflects less, and so where a gap in the false negative rate comes from.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From :func:`build_evidence`, with a ``contribution.<feature>`` column a feature.
    agencies : mapping of str to str, optional
        Feature -> agency whose data it is; without it, features only.
    alpha : float
        One minus the confidence of the intervals, which are clustered by school and not simultaneous.

    Returns
    -------
    pandas.DataFrame
        ``attribute``, ``group``, ``against`` ("all others"), ``among`` ("all children", or "children with the
        outcome"), ``kind`` ("total", "feature", "agency" or "folds"), ``term``, ``value`` (log-odds), ``low``,
        ``high``, ``n`` (children of the group), ``n_others``, ``schools``, ``smallest_cell``, ``reason``. The features
        and the folds sum to the total within 1e-9, and so do the agencies and the folds. Empty where the model has no
        contributions.

    Raises
    ------
    DataError
        When this is not an evidence table, or the contributions and one base value a fold do not sum to the score.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> sorted(set(attribution(simulate_evidence())["kind"]))
    ['feature', 'folds', 'total']
    """
    predictions = OutOfFoldPredictions(evidence)
    terms = _terms(predictions, agencies or {}) if predictions.contributions else {}
    rows = []
    for attribute in predictions.attributes:
        codes, names = pd.factorize(predictions.group(attribute), sort=True)
        for among, kept in (("all children", np.ones(len(codes))), ("children with the outcome", predictions.outcome)):
            for code, name in enumerate(names):
                sides = kept * (codes == code), kept * (codes != code)
                rows += [
                    {"attribute": attribute, "group": str(name), "against": OTHERS, "among": among, **row}
                    for row in _gap(predictions, terms, sides, alpha)
                ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _terms(predictions: OutOfFoldPredictions, agencies: Mapping[str, str]) -> dict[tuple[str, str], np.ndarray]:
    """Return the score and its parts, by kind and name: features, agencies, and the base values of the folds."""
    score = predictions.score(CANDIDATE)
    parts = predictions.contributions
    base = score - np.sum(list(parts.values()), axis=0)
    by_fold = pd.Series(base).groupby(predictions.fold_id)
    if not np.allclose(by_fold.transform("min"), by_fold.transform("max"), rtol=0, atol=1e-6):
        raise DataError(
            "The contributions and one base value a fold do not sum to the score.",
            remedy="The evidence was changed, or was made by another version of the library: train again.",
        )
    terms = {("total", "mean score"): score}
    terms |= {("feature", feature): part for feature, part in parts.items()}
    for agency in sorted({agencies[feature] for feature in parts if feature in agencies}):
        of_agency = [part for feature, part in parts.items() if agencies.get(feature) == agency]
        terms["agency", agency] = np.sum(of_agency, axis=0)
    terms["folds", "models of the folds"] = base
    return terms


def _gap(
    predictions: OutOfFoldPredictions,
    terms: dict[tuple[str, str], np.ndarray],
    sides: tuple[np.ndarray, np.ndarray],
    alpha: float,
) -> list[dict[str, object]]:
    """Return the gaps in every term between two ``sides``: indicators of the group's children and of all others."""
    counts = [predictions.by_school(side) for side in sides]
    n, n_others = (float(count.sum()) for count in counts)
    schools = [int((count > 0).sum()) for count in counts]
    sizes = {"n": n, "n_others": n_others, "schools": schools[0], "smallest_cell": smallest(n, n_others)}
    rows = []
    for (kind, term), part in terms.items():
        found = undefined("no child on one side")
        if min(n, n_others) > 0:
            ours, theirs = (
                EstimateWithInfluence(
                    float((side * part).sum() / side.sum()), ratio(predictions.by_school(side * part), count).by_school
                )
                for side, count in zip(sides, counts, strict=True)
            )
            gap = ours - theirs
            found = t_interval(
                gap.value,
                gap.standard_error,
                n=n,
                schools=min(schools),
                smallest_cell=smallest(n, n_others),
                alpha=alpha,
            )
        rows.append({"kind": kind, "term": term, **asdict(found), **sizes})
    return rows
