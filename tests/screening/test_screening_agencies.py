"""One folder with the school's and the agencies' files: linked, screened, and shown to whom may see it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from agency_contracts import INVOLVEMENT, REVIEW, agency_spec, quick_to_train

from send_screen import export, load_cohort, load_spec, screen, train
from send_screen.contracts import nhs_check_digit
from send_screen.screening import LinkedRow, role_access
from send_screen.screening._agencies import _in_words
from send_screen.simulation import simulate_england

ROLES = ("senco", "health_visitor")


@pytest.fixture(scope="module")
def place(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version that uses agencies' data, exported, and a folder of one school's files beside theirs."""
    folder = tmp_path_factory.mktemp("agencies")
    agency_spec(repository, folder)
    spec = folder / "spec.yaml"
    spec.write_text(quick_to_train(spec.read_text("utf-8")), encoding="utf-8")
    england = simulate_england(children=2_000, schools=20, seed=3)
    write(folder / "train", england.tables | agencies(england.eyfsp["UPN"]))
    uri = f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
    made = train(folder / "spec.yaml", folder / "train", tracking_uri=uri, evidence=folder / "evidence", threads=1)
    made.require_passed()
    export(made.model_uri, folder / "model", tracking_uri=uri)
    later = simulate_england(children=2_000, schools=20, seed=3, academic_year="2025/26")
    upns = later.pupil_census.loc[later.pupil_census["School"] == "0001000", "UPN"]
    tables = later.tables | agencies(later.eyfsp["UPN"], dated="2023-06-01")
    school = {name: table for name, table in tables.items() if name.startswith("education")}
    school = {name: table[table["UPN"].isin(upns)] for name, table in school.items()}
    write(folder / "school", school | {name: tables[name] for name in (REVIEW, INVOLVEMENT)})
    return folder


def agencies(upns: pd.Series, dated: str = "2020-06-01") -> dict[str, pd.DataFrame]:
    """Return a review of every second child, half of them known by NHS number alone, and a status of every tenth."""
    n = np.arange(len(upns))
    bodies = (f"9990{number:05d}" for number in range(len(upns) * 2))
    numbers = np.array([body + digit for body in bodies if (digit := nhs_check_digit(body))][: len(upns)])
    review = pd.DataFrame(
        {
            "UPN": np.where(n % 4, upns, None),
            "NHSNumber": numbers,
            "PersonID": [f"H{number}" for number in n],
            "ReviewDate": dated,
            "Speech": (1 + n % 3).astype(str),
            "Concern": np.where(n % 5, "N", "Y"),
        }
    )
    status = pd.DataFrame(
        {
            "UPN": upns,
            "NHSNumber": numbers,
            "PersonID": [f"S{number}" for number in n],
            "StartDate": dated,
            "Plan": "CIN",
            "EndDate": np.where(n % 20, None, dated),
            "EndReason": np.where(n % 20, None, "A"),
        }
    )
    return {REVIEW: review[n % 2 == 0], INVOLVEMENT: status[n % 10 == 0]}


def write(folder: Path, tables: dict[str, pd.DataFrame]) -> None:
    folder.mkdir()
    for name, table in tables.items():
        table.to_csv(folder / f"{name.partition('/')[2]}.csv", index=False)


@pytest.fixture(scope="module")
def screened(place: Path) -> dict[str, Any]:
    def run(role: str) -> Any:
        out = place / role / "lists"
        return screen(place / "model", place / "school", out=out, role=role, capacity="30", allow_synthetic_model=False)

    return {role: run(role) for role in ROLES}


def test_one_command_links_and_screens(place: Path, screened: dict[str, Any]) -> None:
    found = screened["senco"]
    assert found.summary["n_screened"] > 50
    text = found.to_text()
    assert f"{REVIEW}: " in text
    assert "by UPN, " in text
    assert "by NHS number" in text
    page = (found.out / "report.html").read_text("utf-8")
    assert "Which agencies knew the child" in page
    assert "Records of other agencies" in page
    assert "has a record, linked by NHS number" in page
    assert "no record was found, which does not mean that there is no concern" in page


def test_the_crosswalk_is_written_beside_the_list(place: Path, screened: dict[str, Any]) -> None:
    found = screened["senco"]
    table = pd.read_csv(found.out / "linkage.csv", dtype=str)
    census = pd.read_csv(place / "school" / "pupil_census.csv", dtype=str)
    linked = table[table["status"] == "linked"]
    assert linked["child_id"].isin(census["UPN"]).all()
    assert set(linked["contract"]) == {REVIEW, INVOLVEMENT}
    assert set(linked["use"]) == {"used"}
    # the row named is the row of the file
    for contract, name in ((REVIEW, "review"), (INVOLVEMENT, "status")):
        rows = pd.read_csv(place / "school" / f"{name}.csv", dtype=str)
        mine = linked[linked["contract"] == contract]
        at = mine["row"].astype(int).to_numpy() - 2
        assert (rows["PersonID"].iloc[at].to_numpy() == mine["person_id"].to_numpy()).all()
        known = rows["UPN"].iloc[at]
        assert (known.isna().to_numpy() | (known.to_numpy() == mine["child_id"].to_numpy())).all()
        # rows of children of other schools are nowhere in it
        others = rows.loc[~rows.index.isin(at), "PersonID"]
        assert len(others) > 100
        assert not set(others) & set(table["person_id"])
    assert found.summary["files"].keys() >= {"list.csv", "linkage.csv"}


