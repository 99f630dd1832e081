"""What people wrote in a list is read as they wrote it, or named with its row."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path

import pytest

from send_screen.errors import ReadError
from send_screen.screening import Decision, DecisionRecord, read_decisions

TODAY = dt.date(2026, 10, 31)
HEADER = ["child_id", "name", "row_in_file", "run", "what_we_decided", "decided_by", "decided_on", "review_on", "note"]
CHILD = "A000200006001"


def written(folder: Path, *rows: list[str], header: list[str] = HEADER, encoding: str = "utf-8-sig") -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    path = folder / "list.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def test_a_row_is_read_as_it_was_written(tmp_path: Path) -> None:
    row = [CHILD, "A. B", "2", "r0123456789a", "watch and REVIEW", "A. Sénco", "01/10/2026", "2026-12-01", "a\nb"]
    found = read_decisions(written(tmp_path, row), today=TODAY)
    assert found.rows[0].record == DecisionRecord(
        decision=Decision.WATCH,
        decided_by="A. Sénco",
        decided_on=dt.date(2026, 10, 1),
        review_on=dt.date(2026, 12, 1),
        note="a\nb",
    )
    assert (found.rows[0].run, found.rows[0].child_id, found.rows[0].row) == ("r0123456789a", CHILD, 2)
    assert found.runs == {"r0123456789a": 1}


@pytest.mark.parametrize("decision", Decision)
def test_each_choice_is_read_back(tmp_path: Path, decision: Decision) -> None:
    found = read_decisions(written(tmp_path, [CHILD, "", "2", "r", decision.label, "", "", "", ""]), today=TODAY)
    assert found.rows[0].record.decision is decision


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_encodings_and_columns_in_any_order(tmp_path: Path, encoding: str) -> None:
    header, row = HEADER[::-1], [CHILD, "", "2", "r", "", "", "", "", "é"][::-1]
    found = read_decisions(written(tmp_path, row, header=header, encoding=encoding), today=TODAY)
    assert found.rows[0].record == DecisionRecord(note="é")


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        (["Maybe", "", "", ""], "none of the choices. Choose one of: Assess, Support now"),
        (["Assess", "31/02/2026", "", ""], "'Decided on' is no date"),
        (["Assess", "01/11/2026", "", ""], "'Decided on' has not come yet"),
        (["Assess", "", "soon", ""], "'Review on' is no date"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, cells: list[str], problem: str) -> None:
    decided, on, review, note = cells
    found = read_decisions(written(tmp_path, [CHILD, "", "2", "r", decided, "", on, review, note]), today=TODAY)
    assert problem in " ".join(found.rows[0].problems)
    assert found.rows[0].where == "row 2"


def test_rows_of_a_child_that_contradict_each_other_are_both_named(tmp_path: Path) -> None:
    rows = [[CHILD, "", "2", "r", "Assess", "", "", "", ""], [CHILD, "", "2", "r", "No need found", "", "", "", ""]]
    found = read_decisions(written(tmp_path, *rows), today=TODAY)
    assert [len(row.problems) for row in found.rows] == [1, 1]


def test_a_row_that_is_there_several_times_counts_once(tmp_path: Path) -> None:
    rows = [
        [CHILD, "", "2", "r", "", "", "", "", ""],
        [CHILD, "", "2", "r", "Assess", "", "", "", ""],
        [CHILD, "", "2", "r", "Assess", "", "", "", ""],
    ]
    found = read_decisions(written(tmp_path, *rows), today=TODAY)
    assert [row.record.decision for row in found.rows] == [Decision.ASSESS]
    assert not any(row.problems for row in found.rows)


def test_a_row_that_cannot_be_read_is_no_repetition_of_one_that_can(tmp_path: Path) -> None:
    rows = [[CHILD, "", "2", "r", said, "", "", "", ""] for said in ("Maybe", "", "Maybe", "Assess")]
    found = read_decisions(written(tmp_path, *rows), today=TODAY)
    assert [row.row for row in found.rows] == [2, 5]
    assert all("Another row of this child says something else" in row.problems[-1] for row in found.rows)


def test_what_the_list_put_before_a_formula_is_taken_off_again(tmp_path: Path) -> None:
    found = read_decisions(
        written(tmp_path, ["'=1+1", "", "2", "r", "Assess", "'+44 20", "", "", "O'Brien"]), today=TODAY
    )
    assert (found.rows[0].child_id, found.rows[0].record.decided_by) == ("=1+1", "+44 20")
    assert found.rows[0].record.note == "O'Brien"


@pytest.mark.parametrize("lost", ["run", "child_id", "what_we_decided", "note"])
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, lost: str) -> None:
    header = [name for name in HEADER if name != lost]
    with pytest.raises(ReadError, match="The list lacks '"):
        read_decisions(written(tmp_path, ["x"] * len(header), header=header), today=TODAY)


def test_another_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="not the list of a screening run") as error:
        read_decisions(written(tmp_path, ["A000200006001", "2"], header=["UPN", "E01"]), today=TODAY)
    assert "list.xlsx" in error.value.remedy


def test_dates_of_another_order_are_not_misread(tmp_path: Path) -> None:
    american = [[f"{CHILD}{day}", "", "2", "r", "Assess", "", f"10/{day}/2026", "", ""] for day in range(1, 31)]
    found = read_decisions(written(tmp_path, *american), today=TODAY)
    assert [row.record.decided_on.day for row in found.rows] == [*range(1, 31)]
    mixed = [[f"{CHILD}{day}", "", "2", "r", "Assess", "", f"10/{day}/2026", "", ""] for day in (3, 29)]
    found = read_decisions(written(tmp_path, *mixed), today=TODAY)
    assert all("no date" in " ".join(row.problems) for row in found.rows)


def test_a_note_longer_than_a_ledger_takes_is_named(tmp_path: Path) -> None:
    found = read_decisions(written(tmp_path, [CHILD, "", "2", "r", "", "", "", "", "x" * 5001]), today=TODAY)
    assert "longer than 5,000 characters" in found.rows[0].problems[0]
