"""Accuracy of a list from its random review sample: inverse-probability estimates.

A listed child gets attention, and attention finds needs. So a recall counted from the record alone is too high: needs
of children not listed are found more rarely. Children of the review sample are not listed, were drawn with a known
probability p_i, and are discussed as those listed are. With y_i whether support followed, N children not listed, and
sums over those reviewed, the false omission rate [Hajek1971]_ [Horvitz1952]_ and the recall are

    FOR = sum y_i / p_i / sum 1 / p_i,    missed = N FOR,    recall = TP / (TP + missed).

So each rate is what would be found were every child discussed. The precision is that of listed children as they were
discussed. What would have become of them without the list, nothing tells that does not leave listed children out.

Precision and false omission rate have intervals clustered by school (:mod:`._estimate`). Those of the other rates are
put together from these two, of ratios on the log scale [Donner2012]_. The number missed among these children has an
interval from the draw alone, so that one school can have it.

References
----------
.. [Donner2012] Donner, A. and Zou, G. Y. (2012). Closed-form confidence intervals for functions of the normal mean and
   standard deviation. Statistical Methods in Medical Research 21.
.. [Hajek1971] Hájek, J. (1971). Comment on a paper by D. Basu. Foundations of Statistical Inference.
.. [Kish1965] Kish, L. (1965). Survey Sampling. Wiley.
.. [Horvitz1952] Horvitz, D. G. and Thompson, D. J. (1952). A generalization of sampling without replacement from a
   finite universe. JASA 47.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from send_screen.errors import DataError
from send_screen.evaluation._estimate import Estimate, clopper_pearson, clustered_rate, undefined
from send_screen.evaluation._outcome_shares import SUPPRESSED
from send_screen.evaluation._outcome_suppression import Unit, merge_small_groups, published_counts
from send_screen.evaluation._outcome_table import ALL, OutcomeTable, outcome_table

NO_SAMPLE = "not enough evidence: no child of a review sample has a known outcome"
_COLUMNS = ["metric", "value", "low", "high", "n", "schools", "lowest", "highest", "reason"]
#: The kinds whose counts each figure would reveal.
_RESTS_ON = {"precision": ("listed",), "effect_of_review": ("review_sample", "not_listed")}


def review_estimates(children: pd.DataFrame, *, publish: bool = True, alpha: float = 0.05) -> pd.DataFrame:
    """Return the accuracy of a list as its random review sample shows it.

    Parameters
    ----------
    children : pandas.DataFrame, shape (n, 4 or more)
        As for :func:`outcome_shares`, with ``review_probability``: the probability with which a child who is not
        listed could be drawn for the review sample.
    publish : bool, default True
        Whether to suppress figures from which a count of 1 to 9 children could be derived.
    alpha : float
        One minus the confidence.

    Returns
    -------
    pandas.DataFrame
        One row per ``metric``: ``precision``, ``recall``, ``specificity``, ``false_omission_rate`` and ``prevalence``,
        all as if every child were discussed; ``missed``, the number of these children; and ``effect_of_review``, what
        being discussed did to the outcome of children not listed: those drawn against those not drawn. ``n`` has the
        children whose outcomes it rests on. ``lowest`` and ``highest`` are the value if all outcomes that are not known
        were such as to make it lowest or highest. A recall is given only with an interval, from ten schools on.

    Raises
    ------
    DataError
        If a column is missing, or a child of the review sample has no probability.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> score, school = rng.normal(size=6_000), rng.integers(0, 60, 6_000)
    >>> need = rng.random(6_000) < 1 / (1 + np.exp(2 - score))
    >>> listed, drawn = score > 1.3, rng.random(6_000) < 0.1
    >>> kind = np.where(listed, "listed", np.where(drawn, "review_sample", "not_listed"))
    >>> state = np.where(need, "supported", "none_recorded")
    >>> children = pd.DataFrame({"school": school, "kind": kind, "state": state, "review_probability": 0.1})
    >>> recall = review_estimates(children).set_index("metric").loc["recall"]
    >>> bool(recall["low"] < need[listed].sum() / need.sum() < recall["high"])
    True
    """
    table = outcome_table(children)
    if publish:
        table = merge_small_groups(table)
    return estimates_of(table, published_counts(table) if publish else None, alpha=alpha)


def estimates_of(table: OutcomeTable, published: dict[Unit, int] | None, *, alpha: float = 0.05) -> pd.DataFrame:
    """Return the figures of :func:`review_estimates`, without those that rest on counts that are not published."""
    sample = _Sample(table)
    found = sample.estimates(alpha)
    if published is not None:
        for metric, estimate in found.items():
            kinds = _RESTS_ON.get(metric, ("listed", "review_sample"))
            units = {Unit(kind, ALL, ALL, count) for kind in kinds for count in ("found", "open")}
            if not math.isnan(estimate.value) and not units <= published.keys():
                found[metric] = undefined(SUPPRESSED)
    bounds = sample.bounds()
    rows = []
    for metric, estimate in found.items():
        ends = (math.nan, math.nan) if math.isnan(estimate.value) else bounds.get(metric, (math.nan, math.nan))
        interval = [estimate.value, estimate.low, estimate.high, int(estimate.n), estimate.schools]
        rows.append([metric, *interval, *ends, estimate.reason])
    return pd.DataFrame(rows, columns=_COLUMNS)


class _Sample:
    """What was found of the children listed, and of those reviewed with weights of 1 / probability."""

    def __init__(self, table: OutcomeTable) -> None:
        self.table, self.outcome = table, table.outcome
        self.known = ~np.isnan(self.outcome)
        self.listed, self.reviewed, self.rest = (
            table.kind == kind for kind in ("listed", "review_sample", "not_listed")
        )
        self.n_listed, self.n_others = float(self.listed.sum()), float((self.reviewed | self.rest).sum())
        self.weight = np.zeros(len(table.kind))
        if self.reviewed.any():
            probability = _probabilities(table)[self.reviewed]
            if not ((probability > 0) & (probability <= 1)).all():
                raise DataError(
                    "A child of the review sample has no probability, above 0 and at most 1, of being drawn.",
                    remedy="Give it in the column review_probability, as the record of the screening run has it.",
                )
            self.weight[self.reviewed] = 1 / probability

    def estimates(self, alpha: float) -> dict[str, Estimate]:
        """Return each figure with its interval."""
        precision = self._rate(self.listed.astype(float), alpha, "no listed child has a known outcome")
        omitted = self._rate(self.weight, alpha, NO_SAMPLE)
        found = {"precision": precision, "false_omission_rate": omitted}
        use = self.known & (self.listed | self.reviewed)
        reason = omitted.reason if math.isnan(omitted.low) else precision.reason
        for metric in ("recall", "specificity", "prevalence"):
            value = self._derived(precision.value, omitted.value)[metric]
            low, high = self._interval(metric, precision, omitted)
            if metric == "recall" and math.isnan(low):
                value = math.nan  # a ratio to a few finds is far too high on average
            found[metric] = Estimate(value, low, high, int(use.sum()), self._schools(use), math.inf, reason)
        found["missed"] = self._missed(alpha)
        found["effect_of_review"] = self._effect_of_review(alpha)
        return found

    def bounds(self) -> dict[str, tuple[float, float]]:
        """Return the least and most of each figure, over what the outcomes that are not known could be."""
        ends = [
            self._derived(self._filled(self.listed.astype(float), one), self._filled(self.weight, other))
            for one, other in product((0.0, 1.0), repeat=2)
        ]
        return {metric: (min(end[metric] for end in ends), max(end[metric] for end in ends)) for metric in ends[0]}

    def _derived(self, precision: float, omitted: float) -> dict[str, float]:
        """Return each figure from the precision and the false omission rate."""
        tp, missed = self.n_listed * precision, self.n_others * omitted
        fp, tn = self.n_listed - tp, self.n_others - missed
        return {
            "precision": precision,
            "false_omission_rate": omitted,
            "recall": _divide(tp, tp + missed),
            "specificity": _divide(tn, tn + fp),
            "prevalence": _divide(tp + missed, self.n_listed + self.n_others),
            "missed": missed,
        }

    def _rate(self, weight: np.ndarray, alpha: float, undefined_reason: str) -> Estimate:
        """Return a weighted share of those with a known outcome; ``n`` is the number of children."""
        use = (weight > 0) & self.known
        # weights with a mean of 1, so that their sum is the number of children
        scaled = np.where(use, weight * _divide(float(use.sum()), float(weight[use].sum()), 0.0), 0.0)
        positive = self.table.by_school(scaled * (self.outcome == 1))
        return clustered_rate(positive, self.table.by_school(scaled), alpha=alpha, undefined_reason=undefined_reason)

    def _filled(self, weight: np.ndarray, value: float) -> float:
        """Return the weighted share, with a value for each outcome that is not known."""
        return _divide(float(weight @ np.nan_to_num(self.outcome, nan=value)), float(weight.sum()))

    def _interval(self, metric: str, precision: Estimate, omitted: Estimate) -> tuple[float, float]:
        """Return the interval of a figure from those of the two rates that it is made of."""
        if math.isnan(precision.low) or math.isnan(omitted.low):
            return math.nan, math.nan
        share = self.n_listed / (self.n_listed + self.n_others)
        if metric == "prevalence":
            value = share * precision.value + (1 - share) * omitted.value
            parts = ((share, precision), (1 - share, omitted))
            down = math.hypot(*(weight * (rate.value - rate.low) for weight, rate in parts))
            up = math.hypot(*(weight * (rate.high - rate.value) for weight, rate in parts))
            return max(0.0, value - down), min(1.0, value + up)
        # recall and specificity are 1 / (1 + odds x ratio) of two rates
        if metric == "recall":
            odds, ratios = (1 - share) / share, _ratio_interval(omitted, precision)
        else:
            odds, ratios = share / (1 - share), _ratio_interval(_complement(precision), _complement(omitted))
        return 1 / (1 + odds * ratios[1]), 1 / (1 + odds * ratios[0])

    def _missed(self, alpha: float) -> Estimate:
        """Return the number of children not listed of whom support would have followed, by the draw alone.

        The exact binomial interval on the effective sample size of unequal weights, (sum w)^2 / sum w^2 [Kish1965]_.
        """
        use = self.reviewed & self.known
        weight, outcome = self.weight[use], self.outcome[use]
        if not len(weight):
            return undefined(NO_SAMPLE)
        rate = float(weight @ outcome) / float(weight.sum())
        low, high = clopper_pearson(rate, float(weight.sum()) ** 2 / float((weight**2).sum()), alpha)
        least, most = float(outcome.sum()), self.n_others - float((1 - outcome).sum())
        low, high = (min(max(end * self.n_others, least), most) for end in (low, high))
        return Estimate(rate * self.n_others, low, high, int(use.sum()), self._schools(use), math.inf)

    def _effect_of_review(self, alpha: float) -> Estimate:
        """Return the difference in outcome between children drawn and not drawn, weighted to all not listed."""
        if not self.reviewed.any():
            return undefined(NO_SAMPLE)
        probability, sides = _probabilities(self.table), []
        at_random = self.known & (probability < 1)
        for who, chance in ((self.reviewed, probability), (self.rest, 1 - probability)):
            weight = np.divide(1.0, chance, out=np.zeros(len(chance)), where=who & at_random)
            sides.append(self._rate(weight, alpha, NO_SAMPLE))
        drawn, rest = sides
        use = (self.reviewed | self.rest) & at_random
        return Estimate(
            value=drawn.value - rest.value,
            low=drawn.value - rest.value - math.hypot(drawn.value - drawn.low, rest.high - rest.value),
            high=drawn.value - rest.value + math.hypot(drawn.high - drawn.value, rest.value - rest.low),
            n=int(use.sum()),
            schools=self._schools(use),
            smallest_cell=math.inf,
            reason=drawn.reason or rest.reason,
        )

    def _schools(self, rows: np.ndarray) -> int:
        return len(np.unique(self.table.school[rows]))


def _probabilities(table: OutcomeTable) -> np.ndarray:
    if "review_probability" not in table.frame:
        raise DataError("The children have no column 'review_probability'.", remedy="Add it.")
    probabilities: np.ndarray = table.frame["review_probability"].to_numpy(dtype=float, na_value=np.nan)
    return probabilities


def _divide(a: float, b: float, otherwise: float = math.nan) -> float:
    return a / b if b else otherwise


def _complement(rate: Estimate) -> Estimate:
    return replace(rate, value=1 - rate.value, low=1 - rate.high, high=1 - rate.low)


def _ratio_interval(a: Estimate, b: Estimate) -> tuple[float, float]:
    """Return the interval of a / b from those of two independent rates, put together on the log scale."""
    (a_low, a_value, a_high), (b_low, b_value, b_high) = (
        [math.log(x) if x > 0 else -math.inf for x in (rate.low, rate.value, rate.high)] for rate in (a, b)
    )
    if a_value == -math.inf or b_value == -math.inf:
        low, high = a_low - b_high, a_high - b_low
    else:
        low = a_value - b_value - math.hypot(a_value - a_low, b_high - b_value)
        high = a_value - b_value + math.hypot(a_high - a_value, b_value - b_low)
    return math.exp(low), math.exp(high)
