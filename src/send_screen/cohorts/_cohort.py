"""A cohort: features, outcome, groups and identifiers of the children, each in a frame of its own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import pandas as pd

from send_screen.linkage import LinkageResult

Frame = TypeVar("Frame", pd.DataFrame, pd.Series)


@dataclass(frozen=True)
class Cohort:
    """Children as they were known on a date, with features, outcome, groups and identifiers kept apart.

    Models see ``X`` and ``y`` only. All frames and series share one index: 0 .. n-1 in file order.

    Attributes
    ----------
    ids : pandas.Series of str, shape (n,)
        The child's identifier. Never published.
    X : pandas.DataFrame, shape (n, p)
        Features in the spec's order. Numbers are float64 with NaN for missing; categorical features are
        ``object`` columns of str with ``None`` for missing.
    y : pandas.Series of int8 or None, shape (n,)
        1 where the outcome happened. None when the children are to be screened.
    sensitive : pandas.DataFrame of str, shape (n, a)
        Groups to compare, one column per attribute; what is not known is ``"not recorded"``. No model sees it.
    school : pandas.Series of str, shape (n,)
        The cluster: folds and held-out sets are made of whole schools.
    as_of : pandas.Series of datetime64, shape (n,)
        Nothing recorded after this date may be a feature.
    categorical_features : dict of str to tuple of str
        The levels of each categorical feature, in the contract's order.
    show : pandas.DataFrame, shape (n, 4)
        What a list shows beside the identifier: ``row`` (of the file), ``name``, ``class_name``, ``school``.
    recorded_on : dict of str to pandas.Series of datetime64
        When each feature was recorded, where its contract says so.
    excluded : pandas.DataFrame, shape (n_rows - n, 12 or more)
        Rows that are not in the cohort: ``contract``, ``file``, ``row``, ``child_id``, ``name``, ``class_name``,
        ``school``, ``cluster`` (its value in ``school`` above), ``kind``, ``rule``, ``reason``, ``remedy``, ``columns``
        (by which the row was excluded), and a ``group.<attribute>`` column for each attribute.
    linkage : LinkageResult or None
        Which rows of other agencies are whose, and how that is known; ``use`` in its ``crosswalk`` says whether a row
        was used. None where no other agency's table was read.
    conflicts : pandas.DataFrame, shape (m, 5)
        Rows of one date that differ in what is asked for: ``contract``, ``file``, ``row``, ``child_id`` and
        ``reason``. What they disagree on is missing.
    notes : tuple of str
        How headers and values were interpreted, repaired or left out when the data were read.
    synthetic : bool
        Whether the children are synthetic, as their identifiers show.
    """

    ids: pd.Series
    X: pd.DataFrame
    y: pd.Series | None
    sensitive: pd.DataFrame
    school: pd.Series
    as_of: pd.Series
    categorical_features: dict[str, tuple[str, ...]] = field(default_factory=dict)
    show: pd.DataFrame = field(default_factory=pd.DataFrame)
    recorded_on: dict[str, pd.Series] = field(default_factory=dict)
    excluded: pd.DataFrame = field(default_factory=pd.DataFrame)
    linkage: LinkageResult | None = None
    conflicts: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[str, ...] = ()
    synthetic: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def as_of_range(self) -> tuple[dt.date, dt.date] | None:
        """The first and the last day as of which the children are known; None without any."""
        return (self.as_of.min().date(), self.as_of.max().date()) if len(self) else None

    def take(self, keep: np.ndarray) -> Cohort:
        """Return the cohort of the rows in ``keep`` (positions or a boolean mask), renumbered from 0.

        Parameters
        ----------
        keep : numpy.ndarray of int or of bool
            Positions, or a mask of shape (n,).

        Returns
        -------
        Cohort
        """
        rows = np.flatnonzero(keep) if keep.dtype == bool else keep

        def pick(part: Frame) -> Frame:
            return part.iloc[rows].reset_index(drop=True)

        return replace(
            self,
            ids=pick(self.ids),
            X=pick(self.X),
            y=None if self.y is None else pick(self.y),
            sensitive=pick(self.sensitive),
            school=pick(self.school),
            as_of=pick(self.as_of),
            show=pick(self.show) if len(self.show) else self.show,
            recorded_on={feature: pick(dates) for feature, dates in self.recorded_on.items()},
        )

    def split_by_school(self) -> dict[str, Cohort]:
        """Return name of the school -> cohort of its children, with its excluded rows and links alone.

        The name is that in ``show``, empty for children of whom the file does not say it.

        Returns
        -------
        dict of str to Cohort
            By name.
        """
        excluded_from = self.excluded["school"].fillna("").astype(str)
        none = np.array([], dtype=np.intp)
        rows, excluded_rows = _positions(self.show["school"]), _positions(excluded_from)
        parts = {}
        for name in sorted({*rows, *excluded_rows}):
            part = self.take(rows.get(name, none))
            excluded = self.excluded.iloc[excluded_rows.get(name, none)].reset_index(drop=True)
            children = {*part.ids, *excluded["child_id"].dropna()}
            parts[name] = replace(
                part,
                excluded=excluded,
                linkage=self.linkage and self.linkage.of_children(children),
                conflicts=self.conflicts[self.conflicts["child_id"].isin(children)]
                if len(self.conflicts)
                else self.conflicts,
            )
        return parts


def _positions(names: pd.Series) -> dict[str, np.ndarray]:
    """Return name -> positions of its rows."""
    return {str(name): np.asarray(rows) for name, rows in names.groupby(names.to_numpy()).indices.items()}
