"""The workbook of a model: what a person sees adds up to the library's score, and no text can become a formula."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from score_code_factory import PROVENANCE, hostile_children, random_tables
from tables_factory import TABLES

from send_screen.score_code._inputs import Input
from send_screen.score_code._workbook import render_xlsx
from send_screen.tables import LevelsTerm, RiskTables

INJECTION = "=cmd|'/c calc'!A0"
FIRST, STATUS, SCORE, RISK, BASE = 9, 4, 5, 6, 7
VALUE, NOTE, CONTRIBUTION = 1, 3, 4


def inputs_for(tables: RiskTables) -> list[Input]:
    return [
        Input(INJECTION, "+1", tuple(term.levels) if isinstance(term, LevelsTerm) else (), None, None)
        for term in tables.terms
    ]


def fill_in(workbook: bytes, values: dict[int, Any], *, population: str | None = "yes") -> bytes:
    """Type values into the cells of features, by their position."""
    book, content = openpyxl.load_workbook(io.BytesIO(workbook)), io.BytesIO()
    sheet = book["Child"]
    sheet.cell(4, VALUE + 1).value = population
    for j, value in values.items():
        cell = sheet.cell(FIRST + 1 + j, VALUE + 1)
        cell.value = value
        if isinstance(value, str):
            cell.data_type = "s"
    book.save(content)
    return content.getvalue()


def calculate(books: dict[str, bytes], folder: Path) -> dict[str, list[list[Any]]]:
    """Return the sheet to fill in of each workbook, as LibreOffice calculates it."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed (Debian: libreoffice-calc)")
    for name, content in books.items():
        (folder / f"{name}.xlsx").write_bytes(content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    files = [str(folder / f"{name}.xlsx") for name in books]
    command = [program, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder / "out"), *files]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return {name: _sheet((folder / "out" / f"{name}.xlsx").read_bytes()) for name in books}


def _sheet(content: bytes) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_name("Child").to_python(skip_empty_area=False)


