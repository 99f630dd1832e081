"""Files as people have them: each is read whole, or refused with one clear message."""

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from send_screen.errors import ReadError
from send_screen.readers import read_table

TEXT = "UPN,Surname,School\nA1,Brontë,0001001\nA2,O’Neill,0001002\n"
CELLS = [["A1", "Brontë", "0001001"], ["A2", "O’Neill", "0001002"]]
# A workbook with one sheet of two rows, encrypted by msoffcrypto-tool 6.1 with the password "secret".
PROTECTED = Path(__file__).parent / "protected.xlsx"


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def workbook(path, sheets):
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
    return path


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16"),
     ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")],
)  # fmt: skip
def test_encodings(tmp_path, encoding, named):
    reading = read_table(write(tmp_path / "a.csv", TEXT.encode(encoding)))
    assert reading.frame.to_numpy().tolist() == CELLS
    assert list(reading.frame.columns) == ["UPN", "Surname", "School"]
    assert reading.encoding == named


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(tmp_path, delimiter, line_end):
    reading = read_table(write(tmp_path / "a.csv", TEXT.replace(",", delimiter).replace("\n", line_end)))
    assert reading.frame.to_numpy().tolist() == CELLS
    assert reading.delimiter == delimiter


def test_excels_separator_line_is_not_a_row(tmp_path):
    reading = read_table(write(tmp_path / "a.csv", "sep=;\r\nUPN;Name\r\nA1;a,b\r\n"))
    assert reading.frame.to_dict("list") == {"UPN": ["A1"], "Name": ["a,b"]}
    assert reading.frame.index.tolist() == [2]


def test_nothing_is_guessed_away(tmp_path):
    values = ["007", "1.0", "NA", "null", "1e5", "TRUE", "01/02/2018", " x "]
    reading = read_table(write(tmp_path / "a.csv", "a,b\n" + "".join(f"{value},y\n" for value in values)))
    assert reading.frame["a"].tolist() == values
    assert reading.frame["a"].dtype == object


def test_rows_are_numbered_as_a_spreadsheet_counts(tmp_path):
    reading = read_table(write(tmp_path / "a.csv", 'UPN,Name\n\nA1,"two\nlines"\n,\nA2,b\n'))
    assert reading.frame.index.tolist() == [3, 5]
    assert reading.frame["Name"].tolist() == ["two\nlines", "b"]


def test_blank_cells_are_none_and_short_rows_are_filled(tmp_path):
    reading = read_table(write(tmp_path / "a.csv", "a,b,c\n1,,3\n4\n"))
    assert reading.frame.to_numpy().tolist() == [["1", None, "3"], ["4", None, None]]


def test_columns_that_excel_leaves_empty_at_the_end_are_left_out(tmp_path):
    reading = read_table(write(tmp_path / "a.csv", "a,b,,\n1,2,,\n"))
    assert list(reading.frame.columns) == ["a", "b"]


def test_a_column_without_a_header_but_with_content_is_kept(tmp_path):
    reading = read_table(write(tmp_path / "a.csv", "a,,c\n1,2,3\n"))
    assert reading.frame.to_dict("list") == {"a": ["1"], "column 2": ["2"], "c": ["3"]}


def test_title_rows_above_the_header_are_passed_over_with_a_note(tmp_path):
    reading = read_table(write(tmp_path / "a.csv", "Class list,,\nSummer term,,\nUPN,E01,E02\nA1,1,2\n"))
    assert reading.frame.to_dict("list") == {"UPN": ["A1"], "E01": ["1"], "E02": ["2"]}
    assert reading.frame.index.tolist() == [4]
    assert any("title: 2" in note for note in reading.notes)


