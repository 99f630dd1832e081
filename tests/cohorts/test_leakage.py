"""Six kinds of planted leak are caught by name, at several sizes and seeds; honest data stay quiet."""

from __future__ import annotations

import datetime as dt
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from send_screen.cohorts import TargetLeakage, find_target_leakage
from send_screen.cohorts._leakage import PAST_STATUS, RECORDED_LATE
from send_screen.cohorts._leakage_joint import COMPONENTS
from send_screen.cohorts._leakage_single import LEVEL, MISSINGNESS, NEAR_COPY, STRONG
from send_screen.errors import UsageError
from send_screen.simulation import simulate_england
from send_screen.simulation._rates import GOALS

AS_OF = dt.date(2023, 7, 31)


def honest(n: int, seed: int) -> tuple[pd.DataFrame, pd.Series, np.random.Generator]:
    """Synthetic children with 12 numbers and 8 categories, some of them with gaps; ROC AUC of all about .75."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=n)
    outcome = (rng.random(n) < 1 / (1 + np.exp(2.2 - hidden))).astype(int)
    columns: dict[str, object] = {f"x{i}": rng.normal(size=n) + 0.5 * hidden * (i < 6) for i in range(12)}
    for i in range(8):
        codes = np.where(rng.random(n) < 0.3 / (1 + np.exp(-hidden)), "1", "2").astype(object)
        codes[rng.random(n) < 0.02] = None
        columns[f"c{i}"] = codes
    frame = pd.DataFrame(columns)
    for i in range(4):
        frame.loc[rng.random(n) < 0.1, f"x{i}"] = np.nan
    return frame, pd.Series(outcome), rng


def look(X: pd.DataFrame, y: pd.Series, **more: object) -> list[TargetLeakage]:
    return find_target_leakage(X, y, as_of=AS_OF, **{"recorded_on": {}, **more})  # type: ignore[arg-type]  # of many types


def kinds(leaks: list[TargetLeakage], feature: str) -> set[str]:
    return {leak.kind for leak in leaks if feature in leak.features}


def copy_with_flips(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(rng.random(len(y)) < 0.02, 1 - y, y).astype(float)


def copy_turned_and_noisy(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return -3 * y + 0.8 * rng.normal(size=len(y))


def copy_recoded(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.exp(5 * y + rng.normal(size=len(y)))


def copy_as_codes(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(y == 1, rng.choice(["a", "c"], len(y)), rng.choice(["b", "d", "e"], len(y))).astype(object)


def copy_as_numbers_without_order(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where(y == 1, rng.choice([2.0, 4.0], len(y)), rng.choice([1.0, 3.0, 5.0], len(y)))


def level_of_some(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    known = (y == 1) & (rng.random(len(y)) < 0.5)
    return np.where(known, "panel", rng.choice(["A", "B", "C"], len(y))).astype(object)


def value_of_some(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    known = (y == 1) & (rng.random(len(y)) < 0.5)
    return np.where(known, 999.0, np.round(rng.normal(50, 10, len(y))))


def missing_for_most(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    column = rng.normal(size=len(y))
    column[rng.random(len(y)) < np.where(y == 1, 0.92, 0.05)] = np.nan
    return column


def known_for_few(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.where((y == 1) & (rng.random(len(y)) < 0.6), rng.normal(size=len(y)), np.nan)


PLANTS = [
    (NEAR_COPY, copy_with_flips),
    (NEAR_COPY, copy_turned_and_noisy),
    (NEAR_COPY, copy_recoded),
    (NEAR_COPY, copy_as_codes),
    (NEAR_COPY, copy_as_numbers_without_order),
    (LEVEL, level_of_some),
    (LEVEL, value_of_some),
    (MISSINGNESS, missing_for_most),
    (MISSINGNESS, known_for_few),
]


@pytest.mark.parametrize("n", [400, 3_000])
@pytest.mark.parametrize(("kind", "plant"), PLANTS)
def test_a_planted_feature_is_named(kind: str, plant: object, n: int) -> None:
    for seed in range(5):
        X, y, rng = honest(n, seed)
        X["planted"] = plant(y.to_numpy(), rng)  # type: ignore[operator]  # a function of two arguments
        leaks = look(X, y)
        assert [(leak.kind, leak.features) for leak in leaks] == [(kind, ("planted",))], seed
        assert 10 <= leaks[0].n <= n
        assert 0.5 < leaks[0].strength <= 1.0 or kind == MISSINGNESS
        assert "planted" in leaks[0].description
        assert leaks[0].remedy.endswith(".")


@pytest.mark.parametrize("n", [100, 200, 400, 1_500])
def test_honest_features_are_left_alone(n: int) -> None:
    noisy = [seed for seed in range(25) if look(*honest(n, seed)[:2])]
    assert len(noisy) <= 1


def early_score(noise: float, ceiling: float, seed: int, cut: float = -1.3) -> tuple[pd.DataFrame, pd.Series]:
    """An early test of the skill that the outcome measures later, with a ceiling."""
    rng = np.random.default_rng(seed)
    skill = rng.normal(size=5_000)
    later = skill + 0.3 * rng.normal(size=5_000)
    score = np.minimum(np.round(10 * (skill + noise * rng.normal(size=5_000))), ceiling)
    return pd.DataFrame({"autumn": score, "other": rng.normal(size=5_000)}), pd.Series((later < cut).astype(int))


def test_a_strong_early_score_is_a_question_that_a_date_or_a_reason_answers() -> None:
    for seed in range(3):
        X, y = early_score(0.4, 99.0, seed)
        (leak,) = look(X, y)
        assert (leak.kind, leak.features, leak.is_question) == (STRONG, ("autumn",), True)
        assert 0.9 < leak.strength < 0.98
        assert look(X, y, recorded_on={"autumn": dt.date(2022, 10, 31)}) == []
        assert look(X, y, recorded_on={"autumn": pd.Series([pd.Timestamp("2022-10-31")] * len(X))}) == []
        assert look(X, y, expected_strong={"autumn": "an early test of the same skill"}) == []


def test_a_date_answers_for_strength_and_levels_and_not_for_copies_and_gaps() -> None:
    X, y, rng = honest(2_000, 1)
    outcome = y.to_numpy()
    plants = {
        LEVEL: level_of_some(outcome, rng),
        NEAR_COPY: copy_with_flips(outcome, rng),
        MISSINGNESS: missing_for_most(outcome, rng),
    }
    for kind, values in plants.items():
        (leak,) = look(X.assign(planted=values), y)
        assert (leak.kind, leak.is_question) == (kind, kind != NEAR_COPY)
        dated = look(X.assign(planted=values), y, recorded_on={"planted": dt.date(2022, 10, 31)})
        assert [leak.kind for leak in dated] == ([] if kind == LEVEL else [kind])


def test_the_ceiling_of_a_score_is_no_telling_level() -> None:
    for seed in range(6):
        X, y = early_score(0.65, 12.0, seed, cut=0.0)
        assert look(X, y) == []
        # The test can fail: by its own share with the outcome, the ceiling is a level that tells.
        assert kinds(look(X.astype(str).astype(object), y), "autumn") == {LEVEL}


def test_a_telling_code_beside_strong_scores_is_no_sum() -> None:
    """What is strong is no component because another feature tells the outcome."""
    for seed in range(3):
        X, y = early_score(0.55, 99.0, seed)
        rng = np.random.default_rng(seed + 100)
        X = X.assign(second=X["autumn"] + 5 * rng.normal(size=len(X)), planted=level_of_some(y.to_numpy(), rng))
        found = {leak.features: leak.kind for leak in look(X, y)}
        assert found[("planted",)] == LEVEL
        assert COMPONENTS not in found.values()


def test_noise_with_many_levels_is_left_alone() -> None:
    """A level with twelve children, all positive by luck among thousands looked at, is no leak."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        y = pd.Series((rng.random(3_000) < 0.5).astype(int))
        X = pd.DataFrame({f"s{i}": rng.integers(0, 250, 3_000).astype(str).astype(object) for i in range(10)})
        X["unique"] = np.arange(3_000).astype(str).astype(object)
        assert look(X, y) == []