def test_who_may_not_see_identifiers_sees_no_link(place: Path, screened: dict[str, Any]) -> None:
    """The health visitor may see no UPN of the census."""
    found = screened["health_visitor"]
    assert not (found.out / "linkage.csv").exists()
    page = (found.out / "report.html").read_text("utf-8")
    assert "Which agencies knew the child" not in page
    assert "has a record" not in page
    assert "of 100 children linked" not in found.to_text()
    assert "Your role may not see of whom there are any" in found.to_text()


def test_a_note_on_a_column_is_of_its_own_contract_alone(place: Path, tmp_path: Path) -> None:
    """Who may not see the agency's UPN still learns how the school's was read."""
    folder = tmp_path / "school"
    shutil.copytree(place / "school", folder)
    for name in ("pupil_census", "review"):
        table = pd.read_csv(folder / f"{name}.csv", dtype=str)
        table["UPN"] = table["UPN"].str.lower()
        table.to_csv(folder / f"{name}.csv", index=False)
    cohort = load_cohort(load_spec(place / "spec.yaml"), folder, training=False)
    notes = [note for note in cohort.notes if "in small letters" in note]
    contracts = dict(load_spec(place / "spec.yaml").contracts)
    access = role_access(contracts, "head_teacher")  # a role that the agencies' contracts do not know
    shown = access.visible_notes(notes)
    assert any("in small letters" in note for note in shown)
    assert any("ask" in note for note in shown)


def test_a_record_after_the_as_of_date_is_no_knowledge_of_the_child(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "school"
    shutil.copytree(place / "school", folder)
    review = pd.read_csv(folder / "review.csv", dtype=str).assign(ReviewDate="2026-09-01")
    review.to_csv(folder / "review.csv", index=False)
    found = screen(place / "model", folder, out=tmp_path / "lists", capacity="30")
    for child in found.result.listed:
        assert any(line.startswith("Invented review (health): no record was found") for line in child.agencies)
    uses = {row.use for row in found.result.linked_rows if row.contract == REVIEW}
    assert uses == {"recorded after the as-of date"}


def test_a_record_that_may_be_the_childs_is_said_on_page_note_and_console(place: Path, tmp_path: Path) -> None:
    """Their UPN, and the birth date of a much older child."""
    folder = tmp_path / "school"
    shutil.copytree(place / "school", folder)
    census = pd.read_csv(folder / "pupil_census.csv", dtype=str)
    review = pd.read_csv(folder / "review.csv", dtype=str).assign(DOB=None)
    theirs = review["UPN"].isin(census["UPN"])
    review.loc[theirs, "DOB"] = "2012-01-01"
    review.to_csv(folder / "review.csv", index=False)
    found = screen(place / "model", folder, out=tmp_path / "lists", capacity="30")
    rows = [row for row in found.result.linked_rows if row.contract == REVIEW and row.status == "conflict"]
    assert {row.child_id for row in rows} == set(review.loc[theirs, "UPN"])
    assert len(rows) == theirs.sum() > 10
    note = next(n for n in found.result.notes if "may be" in n)
    assert note.startswith(f"review.csv: {theirs.sum()} rows may be children's and were not used")
    text = next(line for line in found.result.linked if line.startswith(f"{REVIEW}: "))
    assert f"{theirs.sum()} in conflict" in text
    nobody = next(n for n in found.result.notes if n.startswith("review.csv: ") and "to nobody" in n).split()[1]
    assert f"{nobody} of nobody here" in text
    listed = [child for child in found.result.listed if child.child_id in set(review.loc[theirs, "UPN"])]
    assert listed
    for child in listed:
        assert (
            "Invented review (health): a record may be this child's, and was not linked or used: see linkage.csv."
            in (child.agencies)
        )


@pytest.mark.parametrize(("probability", "words"), [(0.99989, "more than 99"), (1.0, "more than 99"), (0.958, "95")])
def test_a_link_by_probability_is_never_said_to_be_sure(probability: float, words: str) -> None:
    row = LinkedRow("a", REVIEW, "review.csv", 2, "7", "linked", "match probability", probability, "used", None)
    assert f"({words} in 100 sure): check that it is this child's." in _in_words([row])
    doubt = replace(row, status="in doubt", use=None)
    assert _in_words([row, doubt]).endswith(
        "Another record may be this child's, and was not linked or used: see linkage.csv."
    )


def test_a_folder_with_a_crosswalk_is_not_written_over(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "lists"
    out.mkdir()
    (out / "linkage.csv").write_text("notes", encoding="utf-8")
    found = screen(place / "model", place / "school", out=out)
    assert found.out.name.startswith("lists 20")
    assert [path.read_text("utf-8") for path in out.iterdir()] == ["notes"]
