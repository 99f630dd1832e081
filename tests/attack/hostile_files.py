"""Small files that ask for much time or memory, each with the call that reads it. Made in a folder when asked for."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from send_screen.contracts import shipped, upn_check_letter
from send_screen.governance import open_for_append
from send_screen.readers._xls import ole_container

UPN = upn_check_letter("000100122001") + "000100122001"
EYFSP = ["UPN", "AcademicYear", "DOB", *(f"E{goal:02d}" for goal in range(1, 18))]
ROW = [UPN, "2025/26", "2020-09-30", *["2"] * 17]

#: Name to the call that reads the file, and what makes it in a folder.
FILES: dict[str, tuple[str, Callable[[Path], Path]]] = {}


def hostile(call: str) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    def enter(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
        FILES[make.__name__] = (call, make)
        return make

    return enter


def written(path: Path, *parts: bytes | str) -> Path:
    with path.open("wb") as file:
        for part in parts:
            file.write(part.encode() if isinstance(part, str) else part)
    return path


# --- CSV -------------------------------------------------------------------------------------------------------------


@hostile("read_table")
def one_line_of_a_hundred_megabytes(folder):
    return written(folder / "a.csv", "UPN,G01\n", *[b"x" * 1_000_000] * 100)


@hostile("read_table")
def sparse_file_of_a_terabyte(folder):
    path = written(folder / "a.csv", "UPN,G01\n")
    os.truncate(path, 2**40)
    return path


@hostile("read_table")
def a_quotation_mark_that_never_closes(folder):
    return written(folder / "a.csv", 'UPN,G01\nA,"', *[b"A1,2\n" * 200_000] * 100)


@hostile("read_table")
def a_million_columns(folder):
    return written(folder / "a.csv", ",".join(f"c{i}" for i in range(1_000_000)), "\n", "1," * 999_999, "1\n")


@hostile("read_table")
def twenty_thousand_blank_columns_in_each_of_twenty_thousand_rows(folder):
    return written(folder / "a.csv", "UPN,G01\n", *[b"A,1" + b"," * 19_998 + b"\n"] * 10_000)


@hostile("read_table")
def a_row_far_wider_than_the_others(folder):
    return written(folder / "a.csv", "UPN,G01\n", "A,1\n" * 200_000, "A,1", "," * 16_000, "\n")


@hostile("read_table")
def two_hundred_megabytes_of_line_ends(folder):
    return written(folder / "a.csv", "UPN,G01\nA,1\n", *[b"\n" * 1_000_000] * 200)


@hostile("read_table")
def two_hundred_megabytes_of_blank_cells(folder):
    return written(folder / "a.csv", "UPN,G01\nA,1\n", *[b"," * 100 + b"\n"] * 2_000_000)


@hostile("read_table")
def nul_characters(folder):
    return written(folder / "a.csv", "UPN,G01\n", *[b"A,1\n" * 1_000_000] * 20, *[b"\0" * 1_000_000] * 100)


@hostile("read_table")
def one_emoji_in_twenty_megabytes(folder):
    return written(folder / "a.csv", "UPN,G01\n", "\U0001f600,1\n", *[b"A1" * 100 + b",2\n"] * 100_000)


@hostile("read_table")
def a_file_packed_by_gzip_and_called_csv(folder):
    import gzip

    return written(folder / "a.csv", gzip.compress(b"UPN,G01\n" + b"A,1\n" * 10_000_000, 1))


@hostile("read_table")
def a_header_that_is_repeated_on_each_row(folder):
    return written(folder / "a.csv", *[b"UPN,G01\n"] * 300_000)


@hostile("read_table")
def columns_of_one_name(folder):
    return written(folder / "a.csv", ",".join(["UPN"] * 16_000), "\n", "1," * 15_999, "1\n")


@hostile("check")
def ten_thousand_headers_that_look_like_columns(folder):
    names = [f"UPM{i:04d}x" for i in range(10_000)]
    return written(folder / "a.csv", ",".join(names), "\n", "1," * 9_999, "1\n")


@hostile("check")
def a_header_of_ten_megabytes(folder):
    return written(folder / "a.csv", "UPN," + "CensusDate" * 1_000_000, "\n", "1,1\n")


@hostile("check")
def a_hundred_thousand_rows_that_break_every_rule(folder):
    return written(
        folder / "a.csv", "UPN,CensusDate,SENprovision\n", *[b"xx,%d,zz%d\n" % (i, i) for i in range(100_000)]
    )


@hostile("cohort")
def one_child_fifty_thousand_times(folder):
    return written(folder / "a.csv", ",".join(EYFSP), "\n", *[(",".join(ROW) + "\n").encode()] * 50_000)


# --- Parquet ---------------------------------------------------------------------------------------------------------


def parquet(path: Path, columns: dict[str, pa.Array], n: int, chunk: int = 1_000_000) -> Path:
    table = pa.table(
        {
            name: pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, "int8")), values)
            for name, values in columns.items()
        }
    )
    pq.write_table(table, path, compression="zstd", row_group_size=chunk, store_schema=False)
    return path


@hostile("cohort")
def a_hundred_thousand_equal_rows_of_parquet(folder):
    return parquet(
        folder / "a.parquet", {name: pa.array([cell]) for name, cell in zip(EYFSP, ROW, strict=True)}, 100_000
    )


@hostile("read_table")
def twenty_million_equal_rows(folder):
    schema = pa.schema({"UPN": pa.dictionary(pa.int8(), pa.string()), "G01": pa.dictionary(pa.int8(), pa.string())})
    zeros = pa.array(np.zeros(10_000_000, "int8"))
    batch = pa.table([pa.DictionaryArray.from_arrays(zeros, pa.array(["x"]))] * 2, schema=schema)
    with pq.ParquetWriter(folder / "a.parquet", schema, compression="zstd") as writer:
        for _ in range(2):
            writer.write_table(batch)
    return folder / "a.parquet"


@hostile("read_table")
def one_long_text_in_a_million_rows(folder):
    return parquet(folder / "a.parquet", {"UPN": pa.array(["x" * 30_000]), "G01": pa.array(["2"])}, 1_000_000)


@hostile("read_table")
def one_text_of_a_hundred_megabytes(folder):
    return parquet(folder / "a.parquet", {"UPN": pa.array(["x" * 100_000_000]), "G01": pa.array(["2"])}, 2)


@hostile("read_table")
def a_hundred_texts_of_a_megabyte(folder):
    table = pa.table({"UPN": ["x" * 999_990 + str(i) for i in range(100)]})
    pq.write_table(table, folder / "a.parquet", compression="zstd")
    return folder / "a.parquet"


@hostile("read_table")
def thirty_thousand_parquet_columns(folder):
    pq.write_table(pa.table({f"c{i}": [1] for i in range(30_000)}), folder / "a.parquet")
    return folder / "a.parquet"


@hostile("read_table")
def columns_within_columns(folder):
    kind: pa.DataType = pa.int8()
    for _ in range(60):
        kind = pa.struct({"a": kind})
    pq.write_table(pa.table({"UPN": pa.array([None], kind)}), folder / "a.parquet")
    return folder / "a.parquet"


# --- workbooks -------------------------------------------------------------------------------------------------------

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def xlsx(path: Path, sheets: list[list[bytes]], shared: list[bytes] = (), doctype: str = "") -> Path:
    """Write a workbook of sheets that are given as pieces of their data, and of shared texts."""
    names = [f"sheet{i + 1}" for i in range(len(sheets))]
    relations = (
        "".join(
            f'<Relationship Id="r{i}" Type="{_RELATION}/worksheet" Target="worksheets/{n}.xml"/>'
            for i, n in enumerate(names)
        )
        + f'<Relationship Id="s" Type="{_RELATION}/sharedStrings" Target="sharedStrings.xml"/>'
    )
    entries = "".join(f'<sheet name="{n}" sheetId="{i + 1}" r:id="r{i}"/>' for i, n in enumerate(names))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="r" Type="{_RELATION}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'{doctype}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATION}"><sheets>{entries}</sheets></workbook>',
        )
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{_PACKAGE}">{relations}</Relationships>')
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
            part.write(f'{doctype}<sst xmlns="{_MAIN}">'.encode())
            for piece in shared:
                part.write(piece)
            part.write(b"</sst>")
        for name, pieces in zip(names, sheets, strict=True):
            with archive.open(f"xl/worksheets/{name}.xml", "w", force_zip64=True) as part:
                part.write(f'{doctype}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
                for piece in pieces:
                    part.write(piece)
                part.write(b"</sheetData></worksheet>")
    return path


HEAD = (
    b'<row r="1"><c r="A1" t="inlineStr"><is><t>UPN</t></is></c><c r="B1" t="inlineStr"><is><t>G01</t></is></c></row>'
)


def cell(text: bytes) -> bytes:
    return b'<row r="2"><c r="A2" t="inlineStr"><is>' + text + b'</is></c><c r="B2"><v>1</v></c></row>'


@hostile("read_table")
def one_cell_of_a_hundred_megabytes(folder):
    return xlsx(
        folder / "a.xlsx",
        [[HEAD, cell(b"<t>@</t>").split(b"@")[0], *[b"x" * 1_000_000] * 100, cell(b"<t>@</t>").split(b"@")[1]]],
    )


@hostile("read_table")
def one_cell_of_a_million_runs(folder):
    run = b"<r><t>" + b"x" * 100 + b"</t></r>"
    start, end = cell(b"@").split(b"@")
    return xlsx(folder / "a.xlsx", [[HEAD, start, *[run * 1_000] * 1_000, end]])


def shared_rows(n: int, columns: str) -> list[bytes]:
    row = "".join(f'<c r="{c}#" t="s"><v>0</v></c>' for c in columns)
    return [f'<row r="{i}">{row}</row>'.replace("#", str(i)).encode() for i in range(2, n + 2)]


@hostile("read_table")
def one_long_shared_text_in_a_hundred_thousand_cells(folder):
    text = b"<si><t>" + b"x" * 32_000 + b"</t></si>"
    return xlsx(folder / "a.xlsx", [[HEAD, *shared_rows(50_000, "AB")]], [text])


@hostile("read_table")
def a_hundred_sheets_of_a_million_rows(folder):
    far = b'<row r="2"><c r="A2"><v>1</v></c></row><row r="1048576"><c r="O1048576"><v>1</v></c></row>'
    return xlsx(folder / "a.xlsx", [[HEAD, far]] * 100)


@hostile("read_table")
def cells_without_a_place(folder):
    return xlsx(folder / "a.xlsx", [[b"<row>", b"<c><v>1</v></c>" * 20_000, b"</row>"]])


@hostile("read_table")
def entities_that_grow(folder):
    lines = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "x" * 10}">' for i in range(12))
    return xlsx(folder / "a.xlsx", [[HEAD, cell(b"<t>&e11;</t>")]], doctype=f"<!DOCTYPE x [{lines}]>")


@hostile("read_table")
def an_encoding_that_there_is_not(folder):
    return xlsx(folder / "a.xlsx", [[HEAD, cell(b"<t>x</t>")]], doctype='<?xml version="1.0" encoding="eUTF-8"?>')


@hostile("read_table")
def a_directory_that_says_a_part_is_small(folder):
    """Its size and checksum are of the first bytes of a part that is unpacked to 100 MB."""
    import zlib

    start, end = cell(b"<t>@</t>").split(b"@")
    path = xlsx(folder / "a.xlsx", [[HEAD, start, *[b"x" * 1_000_000] * 100, end]])
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        info = archive.getinfo("xl/worksheets/sheet1.xml")
        with archive.open(info) as part:
            first = part.read(500)
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/worksheets/sheet1.xml"))
    struct.pack_into("<I", data, place + 16, zlib.crc32(first))
    struct.pack_into("<I", data, place + 24, len(first))
    return written(path, bytes(data))


@hostile("read_table")
def a_zip_bomb_among_the_pictures(folder):
    path = xlsx(folder / "a.xlsx", [[HEAD, cell(b"<t>x</t>")]])
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet2.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(6):
            part.write(b" " * 100_000_000)
    return path


@hostile("read_table")
def six_thousand_parts(folder):
    path = xlsx(folder / "a.xlsx", [[HEAD, cell(b"<t>x</t>")]])
    with zipfile.ZipFile(path, "a") as archive:
        for i in range(6_000):
            archive.writestr(f"xl/worksheets/x{i}.xml", b"")
    return path


MILLION = b"x" * 1_000_000


@hostile("read_table")
def a_comment_of_two_hundred_megabytes(folder):
    return xlsx(folder / "a.xlsx", [[HEAD, cell(b"<t>x</t>"), b"<!--", *[MILLION] * 200, b"-->"]])


@hostile("read_table")
def an_attribute_of_two_hundred_megabytes(folder):
    return xlsx(folder / "a.xlsx", [[HEAD, cell(b"<t>x</t>"), b'<row a="', *[MILLION] * 200, b'"/>']])


@hostile("read_table")
def two_hundred_megabytes_before_the_first_row(folder):
    return xlsx(folder / "a.xlsx", [[*[b" " * 1_000_000] * 200, HEAD, cell(b"<t>x</t>")]])


@hostile("read_table")
def one_sheet_under_two_hundred_names(folder):
    path = xlsx(folder / "b.xlsx", [[HEAD, cell(b"<t>x</t>"), b'<row r="500000"><c r="T500000"><v>1</v></c></row>']])
    entry = b'<sheet name="sheet1" sheetId="1" r:id="r0"/>'
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entries = b"".join(entry.replace(b"1", b"%d" % i) for i in range(1, 201))
            target.writestr(name, source.read(name).replace(entry, entries))
    return folder / "a.xlsx"


@hostile("read_table")
def four_million_empty_rows(folder):
    return xlsx(folder / "a.xlsx", [[HEAD, cell(b"<t>x</t>"), *[b'<row hidden="1"/>' * 10_000] * 400]])


@hostile("read_table")
def four_million_merged_cells(folder):
    merged = [b'</sheetData><mergeCells><mergeCell ref="A2:B9"/>', *[b'<mergeCell ref="A2:A9"/>' * 10_000] * 400]
    return xlsx(folder / "a.xlsx", [[HEAD, cell(b"<t>x</t>"), *merged, b"</mergeCells><sheetData>"]])


@hostile("read_table")
def merged_cells_over_each_other(folder):
    merged = [b"</sheetData><mergeCells>", *[b'<mergeCell ref="A2:A50001"/>'] * 50_000, b"</mergeCells><sheetData>"]
    return xlsx(folder / "a.xlsx", [[HEAD, *shared_rows(50_000, "AB"), *merged]], [b"<si><t>x</t></si>"])


def binary(kind: int, content: bytes = b"") -> bytes:
    head = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    return head + bytes([len(content)]) + content


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def xlsb(path: Path, rows: bytes, sheets: int) -> Path:
    """Write a binary workbook in which sheets of a header and these rows are all the same part."""
    names = [binary(156, struct.pack("<2I", 0, i) + wide("r0") + wide(f"sheet{i}")) for i in range(1, sheets + 1)]
    head = b"".join(binary(6, struct.pack("<2I", i, 0) + wide(name)) for i, name in enumerate(("UPN", "G01")))
    sheet = binary(148, bytes(16)) + binary(145) + binary(0, bytes(16)) + head + rows + binary(146)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.bin", b"".join([*names, binary(144), binary(157)]))
        archive.writestr("xl/_rels/workbook.bin.rels", relations("worksheets/sheet1.bin"))
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    return path


def relations(target: str) -> str:
    entry = f'<Relationship Id="r0" Type="{_RELATION}/worksheet" Target="{target}"/>'
    return f'<Relationships xmlns="{_PACKAGE}">{entry}</Relationships>'


def binary_row(number: int, column: int) -> bytes:
    return binary(0, struct.pack("<I", number) + bytes(12)) + binary(5, struct.pack("<2Id", column, 0, 1))


@hostile("read_table")
def one_binary_sheet_under_two_hundred_names(folder):
    return xlsb(folder / "a.xlsb", binary_row(1, 0) + binary_row(500_000, 20), sheets=200)


@hostile("read_table")
def records_of_eight_megabytes(folder):
    with zipfile.ZipFile(folder / "a.xlsb", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.bin", b"\x83\x01\x00")
        with archive.open("xl/worksheets/sheet1.bin", "w", force_zip64=True) as part:
            for _ in range(50):
                part.write(b"\xa0\x1f\x80\x80\x80\x04" + bytes(8_388_608))
    return folder / "a.xlsb"


@hostile("read_table")
def thirty_million_records_without_cells(folder):
    with zipfile.ZipFile(folder / "a.xlsb", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.bin", b"\x83\x01\x00")
        archive.writestr("xl/worksheets/sheet1.bin", b"\xa0\x1f\0" * 30_000_000)
    return folder / "a.xlsb"


def ods(path: Path, rows: str) -> Path:
    names = " ".join(f'xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"' for n in ("office", "table", "text"))
    head = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{n}</text:p></table:table-cell>' for n in ("UPN", "G01")
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr(
            "content.xml",
            f"<office:document-content {names}><office:body><office:spreadsheet><table:table table:name='S'>"
            f"<table:table-row>{head}</table:table-row>{rows}</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    return path


@hostile("read_table")
def a_long_text_that_an_open_document_repeats(folder):
    text = f'<table:table-cell office:value-type="string"><text:p>{"x" * 30_000}</text:p></table:table-cell>'
    return ods(folder / "a.ods", f'<table:table-row table:number-rows-repeated="1000000">{text}</table:table-row>')


@hostile("read_table")
def sheets_of_an_open_document(folder):
    times = 'office:value-type="string" table:number-columns-repeated="15"'
    text = f"<table:table-cell {times}><text:p>x</text:p></table:table-cell>"
    sheet = f'<table:table-row table:number-rows-repeated="1000000">{text}</table:table-row>'
    return ods(
        folder / "a.ods", sheet + "".join(f"</table:table><table:table table:name='S{i}'>{sheet}" for i in range(60))
    )


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def number(row: int, column: int) -> bytes:
    return record(0x0203, struct.pack("<3Hd", row, column, 0, 1))


def shared_text(row: int, column: int, index: int) -> bytes:
    return record(0x00FD, struct.pack("<3HI", row, column, 0, index))


def xls(path: Path, *cells: bytes, texts: bytes = b"", count: int = 2) -> Path:
    """Write a workbook of Excel 97: a sheet of a header of two shared texts, and of records below it."""
    start = record(0x0809, struct.pack("<2H12x", 0x0600, 5))
    shared = record(0x00FC, struct.pack("<2I", count, count) + b"\3\0\0UPN\3\0\0G01" + texts)
    place = len(start) + len(shared) + 17
    sheet = record(0x0085, struct.pack("<IHBB", place, 0, 1, 0) + b"S") + record(0x000A, b"")
    head = shared_text(0, 0, 0) + shared_text(0, 1, 1)
    stream = b"".join([start, shared, sheet, start, head, *cells, record(0x000A, b"")])
    return written(path, ole_container(stream).getvalue())


@hostile("read_table")
def a_cell_of_excel_97_far_to_the_right(folder):
    return xls(folder / "a.xls", number(1, 0), number(0x7F7F, 0x7F7F))


@hostile("read_table")
def a_cell_in_the_last_corner_of_excel_97(folder):
    return xls(folder / "a.xls", number(1, 0), number(65_535, 255))


@hostile("read_table")
def dimensions_of_excel_97_beyond_its_cells(folder):
    return xls(folder / "a.xls", record(0x0200, struct.pack("<2I3H", 0, 2**31, 0, 2**16 - 1, 0)), number(1, 0))


@hostile("read_table")
def a_formula_of_excel_97_that_is_opened_again_and_again(folder):
    opened = b"\x1e\1\0" + b"\x15" * 60_000  # a number in brackets in brackets
    formula = struct.pack("<3Hd3H", 1, 0, 0, 1, 0, 0, 0) + struct.pack("<H", len(opened)) + opened
    return xls(folder / "a.xls", *[record(0x0006, formula)] * 500)


@hostile("read_table")
def a_count_of_shared_texts_that_are_not_there(folder):
    return xls(folder / "a.xls", number(1, 0), count=2**31 - 1)


@hostile("read_table")
def one_long_shared_text_in_the_cells_of_excel_97(folder):
    cells = [shared_text(row, 0, 2) for row in range(1, 60_000)] * 2
    return xls(folder / "a.xls", *cells, texts=struct.pack("<HB", 32_000, 0) + b"x" * 32_000, count=3)


@hostile("read_table")
def sectors_that_follow_themselves(folder):
    path = xls(folder / "a.xls", number(1, 0))
    data = bytearray(path.read_bytes())
    data[4_096 + 4 : 4_096 + 8] = struct.pack("<I", 1)  # of the directory
    return written(path, bytes(data))


# --- documents -------------------------------------------------------------------------------------------------------


@hostile("load_contract")
def an_alias_bomb(folder):
    lines = [
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]",
        *(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)),
    ]
    return written(folder / "a.yaml", "\n".join(lines))


@hostile("load_spec")
def yaml_nested_a_million_deep(folder):
    return written(folder / "spec.yaml", "[" * 1_000_000)


@hostile("load_spec")
def yaml_of_a_hundred_megabytes(folder):
    return written(folder / "spec.yaml", *[b"- [1, 2, 3]\n" * 100_000] * 80)


@hostile("load_spec")
def yaml_with_one_long_text(folder):
    return written(folder / "spec.yaml", "name: ", *[b"x y " * 100_000] * 5, "\n")


@hostile("load_contract")
def yaml_of_many_lines(folder):
    return written(folder / "a.yaml", *[b"a%d: {b: 1}\n" % i for i in range(60_000)])


@hostile("load_spec")
def a_number_of_a_million_digits(folder):
    return written(folder / "spec.yaml", "name: ", "9" * 1_000_000, "\n")


@hostile("load_tables")
def json_nested_a_million_deep(folder):
    return written(folder / "tables.json", "[" * 1_000_000)


@hostile("load_tables")
def json_of_seven_megabytes_of_lists(folder):
    return written(folder / "tables.json", '{"terms": [', "[]," * 2_300_000, "[]]}")


@hostile("load_tables")
def json_of_seven_megabytes_of_keys(folder):
    return written(folder / "tables.json", "{", *[b'"k%d":1,' % i for i in range(600_000)], '"k":1}')


@hostile("load_tables")
def json_of_a_gigabyte(folder):
    path = written(folder / "tables.json", "[")
    os.truncate(path, 10**9)
    return path


@hostile("load_tables")
def json_with_a_key_twice(folder):
    inner = ",".join(f'"k{i}":1' for i in range(100_000))
    return written(folder / "tables.json", "{", inner, ",", inner, "}")


@hostile("published")
def a_published_document_of_sixty_megabytes(folder):
    return written(folder / "published.json", '{"groups": [', *[b"{}," * 1_000_000] * 20, "{}]}")


@hostile("load_model")
def a_manifest_of_sixty_megabytes(folder):
    (folder / "v").mkdir()
    written(folder / "v" / "manifest.json", '{"files": {', *[b'"%d":{},' % i for i in range(4_000_000)], '"k":{}}}')
    return folder / "v"


# --- ledgers ---------------------------------------------------------------------------------------------------------


def ledger(folder: Path, statement: str, *values: object) -> Path:
    """Write a ledger without entries, and run a statement on it."""
    path = folder / "ledger.db"
    with open_for_append(path):
        pass
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)
    return path


@hostile("read_ledger")
def a_ledger_of_many_wrong_entries(folder):
    count = "with recursive n(i) as (select 1 union all select i + 1 from n limit 2000000)"
    return ledger(folder, f"insert into entries {count} select i, 'x' from n")


@hostile("read_ledger")
def a_ledger_of_one_long_entry(folder):
    return ledger(folder, "insert into entries values (1, ?)", '{"listed": [' + "{}," * 30_000_000 + "{}]}")


@hostile("read_ledger")
def a_ledger_of_one_entry_that_is_too_long(folder):
    return ledger(folder, "insert into entries values (1, zeroblob(900000000))")


@hostile("read_ledger")
def a_ledger_of_many_records_of_nobody(folder):
    count = "with recursive n(i) as (select 1 union all select i + 1 from n limit 2000000)"
    return ledger(folder, f"insert into child_records {count} select i, 'x', 'y' from n")


@hostile("read_ledger")
def a_sparse_ledger(folder):
    path = written(folder / "ledger.db", "\n")
    os.truncate(path, 2**40)
    return path


# --- requests --------------------------------------------------------------------------------------------------------


@hostile("request")
def a_request_whose_records_share_no_column(folder):
    records = [{f"{row}.{i}": 1 for i in range(100)} for row in range(10_000)]
    return written(folder / "a.json", json.dumps({"instances": records}))


@hostile("request")
def a_request_of_empty_lists(folder):
    return written(folder / "a.json", '{"instances": [', "[]," * 2_000_000, "[]]}")


@hostile("request")
def a_request_of_empty_records(folder):
    return written(folder / "a.json", '{"instances": [', "{}," * 2_000_000, "{}]}")


@hostile("request")
def a_request_of_short_rows(folder):
    return written(folder / "a.csv", "a\n" * 8_000_000)


@hostile("request")
def a_request_of_one_cell(folder):
    return written(folder / "a.csv", 'a\n"', "b" * 16_000_000)


@hostile("request")
def a_request_nested_deeply(folder):
    return written(folder / "a.json", '{"instances": ', "[" * 8_000_000)


# --- patterns --------------------------------------------------------------------------------------------------------


@hostile("pattern")
def a_pattern_that_backtracks(folder):
    return pattern(folder, "(a+)+b")


def pattern(folder: Path, text: str) -> Path:
    contract = shipped("data_contracts") / "research" / "project_star-1.0.0.odcs.yaml"
    found = contract.read_text("utf-8").replace('pattern: "[0-9]{5}"', f"pattern: {json.dumps(text)}", 1)
    return written(folder / contract.name, found)


@hostile("pattern")
def a_pattern_that_repeats_repeats(folder):
    return pattern(folder, "((a{900}){900}){900}")


@hostile("pattern")
def a_pattern_of_alternatives(folder):
    return pattern(folder, "(a|a)*(a|a?)*c")


@hostile("pattern")
def a_pattern_that_looks_ahead(folder):
    return pattern(folder, "(?=a)a+")


@hostile("pattern")
def a_pattern_that_refers_back(folder):
    return pattern(folder, r"(a)\1")


@hostile("pattern")
def a_pattern_that_closes_brackets_of_others(folder):
    return pattern(folder, "a)|(b")


#: What is no plain file, each for every call that takes a path.
def fifo(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path)


def directory(path: Path) -> None:
    path.mkdir()


NO_FILES = (fifo, device, loop, directory)
