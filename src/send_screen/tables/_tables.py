"""A fitted model as data: intercept and terms, with scores, exact contributions, and clipped or unknown values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from send_screen.documents import CONTROL_CHARACTERS_ERROR, has_control_characters
from send_screen.errors import TablesError, UsageError
from send_screen.tables._column_names import checked_columns
from send_screen.tables._display import to_html
from send_screen.tables._explain import BATCH, ExplainedBatch, Explainer
from send_screen.tables._interaction import InteractionTerm
from send_screen.tables._lookup import Lookup
from send_screen.tables._model_file import ModelFile
from send_screen.tables._terms import Term

_TOLERANCE = 1e-9


@dataclass(frozen=True, repr=False)
class RiskTables(ModelFile):
    r"""An additive model as data, scored and explained exactly without any machine-learning library.

    The score of a child is :math:`f(x) = b + \sum_j t_j(x_j) + \sum_{jk} t_{jk}(x_j, x_k)`, in log-odds. Its
    interventional Shapley values, with all training rows as background [Lundberg2017]_, [Strumbelj2014]_, are

    .. math:: \phi_j = t_j(x_j) - \bar t_j + \tfrac12 \sum_k \left( t_{jk}(x_j, x_k) - \bar t_{jk} \right),

    where :math:`\bar t` is a mean over the training rows; with the mean score as base value they add up to the score.
    The halves are exact because interactions are pure (:func:`purify`): their mean over either feature is 0. Of an
    interaction, the coalition of no feature is worth :math:`\bar t_{jk}`; that of j alone (the mean of
    :math:`t_{jk}(x_j, \cdot)`) and that of k alone are 0; and that of both :math:`t_{jk}(x_j, x_k)`. So j adds
    :math:`-\bar t_{jk}` when it comes first and :math:`t_{jk}(x_j, x_k)` when it comes second. For the same reason the
    Shapley value of a group of features, for example all columns that one agency supplies, is the sum of theirs.

    Parameters
    ----------
    intercept : float
        Log-odds before any term.
    terms : tuple of LinearTerm, LevelsTerm or ShapeTerm
        One for each feature, in the order of the columns.
    n_training : int
        Number of training rows behind the means.
    name : str
        Display name of the model.
    interactions : tuple of InteractionTerm
        At most one for each pair of features, in any order.

    Raises
    ------
    TablesError
        If a number is not finite, a feature has two terms, or an interaction is of a feature that has none.

    References
    ----------
    .. [Lundberg2017] Lundberg and Lee (2017), A unified approach to interpreting model predictions, NeurIPS 30.
    .. [Strumbelj2014] Strumbelj and Kononenko (2014), Explaining prediction models and individual predictions with
       feature contributions, Knowledge and Information Systems 41. Equation 13 is the linear case.

    Examples
    --------
    >>> from send_screen.tables import LinearTerm
    >>> reading = LinearTerm(
    ...     feature="reading", slope=-0.5, low=10.0, high=20.0, missing=-5.0, mean=-7.5, n=90, n_missing=10
    ... )
    >>> tables = RiskTables(intercept=5.0, terms=(reading,), n_training=100, name="an example")
    >>> children = pd.DataFrame({"reading": [12.0, np.nan, 3.0]})
    >>> tables.score(children).tolist()
    [-1.0, 0.0, 0.0]
    >>> tables.base_value, tables.contributions(children)[:, 0].tolist()
    (-2.5, [1.5, 2.5, 2.5])
    >>> tables.clipped(children)[:, 0].tolist()
    [False, False, True]
    """

    intercept: float
    terms: tuple[Term, ...]
    n_training: int
    name: str
    interactions: tuple[InteractionTerm, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(self.terms))
        object.__setattr__(self, "interactions", tuple(self.interactions))
        if has_control_characters(self.name):
            raise TablesError(f"'name' {CONTROL_CHARACTERS_ERROR}.")
        if not math.isfinite(self.intercept):
            raise TablesError("'intercept' must be a finite number.")
        if self.n_training < 0:
            raise TablesError("'n_training' must be a count, 0 or more.")
        if not math.isfinite(self.tolerance):
            raise TablesError("the terms add up to more than can be computed.")
        seen: set[str] = set()
        for feature in self.features:
            if feature in seen:
                raise TablesError(f"feature {feature!r} has two terms.", column=feature)
            seen.add(feature)
        pairs: set[frozenset[str]] = set()
        for interaction in self.interactions:
            pair = frozenset(interaction.features)
            if not pair <= seen:
                raise TablesError("an interaction is of a feature that has no term.", column=interaction.name)
            if pair in pairs:
                raise TablesError("two interactions are of the same features.", column=interaction.name)
            pairs.add(pair)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns that the model needs, in order."""
        return tuple(term.feature for term in self.terms)

    @property
    def base_value(self) -> float:
        """Mean score of the training rows, in log-odds."""
        return self.intercept + sum(term.mean for term in self.terms) + sum(pair.mean for pair in self.interactions)

    def score(self, X: pd.DataFrame, *, threads: int | None = None) -> np.ndarray:
        """Return the log-odds of each child.

        Parameters
        ----------
        X : pandas.DataFrame, shape (n, p)
            Columns exactly ``features``, in order: numbers, and levels as text. Also a polars or pyarrow frame,
            or an array for a model that was fitted without names.
        threads : int, optional
            As in :meth:`contributions`.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)

        Raises
        ------
        DataError
            If the columns differ (the message shows how) or a cell is of the wrong type.
        TablesError
            If the contributions do not add up to the score.
        """
        score = np.empty(len(X), dtype=np.float64)
        for batch in self.explain_in_batches(X, threads=threads):
            score[batch.children] = batch.score
        return score

    def contributions(
        self, X: pd.DataFrame, *, out: np.ndarray | None = None, threads: int | None = None
    ) -> np.ndarray:
        """Return each feature's exact contribution to the score of each child, in log-odds.

        Parameters
        ----------
        X : pandas.DataFrame, shape (n, p)
            As in :meth:`score`.
        out : numpy.ndarray of float64, shape (n, p), in Fortran order, optional
            Where to write them.
        threads : int, optional
            Number of threads for a large file; by default the number of cores. The result is bit-identical.

        Returns
        -------
        numpy.ndarray of float64, shape (n, p)
            In Fortran order: one feature's contributions lie together.

        Raises
        ------
        DataError, TablesError
            As :meth:`score`.
        UsageError
            If ``out`` has another dtype, shape or memory order.
        """
        X = checked_columns(self.features, X)
        shape = (len(X), len(self.terms))
        if out is None:
            out = np.empty(shape, dtype=np.float64, order="F")
        if out.shape != shape or out.dtype != np.float64 or not out.T.flags.c_contiguous or not out.flags.writeable:
            raise UsageError(f"'out' must be an array of float64, of shape {shape} and in Fortran order.")
        with Explainer(self, X, threads) as explainer:
            explainer.write(0, len(X), np.empty(len(X), dtype=np.float64), out.T)
        return out

    def explain_in_batches(
        self, X: pd.DataFrame, *, children: int = BATCH, threads: int | None = None
    ) -> Iterator[ExplainedBatch]:
        """Yield scores and contributions batch by batch, in the memory of one batch.

        Parameters
        ----------
        X : pandas.DataFrame, shape (n, p)
            As in :meth:`score`.
        children : int
            How many are in a batch.
        threads : int, optional
            As in :meth:`contributions`.

        Yields
        ------
        ExplainedBatch
            Its arrays are overwritten by the next batch.

        Raises
        ------
        DataError, TablesError
            As :meth:`score`.
        UsageError
            If a batch is of less than one child.
        """
        X = checked_columns(self.features, X)
        if children < 1:
            raise UsageError("A batch needs at least one row.")
        score = np.empty(min(children, len(X)), dtype=np.float64)
        out = np.empty((len(self.terms), len(score)), dtype=np.float64)
        with Explainer(self, X, threads) as explainer:
            for start in range(0, len(X), children):
                stop = min(start + children, len(X))
                if stop - start < len(score):  # the last one; the compiled kernel needs contiguous rows
                    score, out = score[: stop - start], np.empty((len(self.terms), stop - start), dtype=np.float64)
                explainer.write(start, stop, score, out)
                yield ExplainedBatch(slice(start, stop), score, out.T)

    @cached_property
    def _lookups(self) -> dict[np.dtype, Lookup]:
        return {}

    def _lookup(self, dtype: np.dtype) -> Lookup:
        """Return the model as arrays for the compiled kernel, for columns of float32 or float64."""
        if dtype not in self._lookups:
            self._lookups[dtype] = Lookup.build(self.terms, self.interactions, dtype)
        return self._lookups[dtype]

    @property
    def tolerance(self) -> float:
        """How far contributions and base value may be from the score: 1e-9 of the largest sum of absolute values."""
        largest = sum(part.max_abs + abs(part.mean) for part in (*self.terms, *self.interactions))
        return _TOLERANCE * (1.0 + abs(self.intercept) + largest)

    def clipped(self, X: pd.DataFrame) -> np.ndarray:
        """Return where a value lay beyond the training range and scored as its end.

        Parameters
        ----------
        X : pandas.DataFrame, shape (n, p)
            As in :meth:`score`.

        Returns
        -------
        numpy.ndarray of bool, shape (n, p)
        """
        X = checked_columns(self.features, X)
        return _stack([term.clipped(X[term.feature]) for term in self.terms], len(X))

    def unknown_category(self, X: pd.DataFrame) -> np.ndarray:
        """Return where a level was not seen in training and scored as a missing one.

        Parameters
        ----------
        X : pandas.DataFrame, shape (n, p)
            As in :meth:`score`.

        Returns
        -------
        numpy.ndarray of bool, shape (n, p)
        """
        X = checked_columns(self.features, X)
        return _stack([term.unknown_category(X[term.feature]) for term in self.terms], len(X))

    def term_importances(self, X: pd.DataFrame) -> pd.Series:
        r"""Return the importance of each term: its mean absolute contribution to the score, in log-odds.

        .. math:: I_j = \frac1n \sum_i \left| t_j(x_{ij}) - \bar t_j \right|

        and likewise for an interaction, where :math:`\bar t` is the mean over the training rows [Nori2019]_.

        Parameters
        ----------
        X : pandas.DataFrame, shape (n, p)
            As in :meth:`score`. For the rows that a model was fitted on, see ``term_importances_`` of the estimators.

        Returns
        -------
        pandas.Series of float64
            A value for each feature and for each pair ``"a x b"``, the largest first.

        Raises
        ------
        DataError
            As :meth:`score`.

        References
        ----------
        .. [Nori2019] Nori, Jenkins, Koch and Caruana (2019), InterpretML: a unified framework for machine learning
           interpretability, arXiv:1909.09223. Overall importance of a term.
        """
        X = checked_columns(self.features, X)
        # encoded values: a number, or the position of a level; NaN where missing
        x = {term.feature: term.encode(X[term.feature]) for term in self.terms}
        found = {term.feature: term.evaluate(x[term.feature]) - term.mean for term in self.terms}
        for pair in self.interactions:
            found[pair.name] = pair.evaluate(*(x[feature] for feature in pair.features)) - pair.mean
        importances = {name: float(np.mean(np.abs(values))) for name, values in found.items()}
        return pd.Series(importances, dtype=np.float64).sort_values(ascending=False, kind="stable")

    def __repr__(self) -> str:
        pairs = f", {len(self.interactions)} interactions" if self.interactions else ""
        return f"RiskTables({self.name!r}: {len(self.terms)} terms{pairs}, {self.n_training:,} training rows)"

    def _repr_html_(self) -> str:
        return to_html(self)


def _stack(columns: list[np.ndarray], n: int) -> np.ndarray:
    return np.column_stack(columns) if columns else np.zeros((n, 0), dtype=bool)
