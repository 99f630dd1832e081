"""Files of an authority's SEN and social-care systems: what goes in comes out, child by child, no row lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from agency_files import (
    IMPOSSIBLE_LETTERS,
    Agencies,
    annex_a_xlsx,
    blade_csvs,
    cin_xml,
    school_census_csvs,
    sen2_person,
    sen2_xml,
    simulate_agencies,
    ssd_csvs,
    ssda903_csvs,
    ssda903_xml,
    tag,
    workbook_of,
)

from send_screen.cohorts._source import read_source
from send_screen.contracts import check_table, load_contract
from send_screen.errors import DataError, ReadError
from send_screen.readers import Reading, read_tables
from send_screen.readers._formats import formats
from send_screen.readers._join_tables import join_tables
from send_screen.workflows import check


@pytest.fixture(scope="module", params=[False, True], ids=["clean", "dirty"])
def agencies(request: pytest.FixtureRequest) -> Agencies:
    return simulate_agencies(dirty=request.param)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def checked(reading: Reading, contract: str) -> pd.DataFrame:
    """Return a table as it is once checked, with dates as text; no row may be lost or bad."""
    result = check_table(load_contract(contract), reading.frame, file=reading.file)
    assert len(result.frame) == len(reading.frame)
    assert [violation for violation in result.violations if violation.severity == "error"] == []
    frame = result.frame.copy()
    for column in frame.select_dtypes("datetime"):
        frame[column] = frame[column].dt.strftime("%Y-%m-%d")
    return frame.astype(object).where(frame.notna(), None)


def same_rows(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare rows in any order; a difference is shown."""
    order = ["PersonID", *(column for column in found if column != "PersonID")]
    tables = [
        frame[order].fillna("").sort_values(order, kind="stable").reset_index(drop=True) for frame in (found, expected)
    ]
    pd.testing.assert_frame_equal(*tables, check_dtype=False)


def with_persons(found: pd.DataFrame, agencies: Agencies) -> pd.DataFrame:
    """Return a table of SEN2 with the number of the child in place of its number in the file."""
    numbers = found["PersonID"].str.rpartition("-")[2].astype(int)
    return found.assign(PersonID=numbers.map(dict(enumerate(agencies.children["PersonID"], start=1))))


def test_every_column_that_a_format_gives_is_in_its_contract() -> None:
    for mapping in formats():
        for table in mapping.tables:
            given = {*table.header, *mapping.columns} - set(table.columns)
            of_rows = {
                name
                for rows in table.rows
                for part in (rows.columns, rows.constants, *(repeated.columns for repeated in rows.repeated))
                for name in part
            }
            assert of_rows <= set(table.columns), table.contract
            other = {name for others in mapping.tables for name in others.columns}
            assert given <= other, (table.contract, given)


