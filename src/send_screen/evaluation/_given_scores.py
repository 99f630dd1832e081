"""Evidence (the table of out-of-fold predictions) from given scores, outcomes, sensitive features and clusters."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from scipy.special import logit
from scipy.stats import rankdata

from send_screen.cohorts import NOT_RECORDED, Cohort
from send_screen.errors import DataError, UsageError
from send_screen.evaluation._evidence import build_evidence
from send_screen.evaluation._gaps import CALIBRATION
from send_screen.evaluation._out_of_fold import BASELINE, CANDIDATE
from send_screen.published import GroupFigure, MeasuredSections, Performance

#: Reason of metrics that are undefined without probabilities.
NOT_PROBABILITIES = "the scores are not probabilities"
Row = TypeVar("Row", Performance, GroupFigure)
_NEED_PROBABILITIES = ("calibration_slope", "calibration_intercept", CALIBRATION)


def evidence_of_scores(
    y_true: Any,
    scores: Mapping[str, Any],
    *,
    sensitive_features: Any,
    groups: Any,
    fold: Any,
    capacity: float,
    seed: int,
) -> tuple[pd.DataFrame, frozenset[str]]:
    """Return the evidence table of scores by model, and the models whose scores are not probabilities.

    Scores that are not probabilities are replaced by their ranks. Without ``groups`` (clusters) each child is a cluster
    of its own, and without ``fold`` all children are ranked in one list.
    """
    outcome = outcome_column(y_true)
    n = len(outcome)
    folds = np.zeros((n, 1), dtype=np.int64) if fold is None else _fold_columns(fold, n)
    columns, not_probabilities = dict[str, np.ndarray](), set[str]()
    for name, values in scores.items():
        found = _score_columns(name, values, folds.shape)
        if found.min() < 0 or found.max() > 1:
            not_probabilities.add(name)
            found = rankdata(found, axis=None).reshape(found.shape) / (found.size + 1)
        with np.errstate(divide="ignore"):  # a probability of 0 or 1 has infinite log-odds
            columns[f"score.{name}"] = logit(found).T.ravel()
    repeats = folds.shape[1]
    scored = pd.DataFrame(
        {
            "fold_seed": np.repeat(np.arange(repeats), n),
            "position": np.tile(np.arange(n), repeats),
            "fold": folds.T.ravel(),
            **columns,
        }
    )
    rows = np.arange(n)
    cohort = Cohort(
        ids=pd.Series(y_true.index if isinstance(y_true, pd.Series) else rows).astype(str),
        X=pd.DataFrame(index=rows),
        y=pd.Series(outcome),
        sensitive=sensitive_columns(sensitive_features, n),
        school=pd.Series(rows if groups is None else cluster_column(groups, n)),
        as_of=pd.Series(pd.NaT, index=rows),
    )
    evidence, _ = build_evidence(cohort, scored, capacity=capacity, seed=seed)
    return evidence, frozenset(not_probabilities)


def outcome_column(y_true: Any) -> np.ndarray:
    """Return the outcome as 0 and 1, shape (n,)."""
    values = np.asarray(y_true)
    if values.ndim != 1 or not len(values) or not set(pd.unique(values)) <= {0, 1}:
        raise UsageError(
            "y_true must hold 1 where the outcome happened and 0 where it did not, one for each row.",
            remedy='Compare it with what counts as the outcome, as in y == "yes", and leave out what is not known.',
        )
    outcome: np.ndarray = values.astype(np.int8)
    if outcome.min() == outcome.max():
        raise DataError("All rows have the same outcome, so nothing can be measured.")
    return outcome


def cluster_column(groups: Any, n: int) -> np.ndarray:
    """Return the serial number of each child's cluster, such as its school, shape (n,)."""
    found = pd.Series(np.asarray(groups, dtype=object))
    _require_length("groups", len(found), n)
    if found.isna().any():
        raise DataError(
            f"groups is not known of {int(found.isna().sum()):,} rows.",
            remedy="Leave them out, or give each of them a group of its own.",
        )
    serial: np.ndarray = pd.factorize(found)[0]
    return serial


