"""The list files: text stays text, numbers stay numbers, whole or not at all."""

from __future__ import annotations

import csv
import dataclasses
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from reports_factory import make_result

from send_screen.reports import render_excluded_csv, render_list_csv, render_list_xlsx
from send_screen.screening import DECISION_COLUMNS, RowKind, ScreeningResult

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "=cmd|' /C calc'!A0"]


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _named(result: ScreeningResult, text: str) -> ScreeningResult:
    reason = dataclasses.replace(result.listed[0].reasons_for[0], text=text, areas=(text,))
    child = dataclasses.replace(
        result.listed[0],
        child_id=text,
        name=text,
        class_name=text,
        school=text,
        reasons_for=(reason,),
        not_known=(text,),
    )
    aside = dataclasses.replace(result.excluded[0], child_id=text, name=text, school=text, reason=text, remedy=text)
    return dataclasses.replace(result, listed=(child,), excluded=(aside,))


def test_every_listed_child_is_a_row_with_its_numbers(result: ScreeningResult, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(render_list_csv(result))
    rows = _read(tmp_path / "list.csv")
    assert [int(row["rank"]) for row in rows] == [child.rank for child in result.listed]
    assert [float(row["score_log_odds"]) for row in rows] == [child.score for child in result.listed]
    assert [row["child_id"] for row in rows] == [child.child_id for child in result.listed]
    assert rows[0]["reasons_for"].startswith(f"{result.listed[0].reasons_for[0].text} (education)")


def test_excel_is_told_that_it_is_utf8(result: ScreeningResult, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(render_list_csv(result))
    content = (tmp_path / "list.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert "Małgorzata".encode() in content


def test_every_row_carries_the_watermark_and_what_it_is_not(result: ScreeningResult, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(render_list_csv(result))
    (tmp_path / "excluded.csv").write_bytes(render_excluded_csv(result))
    rows = _read(tmp_path / "list.csv") + _read(tmp_path / "excluded.csv")
    assert len(rows) == 42
    for row in rows:
        assert row["notice"].startswith("INVENTED CHILDREN.")
        assert "refuse, delay or ration" in row["notice"]
        assert "never means “no need”" in row["notice"]
        assert (row["version"], row["screened_on"]) == ("reception_sen/3", "2025-09-08")


def test_nobody_set_aside_is_lost_and_those_to_look_at_come_first(result: ScreeningResult, tmp_path: Path) -> None:
    (tmp_path / "excluded.csv").write_bytes(
        render_excluded_csv(dataclasses.replace(result, excluded=result.excluded[::-1]))
    )
    rows = _read(tmp_path / "excluded.csv")
    assert sorted(row["child_id"] for row in rows) == sorted(child.child_id for child in result.excluded)
    kinds = [row["kind"] == "look at by hand" for row in rows]
    assert kinds == sorted(kinds, reverse=True)
    assert "White" not in (tmp_path / "excluded.csv").read_text("utf-8"), "a child's groups are counted, not listed"


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_disarmed(text: str, result: ScreeningResult, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(render_list_csv(_named(result, text)))
    (tmp_path / "excluded.csv").write_bytes(render_excluded_csv(_named(result, text)))
    for row in _read(tmp_path / "list.csv") + _read(tmp_path / "excluded.csv"):
        assert row["name"] == f"'{text}"
        assert not any(cell.lstrip(" ").startswith(("=", "+", "@", "\t", "\r", "\n", "＝")) for cell in row.values())


def test_a_negative_score_stays_a_number(result: ScreeningResult, tmp_path: Path) -> None:
    low = dataclasses.replace(result, listed=(dataclasses.replace(result.listed[0], score=-1.5),))
    (tmp_path / "list.csv").write_bytes(render_list_csv(low))
    assert _read(tmp_path / "list.csv")[0]["score_log_odds"] == "-1.5"


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30) | st.sampled_from(FORMULAS))
def test_text_comes_back_as_it_went(text: str, tmp_path: Path) -> None:
    result = _named(make_result(listed=1, margin=0), text)
    (tmp_path / "list.csv").write_bytes(render_list_csv(result))
    assert _read(tmp_path / "list.csv")[0]["name"].removeprefix("'") == text.removeprefix("'")


def _rows(path: Path, sheet: str) -> list[list[object]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(sheet).to_python()


def test_the_workbook_opens_on_the_list_with_names_first(result: ScreeningResult, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(render_list_xlsx(result))
    assert CalamineWorkbook.from_path(str(path)).sheet_names == ["List", "Just below", "Look at by hand", "About"]
    with zipfile.ZipFile(path) as book:
        assert "activeTab" not in book.read("xl/workbook.xml").decode(), "the first sheet is the active one"
        assert 'topLeftCell="B2"' in book.read("xl/worksheets/sheet1.xml").decode(), "names and headings stay in view"
    head, *children = _rows(path, "List")
    assert head[:2] == ["Child", "Class"]
    assert [row[head.index("ID")] for row in children] == [child.child_id for child in result.listed]
    assert [row[head.index("Of 100 such children")] for row in children] == [c.percent for c in result.listed]
    assert all(str(row[head.index("What this is not")]).startswith("INVENTED CHILDREN.") for row in children)
    assert head.index("School") == head.index("ID") - 1, "one school needs no column in print"
    assert [row[0] for row in _rows(path, "Just below")[1:]] == [child.name for child in result.margin]
    assert len(_rows(path, "Look at by hand")) == 1 + sum(c.kind == "manual_review" for c in result.excluded)
    about = dict(map(tuple, _rows(path, "About")))
    assert about["Watermark"] == "Invented children"
    assert about["Rows in the file"] == "312"
    assert about["Screened on"] == "8 September 2025"


def test_each_sheet_has_the_columns_for_decisions_and_says_whose_row_it_is(
    result: ScreeningResult, tmp_path: Path
) -> None:
    path, result = tmp_path / "list.xlsx", dataclasses.replace(result, review_sample=result.margin[:2])
    path.write_bytes(render_list_xlsx(result))
    (tmp_path / "list.csv").write_bytes(render_list_csv(result))
    names = [column.name for column in DECISION_COLUMNS]
    headings = [column.heading for column in DECISION_COLUMNS]
    by_hand = [child for child in result.excluded if child.kind == "manual_review"]
    sheets: dict[str, Sequence[Any]] = {"List": result.listed, "Just below": result.margin, "Look at by hand": by_hand}
    sheets["Drawn at random"] = result.review_sample
    for (sheet, children), kind in zip(sheets.items(), RowKind, strict=True):
        head, *rows = _rows(path, sheet)
        at = head.index(headings[0])
        assert head[at : at + len(headings)] == headings
        for row, child in zip(rows, children, strict=True):
            cells = dict(zip(head, row, strict=True))
            assert {cells[heading] for heading in headings} == {""}
            assert (cells["Run"], cells["ID"], cells["Row in file"], cells["Kind"]) == (
                result.run_id,
                child.child_id,
                child.row,
                kind.value,
            )
    in_csv = [*((child, "listed") for child in result.listed), *((c, "drawn at random") for c in result.review_sample)]
    for line, (child, kind_in_csv) in zip(_read(tmp_path / "list.csv"), in_csv, strict=True):
        assert {line[name] for name in names} == {""}
        assert (line["run"], line["child_id"], line["row_in_file"], line["kind"]) == (
            result.run_id,
            child.child_id,
            str(child.row),
            kind_in_csv,
        )


def _xml(path: Path, name: str) -> ElementTree.Element:
    """A part of a workbook, without namespaces."""
    with zipfile.ZipFile(path) as book:
        return ElementTree.fromstring(re.sub(r' xmlns="[^"]*"', "", book.read(f"xl/{name}.xml").decode()))


def test_equal_scores_are_said(result: ScreeningResult, tmp_path: Path) -> None:
    tied = dataclasses.replace(result.listed[0], selections_of_10=5, n_same_score=81)
    result = dataclasses.replace(result, listed=(tied, *result.listed[1:]))
    (tmp_path / "list.xlsx").write_bytes(render_list_xlsx(result))
    (tmp_path / "list.csv").write_bytes(render_list_csv(result))
    head, first, *_ = _rows(tmp_path / "list.xlsx", "List")
    assert "5 of 10: close, discuss; Same score as 81 others" in first[: len(head)]
    assert _read(tmp_path / "list.csv")[0]["others_with_same_score"] == "81"


def test_only_decisions_can_be_written_and_are_checked(result: ScreeningResult, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(render_list_xlsx(result))
    formats = _xml(path, "styles").findall("cellXfs/xf")
    free = {str(i) for i, one in enumerate(formats) if one.find("protection[@locked='0']") is not None}
    for number in range(1, 5):
        protection = _xml(path, f"worksheets/sheet{number}").find("sheetProtection")
        assert protection is not None
        allowed = dict.fromkeys(("formatColumns", "formatRows", "sort", "autoFilter"), "0")
        assert protection.attrib == {"sheet": "1", "objects": "1", "scenarios": "1", **allowed}, "no password"
    sheet, (head, *children) = _xml(path, "worksheets/sheet1"), _rows(path, "List")
    headings = [column.heading for column in DECISION_COLUMNS]
    columns = [chr(ord("A") + head.index(heading)) for heading in headings]
    written = {str(cell.get("r")) for cell in sheet.iter("c") if cell.get("s") in free}
    assert written == {f"{column}{row}" for column in columns for row in range(2, len(children) + 2)}
    rules = {str(rule.get("sqref")): rule for rule in sheet.iter("dataValidation")}
    choice, _, decided_on, review_on, _ = (rules.get(f"{column}2:{column}{len(children) + 1}") for column in columns)
    assert choice is not None
    assert choice.findtext("formula1") == '"Assess,Support now,Watch and review,Already supported,No need found"'
    assert [rule is not None and rule.get("type") for rule in (decided_on, review_on)] == ["date", "date"]
    assert len(rules) == 3


def _heights(path: Path) -> list[float]:
    return [float(str(row.get("ht"))) for row in _xml(path, "worksheets/sheet1").iter("row")]


def test_a_row_is_as_high_as_its_longest_text(result: ScreeningResult, tmp_path: Path) -> None:
    reason = dataclasses.replace(result.listed[0].reasons_for[0], text="word " * 80)
    long = dataclasses.replace(result.listed[0], reasons_for=(reason,))
    path = tmp_path / "list.xlsx"
    path.write_bytes(render_list_xlsx(dataclasses.replace(result, listed=(long, *result.listed[1:]))))
    _, first, second, *_ = _heights(path)
    assert first > 150 > second >= 33
    path.write_bytes(render_list_xlsx(_named(result, "x" * 40_000)))
    assert _heights(path)[1] == 408.75, "the highest that there is"


@pytest.mark.parametrize("text", [*FORMULAS, "https://invented.example", "007"])
def test_a_workbook_holds_text_as_text(text: str, result: ScreeningResult, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(render_list_xlsx(_named(result, text)))
    head, child = _rows(path, "List")
    assert child[head.index("ID")] == text
    with zipfile.ZipFile(path) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not any("<f>" in sheet or "hyperlink" in sheet for sheet in sheets)


def test_a_text_too_long_for_a_cell_is_cut_not_lost(result: ScreeningResult, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(render_list_xlsx(_named(result, "x" * 40_000)))
    head, child = _rows(path, "List")
    assert str(child[head.index("ID")]) == "x" * 32_766 + "…"


def test_the_workbook_prints_on_landscape_a4_with_its_header_and_notice(
    result: ScreeningResult, tmp_path: Path
) -> None:
    (tmp_path / "list.xlsx").write_bytes(render_list_xlsx(result))
    with zipfile.ZipFile(tmp_path / "list.xlsx") as book:
        sheet, names = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/workbook.xml").decode()
    assert 'orientation="landscape"' in sheet
    assert 'paperSize="9"' in sheet
    assert 'fitToHeight="0"' in sheet
    assert "Invented children" in re.findall(r"<oddFooter>(.*?)</oddFooter>", sheet)[0]
    assert 'state="frozen"' in sheet
    assert "<autoFilter" in sheet
    assert "List!$1:$1" in names
    assert "List!$A$1:$L$31" in names


def test_the_same_run_gives_the_same_bytes(result: ScreeningResult) -> None:
    for render in (render_list_csv, render_list_xlsx, render_excluded_csv):
        assert render(result) == render(result)
