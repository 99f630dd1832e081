"""Damaged files of an authority's systems: each ends in tables that account for every row, or in one clear error.

Rows are counted by another parser: the elements, or the rows of the file, from which they come.
"""

import csv
import io
import random
import re
import time
import zipfile
from functools import cache, partial
from xml.etree import ElementTree

import pytest
from agency_files import (
    annex_a_xlsx,
    blade_csvs,
    cin_xml,
    ctf_xml,
    school_census_csvs,
    sen2_xml,
    simulate_agencies,
    ssd_csvs,
    ssda903_csvs,
    ssda903_xml,
)

from send_screen.cohorts._recognise import read_other_files
from send_screen.contracts import check_table, load_contract
from send_screen.errors import SendScreenError
from send_screen.readers import read_tables

FILES = 400
CHUNKS = 3
SLOWEST = 20  # seconds for one file or folder
AGENCIES = simulate_agencies(children=24, seed=3)
BODIES = [upn[1:] for upn in AGENCIES.children["UPN"] if upn]
NAMES = set(AGENCIES.children["Surname"])
TOKENS = [
    "<", ">", "&", "]]>", "<!--", "-->", "<?x?>", "&lt;", "&#0;", "&#x1b;", "\x00", "\ufffe", "<![CDATA[", "é",
    "<Requests/>", "<Requests>", "</Requests>", "</Person><Person>", "</Child><Child>", "<CINdetails/>", "<EPISODE/>",
    "</CHILD><CHILD>", "<Disability>LD</Disability>", '<?xml version="1.0"?>', "<a:b>", "</a>", "x" * 40_000,
    "31/02/2021", "", "\n",
]  # fmt: skip
CELLS = [
    '"', ",", "\n", "\x00", "é", "\u200b", "=1+1", "31/02/2021", "2022-Sep-99", "nan", "None", "80000", "70001", "",
]  # fmt: skip
SETS = (blade_csvs, ssda903_csvs, ssd_csvs, school_census_csvs)


@cache
def xml(kind: str) -> str:
    return {"sen2": sen2_xml, "cin": cin_xml, "903": ssda903_xml, "ctf": ctf_xml}[kind](AGENCIES)


# Of each kind of XML: for each table, the elements that are rows.
ROWS = {
    "sen2": {"ehc_plan": ["Requests"]},
    "cin": {"involvement": ["CINdetails", "ChildProtectionPlans"], "disability": ["Disability"]},
    "903": {"involvement": ["EPISODE"]},
    "ctf": {"pupil_census": ["Pupil"]},  # a pupil may have no profile and no register
}
RECORDS = {"sen2": "Persons/Person", "cin": "Children/Child", "903": "CHILD", "ctf": "CTFpupilData/Pupil"}


def damaged_bytes(data: bytes, rng: random.Random) -> bytes:
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 10))):
        if not data:
            break
        place = rng.randrange(len(data))
        match rng.randrange(3):
            case 0:
                del data[place : place + rng.choice((1, 3, 30, 300))]
            case 1:
                data[place : place + 1] = bytes([rng.randrange(256)])
            case 2:
                data[place:place] = data[max(0, place - rng.randrange(400)) : place]
    return bytes(data)


def damaged_text(text: str, rng: random.Random) -> str:
    for _ in range(rng.choice((1, 1, 2, 5))):
        place = rng.randrange(len(text))
        text = text[:place] + rng.choice(TOKENS) + text[place:]
    return text


def damaged_tree(text: str, rng: random.Random) -> str:
    """Move, copy, delete and rename elements: what comes out is well formed."""
    root = ElementTree.fromstring(text.split("?>")[-1].encode())
    for _ in range(rng.choice((1, 2, 5, 20))):
        elements = list(root.iter())
        parent = rng.choice(elements)
        match rng.randrange(5):
            case 0 if len(parent):
                parent.remove(rng.choice(list(parent)))
            case 1:
                parent.text = rng.choice([None, "stray", "2022-13-45", "É", "true", "1"])
            case 2 if parent is not root:
                parent.tag = rng.choice([element.tag for element in elements])
            case 3:  # a part of the file stands elsewhere, or twice
                movable = [element for element in elements[1:] if parent not in element.iter()]
                parent.insert(0, rng.choice(movable or [ElementTree.Element("x")]))
            case 4:
                parent.tail = rng.choice(["stray", "\n", "99"])
    return ElementTree.tostring(root, encoding="unicode")