def missing_together(n: int, seed: int) -> tuple[pd.DataFrame, pd.Series]:
    """Two agencies' columns: for many positives both are missing, otherwise never both."""
    X, y, rng = honest(n, seed)
    pair = rng.normal(size=(n, 2))
    both = (y.to_numpy() == 1) & (rng.random(n) < 0.6)
    which = rng.integers(0, 4, n)
    pair[both] = np.nan
    pair[~both & (which == 0), 0] = np.nan
    pair[~both & (which == 1), 1] = np.nan
    return X.assign(p=pair[:, 0], q=pair[:, 1]), y


def test_a_pattern_of_gaps_is_named_with_its_columns() -> None:
    for seed in range(8):
        leaks = look(*missing_together(1_500, seed))
        assert {leak.kind for leak in leaks} == {MISSINGNESS}
        assert any({"p", "q"} <= set(leak.features) for leak in leaks)


def test_columns_missing_together_are_one_suspicion() -> None:
    X, y, rng = honest(1_000, 0)
    gone = missing_for_most(y.to_numpy(), rng)
    X = X.assign(p=gone, q=gone * 2, r=np.where(np.isnan(gone), None, "yes").astype(object))
    assert [leak.features for leak in look(X, y)] == [("p", "q", "r")]


def test_the_number_of_gaps_is_named() -> None:
    X, _, rng = honest(1_500, 3)
    part = rng.random((1_500, 10)) < 0.3
    y = pd.Series((part.sum(axis=1) >= 5).astype(int))
    gaps = pd.DataFrame(np.where(part, np.nan, rng.normal(size=part.shape)), columns=[f"g{i}" for i in range(10)])
    leaks = look(X[["x5", "x6", "x7"]].join(gaps), y)
    assert {leak.kind for leak in leaks} == {MISSINGNESS}
    assert set(gaps.columns) <= {feature for leak in leaks for feature in leak.features}


