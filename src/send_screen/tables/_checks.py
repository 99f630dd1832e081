"""What must be true of every term."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from send_screen.documents import MISLEADING, is_misleading
from send_screen.errors import TablesError


def require_common(term: Any) -> None:
    """Raise unless a term has a name, finite numbers and counts that can be."""
    if not term.feature:
        raise TablesError("'feature' must be a name, not an empty text.")
    for name in ("feature", "label", "unit"):
        if is_misleading(getattr(term, name)):
            raise TablesError(f"'{name}' {MISLEADING}.")
    require_finite(term, "missing", "mean")
    for name in ("n", "n_missing"):
        count = getattr(term, name)
        for value in count if isinstance(count, tuple) else (count,):
            if value is not None and value < 0:
                raise TablesError(f"'{name}' must be a count, 0 or more.", column=term.feature)


def require_finite(term: Any, *names: str) -> None:
    """Raise unless each of these attributes of a term is a finite number."""
    for name in names:
        if not math.isfinite(getattr(term, name)):
            raise TablesError(f"'{name}' must be a finite number.", column=term.feature)


def require_edges(edges: Sequence[float], name: str, feature: str) -> None:
    """Raise unless edges are finite numbers, each above the one before."""
    if not all(math.isfinite(edge) for edge in edges):
        raise TablesError(f"'{name}' must be finite numbers.", column=feature)
    if not all(low < high for low, high in pairwise(edges)):
        raise TablesError(f"'{name}' must be in ascending order, each once.", column=feature)


def require_spread(term: Any, length: int) -> None:
    """Raise unless a term's standard_error is None or that many finite numbers of 0 or more."""
    if term.standard_error is None:
        return
    object.__setattr__(term, "standard_error", tuple(map(float, term.standard_error)))
    if len(term.standard_error) != length or not all(
        math.isfinite(value) and value >= 0 for value in term.standard_error
    ):
        raise TablesError(f"'standard_error' must be {length} numbers of 0 or more.", column=term.feature)
