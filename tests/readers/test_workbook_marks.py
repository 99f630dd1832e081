"""What a workbook says beside its values: errors, per cent, merged cells, hidden rows, the first day of its dates."""

import datetime as dt
import zipfile

import pytest
import xlsxwriter

from send_screen.contracts import check_table, load_contract
from send_screen.errors import ReadError
from send_screen.readers import read_table

HEADERS = ["UPN", "ClassName", "DOB", "Attendance %"]


def write(path, fill, **options):
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet("Pupils")
        sheet.write_row(0, 0, HEADERS)
        fill(book, sheet)
    return path


def pupils(sheet, n=4):
    for row in range(1, n + 1):
        sheet.write_row(row, 0, [f"A{row}", "Kestrels", "2018-03-25"])
        sheet.write_number(row, 3, 90.5)


def test_a_cell_of_per_cent_is_read_as_it_is_shown(tmp_path):
    def fill(book, sheet):
        pupils(sheet)
        sheet.write_number(2, 3, 0.984, book.add_format({"num_format": "0.0%"}))
        sheet.write_number(3, 3, 0.5, book.add_format({"num_format": 9}))

    frame = read_table(write(tmp_path / "a.xlsx", fill)).frame
    assert frame["Attendance %"].tolist() == ["90.5", "98.4%", "50%", "90.5"]


def test_errors_are_texts_and_not_blanks(tmp_path):
    def fill(book, sheet):
        pupils(sheet)
        sheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
        sheet.write_formula(2, 3, "=#REF!", None, "#REF!")

    reading = read_table(write(tmp_path / "a.xlsx", fill))
    assert reading.frame["Attendance %"].tolist() == ["#DIV/0!", "#REF!", "90.5", "90.5"]
    checked = check_table(load_contract("education/pupil_census"), reading.frame, file="a.xlsx")
    assert [v.row for v in checked.violations if v.rule == "CENSUS-ATTENDANCE-NUMBER"] == [2, 3]


def test_merged_cells_hold_for_all_their_rows(tmp_path):
    def fill(book, sheet):
        pupils(sheet)
        plain = book.add_format()
        sheet.merge_range(1, 1, 3, 1, "Kites", plain)

    assert read_table(write(tmp_path / "a.xlsx", fill)).frame["ClassName"].tolist() == ["Kites"] * 3 + ["Kestrels"]


def test_hidden_rows_are_read_and_said_to_be_hidden(tmp_path):
    def fill(book, sheet):
        pupils(sheet)
        sheet.set_row(2, options={"hidden": True})
        sheet.set_row(9, options={"hidden": True})  # it is empty

    reading = read_table(write(tmp_path / "a.xlsx", fill))
    assert len(reading.frame) == 4
    assert any("hidden" in note and note.endswith(": 1.") for note in reading.notes)


@pytest.mark.parametrize("formatted", [False, True])
def test_dates_of_a_workbook_that_counts_from_1904(tmp_path, formatted):
    born = dt.date(2018, 3, 25)

    def fill(book, sheet):
        pupils(sheet)
        for row in range(1, 5):
            number = (born - dt.date(1904, 1, 1)).days + row
            sheet.write_number(row, 2, number, book.add_format({"num_format": 14}) if formatted else None)

    frame = read_table(write(tmp_path / "a.xlsx", fill, date_1904=True)).frame
    assert frame["DOB"].tolist() == [(born + dt.timedelta(days=row)).isoformat() for row in range(1, 5)]


def test_a_formula_that_was_never_calculated_is_refused(tmp_path):
    def fill(book, sheet):
        pupils(sheet)
        sheet.write_formula(2, 3, "=90+1", None, "never")

    written = write(tmp_path / "a.xlsx", fill)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.startswith("xl/worksheets/"):
                assert data.count(b' t="str"') == data.count(b"<v>never</v>") == 1
                data = data.replace(b' t="str"', b"").replace(b"<v>never</v>", b"<v></v>")
            target.writestr(name, data)
    with pytest.raises(ReadError, match="never calculated") as caught:
        read_table(tmp_path / "b.xlsx")
    assert caught.value.row == 3
    assert "save it" in caught.value.remedy
