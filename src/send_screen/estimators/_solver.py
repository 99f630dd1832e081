"""Penalised logistic regression under bounds: a convex problem with a unique solution, solved deterministically."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.linalg import block_diag
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

_GRADIENT_TOLERANCE = 1e-10
_GRADIENT_ACCEPTED = 1e-6
MANY_ROWS = 100_000
"""With more, :func:`fit_many_rows` is faster than :func:`fit_bounded_logistic`."""
_BATCH = 50_000  # rows at a time, to bound memory
_NEWTON_BATCH = 4_096  # rows at a time, in the level 2 cache
_CURVATURE_ROWS = 50_000
_NEWTON_STEPS = 100
_NEWTON_TOLERANCE = 1e-8  # far below the standard error of the gradient of many rows


def fit_bounded_logistic(
    Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray, *, A: np.ndarray, bounded: np.ndarray, C: float
) -> tuple[np.ndarray, float]:
    r"""Return the coefficients and the intercept that minimise the penalised loss under the bounds.

    .. math::

        \min_{\theta, b} \tfrac12 \lVert A\theta \rVert^2
        + C \sum_i s_i \log\bigl(1 + e^{-\tilde y_i (z_i^\top A\theta + b)}\bigr)
        \quad\text{with } \theta_k \ge 0 \text{ for bounded } k,

    the objective of scikit-learn's ``LogisticRegression`` in the coefficients :math:`w = A\theta`, by L-BFGS-B (Byrd,
    Lu, Nocedal and Zhu, 1995, SIAM Journal on Scientific Computing 16). The columns of ``Z``, shape (n, k), are
    already scaled as the penalty assumes. Callers hold BLAS to one thread, so that the sums have one order at any
    thread count.
    """
    at_least_zero = np.append(bounded, False)
    scale = 1.0 / (C * sample_weight.sum())
    M = np.empty((len(Z), A.shape[1] + 1))
    M[:, -1] = 1.0
    for first in range(0, len(Z), _BATCH):
        M[first : first + _BATCH, :-1] = Z[first : first + _BATCH] @ A
    del Z  # as large as M
    penalty = np.zeros((M.shape[1], M.shape[1]))
    penalty[:-1, :-1] = A.T @ A

    def objective(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        score = M @ parameters
        # log(1 + exp(-s)) for y = 1 and log(1 + exp(s)) for y = 0, without overflow; one exponential serves both
        small = np.exp(-np.abs(score))
        risk = np.where(score >= 0.0, 1.0, small) / (1.0 + small)
        loss = float(sample_weight @ (np.log1p(small) + np.maximum(score, 0.0) - y * score))
        penalty_gradient = penalty @ parameters
        value = scale * (0.5 * float(parameters @ penalty_gradient) + C * loss)
        gradient = scale * (penalty_gradient + C * (M.T @ (sample_weight * (risk - y))))
        return value, gradient

    start = np.zeros(M.shape[1])
    rate = float(np.average(y, weights=sample_weight))
    start[-1] = np.log(rate / (1.0 - rate))
    result = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0 if floor else None, None) for floor in at_least_zero],
        options={"maxiter": 5000, "maxfun": 20_000, "maxcor": 30, "ftol": 0.0, "gtol": _GRADIENT_TOLERANCE},
    )
    gradient = objective(result.x)[1]
    _warn_unless_converged(gradient, at_least_zero & (result.x <= 0.0) & (gradient > 0.0))
    return A @ result.x[:-1], float(result.x[-1])


def fit_many_rows(
    Z: np.ndarray, y: np.ndarray, sample_weight: np.ndarray, *, A: np.ndarray, bounded: np.ndarray, C: float
) -> tuple[np.ndarray, float]:
    r"""Return what :func:`fit_bounded_logistic` does, by a projected Newton method, in a tenth of the passes over Z.

    Bertsekas (1982), SIAM Journal on Control and Optimization 20: each step solves for the parameters that are not held
    at their bound, and is projected. Loss and gradient are those of all rows, in double precision whatever that of
    ``Z``; the curvature is that of 50,000 rows or more, evenly spaced, which decides how fast the method converges and
    not where to.
    """
    at_least_zero = np.append(bounded, False)
    scale = 1.0 / (C * sample_weight.sum())
    to_coefficients = block_diag(A, 1.0)
    penalty = to_coefficients.T @ to_coefficients
    penalty[-1, -1] = 0.0
    every = max(1, len(Z) // _CURVATURE_ROWS)

    def evaluate(parameters: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        coefficients = to_coefficients @ parameters
        loss, gradient, curvature = 0.0, np.zeros(len(coefficients)), np.zeros((len(coefficients),) * 2)
        for first in range(0, len(Z), _NEWTON_BATCH):
            rows = slice(first, first + _NEWTON_BATCH)
            M = np.column_stack([Z[rows], np.ones(len(y[rows]))])
            score, s = M @ coefficients, sample_weight[rows]
            small = np.exp(-np.abs(score))
            risk = np.where(score >= 0.0, 1.0, small) / (1.0 + small)
            loss += float(s @ (np.log1p(small) + np.maximum(score, 0.0) - y[rows] * score))
            gradient += (s * (risk - y[rows])) @ M
            some = M[::every]
            curvature += every * (some.T * (s * risk * (1.0 - risk))[::every]) @ some
        penalty_gradient = penalty @ parameters
        return (
            scale * (0.5 * float(parameters @ penalty_gradient) + C * loss),
            scale * (penalty_gradient + C * (to_coefficients.T @ gradient)),
            scale * (penalty + C * (to_coefficients.T @ curvature @ to_coefficients)),
        )

    rate = float(np.average(y, weights=sample_weight))
    at = np.append(np.zeros(len(bounded)), np.log(rate / (1.0 - rate)))
    value, gradient, curvature = evaluate(at)
    for _ in range(_NEWTON_STEPS):
        free = ~(at_least_zero & (at <= 0.0) & (gradient > 0.0))
        if np.abs(gradient[free]).max() <= _NEWTON_TOLERANCE:
            break
        step = np.zeros(len(at))
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], -gradient[free])
        size = 1.0
        while True:
            tried = np.where(at_least_zero, np.maximum(at + size * step, 0.0), at + size * step)
            found = evaluate(tried)
            # what is left to gain may be below the rounding of the loss
            if found[0] <= value + 1e-4 * float(gradient @ (tried - at)) + 1e-14 * abs(value) or size < 1e-6:
                break
            size /= 2.0
        at, (value, gradient, curvature) = tried, found
    _warn_unless_converged(gradient, at_least_zero & (at <= 0.0) & (gradient > 0.0))
    return A @ at[:-1], float(at[-1])


def _warn_unless_converged(gradient: np.ndarray, at_bound: np.ndarray) -> None:
    max_gradient = float(np.abs(np.where(at_bound, 0.0, gradient)).max())
    if max_gradient > _GRADIENT_ACCEPTED:
        warnings.warn(f"The fit did not converge: gradient {max_gradient:.1e}.", ConvergenceWarning, stacklevel=3)


def fit_rising_slope(x: np.ndarray, y: np.ndarray, sample_weight: np.ndarray, *, C: float) -> tuple[float, float]:
    """Return slope, 0 or more, and intercept of a penalised logistic regression on one column."""
    w, intercept = fit_bounded_logistic(x[:, None], y, sample_weight, A=np.eye(1), bounded=np.array([True]), C=C)
    return float(w[0]), intercept
