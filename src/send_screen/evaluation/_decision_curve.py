"""Decision curve: net benefit of acting on a score, over threshold probabilities, with intervals clustered by school.

Acting on a probability of t or more weighs one true positive as much as (1 - t) / t false positives. A model's net
benefit at t is (TP - FP t / (1 - t)) / n [Vickers2006]_. Treating no child has a net benefit of 0; treating
all has another one.

References
----------
.. [Vickers2006] Vickers, A. J. and Elkin, E. B. (2006). Decision curve analysis. Medical Decision Making 26.
"""

from __future__ import annotations

import math
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
from scipy.special import expit

from send_screen.evaluation._bootstrap import bootstrap_ratios, simultaneous_level
from send_screen.evaluation._estimate import Estimate, smallest, t_interval
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._out_of_fold import BASELINE, CANDIDATE

#: Threshold probabilities, the same for every version: from 19 to 1.5 false positives for one true positive.
THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
#: What the candidate is compared with: treat no child, treat all.
TREAT_NONE, TREAT_ALL = "none", "all"


def decision_curve(
    evidence: pd.DataFrame, *, alpha: float = 0.05, replicates: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Return the candidate's net benefit less that of treating no child, of treating all, and of the baseline.

    A child is treated (assessed) where a model's probability reaches the threshold probability. Standard errors come
    from a bootstrap that resamples schools. The intervals of one comparison are simultaneous over all thresholds.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From :func:`build_evidence`.
    alpha : float
        One minus the confidence of a whole curve.
    replicates, seed : int
        Number and random seed of the bootstrap replicates, which are those of :func:`gaps`.

    Returns
    -------
    pandas.DataFrame
        ``model``, ``against`` (``none``, ``all`` or ``baseline``), ``threshold_probability`` and the fields of
        :class:`Estimate`. Against ``none`` it is the candidate's own net benefit.

    Raises
    ------
    DataError
        When this is not an evidence table.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> curve = decision_curve(simulate_evidence(), replicates=200)
    >>> bool((curve.loc[curve["against"] == "none", "value"] > 0).any())
    True
    """
    predictions = OutOfFoldPredictions(evidence)
    thresholds = np.array(THRESHOLDS)
    treated = {TREAT_ALL: np.ones((len(predictions.outcome), len(thresholds)))}
    for model in (CANDIDATE, *({BASELINE} & set(predictions.models))):
        treated[model] = (expit(predictions.score(model))[:, None] >= thresholds).astype(np.float64)
    # true and false positives, summed over fold seeds: whole numbers, so that sums over schools are exact
    classes = predictions.outcome, 1 - predictions.outcome
    counts = np.hstack([rows * members[:, None] for members in classes for rows in treated.values()])
    by_school = np.column_stack([np.bincount(predictions.school, column, predictions.n_schools) for column in counts.T])
    children = np.repeat(np.bincount(predictions.school)[:, None], by_school.shape[1], axis=1)
    shares = bootstrap_ratios(by_school, children, replicates=replicates, seed=seed)
    true, false = shares.reshape(len(shares), 2, len(treated), len(thresholds)).swapaxes(0, 1)
    benefit = dict(zip(treated, (true - thresholds / (1 - thresholds) * false).swapaxes(0, 1), strict=True))
    totals = (by_school.sum(axis=0) / predictions.n_seeds).reshape(2, len(treated), len(thresholds))
    smallest_cells = dict(zip(treated, _smallest_cells(predictions, *totals), strict=True))
    smallest_cells[TREAT_NONE], benefit[TREAT_NONE] = smallest_cells[TREAT_ALL], np.zeros((1, len(thresholds)))
    rows = []
    for against in (TREAT_NONE, *(name for name in treated if name != CANDIDATE)):
        curve = _estimates(predictions, benefit[CANDIDATE] - benefit[against], alpha)
        for i, estimate in enumerate(curve):
            counted = replace(estimate, smallest_cell=min(smallest_cells[CANDIDATE][i], smallest_cells[against][i]))
            rows.append(
                {"model": CANDIDATE, "against": against, "threshold_probability": THRESHOLDS[i], **asdict(counted)}
            )
    return pd.DataFrame(rows)


def _smallest_cells(predictions: OutOfFoldPredictions, true: np.ndarray, false: np.ndarray) -> list[list[float]]:
    """Return the smallest count above 0 of the confusion matrix of each model at each threshold."""
    without = predictions.n - predictions.n_outcome
    return [
        [smallest(tp, predictions.n_outcome - tp, fp, without - fp) for tp, fp in zip(*of_model, strict=True)]
        for of_model in zip(true, false, strict=True)
    ]


def _estimates(predictions: OutOfFoldPredictions, benefit: np.ndarray, alpha: float) -> list[Estimate]:
    """Return a curve with its simultaneous intervals; ``benefit`` has a row of the data, then the replicates."""
    # the bootstrap variance of S schools is too small by the factor (S - 1) / S
    deviations = (benefit[1:] - benefit[0]) * math.sqrt(predictions.n_schools / max(predictions.n_schools - 1, 1))
    standard_errors = deviations.std(axis=0)
    varies = standard_errors > 0
    level = simultaneous_level(deviations[:, varies], standard_errors[varies], alpha=alpha)
    return [
        t_interval(
            value, standard_error, n=predictions.n, schools=predictions.n_schools, smallest_cell=math.inf, alpha=level
        )
        for value, standard_error in zip(benefit[0].tolist(), standard_errors.tolist(), strict=True)
    ]
