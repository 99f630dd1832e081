"""Design columns of a feature for the linear component, and its coefficients as a term in raw units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import block_diag

from send_screen.estimators._bins import quantile_cut_points, shortest_cut_point
from send_screen.estimators._solver import MANY_ROWS, fit_bounded_logistic, fit_many_rows
from send_screen.tables import MINIMUM_CHILDREN, LevelsTerm, ShapeTerm, merged_levels, published_counts, published_range

_LINE_BINS = 8
_MIN_RANGE = 1e-6  # of a feature, relative to its ends: below it, sums lose too many digits


@dataclass(frozen=True)
class NumericDesign:
    """Columns of a number: clipped, imputed and scaled; and a scaled missing indicator where ten or more are missing.

    The coefficients are ``A @ theta``; elements of theta that are ``bounded`` may not be negative (monotonic
    constraint).
    """

    feature: str
    x: np.ndarray
    sign: int
    low: float
    high: float
    median: float
    centres: np.ndarray
    scales: np.ndarray
    A: np.ndarray
    bounded: np.ndarray

    @classmethod
    def build(cls, column: pd.Series, weight: np.ndarray, sign: int) -> NumericDesign:
        """Return the columns of a feature; ``sign`` is +1, -1 or 0 for none."""
        x = column.to_numpy(dtype=np.float64)
        known = ~np.isnan(x)
        n, n_missing = int(known.sum()), int((~known).sum())
        # with too few children to publish a range, every value counts as zero
        low, high = published_range(x[known]) or (0.0, 0.0)
        if high - low < _MIN_RANGE * max(abs(low), abs(high)):
            low = high = 0.0
        median = _weighted_median(np.clip(x, low, high)[known], weight[known]) if n else 0.0
        raw = _value_and_indicator(x, low, high, median, indicator=min(n, n_missing) >= MINIMUM_CHILDREN)
        centres, scales = _centre_and_scale(raw, weight)
        k, lowest_risk = raw.shape[1], low if sign > 0 else high
        A, bounded = np.eye(k), np.zeros(k, dtype=bool)
        if sign:
            A, bounded = _constraint_map(k, sign, abs(median - lowest_risk), scales)
        return cls(str(column.name), x, sign, low, high, median, centres, scales, A, bounded)

    def clipped(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return the clipped values of some rows, which the slope multiplies, 0 where missing: float64, shape (m,)."""
        x = self.x[rows]
        return np.where(np.isnan(x), 0.0, np.clip(x, self.low, self.high))

    def matrix(self, rows: np.ndarray) -> np.ndarray:
        """Return the scaled columns of some rows; not cached, since for all features they are twice the data."""
        x = self.x[rows]
        known, scaled = ~np.isnan(x), np.empty((len(x), len(self.A)))
        scaled[:, 0] = (np.where(known, np.clip(x, self.low, self.high), self.median) - self.centres[0]) / self.scales[
            0
        ]
        if len(self.A) > 1:
            present, missing = (np.array([0.0, 1.0]) - self.centres[1]) / self.scales[1]
            scaled[:, 1] = np.where(known, present, missing)
        return scaled

    def take(self, rows: np.ndarray) -> NumericDesign:
        """Return the same columns of some of the rows."""
        return replace(self, x=self.x[rows])

    def in_raw_units(self, w: np.ndarray) -> tuple[float, float, float]:
        """Return slope, value where missing, and shift of the intercept, in raw units."""
        raw = w / self.scales
        slope = float(raw[0]) + 0.0  # -0.0 becomes 0.0
        missing = slope * self.median + (float(raw[1]) if len(raw) > 1 else 0.0)
        if self.sign:  # the bound holds up to rounding; this makes it hold to the last bit
            missing = max(missing, slope * (self.low if self.sign > 0 else self.high))
        return slope, missing, -float(raw @ self.centres)

    def term(self, w: np.ndarray) -> tuple[ShapeTerm, float]:
        """Return the term and the shift of the intercept; the term has steps of value 0, whose counts it publishes."""
        slope, missing, shift = self.in_raw_units(w)
        known = np.sort(self.x[~np.isnan(self.x)])
        edges = tuple(shortest_cut_point(edge, known) for edge in quantile_cut_points(self.x, _LINE_BINS))
        counts = np.diff([0, *np.searchsorted(known, edges), len(known)])
        n, n_missing_shown = published_counts(len(known), len(self.x) - len(known))
        term = ShapeTerm(
            feature=self.feature,
            edges=edges,
            values=(0.0,) * (len(edges) + 1),
            slope=slope,
            low=self.low,
            high=self.high,
            missing=missing,
            mean=0.0,
            n=None if n is None else tuple(counts.tolist()),
            n_missing=n_missing_shown,
        )
        return replace(term, mean=float(term.evaluate(self.x).mean())), shift