def sensitive_columns(sensitive_features: Any, n: int) -> pd.DataFrame:
    """Return sensitive features as text, missing values as "not recorded"; unnamed ones get Fairlearn's names."""
    given = sensitive_features
    if given is None:
        return pd.DataFrame(index=range(n))
    if isinstance(given, Mapping):
        columns = dict(given)
    elif hasattr(given, "columns"):  # a frame of pandas or polars
        columns = {name: given[name] for name in given.columns}
    elif getattr(given, "name", None) is not None:
        columns = {given.name: given}
    else:
        array = np.asarray(given, dtype=object)
        array = array[:, None] if array.ndim == 1 else array
        columns = {f"sensitive_feature_{j}": array[:, j] for j in range(array.shape[1])}
    for name, values in columns.items():
        _require_length(f"sensitive_features[{name!r}]", len(values), n)
    return pd.DataFrame({str(name).replace("×", "x"): _as_text(values) for name, values in columns.items()})


def without_probabilities(sections: MeasuredSections, models: Set[str]) -> MeasuredSections:
    """Return the sections without the metrics that need probabilities, of ``models`` whose scores are none."""
    performance = tuple(_undefined(row) if row.model in models else row for row in sections.performance)
    update: dict[str, Any] = {"performance": performance}
    if CANDIDATE in models:
        update["groups"] = tuple(map(_undefined, sections.groups))
        update["gaps"] = tuple(gap for gap in sections.gaps if gap.metric != CALIBRATION)
        kept = {gap.description for gap in update["gaps"]}
        update["material_gaps"] = tuple(gap for gap in sections.material_gaps if gap in kept)
        update |= {"calibration": (), "net_benefit": ()}
    elif BASELINE in models:
        update["net_benefit"] = tuple(row for row in sections.net_benefit if row.against != BASELINE)
    return sections.model_copy(update=update)


def _undefined(row: Row) -> Row:
    if row.metric not in _NEED_PROBABILITIES:
        return row
    return row.model_copy(update={"value": None, "low": None, "high": None, "reason": NOT_PROBABILITIES})


def _score_columns(name: str, values: Any, shape: tuple[int, int]) -> np.ndarray:
    """Return the scores of a model, shape (n, repeats): one column for each repeat of the cross-validation."""
    who = "y_score" if name == CANDIDATE else f"The scores of {name!r}"
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{who} must be numbers, with none missing.") from None
    found = found[:, None] if found.ndim == 1 else found
    if found.ndim != 2 or found.shape[1] != shape[1]:
        raise UsageError(
            f"{who} must be one column, or one for each column of fold.",
            remedy="Of a classifier, give predict_proba(X)[:, 1].",
        )
    _require_length(who, len(found), shape[0])
    if not np.isfinite(found).all():
        raise DataError(f"{who} must be numbers, with none missing or infinite.", remedy="Leave those rows out.")
    return found


def _fold_columns(fold: Any, n: int) -> np.ndarray:
    found = np.asarray(fold)
    found = found[:, None] if found.ndim == 1 else found
    _require_length("fold", len(found), n)
    if found.ndim != 2 or not np.issubdtype(found.dtype, np.integer):
        raise UsageError("fold must hold the number of the fold in which each row was held out.")
    return found.astype(np.int64)


def _as_text(values: Any) -> list[str]:
    """Return values as text: whole numbers without a point, missing values as "not recorded".

    A × in a name is written x, since × joins the names of crossed groups.
    """
    cells = np.asarray(values, dtype=object).tolist()
    return [
        NOT_RECORDED
        if pd.isna(cell)
        else str(int(cell))
        if isinstance(cell, float) and cell.is_integer()
        else str(cell).replace("×", "x")
        for cell in cells
    ]


def _require_length(name: str, length: int, n: int) -> None:
    if length != n:
        raise UsageError(f"{name} has {length:,} rows, and y_true has {n:,}.")
