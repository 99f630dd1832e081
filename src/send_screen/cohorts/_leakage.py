"""Target-leakage checks from record dates, contract metadata and the data, independent of the splits.

Leakage means that a feature was recorded after the outcome, or is the outcome or a part of it. A high ROC AUC alone is
no leakage: a few early tests of the same skill legitimately reach .93. So a strong feature is returned as a question to
the user, unless its recording date settles it; from the data alone, only a near-copy of the outcome is called leakage,
and features whose sum determines it (the joint test), as subscores determine a total.

A test by AUC has two criteria, for a single feature: an AUC of .90 or more, and significance at the 1 % level against
an AUC of .80, which most legitimate features do not reach. Significance avoids false alarms in small data; tests over
thousands of levels are Bonferroni-corrected.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from send_screen.cohorts._leakage_joint import joint_leakage
from send_screen.cohorts._leakage_single import STRONG, level_leakage, missingness_leakage, strong_features
from send_screen.cohorts._leakage_statistics import MIN_CHILDREN, TargetLeakage, ValueCounts, count_values
from send_screen.errors import UsageError

RECORDED_LATE = "dated after the as-of date"
#: An earlier value of the outcome, such as last year's SEN status.
PAST_STATUS = "a past status of the outcome"
#: Names of a child's special needs status: England's SEN, SEND and SENCO columns and EHC plan (``ehcp``), America's
#: individualised education program (``iep``), special services (``specs``), education and instruction.
_STATUS_NAME = re.compile(
    r"^sen(d|co)?(status|provision|support|type|need|stage|code|history|$)|ehcp|^iep$|^specs?$|speced|specin|special"
)
#: A near-copy of at least this AUC is left out of the joint test: it would determine the outcome by itself.
_FULL_COPY_AUC = 0.98
_GENERIC_NAMES = ("", "y", "label", "outcome", "target")


def find_target_leakage(
    X: pd.DataFrame,
    y: pd.Series,
    *,
    as_of: dt.date | pd.Series,
    recorded_on: Mapping[str, dt.date | pd.Series | None],
    past_status: Collection[str] = frozenset(),
    expected_strong: Mapping[str, str] | None = None,
    categorical_features: Mapping[str, Collection[str]] | None = None,
) -> list[TargetLeakage]:
    """Return suspected target leakage: post-outcome features, copies and parts of the outcome, and strong features.

    Strong features are questions (``is_question``), for whoever knows when they were recorded.

    Parameters
    ----------
    X : pandas.DataFrame, shape (n, p)
        Features: numbers, or ``object`` columns of str with None for missing.
    y : pandas.Series of 0 and 1, shape (n,)
        The outcome. Its name, where it has one, helps to recognise a past status.
    as_of : datetime.date, or Series of dates of shape (n,)
        Nothing may have been recorded after this day.
    recorded_on : mapping of feature to date, Series of dates of shape (n,), or None
        When each feature was recorded; None, or no entry, when it is not known. A feature that was recorded in time
        may be strong. It may not be a near-copy of the outcome or a part of it, nor may its missing values tell it.
    past_status : collection of str
        Features that a contract declares to be a status of the outcome itself.
    expected_strong : mapping of feature to reason, optional
        Features that may be strong, and why. They are not suspected for their strength (or their name); dates and
        declared statuses are reported all the same.
    categorical_features : mapping of feature to levels, optional
        Features whose numbers are codes without an order.

    Returns
    -------
    list of TargetLeakage
        Empty where nothing is suspected. The levels of a feature are reported only if neither its strength nor its
        missing values are.

    Raises
    ------
    UsageError
        The outcome has another length or values other than 0 and 1, or dates do not fit the rows.

    Examples
    --------
    >>> y = pd.Series([0, 0, 1] * 20)
    >>> X = pd.DataFrame({"age": np.arange(60.0), "letter_sent": y * 2.0 + 1})
    >>> [leak.kind for leak in find_target_leakage(X, y, as_of=dt.date(2023, 7, 31), recorded_on={})]
    ['near-copy of the outcome']
    """
    outcome = np.asarray(y)
    if len(outcome) != len(X) or not np.isin(outcome, (0, 1)).all():
        raise UsageError("The outcome must be 0 or 1 in each row.", remedy="Check how it was made.")
    outcome = outcome.astype(np.float64)
    expected = set(expected_strong or {})
    leaks = _recorded_late(X, as_of, recorded_on) + _past_status(X, str(y.name or ""), set(past_status), expected)

    names = [str(name) for name in X.columns if str(name) not in expected]
    if min(outcome.sum(), len(outcome) - outcome.sum()) < MIN_CHILDREN or not names:
        return leaks
    columns = [count_values(X[name], outcome, name, ordered=name not in (categorical_features or {})) for name in names]
    dated = {name for name, when in recorded_on.items() if when is not None}
    strong, missingness = strong_features(columns, dated), missingness_leakage(columns, outcome)
    named = _features(strong + missingness) | dated
    levels = level_leakage([column for column in columns if column.name not in named], outcome)
    joint = joint_leakage(_without(columns, [leak for leak in strong if leak.strength >= _FULL_COPY_AUC]), outcome)
    suspects = [leak for leak in strong + missingness + levels if leak.kind != STRONG]
    if len(_features(joint) & _features(suspects)) == 1:
        # A single suspect determines the sum: repeat the joint test without the suspects.
        joint = joint_leakage(_without(columns, suspects), outcome)
    # A component of a suspected sum is not reported a second time by itself.
    alone = [leak for leak in missingness + levels if not set(leak.features) <= _features(joint)]
    return leaks + strong + alone + joint


def _features(leaks: list[TargetLeakage]) -> set[str]:
    return {feature for leak in leaks for feature in leak.features}


def _without(columns: list[ValueCounts], leaks: list[TargetLeakage]) -> list[ValueCounts]:
    return [column for column in columns if column.name not in _features(leaks)]


def _recorded_late(
    X: pd.DataFrame, as_of: dt.date | pd.Series, recorded_on: Mapping[str, dt.date | pd.Series | None]
) -> list[TargetLeakage]:
    """Return features with a recording date after the as-of date."""
    limit = _days(as_of, len(X), "as-of dates")
    leaks = []
    for name in X.columns:
        when = recorded_on.get(name)
        if when is None:
            continue
        late = X[name].notna().to_numpy() & (_days(when, len(X), f"dates of {name}") > limit)
        if late.any():
            day = pd.Series(np.atleast_1d(limit)).max().date().isoformat()
            text = f"{name} was recorded after {day} for {'all' if late.all() else 'some'} rows."
            remedy = "Leave it out, or use what was known by that day."
            leaks.append(
                TargetLeakage(
                    kind=RECORDED_LATE,
                    features=(name,),
                    n=int(late.sum()),
                    strength=float(late.mean()),
                    description=text,
                    remedy=remedy,
                )
            )
    return leaks


def _days(dates: dt.date | pd.Series, n: int, what: str) -> np.ndarray:
    """Return dates without a time of day: one per child, or one for all."""
    if not isinstance(dates, pd.Series):
        return np.asarray(pd.Timestamp(dates).normalize().to_datetime64())
    if len(dates) != n:
        raise UsageError(f"The {what} do not fit the rows.", remedy="Give one per row, or one for all.")
    return pd.to_datetime(dates).dt.normalize().to_numpy()


def _past_status(X: pd.DataFrame, outcome: str, declared: set[str], expected: set[str]) -> list[TargetLeakage]:
    """Return features that are a past status of the outcome, as declared or by their name."""
    stem = _stem(outcome)
    # An earlier SEN status is a past status only of an outcome that is a SEN status, or has a generic name.
    outcome_is_sen_status = outcome.lower() in _GENERIC_NAMES or bool(_STATUS_NAME.search(stem))
    leaks = []
    for name in map(str, X.columns):
        same = len(stem) >= 4 and _stem(name) == stem
        if name in declared:
            text = f"{name} is, by its contract, a status of the target itself."
        elif name not in expected and (same or (outcome_is_sen_status and _STATUS_NAME.search(_stem(name)))):
            text = f"By its name, {name} is an earlier status of the target itself."
        else:
            continue
        known = X[name].notna().to_numpy()
        remedy = "Leave it out. Also exclude children who already had it: add a condition to `eligible` in the spec."
        leaks.append(
            TargetLeakage(
                kind=PAST_STATUS,
                features=(name,),
                n=int(known.sum()),
                strength=float(known.mean()),
                description=text,
                remedy=remedy,
            )
        )
    return leaks


def _stem(name: str) -> str:
    """Return a name without the prefix of its grade or study wave (``gk``, ``g1``, ``F5``), digits and separators."""
    return re.sub(r"[^a-z]", "", re.sub(r"^(g[k\d]|[a-z]\d+)", "", name.lower()))
