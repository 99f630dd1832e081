"""The Common Transfer File and Excel's XML of 2003: read by what they say, hardened, and dirt reported."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from send_screen import check
from send_screen.contracts import check_table, load_contract, upn_check_letter
from send_screen.errors import ReadError
from send_screen.readers import Reading, read_table, read_tables
from send_screen.readers._xml import parse_xml

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<CTfile><Header><DocumentName>Common Transfer File</DocumentName><CTFversion>25.0</CTFversion>
<SourceSchool><LEA>000</LEA><Estab>1132</Estab><AcademicYear>2025</AcademicYear></SourceSchool></Header>
<CTFpupilData>"""
TAIL = "</CTFpupilData></CTfile>"
AUTUMN = HEAD.replace("<CTFversion>", "<DateTime>2026-11-02T10:00:00</DateTime><CTFversion>").replace("2025<", "2026<")
PROFILE, CENSUS, ATTENDANCE = "education/eyfsp", "education/pupil_census", "education/attendance"
FSM = "<FSMhistory><FSMinstance><FSMstartDate>2025-09-01</FSMstartDate></FSMinstance></FSMhistory>"


def upn(number: int) -> str:
    body = f"000113225{number:03d}"
    return upn_check_letter(body) + body


def result(component: str, value: str, year: int = 2026, date: str = "2026-06-30", method: str = "FA") -> str:
    return (
        f"<StageAssessment><Locale>ENG</Locale><Subject>COM</Subject><Method>{method}</Method><Component>{component}</Component>"
        f"<ResultStatus>R</ResultStatus><ResultQualifier>FD</ResultQualifier><Result>{value}</Result>"
        f"<ResultDate>{date}</ResultDate><Year>{year}</Year></StageAssessment>"
    )


def pupil(number: int, *, sex: str = "<Sex>F</Sex>", goals: str | None = None, more: str = "") -> str:
    goals = "".join(result(f"E{goal:02d}", "2") for goal in range(1, 18)) if goals is None else goals
    return (
        f"<Pupil><UPN>{upn(number)}</UPN><Surname>Blorb</Surname><Forename>Zib</Forename><DOB>2021-03-25</DOB>{sex}"
        "<BasicDetails><NCyearActual>R</NCyearActual><Ethnicity>WBRI</Ethnicity><Languages><Type><LanguageType>S</LanguageType>"
        "<Language>PNJ</Language></Type><Type><LanguageType>F</LanguageType><Language>ENG</Language></Type></Languages></BasicDetails>"
        "<SENhistory><SEN><StartDate>2026-01-10</StartDate><SENprovision>K</SENprovision></SEN><SEN><StartDate>2025-09-01</StartDate>"
        "<SENprovision>N</SENprovision></SEN></SENhistory><Attendance><YearData><Year>2025</Year>"
        "<SessionsPossible>380</SessionsPossible><SessionsAuthorised>4</SessionsAuthorised><SessionsAttended>370</SessionsAttended>"
        "<SessionsUnauthorised>6</SessionsUnauthorised></YearData></Attendance><StageAssessments><KeyStage><Stage>EYF</Stage>"
        f"{goals}</KeyStage></StageAssessments>{more}</Pupil>"
    )


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def tables(path: Path) -> dict[str, Reading]:
    return {reading.contract or "": reading for reading in read_tables(path)}


def read(tmp_path: Path, *pupils: str, contract: str, head: str = HEAD) -> pd.DataFrame:
    """Return the table of a contract in a file with these pupils, under the contract's names."""
    reading = tables(write(tmp_path / "a.xml", head + "".join(pupils) + TAIL))[contract]
    return check_table(load_contract(contract), reading.frame, file="ctf.xml").frame


