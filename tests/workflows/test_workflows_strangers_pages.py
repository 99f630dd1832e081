"""A reading test in the United States, and failing at a university: no page says what is true of England alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest
from lookalikes import reading_study, university

from send_screen import audit
from send_screen.reports import render_pages
from send_screen.workflows import init, screen, train

#: Never true of either: of England's schools and law, of special needs, of children whom adults identified.
UNTRUE = re.compile(
    r"England|\bSEND?\b(?!_)|SENCO|\bEHC|\bEPI\b|additional language|identified|free school meals|Good Level"
    r"|early learning|\bEYFS|reception\b|Year [0-9]|special educational|assess, plan"
    r"|\bneeds? (is|are) missed|with(out)? need\b"
)
#: Nobody of either is called a child. Names and values of fields, and what a script calls elements, are no words.
CHILD = re.compile(r"\bchild(ren)?\b", re.IGNORECASE)
NO_WORDS = re.compile(r'(?s)"children": |"among": "[^"]*"|<(script|style)>.*?</\1>|--child-id')
#: A question that the form of a law of the United Kingdom asks of everybody.
ASKED_BY_THE_FORM = ("Why was the need for a DPIA identified?", "Which other risks were identified")
STRANGERS = {
    "reading": (
        reading_study(2_400),
        {"outcome": "low_reader_spring"},
        {"kind: test": "kind: test", "model: additive": "model: logistic"},
    ),
    "university": (
        university(2_400),
        {"outcome": "final_result", "child_id": "enrolment", "positive": ["Fail", "Withdrawn"]},
        {"kind: test": "kind: event", "model: additive": "model: logistic"},
    ),
}
DECIDED = {
    "challengers: [lightgbm]": "challengers: []",
    "folds: 5": "folds: 3",
    "To be decided": "Somebody",
    "at_least: 0.8, at_most: 1.25": "at_least: 0.5, at_most: 2",
    "DECIDE": "DECIDED",
}


def texts(folder: Path) -> Iterable[tuple[str, str]]:
    """Give everything that a person can read in a folder, workbooks too."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".html", ".md", ".json", ".csv", ".txt", ".svg", ".yaml"):
            yield f"{folder.name}/{path.name}", path.read_text("utf-8")
        elif path.suffix == ".xlsx":
            sheets = pd.read_excel(path, sheet_name=None, header=None, dtype=str, engine="calamine")
            yield (
                f"{folder.name}/{path.name}",
                " ".join(str(cell) for sheet in sheets.values() for cell in sheet.to_numpy().ravel()),
            )


@pytest.mark.slow
@pytest.mark.parametrize("name", STRANGERS)
def test_nothing_untrue_is_said_of_a_stranger(name: str, tmp_path: Path) -> None:
    frame, options, edits = STRANGERS[name]
    file = tmp_path / "table.csv"
    frame.to_csv(file, index=False)
    made = init(file, out=tmp_path / "my_model", **options)
    drafted = dict(texts(tmp_path / "my_model"))
    for path in (made.spec, made.contract):
        text = path.read_text("utf-8")
        for old, new in (edits | DECIDED).items():
            assert path != made.spec or old in text or old == "To be decided", old
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
    uri = f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}"
    trained = train(made.spec, file, tracking_uri=uri, evidence=tmp_path / "evidence", threads=1)
    assert trained.registered_version == "1"
    assert trained.published.version.outcome_kind in edits["kind: test"]
    listed = screen(trained.model_uri, file, out=tmp_path / "lists" / "run", tracking_uri=uri)
    style = (resources.files("send_screen.reports") / "templates" / "style.css").read_text("utf-8")
    assert "th:last-child" in style
    assert style.strip() in render_pages(trained.published)["report.html"]
    found = audit(trained.model_uri, tracking_uri=uri, evidence=trained.evidence, out=tmp_path / "audit")
    assert found.ok
    said = {
        "audit": found.to_text(),
        **dict(texts(tmp_path / "audit")),
        "init": made.to_text(),
        **drafted,
        "train": trained.to_text(),
        "screen": listed.to_text(),
        "published.json": trained.published.to_json(),
        **render_pages(trained.published),
        **dict(texts(tmp_path / "lists")),
        **dict(texts(tmp_path / "mlartifacts")),
    }
    assert {"lists/list.xlsx", "lists/report.html", "mlartifacts/card.html", "impact_assessment.md"} <= set(said)
    found = [
        f"{where}: {text[max(0, hit.start() - 90) : hit.end() + 60]}"
        for where, text in ((where, NO_WORDS.sub("", text)) for where, text in said.items())
        for never in (UNTRUE, CHILD)
        for hit in never.finditer(text)
        if not any(asked in text[max(0, hit.start() - 90) : hit.end() + 60] for asked in ASKED_BY_THE_FORM)
    ]
    assert not found, "\n".join(" ".join(one.split()) for one in found)
    kind = {"reading": "It learned from what a test said", "university": "It learned from what happened"}[name]
    for page in ("card.html", "card.md", "report.html", "atrs.md", "impact_assessment.md"):
        assert kind in said[page]
    if name == "university":
        assert "schools, would settle" not in said["published.json"]
        assert not [where for where, text in said.items() if "other schools" in text]
