"""What would lose a child, take all memory or show a child in a message is refused, with the place."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from send_screen.contracts import shipped, upn_check_letter
from send_screen.errors import ReadError
from send_screen.readers import read_table
from send_screen.readers._parquet_footer import encodings_of
from send_screen.readers._size_limits import Measure

HEADER = ["UPN", "Surname", "DOB", "E01", "E02"]
UPNS = [upn_check_letter(body) + body for body in (f"0001001220{serial:02d}" for serial in range(1, 9))]
ROWS = [[upn, f"Blorb{'abcdefgh'[i]}", f"2017-09-{i + 10}", "2", "1"] for i, upn in enumerate(UPNS)]
TEXT = "".join(",".join(row) + "\n" for row in [HEADER, *ROWS])


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def workbook(path, sheets, hidden=()):
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
            if name in hidden:
                sheet.hide()
    return path


def refused(path, message):
    with pytest.raises(ReadError, match=message) as caught:
        read_table(path)
    said = str(caught.value)
    assert caught.value.remedy
    assert not any(upn in said for upn in UPNS)
    assert "Blorb" not in said
    return caught.value


def test_one_sheet_per_class_is_read_whole_and_rows_can_be_told_apart(tmp_path):
    sheets = {"Ash": [HEADER, *ROWS[:5]], "Beech": [HEADER, *ROWS[5:]]}
    reading = read_table(workbook(tmp_path / "a.xlsx", sheets))
    assert reading.frame["UPN"].tolist() == UPNS
    assert reading.frame.index.tolist() == [2, 3, 4, 5, 6, 12, 13, 14]
    assert reading.sheet == "Ash, Beech"
    assert "'Ash' as in the sheet; 'Beech' 10 more than in the sheet" in reading.notes[0]


def test_sheets_are_put_together_by_header_and_not_by_place(tmp_path):
    turned = [[row[0], *row[:0:-1]] for row in [["upn", *HEADER[1:]], *ROWS[5:]]]
    frame = read_table(workbook(tmp_path / "a.xlsx", {"Ash": [HEADER, *ROWS[:5]], "Beech": turned})).frame
    assert frame.to_numpy().tolist() == ROWS
    assert list(frame.columns) == HEADER


def test_sheets_of_children_with_different_headers_are_refused_and_named(tmp_path):
    sheets = {"Ash": [HEADER, *ROWS[:5]], "Beech": [["UPN", "Colour"], *[row[:2] for row in ROWS[5:]]]}
    refused(workbook(tmp_path / "a.xlsx", sheets), "different headers could hold the table: 'Ash', 'Beech'")


def test_a_longer_sheet_that_is_no_list_of_children_is_passed_over(tmp_path):
    sheets = {"Codes": [["Code", "Meaning", "From", "Until", "Source", "Notes"], *[list("abcdef")] * 50],
              "Pupils": [HEADER, *ROWS]}  # fmt: skip
    reading = read_table(workbook(tmp_path / "a.xlsx", sheets))
    assert reading.frame["UPN"].tolist() == UPNS
    assert reading.notes == ("Sheet 'Pupils' was read, and not 'Codes'.",)


def test_hidden_sheets_are_left_out_with_a_note(tmp_path):
    sheets = {"Pupils": [HEADER, *ROWS[:3]], "Old": [HEADER, *ROWS]}
    reading = read_table(workbook(tmp_path / "a.xlsx", sheets, hidden=["Old"]))
    assert len(reading.frame) == 3
    assert reading.notes == ("Hidden sheets were not read: 'Old'.",)


def test_a_workbook_whose_children_are_all_hidden_is_refused(tmp_path):
    sheets = {"Start": [["read me"]], "Pupils": [HEADER, *ROWS]}
    refused(workbook(tmp_path / "a.xlsx", sheets, hidden=["Pupils"]), "All sheets with rows are hidden")


def test_a_sheet_named_after_a_child_is_not_named(tmp_path):
    sheets = {UPNS[0]: [HEADER, *ROWS[:5]], "Beech": [[*HEADER, "More"], *ROWS[5:]]}
    refused(workbook(tmp_path / "a.xlsx", sheets), "number 1")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(("first", "last"), [(3, 4), (2, 7)])
@pytest.mark.parametrize("column", [0, 1, 4])
def test_two_stray_quotation_marks_do_not_swallow_children(tmp_path, line_end, first, last, column):
    rows = [list(row) for row in [HEADER, *ROWS]]
    rows[first][column] = '"' + rows[first][column]
    rows[last][column] += '"'
    text = "".join(",".join(row) + line_end for row in rows)
    assert refused(write(tmp_path / "a.csv", text), "holds other rows").row == first + 1


def test_a_quoted_address_is_no_swallowed_row(tmp_path):
    text = 'UPN,Address,E01,E02,E03\nA1,"12 High Street, Oak,\nOakshire, OA1 1AA",1,2,1\n'
    assert read_table(write(tmp_path / "a.csv", text)).frame["Address"].tolist()[0].endswith("OA1 1AA")


@pytest.mark.parametrize(
    "text",
    [
        TEXT[TEXT.index("\n") + 1 :],
        "Blorba,Zibwick,RA,N,2\nBlorbb,Plimbo,RA,N,2\nBlorbc,Yubbo,RA,N,2\n",
        "2022,380,6,1.5\n2022,380,8,2\n",
        "25 March 2018,Blorba\n26 March 2018,Blorbb\n",
    ],
)
def test_a_file_without_a_header_shows_no_child(tmp_path, text):
    assert refused(write(tmp_path / "a.csv", text), "row 1: This row does not look like a header").row == 1


def test_a_header_that_is_repeated_on_each_page_is_a_header(tmp_path):
    text = TEXT + TEXT
    reading = read_table(write(tmp_path / "a.csv", text))
    assert len(reading.frame) == 2 * len(ROWS)
    assert reading.notes == ("Rows that repeat the header and were left out: 1.",)


def test_doubled_headers_that_could_be_a_childs_are_not_quoted(tmp_path):
    text = "UPN,E01,Name," + "x" * 60 + "," + "x" * 60 + "\nA,1,b,c,d\n"
    assert "xxx" not in str(refused(write(tmp_path / "a.csv", text), "more than one column"))


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("a.csv", json.dumps([{"UPN": UPNS[0]}]).encode(), "JSON"),
        ("a.csv", json.dumps({"UPN": UPNS[0]}, indent=1).encode(), "JSON"),
        ("a.csv", b"\xef\xbb\xbf<!DOCTYPE html><table>", "a web page"),
        ("a.xls", b"<html xmlns:x='urn'><table>", "a web page"),
        ("a.csv", b"<?xml version='1.0'?><pupils/>", "XML"),
        ("a.csv", b"%PDF-1.7\nUPN,E01", "a PDF document"),
        ("a.xlsx", b"\x1f\x8b\x08\x00", "a compressed file"),
    ],
)
def test_what_is_no_table_is_said_in_one_message(tmp_path, name, data, what):
    refused(write(tmp_path / name, data), f"This is not a table but {what}")


@pytest.mark.parametrize(
    ("member", "what"), [("school/a.csv", "a zip file"), ("word/document.xml", "a document or slides")]
)
def test_a_zip_file_that_is_no_workbook(tmp_path, member, what):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(member, TEXT)
    refused(write(tmp_path / "a.csv", data.getvalue()), f"not a table but {what}")


def test_a_cell_far_away_does_not_take_all_memory(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ROWS[0])
        sheet.write_string(1_048_575, 16_383, "x")
    refused(tmp_path / "a.xlsx", "too far to the right or below")


def test_a_format_far_away_is_no_cell(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ROWS[0])
        sheet.write_blank(1_048_575, 16_383, None, book.add_format({"bold": True}))
    assert len(read_table(tmp_path / "a.xlsx").frame) == 1


def test_cells_that_an_open_document_repeats_do_not_take_all_memory(tmp_path):
    def document(rows, columns):
        names = " ".join(
            f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
        )
        repeated = f' table:number-columns-repeated="{columns}"'
        cell = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'
        return (
            f"<office:document-content {names}><office:body><office:spreadsheet><table:table table:name='S'>"
            f"<table:table-row>{cell.format('', 'UPN')}{cell.format('', 'Name')}</table:table-row>"
            f'<table:table-row table:number-rows-repeated="{rows}">{cell.format(repeated, "x")}</table:table-row>'
            "</table:table></office:spreadsheet></office:body></office:document-content>"
        )

    def ods(rows, columns):
        with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("META-INF/manifest.xml", "<manifest/>")
            archive.writestr("content.xml", document(rows, columns))
        return tmp_path / "a.ods"

    assert read_table(ods(2, 2)).frame.to_numpy().tolist() == [["x", "x"], ["x", "x"]]
    refused(ods(1_000_000, 10_000), "more than 500 million characters")


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(workbook(tmp_path / "a.xlsx", {"Pupils": [HEADER, *ROWS]}), "a") as archive:
        info = zipfile.ZipInfo("xl/worksheets/sheet2.xml")
        archive.writestr(info, b"<x/>")
        info.file_size = 5_000_000_000  # what the directory at the end then says
    refused(tmp_path / "a.xlsx", "Unpacked, the workbook has more than 500 MB")


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_a_binary_sheet_is_measured_alike_in_chunks_of_any_size(size):
    cells = b"".join(bytes([2, 12]) + column.to_bytes(4, "little") + bytes(8) for column in (0, 200))
    unknown = b"\xa0\x1f\x85\x01" + bytes(133)
    sheet = unknown + bytes([0, 16]) + (99_999).to_bytes(4, "little") + bytes(12) + cells + unknown
    measure([sheet], size)
    with pytest.raises(ReadError, match="more than 30,000,000 cells"):
        measure([sheet, sheet], size)


def measure(sheets, size):
    total = Measure("a.xlsb")
    for data in sheets:
        measure_chunk = total.part("xl/worksheets/sheet1.bin")
        for start in range(0, len(data), size):
            measure_chunk(data[start : start + size], False)
        measure_chunk(b"", True)


def test_nested_parquet_columns_are_named(tmp_path):
    table = pa.table({"UPN": UPNS[:1], "Marks": [[1, 2]], "Home": [{"town": "Oak"}]})
    pq.write_table(table, tmp_path / "a.parquet")
    refused(tmp_path / "a.parquet", "several values in the column\\(s\\) 'Marks', 'Home'")


def test_two_parquet_columns_of_one_name(tmp_path):
    pq.write_table(pa.Table.from_arrays([pa.array(["a"])] * 2, ["UPN", "UPN"]), tmp_path / "a.parquet")
    refused(tmp_path / "a.parquet", "more than one column with the header 'UPN'")


def test_damage_inside_a_page_of_a_parquet_file_is_found(tmp_path):
    pq.write_table(pa.table({"UPN": ["AAAABBBBCCCC"]}), tmp_path / "a.parquet", compression="none")
    data = (tmp_path / "a.parquet").read_bytes()
    refused(write(tmp_path / "a.parquet", data.replace(b"BBBB", b"\xff\xfe\xff\xfe")), "damaged")


def test_a_parquet_footer_on_which_arrow_ends_the_process_is_one_message(tmp_path):
    """A column becomes a required one, which its statistics do not fit."""
    pq.write_table(pa.table({"UPN": UPNS[:2], "Note": ["a", "b"]}), tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    optional, required = b"\x25\x02\x18", b"\x25\x00\x18"
    assert optional in data
    path = write(tmp_path / "a.parquet", data.replace(optional, required, 1))
    code = (
        "import sys; from send_screen.errors import ReadError; from send_screen.readers import read_table\n"
        "try: read_table(sys.argv[1])\n"
        "except ReadError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert "damaged or not complete" in done.stdout


@pytest.mark.parametrize("size", [1, 4, 1_000])
def test_a_parquet_footer_that_breaks_off_is_damaged(size):
    data = io.BytesIO()
    pq.write_table(pa.table({f"c{n}": ["x"] for n in range(20)}), data)
    whole = data.getvalue()
    assert encodings_of(whole) == {0, 3, 8}  # plain, run lengths, dictionary
    length = int.from_bytes(whole[-8:-4], "little")
    footer = whole[-8 - length : -8][:-size]
    with pytest.raises(ValueError, match="footer"):
        encodings_of(footer + len(footer).to_bytes(4, "little") + b"PAR1")


def test_text_in_delta_encoding_is_refused(tmp_path):
    table = pa.table({"UPN": UPNS[:2]})
    encoding = {"use_dictionary": False, "column_encoding": "DELTA_BYTE_ARRAY"}
    pq.write_table(table, tmp_path / "a.parquet", **encoding)
    refused(tmp_path / "a.parquet", "DELTA_BYTE_ARRAY")


def test_parquet_bytes_that_are_text_are_read_as_text(tmp_path):
    pq.write_table(pa.table({"UPN": [upn.encode() for upn in UPNS]}), tmp_path / "a.parquet")
    assert read_table(tmp_path / "a.parquet").frame["UPN"].tolist() == UPNS


@pytest.mark.parametrize("place", [5, 40, 199])
def test_a_nul_character_is_not_taken_for_another_encoding(tmp_path, place):
    data = bytearray(TEXT.encode())
    data[place] = 0
    found = refused(write(tmp_path / "a.csv", bytes(data)), "There is a NUL character")
    assert found.row == data[:place].count(b"\n") + 1


@pytest.mark.parametrize(
    "text",
    [
        "Class list of Oak, 2025\nUPN;Name;E01;E02\n" + "A1;Blorb, Plimbo, Z;1;2\n" * 20,
        "Name;Marks;Other\n" + "Blorba;1,5;2,5,6,7\n" * 5,
        "UPN;Name;E01\n" + "".join(f"A{i};a,b,c,d,e,f;1\n" for i in range(5)),
    ],
)
def test_commas_inside_a_column_do_not_win_over_semicolons(tmp_path, text):
    assert read_table(write(tmp_path / "a.csv", text)).delimiter == ";"


def test_control_characters_are_taken_out_and_invisible_ones_kept_both_with_a_note(tmp_path):
    rows = [["UPN", "Name"], ["A1", "Bl\x1b[31morb\x07"], ["A2", "Pl\u202eim\u200bbo"]]
    read = {
        "csv": read_table(write(tmp_path / "a.csv", "".join(",".join(row) + "\n" for row in rows))),
        "xlsx": read_table(workbook(tmp_path / "a.xlsx", {"Pupils": rows})),
    }
    pd.DataFrame(rows[1:], columns=rows[0]).to_parquet(tmp_path / "a.parquet")
    read["parquet"] = read_table(tmp_path / "a.parquet")
    for kind, reading in read.items():
        assert reading.frame["Name"].tolist() == ["Bl[31morb", "Pl\u202eim\u200bbo"], kind
        assert reading.notes == (
            "Control characters that were taken out: 2.",
            "Characters that cannot be seen (such as zero-width spaces) and were kept: 2.",
        ), kind


def test_a_file_name_that_is_not_text_can_be_written(tmp_path):
    path = tmp_path / "sch\udce9ool\n.csv"
    try:
        path.write_text(TEXT)
    except OSError:
        pytest.skip("this file system has no such names")
    assert read_table(path).file == "sch\ufffdool\ufffd.csv"
    path.write_text("UPN,UPN\na,b\n")
    refused(path, "more than one column").file.encode()


def test_a_column_without_a_header_takes_no_other_columns_name(tmp_path):
    frame = read_table(write(tmp_path / "a.csv", "UPN,,column 2\n1,2,3\n")).frame
    assert sorted(frame.loc[2]) == ["1", "2", "3"]


@pytest.mark.parametrize("path", sorted((shipped("data_contracts") / "examples").rglob("*.csv")), ids=lambda p: p.name)
def test_every_example_is_still_a_table(path: Path):
    assert len(read_table(path).frame) > 0


def test_bytes_that_are_no_text_are_told_by_row_and_column_and_a_whole_file_is_not_called_damaged(tmp_path):
    cells = pa.array([b"caf\xc3\xa9", None, b"\xff\xfe"], pa.binary())
    pq.write_table(pa.table({"UPN": UPNS[:3], "Note": cells}), tmp_path / "bytes.parquet")
    error = refused(tmp_path / "bytes.parquet", "row 4, column Note: A cell holds bytes that are no UTF-8 text")
    assert (error.row, error.column) == (4, "Note")
    pq.write_table(pa.table({"UPN": UPNS[:2], "Note": cells[:2]}), tmp_path / "text.parquet")
    first, second = read_table(tmp_path / "text.parquet").frame["Note"]
    assert first == "café"
    assert pd.isna(second)
