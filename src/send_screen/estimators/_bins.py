"""Quantile bins of a numeric feature, with at least ten training children in each."""

from __future__ import annotations

import numpy as np

from send_screen.tables import MINIMUM_CHILDREN


def bin_edges(x: np.ndarray, most: int) -> np.ndarray:
    """Return edges halfway between values, at most ``most`` bins of about as many children, at least ten in each.

    Examples
    --------
    >>> bin_edges(np.repeat([1.0, 2.0, 4.0], [12, 3, 20]), 8)
    array([1.5])
    """
    values, counts = np.unique(x[~np.isnan(x)], return_counts=True)
    reached = np.cumsum(counts)
    n = int(reached[-1]) if len(reached) else 0
    places = np.arange(len(values) - 1)
    if len(values) > most:
        places = np.unique(np.searchsorted(reached, np.arange(1, most) * n / most))
    edges: list[float] = []
    last = 0
    for place in places[places < len(values) - 1]:
        if reached[place] - last >= MINIMUM_CHILDREN and n - reached[place] >= MINIMUM_CHILDREN:
            middle = (values[place] + values[place + 1]) / 2.0
            if edges and middle <= edges[-1]:  # there is nothing between neighbours among floats
                continue
            edges.append(middle)
            last = int(reached[place])
    return np.array(edges, dtype=np.float64)
