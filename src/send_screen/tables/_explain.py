"""Scores and contributions of many children, in batches: by numpy for a small file, by the kernel for a large one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from send_screen.errors import TablesError
from send_screen.tables._encode import to_float
from send_screen.tables._kernels import kernel
from send_screen.tables._terms import LevelsTerm, Term

if TYPE_CHECKING:
    from send_screen.tables._tables import RiskTables

LOAD_FROM = 200_000  # children: with fewer, numpy is done before the kernel is loaded (2 to 4 s)
KERNEL_FROM = 2_000  # children: from here the kernel is quicker, once it is loaded
BATCH = 16_384  # children whose columns are gathered at once, where they do not lie together already


@dataclass(frozen=True)
class ExplainedBatch:
    """Scores, shape (k,), and contributions, shape (k, p), of the children in some rows of a frame, in log-odds."""

    children: slice
    score: np.ndarray
    contributions: np.ndarray
    adds_up: bool
    """Whether base value and contributions are the score, within 1e-9 of the size of what was added."""


class Explainer:
    """Writes scores and contributions of ranges of a frame's children; a context that holds its threads."""

    def __init__(self, tables: RiskTables, X: pd.DataFrame, threads: int | None) -> None:
        self._tables, self._X = tables, X
        self._sums = tables.intercept, tables.base_value, tables.tolerance
        self._threads = threads or os.cpu_count() or 1
        wanted = len(X) >= (KERNEL_FROM if kernel.cache_info().currsize else LOAD_FROM) and bool(tables.terms)
        self._kernel = kernel() if wanted else None
        self._pool = ThreadPoolExecutor(self._threads)
        if self._kernel is not None:
            self._columns = _Columns(X, tables.terms)
            self._lookup = tables._lookup(self._columns.dtype)

    def __enter__(self) -> Explainer:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def write(self, start: int, stop: int, score: np.ndarray, out: np.ndarray) -> bool:
        """Write scores, shape (k,), and contributions, shape (p, k) in C order; return whether they add up."""
        if self._kernel is None:
            return _by_numpy(self._tables, self._X.iloc[start:stop], score, out)
        # ranges of whole batches, about as many as there are threads
        size = -(-(stop - start) // self._threads)
        size = max(BATCH, -(-size // BATCH) * BATCH) if self._columns.together else BATCH
        ranges = [(at, min(at + size, stop), start, score, out) for at in range(start, stop, size)]
        if len(ranges) == 1:
            return self._compiled(*ranges[0]) == 0
        return sum(self._pool.map(lambda one: self._compiled(*one), ranges)) == 0

    def _compiled(self, start: int, stop: int, shift: int, score: np.ndarray, out: np.ndarray) -> int:
        assert self._kernel is not None
        block, before = self._columns.rows(start, stop)
        ends = start - before, stop - before
        return self._kernel(block, *ends, score, out, shift - before, *self._sums, *self._lookup)


def _by_numpy(tables: RiskTables, X: pd.DataFrame, score: np.ndarray, out: np.ndarray) -> bool:
    score[:] = tables.intercept
    # one term after the other: children with equal terms get equal bits, however many are scored at once
    coordinates, contributions = {}, dict(zip(tables.features, out, strict=True))
    for term in tables.terms:
        coordinates[term.feature] = term.coordinates(X[term.feature])
        log_odds = term.at(coordinates[term.feature])
        score += log_odds
        np.subtract(log_odds, term.mean, out=contributions[term.feature])
    for interaction in tables.interactions:
        log_odds = interaction.at(*(coordinates[feature] for feature in interaction.features))
        score += log_odds
        half = 0.5 * (log_odds - interaction.mean)
        for feature in interaction.features:
            contributions[feature] += half
    # written so that NaN fails too
    return bool(np.all(np.abs(tables.base_value + out.sum(axis=0) - score) <= tables.tolerance))


class _Columns:
    """The columns of a frame as one array of shape (p, n): a view where they lie together, else batch by batch."""

    def __init__(self, X: pd.DataFrame, terms: Sequence[Term]) -> None:
        self._X, self._terms = X, terms
        kinds = {column.dtype for _, column in X.items()}
        single = kinds == {np.dtype(np.float32)}
        self.dtype = np.dtype(np.float32 if single else np.float64)
        self._whole: np.ndarray | None = None
        # two rows are a view of the frame's memory if, and only if, all of its columns lie in one array
        if (
            (single or kinds == {np.dtype(np.float64)})
            and not any(isinstance(term, LevelsTerm) for term in terms)
            and np.shares_memory(X.iloc[:2].to_numpy(), X.iloc[:, -1].to_numpy())
        ):
            whole = X.to_numpy().T
            self._whole = whole if whole.flags.c_contiguous else None

    @property
    def together(self) -> bool:
        """Whether no batch needs to be gathered."""
        return self._whole is not None

    def rows(self, start: int, stop: int) -> tuple[np.ndarray, int]:
        """Return an array that holds children ``start`` to ``stop``, and the row of its first child."""
        if self._whole is not None:
            return self._whole, 0
        block = np.empty((len(self._terms), stop - start), dtype=self.dtype)
        for j, term in enumerate(self._terms):
            column = self._X.iloc[start:stop, j]
            if isinstance(term, LevelsTerm):
                block[j] = term.coordinates(column)
            elif column.dtype == self.dtype:
                block[j] = column.to_numpy()
            else:
                block[j] = to_float(term.feature, column)
        return block, start


def no_sum() -> TablesError:
    """Return the error that an explanation which does not add up is."""
    return TablesError(
        "The contributions do not add up to the score.",
        remedy="This is a defect of the library or the model file: do not use these reasons, and report it.",
    )
