"""Two thousand damaged files: each ends in a cohort that lost no row, or in one clear error that quotes no child."""

import csv
import io
import random
import time
import zipfile
from functools import cache

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from send_screen.cohorts import load_cohort
from send_screen.contracts import check_table, shipped, upn_check_letter
from send_screen.errors import SendScreenError
from send_screen.readers import read_table
from send_screen.specs import load_spec

pytestmark = pytest.mark.slow

FILES = 2_000
CHUNKS = 4
CHILDREN = 12
SLOWEST = 20  # seconds for one file
HEADER = [
    "UPN", "Surname", "Forename", "DOB", "Sex", "Ethnicity", "Language", "FSMeligible", "EverFSM6", "NCyearActual",
    "School", "ClassName", "SENprovision", "SessionsPossible", "SessionsAbsent", "AcademicYear",
    *(f"E{goal:02d}" for goal in range(1, 18)),
]  # fmt: skip
BODIES = [f"00010012{serial:04d}" for serial in range(5001, 5001 + CHILDREN)]
ROWS = [
    [
        upn_check_letter(body) + body, f"Blorb{'abcdefghijkl'[i]}", "Zoë" if i % 3 else "Plimbo",
        f"2020-{(i + 8) % 12 + 1:02d}-{i + 10}", "FM"[i % 2], ["WBRI", "WROM", "APKN"][i % 3],
        ["ENG", "PNJ"][i % 2], "false", "true", "R", "0001132", "RA", "N", "380", str(i), "2025/26",
        *["12A"[(i + goal) % 3] for goal in range(17)],
    ]
    for i, body in enumerate(BODIES)
]  # fmt: skip
TOKENS = [
    '"', '""', ",", ";", "\t", "|", "\n", "\r", "\r\n", "\x00", "\x1a", "\x1b[31m", "\ufeff", "\u200b", "\u202e", "é",
    "’", "'", "=1+1", "-", " ", "1e999", "9" * 401, "nan", "inf", "null", "31/02/2021", "03/25/2021", "March 3, 2021",
    "Total: 12", "2", "A", "Expected", "[1]", "{}", "<b>", "\\", "/", "%", "\U0001f600", "x" * 5_000, "²", "٣", "",
]  # fmt: skip
UPNS = {row[0] for row in ROWS}
XML = [b"<", b"&", b"9" * 9, b"-1", b"A1048576", b"XFD1", b"\xff", b"e", b"", b'"', b"&#x1b;", b"&lt;", b"</row>"]


def csv_of(header, rows, delimiter=","):
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue()


def xlsx_of(sheets):
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write_string(place, column, cell)
    return data.getvalue()


def parquet_of(header, rows):
    data = io.BytesIO()
    columns = list(zip(*rows, strict=True))
    pq.write_table(pa.table({name: list(column) for name, column in zip(header, columns, strict=True)}), data)
    return data.getvalue()


@cache
def base(kind):
    made = {"xlsx": lambda: xlsx_of({"Pupils": [HEADER, *ROWS]}), "parquet": lambda: parquet_of(HEADER, ROWS)}
    return made[kind]()


def damaged_bytes(data, rng):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        place = rng.randrange(len(data))
        match rng.randrange(4):
            case 0:
                del data[place : place + rng.choice((1, 1, 3, 30, 300))]
            case 1:
                data[place : place + 1] = bytes([rng.randrange(256)])
            case 2:
                data[place:place] = data[max(0, place - rng.randrange(400)) : place]
            case 3:
                data[place] ^= 1 << rng.randrange(8)
        if not data:
            break
    return bytes(data)


def damaged_cells(rng):
    rows = [list(row) for row in ROWS]
    for _ in range(rng.choice((1, 2, 10))):
        row, column = rng.randrange(CHILDREN), rng.randrange(len(HEADER))
        token = rng.choice(TOKENS)
        rows[row][column] = rng.choice((token, rows[row][column] + token, token + rows[row][column], token * 3))
    return rows


def upns(rows):
    return [row[0] if row[0] in UPNS else None for row in rows]


# Each kind of damage returns the suffix, the bytes, and what a reading must have: None where anything may have come of
# it, else for each row its UPN, or None where that was damaged.


def csv_bytes(rng):
    return ".csv", damaged_bytes(csv_of(HEADER, ROWS).encode(), rng), None


def csv_tokens(rng):
    text = csv_of(HEADER, ROWS)
    for _ in range(rng.choice((1, 1, 2, 5))):
        place = rng.randrange(len(text) + 1)
        text = text[:place] + rng.choice(TOKENS) * rng.choice((1, 1, 2, 30)) + text[place:]
    return ".csv", text.encode(), None


def csv_encodings(rng):
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"])
    data = csv_of(HEADER, ROWS, rng.choice(",;\t|")).encode(encoding)
    return (".csv", data, upns(ROWS)) if rng.random() < 0.5 else (".csv", damaged_bytes(data, rng), None)


def csv_headers(rng):
    header = list(HEADER)
    for _ in range(rng.choice((1, 2, 5))):
        place = rng.randrange(len(header))
        header[place] = rng.choice(
            [header[place].lower(), header[place][:-1], "", rng.choice(header), rng.choice(TOKENS), rng.choice(ROWS[0])]
        )
    if rng.random() < 0.3:
        rng.shuffle(header)
    return ".csv", csv_of(header, ROWS).encode(), [None] * CHILDREN