def summed(kind: str, n: int, seed: int) -> tuple[pd.DataFrame, pd.Series, set[str]]:
    """Honest columns, and an outcome that is made of three to eight others."""
    X, _, rng = honest(n, seed)
    if kind == "count of eight flags":
        flags = rng.random((n, 8)) < 0.25
        parts, total, cut = np.where(flags, "1", "2").astype(object), flags.sum(axis=1), 4
    elif kind == "any of four":
        flags = rng.random((n, 4)) < 0.04
        parts, total, cut = np.where(flags, "1", "2").astype(object), flags.sum(axis=1), 1
    else:
        parts = rng.normal(size=(n, 3))
        signs = np.array([1, -1, 1]) if kind == "signed, with noise" else np.ones(3)
        total = parts @ signs + (0.15 * rng.normal(size=n) if kind == "signed, with noise" else 0)
        cut = np.quantile(total, 0.88)
    names = [f"part{i}" for i in range(parts.shape[1])]
    return X.join(pd.DataFrame(parts, columns=names)), pd.Series((total >= cut).astype(int)), set(names)


@pytest.mark.parametrize("kind", ["sum of three", "signed, with noise", "count of eight flags", "any of four"])
def test_components_are_named(kind: str) -> None:
    for seed in range(6):
        X, y, parts = summed(kind, 1_500, seed)
        leaks = look(X, y)
        assert {leak.kind for leak in leaks} == {COMPONENTS}, (seed, leaks)
        assert set(leaks[0].features) == parts
        assert leaks[0].strength > 0.95


def test_components_are_named_among_few_children() -> None:
    caught = 0
    for seed in range(10):
        X, y, parts = summed("sum of three", 200, seed)
        caught += any(leak.kind == COMPONENTS and set(leak.features) >= parts for leak in look(X, y))
    assert caught >= 8


def test_one_deterministic_level_does_not_make_a_sum() -> None:
    for seed in range(6):
        X, y, rng = honest(2_000, seed)
        known = (y == 1) & (rng.random(2_000) < 0.75)
        leaks = look(X.assign(planted=np.where(known, "yes", "no").astype(object)), y)
        assert {leak.kind for leak in leaks} == {LEVEL}