def test_a_sen2_return_is_read_request_by_request(agencies: Agencies, tmp_path: Path) -> None:
    (reading,) = read_tables(write(tmp_path, "a.xml", sen2_xml(agencies)))
    assert reading.sheet == "ehc_plan"
    found = checked(reading, "outcomes/ehc_plan")
    same_rows(with_persons(found, agencies), agencies.expected("requests", found.columns))
    without = len(agencies.children) - agencies.requests["PersonID"].nunique()
    assert any(f"Of {len(agencies.children)} records {without} have no Requests" in note for note in reading.notes)
    numbers = found["PersonID"].str.rpartition("-")[2].astype(int)
    assert (reading.frame.index // 10 == numbers).all()  # a row's number begins with that of its record


def test_children_of_two_sen2_files_have_different_numbers(tmp_path: Path) -> None:
    numbers = [
        set(read_tables(write(tmp_path, "a.xml", sen2_xml(simulate_agencies(seed=seed))))[0].frame["PersonID"])
        for seed in (0, 1)
    ]
    assert not numbers[0] & numbers[1]


PERSON = simulate_agencies(dirty=False)
ONE = sen2_person(PERSON, PERSON.children.iloc[0].to_dict())
TWO = sen2_person(PERSON, PERSON.children.iloc[1].to_dict())


@pytest.mark.parametrize(
    ("persons", "what"),
    [
        (ONE.removesuffix("</Person>") + TWO.removeprefix("<Person>"), "Person 1 holds more than one UPN"),
        (TWO.replace("</Requests><Requests>", ""), "Requests 1 of Person 1 holds more than one RequestDate"),
        ("<Person><Surname>Blorb</Surname></Person>", "no rows"),
        ("<Other><Surname>Blorb</Surname></Other>", "not a table but XML"),
    ],
)
def test_a_sen2_return_that_damage_changed_is_refused_in_one_message(tmp_path: Path, persons: str, what: str) -> None:
    text = f"<Message><Persons>{persons}</Persons></Message>"
    with pytest.raises(ReadError, match=what) as caught:
        read_tables(write(tmp_path, "a.xml", text))
    assert "Blorb" not in str(caught.value)


def test_what_stands_elsewhere_is_counted_and_named(tmp_path: Path) -> None:
    request = "<Requests><ReceivedDate>2021-03-02</ReceivedDate></Requests>"
    text = f"<Message><Persons>{ONE}{request}<Others>{TWO}</Others></Persons></Message>"
    (reading,) = read_tables(write(tmp_path, "a.xml", text))
    assert len(reading.frame) == ONE.count("<Requests>")
    notes = " ".join(reading.notes)
    elsewhere = "that stand elsewhere in the file than in this format were not read"
    assert f"Elements Person {elsewhere}: 1." in notes
    assert f"Elements Requests {elsewhere}: {1 + TWO.count('<Requests>')}." in notes


def test_of_several_assessments_the_newest_is_read_and_the_others_are_counted(tmp_path: Path) -> None:
    outcomes = [("Y", "2022-05-01"), ("N", "2021-05-01")]
    both = "".join(
        tag("Assessment", tag("AssessmentOutcome", outcome) + tag("AssessmentOutcomeDate", date))
        for outcome, date in outcomes
    )
    request = tag("Requests", tag("ReceivedDate", "2021-01-05") + both)
    text = tag("Message", tag("Persons", tag("Person", tag("UPN", "x") + request)))
    (reading,) = read_tables(write(tmp_path, "a.xml", text))
    assert reading.frame["AssessmentOutcome"].tolist() == ["Y"]
    assert any("several Assessment, one was read; the others are left out: 1" in note for note in reading.notes)
    assert any("Nothing in the file gives" in note and "PlanStartDate" in note for note in reading.notes)


BLADE = "Blade-Export_30-11-2026"


def tables_of(folder: Path) -> list[Reading]:
    readings = [reading for path in sorted(folder.iterdir()) for reading in read_tables(path)]
    return join_tables(readings)[0]


def write_all(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        write(folder, name, text)
    return folder


def test_the_csv_files_of_a_sen2_export_are_joined_by_their_keys(agencies: Agencies, tmp_path: Path) -> None:
    (reading,) = tables_of(write_all(tmp_path, blade_csvs(agencies)))
    assert reading.contract == "outcomes/ehc_plan"
    assert reading.file == f"{BLADE}_requests.csv"
    found = checked(reading, "outcomes/ehc_plan")
    same_rows(with_persons(found, agencies), agencies.expected("requests", found.columns))
    assert reading.frame.index.tolist() == list(range(2, 2 + len(agencies.requests)))  # rows of the file of requests


def test_the_names_of_the_files_do_not_matter_and_their_numbers_are_told_apart(tmp_path: Path) -> None:
    agencies = simulate_agencies()
    names = {f"{number}.csv": text for number, text in enumerate(blade_csvs(agencies).values())}
    (reading,) = tables_of(write_all(tmp_path, names))
    assert len(reading.frame) == len(agencies.requests)


def changed(files: dict[str, str], part: str, old: str, new: str) -> dict[str, str]:
    (name,) = (name for name in files if name.endswith(f"_{part}.csv"))
    assert old in files[name]
    return files | {name: files[name].replace(old, new, 1)}


def test_rows_that_join_to_nothing_are_counted_and_named(tmp_path: Path) -> None:
    agencies = simulate_agencies(dirty=False)
    files = blade_csvs(agencies)
    person = agencies.requests["PersonID"].iloc[0]
    number = 70_001 + agencies.children["PersonID"].tolist().index(person)
    files = changed(files, "person", f"\n{number},", "\n79999,")
    (key,) = set(
        pd.read_csv(StringIO(files["Blade-Export_30-11-2026_assessment.csv"]), dtype=str)["assessmenttableid"][:1]
    )
    files = changed(files, "namedplan", f",{key},", ",a99999,")
    (reading,) = tables_of(write_all(tmp_path, files))
    n_orphans = int((agencies.requests["PersonID"] == person).sum())
    assert len(reading.frame) == len(agencies.requests)  # the requests of no person are rows too
    assert reading.frame["Surname"].isna().sum() == n_orphans
    notes = " ".join(reading.notes)
    assert f"{BLADE}_requests.csv, {n_orphans} row" in notes
    assert f"no row of {BLADE}_person.csv has that persontableid; each was kept" in notes
    assert f"{BLADE}_namedplan.csv, 1 row (" in notes
    assert f"no row of {BLADE}_assessment.csv has that assessmenttableid; what it says was not read" in notes


def test_a_number_that_stands_twice_joins_to_the_first_row_and_is_named(tmp_path: Path) -> None:
    agencies = simulate_agencies(dirty=False)
    files = blade_csvs(agencies)
    twin = files[f"{BLADE}_person.csv"].splitlines()[2].split(",", 1)
    files = changed(files, "person", f"\n{twin[0]},", "\n70001,")
    (reading,) = tables_of(write_all(tmp_path, files))
    assert any("person.csv, 1 row (3): an earlier row has that persontableid" in note for note in reading.notes)
    assert len(reading.frame) == len(agencies.requests)


def test_two_exports_in_one_folder_are_refused(tmp_path: Path) -> None:
    files = blade_csvs(simulate_agencies())
    files |= {f"older_{name}": text for name, text in files.items()}
    with pytest.raises(ReadError, match="More than one table could be the part person of the format SEN2 export"):
        tables_of(write_all(tmp_path, files))


def test_a_part_of_an_export_without_the_others_is_named(tmp_path: Path) -> None:
    files = {name: text for name, text in blade_csvs(simulate_agencies()).items() if not name.endswith("_person.csv")}
    readings = [reading for path in sorted(write_all(tmp_path, files).iterdir()) for reading in read_tables(path)]
    joined, notes = join_tables(readings)
    assert joined == readings
    assert any("requests.csv looks like the part requests" in note and "there is no person" in note for note in notes)


def test_a_spec_finds_the_joined_tables_in_a_folder(tmp_path: Path) -> None:
    agencies = simulate_agencies(dirty=False)
    folder = write_all(tmp_path, blade_csvs(agencies))
    contracts = {name: load_contract(name) for name in ("outcomes/ehc_plan", "education/eyfsp")}
    source = read_source(folder, contracts)
    assert list(source.tables) == ["outcomes/ehc_plan"]
    assert len(source.tables["outcomes/ehc_plan"].frame) == len(agencies.requests)
    before = source.sha256
    write(folder, f"{BLADE}_senneed.csv", "activeplanstableid,sentype,sentyperank\nx,ASD,1\n")
    assert read_source(folder, contracts).sha256 != before


@pytest.mark.parametrize("files", [blade_csvs, ssda903_csvs, ssd_csvs, school_census_csvs])
def test_an_export_as_sheets_of_one_workbook_is_that_in_files(
    tmp_path: Path, files: Callable[[Agencies], dict[str, str]]
) -> None:
    agencies = simulate_agencies()
    (tmp_path / "csv").mkdir()
    apart = tables_of(write_all(tmp_path / "csv", files(agencies)))
    (tmp_path / "export.xlsx").write_bytes(workbook_of(files(agencies)))
    together = {reading.contract: reading for reading in read_tables(tmp_path / "export.xlsx")}
    names = [reading.contract for reading in apart if reading.contract]
    assert [name for name in together if name] == names
    for reading in apart:
        if reading.contract:
            frames = [
                each.frame.drop(columns=["PersonID"], errors="ignore") for each in (reading, together[reading.contract])
            ]
            pd.testing.assert_frame_equal(*frames, check_dtype=False)


def test_the_school_census_gives_pupils_and_their_attendance(agencies: Agencies, tmp_path: Path) -> None:
    census, attendance = tables_of(write_all(tmp_path, school_census_csvs(agencies)))
    assert (census.contract, attendance.contract) == ("education/pupil_census", "education/attendance")
    assert len(census.frame) == len(agencies.children)
    result = check_table(load_contract("education/pupil_census"), census.frame, file=census.file).frame
    known = agencies.known.set_index(result.index)
    for column in ("Surname", "Forename", "Sex", "Postcode"):
        assert result[column].fillna("").tolist() == known[column].tolist()
    assert set(result["AcademicYear"]) == {"2025/26"}
    assert set(result["School"]) == {"0001132"}
    numbers = range(1, len(result) + 1)
    assert result["FSMeligible"].tolist() == ["true" if n % 4 == 0 and n % 8 else "false" for n in numbers]
    assert result["SessionsAbsent"].tolist() == [0 if n % 3 else n for n in numbers]
    found = attendance.frame[["AcademicYear", "Term", "SessionCode"]].value_counts().to_dict()
    ill = len(agencies.children) // 3
    assert found == {("2025/26", "AUT", "/"): len(agencies.children), ("2025/26", "AUT", "I"): ill}


def test_an_autumn_census_holds_the_attendance_of_last_summer(tmp_path: Path) -> None:
    files = school_census_csvs(simulate_agencies(dirty=False), term="AUT", date="2025-Oct-02 00:00:00")
    census, attendance = tables_of(write_all(tmp_path, files))
    assert set(census.frame["AcademicYear"]) == {"2025/26"}
    assert set(map(tuple, attendance.frame[["AcademicYear", "Term"]].to_numpy())) == {("2024/25", "SUM")}
    assert census.frame["SessionsPossible"].isna().all()
    assert any("SessionsPossible" in note and "other academic years" in note for note in census.notes)


def test_pupils_whose_census_is_not_there_have_no_year(tmp_path: Path) -> None:
    files = school_census_csvs(simulate_agencies(dirty=False))
    files["school_census_schoolcensus.csv"] = files["school_census_schoolcensus.csv"].replace("\n500,", "\n501,")
    census, _ = tables_of(write_all(tmp_path, files))
    assert census.frame["AcademicYear"].isna().all()
    n = len(census.frame)
    assert any(f"{n} rows (2, 3, 4, 5, 6 and more): the census that it names" in note for note in census.notes)


def by_type(agencies: Agencies, *types: str) -> Agencies:
    involvements = agencies.involvements
    return replace(agencies, involvements=involvements[involvements["InvolvementType"].isin(types)])


NEVER_IN_CENSUS = {"Surname": None, "Forename": None, "Postcode": None}


def test_a_children_in_need_census_gives_two_tables(agencies: Agencies, tmp_path: Path) -> None:
    path = write(tmp_path, "cin.xml", cin_xml(agencies))
    involvement, disability = read_tables(path)
    found = checked(involvement, "social_care/involvement")
    expected = by_type(agencies, "CIN", "CP").expected("involvements", found.columns).assign(**NEVER_IN_CENSUS)
    same_rows(found, expected)
    found = checked(disability, "social_care/disability")
    expected = agencies.expected("disabilities", found.columns).assign(**NEVER_IN_CENSUS, RecordedDate="2026-03-31")
    same_rows(found, expected)
    notes = " ".join(involvement.notes)
    assert "Left out of involvement: 1 CINdetails with ReferralNFA true." in notes
    left_out = next(note for note in involvement.notes if note.startswith("Left out of involvement"))
    # how many have something is for who may see what the table says of them
    assert left_out.contract == "social_care/involvement"
    assert "StartDate" in left_out.columns
    assert "NEG" not in " ".join(map(str, involvement.frame.to_numpy().ravel()))
    n_without = len(agencies.children) - agencies.disabilities["PersonID"].nunique()
    assert f"Of {len(agencies.children)} records {n_without} have no Disability, and no row in disability." in notes


def test_one_table_of_a_file_is_checked_against_its_contract(tmp_path: Path) -> None:
    agencies = simulate_agencies(dirty=False)
    path = write(tmp_path, "cin.xml", cin_xml(agencies))
    result = check("social_care/disability", path)
    assert result.ok
    assert len(result.table.frame) == len(agencies.disabilities)
    assert "The file also holds involvement, which was not read." in result.reading.notes
    with pytest.raises(ReadError, match="several tables: involvement, disability"):
        check("education/eyfsp", path)


def test_the_return_of_looked_after_children_is_read_episode_by_episode(agencies: Agencies, tmp_path: Path) -> None:
    (from_xml,) = read_tables(write(tmp_path, "903.xml", ssda903_xml(agencies)))
    folder = tmp_path / "csv"
    folder.mkdir()
    readings = tables_of(write_all(folder, ssda903_csvs(agencies)))
    (from_csv,) = (reading for reading in readings if reading.contract)
    assert [reading.file for reading in readings if not reading.contract] == ["Reviews.csv"]
    for reading in (from_xml, from_csv):
        found = checked(reading, "social_care/involvement")
        same_rows(found, by_type(agencies, "LAC").expected("involvements", found.columns).assign(**NEVER_IN_CENSUS))
    assert sorted(from_csv.frame.index) == list(range(2, 2 + len(from_csv.frame)))


def test_an_episode_of_a_child_without_a_header_is_a_row(tmp_path: Path) -> None:
    files = ssda903_csvs(simulate_agencies(dirty=False))
    first = files["Header.csv"].splitlines()[1]
    files["Header.csv"] = files["Header.csv"].replace(first + "\n", "")
    (reading,) = (reading for reading in tables_of(write_all(tmp_path, files)) if reading.contract)
    lone = reading.frame[reading.frame["DOB"].isna()]
    assert set(lone["PersonID"]) == {first.split(",")[0]}
    assert len(reading.frame) == files["Episodes.csv"].count("\n") - 1
    assert any("no row of Header.csv has that child; each was kept" in note for note in reading.notes)


def test_impossible_check_letters_are_reported_and_the_rest_is_read(tmp_path: Path) -> None:
    agencies = simulate_agencies(dirty=True)
    (reading,) = read_tables(write(tmp_path, "903.xml", ssda903_xml(agencies)))
    result = check_table(load_contract("social_care/involvement"), reading.frame, file=reading.file)
    impossible = reading.frame["UPN"].str[0].isin(list(IMPOSSIBLE_LETTERS))
    reported = {violation.row for violation in result.violations if violation.rule == "INVOLVEMENT-UPN-CHECK"}
    assert reported == set(reading.frame.index[impossible])
    assert len(reported) > 0
    assert len(result.bad_rows) == 0


def test_the_lists_of_annex_a_are_two_states_of_the_sen_register(agencies: Agencies, tmp_path: Path) -> None:
    path = tmp_path / "annex.xlsx"
    path.write_bytes(annex_a_xlsx(agencies, drawn_on="01/11/2026"))
    with_plan, with_support = read_tables(path)
    plans = agencies.requests[agencies.requests["PlanStartDate"].notna()].drop_duplicates("PersonID")
    known = agencies.children.set_index("PersonID")["UPN"].replace("", None)
    assert with_plan.frame["UPN"].tolist() == known.loc[plans["PersonID"]].tolist()
    assert set(with_plan.frame["SENprovision"]) == {"E"}
    assert with_plan.frame["SENtype"].tolist() == plans["SENtype"].tolist()
    n_support = len(agencies.children) - agencies.requests["PersonID"].nunique()
    assert with_support.frame["SENprovision"].tolist() == ["K"] * n_support
    assert set(with_support.frame["SENtype"]) == {"SEMH"}  # written as "g) SEMH"
    assert set(with_support.frame["StatusDate"]) == {"01/11/2026"}
    assert any("Absence" in note and "not read" in note for note in with_plan.notes)
    stacked = check("outcomes/sen_status", path)
    assert len(stacked.table.frame) == len(plans) + n_support


def test_a_list_without_a_date_says_what_to_add(tmp_path: Path) -> None:
    path = tmp_path / "annex.xlsx"
    path.write_bytes(annex_a_xlsx(simulate_agencies()))
    _, with_support = read_tables(path)
    assert with_support.frame["StatusDate"].isna().all()
    assert any("add a column StatusDate" in note for note in with_support.notes)


def test_tables_of_the_standard_safeguarding_dataset_are_joined(agencies: Agencies, tmp_path: Path) -> None:
    folder = write_all(tmp_path, ssd_csvs(agencies))
    involvement, disability, plans = tables_of(folder)
    found = checked(plans, "outcomes/ehc_plan")
    never = {"Postcode": None, "RequestSource": None, "SENsetting": None}
    same_rows(found, agencies.expected("requests", found.columns).assign(**never))
    found = checked(involvement, "social_care/involvement")
    expected = agencies.expected("involvements", found.columns).assign(Postcode=None)
    expected.loc[expected["InvolvementType"] == "LAC", "PrimaryNeed"] = None  # an episode of care states none there
    same_rows(found, expected)
    result = check_table(load_contract("social_care/disability"), disability.frame, file=disability.file)
    assert Counter(result.frame["DisabilityCode"]) == Counter(agencies.disabilities["DisabilityCode"])
    assert {violation.rule for violation in result.violations} >= {"DISABILITY-DATE-BLANK"}
    assert len(result.bad_rows) == 0


def test_files_of_several_systems_are_one_table_of_a_contract(tmp_path: Path) -> None:
    agencies = simulate_agencies(dirty=False)
    write_all(tmp_path, {"cin.xml": cin_xml(agencies), **ssda903_csvs(agencies)})
    contracts = {name: load_contract(name) for name in ("social_care/involvement", "social_care/disability")}
    tables = read_source(tmp_path, contracts).tables
    result = check_table(contracts["social_care/involvement"], tables["social_care/involvement"].frame, file="all")
    expected = by_type(agencies, "CIN", "CP", "LAC").involvements["InvolvementType"]
    assert Counter(result.frame["InvolvementType"]) == Counter(expected)
    assert len(tables["social_care/disability"].frame) == len(agencies.disabilities)


def test_an_export_in_several_files_is_checked_by_its_folder(tmp_path: Path) -> None:
    agencies = simulate_agencies(dirty=False)
    result = check("outcomes/ehc_plan", write_all(tmp_path, blade_csvs(agencies)))
    assert result.ok
    assert len(result.table.frame) == len(agencies.requests)
    (tmp_path / f"{BLADE}_person.csv").unlink()
    with pytest.raises(DataError, match=r"No table in the folder.*looks like the part requests"):
        check("outcomes/ehc_plan", tmp_path)


LAUGHS = '<!DOCTYPE Message [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("before", "inside", "what"),
    [
        (LAUGHS, "&b;", "not a table but"),
        ('<?xml version="1.0"?>' + LAUGHS, "&b;", "not a table but XML"),
        ("", "<a>" * 100_000 + "</a>" * 100_000, "deep"),
        ("", f"<Surname>{'x' * 40_000}</Surname>", "characters"),
    ],
)
def test_hostile_xml_of_a_known_format_is_refused(tmp_path: Path, before: str, inside: str, what: str) -> None:
    text = f"{before}<Message><Persons>{ONE.replace('</Person>', inside + '</Person>')}</Persons></Message>"
    with pytest.raises(ReadError, match=what):
        read_tables(write(tmp_path, "a.xml", text))
