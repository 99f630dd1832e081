"""The list files: text stays text, numbers stay numbers, whole or not at all."""

from __future__ import annotations

import csv
import dataclasses
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from reports_factory import make_result

from send_screen.reports import render_excluded_csv, render_list_csv, render_list_xlsx
from send_screen.screening import ScreeningResult

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "=cmd|' /C calc'!A0"]


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _named(result: ScreeningResult, text: str) -> ScreeningResult:
    reason = dataclasses.replace(result.listed[0].reasons_for[0], text=text, area=text)
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
    assert {row["what_we_decided"] for row in rows} == {""}


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


def test_the_workbook_has_its_sheets_children_and_room_to_write(result: ScreeningResult, tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(render_list_xlsx(result))
    assert CalamineWorkbook.from_path(str(path)).sheet_names == ["Look at by hand", "List", "About"]
    head, *children = _rows(path, "List")
    assert len(children) == len(result.listed)
    assert [row[head.index("ID")] for row in children] == [child.child_id for child in result.listed]
    assert [row[head.index("Of 100 such children")] for row in children] == [c.percent for c in result.listed]
    assert {row[head.index("What we decided")] for row in children} == {""}
    assert all(str(row[head.index("What this is not")]).startswith("INVENTED CHILDREN.") for row in children)
    assert len(_rows(path, "Look at by hand")) == 1 + sum(c.kind == "manual_review" for c in result.excluded)
    about = dict(map(tuple, _rows(path, "About")))
    assert about["Watermark"] == "Invented children"
    assert about["Rows in the file"] == "312"


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
        sheet, names = book.read("xl/worksheets/sheet2.xml").decode(), book.read("xl/workbook.xml").decode()
    assert 'orientation="landscape"' in sheet
    assert 'paperSize="9"' in sheet
    assert 'fitToHeight="0"' in sheet
    assert "Invented children" in re.findall(r"<oddFooter>(.*?)</oddFooter>", sheet)[0]
    assert 'state="frozen"' in sheet
    assert "<autoFilter" in sheet
    assert "List!$1:$1" in names
    assert "List!$A$1:$J$31" in names


def test_the_same_run_gives_the_same_bytes(result: ScreeningResult) -> None:
    for render in (render_list_csv, render_list_xlsx, render_excluded_csv):
        assert render(result) == render(result)