def test_a_good_level_of_development_is_made_of_goals() -> None:
    england = simulate_england(3_000, seed=2)
    goals = england.eyfsp[list(GOALS)].astype(object)
    outcome = (~(goals[list(GOALS[:12])] == "2").all(axis=1)).astype(int)
    leaks = look(goals, outcome)
    assert COMPONENTS in {leak.kind for leak in leaks}
    assert {"E09", "E10"} <= {feature for leak in leaks for feature in leak.features}


# --- dates and contracts ----------------------------------------------------------------------------------------


def test_dates_after_the_as_of_date_are_named() -> None:
    X, y, _ = honest(300, 0)
    dates = {"x0": dt.date(2023, 8, 1), "x1": AS_OF, "x2": dt.date(2020, 1, 1), "x3": None}
    leaks = look(X, y, recorded_on=dates)
    assert [(leak.kind, leak.features, leak.n) for leak in leaks] == [
        (RECORDED_LATE, ("x0",), int(X["x0"].notna().sum()))
    ]
    assert "2023-07-31" in leaks[0].description


def test_dates_of_single_children_count_where_there_is_a_value() -> None:
    X, y, _ = honest(300, 0)
    when = pd.Series(pd.Timestamp("2023-07-31 15:00"), index=X.index)
    assert look(X, y, recorded_on={"x0": when}) == []
    when.iloc[:40] = pd.Timestamp("2023-09-01")
    when.iloc[50] = pd.NaT
    (leak,) = look(X, y, recorded_on={"x0": when})
    assert (leak.kind, leak.n) == (RECORDED_LATE, int(X["x0"].iloc[:40].notna().sum()))
    nothing = X.assign(x0=X["x0"].mask(when > pd.Timestamp(AS_OF) + pd.Timedelta(days=1)))
    assert look(nothing, y, recorded_on={"x0": when}) == []


def test_each_child_can_have_an_as_of_date_of_its_own() -> None:
    X, y, _ = honest(300, 0)
    as_of = pd.Series([dt.date(2022, 7, 31)] * 100 + [dt.date(2023, 7, 31)] * 200)
    (leak,) = find_target_leakage(
        X, y, as_of=as_of, recorded_on={"x5": dt.date(2023, 7, 31), "x6": dt.date(2022, 7, 31)}
    )
    assert (leak.kind, leak.features, leak.n) == (RECORDED_LATE, ("x5",), 100)
    as_of.iloc[0] = None
    (leak,) = find_target_leakage(X, y, as_of=as_of, recorded_on={"x5": dt.date(2023, 7, 31)})
    assert (leak.n, "2023-07-31" in leak.description) == (99, True)
    with pytest.raises(UsageError, match="as-of dates"):
        find_target_leakage(X, y, as_of=as_of.iloc[:5], recorded_on={})


def test_a_declared_status_is_reported() -> None:
    X, y, _ = honest(300, 0)
    leaks = look(X, y, past_status={"c0", "not among the features"})
    assert [(leak.kind, leak.features) for leak in leaks] == [(PAST_STATUS, ("c0",))]


@pytest.mark.parametrize("name", ["SENprovision", "sen_status", "gkspecin", "gkspeced", "EHCP", "IEP", "SEN type"])
def test_an_earlier_status_is_known_by_its_name(name: str) -> None:
    X, y, _ = honest(300, 0)
    assert kinds(look(X.rename(columns={"c0": name}), y), name) == {PAST_STATUS}


@pytest.mark.parametrize("name", ["sensory", "senior_teacher", "absent", "spectacles", "gkpresent"])
def test_other_names_are_left_alone(name: str) -> None:
    X, y, _ = honest(300, 0)
    assert look(X.rename(columns={"c0": name}), y) == []


def test_the_outcome_of_an_earlier_wave_is_known_by_the_outcome_name() -> None:
    X, y, _ = honest(300, 0)
    X = X.rename(columns={"c0": "gkpromote", "c1": "gkspeced"})
    assert [leak.features for leak in look(X, y.rename("g1promote"))] == [("gkpromote",)]


# --- what silences, and what does not ---------------------------------------------------------------------------