def xml_file(rng: random.Random) -> dict[str, bytes]:
    text = xml(rng.choice(list(ROWS)))
    damage = rng.choice((damaged_tree, damaged_tree, damaged_text, None))
    data = damage(text, rng).encode("utf-8", "surrogatepass") if damage else damaged_bytes(text.encode(), rng)
    if rng.random() < 0.1:
        data = data.decode("utf-8", "replace").encode("utf-16")
    return {"a.xml": data}


def damaged_csv(text: str, rng: random.Random) -> bytes:
    rows = list(csv.reader(io.StringIO(text)))
    for _ in range(rng.choice((1, 2, 10))):
        match rng.randrange(5):
            case 0:
                rng.choice(rows[1:])[rng.randrange(len(rows[0]))] = rng.choice(CELLS)
            case 1:
                rows.insert(rng.randrange(1, len(rows)), list(rng.choice(rows[1:])))
            case 2 if len(rows) > 3:
                del rows[rng.randrange(1, len(rows))]
            case 3 if len(rows) > 2:
                one, other = rng.sample(range(1, len(rows)), 2)
                rows[one], rows[other] = rows[other], rows[one]
            case 4 if rng.random() < 0.3:
                rows[0][rng.randrange(len(rows[0]))] += rng.choice(["x", " ", "_"])
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def folder(make, rng: random.Random) -> dict[str, bytes]:
    files = {name: text.encode() for name, text in make(AGENCIES).items()}
    for name in rng.sample(sorted(files), k=rng.choice((1, 1, 2))):
        whole = rng.random() < 0.2
        files[name] = damaged_bytes(files[name], rng) if whole else damaged_csv(files[name].decode(), rng)
    if rng.random() < 0.15:
        del files[rng.choice(sorted(files))]
    return files


def workbook(rng: random.Random) -> dict[str, bytes]:
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(annex_a_xlsx(AGENCIES))) as whole, zipfile.ZipFile(data, "w") as copy:
        for name in whole.namelist():
            part = whole.read(name)
            copy.writestr(name, damaged_bytes(part, rng) if rng.random() < 0.2 else part)
    return {"a.xlsx": data.getvalue()}


def attendance(rng: random.Random) -> dict[str, bytes]:
    """Return a table with a column for each code or session, in half of the files below a header record."""
    sessions = [f"0{day}/09/2025 {half}" for day in range(1, 6) for half in ("AM", "PM")]
    codes = rng.choice([["/", "\\", "B", "C", "E", "I", "M", "O", "U"], sessions])
    rows = [["UPN", "Surname", "DOB", "Sex", "Ethnicity", "AcademicYear", *codes]]
    for child in AGENCIES.children.to_dict("records"):
        cells = [rng.choice(["", "0", "3", "/", "I"]) for _ in codes]
        rows.append([*(child[name] for name in ("UPN", "Surname", "DOB", "Sex", "Ethnicity")), "2025/26", *cells])
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    data = damaged_csv(out.getvalue(), rng)
    if rng.random() < 0.5:
        data = b"H,SC,SPR,2026,2026-01-22,L,000,Supplier,,001,2026-01-22T10:36:42\r\n" + data
    return {"a.csv": damaged_bytes(data, rng) if rng.random() < 0.3 else data}


KINDS = [attendance, *[xml_file] * 4, *(partial(folder, make) for make in (*SETS, blade_csvs)), workbook]


def counted(notes: str, what: str) -> int:
    """Return the sum of the counts that notes give of something."""
    return sum(int(number.replace(",", "")) for number in re.findall(what, notes))


