"""A table is known by what it holds, whatever its file is called and however many sheets a workbook has."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from send_screen.cohorts import Cohort, load_cohort
from send_screen.errors import DataError, PopulationError
from send_screen.simulation import simulate_england
from send_screen.specs import ModelSpec, load_spec


@pytest.fixture(scope="module")
def spec(repository: Path) -> ModelSpec:
    return load_spec(repository / "models" / "reception_sen" / "spec.yaml")


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    england = simulate_england(children=400, schools=10, seed=2)
    wide = england.pupil_census.merge(england.eyfsp.drop(columns="AcademicYear"), on="UPN")
    return {"pupils": england.pupil_census, "goals": england.eyfsp, "wide": wide}


@pytest.fixture(scope="module")
def expected(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> Cohort:
    named = {"education/pupil_census": tables["pupils"], "education/eyfsp": tables["goals"]}
    return load_cohort(spec, named, training=False)


def same(found: Cohort, expected: Cohort) -> None:
    order = pd.Series(range(len(found)), index=found.ids)[expected.ids]
    pd.testing.assert_frame_equal(found.X.iloc[order].reset_index(drop=True), expected.X)
    assert len(found.excluded) == len(expected.excluded)


def test_files_of_any_name(spec: ModelSpec, tables: dict[str, pd.DataFrame], expected: Cohort, tmp_path: Path) -> None:
    tables["pupils"].to_csv(tmp_path / "Pupil list July.csv", index=False)
    tables["goals"].to_csv(tmp_path / "Tapestry export.txt", index=False, sep="\t")
    (tmp_path / "notes.txt").write_text("hi\n")
    found = load_cohort(spec, tmp_path, training=False)
    same(found, expected)
    assert any("notes.txt" in note and "not read" in note for note in found.notes)


def test_a_file_that_is_named_after_its_contract_comes_first(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], expected: Cohort, tmp_path: Path
) -> None:
    goals = [f"E{number:02d}" for number in range(1, 18)]
    tables["wide"].assign(**dict.fromkeys(goals, "1")).to_csv(tmp_path / "all.csv", index=False)
    tables["goals"].to_csv(tmp_path / "eyfsp.csv", index=False)
    same(load_cohort(spec, tmp_path, training=False), expected)


def test_two_sheets_of_one_workbook(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], expected: Cohort, tmp_path: Path
) -> None:
    with pd.ExcelWriter(tmp_path / "school.xlsx", engine="xlsxwriter") as book:
        tables["pupils"].to_excel(book, sheet_name="Pupils", index=False)
        tables["goals"].to_excel(book, sheet_name="EYFSP", index=False)
        pd.DataFrame({"read": ["me"]}).to_excel(book, sheet_name="About", index=False)
    same(load_cohort(spec, tmp_path / "school.xlsx", training=False), expected)


def test_a_file_a_school(spec: ModelSpec, tables: dict[str, pd.DataFrame], expected: Cohort, tmp_path: Path) -> None:
    wide = tables["wide"]
    first = wide["School"] == wide["School"].iloc[0]
    wide[first].to_csv(tmp_path / "school A.csv", index=False)
    wide[~first].iloc[:, ::-1].to_csv(tmp_path / "school B.csv", index=False)
    found = load_cohort(spec, tmp_path, training=False)
    assert set(found.ids) == set(expected.ids)
    assert len(found) + len(found.excluded) == len(wide)
    assert any("school B.csv 1,000 more than in the file" in note for note in found.notes)


def test_tables_with_different_headers_for_one_contract_are_asked_about(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    tables["pupils"].to_csv(tmp_path / "a.csv", index=False)
    tables["pupils"].assign(More="x").to_csv(tmp_path / "b.csv", index=False)
    tables["goals"].to_csv(tmp_path / "eyfsp.csv", index=False)
    with pytest.raises(
        DataError, match=r"More than one table could be the one for education/pupil_census: a.csv, b.csv"
    ):
        load_cohort(spec, tmp_path, training=False)


def test_a_table_that_lacks_a_column_is_known_and_the_column_named(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    tables["pupils"].to_csv(tmp_path / "a.csv", index=False)
    tables["goals"].drop(columns="AcademicYear").to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataError, match=r"b.csv, column AcademicYear.*no column AcademicYear"):
        load_cohort(spec, tmp_path, training=False)


def test_rows_that_repeat_another_are_read_once(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], expected: Cohort, tmp_path: Path
) -> None:
    wide = tables["wide"]
    pd.concat([wide, wide.iloc[:5]]).to_csv(tmp_path / "a.csv", index=False)
    found = load_cohort(spec, tmp_path / "a.csv", training=False)
    same(found, expected)
    assert "a.csv: 5 rows repeat another row and were read once." in found.notes


def test_rows_of_one_child_that_differ_are_excluded_and_not_chosen_between(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], expected: Cohort, tmp_path: Path
) -> None:
    wide = tables["wide"]
    eligible = wide[wide["UPN"].isin(expected.ids)].iloc[:5]
    pd.concat([wide, eligible.assign(E02="1", E03="2", E04="1", E05="2")]).to_csv(tmp_path / "a.csv", index=False)
    found = load_cohort(spec, tmp_path / "a.csv", training=False)
    assert set(found.ids) == set(expected.ids) - set(eligible["UPN"])
    assert len(found) + len(found.excluded) == len(wide) + 5


@pytest.mark.parametrize("form", ["one file", "two files"])
def test_of_two_years_the_newer_is_screened_and_the_other_named(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], expected: Cohort, tmp_path: Path, form: str
) -> None:
    earlier = {"AcademicYear": "2021/22", "NCyearActual": "N2", "E02": "1"}
    for name in ["wide"] if form == "one file" else ["pupils", "goals"]:
        table = tables[name]
        older = table.iloc[:50].assign(**{column: text for column, text in earlier.items() if column in table})
        pd.concat([older, table]).to_csv(tmp_path / f"{name}.csv", index=False)
    found = load_cohort(spec, tmp_path, training=False)
    assert set(found.ids) == set(expected.ids)
    assert len(found.excluded) == len(expected.excluded) + 50
    other = found.excluded[found.excluded["rule"] == "DATA-OTHER-YEAR"]
    assert len(other) == 50
    assert set(other["kind"]) == {"outside_population"}
    assert other["reason"].str.startswith("The record is of 2021/22").all()


def test_a_slip_in_one_year_does_not_make_the_others_old(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], expected: Cohort, tmp_path: Path
) -> None:
    wide = tables["wide"].copy()
    wide["AcademicYear"] = wide["AcademicYear"].where(wide.index != 0, "2031/32")
    wide.to_csv(tmp_path / "a.csv", index=False)
    found = load_cohort(spec, tmp_path / "a.csv", training=False)
    assert len(found) >= len(expected) - 1
    assert (found.excluded["rule"] == "DATA-OTHER-YEAR").sum() == 1


def test_the_academic_year_of_a_file_that_does_not_say_it_can_be_given(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], expected: Cohort, tmp_path: Path
) -> None:
    year = tables["goals"]["AcademicYear"].iloc[0]
    tables["pupils"].to_csv(tmp_path / "a.csv", index=False)
    tables["goals"].drop(columns="AcademicYear").to_csv(tmp_path / "b.csv", index=False)
    found = load_cohort(spec, tmp_path, training=False, academic_year=year)
    same(found, expected)
    assert f"b.csv says no academic year: {year} was given." in found.notes
    assert not any(note.startswith("a.csv says no") for note in found.notes)
    with pytest.raises(PopulationError, match="academicYear"):
        load_cohort(spec, tmp_path, training=False, academic_year="next")


def test_one_year_for_an_academic_year_is_asked_about_once(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], expected: Cohort, tmp_path: Path
) -> None:
    year = tables["goals"]["AcademicYear"].iloc[0]
    ended = f"20{year[-2:]}"
    tables["wide"].assign(AcademicYear=ended).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError) as caught:
        load_cohort(spec, tmp_path / "a.csv", training=False)
    _, *reasons = str(caught.value).splitlines()
    assert len(reasons) == 1
    assert f"AcademicYear is {ended} in most rows" in reasons[0]
    assert f"--academic-year {year} where it ended in {ended}" in reasons[0]
    found = load_cohort(spec, tmp_path / "a.csv", training=False, academic_year=year)
    same(found, expected)
    assert f"a.csv says one year for the academic year: {year} was given." in found.notes
    with pytest.raises(DataError, match="in most rows"):
        load_cohort(spec, tmp_path / "a.csv", training=False, academic_year="2019/20")


def test_many_missing_columns_are_one_message(spec: ModelSpec, tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    goals = {f"E{number:02d}": f"Goal{chr(64 + number)}" for number in range(1, 18)}
    tables["wide"].rename(columns=goals).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError) as caught:
        load_cohort(spec, tmp_path / "a.csv", training=False)
    _, *reasons = str(caught.value).splitlines()
    assert len(reasons) == 1
    assert "The file has no E01, E02, E03, E04, E05 and 12 more." in reasons[0]
    assert "'GoalA'" in reasons[0]


def test_exceeding_in_a_new_profile_is_another_coding(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    wide = tables["wide"].copy()
    wide["E02"] = wide["E02"].mask(wide.index % 4 == 0, "Exceeding")
    wide.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match=r"cells of E02 hold the same text, which is none of its codes"):
        load_cohort(spec, tmp_path / "a.csv", training=False)
