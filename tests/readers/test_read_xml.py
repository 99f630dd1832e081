"""The Common Transfer File and Excel's XML of 2003: read by what they say, hardened, and dirt reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from send_screen.contracts import check_table, load_contract, upn_check_letter
from send_screen.errors import ReadError
from send_screen.readers import read_table
from send_screen.readers._xml import parse_xml

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<CTfile><Header><DocumentName>Common Transfer File</DocumentName><CTFversion>25.0</CTFversion>
<SourceSchool><LEA>000</LEA><Estab>1132</Estab><AcademicYear>2025</AcademicYear></SourceSchool></Header>
<CTFpupilData>"""
TAIL = "</CTFpupilData></CTfile>"


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


def test_a_common_transfer_file_keeps_the_contracts(tmp_path: Path) -> None:
    old = pupil(2, sex="<Gender>M</Gender>")  # as up to version 23
    reading = read_table(write(tmp_path / "0001132_CTF_0002001001.XML", HEAD + pupil(1) + old + TAIL))
    assert reading.frame["UPN"].tolist() == [upn(1), upn(2)]
    assert reading.frame.index.tolist() == [2, 3]
    profile = check_table(load_contract("education/eyfsp"), reading.frame, file="ctf.xml")
    assert profile.violations == ()
    assert set(profile.frame["AcademicYear"]) == {"2025/26"}
    census = check_table(load_contract("education/pupil_census"), reading.frame, file="ctf.xml")
    assert {v.column for v in census.violations} == {"FSMeligible"}  # it has dates of eligibility, and no such column
    assert census.frame["Sex"].tolist() == ["F", "M"]
    assert set(census.frame["School"]) == {"0001132"}
    assert set(census.frame["Language"]) == {"ENG"}
    assert set(census.frame["SENprovision"]) == {"K"}
    assert set(census.frame["SessionsAbsent"]) == {10.0}


def test_the_newest_result_of_a_goal_is_read_and_no_other_assessment(tmp_path: Path) -> None:
    goals = (
        result("E01", "2", date="2026-06-30")
        + result("E01", "1", date="2025-10-01")
        + result("E02", "1", method="TA")
        + result("CHK", "32")
    )
    frame = read_table(write(tmp_path / "a.xml", HEAD + pupil(1, goals=goals) + TAIL)).frame
    assert frame["E01"].tolist() == ["2"]
    assert not {"E02", "CHK"} & set(frame.columns)


def test_old_goals_keep_their_codes_and_their_year(tmp_path: Path) -> None:
    goals = "".join(result(f"G{goal:02d}", "3", year=2019, date="2019-06-30") for goal in range(1, 18))
    frame = read_table(write(tmp_path / "a.xml", HEAD + pupil(1, goals=goals) + TAIL)).frame
    assert check_table(load_contract("education/eyfsp_2012"), frame, file="ctf.xml").violations == ()
    assert not [column for column in frame.columns if column.startswith("E0")]


def test_dirt_between_the_elements_and_a_second_declaration_are_passed_over(tmp_path: Path) -> None:
    declaration, _, rest = HEAD.partition("\n")
    dirty = f"{declaration}\n{declaration}\n{rest}stray " + pupil(1) + " text" + pupil(2) + TAIL
    reading = read_table(write(tmp_path / "a.xml", dirty))
    assert len(reading.frame) == 2
    assert any("more than once" in note for note in reading.notes)


def test_what_a_pupil_lacks_is_blank_and_the_pupil_is_read(tmp_path: Path) -> None:
    bare = f"<Pupil><UPN>{upn(2)}</UPN></Pupil>"
    frame = read_table(write(tmp_path / "a.xml", HEAD + pupil(1) + bare + TAIL)).frame
    assert frame["UPN"].tolist() == [upn(1), upn(2)]
    assert frame["E01"].tolist() == ["2", None]


LAUGHS = '<!DOCTYPE CTfile [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("doctype", [LAUGHS, '<!DOCTYPE CTfile SYSTEM "file:///etc/passwd">'])
def test_a_document_type_is_refused_whoever_asks(tmp_path: Path, doctype: str) -> None:
    text = HEAD.replace("<CTfile>", doctype + "<CTfile>") + pupil(1, more="<A>&b;</A>") + TAIL
    with pytest.raises(ReadError, match="document type"):
        parse_xml(text.encode(), "a.xml", "CTFpupilData/Pupil", lambda record: None)
    with pytest.raises(ReadError, match="not a table but XML"):
        read_table(write(tmp_path / "a.xml", text))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (HEAD + pupil(1), "not well formed"),
        (HEAD + pupil(1, more="<a>" * 60 + "</a>" * 60) + TAIL, "deep"),
        (HEAD + pupil(1, more=f"<a>{'x' * 40_000}</a>") + TAIL, "characters"),
        (HEAD + TAIL, "no rows"),
        ("<?xml version='1.0'?><CTfile CTFversion='25'><Pupils><Pupil/></Pupils></CTfile>", "no rows"),
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
        (HEAD + pupil(1) + pupil(2) + TAIL, "</Pupil><Pupil>", "row 2: A record holds more than one UPN"),
    ],
)  # fmt: skip
def test_a_row_that_damage_joined_to_the_next_is_not_lost_in_silence(
    tmp_path: Path, text: str, lost: str, what: str
) -> None:
    place = text.index(lost, max(0, text.find("A1<")))
    with pytest.raises(ReadError, match=what):
        read_table(write(tmp_path / "a.xml", text[:place] + text[place + len(lost) :]))