def account_for_xml(path, readings) -> None:
    """Compare the rows with the elements of the file, as another parser counts them."""
    data = path.read_bytes()
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    declarations = re.compile(r"<\?xml[^>]*\?>\s*")
    root = ElementTree.fromstring(declarations.sub("", text).encode())
    tables = {reading.sheet: reading for reading in readings}
    kind = next(kind for kind, names in ROWS.items() if tables.keys() & names.keys() and root_fits(kind, root))
    notes = " ".join(readings[0].notes)
    for table, names in ROWS[kind].items():
        elements = sum(1 for element in root.iter() if element.tag in names)
        read = len(tables[table].frame) if table in tables else 0
        excluded = counted(notes, rf"Left out of {table}: ([\d,]+)")
        elsewhere = sum(counted(notes, rf"Elements {name} that stand elsewhere[^:]*: ([\d,]+)") for name in names)
        assert elements == read + excluded + elsewhere, (table, elements, read, excluded, elsewhere)


def root_fits(kind: str, root) -> bool:
    return root.find(RECORDS[kind]) is not None


def account_for_tables(files: dict[str, bytes], tables) -> None:
    """Compare the rows of a table with those of the file that they come from."""
    for table in tables:
        if re.search("Read by the format (SEN2 export|SSDA903|school census)", " ".join(table.notes)):
            file = "school_census_termlysessiondetailsonroll.csv" if "SessionCode" in table.frame else table.file
            if file in files:
                rows = list(csv.reader(io.StringIO(files[file].decode("utf-8-sig", "replace"), newline="")))
                assert len(table.frame) == sum(any(cell.strip() for cell in row) for row in rows[1:]), file


def run(path, files: dict[str, bytes]) -> str:
    for name, data in files.items():
        (path / name).write_bytes(data)
    said = []
    try:
        if len(files) == 1 and "a.xml" in files:
            readings = read_tables(path / "a.xml")
            account_for_xml(path / "a.xml", readings)
            tables = [(reading.contract, reading.frame, reading.notes) for reading in readings]
        elif "a.csv" in files:
            readings = read_tables(path / "a.csv")
            for made in readings[1:]:  # a row of each child
                step = 10 ** len(str(made.frame.index.max() // readings[0].frame.index.max())) // 10
                assert set(made.frame.index // step) == set(readings[0].frame.index)
            tables = [(reading.contract, reading.frame, reading.notes) for reading in readings]
        else:
            found, notes = read_other_files(sorted(path.iterdir()))
            said += notes
            account_for_tables(files, found)
            tables = [(None, table.frame, table.notes) for table in found]
        for contract, frame, notes in tables:
            assert frame.index.is_unique
            said += notes
            if contract:
                result = check_table(load_contract(contract), frame, file="a.xml")
                assert len(result.frame) == len(frame)
                said += [*result.notes, *map(repr, result.violations)]
        ended = "tables"
    except SendScreenError as error:
        said.append(str(error))
        ended = type(error).__name__
    text = " ".join(map(str, said))
    text.encode()
    assert not any(body in text for body in BODIES), text
    assert not any(name in text for name in NAMES), text
    return ended


def fuzz(tmp_path, seed: int, n_files: int) -> list[str]:
    rng = random.Random(seed)
    ended = []
    for number in range(n_files):
        damage = rng.choice(KINDS)
        files = damage(rng)
        path = tmp_path / str(number)
        path.mkdir()
        start = time.monotonic()
        try:
            ended.append(run(path, files))
        except BaseException as error:
            error.add_note(f"{damage}, file {number} of seed {seed}: {path}")
            raise
        assert time.monotonic() - start < SLOWEST, (damage, number)
    return ended


def test_whole_files_of_every_kind_are_read(tmp_path):
    wholes = [{"a.xml": xml(kind).encode()} for kind in ROWS] + [{"a.xlsx": annex_a_xlsx(AGENCIES)}]
    wholes += [{name: text.encode() for name, text in make(AGENCIES).items()} for make in SETS]
    for number, files in enumerate(wholes):
        path = tmp_path / str(number)
        path.mkdir()
        assert run(path, files) == "tables"


def test_some_damaged_files_lose_no_row_and_quote_no_child(tmp_path):
    assert {"tables", "ReadError"} <= set(fuzz(tmp_path, seed=100, n_files=40))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_damaged_files_lose_no_row_and_quote_no_child(tmp_path, chunk):
    ended = fuzz(tmp_path, seed=chunk, n_files=FILES)
    assert 0.2 < ended.count("tables") / len(ended) < 0.95
