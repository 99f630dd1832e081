"""Compute scores and contributions in batches: with numpy for a small file, with a compiled kernel for a large one."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from send_screen.errors import TablesError
from send_screen.tables._kernels import kernel
from send_screen.tables._terms import LevelsTerm

if TYPE_CHECKING:
    from send_screen.tables._tables import RiskTables

LOAD_FROM = 200_000  # children: with fewer, numpy is faster than loading the kernel (2 to 4 s)
KERNEL_FROM = 2_000  # children: with more, the kernel is faster once it is loaded
BATCH = 16_384  # children whose columns are copied into one array at a time


@dataclass(frozen=True)
class ExplainedBatch:
    """Scores, shape (k,), and contributions, shape (k, p), of the children in some rows of a frame, in log-odds."""

    children: slice
    score: np.ndarray
    contributions: np.ndarray


class Explainer:
    """Compute scores and contributions of row ranges of a frame; a context manager that owns its threads."""

    def __init__(self, tables: RiskTables, X: pd.DataFrame, threads: int | None) -> None:
        self._tables, self._X = tables, X
        self._threads = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._threads)
        use_kernel = len(X) >= (KERNEL_FROM if kernel.cache_info().currsize else LOAD_FROM) and bool(tables.terms)
        self._kernel = kernel() if use_kernel else None
        if self._kernel is not None:
            kinds = {column.dtype for _, column in X.items()}
            self._dtype = np.dtype(np.float32 if kinds == {np.dtype(np.float32)} else np.float64)
            self._array = _in_one_array(tables, X) if kinds == {self._dtype} else None
            self._lookup = tables._lookup(self._dtype)
            self._sums = tables.intercept, tables.base_value, tables.tolerance

    def __enter__(self) -> Explainer:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def write(self, start: int, stop: int, score: np.ndarray, out: np.ndarray) -> None:
        """Write scores, shape (k,), and contributions, shape (p, k) in C order; raise if they do not add up."""
        if self._kernel is None:
            wrong = _by_numpy(self._tables, self._X.iloc[start:stop], score, out)
        else:
            # about one range per thread, each of whole batches
            size = -(-(stop - start) // self._threads)
            size = BATCH if self._array is None else max(BATCH, -(-size // BATCH) * BATCH)
            ranges = [(at, min(at + size, stop), start, score, out) for at in range(start, stop, size)]
            if len(ranges) == 1:
                wrong = self._run_kernel(*ranges[0])
            else:
                wrong = sum(self._pool.map(lambda one: self._run_kernel(*one), ranges))
        if wrong:
            raise TablesError(
                "The contributions do not add up to the score.",
                remedy="This is a defect of the library or the model file: do not use these reasons, and report it.",
            )

    def _run_kernel(self, start: int, stop: int, first: int, score: np.ndarray, out: np.ndarray) -> int:
        assert self._kernel is not None
        block, before = self._array, 0
        if block is None:
            block, before = self._gather(start, stop), start
        rows = start - before, stop - before
        return self._kernel(block, *rows, score, out, first - before, *self._sums, self._lookup)

    def _gather(self, start: int, stop: int) -> np.ndarray:
        """Return the columns of a row range as one array of shape (p, k)."""
        block = np.empty((len(self._tables.terms), stop - start), dtype=self._dtype)
        for j, term in enumerate(self._tables.terms):
            column = self._X.iloc[start:stop, j]
            ready = column.dtype == self._dtype and not isinstance(term, LevelsTerm)
            block[j] = column.to_numpy() if ready else term.encode(column)
        return block


def _in_one_array(tables: RiskTables, X: pd.DataFrame) -> np.ndarray | None:
    """Return a frame as a view of shape (p, n) where its columns are one contiguous array, else None."""
    if any(isinstance(term, LevelsTerm) for term in tables.terms):
        return None
    # two rows are a view of the frame's memory if and only if all its columns are in one array
    if not np.shares_memory(X.iloc[:2].to_numpy(), X.iloc[:, -1].to_numpy()):
        return None
    whole = X.to_numpy().T
    return whole if whole.flags.c_contiguous else None


def _by_numpy(tables: RiskTables, X: pd.DataFrame, score: np.ndarray, out: np.ndarray) -> int:
    """Do the same as the kernel, and return how many children's contributions do not add up."""
    score[:] = tables.intercept
    # term by term: the result of a child is bit-identical in batches of any size
    encoded, contributions = {}, dict(zip(tables.features, out, strict=True))
    for term in tables.terms:
        encoded[term.feature] = term.encode(X[term.feature])
        log_odds = term.evaluate(encoded[term.feature])
        score += log_odds
        np.subtract(log_odds, term.mean, out=contributions[term.feature])
    for interaction in tables.interactions:
        log_odds = interaction.evaluate(*(encoded[feature] for feature in interaction.features))
        score += log_odds
        half = 0.5 * (log_odds - interaction.mean)
        for feature in interaction.features:
            contributions[feature] += half
    # NaN counts as wrong
    return int(np.sum(~(np.abs(tables.base_value + out.sum(axis=0) - score) <= tables.tolerance)))
