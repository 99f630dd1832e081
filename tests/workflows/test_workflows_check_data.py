"""``check MODEL FILES``, the questions it asks, the answers in ``mapping.yaml``, and the workbook to fill in."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter
import yaml
from python_calamine import CalamineWorkbook

from send_screen import check, screen, template
from send_screen.cohorts._column_mapping import load_mapping
from send_screen.errors import DataError, UsageError

GOALS = [f"E{goal:02d}" for goal in range(1, 18)]


@pytest.fixture
def school(trained: Any, tmp_path: Path) -> pd.DataFrame:
    return pd.read_csv(trained.school_file, dtype=str, keep_default_na=False)


def listed(trained: Any, file: Path, out: Path) -> pd.DataFrame:
    screen(trained.exported, file, out=out, ledger=out.with_suffix(".db"))
    return pd.read_csv(out / "list.csv", dtype=str).drop(columns="run")  # which is of the file


def checked(trained: Any, rows: pd.DataFrame, folder: Path, **options: Any) -> Any:
    rows.to_csv(folder / "pupils.csv", index=False)
    return check(trained.exported, folder / "pupils.csv", **options)


def test_files_that_can_be_screened_raise_no_question(trained: Any, school: pd.DataFrame, tmp_path: Path) -> None:
    found = checked(trained, school, tmp_path, ask=True)
    assert found.ok
    assert found.inspection.questions == ()
    assert not (tmp_path / "mapping.yaml").exists()
    record = found.to_dict()
    assert record["n_screened"] + record["n_excluded"] == len(school)
    json.dumps(record)


UNKNOWN = {f"E{goal:02d}": f"XQ {chr(64 + goal)}" for goal in range(1, 18)}


@pytest.mark.parametrize(
    ("change", "kind", "columns", "answer"),
    [
        (
            lambda rows: rows.rename(columns=UNKNOWN),
            "column",
            GOALS,
            {"columns": UNKNOWN},
        ),
        (
            lambda rows: rows.assign(**{goal: rows[goal].replace({"2": "E", "1": "EM"}) for goal in GOALS}),
            "codes",
            GOALS,
            {"codes": [{"columns": GOALS, "codes": {"e": 2, "EM": "1"}}]},
        ),
        (
            lambda rows: rows.assign(SENprovision=rows["SENprovision"].replace("N", "")),
            "blank",
            ["SENprovision"],
            {"blanks": {"SENprovision": "N"}},
        ),
        (
            lambda rows: rows.drop(columns="AcademicYear"),
            "academic_year",
            [],
            {"academic_year": "2025/26"},
        ),
    ],
)
def test_an_answer_gives_the_list_of_a_file_that_needs_none(
    trained: Any, school: pd.DataFrame, tmp_path: Path, change: Any, kind: str, columns: list[str], answer: Any
) -> None:
    (tmp_path / "plain").mkdir()
    school.to_csv(tmp_path / "plain" / "pupils.csv", index=False)
    expected = listed(trained, tmp_path / "plain" / "pupils.csv", tmp_path / "expected")
    found = checked(trained, change(school), tmp_path, ask=True)
    assert not found.ok
    assert {question.kind for question in found.inspection.questions} == {kind}
    assert [column.name for question in found.inspection.questions for column in question.columns] == columns
    drafted = yaml.safe_load((tmp_path / "mapping.yaml").read_text("utf-8"))
    with pytest.raises(DataError, match="--ask"):
        screen(trained.exported, tmp_path / "pupils.csv", out=tmp_path / "none")
    assert not check(trained.exported, tmp_path / "pupils.csv").ok  # what nobody answered changes nothing
    (tmp_path / "mapping.yaml").write_text(yaml.safe_dump(drafted | answer), "utf-8")
    assert check(trained.exported, tmp_path / "pupils.csv").ok
    got = listed(trained, tmp_path / "pupils.csv", tmp_path / "got")
    pd.testing.assert_frame_equal(got, expected)
    notes = json.loads((tmp_path / "got" / "summary.json").read_text("utf-8"))["notes"]
    assert any("mapping.yaml (SHA-256" in note for note in notes)


def test_an_answer_may_say_that_a_column_is_another_one(trained: Any, school: pd.DataFrame, tmp_path: Path) -> None:
    """Percentages in the column of a count are refused, and read once a person says that they are percentages."""
    possible = pd.to_numeric(school["SessionsPossible"], errors="coerce")
    absent = pd.to_numeric(school["SessionsAbsent"], errors="coerce")
    percent = (100 * absent / possible).round(1).astype(str).replace("nan", "")
    rows = school.assign(SessionsPossible="100", SessionsAbsent=percent)
    assert not checked(trained, rows, tmp_path).ok
    (tmp_path / "mapping.yaml").write_text(
        "format: send_screen.mapping/1\ncolumns:\n  AbsencePercent: SessionsAbsent\n", "utf-8"
    )
    found = check(trained.exported, tmp_path / "pupils.csv")
    assert found.ok
    shares = found.cohort.X["absence"]
    of_row = (absent / possible).set_axis(range(2, len(school) + 2))
    assert shares.to_numpy() == pytest.approx(of_row[found.cohort.show["row"]].to_numpy(), abs=0.0006, nan_ok=True)
    assert shares.notna().sum() > 20


def test_earlier_answers_stay_when_new_questions_are_added(trained: Any, school: pd.DataFrame, tmp_path: Path) -> None:
    rows = school.rename(columns={"E01": "LAU"}).assign(
        SENprovision=school["SENprovision"].replace("N", ""), E02=school["E02"].replace({"2": "Z9", "1": "Y9"})
    )
    (tmp_path / "mapping.yaml").write_text("format: send_screen.mapping/1\ncolumns: {E01: LAU}\n", "utf-8")
    found = checked(trained, rows, tmp_path, ask=True)
    assert {question.kind for question in found.inspection.questions} == {"blank", "codes"}
    drafted = load_mapping(tmp_path)
    assert drafted.columns == {"E01": "LAU"}
    assert drafted.blanks == {"SENprovision": None}
    assert drafted.codes[0].columns == ("E02",)
    assert set(drafted.codes[0].codes) == {"Z9", "Y9"}


def test_answers_that_fit_nothing_are_named(trained: Any, school: pd.DataFrame, tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text(
        "format: send_screen.mapping/1\ncolumns: {E99: LAU}\nblanks: {Shoe: '4'}\n", "utf-8"
    )
    notes = checked(trained, school, tmp_path).cohort.notes
    assert "mapping.yaml: no file has the header 'LAU'." in notes
    assert any("this model has no column" in note and "E99" in note and "Shoe" in note for note in notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("columns: {E01: LAU}\nformat: other/1\n", "format"),
        ("format: send_screen.mapping/1\ncolums: {E01: LAU}\n", "columns"),
        ("format: send_screen.mapping/1\ncolumns: [E01]\n", "columns"),
        ("format: [", "YAML"),
        ("format: send_screen.mapping/1\ncolumns: {E01: LAU, E02: lau}\n", "another column too"),
        ("format: send_screen.mapping/1\ncodes: [{columns: [E01], codes: {em: 1, EM: 2}}]\n", "Two codes"),
        ("format: send_screen.mapping/1\ncodes: [{columns: [E01], codes: {'1': 2, '2': 1}}]\n", "already"),
        ("format: send_screen.mapping/1\nblanks: {E01: '2'}\n", "only"),
        ("format: send_screen.mapping/1\ncolumns: {E01: Nope}\n", "No file has the header"),
    ],
)
def test_a_mapping_with_a_mistake_is_one_error(
    trained: Any, school: pd.DataFrame, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "mapping.yaml").write_text(text, "utf-8")
    rows = school.rename(columns={"E01": "XQ"}) if "Nope" in text else school
    rows.to_csv(tmp_path / "pupils.csv", index=False)
    with pytest.raises(DataError, match=words) as caught:
        screen(trained.exported, tmp_path / "pupils.csv", out=tmp_path / "out")
    assert caught.value.file == "mapping.yaml"


def test_no_text_that_may_be_a_childs_is_quoted(trained: Any, school: pd.DataFrame, tmp_path: Path) -> None:
    rows = school.assign(SENprovision=school["SENprovision"].where(school.index != 3, "Plimbo Blorbleton"))
    rows.loc[4:9, "NCyearActual"] = "K000113225015"
    found = checked(trained, rows, tmp_path)
    for text in (found.to_text(), json.dumps(found.to_dict())):
        assert "Plimbo" not in text
        assert "K000113225015" not in text


@pytest.mark.parametrize("other", [["Smith"] * 4 + ["Patel"] * 3, ["Ann Smith 12/3/19"] * 3, ["SW1A 1AA"] * 3])
def test_names_in_a_column_of_codes_are_neither_printed_nor_written(
    trained: Any, school: pd.DataFrame, tmp_path: Path, other: list[str]
) -> None:
    names = [*other, *(f"Name {chr(65 + n % 26)}{chr(97 + n // 26)}" for n in range(len(school) - len(other)))]
    found = checked(trained, school.assign(SENprovision=names), tmp_path, ask=True)
    written = (tmp_path / "mapping.yaml").read_text("utf-8") if (tmp_path / "mapping.yaml").exists() else ""
    for text in (found.to_text(), json.dumps(found.to_dict()), written):
        assert not any(name in text for name in other)


def test_what_is_asked_for_again_is_a_mapping_that_can_be_read(
    trained: Any, school: pd.DataFrame, tmp_path: Path
) -> None:
    (tmp_path / "mapping.yaml").write_text('format: send_screen.mapping/1\ncolumns: {"A: b": "x: y"}\n', "utf-8")
    checked(trained, school.rename(columns={"E01": "XQ"}), tmp_path, ask=True)
    assert load_mapping(tmp_path).columns == {"A: b": "x: y", "E01": None}


def test_a_contract_alone_has_no_questions(trained: Any) -> None:
    with pytest.raises(UsageError, match="model"):
        check("education/eyfsp", trained.school_file, ask=True)


def test_a_folder_whose_tables_are_not_recognised_is_asked_about(
    trained: Any, school: pd.DataFrame, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    school.drop(columns=GOALS).to_csv(files / "pupils.csv", index=False)
    profile = school[["UPN", "AcademicYear", *GOALS]].rename(columns=UNKNOWN)
    profile.to_csv(files / "tracker.csv", index=False)
    found = check(trained.exported, files, ask=True)
    assert not found.ok
    assert [column.name for question in found.inspection.questions for column in question.columns] == GOALS
    drafted = yaml.safe_load((files / "mapping.yaml").read_text("utf-8"))
    (files / "mapping.yaml").write_text(yaml.safe_dump(drafted | {"columns": UNKNOWN}), "utf-8")
    assert check(trained.exported, files).ok


def test_the_workbook_of_a_model_can_be_filled_in_and_screened(
    trained: Any, school: pd.DataFrame, tmp_path: Path
) -> None:
    written = template(trained.exported, out=tmp_path / "to_fill.xlsx")
    names = CalamineWorkbook.from_path(written.out).sheet_names
    sheets = [CalamineWorkbook.from_path(written.out).get_sheet_by_name(name).to_python() for name in names]
    headers = sheets[0][0]
    assert headers == [field.column.name for field in written.fields]
    assert {field.column.name for field in written.fields if field.needed} >= {"UPN", "DOB", "SENprovision", *GOALS}
    assert [row[0] for row in sheets[1][1:]] == headers
    xml = zipfile.ZipFile(written.out).read("xl/worksheets/sheet1.xml").decode()
    assert "&quot;N,K,E" in xml or '"N,K,E' in xml  # the drop-down list of SENprovision
    with xlsxwriter.Workbook(tmp_path / "filled.xlsx", {"strings_to_numbers": False}) as workbook:
        filled = [headers, *school.reindex(columns=headers).to_numpy().tolist()]
        for name, rows in zip(names, (filled, sheets[1]), strict=True):
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, [cell if isinstance(cell, str) else "" for cell in row])
    plain = tmp_path / "pupils.csv"
    school.to_csv(plain, index=False)
    got = listed(trained, tmp_path / "filled.xlsx", tmp_path / "got")
    pd.testing.assert_frame_equal(got, listed(trained, plain, tmp_path / "expected"))
    with pytest.raises(UsageError, match="there already"):
        template(trained.exported, out=tmp_path / "filled.xlsx")