def test_a_common_transfer_file_keeps_the_contracts(tmp_path: Path) -> None:
    old = pupil(2, sex="<Gender>M</Gender>")  # as up to version 23
    found = tables(write(tmp_path / "0001132_CTF_0002001001.XML", HEAD + pupil(1, more=FSM) + old + TAIL))
    assert set(found) == {PROFILE, CENSUS}
    for contract, reading in found.items():
        assert reading.frame["UPN"].tolist() == [upn(1), upn(2)]
        assert reading.frame.index.tolist() == [2, 3]
        assert check_table(load_contract(contract), reading.frame, file="ctf.xml").violations == ()
    profile = check_table(load_contract(PROFILE), found[PROFILE].frame, file="ctf.xml")
    assert set(profile.frame["AcademicYear"]) == {"2025/26"}
    census = check_table(load_contract(CENSUS), found[CENSUS].frame, file="ctf.xml").frame
    assert census["Sex"].tolist() == ["F", "M"]
    assert set(census["School"]) == {"0001132"}
    assert set(census["Language"]) == {"ENG"}
    assert set(census["SENprovision"]) == {"K"}
    assert set(census["SessionsAbsent"]) == {10.0}
    assert set(census["AcademicYear"]) == {"2025/26"}


UTF16 = HEAD.replace('encoding="utf-8"', 'encoding="utf-16"')


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (UTF16, "utf-16"),
        ("\ufeff" + UTF16, "utf-16-be"),
        (UTF16, "utf-16-le"),  # without a byte-order mark
        (HEAD, "utf-16"),  # the declaration says UTF-8
        (HEAD.partition("\n")[2], "utf-16"),  # no declaration
        (UTF16, "utf-8"),  # the declaration says UTF-16
        (UTF16, "utf-8-sig"),
        (HEAD.replace("utf-8", "iso-8859-1"), "iso-8859-1"),
    ],
)
def test_a_transfer_file_is_read_in_the_encoding_that_its_bytes_have(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.xml"
    content = (text + pupil(1).replace("Zib", "Zoë") + TAIL).encode(encoding)
    path.write_bytes(content)
    reading = tables(path)[CENSUS]
    assert reading.frame["Forename"].tolist() == ["Zoë"]
    assert reading.sha256 == hashlib.sha256(content).hexdigest()


def test_utf_16_that_breaks_off_is_one_message(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes((UTF16 + pupil(1) + TAIL).encode("utf-16")[:-1])
    with pytest.raises(ReadError, match="begins in UTF-16"):
        read_table(path)


def test_a_file_is_screened_by_the_contract_that_is_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xml", HEAD + pupil(1) + TAIL)
    assert read_table(path, contract=PROFILE).frame["E01"].tolist() == ["2"]
    assert "E01" not in read_table(path, contract=CENSUS).frame
    with pytest.raises(ReadError, match="several tables: eyfsp, pupil_census"):
        read_table(path)
    assert check(PROFILE, path).ok
    assert check(CENSUS, path).table.frame["UPN"].tolist() == [upn(1)]


def test_the_newest_result_of_a_goal_is_read_and_no_other_assessment(tmp_path: Path) -> None:
    goals = (
        result("E01", "2", date="2026-06-30")
        + result("E01", "1", date="2025-10-01")
        + result("E02", "1", method="TA")
        + result("CHK", "32")
    )
    reading = tables(write(tmp_path / "a.xml", HEAD + pupil(1, goals=goals) + TAIL))[PROFILE]
    assert reading.frame["E01"].tolist() == ["2"]
    assert reading.frame["E02"].tolist() == [None]
    assert "CHK" not in reading.frame
    assert "Earlier results of the same assessment and year are left out: 1." in reading.notes


def test_results_of_one_goal_that_contradict_each_other_are_not_known(tmp_path: Path) -> None:
    goals = (
        result("E01", "2", date="") + result("E01", "1", date=""),  # without dates
        result("E01", "2") + result("E01", "1"),  # of one date
        result("E01", "2") + result("E01", "1", date=""),  # which is newer is not known
        result("E01", "2") + result("E01", "2") + result("E01", "1", date="2025-10-01"),
    )
    pupils = (pupil(number, goals=each + result("E02", "2")) for number, each in enumerate(goals))
    reading = tables(write(tmp_path / "a.xml", HEAD + "".join(pupils) + TAIL))[PROFILE]
    assert reading.frame["E01"].tolist() == [None, None, None, "2"]
    assert reading.frame["E02"].tolist() == ["2"] * 4
    told = "Records whose E01 is not known, since results of one date, or without one, contradict each other: 3."
    assert told in reading.notes
    assert "Earlier results of the same assessment and year are left out: 1." in reading.notes


def test_results_of_another_status_are_counted_and_named(tmp_path: Path) -> None:
    provisional = result("E01", "2").replace("<ResultStatus>R", "<ResultStatus>P")
    without = result("E02", "2").replace("<ResultStatus>R</ResultStatus>", "")
    goals = provisional + without + result("E03", "2")
    reading = tables(write(tmp_path / "a.xml", HEAD + pupil(1, goals=goals) + TAIL))[PROFILE]
    assert reading.frame[["E01", "E02", "E03"]].to_numpy().tolist() == [[None, None, "2"]]
    assert "Results whose ResultStatus is P and not R are left out: 1." in reading.notes
    assert "Results whose ResultStatus is nothing and not R are left out: 1." in reading.notes


def test_a_result_without_a_year_is_not_known_and_said_to_have_none(tmp_path: Path) -> None:
    goals = result("E01", "2").replace("<Year>2026</Year>", "") + result("E02", "2")
    reading = tables(write(tmp_path / "a.xml", HEAD + pupil(1, goals=goals) + TAIL))[PROFILE]
    assert reading.frame[["E01", "E02", "AcademicYear"]].to_numpy().tolist() == [[None, "2", "2025/26"]]
    assert "Results without a year that can be read are left out, beside others that have one: 1." in reading.notes
    assert not any("earlier years" in note for note in reading.notes)


def test_results_of_two_years_are_not_mixed(tmp_path: Path) -> None:
    goals = result("E01", "1", year=2025, date="2025-06-30") + result("E02", "1", year=2025, date="2025-06-30")
    reading = tables(write(tmp_path / "a.xml", HEAD + pupil(1, goals=goals + result("E01", "2")) + TAIL))[PROFILE]
    assert reading.frame[["E01", "E02", "AcademicYear"]].to_numpy().tolist() == [["2", None, "2025/26"]]
    assert "Results of earlier years than the newest are left out: 2." in reading.notes


def test_old_goals_keep_their_codes_and_their_year(tmp_path: Path) -> None:
    goals = "".join(result(f"G{goal:02d}", "3", year=2019, date="2019-06-30") for goal in range(1, 18))
    found = tables(write(tmp_path / "a.xml", HEAD + pupil(1, goals=goals) + TAIL))
    assert set(found) == {"education/eyfsp_2012", CENSUS}
    frame = found["education/eyfsp_2012"].frame
    assert check_table(load_contract("education/eyfsp_2012"), frame, file="ctf.xml").violations == ()
    assert set(frame["AcademicYear"]) == {"2018/19"}


def phonics(year: int, outcome: str, mark: str) -> str:
    date = f"{year}-06-12"
    parts = (("NY", outcome), ("NM", mark))
    return "".join(
        result("CHK", value, year=year, date=date, method="TT")
        .replace("<Subject>COM", "<Subject>PHO")
        .replace("<ResultQualifier>FD", f"<ResultQualifier>{qualifier}")
        for qualifier, value in parts
        if value
    )


def with_phonics(number: int, *checks: str) -> str:
    stage = f"<KeyStage><Stage>KS1</Stage>{''.join(checks)}</KeyStage>"
    return pupil(number).replace("</StageAssessments>", f"{stage}</StageAssessments>")


def test_the_two_results_of_a_phonics_check_are_one_row_of_its_year(tmp_path: Path) -> None:
    pupils = (
        with_phonics(1, phonics(2025, "WT", "28"), phonics(2026, "WA", "39")),
        with_phonics(2, phonics(2026, "A", "")),
    )
    frame = read(tmp_path, *pupils, pupil(3), contract="education/phonics")
    assert frame[["UPN", "AcademicYear", "PhonicsOutcome"]].to_numpy().tolist() == [
        [upn(1), "2024/25", "WT"],
        [upn(1), "2025/26", "WA"],
        [upn(2), "2025/26", "A"],
    ]
    assert frame["PhonicsMark"].fillna(-1).tolist() == [28, 39, -1]
    reading = tables(tmp_path / "a.xml")["education/phonics"]
    assert reading.frame.index.tolist() == [11, 12, 21]
    assert "Of 3 records 1 have nothing of it, and no row in phonics." in reading.notes


def test_dirt_between_the_elements_and_a_second_declaration_are_passed_over(tmp_path: Path) -> None:
    declaration, _, rest = HEAD.partition("\n")
    dirty = f"{declaration}\n{declaration}\n{rest}stray " + pupil(1) + " text" + pupil(2) + TAIL
    reading = tables(write(tmp_path / "a.xml", dirty))[CENSUS]
    assert len(reading.frame) == 2
    assert any("more than once" in note for note in reading.notes)


def test_what_a_pupil_lacks_is_blank_and_the_pupil_is_read(tmp_path: Path) -> None:
    bare = f"<Pupil><UPN>{upn(2)}</UPN></Pupil>"
    found = tables(write(tmp_path / "a.xml", HEAD + pupil(1) + bare + TAIL))
    assert found[CENSUS].frame["UPN"].tolist() == [upn(1), upn(2)]
    assert found[CENSUS].frame["Language"].tolist() == ["ENG", None]
    assert found[PROFILE].frame["UPN"].tolist() == [upn(1)]
    assert "Of 2 records 1 have nothing of it, and no row in eyfsp." in found[PROFILE].notes


def history(*instances: tuple[str, str | None]) -> str:
    parts = (
        f"<FSMinstance><FSMstartDate>{start}</FSMstartDate>{f'<FSMendDate>{end}</FSMendDate>' if end else ''}"
        "<UKcountry>ENG</UKcountry></FSMinstance>"
        for start, end in instances
    )
    return f"<FSMhistory><FSMreviewDate>2026-09-30</FSMreviewDate>{''.join(parts)}</FSMhistory>"


@pytest.mark.parametrize(
    ("fsm", "eligible"),
    [
        (history(("2024-09-01", None)), "true"),
        (history(("2024-09-01", "2025-07-31")), "false"),
        (history(("2024-09-01", "2025-07-31"), ("2026-01-05", None)), "true"),
        (history(("2026-09-01", None)), "false"),  # after the year of the profile
        (history(("2025-09-01", "2026-07-31")), "true"),
        (history(), "false"),
    ],
)
def test_free_meals_follow_from_dates_at_the_end_of_the_year(tmp_path: Path, fsm: str, eligible: str) -> None:
    frame = read(
        tmp_path, pupil(1, more=fsm), pupil(2, more=history(("2020-01-01", None))), contract=CENSUS, head=AUTUMN
    )
    assert frame["FSMeligible"].tolist() == [eligible, "true"]


def test_free_meals_in_the_running_year_are_those_of_the_day_of_the_file(tmp_path: Path) -> None:
    head = HEAD.replace("<CTFversion>", "<DateTime>2026-02-01T10:00:00</DateTime><CTFversion>")
    spells = history(("2025-09-01", "2026-02-20")), history(("2026-02-20", None))
    frame = read(tmp_path, *(pupil(n, more=fsm) for n, fsm in enumerate(spells)), contract=CENSUS, head=head)
    assert frame["FSMeligible"].tolist() == ["true", "false"]


def test_a_pupil_without_a_history_is_not_eligible_only_where_others_have_one(tmp_path: Path) -> None:
    frame = read(tmp_path, pupil(1, more=history(("2025-01-01", None))), pupil(2), contract=CENSUS)
    assert frame["FSMeligible"].tolist() == ["true", "false"]
    notes = tables(tmp_path / "a.xml")[CENSUS].notes
    assert any(
        "without FSMhistory/FSMinstance, which others have, were taken as FSMeligible false: 1." in n for n in notes
    )
    assert read(tmp_path, pupil(1), pupil(2), contract=CENSUS)["FSMeligible"].tolist() == [None, None]


@pytest.mark.parametrize(
    ("spells", "eligible"),
    [
        ((("soon", None), ("2025-01-01", None)), "true"),  # eligible whatever the other date is
        ((("2025-09-31", None),), None),
        ((("2025-09-31", None), ("2020-01-01", "2021-01-01")), None),
        ((("2025-09-31", "2025-10-31"),), "false"),  # has ended whenever it began
        ((("2024-09-01", "2026-02-30"),), None),
    ],
)
def test_free_meals_that_depend_on_a_date_that_cannot_be_read_are_not_known(
    tmp_path: Path, spells: tuple[tuple[str, str | None], ...], eligible: str | None
) -> None:
    frame = read(tmp_path, pupil(1, more=history(*spells)), contract=CENSUS)
    assert frame["FSMeligible"].tolist() == [eligible]
    notes = tables(tmp_path / "a.xml")[CENSUS].notes
    assert "FSMhistory/FSMinstance with a date that could not be read: 1." in notes
    assert any("Records whose FSMeligible is not known" in note for note in notes) == (eligible is None)


def with_support(number: int, *spells: tuple[str, str]) -> str:
    before, _, rest = pupil(number).partition("<SENhistory>")
    parts = (f"<SEN><StartDate>{start}</StartDate><SENprovision>{code}</SENprovision></SEN>" for start, code in spells)
    return f"{before}<SENhistory>{''.join(parts)}{rest[rest.index('</SENhistory>') :]}"


def test_support_whose_start_cannot_be_read_is_not_known_rather_than_none(tmp_path: Path) -> None:
    impossible = with_support(1, ("2025-09-31", "K"))
    beside_none = with_support(2, ("2024-09-01", "N"), ("2025-09-31", "K"))
    beside_support = with_support(3, ("2024-09-01", "K"), ("2025-09-31", "K"))
    none_either_way = with_support(4, ("2025-09-31", "N"))
    frame = read(tmp_path, impossible, beside_none, beside_support, none_either_way, contract=CENSUS)
    assert frame["SENprovision"].tolist() == [None, None, "K", "N"]
    notes = tables(tmp_path / "a.xml")[CENSUS].notes
    assert "Records whose SENprovision is not known, since a date of SENhistory/SEN could not be read: 2." in notes
    assert "SENhistory/SEN with a date that could not be read: 4." in notes


def test_support_that_has_ended_is_no_support_now(tmp_path: Path) -> None:
    ended = pupil(1).replace(
        "<StartDate>2026-01-10</StartDate>", "<StartDate>2026-01-10</StartDate><EndDate>2026-05-01</EndDate>"
    )
    started_later = pupil(2).replace("<StartDate>2026-01-10</StartDate>", "<StartDate>2026-12-10</StartDate>")
    frame = read(tmp_path, ended.replace("2025-09-01", "2024-09-01"), started_later, contract=CENSUS, head=AUTUMN)
    assert frame["SENprovision"].tolist() == ["N", "N"]


def attendance(*years: tuple[int, int, int]) -> str:
    parts = (
        f"<YearData><Year>{year}</Year><SessionsPossible>{possible}</SessionsPossible><SessionsAuthorised>{absent}"
        f"</SessionsAuthorised><SessionsUnauthorised>0</SessionsUnauthorised></YearData>"
        for year, possible, absent in years
    )
    return f"<Attendance>{''.join(parts)}</Attendance>"


def with_attendance(number: int, *years: tuple[int, int, int]) -> str:
    before, _, rest = pupil(number).partition("<Attendance>")
    return before + attendance(*years) + rest.partition("</Attendance>")[2]


def test_attendance_is_that_of_the_profiles_year(tmp_path: Path) -> None:
    pupils = (
        with_attendance(1, (2024, 300, 1), (2025, 380, 20), (2026, 100, 3)),
        with_attendance(2, (2026, 100, 3)),
        with_attendance(3, (2025, 100, 5), (2025, 250, 7)),  # in two schools
    )
    frame = read(tmp_path, *pupils, contract=CENSUS, head=AUTUMN)
    assert frame["AcademicYear"].tolist() == ["2025/26"] * 3
    assert frame["SessionsPossible"].fillna(-1).tolist() == [380, -1, 350]
    assert frame["SessionsAbsent"].fillna(-1).tolist() == [20, -1, 12]
    notes = tables(tmp_path / "a.xml")[CENSUS].notes
    assert "Attendance/YearData of other academic years than that of the row are left out: 3." in notes
    assert any("whose numbers were added: 1" in note for note in notes)


def year_data(**numbers: int) -> str:
    return f"<YearData><Year>2025</Year>{''.join(f'<{name}>{n}</{name}>' for name, n in numbers.items())}</YearData>"


def test_absence_in_two_schools_is_derived_in_each_and_added_only_where_both_say_it(tmp_path: Path) -> None:
    by_reason = year_data(SessionsPossible=200, SessionsAuthorised=10, SessionsUnauthorised=2)
    by_attendance = year_data(SessionsPossible=180, SessionsAttended=100)
    no_absence = year_data(SessionsPossible=180)
    first, _, rest = pupil(1).partition("<Attendance>")
    rest = rest.partition("</Attendance>")[2]
    pupils = (f"{first}<Attendance>{by_reason}{other}</Attendance>{rest}" for other in (by_attendance, no_absence))
    frame = read(tmp_path, *pupils, contract=CENSUS)
    names = ["SessionsPossible", "SessionsAbsent", "SessionsAuthorised", "SessionsAttended"]
    assert frame[names].fillna(-1).to_numpy().tolist() == [[380, 92, -1, -1], [380, -1, -1, -1]]
    notes = tables(tmp_path / "a.xml")[CENSUS].notes
    told = "Records with several Attendance/YearData of one year that do not each give {}, which is not known: {}."
    assert told.format("SessionsAbsent", 1) in notes
    assert told.format("SessionsAuthorised", 2) in notes


def with_marks(number: int, *marks: tuple[str, str]) -> str:
    parts = (
        f"<AttendSessions><AttendanceStartDate>{start}</AttendanceStartDate><AttendanceMarks>{text}</AttendanceMarks>"
        "</AttendSessions>"
        for start, text in marks
    )
    return pupil(number).replace("</YearData>", "".join(parts) + "</YearData>")


def sessions(tmp_path: Path, *pupils: str) -> list[tuple[object, ...]]:
    reading = tables(write(tmp_path / "a.xml", HEAD + "".join(pupils) + TAIL))[ATTENDANCE]
    names = ["UPN", "AcademicYear", "Term", "SessionCode", "Sessions"]
    return list(reading.frame[names].itertuples(index=False, name=None))


def test_marks_of_a_register_are_counted_by_term_and_code(tmp_path: Path) -> None:
    week = "/\\" * 4 + "IC2####"  # Monday to Friday, and a weekend
    found = sessions(tmp_path, with_marks(1, ("2025-12-29", week)), with_marks(2, ("2026-07-30", "/\\##")), pupil(3))
    assert found == [
        (upn(1), "2025/26", "AUT", "/", "3"),
        (upn(1), "2025/26", "AUT", "\\", "3"),
        (upn(1), "2025/26", "SPR", "/", "1"),
        (upn(1), "2025/26", "SPR", "\\", "1"),
        (upn(1), "2025/26", "SPR", "I", "1"),
        (upn(1), "2025/26", "SPR", "C2", "1"),
        (upn(1), "2025/26", "SPR", "#", "4"),
        (upn(2), "2025/26", "SUM", "/", "1"),
        (upn(2), "2025/26", "SUM", "\\", "1"),
        (upn(2), "2025/26", "SUM", "#", "2"),
    ]
    reading = tables(tmp_path / "a.xml")[ATTENDANCE]
    assert check_table(load_contract(ATTENDANCE), reading.frame, file="ctf.xml").violations == ()
    assert "Of 3 records 1 have nothing of it, and no row in attendance." in reading.notes


def test_a_session_that_two_schools_marked_is_one_session(tmp_path: Path) -> None:
    found = sessions(tmp_path, with_marks(1, ("2025-09-01", "/\\//"), ("2025-09-02", "##D\\")))
    counts = {code: n for *_, code, n in found}
    assert counts == {"/": "3", "\\": "2", "D": "1"}
    notes = tables(tmp_path / "a.xml")[ATTENDANCE].notes
    assert not any("more than one code" in note for note in notes)
    sessions(tmp_path, with_marks(1, ("2025-09-01", "/\\"), ("2025-09-01", "I\\")))
    notes = tables(tmp_path / "a.xml")[ATTENDANCE].notes
    assert any("more than one code, counted under each: 1." in note for note in notes)


@pytest.mark.parametrize(
    ("start", "marks", "what"),
    [
        ("2025-09-31", "/\\/\\", "a date that could not be read"),
        ("9999-12-31", "/\\/\\", "a date that could not be read"),
        ("2025-09-05", "/\\/\\", "marks on a Saturday or Sunday"),
    ],
)
def test_marks_whose_days_are_not_known_have_no_term_and_are_kept(
    tmp_path: Path, start: str, marks: str, what: str
) -> None:
    found = sessions(tmp_path, with_marks(1, (start, marks)))
    assert [row[2:] for row in found] == [(None, "/", "2"), (None, "\\", "2")]
    assert any(what in note for note in tables(tmp_path / "a.xml")[ATTENDANCE].notes)


def test_without_a_profile_the_year_is_that_of_the_file(tmp_path: Path) -> None:
    frame = read(tmp_path, with_attendance(1, (2025, 380, 20), (2026, 100, 3)).replace("EYF", "KS2"), contract=CENSUS)
    assert frame["AcademicYear"].tolist() == ["2025/26"]
    assert frame["SessionsAbsent"].tolist() == [20]


@pytest.mark.parametrize("year", ["0000", "9999", "20", "١٩٩٩", "2026/27"])
def test_a_year_that_is_none_is_reported_and_not_guessed(tmp_path: Path, year: str) -> None:
    head = HEAD.replace("<AcademicYear>2025", f"<AcademicYear>{year}")
    goal = result("E01", "2").replace("<Year>2026", f"<Year>{year}")
    found = tables(write(tmp_path / "a.xml", head + pupil(1, goals=goal, more=FSM) + TAIL))
    for contract, rule in ((PROFILE, "EYFSP-YEAR-BLANK"), (CENSUS, "CENSUS-YEAR-BLANK")):
        checked = check_table(load_contract(contract), found[contract].frame, file="ctf.xml")
        assert rule in [violation.rule for violation in checked.violations]


def test_numbers_of_thousands_of_digits_are_not_added(tmp_path: Path) -> None:
    frame = read(tmp_path, with_attendance(1, (2025, 10**4299, 1), (2025, 100, 2)), contract=CENSUS)
    assert frame[["SessionsPossible", "SessionsAbsent"]].fillna(-1).to_numpy().tolist() == [[-1.0, 3.0]]


def test_a_former_number_and_a_postcode_are_read(tmp_path: Path) -> None:
    more = "<Address><AddressLines/><PostCode>ZZ99 3VZ</PostCode></Address>"
    changed = pupil(1, more=more).replace("<BasicDetails>", f"<BasicDetails><FormerUPN>{upn(9)}</FormerUPN>")
    frame = read(tmp_path, changed, contract=CENSUS)
    assert frame[["FormerUPN", "Postcode"]].to_numpy().tolist() == [[upn(9), "ZZ99 3VZ"]]
    assert read(tmp_path, changed, contract=PROFILE)["FormerUPN"].tolist() == [upn(9)]


def test_dirt_of_real_files_is_reported_under_its_rule(tmp_path: Path) -> None:
    """Codes of no list, a UPN without a valid letter, authority and school in letters, no first language."""
    dirty = (
        pupil(1)
        .replace("<Ethnicity>WBRI", "<Ethnicity>SYN-A")
        .replace("<Language>ENG", "<Language>SYN-EN")
        .replace(upn(1), "Z900000000001")
    )
    silent = pupil(2).replace("<LanguageType>F", "<LanguageType>S")
    head = HEAD.replace("<LEA>000</LEA><Estab>1132</Estab>", "<LEA>XXX</LEA><Estab>XXXX</Estab>")
    reading = tables(write(tmp_path / "a.xml", head + dirty + silent + TAIL))[CENSUS]
    found = {(v.row, v.rule) for v in check_table(load_contract(CENSUS), reading.frame, file="ctf.xml").violations}
    assert found == {
        (2, "CENSUS-UPN-CHECK"),
        (2, "CENSUS-ETHNICITY-CODE"),
        (2, "CENSUS-LANGUAGE-CODE"),
        (3, "CENSUS-LANGUAGE-BLANK"),
        *((row, rule) for row in (2, 3) for rule in (
            "CENSUS-LA-NUMBER", "CENSUS-ESTAB-NUMBER", "CENSUS-SCHOOL-NUMBER", "CENSUS-FSM-BLANK")),
    }  # fmt: skip


def test_a_partial_file_says_what_it_does_not_give(tmp_path: Path) -> None:
    stage = f"<KeyStage><Stage>EYF</Stage>{result('E01', '2')}</KeyStage>"
    bare = f"<Pupil><UPN>{upn(1)}</UPN><StageAssessments>{stage}</StageAssessments></Pupil>"
    reading = tables(write(tmp_path / "a.xml", HEAD + bare + TAIL))[CENSUS]
    (note,) = [note for note in reading.notes if note.startswith("Nothing in the file gives")]
    assert all(name in note for name in ("FSMeligible", "SENprovision", "Language", "Ethnicity", "SessionsPossible"))


LAUGHS = '<!DOCTYPE CTfile [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("doctype", [LAUGHS, '<!DOCTYPE CTfile SYSTEM "file:///etc/passwd">'])
def test_a_document_type_is_refused_whoever_asks(tmp_path: Path, doctype: str) -> None:
    text = HEAD.replace("<CTfile>", doctype + "<CTfile>") + pupil(1, more="<A>&b;</A>") + TAIL
    with pytest.raises(ReadError, match="document type"):
        parse_xml(text.encode(), "a.xml", "CTFpupilData/Pupil", lambda record, root: None)
    with pytest.raises(ReadError, match="not a table but XML"):
        read_table(write(tmp_path / "a.xml", text))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (HEAD + pupil(1), "not well formed"),
        (HEAD + pupil(1, more="<a>" * 60 + "</a>" * 60) + TAIL, "deep"),
        (HEAD + pupil(1, more=f"<a>{'x' * 40_000}</a>") + TAIL, "characters"),
        (HEAD + TAIL, "no rows"),
        ("<?xml version='1.0'?><CTfile CTFversion='25'><Pupils><Pupil/></Pupils></CTfile>", "not a table but XML"),
        ("<ATfile><ATFpupilData><Pupil/></ATFpupilData></ATfile>", "not a table but XML"),
        (
            "<SchoolDataMLwithSpecials xmlns='dfes'><PupilIdentifiers/></SchoolDataMLwithSpecials>",
            "not a table but XML",
        ),
        ("<?xml version='1.0'?><SchoolData><Pupil/></SchoolData>", "not a table but XML"),
    ],
)
def test_what_is_not_read_is_said_in_one_message(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(ReadError, match=what) as caught:
        read_table(write(tmp_path / "a.xml", text))
    assert "Blorb" not in str(caught.value)


def spreadsheet(*rows: str) -> str:
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook '
        'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        '<Worksheet ss:Name="Sheet1"><Table>' + "".join(rows) + "</Table></Worksheet></Workbook>"
    )


