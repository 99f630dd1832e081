"""Out-of-fold predictions: every model fitted on the training folds, and its scores of the children held out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from send_screen.cohorts import Cohort
from send_screen.errors import UsageError
from send_screen.evaluation._folds import out_of_school_folds
from send_screen.tables import k_at_capacity

#: The model to be registered and the baseline have these names in every evidence table.
CANDIDATE, BASELINE = "candidate", "baseline"


def out_of_fold(
    cohort: Cohort,
    models: Mapping[str, Callable[[], Any]],
    *,
    folds: int = 5,
    seeds: Sequence[int] = (0,),
    capacity: float | None = None,
    progress: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Score every child by models that have seen no child of the same school.

    Parameters
    ----------
    cohort : Cohort
        n children with their outcome.
    models : mapping of str to callable
        Name to a function without arguments that makes an unfitted estimator for :func:`fit_on`, with
        ``decision_function(X)`` (log-odds). ``"candidate"`` is the model to be registered; its contributions are kept
        where it has ``risk_tables_``. Of ``"baseline"`` the children at its own operating point are kept where it has
        ``operating_point_flag(X)``.
    folds : int
        Number of out-of-school folds.
    seeds : sequence of int
        Fold seeds; each repeats the whole.
    capacity : float, optional
        Share of children that can be assessed; needed for the selection probability of a bagged candidate.
    progress : callable, optional
        Called with a message before each fit.

    Returns
    -------
    pandas.DataFrame
        n rows a fold seed: ``fold_seed``, ``position`` (0 .. n-1 in the cohort's order), ``fold``,
        ``score.<model>`` (log-odds), ``operating_point.baseline`` (0 or 1), ``contribution.<feature>`` (log-odds),
        ``selection_probability.candidate`` (0 to 1).

    Raises
    ------
    UsageError
        When the cohort has no outcome, no model is named ``"candidate"``, or there is no seed or a repeated one.
    DataError, LeakageError
        As :func:`out_of_school_folds`.

    Examples
    --------
    >>> from send_screen import PenalisedLogisticClassifier, load_cohort, load_spec
    >>> from send_screen.contracts import shipped
    >>> from send_screen.simulation import simulate_england
    >>> spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    >>> cohort = load_cohort(spec, simulate_england(children=600, schools=20, seed=0).tables)
    >>> scored = out_of_fold(cohort, {"candidate": PenalisedLogisticClassifier}, folds=4)
    >>> len(scored) == len(cohort)
    True
    """
    if cohort.y is None:
        raise UsageError("These children have no outcome yet, so no model can be judged on them.")
    if CANDIDATE not in models:
        raise UsageError('One of the models must be called "candidate": the model to be registered.')
    if not seeds or len(set(seeds)) != len(seeds):
        raise UsageError("Give at least one fold seed, and each only once.")
    y = cohort.y.to_numpy()
    repeats = []
    for seed in seeds:
        fold = out_of_school_folds(y, cohort.school.to_numpy(), folds=folds, seed=seed)
        columns: dict[str, np.ndarray] = {}
        for number in range(folds):
            held_out = np.flatnonzero(fold == number)
            training = np.flatnonzero(fold != number)
            for name, make in models.items():
                if progress is not None:
                    progress(f"fold seed {seed}, fold {number + 1} of {folds}: {name}")
                estimator = fit_on(make(), cohort, training)
                for column, values in _predict(name, estimator, cohort.X.iloc[held_out], capacity).items():
                    columns.setdefault(column, np.full(len(y), np.nan))[held_out] = values
        repeats.append(
            pd.DataFrame({"fold_seed": np.full(len(y), seed), "position": np.arange(len(y)), "fold": fold, **columns})
        )
    scored = pd.concat(repeats, ignore_index=True)
    # kept together by kind, whatever the order of the models
    kinds = ("score.", "operating_point.", "contribution.", "selection_probability.")
    predicted = [column for kind in kinds for column in scored.columns if column.startswith(kind)]
    return scored[["fold_seed", "position", "fold", *predicted]]


def fit_on(estimator: Any, cohort: Cohort, rows: np.ndarray | slice = slice(None)) -> Any:
    """Return an estimator fitted on some of the children; one whose ``fit`` takes ``groups`` gets their schools.

    Parameters
    ----------
    estimator : estimator
        With ``fit(X, y)``, or ``fit(X, y, groups=None)`` where it holds out schools of its own.
    cohort : Cohort
        n children with their outcome.
    rows : numpy.ndarray of int, or slice
        Positions of the training children.

    Returns
    -------
    estimator
        The same, fitted.

    Raises
    ------
    UsageError
        When the cohort has no outcome.

    Examples
    --------
    >>> from send_screen import PenalisedLogisticClassifier, load_cohort, load_spec
    >>> from send_screen.contracts import shipped
    >>> from send_screen.simulation import simulate_england
    >>> spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    >>> cohort = load_cohort(spec, simulate_england(children=600, schools=20, seed=0).tables)
    >>> fit_on(PenalisedLogisticClassifier(), cohort).n_features_in_
    19
    """
    if cohort.y is None:
        raise UsageError("These children have no outcome yet, so no model can be trained on them.")
    X, y = cohort.X.iloc[rows], cohort.y.iloc[rows]
    if "groups" in inspect.signature(estimator.fit).parameters:
        return estimator.fit(X, y, groups=cohort.school.iloc[rows].to_numpy())
    return estimator.fit(X, y)


def _predict(name: str, estimator: Any, X: pd.DataFrame, capacity: float | None) -> dict[str, np.ndarray]:
    """Return the predictions of one fitted model, as columns of the evidence."""
    predicted = {f"score.{name}": np.asarray(estimator.decision_function(X), dtype=np.float64)}
    if name == BASELINE and hasattr(estimator, "operating_point_flag"):
        predicted["operating_point.baseline"] = np.asarray(estimator.operating_point_flag(X), dtype=np.float64)
    if name == CANDIDATE and hasattr(estimator, "risk_tables_"):
        tables = estimator.risk_tables_
        X = X[list(tables.features)]  # tables want exactly the columns that they look at
        contributions = np.asarray(tables.contributions(X), dtype=np.float64)
        predicted |= {f"contribution.{feature}": contributions[:, j] for j, feature in enumerate(tables.features)}
        bags = getattr(estimator, "bagged_tables_", None)
        if bags is not None and capacity is not None:
            predicted[f"selection_probability.{name}"] = bags.selection_probability(
                predicted[f"score.{name}"], bags.score(X), k_at_capacity(capacity, len(X))
            )
    return predicted
