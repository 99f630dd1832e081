"""The synthetic England: repeatable, true to its contracts, and roughly like the real one."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from send_screen.contracts import check_table, is_synthetic_upn, load_contract, upn_check_letter
from send_screen.errors import UsageError
from send_screen.simulation import SyntheticEngland, simulate_england
from send_screen.simulation._england import census_day
from send_screen.simulation._population import upns
from send_screen.simulation._rates import AREA_OF_BOYS, AREA_OF_GIRLS, ETHNIC_GROUPS, GOALS

FRAMES = {
    "pupil_census": "education/pupil_census",
    "eyfsp": "education/eyfsp",
    "sen_status": "outcomes/sen_status",
}


@pytest.fixture(scope="module")
def large() -> SyntheticEngland:
    return simulate_england(60_000, seed=7)


def fingerprint(england: SyntheticEngland) -> str:
    frames = (england.pupil_census, england.eyfsp, england.sen_status, england.truth)
    return hashlib.sha256("".join(frame.to_csv() for frame in frames).encode()).hexdigest()


def test_same_seed_same_children_in_another_process() -> None:
    script = (
        "import hashlib; from send_screen.simulation import simulate_england; e = simulate_england(300, seed=4); "
        "frames = (e.pupil_census, e.eyfsp, e.sen_status, e.truth); "
        "import sys; sys.stdout.write(hashlib.sha256(''.join(f.to_csv() for f in frames).encode()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert other.stdout == fingerprint(simulate_england(300, seed=4))
    assert other.stdout != fingerprint(simulate_england(300, seed=5))


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("seed", [0, 1])
def test_frames_keep_their_contracts(name: str, seed: int) -> None:
    frame = getattr(simulate_england(5_000, seed=seed), name)
    result = check_table(load_contract(FRAMES[name]), frame, file=f"{name}.csv")
    assert result.violations == ()
    assert len(result.frame) == len(frame)


def test_children_are_marked_as_synthetic_and_belong_together(large: SyntheticEngland) -> None:
    upn = large.pupil_census["UPN"]
    assert upn.is_unique
    assert all(is_synthetic_upn(child) for child in upn[:500])
    assert all(child[0] == upn_check_letter(child[1:]) for child in upn[::50])
    assert set(large.eyfsp["UPN"]) < set(upn)
    assert set(large.sen_status["UPN"]) < set(upn)
    assert large.truth["UPN"].equals(upn)
    assert (large.pupil_census["School"].str.slice(0, 3) == "000").all()
    born = pd.to_datetime(large.pupil_census["DOB"])
    assert born.min() >= pd.Timestamp("2017-09-01")
    assert born.max() <= pd.Timestamp("2018-08-31")


def test_default_size_and_time() -> None:
    begin = time.perf_counter()
    england = simulate_england()
    assert time.perf_counter() - begin < 2.0
    assert len(england.pupil_census) == 20_000
    sizes = england.pupil_census["School"].value_counts()
    assert len(sizes) == 200
    assert sizes.max() > 2 * sizes.min()
    classes = england.pupil_census.groupby(["School", "ClassName"]).size()
    assert classes.max() <= 30


@pytest.mark.parametrize("mark", ["801", "000"])
def test_check_letters_agree_with_the_contracts(mark: str) -> None:
    rng = np.random.default_rng(3)
    made = upns(mark, rng.integers(0, 10_000, 50), 2022, rng.integers(0, 1_000, 50))
    assert [upn[0] for upn in made] == [upn_check_letter(upn[1:]) for upn in made]
    assert {len(upn) for upn in made} == {13}


def test_another_year_has_other_children_in_the_same_schools() -> None:
    first, second = simulate_england(500, seed=2), simulate_england(500, seed=2, academic_year="2025/26")
    assert not set(first.pupil_census["UPN"]) & set(second.pupil_census["UPN"])
    assert not first.pupil_census["DOB"].equals(second.pupil_census["DOB"])
    pd.testing.assert_series_equal(first.pupil_census["School"], second.pupil_census["School"])
    pd.testing.assert_series_equal(first.truth["school_effect"], second.truth["school_effect"])
    assert second.sen_status["StatusDate"].unique().tolist() == ["2028-01-20"]


def test_census_is_on_the_third_thursday() -> None:
    for year in range(2020, 2035):
        day = census_day(year)
        assert (day.weekday(), (day.day - 1) // 7) == (3, 2)


@pytest.mark.parametrize(
    "arguments",
    [
        {"children": 5, "schools": 6},
        {"children": 0},
        {"children": 10, "schools": 0},
        {"children": 20_000, "schools": 10_000},
        {"children": 5_000, "schools": 2},
        {"children": 10, "seed": -1},
        {"children": 10, "academic_year": "2022/24"},
        {"children": 10, "academic_year": "2020/21"},
        {"children": 10, "academic_year": "22/23"},
    ],
)
def test_impossible_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        simulate_england(**arguments)  # type: ignore[arg-type]


def test_shares_add_up() -> None:
    assert sum(group.share for group in ETHNIC_GROUPS) == pytest.approx(1.0, abs=0.02)
    assert AREA_OF_BOYS.sum() == pytest.approx(1.0)
    assert AREA_OF_GIRLS.sum() == pytest.approx(1.0)


def joined(england: SyntheticEngland) -> pd.DataFrame:
    """One row per child with a profile: census, goals, later record and truth, ``gld`` and ``later`` as booleans."""
    later = england.sen_status[["UPN", "SENprovision"]].rename(columns={"SENprovision": "Later"})
    frame = england.pupil_census.merge(england.eyfsp.drop(columns="AcademicYear"), on="UPN")
    frame = frame.merge(later, on="UPN").merge(england.truth, on="UPN")
    frame["gld"] = (frame[list(GOALS[:12])] == "2").all(axis=1)
    frame["later"] = frame["Later"] != "N"
    frame["absence"] = frame["SessionsAbsent"] / frame["SessionsPossible"]
    frame["season"] = pd.to_datetime(frame["DOB"]).dt.month.map(lambda month: ((month - 9) % 12) // 4)
    return frame


def test_good_level_of_development_is_near_the_published_rates(large: SyntheticEngland) -> None:
    frame = joined(large)
    rate = 100 * frame["gld"].mean()
    by = {key: 100 * frame.groupby(key)["gld"].mean() for key in ("Sex", "FSMeligible", "season")}
    eal = 100 * frame.groupby(~frame["Language"].isin(["ENG", "NOT"]))["gld"].mean()
    assert rate == pytest.approx(67.7, abs=2)
    assert by["Sex"].to_dict() == pytest.approx({"F": 75.0, "M": 60.7}, abs=2)
    assert by["FSMeligible"].to_dict() == pytest.approx({"true": 51.5, "false": 72.0}, abs=3)
    assert by["season"][[0, 2]].to_dict() == pytest.approx({0: 75.6, 2: 60.0}, abs=2.5)
    assert eal.to_dict() == pytest.approx({True: 63.5, False: 69.7}, abs=2.5)
    assert (frame[list(GOALS)] == "2").sum(axis=1).mean() == pytest.approx(14.1, abs=0.3)


def test_sen_register_is_near_the_published_rates(large: SyntheticEngland) -> None:
    frame = joined(large)
    provision = 100 * large.pupil_census["SENprovision"].value_counts(normalize=True)
    assert provision["E"] == pytest.approx(2.4, abs=0.5)
    assert provision["K"] == pytest.approx(8.5, abs=1.5)
    new = frame[frame["SENprovision"] == "N"]
    assert 0.09 < new["later"].mean() < 0.13
    assert 0.04 < new.loc[new["gld"], "later"].mean() < 0.06
    assert 0.23 < new.loc[~new["gld"], "later"].mean() < 0.30
    sex = new.groupby("Sex")["later"].mean()
    assert sex["M"] / sex["F"] == pytest.approx(1.5, abs=0.15)
    support = (frame["Later"] == "K").groupby(frame["FSMeligible"]).mean()
    assert support["true"] / support["false"] == pytest.approx(1.8, abs=0.25)


def test_identification_is_biased_as_it_is_in_england(large: SyntheticEngland) -> None:
    frame = joined(large)
    assert large.truth["school_effect"].var() > large.truth["other_effect"].var()
    ever = (frame["later"] | (frame["SENprovision"] != "N")).groupby(frame["season"]).mean()
    assert ever[2] > 1.2 * ever[0]
    # The same need, and still not on the SEN register: later identification by language and by absence.
    same = frame[frame["true_need"] & frame["severity"].between(0.6, 1.4) & (frame["SENprovision"] == "N")]
    eal = ~same["Language"].isin(["ENG", "NOT"])
    absent = same["absence"] > frame["absence"].quantile(0.75)
    assert same.loc[eal, "later"].mean() < 0.9 * same.loc[~eal, "later"].mean()
    assert same.loc[absent, "later"].mean() < 0.9 * same.loc[~absent, "later"].mean()
    goals = large.pupil_census[["UPN"]].merge(large.eyfsp, on="UPN", how="left").set_index("UPN")[list(GOALS)]
    gap = (goals.isna() | (goals == "A")).any(axis=1).to_numpy()
    unsettled = (large.truth["mobile"] | large.truth["looked_after"]).to_numpy()
    assert gap[unsettled].mean() > 5 * gap[~unsettled].mean()


def test_goals_tell_of_need_beyond_their_number(large: SyntheticEngland) -> None:
    frame = joined(large)
    few = (frame[list(GOALS)] == "1").sum(axis=1).between(1, 5)
    emerging = frame.loc[few].assign(speaking=lambda part: part["E02"] == "1").groupby("speaking")["true_need"].mean()
    assert emerging[True] > 1.5 * emerging[False]


def test_types_of_need_follow_the_code_set(large: SyntheticEngland) -> None:
    status = large.sen_status
    assert status.loc[status["SENprovision"] == "N", "SENtype"].isna().all()
    assert status.loc[status["SENprovision"] != "N", "SENtype"].notna().all()
    assert set(status.loc[status["SENtype"] == "NSA", "SENprovision"]) == {"K"}
    plans = status[status["SENprovision"] == "E"]["SENtype"].value_counts(normalize=True)
    assert plans.index[0] == "ASD"
