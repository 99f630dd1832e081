"""Penalised logistic regression under bounds: a convex problem with a unique solution, solved deterministically."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning

_GRADIENT_TOLERANCE = 1e-10
_GRADIENT_ACCEPTED = 1e-6
_BATCH = 50_000  # rows at a time, to bound memory


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
    at_bound = at_least_zero & (result.x <= 0.0) & (gradient > 0.0)
    max_gradient = float(np.abs(np.where(at_bound, 0.0, gradient)).max())
    if max_gradient > _GRADIENT_ACCEPTED:
        warnings.warn(f"The fit did not converge: gradient {max_gradient:.1e}.", ConvergenceWarning, stacklevel=2)
    return A @ result.x[:-1], float(result.x[-1])


def fit_rising_slope(x: np.ndarray, y: np.ndarray, sample_weight: np.ndarray, *, C: float) -> tuple[float, float]:
    """Return slope, 0 or more, and intercept of a penalised logistic regression on one column."""
    w, intercept = fit_bounded_logistic(x[:, None], y, sample_weight, A=np.eye(1), bounded=np.array([True]), C=C)
    return float(w[0]), intercept
