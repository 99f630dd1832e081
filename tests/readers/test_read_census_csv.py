"""Census files with a header record, and attendance in columns: read by names, no child lost, or one message."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from send_screen.cohorts._source import read_source
from send_screen.contracts import check_table, load_contract, upn_check_letter
from send_screen.errors import ReadError
from send_screen.readers import read_table, read_tables
from send_screen.workflows import check

RECORD = "H,EYC,SPR,2026,2026-01-22,L,000,Supplier,,001,2026-01-22T10:36:42\n"
ATTENDANCE, CENSUS, SETTING = "education/attendance", "education/pupil_census", "early_years/setting"


def upn(number: int) -> str:
    body = f"000113225{number:03d}"
    return upn_check_letter(body) + body


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


CHILDREN = f"""PersonID,UPN,DOB,Sex,Setting,FundedHours,HoursAtSetting,SENprovision
1,{upn(1)},2022-03-01,F,EY123456,15,20,N
2,,2022-04-01,M,EY123456,15,15,K
"""


def test_an_early_years_census_with_its_header_record_keeps_the_contract(tmp_path: Path) -> None:
    result = check(SETTING, write(tmp_path / "a.csv", RECORD + CHILDREN))
    assert result.ok
    assert set(result.table.frame["CensusDate"].dt.strftime("%Y-%m-%d")) == {"2026-01-22"}
    assert result.table.frame.index.tolist() == [3, 4]  # as a spreadsheet counts
    (note,) = (note for note in result.reading.notes if "header record" in note)
    assert note.endswith("gives AcademicYear 2025/26, CensusDate 2026-01-22, LA 000.")


def test_what_the_table_says_itself_is_not_replaced(tmp_path: Path) -> None:
    table = CHILDREN.replace("PersonID", "Headcount Date,PersonID").replace("\n1,", "\n2026-01-15,1,")
    frame = read_table(write(tmp_path / "a.csv", RECORD + table.replace("\n2,", "\n2026-01-15,2,"))).frame
    assert "CensusDate" not in frame
    assert set(frame["Headcount Date"]) == {"2026-01-15"}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (RECORD + f"P,{upn(1)},Blorb,2022-03-01,F\nP,{upn(2)},Blorb,2022-04-01,M\n", "row 2: .*no names of columns"),
        (RECORD + "1,2,3,4\n5,6,7,8\n", "row 2: .*no names of columns"),
        (RECORD + CHILDREN.partition("\n")[0], "no rows"),
        (RECORD, "empty"),
    ],
)
def test_a_census_without_names_of_columns_is_refused_in_one_message(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(ReadError, match=what) as caught:
        read_table(write(tmp_path / "a.csv", text))
    assert "Blorb" not in str(caught.value)


def test_a_first_column_that_is_called_h_is_no_header_record(tmp_path: Path) -> None:
    frame = read_table(write(tmp_path / "a.csv", f"H,UPN,Surname\n1,{upn(1)},Blorb\n")).frame
    assert list(frame.columns) == ["H", "UPN", "Surname"]


CODES = ["/", "\\", "B", "C", "E", "I", "M", "O", "U"]


def wide(prefix: str = "") -> str:
    head = ",".join(["UPN", "Surname", "AcademicYear", "Term", "TermlySessionsPossible", *(prefix + c for c in CODES)])
    rows = [
        f"{upn(1)},Blorb,2025/26,AUT,120,58,57,,0,0,4,1,,0",
        f"{upn(2)},Blorb,2025/26,AUT,120,60,60,0,0,0,0,0,0,0",
        f"{upn(3)},Blorb,2025/26,AUT,0,0,0,0,0,0,0,0,0,0",
        f"{upn(4)},Blorb,2025/26,AUT,,,,,,,,,,",
    ]
    return "\n".join([head, *rows]) + "\n"


@pytest.mark.parametrize("prefix", ["", "T_Reason_", "attendancereason "])
def test_a_column_for_each_code_becomes_a_row_for_each_code(tmp_path: Path, prefix: str) -> None:
    result = check(ATTENDANCE, write(tmp_path / "a.csv", wide(prefix)))
    frame = result.table.frame
    found = list(frame[["UPN", "SessionCode", "Sessions"]].fillna(-1).itertuples(index=False, name=None))
    assert found == [
        (upn(1), "/", 58), (upn(1), "\\", 57), (upn(1), "I", 4), (upn(1), "M", 1),
        (upn(2), "/", 60), (upn(2), "\\", 60),
        (upn(3), "/", 0),
        (upn(4), "/", -1),
    ]  # fmt: skip
    assert set(frame["Term"]) == {"AUT"}
    assert frame.index.tolist() == [21, 22, 23, 24, 31, 32, 41, 51]
    (blank,) = result.table.violations
    assert (blank.rule, blank.row) == ("ATTEND-SESSIONS-BLANK", 51)


def test_a_table_of_codes_is_a_table_of_pupils_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", wide())
    plain, made = read_tables(path)
    assert (plain.contract, made.contract) == (None, ATTENDANCE)
    assert read_table(path).frame.equals(plain.frame)
    assert read_table(path, contract=CENSUS).frame.equals(plain.frame)
    both = {name: load_contract(name) for name in (ATTENDANCE, "education/eyfsp")}
    assert list(read_source(tmp_path, both).tables) == [ATTENDANCE]
    without = {name: load_contract(name) for name in (CENSUS, "education/eyfsp")}
    assert read_source(path, without).tables[CENSUS].frame.equals(plain.frame)


@pytest.mark.parametrize("header", ["{day:%d/%m/%Y} {half}", "{half} {day:%Y-%m-%d}", "{day:%a %d/%m/%Y} ({half})"])
def test_a_column_for_each_session_is_counted_by_term_and_code(tmp_path: Path, header: str) -> None:
    days = [dt.date(2025, 12, 18), dt.date(2025, 12, 19), dt.date(2026, 1, 5)]
    sessions = [header.format(day=day, half=half) for day in days for half in ("AM", "PM")]
    rows = [f"{upn(1)},/,\\,/,\\,I,\\", f"{upn(2)},,,,,,", f"{upn(3)},/,\\,/,\\,/,\\"]
    path = write(tmp_path / "a.csv", "\n".join([",".join(["UPN", *sessions]), *rows]) + "\n")
    frame = read_table(path, contract=ATTENDANCE).frame
    names = ["UPN", "AcademicYear", "Term", "SessionCode", "Sessions"]
    assert list(frame[names].itertuples(index=False, name=None)) == [
        (upn(1), "2025/26", "AUT", "/", "2"),
        (upn(1), "2025/26", "AUT", "\\", "2"),
        (upn(1), "2025/26", "SPR", "I", "1"),
        (upn(1), "2025/26", "SPR", "\\", "1"),
        (upn(2), None, None, None, None),
        (upn(3), "2025/26", "AUT", "/", "2"),
        (upn(3), "2025/26", "AUT", "\\", "2"),
        (upn(3), "2025/26", "SPR", "/", "1"),
        (upn(3), "2025/26", "SPR", "\\", "1"),
    ]
    bad = check_table(load_contract(ATTENDANCE), frame, file="a.csv").bad_rows
    assert set(bad) == {31}  # the child without a code is reported, not lost


def test_codes_beside_no_column_of_a_child_are_reported_by_the_contract(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Nobody," + ",".join(CODES) + "\nx," + ",".join("1" * len(CODES)) + "\n")
    made = read_table(path, contract=ATTENDANCE)
    assert len(made.frame) == len(CODES)
    violations = check_table(load_contract(ATTENDANCE), made.frame, file="a.csv").violations
    assert any(violation.column == "UPN" for violation in violations)


@pytest.mark.parametrize("head", ["UPN,Surname,M,F,B,C,E", "UPN,C,E,I,M,Total,Other"])
def test_a_few_columns_that_are_called_like_codes_are_no_attendance(tmp_path: Path, head: str) -> None:
    rows = f"{upn(1)},Blorb,1,0,1,0,1\n"
    assert len(read_tables(write(tmp_path / "a.csv", f"{head}\n{rows}"))) == 1
