"""On real children the check is quiet where there is no leak, and names the past status and planted leaks."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from send_screen.cohorts import TargetLeakage, find_target_leakage
from send_screen.cohorts._leakage import PAST_STATUS
from send_screen.cohorts._leakage_joint import COMPONENTS
from send_screen.cohorts._leakage_single import LEVEL, MISSINGNESS, NEAR_COPY

if "SEND_SCREEN_DATA" not in os.environ:
    pytest.skip(
        "SEND_SCREEN_DATA is unset. Project STAR: Harvard Dataverse hdl:1902.1/10766; ECLS-K: nces.ed.gov/ecls",
        allow_module_level=True,
    )

DATA = Path(os.environ["SEND_SCREEN_DATA"])
STATUS = {"gkspeced", "gkspecin"}
STAR = [
    *("gender", "race", "age_entry", "gkclasstype", "gksurban", "gkclasssize", "gktyears", "gkfreelunch", "gkrepeat"),
    *("gkspeced", "gkspecin", "gkpresent", "gkabsent", "gktreadss", "gktmathss", "gktlistss", "gkwordskillss"),
    *("gkmotivraw", "gkselfconcraw"),
]
CODED = ["gender", "race", "gkclasstype", "gksurban", "gkfreelunch", "gkrepeat"]


@pytest.fixture(scope="module")
def star() -> pd.DataFrame:
    frame = pd.read_parquet(DATA / "star" / "STAR_Students.parquet")
    frame["age_entry"] = (1985 - frame["birthyear"]) * 12 + 9 - frame["birthmonth"]
    return frame[frame["flagsgk"] == 1]


@pytest.fixture(scope="module")
def special(star: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    rows = star[star["g1specin"].notna()]
    return rows[STAR], (rows["g1specin"] == 1).astype(int).rename("g1specin")


@pytest.fixture(scope="module")
def new(special: tuple[pd.DataFrame, pd.Series]) -> tuple[pd.DataFrame, pd.Series]:
    X, y = special
    rows = (X["gkspeced"] != 1) & (X["gkspecin"] != 1)
    return X.loc[rows].drop(columns=list(STATUS)), y[rows]


@pytest.fixture(scope="module")
def eclsk() -> tuple[pd.DataFrame, pd.Series]:
    frame = pd.read_csv(DATA / "eclsk" / "eclsk_c.csv")
    later = ["C5R4RSCL", "C6R4RSCL", "C5R4MSCL", "C6R4MSCL", "chg14"]
    return frame.drop(columns=["CHILDID", "S1_ID", "F5SPECS", *later]), frame["F5SPECS"]


def look(X: pd.DataFrame, y: pd.Series, **more: object) -> list[TargetLeakage]:
    return find_target_leakage(X, y, as_of=dt.date(1986, 6, 30), recorded_on={}, **more)  # type: ignore[arg-type]


def coded(X: pd.DataFrame) -> pd.DataFrame:
    """The same children with codes as text, as a cohort holds them."""
    text = {name: X[name].map(lambda code: None if pd.isna(code) else f"{code:.0f}").astype(object) for name in CODED}
    return X.assign(**text)


def test_sizes_are_those_of_the_tasks(
    new: tuple[pd.DataFrame, pd.Series], eclsk: tuple[pd.DataFrame, pd.Series]
) -> None:
    assert (len(new[0]), len(eclsk[0])) == (4_252, 7_362)


def test_no_false_alarm(new: tuple[pd.DataFrame, pd.Series], eclsk: tuple[pd.DataFrame, pd.Series]) -> None:
    assert look(*new) == []
    assert look(coded(new[0]), new[1]) == []
    assert look(*eclsk) == []


@pytest.mark.parametrize("n", [150, 400, 1_500])
def test_no_false_alarm_among_few(
    new: tuple[pd.DataFrame, pd.Series], eclsk: tuple[pd.DataFrame, pd.Series], n: int
) -> None:
    alarms = 0
    for X, y in (new, eclsk):
        for seed in range(12):
            rows = np.random.default_rng(seed).choice(len(X), n, replace=False)
            alarms += bool(look(X.iloc[rows], y.iloc[rows]))
    assert alarms <= 1


def test_the_past_status_is_reported(special: tuple[pd.DataFrame, pd.Series], star: pd.DataFrame) -> None:
    for leaks in (look(*special, past_status=STATUS), look(*special)):
        assert {(leak.kind, *leak.features) for leak in leaks} == {(PAST_STATUS, name) for name in STATUS}
    # Kept back a year is another outcome: an earlier special education is no status of it.
    rows = star[star["g1promote"].notna()]
    assert look(rows[STAR], (rows["g1promote"] == 2).astype(int).rename("g1promote")) == []


@pytest.mark.parametrize("task", ["new", "eclsk"])
def test_planted_leaks_are_named_among_real_features(task: str, request: pytest.FixtureRequest) -> None:
    X, y = request.getfixturevalue(task)
    outcome, rng = y.to_numpy(), np.random.default_rng(0)
    known = (outcome == 1) & (rng.random(len(y)) < 0.5)
    plants = {
        NEAR_COPY: np.where(rng.random(len(y)) < 0.02, 1 - outcome, outcome).astype(float),
        LEVEL: np.where(known, "panel", "none").astype(object),
        MISSINGNESS: np.where(known, np.nan, rng.normal(size=len(y))),
    }
    for kind, values in plants.items():
        assert [(leak.kind, leak.features) for leak in look(X.assign(planted=values), y)] == [(kind, ("planted",))]


def test_components_are_named_among_real_features(new: tuple[pd.DataFrame, pd.Series]) -> None:
    """Low attainment, defined by the sum of three scores, predicted from the same scores."""
    parts = ["gktreadss", "gktmathss", "gktlistss"]
    X = new[0].dropna(subset=parts)
    total = X[parts].sum(axis=1)
    leaks = look(X, (total < total.quantile(0.12)).astype(int))
    assert [set(leak.features) for leak in leaks if leak.kind == COMPONENTS] == [set(parts)]
    assert {feature for leak in leaks for feature in leak.features} == set(parts)
