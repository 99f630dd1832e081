"""The files of an synthetic England, and the school's file that is there to be screened."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from send_screen.contracts import check_table, is_synthetic_upn, load_contract
from send_screen.simulation import SyntheticEngland, simulate_england, write_england
from send_screen.simulation._england_files import school_file
from send_screen.simulation._rates import GOALS


@pytest.fixture(scope="module")
def england() -> SyntheticEngland:
    return simulate_england(2_000, seed=3)


@pytest.fixture(scope="module")
def folder(england: SyntheticEngland, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_england(england, tmp_path_factory.mktemp("files") / "england")


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_files_hold_the_frames_and_not_the_truth(england: SyntheticEngland, folder: Path) -> None:
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {
        "README.txt", "pupil_census.csv", "eyfsp.csv", "sen_status.csv", "schools/school_file.csv",
        "schools/report/pupils.csv", "schools/ctf/pupils.xml",
    }  # fmt: skip
    for name in ("pupil_census", "eyfsp", "sen_status"):
        frame = getattr(england, name)
        again = read(folder / f"{name}.csv")
        assert again.columns.tolist() == frame.columns.tolist()
        pd.testing.assert_frame_equal(again, frame.astype(object).fillna("").astype(str))
    text = "".join(path.read_text() for path in folder.rglob("*.csv"))
    assert "true_need" not in text
    assert "severity" not in text


def test_readme_says_that_the_children_are_invented(folder: Path) -> None:
    text = (folder / "README.txt").read_text()
    assert text.startswith("Every child in these files is invented")
    for fact in ("2000 children", "20 schools", "seed 3", "2022/23", "2025/26"):
        assert fact in text
    assert max(map(len, text.splitlines())) <= 120


def test_writing_twice_gives_the_same_bytes(england: SyntheticEngland, folder: Path, tmp_path: Path) -> None:
    again = write_england(england, tmp_path)
    for path in folder.rglob("*.csv"):
        assert path.read_bytes() == (again / path.relative_to(folder)).read_bytes()


def test_school_file_is_a_new_cohort_of_one_school_without_the_outcome(england: SyntheticEngland, folder: Path) -> None:
    school = read(folder / "schools" / "school_file.csv")
    assert school.columns.tolist() == [*england.pupil_census.columns, *GOALS]
    assert school["School"].nunique() == 1
    assert set(school["School"]) < set(england.pupil_census["School"])
    assert set(school["AcademicYear"]) == {"2025/26"}
    assert not set(school["UPN"]) & set(england.pupil_census["UPN"])
    assert all(map(is_synthetic_upn, school["UPN"]))


def test_school_file_has_what_real_exports_have(england: SyntheticEngland) -> None:
    school = school_file(england)
    blank = school[list(GOALS)].isna()
    assert blank.all(axis=1).any()
    assert (blank.any(axis=1) & ~blank.all(axis=1)).any()
    assert (school[list(GOALS)] == "A").any(axis=None)
    assert (school["SessionsAbsent"] == "twelve").sum() == 1
    assert (school["SENprovision"] == "K").any()


def test_contracts_find_the_mistakes_in_the_school_file_and_nothing_else(folder: Path) -> None:
    school = read(folder / "schools" / "school_file.csv").replace("", None)
    census = check_table(load_contract("education/pupil_census"), school, file="school_file.csv")
    assert {violation.column for violation in census.violations if violation.level == "row"} == {"SessionsAbsent"}
    profile = check_table(load_contract("education/eyfsp"), school, file="school_file.csv")
    assert {violation.rule[-5:] for violation in profile.violations if violation.level == "row"} == {"BLANK"}


def test_small_school_still_has_a_file() -> None:
    school = school_file(simulate_england(12, schools=2, seed=0))
    assert len(school) == 6
    assert (school["SessionsAbsent"] == "twelve").any()
