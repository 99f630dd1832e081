"""The baseline: logistic regression on one number, a count of items not met (early learning goals) or a score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from send_screen.estimators._base import AdditiveClassifier
from send_screen.estimators._check_input import SIGNS, levels_in, require_known
from send_screen.estimators._solver import fit_rising_slope
from send_screen.tables import (
    MINIMUM_CHILDREN,
    LevelsTerm,
    LinearTerm,
    RiskTables,
    Term,
    published_counts,
    published_range,
)

# inverse regularisation strength: next to no penalty, but log-odds stay finite where the classes are separated
_C = 1e4
# the log-odds of one item are rounded to a multiple of this, so that sums are exact and equal counts tie
_ROUNDING_UNIT = 2.0**-20


class BaselineClassifier(AdditiveClassifier):
    """The baseline that a model must beat: logistic regression on a count of items not met, or on one score.

    *Count form* (``not_met`` given): children are ranked by how many of ``features``, such as the early learning goals,
    are not met. *Score form*: by one
    score, the lower the riskier (or the higher, by ``direction``). A logistic regression on that one number, with a
    slope that is never negative, turns the rank into log-odds.

    A missing item counts as the share of children who do not meet it, a missing score as the mean score. An item that
    fewer than ten children meet, or do not meet, is not counted.

    Parameters
    ----------
    features : sequence of str, optional
        The columns that are counted; in score form one column of numbers. By default the first column, in score form.
    not_met : sequence of str or float, optional
        Values that count, for example ``("1",)``. Text is compared with text columns, numbers with columns of numbers.
    expected : sequence of str or float, optional
        Values at the expected level, for example ``("2",)``. A text that is neither is missing. By default every
        other level of the training children. For columns of numbers, ``not_met`` and ``expected`` are one value each.
    operating_point_features : sequence of str, optional
        In count form, the features that must all be at the expected level. A good level of development, for example,
        asks it of the first twelve of the seventeen early learning goals (E01 to E12). By default ``features``.
    operating_point_share : float, default=0.2
        In score form, the share of training children whom :meth:`operating_point_flag` flags: at or beyond the cut-off.
    direction : {"decreasing", "increasing"}, default="decreasing"
        In score form, whether risk falls or rises with the score.

    Attributes
    ----------
    risk_tables_ : RiskTables
        Terms of ``features`` only.
    cut_off_ : float
        In score form, the score that :meth:`operating_point_flag` compares with.
    term_importances_, classes_, n_features_in_, feature_names_in_
        As in :class:`AdditiveRiskClassifier`.

    Notes
    -----
    ``check_estimator`` passes in full. The tag ``poor_score`` is set: one column, whose direction is given and not
    fitted, cannot reach the accuracy that the check expects of its data. As in :class:`PenalisedLogisticClassifier`,
    the published range of a score (``low`` to ``high`` of its term) excludes the most extreme children by
    number, whatever their weights.

    Examples
    --------
    >>> goals = pd.DataFrame({"E01": ["1", "2", "2", None] * 10, "E02": ["1", "1", "2", "2"] * 10})
    >>> later_need = [1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0] * 2
    >>> baseline = BaselineClassifier(features=["E01", "E02"], not_met=["1"], expected=["2"]).fit(goals, later_need)
    >>> baseline.decision_function(goals)[:3].round(2).tolist()
    [1.23, -0.23, -1.7]
    >>> baseline.operating_point_flag(goals)[:4].tolist()
    [True, True, False, True]
    """

    def __init__(
        self,
        features: Sequence[str] | None = None,
        not_met: Sequence[str | float] | None = None,
        expected: Sequence[str | float] | None = None,
        operating_point_features: Sequence[str] | None = None,
        operating_point_share: float = 0.2,
        direction: str = "decreasing",
    ) -> None:
        self.features = features
        self.not_met = not_met
        self.expected = expected
        self.operating_point_features = operating_point_features
        self.operating_point_share = operating_point_share
        self.direction = direction

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags

    def _choose_columns(self, X: Any) -> tuple[dict[str, None], list[str]]:
        if self.direction not in SIGNS:
            raise ValueError(f"direction must be 'decreasing' or 'increasing', not {self.direction!r}.")
        if not 0.0 < self.operating_point_share < 1.0:
            raise ValueError(f"operating_point_share must lie between 0 and 1, not {self.operating_point_share!r}.")
        named = isinstance(X, pd.DataFrame) and all(isinstance(name, str) for name in X.columns)
        if self.features is None:
            features = [X.columns[0]] if named and len(X.columns) else ["x0"]
        else:
            features = list(self.features)
        if named:
            require_known(features, X.columns, "features")
        require_known(self.operating_point_features or (), features, "operating_point_features")
        texts = [name for name in features if named and _is_text(X[name])]
        if self.not_met is None and (len(features) != 1 or texts):
            raise ValueError("Without 'not_met' the baseline is one score: 'features' must name one column of numbers.")
        return dict.fromkeys(texts), features

    def _fit_tables(self, X: pd.DataFrame, y: np.ndarray, weight: np.ndarray, groups: np.ndarray | None) -> RiskTables:
        fit_form = self._fit_score if self.not_met is None else self._fit_count
        intercept, terms = fit_form(X, y, weight)
        return RiskTables(intercept, terms, len(X), "baseline")

    def operating_point_flag(self, X: Any) -> np.ndarray:
        """Return who is flagged at the baseline's own operating point, whatever the capacity.

        In count form: any of ``operating_point_features`` is not at the expected level, not assessed or not known. In
        score form: the score is at or beyond the training children's cut-off; a missing score is not flagged.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n, p)

        Returns
        -------
        numpy.ndarray of bool, shape (n,)
        """
        frame = self._checked(X)
        if self.not_met is None:
            risk = SIGNS[self.direction] * frame.iloc[:, 0].to_numpy(dtype=np.float64)
            return np.asarray(risk >= SIGNS[self.direction] * self.cut_off_)
        names = list(
            self.risk_tables_.features if self.operating_point_features is None else self.operating_point_features
        )
        if self.expected is not None:
            met = frame[names].isin(list(self.expected))
        else:
            met = frame[names].notna() & ~frame[names].isin(list(self.not_met))
        return np.asarray(~met.to_numpy(dtype=bool).all(axis=1))

    def _fit_score(self, frame: pd.DataFrame, target: np.ndarray, weight: np.ndarray) -> tuple[float, tuple[Term, ...]]:
        """Return the intercept and the term of the score form; set ``cut_off_``."""
        sign = SIGNS[self.direction]
        x = frame.iloc[:, 0].to_numpy(dtype=np.float64)
        known = ~np.isnan(x)
        low, high = published_range(x[known]) or (0.0, 0.0)
        clipped = np.clip(x, low, high)
        mean_score = float(np.average(clipped[known], weights=weight[known])) if known.any() else 0.0
        slope_of_risk, intercept = _fit_one_column(sign * np.where(known, clipped, mean_score), target, weight)
        slope = sign * slope_of_risk + 0.0  # -0.0 becomes 0.0
        if known.any():
            lowest_is_riskiest, share = -sign * x[known], self.operating_point_share  # the riskiest share is flagged
            cut_off = np.quantile(lowest_is_riskiest, share, weights=weight[known], method="inverted_cdf")
            self.cut_off_ = -sign * float(cut_off)
        else:
            self.cut_off_ = sign * np.inf
        n, n_missing = published_counts(int(known.sum()), int((~known).sum()))
        term = LinearTerm(
            feature=str(frame.columns[0]),
            slope=slope,
            low=low,
            high=high,
            missing=slope * mean_score,
            mean=float(np.mean(slope * np.where(known, clipped, mean_score))),
            n=n,
            n_missing=n_missing,
        )
        return intercept, (term,)

    def _fit_count(self, frame: pd.DataFrame, target: np.ndarray, weight: np.ndarray) -> tuple[float, tuple[Term, ...]]:
        """Return the intercept and the terms of the count form, one per item."""
        items = [self._not_met_of(frame[name]) for name in frame.columns]
        shares, counted = [], []  # of each item: the share who do not meet it, and whether it counts
        count = np.zeros(len(frame))
        for item in items:
            known = ~np.isnan(item)
            # disclosure control: from the mean of the term the number on one side could be derived
            publishable = min((item[known] > 0).sum(), (item[known] == 0).sum()) >= MINIMUM_CHILDREN
            shares.append(float(np.average(item[known], weights=weight[known])) if publishable else 0.0)
            counted.append(publishable)
            count += np.where(known, item, shares[-1]) if publishable else 0.0
        slope_of_count, intercept = map(_rounded, _fit_one_column(count, target, weight))
        terms: list[Term] = []
        for name, item, share, publishable in zip(frame.columns, items, shares, counted, strict=True):
            per_item = slope_of_count if publishable else 0.0
            n_missing = int(np.isnan(item).sum())
            n, n_missing_shown = published_counts(len(item) - n_missing, n_missing)
            missing = _rounded(per_item * share)
            mean = float(np.mean(np.where(np.isnan(item), missing, per_item * item)))
            if _is_text(frame[name]):
                levels = {level: per_item * value for level, value in self._text_values(frame[name]).items()}
                term: Term = LevelsTerm(
                    feature=name, levels=levels, missing=missing, mean=mean, n=n, n_missing=n_missing_shown
                )
            else:
                not_met, met = self._number_values(name)
                slope = _rounded(per_item / (not_met - met))
                intercept -= slope * met
                term = LinearTerm(
                    feature=name,
                    slope=slope,
                    low=min(not_met, met),
                    high=max(not_met, met),
                    missing=slope * met + missing,
                    mean=slope * met + mean,
                    n=n,
                    n_missing=n_missing_shown,
                )
            terms.append(term)
        return intercept, tuple(terms)

    def _not_met_of(self, column: pd.Series) -> np.ndarray:
        """Return 1 where an item is not met, 0 where it is, linear between, NaN where it is missing."""
        if _is_text(column):
            return column.map(self._text_values(column)).to_numpy(dtype=np.float64, na_value=np.nan)
        not_met, met = self._number_values(str(column.name))
        return np.clip((column.to_numpy(dtype=np.float64) - met) / (not_met - met), 0.0, 1.0)

    def _text_values(self, column: pd.Series) -> dict[str, float]:
        """Return 1 for each level that is not met and 0 for the others, for a column of text."""
        not_met = [level for level in self.not_met or () if isinstance(level, str)]
        if not not_met:
            raise ValueError(f"Column {column.name!r} holds text, and 'not_met' names no text.")
        if self.expected is None:
            others = sorted(set(column.dropna()) - set(not_met))
        else:
            others = [level for level in self.expected if isinstance(level, str)]
        return dict.fromkeys(others, 0.0) | dict.fromkeys(not_met, 1.0)

    def _number_values(self, name: str) -> tuple[float, float]:
        """Return the values "not met" and "met" of a column of numbers."""
        not_met = {float(value) for value in self.not_met or () if not isinstance(value, str)}
        met = {float(value) for value in self.expected or () if not isinstance(value, str)}
        if len(not_met) != 1 or len(met) != 1 or not_met == met:
            raise ValueError(f"Column {name!r} holds numbers: 'not_met' and 'expected' must each name one number.")
        return not_met.pop(), met.pop()


def _is_text(column: pd.Series) -> bool:
    """Return whether a column holds levels as text."""
    return bool(pd.api.types.is_object_dtype(column.dtype) or levels_in(column) is not None)


def _fit_one_column(risk: np.ndarray, target: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return slope (0 or more) and intercept of a logistic regression on one column."""
    centre = float(np.average(risk, weights=weight))
    scale = float(np.sqrt(np.average((risk - centre) ** 2, weights=weight))) or 1.0
    slope, intercept = fit_rising_slope((risk - centre) / scale, target, weight, C=_C)
    slope /= scale
    return slope, intercept - slope * centre


def _rounded(value: float) -> float:
    return round(value / _ROUNDING_UNIT) * _ROUNDING_UNIT + 0.0