def test_two_hundred_columns(tmp_path):
    header = ",".join(f"c{place}" for place in range(200))
    reading = read_table(write(tmp_path / "a.csv", f"{header}\n{','.join('x' * 200)}\n"))
    assert reading.frame.shape == (1, 200)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"", "The file is empty"),
        ("a.csv", b"\xef\xbb\xbf", "The file is empty"),
        ("a.csv", b"\r\n \r\n", "The file is empty"),
        ("a.csv", b"UPN,E01\n", "headers and no rows"),
        ("a.csv", b"UPN,E01,UPN\nA,1,A\n", "more than one column with the header 'UPN'"),
        ("a.csv", b"UPN,E01\nA,1,2\n", "row 2: The row has 3 cells and the header 2"),
        ("a.csv", b'UPN,E01\nA,1\nB,"2\nC,1\n', "row 3: A row cannot be split"),
        ("a.csv", b'UPN,E01\nA,"' + b"x,1\n" * 60_000, "row 2: A cell has more than 32,767"),
        ("a.csv", b"UPN,E01\n\x81\x8d,1\n", "not text in UTF-8"),
        ("a.csv", b"UPN,E01\n" + b"x" * 1000 + b"\x00,1\n", "row 2: There is a NUL character"),
        ("a.xlsx", b"UPN,E01\x03\nA,1\n", "called a workbook and is not one"),
        ("a.xlsx", b"PK\x03\x04 damaged", "damaged or not a workbook"),
        ("a.parquet", b"UPN,E01\nA,1\n", "called a Parquet file and is not one"),
        ("a.parquet", b"PAR1 damaged", "damaged or not complete"),
        ("a.pdf", b"%PDF-1.7", "not a table but a PDF document"),
        ("a.dat", b"UPN,E01\nA,1\n", "This kind of file cannot be read"),
    ],
)
def test_what_cannot_be_read_is_one_clear_message(tmp_path, name, data, message):
    with pytest.raises(ReadError, match=message) as caught:
        read_table(write(tmp_path / name, data))
    assert caught.value.file == name
    assert caught.value.remedy


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(ReadError, match="no such file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(ReadError, match="This is a folder"):
        read_table(tmp_path)


def test_a_file_that_is_open_in_excel(tmp_path, monkeypatch):
    path = write(tmp_path / "a.csv", TEXT)
    denied = lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "denied"))  # noqa: E731
    monkeypatch.setattr("send_screen.documents._files.os.open", denied)
    with pytest.raises(ReadError, match="Close it in Excel"):
        read_table(path)


def test_a_protected_workbook():
    with pytest.raises(ReadError, match="protected by a password"):
        read_table(PROTECTED)


def test_a_workbook_is_read_as_what_a_person_would_type(tmp_path):
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Pupils")
        date = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, ["UPN", "DOB", "E01", "School", "Share", "FSM"])
        sheet.write_string(1, 0, "A1")
        sheet.write_datetime(1, 1, pd.Timestamp("2018-03-25").to_pydatetime(), date)
        sheet.write_number(1, 2, 2)
        sheet.write_string(1, 3, "0001001")
        sheet.write_number(1, 4, 0.1)
        sheet.write_boolean(1, 5, True)
        sheet.write_string(3, 0, "A2")
    reading = read_table(path)
    assert reading.frame.loc[2].tolist() == ["A1", "2018-03-25", "2", "0001001", "0.1", "true"]
    assert reading.frame.loc[4].tolist() == ["A2", None, None, None, None, None]
    assert reading.sheet == "Pupils"
    assert reading.notes == ()


def test_of_several_sheets_the_one_with_most_rows_is_read_with_a_note(tmp_path):
    path = workbook(
        tmp_path / "a.xlsx", {"Notes": [["read me"]], "Pupils": [["UPN"], ["A1"], ["A2"]], "Codes": [["code"], ["1"]]}
    )
    reading = read_table(path)
    assert reading.frame["UPN"].tolist() == ["A1", "A2"]
    assert reading.notes == ("Sheet 'Pupils' was read, and not 'Notes', 'Codes'.",)


def test_a_workbook_with_a_title_above_the_header(tmp_path):
    rows = [["Oak Primary"], [], ["UPN", "E01", "E02"], ["A1", 1, 2]]
    reading = read_table(workbook(tmp_path / "a.xlsx", {"Pupils": rows}))
    assert reading.frame.to_dict("list") == {"UPN": ["A1"], "E01": ["1"], "E02": ["2"]}
    assert reading.frame.index.tolist() == [4]


@pytest.mark.parametrize(
    ("rows", "message"),
    [([], "empty"), ([["UPN", "E01"]], "no rows"), ([["UPN", "UPN"], ["a", "b"]], "more than one column")],
)
def test_workbooks_without_children(tmp_path, rows, message):
    with pytest.raises(ReadError, match=message):
        read_table(workbook(tmp_path / "a.xlsx", {"Sheet1": rows}))


def test_a_misnamed_workbook_is_read_all_the_same(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"Pupils": [["UPN"], ["A1"]]})
    assert read_table(path.rename(tmp_path / "a.csv")).sheet == "Pupils"


def test_parquet_keeps_its_types_and_a_stored_index_is_a_column(tmp_path):
    frame = pd.DataFrame({"UPN": ["A1", "A2"], "score": [1.5, np.nan]}, index=pd.Index([7, 8], name="serial"))
    frame.to_parquet(tmp_path / "a.parquet")
    reading = read_table(tmp_path / "a.parquet")
    assert reading.frame["score"].dtype == np.float64
    assert sorted(reading.frame.columns) == ["UPN", "score", "serial"]
    assert reading.frame.index.tolist() == [2, 3]


