"""A year of a school: a list, what was decided, the next list, a withdrawal, a parent's request, an erasure."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from registry_store import WHO, Store, run

from send_screen.governance import read_ledger, records_of_entry


def read_list(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "list.csv", dtype=str, keep_default_na=False)


def type_decisions(workbook: Path, rows: dict[int, dict[str, object]]) -> None:
    """Type into rows of the list's first sheet, by place, as in Excel."""
    book = openpyxl.load_workbook(workbook)
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for place, values in rows.items():
        for heading, value in values.items():
            sheet.cell(1 + place, columns[heading], value)
    book.save(workbook)


def autumn_file(july: pd.DataFrame, left: str, better: str, path: Path) -> None:
    """The children a term later: in Year 1, without one who moved away, and one who has hardly missed a day since."""
    rows = july[july["UPN"] != left].copy()
    rows["NCyearActual"] = "1"
    rows.loc[rows["UPN"] == better, ["SessionsAbsent", *(f"E{n:02}" for n in range(1, 18))]] = ["0", *["2"] * 17]
    rows.to_csv(path, index=False)


@pytest.mark.slow
def test_a_year(store: Store, ledger_place: Any, tmp_path: Path) -> None:
    place = ("--ledger", ledger_place)
    school = pd.read_csv(store.school_file, dtype=str, keep_default_na=False)

    # spring: a version is let in
    assert store.run("promote", "models:/reception_sen/1", *WHO, *place)[0] == 0

    # July: the list
    champion = "models:/reception_sen@champion"
    code, out, err = store.run(
        "screen", champion, store.school_file, "--out", tmp_path / "july", "--capacity", "7", *place
    )
    assert code == 0, err
    july = read_list(tmp_path / "july")
    assert len(july) == 7

    # the SENCO discusses it, and the workbook comes back
    due = dt.date.today()
    who = {"Decided by": "A. Senco", "Decided on": dt.date.today()}
    type_decisions(
        tmp_path / "july" / "list.xlsx",
        {
            1: {"What we decided": "Assess", **who},
            2: {"What we decided": "Watch and review", "Review on": due, **who},
            3: {"What we decided": "No need found", "Note": "glasses since May", **who},
        },
    )
    returned = ("decisions", tmp_path / "july" / "list.xlsx", *place)
    code, out, err = run(*returned)
    assert code == 0, out + err
    assert "3 decisions were entered" in out
    assert "Due for review" in out
    assert "0 decisions were entered" in run(*returned)[1]

    # autumn: the year group has moved on
    autumn_file(school, left=july["child_id"][0], better=july["child_id"][2], path=tmp_path / "autumn.csv")
    code, out, err = store.run(
        "screen", champion, tmp_path / "autumn.csv", "--out", tmp_path / "autumn", "--capacity", "7", *place
    )
    assert code == 0, err
    autumn = read_list(tmp_path / "autumn").set_index("child_id")
    second = autumn.loc[july["child_id"][1]]
    assert second["last_time"].startswith("place 2 on ")
    assert "decided: Watch and review, by A. Senco" in second["last_time"]
    assert "REVIEW DUE since" in second["last_time"]
    assert (autumn["last_time"].str.startswith("NEW: ")).sum() == 2
    page = " ".join((tmp_path / "autumn" / "report.html").read_text("utf-8").split())
    assert f"<strong>{july['name'][0]}</strong>" in page
    assert "is not in this file" in page
    assert "is now below the line" in page
    assert "note: glasses since May" in page

    # the model is withdrawn, and whom it had listed is named
    code, out, err = store.run("withdraw", champion, *WHO, *place, "--screenings", ledger_place)
    assert code == 0, err
    text = " ".join(out.split())
    assert "in 2 screening runs" in text
    for number, decision in enumerate(("Assess, by A. Senco", "Watch and review, by A. Senco", "No need found, by")):
        assert f"{july['name'][number]}: {decision}" in text
    assert f"{july['name'][4]}: no decision was entered" in text
    for model in ("models:/reception_sen/1", store.exported):
        code, _, err = store.run("screen", model, store.school_file, "--out", tmp_path / "no", *place)
        assert (code, "withdrawn" in err) == (1, True)
    assert not (tmp_path / "no").exists()

    # a parent asks what is held, and has a letter
    child = july["child_id"][1]
    assert run("record", child, "--out", tmp_path / "request", *place)[0] == 0
    assert run("letter", child, "--out", tmp_path / "letter.html", *place)[0] == 0
    held = json.loads((tmp_path / "request" / "record.json").read_text("utf-8"))
    assert [(each["record"]["kind"], len(each["decisions"])) for each in held["lists"]] == [
        ("listed", 1),
        ("listed", 0),
    ]
    page = (tmp_path / "letter.html").read_text("utf-8")
    assert july["name"][1] in page
    assert "we stopped using the computer model that suggested this" in page
    today = dt.date.today().isoformat()
    assert [each["withdrawn_on"] for each in held["lists"]] == [today, today]
    assert "withdrawn for good on" in (tmp_path / "request" / "record.html").read_text("utf-8")

    # another asks for an erasure
    before = read_ledger(ledger_place).entries
    assert run("erase", july["child_id"][2], "--by", "A. Head", "--reason", "The parents asked", *place)[0] == 0
    assert run("record", july["child_id"][2], "--out", tmp_path / "gone", *place)[0] == 2
    ledger = read_ledger(ledger_place)
    ledger.require_unaltered()
    assert ledger.entries[: len(before)] == before
    gone = before[1].listed[2].child
    assert dict(records_of_entry(ledger_place, 2))[gone] is None
    assert [entry.kind for entry in ledger.entries] == [
        "promoted", "screening", "screening_ended", "decisions", "screening", "screening_ended", "withdrawn",
        "disclosed", "disclosed", "erased",
    ]  # fmt: skip
    code, out, err = store.run("history", "reception_sen", *place)
    assert code == 0, err
    assert "The ledger is whole: 10 entries" in out
