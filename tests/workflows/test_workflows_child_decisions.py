"""A list comes back with what people decided: it is entered, once, for the right child, and shown on the next list."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from send_screen import decisions, screen
from send_screen.errors import LedgerError, ReadError, UsageError
from send_screen.governance import erase_child, find_pseudonyms, read_ledger, records_of_child
from send_screen.screening import Decision

ROW = {"What we decided": "Watch and review", "Decided by": "A. Senco", "Note": "hears badly?"}


@pytest.fixture(scope="module")
def july_folder(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("school")
    screen(trained.exported, trained.school_file, out=folder / "july", capacity="7")
    return folder


@pytest.fixture
def school(july_folder: Path, tmp_path: Path) -> Path:
    """A folder with the list of July and its ledger."""
    return Path(shutil.copytree(july_folder, tmp_path / "school"))


def write(workbook: Path, rows: Mapping[int, Mapping[str, object]], sheet: str = "List") -> None:
    """Type into the rows of a workbook, by place from 1, and save it."""
    book = openpyxl.load_workbook(workbook)
    cells = book[sheet]
    columns = {cell.value: cell.column for cell in cells[1]}
    for place, values in rows.items():
        for heading, value in values.items():
            cells.cell(1 + place, columns[heading], value)
    book.save(workbook)


def listed(school: Path) -> list[dict[str, Any]]:
    frame = pd.read_csv(school / "july" / "list.csv", dtype=str, keep_default_na=False)
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def test_what_was_written_is_entered_for_the_child_and_the_run(school: Path) -> None:
    write(school / "july" / "list.xlsx", {1: ROW, 3: {"Note": "moved house"}})
    found = decisions(school / "july" / "list.xlsx")
    assert found.ok
    assert found.counts == {"watch": 1, "note_only": 1}
    (entry,) = found.entries
    ledger = read_ledger(school / "ledger.db")
    ledger.require_unaltered()
    assert ledger.entries[-1] == entry
    run = ledger.entries[entry.screening - 1]
    assert run.run == json.loads((school / "july" / "summary.json").read_text("utf-8"))["run"]
    (number, record) = records_of_child(school / "ledger.db", listed(school)[0]["child_id"])[-1]
    assert number == entry.number
    assert (record["decision"], record["decided_by"], record["note"]) == ("watch", "A. Senco", "hears badly?")


def test_the_ledger_file_holds_no_word_of_it(school: Path) -> None:
    write(school / "july" / "list.xlsx", {1: ROW})
    decisions(school / "july" / "list.xlsx")
    content = (school / "ledger.db").read_bytes()
    child = listed(school)[0]
    for secret in ("hears badly", "A. Senco", child["child_id"], child["name"]):
        assert secret.encode() not in content


def test_the_same_file_twice_changes_nothing(school: Path) -> None:
    write(school / "july" / "list.xlsx", {1: ROW})
    decisions(school / "july" / "list.xlsx")
    before = (school / "ledger.db").read_bytes()
    again = decisions(school / "july" / "list.xlsx")
    assert (again.entries, again.n_unchanged, again.ok) == ((), 1, True)
    assert (school / "ledger.db").read_bytes() == before


def test_another_decision_is_entered_and_the_first_stays(school: Path) -> None:
    path = school / "july" / "list.xlsx"
    write(path, {1: ROW})
    decisions(path)
    write(path, {1: {"What we decided": "Assess"}})
    found = decisions(path)
    assert len(found.changed) == 1
    assert "Assess" in found.changed[0]
    assert "Watch and review" in found.changed[0]
    records = records_of_child(school / "ledger.db", listed(school)[0]["child_id"])
    assert [record.get("decision") for _, record in records] == [None, "watch", "assess"]
    write(path, {1: dict.fromkeys(ROW, "")})
    cleared = decisions(path)
    assert len(cleared.cleared) == 1
    assert cleared.entries == ()


@pytest.mark.parametrize("sheet", ["List", "Just below"])
def test_each_sheet_comes_back(school: Path, sheet: str) -> None:
    write(school / "july" / "list.xlsx", {1: ROW}, sheet=sheet)
    assert decisions(school / "july" / "list.xlsx").counts == {"watch": 1}


def test_the_csv_comes_back_too(school: Path) -> None:
    path = school / "july" / "list.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[0, ["what_we_decided", "decided_by", "note"]] = [*ROW.values()]
    frame.to_csv(path, index=False)
    assert decisions(path).counts == {"watch": 1}
    write(school / "july" / "list.xlsx", {1: ROW})
    assert decisions(school / "july" / "list.xlsx").n_unchanged == 1


def test_a_list_that_was_moved_needs_its_ledger(school: Path, tmp_path: Path) -> None:
    moved = tmp_path / "Downloads" / "list.xlsx"
    moved.parent.mkdir()
    shutil.move(school / "july" / "list.xlsx", moved)
    write(moved, {1: ROW})
    with pytest.raises(UsageError, match="no ledger") as error:
        decisions(moved)
    assert "--ledger" in error.value.remedy
    assert decisions(moved, ledger=school / "ledger.db").counts == {"watch": 1}


def test_a_list_of_another_ledger_is_refused(school: Path, trained: Any, tmp_path: Path) -> None:
    screen(trained.exported, trained.school_file, out=tmp_path / "other" / "list", capacity="5")
    write(school / "july" / "list.xlsx", {1: ROW})
    with pytest.raises(LedgerError, match="no run of which this is the list"):
        decisions(school / "july" / "list.xlsx", ledger=tmp_path / "other" / "ledger.db")


def test_a_foreign_a_changed_and_a_missing_row_are_named_and_the_rest_is_entered(school: Path) -> None:
    children = listed(school)
    book = openpyxl.load_workbook(school / "july" / "list.xlsx")
    cells = book["List"]
    columns = {cell.value: cell.column for cell in cells[1]}
    for place, choice in ((2, "Assess"), (3, "Assess"), (4, "Assess"), (5, "Maybe")):
        cells.cell(place, columns["What we decided"], choice)
    cells.cell(2, columns["ID"], "A999999999999")  # nobody of this run
    cells.cell(3, columns["Child"], children[5]["name"])  # sorted apart from its identifier
    cells.delete_rows(8)
    book.save(school / "july" / "list.xlsx")
    found = decisions(school / "july" / "list.xlsx")
    assert not found.ok
    assert found.counts == {"assess": 1}
    named = "\n".join(found.not_entered)
    assert f"{children[0]['name']}: No child of this run has this identifier" in named
    assert f"{children[5]['name']}: The name, the row in the file and the identifier are not of one child" in named
    assert f"{children[3]['name']}: 'What we decided' is none of the choices" in named
    assert [text.split(", ")[:2] for text in sorted(found.missing, key=lambda text: text.split(", ")[1])] == [
        [children[0]["name"], "place 1"],
        [children[6]["name"], "place 7"],
    ]


@pytest.mark.parametrize("spoil", ["empty", "other table", "no run", "no note"])
def test_what_is_no_list_is_one_error(school: Path, tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "list.csv"
    if spoil.startswith("no "):
        frame = pd.read_csv(school / "july" / "list.csv", dtype=str, keep_default_na=False)
        frame.drop(columns=spoil[3:]).to_csv(path, index=False)
    else:
        path.write_text({"empty": "", "other table": "UPN,E01\nA000200006001,2\n"}[spoil], encoding="utf-8")
    with pytest.raises(ReadError):
        decisions(path, ledger=school / "ledger.db")


def test_of_an_erased_child_nothing_is_entered(school: Path) -> None:
    child = listed(school)[0]["child_id"]
    erase_child(school / "ledger.db", child, by="A. Head", reason="a parent asked")
    write(school / "july" / "list.xlsx", {1: ROW, 2: ROW})
    found = decisions(school / "july" / "list.xlsx")
    assert found.counts == {"watch": 1}
    assert len(found.not_entered) == 1
    assert find_pseudonyms(school / "ledger.db", [child]) == {}


def test_the_next_list_goes_beside_and_says_what_was_decided(school: Path, trained: Any) -> None:
    write(school / "july" / "list.xlsx", {1: {**ROW, "Review on": dt.date.today()}})
    decisions(school / "july" / "list.xlsx")
    before = {path.name: path.read_bytes() for path in (school / "july").iterdir()}
    again = screen(trained.exported, trained.school_file, out=school / "july", capacity="7")
    assert again.out.parent == school
    assert again.out.name.startswith("july 20")
    assert again.kept == school / "july"
    assert {path.name: path.read_bytes() for path in (school / "july").iterdir()} == before
    first = again.result.listed[0]
    assert first.last_time.decision.decision is Decision.WATCH
    assert (first.last_time.rank, first.last_time.due) == (1, True)
    assert again.result.since.n_new == 0
    rows = pd.read_csv(again.out / "list.csv", dtype=str, keep_default_na=False)
    assert "decided: Watch and review, by A. Senco; REVIEW DUE since " in rows["last_time"][0]
    third = screen(trained.exported, trained.school_file, out=school / "july", capacity="7")
    assert third.out.name == f"{again.out.name} (2)"


def test_a_list_is_replaced_once_its_decisions_were_entered(school: Path, trained: Any) -> None:
    def again() -> Any:
        return screen(trained.exported, trained.school_file, out=school / "july", capacity="7", replace=True)

    write(school / "july" / "list.xlsx", {1: ROW})
    content = (school / "july" / "list.xlsx").read_bytes()
    with pytest.raises(UsageError, match="holds 1 decision that the ledger does not") as error:
        again()
    assert "send-screen decisions" in error.value.remedy
    assert (school / "july" / "list.xlsx").read_bytes() == content
    decisions(school / "july" / "list.xlsx")
    content = (school / "july" / "list.xlsx").read_bytes()
    replaced = again()
    assert replaced.out == school / "july"
    assert replaced.kept.name.startswith("july until 20")
    assert (replaced.kept / "list.xlsx").read_bytes() == content
    assert replaced.result.listed[0].last_time.decision.decision is Decision.WATCH


def test_a_list_is_compared_with_the_last_one_of_the_same_children(trained: Any, tmp_path: Path) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str, keep_default_na=False)
    halves = {"one": rows.iloc[::2], "two": rows.iloc[1::2]}
    runs = {}
    for number, half in enumerate(["one", "two", "one"]):
        halves[half].to_csv(tmp_path / f"{half}.csv", index=False)
        runs[number] = screen(trained.exported, tmp_path / f"{half}.csv", out=tmp_path / f"list {number}", capacity="3")
    assert [run.result.since is None for run in runs.values()] == [True, True, False]
    assert [child.last_time.rank for child in runs[2].result.listed] == [1, 2, 3]


def test_a_child_without_an_identifier_is_named_only_where_something_is_written(school: Path, trained: Any) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str, keep_default_na=False)
    rows.loc[[0, 1], "UPN"] = ""
    rows.to_csv(school / "pupils.csv", index=False)
    found = screen(trained.exported, school / "pupils.csv", out=school / "again", capacity="3")
    path = found.out / "list.xlsx"
    assert decisions(path).ok
    write(path, {2: ROW, 3: ROW}, sheet="Look at by hand")
    returned = decisions(path)
    assert sum("no identifier" in text for text in returned.not_entered) == len(returned.not_entered) > 0


@pytest.mark.parametrize("copied_when", ["blank", "filled"])
def test_a_copied_sheet_counts_no_child_twice(school: Path, copied_when: str) -> None:
    path = school / "july" / "list.xlsx"
    n_rows = sum(sheet.max_row - 1 for sheet in openpyxl.load_workbook(path).worksheets if sheet.title != "About")
    for decided in ("Assess", "Support now"):  # the second time, what was entered before is not cleared by the copy
        write(path, {1: {**ROW, "What we decided": decided}})
        book = openpyxl.load_workbook(path)
        copy = book.copy_worksheet(book["List"])
        if copied_when == "blank":
            for cell in copy[2]:
                if cell.value in (decided, *ROW.values()):
                    cell.value = None
        book.save(path)
        found = decisions(path)
        assert (found.ok, sum(found.counts.values()), found.n_blank, found.cleared) == (True, 1, n_rows - 1, ())
        again = decisions(path)
        assert (again.entries, again.n_unchanged, again.n_blank) == ((), 1, n_rows - 1)
        book = openpyxl.load_workbook(path)
        del book[copy.title]
        book.save(path)


def test_a_sheet_that_people_added_is_no_list(school: Path) -> None:
    path = school / "july" / "list.xlsx"
    write(path, {1: ROW})
    book = openpyxl.load_workbook(path)
    book.create_sheet("Minutes", 0).append(["ID", "Note"])
    book["Minutes"].append(["A000000000001", "asked for by the office"])
    book.save(path)
    assert decisions(path).ok


@pytest.mark.parametrize("sheet", ["List", "Just below", "Look at by hand"])
def test_a_sheet_that_lost_a_column_is_named_and_nothing_entered(school: Path, trained: Any, sheet: str) -> None:
    path = school / "july" / "list.xlsx"
    write(path, {1: ROW})
    book = openpyxl.load_workbook(path)
    (heading,) = (cell for cell in book[sheet][1] if cell.value == "Review on")
    heading.value = "Review"
    book.save(path)
    content = (school / "ledger.db").read_bytes()
    with pytest.raises(ReadError, match="lacks 'Review on'"):
        decisions(path)
    with pytest.raises(ReadError, match="lacks 'Review on'"):
        screen(trained.exported, trained.school_file, out=school / "july", capacity="7", replace=True)
    assert (school / "ledger.db").read_bytes() == content


@pytest.mark.parametrize("sheet", ["Just below", "Look at by hand"])
def test_children_of_a_sheet_that_was_deleted_are_missing(school: Path, sheet: str) -> None:
    path = school / "july" / "list.xlsx"
    book = openpyxl.load_workbook(path)
    n = book[sheet].max_row - 1
    del book[sheet]
    book.save(path)
    assert len(decisions(path).missing) == n > 0


def test_a_later_note_leaves_the_choice_and_a_decision_outlives_two_lists(school: Path, trained: Any) -> None:
    path = school / "july" / "list.xlsx"
    write(path, {1: {**ROW, "Review on": dt.date.today()}})
    decisions(path)
    write(path, {1: {"What we decided": "", "Note": "phoned dad"}})
    decisions(path)
    for name in ("second", "third"):
        found = screen(trained.exported, trained.school_file, out=school / name, capacity="7")
    first = found.result.listed[0].last_time.decision
    assert (first.decision, first.note, first.review_on) == (Decision.WATCH, "phoned dad", dt.date.today())


def test_what_was_decided_of_those_not_listed_comes_back(school: Path, trained: Any) -> None:
    path = school / "july" / "list.xlsx"
    write(path, {1: ROW}, sheet="Look at by hand")
    decisions(path)
    found = screen(trained.exported, trained.school_file, out=school / "next", capacity="7")
    assert [child.last_time.decision.decision for child in found.result.since.left] == [Decision.WATCH]
    assert "hears badly?" in (found.out / "report.html").read_text("utf-8")


def test_another_schools_list_is_nobodys_last_list(school: Path, trained: Any) -> None:
    """One child moved from the first school to another, which shares its ledger."""
    rows = pd.read_csv(trained.school_file, dtype=str, keep_default_na=False)
    everyone = pd.read_csv(trained.data / "pupil_census.csv", dtype=str, keep_default_na=False)
    others = everyone[~everyone["UPN"].isin(rows["UPN"])]["UPN"].tolist()
    moved = rows.copy()
    moved.loc[moved.index[1:], "UPN"] = others[: len(moved) - 1]
    moved.to_csv(school / "other.csv", index=False)
    write(school / "july" / "list.xlsx", {1: ROW})
    decisions(school / "july" / "list.xlsx")
    found = screen(trained.exported, school / "other.csv", out=school / "other", capacity="7")
    assert found.result.since is None
    rows.iloc[:1].to_csv(school / "one.csv", index=False)
    assert screen(trained.exported, school / "one.csv", out=school / "one", capacity="1").result.since is None
    # and one child who was screened alone is not the last list of the school
    again = screen(trained.exported, trained.school_file, out=school / "again", capacity="7")
    assert [child.last_time.rank for child in again.result.listed] == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("date", ["Decided on", "Review on"])
def test_a_date_before_the_list_is_named(school: Path, date: str) -> None:
    write(school / "july" / "list.xlsx", {1: {**ROW, date: dt.date(2019, 5, 1)}})
    found = decisions(school / "july" / "list.xlsx")
    assert found.entries == ()
    assert "before" in found.not_entered[0]