def test_parquet_without_rows(tmp_path):
    pd.DataFrame({"UPN": []}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ReadError, match="no rows"):
        read_table(tmp_path / "a.parquet")


def test_messages_hold_no_cell(tmp_path):
    with pytest.raises(ReadError) as caught:
        read_table(write(tmp_path / "a.csv", "UPN,E01\nSECRET,1,SECRET\n"))
    assert "SECRET" not in str(caught.value)


# Control characters are taken out; a line break and a delimiter in one cell may be two rows in stray quotation marks.
cells = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r"), max_size=8).filter(
    lambda cell: not (set(cell) & set("\r\n") and set(cell) & set(",;\t|"))
)
rows = st.lists(st.tuples(cells, cells).filter(lambda row: any(map(str.strip, row))), min_size=1, max_size=8)


@given(rows=rows, delimiter=st.sampled_from(",;\t|"), encoding=st.sampled_from(["utf-8-sig", "utf-16"]))
def test_every_row_and_cell_comes_back(tmp_path_factory, rows, delimiter, encoding):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([("first", "second"), *rows])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    frame = read_table(path).frame
    assert frame.to_numpy().tolist() == [[cell or None for cell in row] for row in rows]


@given(data=st.binary(max_size=200), name=st.sampled_from(["a.csv", "a.xlsx", "a.parquet", "a.dat"]))
def test_damaged_files_end_in_a_reading_or_a_read_error(tmp_path_factory, data, name):
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_bytes(data)
    try:
        reading = read_table(path)
    except ReadError:
        return
    assert len(reading.frame) > 0


@given(place=st.integers(0, 200), byte=st.integers(0, 255), cut=st.integers(0, 100))
def test_a_damaged_copy_of_a_good_file(tmp_path_factory, place, byte, cut):
    data = bytearray(TEXT.encode("cp1252"))
    data[place % len(data)] = byte
    path = tmp_path_factory.mktemp("damaged") / "a.csv"
    path.write_bytes(bytes(data[: len(data) - cut % len(data)]))
    try:
        reading = read_table(path)
    except ReadError:
        return
    assert 1 <= len(reading.frame) <= 3


WIDE = "UPN,Surname,Forename,DOB,Sex,Class\n"


@pytest.mark.parametrize(
    "line",
    ["Total,2", "Total pupils: 2", ",Printed 03/07/2026", "Class RA", "Page 1 of 2", "Grand total,,,2", "Count: 2"],
)
def test_totals_footers_and_sub_headings_are_no_children(tmp_path, line):
    text = WIDE + "A1,Blorb,Zib,2018-03-25,F,RA\n" + line + "\nA2,Plim,Bo,2018-03-26,M,RA\n"
    reading = read_table(write(tmp_path / "a.csv", text))
    assert reading.frame["UPN"].tolist() == ["A1", "A2"]
    assert reading.frame.index.tolist() == [2, 4]
    assert reading.notes == ("Rows that were taken for totals, footers or sub-headings and left out: 1.",)


@pytest.mark.parametrize("line", ["A3", "B801200005001,Total", "Formby,Zib", "Totalia", "A3,Count,Bo", "10001"])
def test_a_child_of_whom_little_is_known_is_a_row(tmp_path, line):
    reading = read_table(write(tmp_path / "a.csv", WIDE + "A1,Blorb,Zib,2018-03-25,F,RA\n" + line + "\n"))
    assert reading.frame.index.tolist() == [2, 3]
    assert reading.notes == ()


@pytest.mark.parametrize("name", ["a.xls", "a.xlsx"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_text_under_the_name_of_a_workbook_is_read(tmp_path, name, delimiter):
    reading = read_table(write(tmp_path / name, TEXT.replace(",", delimiter)))
    assert reading.frame.to_numpy().tolist() == CELLS


@pytest.mark.parametrize("kind", ["int64", "uint64", "string", "dictionary"])
def test_identifiers_of_a_parquet_file_are_exact_beside_blanks(tmp_path, kind):
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = [4873214862074860545, None, 4873214862074860547]
    texts = [None if number is None else str(number) for number in numbers]
    column = {
        "int64": pa.array(numbers, pa.int64()),
        "uint64": pa.array(numbers, pa.uint64()),
        "string": pa.array(texts),
        "dictionary": pa.array(texts).dictionary_encode(),
    }[kind]
    pq.write_table(pa.table({"Pupil_ID": column, "Reading": [1, 2, 3]}), tmp_path / "a.parquet")
    cells = read_table(tmp_path / "a.parquet").frame["Pupil_ID"]
    assert [None if pd.isna(cell) else str(cell) for cell in cells] == texts
