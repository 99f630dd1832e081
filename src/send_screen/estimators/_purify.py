"""Purify an interaction: move main effects out of a grid of two features."""

from __future__ import annotations

import numpy as np

from send_screen.errors import TablesError


def purify(
    values: np.ndarray, weights0: np.ndarray, weights1: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    r"""Return a grid as pure interaction, two main effects and a constant, under product-of-marginals weights.

    With the weights :math:`p_a` of the rows and :math:`q_b` of the columns, each adding up to 1, the constant is
    :math:`c = \sum_{ab} p_a q_b T_{ab}`, the main effects are :math:`u_a = \sum_b q_b T_{ab} - c` and
    :math:`v_b = \sum_a p_a T_{ab} - c`, and what is left, :math:`S_{ab} = T_{ab} - u_a - v_b - c`, has mean 0 in every
    row and column [Lengerich2020]_. With product weights one pass is exact, and the main effects of a monotone
    interaction are monotone; with joint weights neither is true.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (r, s)
    weights0 : numpy.ndarray of float, shape (r,)
        How many training children are in each row: 0 or more, not all 0.
    weights1 : numpy.ndarray of float, shape (s,)
        How many are in each column.

    Returns
    -------
    tuple of (pure, main0, main1, constant)
        numpy.ndarray of shapes (r, s), (r,) and (s,), and a float, whose sum is ``values``.

    Raises
    ------
    TablesError
        If the shapes do not fit together or a weight is negative or not finite, or all are 0.

    References
    ----------
    .. [Lengerich2020] See :class:`~send_screen.tables.InteractionTerm`.

    Examples
    --------
    >>> pure, main0, main1, constant = purify(np.array([[0.0, 1.0], [1.0, 4.0]]), np.ones(2), np.ones(2))
    >>> pure.tolist(), main0.tolist(), main1.tolist(), constant
    ([[0.5, -0.5], [-0.5, 0.5]], [-1.0, 1.0], [-1.0, 1.0], 1.5)
    """
    grid = np.asarray(values, dtype=np.float64)
    p, q = (np.asarray(weights, dtype=np.float64) for weights in (weights0, weights1))
    if grid.shape != (*p.shape, *q.shape) or grid.ndim != 2:
        raise TablesError("A grid needs one weight for each of its rows and columns.")
    for weights in (p, q):
        if not np.all(np.isfinite(weights)) or np.any(weights < 0) or not weights.sum() > 0:
            raise TablesError("The weights of a grid must be 0 or more, and not all 0.")
    p, q = p / p.sum(), q / q.sum()
    rows, columns = grid @ q, p @ grid
    constant = float(p @ rows)
    main0, main1 = rows - constant, columns - constant
    return grid - main0[:, None] - main1[None, :] - constant, main0, main1, constant
