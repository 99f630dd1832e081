"""The compiled kernel: scores and contributions of many children, in blocks that fit the processor's cache.

numba is imported here only, and only for a file large enough to repay its start. Where it is not installed (the install
for schools) or cannot be loaded, numpy does the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from send_screen.tables._lookup import Lookup

BLOCK = 2_048  # children: their bins and one feature's values and results fit the level 1 and 2 caches


@cache
def kernel() -> Callable[..., int] | None:
    """Return the compiled kernel, or None where there is no numba; compiled code is cached on disk."""
    try:
        import numba
    except ImportError:
        return None
    try:
        compiled = numba.njit(nogil=True, cache=True)(_explain)
    except RuntimeError:  # no folder that the compiled code could be written to
        compiled = numba.njit(nogil=True)(_explain)
    return compiled  # type: ignore[no-any-return]  # numba has no types


def _explain(
    X: Any,
    start: int,
    stop: int,
    score: Any,
    out: Any,
    shift: int,
    intercept: float,
    base_value: float,
    tolerance: float,
    lookup: Lookup,
) -> int:
    """Score and explain the children ``start`` to ``stop`` of ``X``, shape (p, n), into ``score`` and ``out``.

    Child i goes to position i - ``shift`` of ``score``, shape (k,), and of ``out``, shape (p, k). Returns how many
    children have contributions that do not add up to their score within ``tolerance``. The operations are those of the
    numpy path in the same order, so that both are bit-identical. In the code, x are values, e edges, b bins, s scores,
    phi contributions and t tables.
    """
    bins = np.empty((lookup.slot.max() + 1 if len(lookup.slot) else 1, BLOCK), dtype=np.uint32)
    total = np.empty(BLOCK, dtype=np.float64)
    one = lookup.lowest.dtype.type(1)
    zero = lookup.lowest.dtype.type(0)
    wrong = 0
    for block in range(start, stop, BLOCK):
        k = min(BLOCK, stop - block)
        o = block - shift
        s = score[o : o + k]
        s[:] = intercept
        for j in range(len(lookup.slot)):
            x = X[j, block : block + k]
            e = lookup.edges[j]
            b = bins[lookup.slot[j]]
            missing_bin = lookup.missing_bin[j]
            if lookup.n_buckets[j] > 0:
                first = lookup.lowest[j]
                per_unit = lookup.buckets_per_unit[j]
                last = lookup.lowest.dtype.type(lookup.n_buckets[j] - 1)
                table = lookup.edges_before[j]
                for i in range(k):
                    # NaN goes to bucket 0 and infinity to the first or last, before the conversion to int
                    bucket = (x[i] - first) * per_unit + one
                    bucket = bucket if bucket > zero else zero
                    bucket = bucket if bucket < last else last
                    known = table[np.uint32(np.int32(bucket))]
                    known = np.uint32(known + np.uint32(x[i] >= e[known]))
                    b[i] = known if x[i] == x[i] else missing_bin
                for _ in range(1, lookup.edges_in_bucket[j]):
                    for i in range(k):
                        b[i] = b[i] + np.uint32(x[i] >= e[b[i]])
            else:
                for i in range(k):
                    b[i] = np.uint32(0)
                half = np.uint32(lookup.edges_in_bucket[j] // 2)
                while half > np.uint32(0):
                    for i in range(k):
                        b[i] = b[i] + (half if x[i] >= e[b[i] + half - np.uint32(1)] else np.uint32(0))
                    half = np.uint32(half // np.uint32(2))
                for i in range(k):
                    b[i] = b[i] if x[i] == x[i] else missing_bin
            phi = out[j, o : o + k]
            t = lookup.steps[j]
            mean = lookup.mean[j]
            for i in range(k):
                phi[i] = t[b[i]]
            slope = lookup.slope[j]
            if slope != 0.0:
                low = lookup.low[j]
                high = lookup.high[j]
                for i in range(k):
                    z = np.float64(x[i])
                    z = z if z > low else low
                    z = z if z < high else high
                    line = slope * z if x[i] == x[i] else 0.0
                    value = line + phi[i]
                    s[i] += value
                    phi[i] = value - mean
            else:
                for i in range(k):
                    s[i] += phi[i]
                    phi[i] = phi[i] - mean
        for q in range(len(lookup.pairs)):
            b0 = bins[lookup.slot[lookup.pairs[q, 0]]]
            b1 = bins[lookup.slot[lookup.pairs[q, 1]]]
            phi0 = out[lookup.pairs[q, 0], o : o + k]
            phi1 = out[lookup.pairs[q, 1], o : o + k]
            r = lookup.row[q]
            c = lookup.column[q]
            t = lookup.interaction[q]
            mean = lookup.interaction_mean[q]
            for i in range(k):
                value = t[r[b0[i]] + c[b1[i]]]
                s[i] += value
                share = 0.5 * (value - mean)
                phi0[i] += share
                phi1[i] += share
        total[:k] = base_value
        for j in range(len(lookup.slot)):
            phi = out[j, o : o + k]
            for i in range(k):
                total[i] += phi[i]
        for i in range(k):
            # NaN counts as wrong
            wrong += 0 if abs(total[i] - s[i]) <= tolerance else 1
    return wrong