def _value_and_indicator(x: np.ndarray, low: float, high: float, median: float, *, indicator: bool) -> np.ndarray:
    """Return the values, clipped and median-imputed, and with ``indicator`` a second column that is 1 where missing."""
    known = ~np.isnan(x)
    line = np.where(known, np.clip(x, low, high), median)
    return np.column_stack([line, ~known] if indicator else [line])


def _constraint_map(k: int, sign: int, distance: float, scales: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return A and bounds such that theta >= 0 means: slope of that sign, missing not below the lowest risk.

    With w = (w1, w2) of the scaled line and indicator, a missing value scores sign * w1 / s1 * distance + w2 / s2 above
    the lowest-risk end of the range, where ``distance`` lies between the median and that end. Calling that height m
    and sign * w1 = u, w1 = sign * u and w2 = s2 * (m - u * distance / s1).
    """
    if k == 1:
        return np.array([[float(sign)]]), np.array([True])
    A = np.array([[float(sign), 0.0], [-scales[1] * distance / scales[0], scales[1]]])
    return A, np.array([True, True])


@dataclass(frozen=True)
class CategoricalDesign:
    """Columns of levels: an unscaled indicator per group of levels, and one for missing where ten or more are missing.

    Groups have ten children or more. ``codes`` are the group of each row, the number of groups where missing, and
    ``order`` the code of each column: the lowest risk first when there is a sign, missing last. Fewer than ten missing
    are fitted and scored as the commonest group; from a value of their own their number could be derived.
    """

    feature: str
    sign: int
    groups: list[tuple[str, ...]]
    codes: np.ndarray
    order: np.ndarray
    commonest: int
    A: np.ndarray
    bounded: np.ndarray

    @classmethod
    def build(cls, column: pd.Series, levels: Sequence[str], weight: np.ndarray, sign: int) -> CategoricalDesign:
        """Return the columns of a feature of levels, which are ordered as given when there is a sign."""
        counts = {level: int((column == level).sum()) for level in levels}
        groups = merged_levels(counts, ordered=sign != 0)
        code = {level: g for g, group in enumerate(groups) for level in group}
        codes = np.array([code.get(level, len(groups)) for level in column], dtype=np.int64)
        order = np.arange(len(groups))[:: -1 if sign < 0 else 1]
        commonest = int(order[np.bincount(codes, weight)[order].argmax()]) if groups else 0
        with_missing = bool(groups) and int((codes == len(groups)).sum()) >= MINIMUM_CHILDREN
        if with_missing:
            order = np.append(order, len(groups))
        k = len(order)
        A, bounded = np.eye(k), np.zeros(k, dtype=bool)
        if sign and k:
            # theta: the lowest risk, the steps up from each group to the next, and from the lowest risk to missing
            A = np.tril(np.ones((k, k)))
            if with_missing:
                A[-1, 1:-1] = 0.0
            bounded = np.arange(k) > 0
        return cls(str(column.name), sign, groups, codes, order, commonest, A, bounded)

    def matrix(self, rows: np.ndarray) -> np.ndarray:
        """Return the columns of some rows."""
        codes = self.codes[rows]
        if len(self.order) == len(self.groups):
            codes = np.where(codes == len(self.groups), self.commonest, codes)
        return np.asarray(codes[:, None] == self.order, dtype=np.float64)

    def take(self, rows: np.ndarray) -> CategoricalDesign:
        """Return the same columns of some of the rows."""
        return replace(self, codes=self.codes[rows])

    def in_raw_units(self, w: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the value of each group of levels, and of a missing level."""
        n = len(self.groups)
        values = w[:n]
        if self.sign:  # the bounds hold up to rounding; this makes them hold to the last bit
            values = np.maximum.accumulate(values)
        values = values[::-1] if self.sign < 0 else values
        if not n:
            return values, 0.0
        missing = float(w[-1] if len(w) > n else values[self.commonest])
        return values, max(missing, float(values.min())) if self.sign else missing

    def term(self, w: np.ndarray) -> tuple[LevelsTerm, float]:
        """Return the term, and the shift of the intercept, which is 0."""
        values, missing = self.in_raw_units(w)
        named = {level: float(values[g]) for g, group in enumerate(self.groups) for level in group}
        mean = float(np.append(values, missing)[self.codes].mean())
        n_missing_rows = int((self.codes == len(self.groups)).sum())
        n, n_missing = published_counts(len(self.codes) - n_missing_rows, n_missing_rows)
        return LevelsTerm(feature=self.feature, levels=named, missing=missing, mean=mean, n=n, n_missing=n_missing), 0.0


DesignColumns = NumericDesign | CategoricalDesign


def build_designs(
    X: pd.DataFrame, levels: Mapping[str, Sequence[str]], weight: np.ndarray, monotonic_cst: Mapping[str, int]
) -> list[DesignColumns]:
    """Return the design columns of each feature of ``X``."""
    return [
        CategoricalDesign.build(X[name], levels[name], weight, monotonic_cst.get(name, 0))
        if name in levels
        else NumericDesign.build(X[name], weight, monotonic_cst.get(name, 0))
        for name in X.columns
    ]


def fit_linear(
    designs: Sequence[DesignColumns], rows: np.ndarray, y: np.ndarray, weight: np.ndarray, C: float
) -> tuple[list[np.ndarray], float]:
    """Fit a penalised logistic regression to some of the rows; return the coefficients by design, and the intercept."""
    many = len(rows) > MANY_ROWS  # then in half the memory: exact loss and gradient of columns in single precision
    w, intercept = (fit_many_rows if many else fit_bounded_logistic)(
        _matrix(designs, rows, np.float32 if many else np.float64),
        y[rows],
        weight[rows],
        A=block_diag(*(design.A for design in designs)),
        bounded=np.concatenate([design.bounded for design in designs]),
        C=C,
    )
    return np.split(w, np.cumsum([len(design.A) for design in designs])[:-1]), intercept


def _matrix(designs: Sequence[DesignColumns], rows: np.ndarray, dtype: Any) -> np.ndarray:
    """Return the columns of all designs of some rows: shape (m, k)."""
    ends = np.cumsum([len(design.A) for design in designs])
    Z = np.empty((len(rows), ends[-1]), dtype=dtype)
    for design, columns in zip(designs, np.split(Z, ends[:-1], axis=1), strict=True):
        columns[:] = design.matrix(rows)
    return Z


def _weighted_median(x: np.ndarray, weight: np.ndarray) -> float:
    """Return the median; with equal weights it is numpy's, with whole weights that of the repeated rows."""
    if len(weight) and (weight == weight[0]).all():  # in a quarter of the time
        ordered, cumulative = np.sort(x), np.cumsum(weight)
    else:
        order = np.argsort(x, kind="stable")
        ordered, cumulative = x[order], np.cumsum(weight[order])
    half = cumulative[-1] / 2.0
    lower = np.searchsorted(cumulative, half, side="left")
    upper = min(int(np.searchsorted(cumulative, half, side="right")), len(x) - 1)
    return float((ordered[lower] + ordered[upper]) / 2.0)


def _centre_and_scale(raw: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column; the scale of a constant column is 1, as in scikit-learn."""
    total = weight.sum()
    centres = weight @ raw / total
    variances = weight @ (raw - centres) ** 2 / total
    eps = np.finfo(np.float64).eps
    # a constant column has a variance of rounding only
    constant = variances <= (len(raw) * centres * eps) ** 2 + len(raw) * eps * variances
    return centres, np.where(constant, 1.0, np.sqrt(variances))