def test_a_stated_reason_silences_strength_and_never_dates_or_contracts() -> None:
    X, y, rng = honest(1_000, 1)
    X["planted"] = copy_with_flips(y.to_numpy(), rng)
    reason = {"planted": "a screening test made for this very outcome"}
    assert look(X, y, expected_strong=reason) == []
    late = look(X, y, expected_strong=reason, recorded_on={"planted": dt.date(2024, 1, 1)})
    assert kinds(late, "planted") == {RECORDED_LATE}
    assert kinds(look(X, y, expected_strong=reason, past_status={"planted"}), "planted") == {PAST_STATUS}


def test_a_stated_reason_for_one_feature_does_not_cover_another() -> None:
    X, y, rng = honest(1_000, 1)
    X["expected"] = copy_with_flips(y.to_numpy(), rng)
    X["planted"] = copy_with_flips(y.to_numpy(), rng)
    assert [leak.features for leak in look(X, y, expected_strong={"expected": "why"})] == [("planted",)]


def test_codes_have_no_order() -> None:
    """Codes that follow the outcome in no order of their numbers are found whether or not they are said to be codes."""
    X, y, rng = honest(600, 2)
    X["planted"] = copy_as_numbers_without_order(y.to_numpy(), rng)
    assert kinds(look(X, y, categorical_features={"planted": ("1", "2", "3", "4", "5")}), "planted") == {NEAR_COPY}


def test_too_few_outcomes_prove_nothing() -> None:
    X, _, _ = honest(100, 0)
    y = pd.Series([1] * 9 + [0] * 91)
    X["planted"] = y.astype(float)
    assert look(X, y) == []
    assert look(X, y * 0) == []
    assert kinds(look(X, pd.Series([1] * 12 + [0] * 88)), "planted") == set()
    X["planted"] = [1.0] * 12 + [0.0] * 88
    assert kinds(look(X, pd.Series([1] * 12 + [0] * 88)), "planted") == {NEAR_COPY}


def test_constant_and_empty_features_are_left_alone() -> None:
    X, y, _ = honest(300, 0)
    X = X.assign(constant=1.0, empty=np.nan, nothing=pd.Series([None] * 300, dtype=object), same="x")
    assert look(X, y) == []


@pytest.mark.parametrize("y", [[0, 1, 2], [0, 1], [0, 1, float("nan")]])
def test_an_outcome_that_does_not_fit_is_refused(y: list[float]) -> None:
    with pytest.raises(UsageError, match="0 or 1"):
        look(pd.DataFrame({"x": [1.0, 2.0, 3.0]}), pd.Series(y))


def test_dates_that_do_not_fit_are_refused() -> None:
    X, y, _ = honest(300, 0)
    with pytest.raises(UsageError, match="dates of x0"):
        look(X, y, recorded_on={"x0": pd.Series([pd.Timestamp(AS_OF)])})


def test_words_hold_nothing_about_single_children() -> None:
    X, y, rng = honest(600, 4)
    X["planted"] = copy_with_flips(y.to_numpy(), rng)
    X["level"] = level_of_some(y.to_numpy(), rng)
    for leak in look(X, y):
        assert not any(str(value) in leak.description for value in X["x5"].head(50))


@settings(max_examples=settings().max_examples // 8)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_and_columns_does_not_matter_for_single_features(seed: int) -> None:
    X, y, rng = honest(400, seed)
    X["planted"] = copy_with_flips(y.to_numpy(), rng)
    order = rng.permutation(len(X))
    shuffled = look(X.iloc[order, ::-1].reset_index(drop=True), y.iloc[order].reset_index(drop=True))
    assert shuffled == look(X, y)


def test_quick_on_many_children() -> None:
    rng = np.random.default_rng(0)
    numbers = {f"x{i}": rng.normal(size=20_000) for i in range(20)}
    codes = {f"c{i}": rng.choice(["1", "2", "A"], 20_000).astype(object) for i in range(20)}
    X, y = pd.DataFrame({**numbers, **codes}), pd.Series((rng.random(20_000) < 0.1).astype(int))
    begin = time.perf_counter()
    assert look(X, y) == []
    assert time.perf_counter() - begin < 2.0