def typed(tables: RiskTables, rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Children as a person can type them: ten digits, none infinite; cut points among them."""
    X = hostile_children(tables, rng, n)
    for term in tables.terms:
        if not isinstance(term, LevelsTerm):
            x = X[term.feature].map(lambda value: float(f"{value:.10g}"))
            X[term.feature] = x.where(x.abs().between(1e-9, 1e12) | (x == 0))
    return X.replace({"": None})  # nobody can type an empty text


@pytest.mark.slow
def test_libreoffice_calculates_what_the_library_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    expected, books = {}, {}
    for m, tables in enumerate((TABLES, random_tables(rng), random_tables(rng, names=[f"f{j}" for j in range(40)]))):
        blank, X = render_xlsx(tables, inputs_for(tables), PROVENANCE), typed(tables, rng, 8)
        if tables is TABLES:
            X["absence"] = [3.5, 12.0, 0.0, 30.0, 31.0, -1.0, np.nan, 11.0]  # at each edge, each end and beyond
        for i in range(len(X)):
            values = {j: X.iloc[i, j] for j in range(X.shape[1]) if not pd.isna(X.iloc[i, j])}
            books[f"{m}_{i}"] = fill_in(blank, values)
            expected[f"{m}_{i}"] = (tables, X.iloc[[i]])
    small = render_xlsx(TABLES, inputs_for(TABLES), PROVENANCE)
    over = dataclasses.replace(PROVENANCE, review_date=dt.date.today() - dt.timedelta(days=2))
    given = {0: 3.0, 1: "1", 2: 4.0}
    books |= {
        "over": fill_in(render_xlsx(TABLES, inputs_for(TABLES), over), given),
        "nobody_asked": fill_in(small, given, population=None),
        "not_in": fill_in(small, given, population="no"),
        "text": fill_in(small, {**given, 0: "3"}),
    }
    found = calculate(books, tmp_path)
    for name, (tables, X) in expected.items():
        rows, score = found[name], tables.score(X)[0]
        of_features = rows[FIRST : FIRST + len(tables.features)]
        assert rows[STATUS][VALUE] == "scored"
        assert rows[SCORE][VALUE] == pytest.approx(score, abs=1e-11)
        assert rows[RISK][VALUE] == pytest.approx(1 / (1 + np.exp(-score)), abs=1e-12)
        assert rows[BASE][VALUE] == pytest.approx(tables.base_value, abs=1e-11)
        shown = [row[CONTRIBUTION] for row in of_features]
        assert shown == pytest.approx(tables.contributions(X)[0].tolist(), abs=1e-11)
        notes = [row[NOTE] for row in of_features]
        assert [note.startswith("beyond") for note in notes] == tables.clipped(X)[0].tolist()
        assert [note.startswith("unknown code") for note in notes] == tables.unknown_category(X)[0].tolist()
        assert [note == "not known" for note in notes] == X.isna().iloc[0].tolist()
    for name, status in {
        "over": over.refusal,
        "nobody_asked": "Say first",
        "not_in": "No score: the child is none",
        "text": "No score: a value is not a number",
    }.items():
        rows = found[name]
        assert rows[STATUS][VALUE].startswith(status)
        assert {row[VALUE] for row in rows[SCORE : BASE + 1]} == {""}
        assert {row[CONTRIBUTION] for row in rows[FIRST : FIRST + 3]} == {""}
    assert found["text"][FIRST][NOTE] == "not a number"


def test_no_text_of_the_model_is_in_a_formula() -> None:
    levels = {INJECTION: 0.1, "@SUM(1)": 0.2, "-1": 0.3, "a*": 0.0, "A*": 0.4, '"&A1&"': 0.5, "</f>": 0.6}
    hostile = LevelsTerm(feature=INJECTION, levels=levels, missing=0.0, mean=0.1, n=None, n_missing=None)
    tables = RiskTables(intercept=0.5, terms=(hostile, *TABLES.terms), n_training=9, name="x")
    provenance = dataclasses.replace(PROVENANCE, title=INJECTION, population="@x", owner="-2+3", notice="=1+1")
    inputs = [Input(INJECTION, "+1", tuple(levels)), *inputs_for(TABLES)]
    content = render_xlsx(tables, inputs, provenance)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".xml")]
        assert not [name for name in archive.namelist() if "external" in name.lower() or "hyperlink" in name.lower()]
        sheets = "".join(archive.read(name).decode() for name in names if "worksheets/" in name)
        others = "".join(archive.read(name).decode() for name in names)
    formulas = re.findall(r"<f>(.*?)</f>", sheets)
    assert len(formulas) > 30
    for text in (INJECTION, "cmd", "@", "calc", "-2+3", "a*"):
        assert not [formula for formula in formulas if text in formula], text
    assert "cmd|" in others
    cells = {cell.value for sheet in openpyxl.load_workbook(io.BytesIO(content)) for row in sheet for cell in row}
    texts = {
        cell.value
        for sheet in openpyxl.load_workbook(io.BytesIO(content))
        for row in sheet
        for cell in row
        if cell.data_type == "s"
    }
    assert {INJECTION, "@SUM(1)", "-1", "@x.", "=1+1"} <= texts <= cells


def test_only_what_is_filled_in_can_be_changed_and_it_is_checked() -> None:
    content = render_xlsx(TABLES, inputs_for(TABLES), PROVENANCE)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert all(sheet.protection.sheet for sheet in book)
    free = {
        cell.coordinate: cell.number_format
        for sheet in book
        for row in sheet
        for cell in row
        if not cell.protection.locked
    }
    # a code is text, whatever is typed: no formula
    assert free == {"B4": "@", "B10": "General", "B11": "@", "B12": "General"}
    checks = {str(rule.sqref): rule for rule in book["Child"].data_validations.dataValidation}
    assert set(checks) == set(free)
    assert {key: rule.type for key, rule in checks.items()} == {
        "B4": "list",
        "B10": "decimal",
        "B11": "list",
        "B12": "decimal",
    }
    sheet, _, cells = checks["B11"].formula1.lstrip("=").partition("!")
    assert [cell.value for (cell,) in book[sheet][cells.replace("$", "")]] == ["2", "1"]


def test_a_viewer_that_does_not_calculate_shows_no_score() -> None:
    rows = _sheet(render_xlsx(TABLES, inputs_for(TABLES), PROVENANCE))
    assert rows[STATUS][VALUE].startswith("Say first")
    assert {row[VALUE] for row in rows[SCORE : BASE + 1]} == {""}
    assert {row[CONTRIBUTION] for row in rows[FIRST : FIRST + 3]} == {""}
    said = " ".join(str(cell) for row in rows for cell in row)
    for words in (PROVENANCE.notice, PROVENANCE.version, PROVENANCE.manifest_sha256, "2999-07-31"):
        assert words in said
