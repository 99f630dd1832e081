"""False alarms and catches of the leakage check on every kind of data at hand: the guide's table."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lookalikes import dyslexia_game, reading_study, university

from send_screen.cohorts import TargetLeakage, find_target_leakage, load_cohort
from send_screen.cohorts._leakage import PAST_STATUS, RECORDED_LATE
from send_screen.cohorts._leakage_joint import COMPONENTS
from send_screen.cohorts._leakage_single import LEVEL, MISSINGNESS, NEAR_COPY
from send_screen.simulation import simulate_england
from send_screen.specs import load_spec

pytestmark = pytest.mark.slow

AS_OF, LATER = dt.date(2023, 7, 31), dt.date(2023, 8, 1)
SEEDS = 5
Task = tuple[pd.DataFrame, pd.Series]


def england(repository: Path) -> Task:
    cohort = load_cohort(
        load_spec(repository / "models/reception_sen/spec.yaml"), simulate_england(6_000, seed=1).tables
    )
    assert cohort.y is not None
    return cohort.X, cohort.y


def star(folder: Path) -> Task:
    frame = pd.read_parquet(folder / "star/STAR_Students.parquet")
    frame = frame[(frame["flagsgk"] == 1) & frame["g1specin"].notna()]
    frame = frame[(frame["gkspeced"] != 1) & (frame["gkspecin"] != 1)]
    names = ["gkclasstype", "gksurban", "gkclasssize", "gktyears", "gkrepeat", "gkpresent", "gkabsent", "gktreadss"]
    names += ["gktmathss", "gktlistss", "gkwordskillss", "gkmotivraw", "gkselfconcraw"]
    return frame[names].reset_index(drop=True), (frame["g1specin"] == 1).astype(int).reset_index(drop=True)


def eclsk(folder: Path) -> Task:
    frame = pd.read_csv(folder / "eclsk/eclsk_c.csv")
    later = ["C5R4RSCL", "C6R4RSCL", "C5R4MSCL", "C6R4MSCL", "chg14"]
    return frame.drop(columns=["CHILDID", "S1_ID", "F5SPECS", *later]), frame["F5SPECS"]


def reading() -> Task:
    frame = reading_study(seed=1)
    frame = frame[frame["low_reader_spring"] != "Unknown"].reset_index(drop=True)
    X = frame[["fall_letter_names", "fall_fluency", "fall_vocabulary", "age_in_fall"]].astype(float)
    X["fall_word_reading"] = pd.to_numeric(frame["fall_word_reading"], errors="coerce")
    return X, (frame["low_reader_spring"] == "yes").astype(int)


def game() -> Task:
    frame = dyslexia_game(1_500, seed=1)
    X = frame.drop(columns=["player", "Gender", "Nativelang", "Dyslexia"]).astype(float)
    return X, (frame["Dyslexia"] == "Yes").astype(int)


def courses() -> Task:
    frame = university(8_000, seed=1)
    X = frame[["num_of_prev_attempts", "studied_credits", "clicks_month_1", "first_score"]].astype(float)
    return X, frame["final_result"].isin(["Fail", "Withdrawn"]).astype(int)


def look(X: pd.DataFrame, y: pd.Series, **recorded_on: dt.date) -> list[TargetLeakage]:
    return find_target_leakage(X, y.rename("label"), as_of=AS_OF, recorded_on=recorded_on)


def caught(X: pd.DataFrame, y: pd.Series, seed: int) -> dict[str, bool]:
    rng, label, n = np.random.default_rng(seed), y.to_numpy(), len(y)
    half = (label == 1) & (rng.random(n) < 0.5)
    parts = pd.DataFrame(rng.normal(size=(n, 3)), columns=["part0", "part1", "part2"])
    total = parts.sum(axis=1)
    noise = rng.normal(size=n)
    found = {
        RECORDED_LATE: (look(X.assign(planted=noise), y, planted=LATER), ["planted"]),
        PAST_STATUS: (look(X.assign(SENprovision=rng.choice(["N", "K"], n).astype(object)), y), ["SENprovision"]),
        NEAR_COPY: (look(X.assign(planted=np.where(rng.random(n) < 0.02, 1 - label, label) * 1.0), y), ["planted"]),
        LEVEL: (look(X.assign(planted=np.where(half, "panel", "none").astype(object)), y), ["planted"]),
        MISSINGNESS: (look(X.assign(planted=np.where(half, np.nan, noise)), y), ["planted"]),
        COMPONENTS: (look(X.join(parts), (total >= total.quantile(1 - label.mean())).astype(int)), list(parts)),
    }
    return {
        kind: any(leak.kind == kind and set(names) <= set(leak.features) for leak in leaks)
        for kind, (leaks, names) in found.items()
    }


def row(name: str, task: Task) -> str:
    X, y = task
    honest = look(X, y)
    hits = [caught(X, y, seed) for seed in range(SEEDS)]
    false = sum(not leak.is_question for leak in honest)
    asked = ", ".join(
        f"`{feature}` ({leak.strength:.2f})" for leak in honest if leak.is_question for feature in leak.features
    )
    per_kind = [f"{sum(hit[kind] for hit in hits)} of {SEEDS}" for kind in hits[0]]
    return f"| {name} | {len(X):,} | {X.shape[1]} | {false} | {asked or '0'} | {' | '.join(per_kind)} |"


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("Project STAR", star),
        ("ECLS-K", eclsk),
        ("synthetic England", england),
        ("reading study, synthetic", reading),
        ("game without schools, synthetic", game),
        ("university courses, synthetic", courses),
    ],
)
def test_the_guides_table_is_so(name: str, task: Callable[..., Task], repository: Path) -> None:
    if task in (star, eclsk):
        if "SEND_SCREEN_DATA" not in os.environ:
            pytest.skip("SEND_SCREEN_DATA is unset. Project STAR: hdl:1902.1/10766; ECLS-K: nces.ed.gov/ecls")
        found = row(name, task(Path(os.environ["SEND_SCREEN_DATA"])))
    else:
        found = row(name, task(repository) if task is england else task())
    assert found in (repository / "docs/guide/target_leakage.md").read_text("utf-8").splitlines()
