"""Joint target leakage: features whose weighted sum determines the outcome, though none does alone."""

from __future__ import annotations

import math

import numpy as np

from send_screen.cohorts._leakage_statistics import (
    MIN_CHILDREN,
    TargetLeakage,
    ValueCounts,
    auc_of,
    exceeds_legitimate,
    list_names,
)

COMPONENTS = "components whose sum determines the outcome"
#: (AUC from which leakage is suspected, highest AUC of legitimate features) of a weighted sum, in held-out children. An
#: outcome that is computed from the features reaches .98; early measures of the same skill reach .95.
SUM_AUC = (0.97, 0.85)
_ROWS_A_CLASS, _FOLDS, _MAX_COMPONENTS = 2_500, 5, 20


def joint_leakage(columns: list[ValueCounts], outcome: np.ndarray) -> list[TargetLeakage]:
    """Find a few features whose weighted sum separates the classes of the outcome in held-out children.

    Forward selection by least squares (equal to Fisher's discriminant for two classes), five-fold cross-validated.
    Categorical features are target-encoded on the training folds.
    """
    rng = np.random.default_rng(0)
    rows = [rng.permutation(np.flatnonzero(outcome == value))[:_ROWS_A_CLASS] for value in (0, 1)]
    if len(columns) < 2 or min(map(len, rows)) < MIN_CHILDREN:
        return []
    fold = np.concatenate([np.arange(len(part)) % _FOLDS for part in rows])
    sample = np.concatenate(rows)
    y = outcome[sample]
    steps = min(len(columns), _MAX_COMPONENTS)
    aucs = np.zeros((_FOLDS, steps))
    codes = [column.codes[sample] for column in columns]
    for k in range(_FOLDS):
        train = fold != k
        Z = _encode(columns, codes, y, train)
        order = _forward(Z[train], y[train], steps)
        for m in range(steps):
            selected = order[: m + 1]
            weight = _least_squares(Z[train][:, selected], y[train])
            aucs[k, m] = auc_of(Z[~train][:, selected] @ weight, y[~train], 1 - y[~train])
    path = aucs.mean(axis=0)  # by number of features
    n_more = int(np.argmax(path >= path.max() - 0.002))  # features added to the first
    auc = float(path[n_more])
    if n_more == 0 or not exceeds_legitimate(auc, y.sum(), len(y) - y.sum(), SUM_AUC):
        return []
    Z = _encode(columns, codes, y, np.ones(len(y), dtype=bool))
    names = [columns[j].name for j in sorted(_forward(Z, y, n_more + 1))]
    text = (
        f"Added up, {list_names(names)} decide the outcome (ROC AUC {auc:.2f} in rows not fitted on): it may be "
        "made of them."
    )
    remedy = "Check how the outcome is defined. Leave its components out, or state in expected_strong why."
    return [
        TargetLeakage(
            kind=COMPONENTS, features=tuple(names), n=len(outcome), strength=auc, description=text, remedy=remedy
        )
    ]


def _encode(columns: list[ValueCounts], codes: list[np.ndarray], y: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return one standardised column a feature, fitted on ``train``; missing values are imputed by the mean."""
    Z = np.zeros((len(y), len(columns)))
    base = y[train].mean()
    for j, (column, code) in enumerate(zip(columns, codes, strict=True)):
        known = code >= 0
        if column.ordered:
            scale = column.values.astype(np.float64)
        else:
            fitted = train & known
            n = np.bincount(code[fitted], minlength=len(column.values))
            scale = (np.bincount(code[fitted], weights=y[fitted], minlength=len(column.values)) + 2 * base) / (n + 2)
        if not (known & train).any():
            continue
        value = scale[code[known]]
        Z[known, j] = value - scale[code[known & train]].mean()
        deviation = Z[train, j].std()
        Z[:, j] = Z[:, j] / deviation if deviation > 0 else 0.0
    return Z


def _forward(Z: np.ndarray, y: np.ndarray, steps: int) -> list[int]:
    """Return columns by forward selection: each explains most of the residual of the earlier ones."""
    orthogonal = Z - Z.mean(axis=0)
    residual = y - y.mean()
    total = (orthogonal**2).sum(axis=0)
    order: list[int] = []
    for _ in range(steps):
        remaining = (orthogonal**2).sum(axis=0)
        usable = remaining > 1e-8 * np.maximum(total, 1.0)
        gain = np.where(usable, (residual @ orthogonal) ** 2 / np.where(usable, remaining, 1.0), -1.0)
        gain[order] = -1.0
        best = int(np.argmax(gain))
        if gain[best] < 0:
            break
        order.append(best)
        unit = orthogonal[:, best] / math.sqrt(remaining[best])
        residual = residual - unit * (unit @ residual)
        orthogonal = orthogonal - np.outer(unit, unit @ orthogonal)
    return order


def _least_squares(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return least-squares weights of the centred columns."""
    centred = Z - Z.mean(axis=0)
    # A small ridge penalty keeps collinear features from huge weights of opposite sign.
    gram = centred.T @ centred + 1e-3 * len(y) * np.eye(Z.shape[1])
    return np.asarray(np.linalg.solve(gram, centred.T @ (y - y.mean())))
