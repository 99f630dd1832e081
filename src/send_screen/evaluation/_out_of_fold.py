"""Cross-validation in folds of whole schools, and the out-of-fold predictions of every model."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.model_selection import StratifiedGroupKFold

from send_screen.cohorts import Cohort
from send_screen.errors import DataError, LeakageError, UsageError
from send_screen.tables import RiskTables, k_at_capacity

#: Names of the model to be registered and of the baseline, in every table of out-of-fold predictions (the evidence).
CANDIDATE, BASELINE = "candidate", "baseline"
#: Names of two challengers: the candidate's scorecard in whole points, and the candidate without a limit on its terms.
WHOLE_POINTS, ALL_TERMS = "whole_points", "all_terms"


def out_of_school_folds(y: ArrayLike, school: ArrayLike, *, folds: int = 5, seed: int) -> np.ndarray:
    """Return the fold in which each child is held out, whole schools at a time.

    ``sklearn.model_selection.StratifiedGroupKFold(folds, shuffle=True, random_state=seed)`` on the rows in file order,
    checked by :func:`verify_folds`.

    Parameters
    ----------
    y : array-like of int, shape (n,)
        1 where the outcome happened.
    school : array-like of str or int, shape (n,)
    folds : int
        Number of folds.
    seed : int
        Fold seed.

    Returns
    -------
    numpy.ndarray of int64, shape (n,)
        Between 0 and ``folds - 1``.

    Raises
    ------
    DataError
        When there are too few schools, or too few children with or without the outcome, to fill the folds.
    LeakageError
        When a school is in two folds.

    Examples
    --------
    >>> school = np.repeat(["a", "b", "c", "d"], 10)
    >>> fold = out_of_school_folds(np.tile([0, 1], 20), school, folds=2, seed=0)
    >>> [len(set(fold[school == name])) for name in "abcd"]
    [1, 1, 1, 1]
    """
    outcome = np.asarray(y)
    schools = np.asarray(school)
    if len(pd.unique(schools)) < folds:
        raise DataError(
            f"{folds} out-of-school folds need at least {folds} groups; there are {len(pd.unique(schools))}.",
            remedy="Bring data of more groups, or ask for fewer folds.",
        )
    if min(int((outcome == 1).sum()), int((outcome == 0).sum())) < folds:
        raise DataError(
            f"{folds} folds need at least {folds} rows with and {folds} without the outcome.",
            remedy="Bring more rows, or ask for fewer folds.",
        )
    fold = np.full(len(outcome), -1, dtype=np.int64)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for number, (_, held_out) in enumerate(splitter.split(np.zeros(len(outcome)), outcome, schools)):
        fold[held_out] = number
    verify_folds(fold, schools)
    return fold


def verify_folds(fold: ArrayLike, school: ArrayLike) -> None:
    """Raise if a child is in no fold or a school is in two, judging by the assignment alone.

    Parameters
    ----------
    fold : array-like of int, shape (n,)
    school : array-like, shape (n,)

    Raises
    ------
    LeakageError
        When a child has no fold or a school is in more than one. The message counts schools and names none.

    Examples
    --------
    >>> verify_folds([0, 0, 1], ["oak", "oak", "elm"])
    >>> verify_folds([0, 1, 1], ["oak", "oak", "elm"])
    Traceback (most recent call last):
        ...
    send_screen.errors.LeakageError: ...
    """
    number = np.asarray(fold)
    if (number < 0).any():
        raise LeakageError(f"{int((number < 0).sum())} rows are in no fold.", remedy="Give every row exactly one fold.")
    pairs = pd.DataFrame({"fold": number, "school": np.asarray(school)}).drop_duplicates()
    shared = int((pairs["school"].value_counts() > 1).sum())
    if shared:
        raise LeakageError(
            f"{shared} of {pairs['school'].nunique()} schools are in more than one fold, "
            "so that a model is judged on schools it has seen.",
            remedy="Split whole schools, for example with out_of_school_folds.",
            rule="FOLDS-SHARE-SCHOOL",
        )


def out_of_fold(
    cohort: Cohort,
    models: Mapping[str, Callable[[], Any]],
    *,
    folds: int = 5,
    seeds: Sequence[int] = (0,),
    capacity: float | None = None,
    points: Callable[[RiskTables, pd.DataFrame], np.ndarray] | None = None,
    progress: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Score every child by models that have seen no child of the same school.

    Parameters
    ----------
    cohort : Cohort
        n children with their outcome.
    models : mapping of str to callable
        Name to a function without arguments that makes an unfitted estimator, with ``fit(X, y)`` or
        ``fit(X, y, groups=None)`` (schools), and ``decision_function(X)`` (log-odds). ``"candidate"`` is the model to
        be registered; its contributions are returned if it has ``risk_tables_``. For ``"baseline"``, the flags at its
        own operating point are returned if it has ``operating_point_flag(X)``.
    folds : int
        Number of out-of-school folds.
    seeds : sequence of int
        Seeds of the split into folds; the cross-validation is repeated with each.
    capacity : float, optional
        Share of children that can be assessed: the k of the top-k list. Needed for the selection probability of a
        bagged candidate: how likely a model trained on other schools is to list the child.
    points : callable, optional
        Function from risk tables and features to the scores of the scorecard; these are the model ``"whole_points"``.
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
        raise UsageError("No outcome is known yet, so no model can be judged on these rows.")
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
                predicted = _predict(name, estimator, cohort.X.iloc[held_out], capacity)
                if name == CANDIDATE and points is not None:
                    predicted[f"score.{WHOLE_POINTS}"] = points(estimator.risk_tables_, cohort.X.iloc[held_out])
                for column, values in predicted.items():
                    columns.setdefault(column, np.full(len(y), np.nan))[held_out] = values
        repeats.append(
            pd.DataFrame({"fold_seed": np.full(len(y), seed), "position": np.arange(len(y)), "fold": fold, **columns})
        )
    scored = pd.concat(repeats, ignore_index=True)
    # columns in this order, whatever the order of the models
    kinds = ("score.", "operating_point.", "contribution.", "selection_probability.")
    kept = [column for kind in kinds for column in scored.columns if column.startswith(kind)]
    return scored[["fold_seed", "position", "fold", *kept]]


def fit_on(estimator: Any, cohort: Cohort, rows: np.ndarray | slice = slice(None)) -> Any:
    """Return an estimator fitted on some of the children; one whose ``fit`` takes ``groups`` gets their schools."""
    if cohort.y is None:
        raise UsageError("No outcome is known yet, so no model can be trained on these rows.")
    return fit_estimator(estimator, cohort.X.iloc[rows], cohort.y.iloc[rows], cohort.school.iloc[rows].to_numpy())


def fit_estimator(estimator: Any, X: Any, y: Any, schools: np.ndarray) -> Any:
    """Fit an estimator and return it; one whose ``fit`` takes ``groups`` gets the schools."""
    takes_groups = "groups" in inspect.signature(estimator.fit).parameters
    with _no_autologging():
        estimator.fit(X, y, **({"groups": schools} if takes_groups else {}))
    return estimator


@contextmanager
def _no_autologging() -> Iterator[None]:
    """Switch MLflow's autologging off, so that it logs neither these fits nor their data."""
    # where MLflow is not imported there is nothing to switch off
    autologging = sys.modules.get("mlflow.utils.autologging_utils")
    if (
        autologging is None or autologging._AUTOLOGGING_GLOBALLY_DISABLED
    ):  # disable_autologging would switch it on at its end
        yield
        return
    with autologging.disable_autologging():
        yield


def _predict(name: str, estimator: Any, X: pd.DataFrame, capacity: float | None) -> dict[str, np.ndarray]:
    """Return the predictions of one fitted model, as columns of the out-of-fold predictions."""
    predicted = {f"score.{name}": np.asarray(estimator.decision_function(X), dtype=np.float64)}
    if name == BASELINE and hasattr(estimator, "operating_point_flag"):
        predicted["operating_point.baseline"] = np.asarray(estimator.operating_point_flag(X), dtype=np.float64)
    if name == CANDIDATE and hasattr(estimator, "risk_tables_"):
        tables = estimator.risk_tables_
        X = X[list(tables.features)]  # risk tables accept only the columns that they use
        contributions = np.asarray(tables.contributions(X), dtype=np.float64)
        predicted |= {f"contribution.{feature}": contributions[:, j] for j, feature in enumerate(tables.features)}
        bags = getattr(estimator, "bagged_tables_", None)
        if bags is not None and capacity is not None:
            predicted[f"selection_probability.{name}"] = bags.selection_probability(
                predicted[f"score.{name}"], bags.score(X), k_at_capacity(capacity, len(X))
            )
    return predicted