def csv_cells(rng):
    rows = damaged_cells(rng)
    return ".csv", csv_of(HEADER, rows, rng.choice(",;\t|")).encode(), upns(rows)


def csv_rows(rng):
    rows = [list(row) for row in ROWS]
    for _ in range(rng.choice((1, 3))):
        place = rng.randrange(len(rows))
        match rng.randrange(6):
            case 0:
                rows.insert(place, list(rows[place]))
            case 1:
                rows.append(["Total: 12"])
            case 2:
                rows.insert(place, list(HEADER))
            case 3:
                rows[place] = rows[place][: rng.randrange(1, len(HEADER))]
            case 4:
                rows.insert(place, ["x"] * rng.choice((1, 5, len(HEADER))))
            case 5 if len(rows) > 1:
                del rows[place]
    no_children = (HEADER, ["Total: 12"])  # left out, and counted in a note
    return ".csv", csv_of(HEADER, rows).encode(), upns([row for row in rows if row not in no_children])


def xlsx_cells(rng):
    rows = damaged_cells(rng)
    return ".xlsx", xlsx_of({"Pupils": [HEADER, *[[cell[:32_767] for cell in row] for row in rows]]}), upns(rows)


def xlsx_sheets(rng):
    cut = rng.randrange(1, CHILDREN)
    second = list(HEADER)
    if rng.random() < 0.5:
        second[rng.randrange(len(HEADER))] = rng.choice(["Notes", "upn", "E01", ""])
    sheets = {"Ash": [HEADER, *ROWS[:cut]], "Beech": [second, *ROWS[cut:]]}
    if rng.random() < 0.5:
        sheets["Codes"] = [["Code", "Meaning"], *[["1", "emerging"]] * rng.choice((1, 50))]
    return ".xlsx", xlsx_of(sheets), [None] * CHILDREN


def xlsx_bytes(rng):
    return ".xlsx", damaged_bytes(base("xlsx"), rng), None


def xlsx_parts(rng):
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(base("xlsx"))) as whole, zipfile.ZipFile(data, "w") as copy:
        for name in whole.namelist():
            part = bytearray(whole.read(name))
            if rng.random() < 0.3:
                for _ in range(rng.choice((1, 3))):
                    place = rng.randrange(len(part))
                    part[place : place + rng.choice((0, 1, 20))] = rng.choice(XML)
            if rng.random() > 0.03:
                copy.writestr(name, bytes(part))
    return ".xlsx", data.getvalue(), None


def parquet_bytes(rng):
    return ".parquet", damaged_bytes(base("parquet"), rng), None


def parquet_cells(rng):
    rows = damaged_cells(rng)
    return ".parquet", parquet_of(HEADER, rows), upns(rows)


KINDS = [
    *[csv_bytes, csv_tokens] * 4, *[csv_cells, csv_headers, csv_rows] * 2, csv_encodings,
    xlsx_cells, xlsx_sheets, xlsx_bytes, xlsx_parts, parquet_bytes, parquet_cells,
]  # fmt: skip
SPEC = load_spec(shipped("models") / "reception_sen" / "spec.yaml")


def run(path, expected, *, whole=True):
    """Read and check a file, and link it where the whole way is to be gone; return what it ended in."""
    try:
        reading = read_table(path)
        if whole:
            cohort = load_cohort(SPEC, reading.frame, training=False)
        else:
            result = check_table(SPEC.contracts["education/eyfsp"], reading.frame, file=reading.file)
    except SendScreenError as error:
        said, ended = str(error), type(error).__name__
    else:
        assert reading.frame.index.is_unique
        if expected is not None:
            assert len(reading.frame) == len(expected)
            found = reading.frame.get("UPN", [])
            assert all(upn in (None, cell) for upn, cell in zip(expected, found, strict=False))
        if whole:
            assert len(cohort) + len(cohort.excluded) == len(reading.frame)
            said = " ".join((*reading.notes, *cohort.notes, *cohort.excluded["reason"].dropna()))
        else:
            assert len(result.frame) == len(reading.frame)
            said = " ".join((*reading.notes, *result.notes, *map(repr, result.violations)))
        ended = "cohort"
    said.encode()
    assert not any(body in said for body in BODIES), said
    return ended


def test_the_undamaged_file_is_read_whole(tmp_path):
    for suffix, data in (
        (".csv", csv_of(HEADER, ROWS).encode()),
        (".xlsx", base("xlsx")),
        (".parquet", base("parquet")),
    ):
        path = tmp_path / f"pupils{suffix}"
        path.write_bytes(data)
        frame = read_table(path).frame
        pd.testing.assert_frame_equal(frame, pd.DataFrame(ROWS, columns=HEADER, index=frame.index), check_dtype=False)
        assert run(path, upns(ROWS)) == "cohort"


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_damaged_files_lose_no_row_and_quote_no_child(tmp_path, chunk):
    rng = random.Random(chunk)
    ended = []
    for number in range(FILES // CHUNKS):
        damage = rng.choice(KINDS)
        suffix, data, expected = damage(rng)
        path = tmp_path / f"pupils{suffix}"
        path.write_bytes(data)
        start = time.monotonic()
        try:
            ended.append(run(path, expected, whole=number % 5 == 0))
        except BaseException as error:
            error.add_note(f"{damage.__name__}, file {number} of chunk {chunk}: {path}")
            raise
        assert time.monotonic() - start < SLOWEST, (damage.__name__, number)
    # Damage that always ended in an error would test nothing behind the reader, and the other way round.
    assert 0.2 < ended.count("cohort") / len(ended) < 0.95