def row(*cells: str) -> str:
    return "<Row>" + "".join(f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in cells) + "</Row>"


def test_excels_xml_of_2003(tmp_path: Path) -> None:
    gap = (
        '<Row ss:Index="4"><Cell><Data ss:Type="Number">7.0</Data></Cell><Cell ss:Index="3"><Data>x</Data></Cell></Row>'
    )
    text = spreadsheet(row("UPN", "Surname", "Class"), row("A1", "O&apos;Neill", "RA"), gap)
    frame = read_table(write(tmp_path / "a.xls", text)).frame
    assert frame.to_numpy().tolist() == [["A1", "O'Neill", "RA"], ["7", None, "x"]]
    assert frame.index.tolist() == [2, 4]


ROWS = spreadsheet(row("UPN", "E01"), row("A1", "1"), row("A2", "2"), row("A3", "1"))


@pytest.mark.parametrize(
    ("text", "lost", "what"),
    [
        (ROWS, '</Data></Cell></Row><Row><Cell><Data ss:Type="String">', "row 2: The row has 3 cells and the header 2"),
        (ROWS, '</Cell><Cell>', "row 2: A cell holds two values"),
        (HEAD + pupil(1) + pupil(2) + TAIL, "</Pupil><Pupil>", "Pupil 1 holds more than one UPN"),
    ],
)  # fmt: skip
def test_a_row_that_damage_joined_to_the_next_is_not_lost_in_silence(
    tmp_path: Path, text: str, lost: str, what: str
) -> None:
    place = text.index(lost, max(0, text.find("A1<")))
    with pytest.raises(ReadError, match=what):
        read_table(write(tmp_path / "a.xml", text[:place] + text[place + len(lost) :]))
