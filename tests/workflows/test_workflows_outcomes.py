"""``send-screen outcomes``: the run made again, found in its ledger, and what became of the children."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from folder_hashes import write_manifest
from typer.testing import CliRunner

from send_screen.cli._app import app
from send_screen.cohorts import load_cohort
from send_screen.errors import DataError, LedgerError, MachineError, UsageError
from send_screen.governance import WithdrawalEntry, erase_child, open_bundle, open_for_append, sha256_of
from send_screen.screening import Decision, select_children
from send_screen.workflows import _outcomes, outcomes, screen
from send_screen.workflows import decisions as enter_decisions
from send_screen.workflows._outcome_children import children_of


@pytest.fixture(scope="module")
def version(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trained version with a review sample in its spec."""
    folder = tmp_path_factory.mktemp("version") / "exported"
    shutil.copytree(trained.exported, folder)
    text = (folder / "spec.yaml").read_text("utf-8")
    spec = text.replace("capacity: 0.10", "capacity: 0.10\nreview_sample: {n: 300}")
    (folder / "spec.yaml").write_text(spec, encoding="utf-8", newline="\n")
    published = json.loads((folder / "published.json").read_text("utf-8"))
    published["version"]["spec_sha256"] = sha256_of(spec.encode())
    (folder / "published.json").write_text(json.dumps(published), encoding="utf-8", newline="\n")
    write_manifest(folder, version=published["version"]["id"])
    return folder


@pytest.fixture(scope="module")
def run(trained: Any, version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A screening run with its ledger."""
    out = tmp_path_factory.mktemp("run") / "lists"
    screen(version, trained.data, out=out, capacity="12%")
    return out.parent


@pytest.fixture(scope="module")
def found(trained: Any, version: Path, run: Path) -> Any:
    return outcomes(version, trained.data, ledger=run / "ledger.db", unsuppressed=True, out=run / "outcomes.html")


def test_the_list_is_the_one_in_the_ledger(trained: Any, version: Path, run: Path, found: Any) -> None:
    listed = pd.read_csv(run / "lists" / "list.csv", dtype=str)
    listed = listed[listed["kind"] == "listed"] if "kind" in listed else listed
    register = pd.read_csv(trained.data / "sen_status.csv", dtype=str).set_index("UPN")["SENprovision"]
    rows = found.figures.shares.set_index(["kind", "attribute", "state"])
    shares = rows.xs(("listed", "all"), level=["kind", "attribute"])
    assert shares.loc["found", "n"] == len(listed)
    assert shares.loc["found", "count"] == listed["child_id"].map(register).isin(["K", "E"]).sum()
    assert shares.loc["plan", "count"] == (listed["child_id"].map(register) == "E").sum()
    assert "entry 1 of the ledger" in found.to_text()


def test_it_says_what_became_of_all_in_frequencies(found: Any) -> None:
    text = found.to_text()
    assert "Of 100 children listed, " in text
    assert "whom adults alone could notice" in text
    assert "Of 100 children drawn at random and discussed, " in text
    assert "the list has " in text
    assert "Not known is not “no need”" in text
    assert "not enough evidence" in text, "the list is too short for an effect at the line"
    page = found.out.read_text("utf-8")
    assert "Small counts are shown" in page
    assert "Free school meals" in page
    json.dumps(found.to_dict(), allow_nan=False)


def test_no_identifier_is_in_the_page_or_the_result(trained: Any, found: Any) -> None:
    ids = pd.read_csv(trained.data / "pupil_census.csv", dtype=str)["UPN"]
    everything = found.out.read_text("utf-8") + found.to_text() + json.dumps(found.to_dict()) + repr(found)
    assert not any(child in everything for child in ids)


@pytest.mark.slow
def test_counts_under_ten_are_suppressed_unless_asked_for(trained: Any, version: Path) -> None:
    shares = outcomes(version, trained.data).figures.shares
    counts = shares["count"].dropna()
    assert len(counts)
    assert not counts.between(1, 9).any()
    assert shares["reason"].str.startswith("suppressed").any()


def test_other_files_are_not_taken_for_those_that_were_screened(
    trained: Any, version: Path, run: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained.data, tmp_path / "data")
    eyfsp = tmp_path / "data" / "eyfsp.csv"
    pd.read_csv(eyfsp, dtype=str).assign(E01="2", E02="2", E08="2").to_csv(eyfsp, index=False)
    with pytest.raises(LedgerError, match="No run in this ledger lists"):
        outcomes(version, tmp_path / "data", ledger=run / "ledger.db")


def test_files_without_an_outcome_are_refused(trained: Any, version: Path, tmp_path: Path) -> None:
    for name in ("pupil_census.csv", "eyfsp.csv", "sen_status.csv"):
        shutil.copy(trained.data / name, tmp_path / name)
    register = pd.read_csv(tmp_path / "sen_status.csv", dtype=str)
    register.assign(StatusDate="2031-01-16").to_csv(tmp_path / "sen_status.csv", index=False)
    with pytest.raises(DataError, match="of nobody what happened later"):
        outcomes(version, tmp_path)


def test_the_command_and_its_refusals(trained: Any, version: Path, run: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="The ledger says how many"):
        outcomes(version, trained.data, ledger=run / "ledger.db", capacity="12%")
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="cannot be written"):
        outcomes(version, trained.data, unsuppressed=True, out=tmp_path / "file" / "page.html")
    done = CliRunner().invoke(app, ["outcomes", str(version), str(trained.data), "--unsuppressed", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["format"] == "send_screen.outcomes/1"


def test_a_role_that_may_not_see_the_outcome_is_refused(trained: Any, version: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="class_teacher may not see what became of the children") as caught:
        outcomes(version, trained.data, role="class_teacher", out=tmp_path / "page.html")
    assert "These roles may: data_manager, head_teacher" in caught.value.remedy
    assert not (tmp_path / "page.html").exists()


def test_groups_that_a_role_may_not_see_are_left_out(
    trained: Any, version: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = open_bundle(version)
    census = bundle.contracts["education/pupil_census"]
    meals = replace(census.columns["FSMeligible"], visible_to=frozenset({"data_manager"}))
    contracts = {**bundle.contracts, census.id: replace(census, columns={**census.columns, "FSMeligible": meals})}
    monkeypatch.setattr(_outcomes, "load_model", lambda *_, **__: replace(bundle, contracts=contracts))
    pages = {}
    for role in (None, "data_manager"):
        made = outcomes(version, trained.data, role=role, unsuppressed=True, out=tmp_path / f"{role}.html")
        pages[role] = ({*made.figures.shares["attribute"]}, (tmp_path / f"{role}.html").read_text("utf-8"))
    assert pages["data_manager"][0] - pages[None][0] == {"Free school meals"}
    assert "Free school meals: not shown to the role senco; ask education." in pages[None][1]
    assert "not shown to the role" not in pages["data_manager"][1]


def test_what_was_decided_is_in_the_ledger(trained: Any, version: Path, run: Path, tmp_path: Path) -> None:
    for name in ("ledger.db", "ledger.key"):
        shutil.copy(run / name, tmp_path / name)
    rows = pd.read_csv(run / "lists" / "list.csv", dtype=str, keep_default_na=False)
    rows.loc[rows["kind"] == "listed", "what_we_decided"] = Decision.NO_NEED.label
    rows.to_csv(tmp_path / "list.csv", index=False)
    enter_decisions(tmp_path / "list.csv", ledger=tmp_path / "ledger.db")
    found = outcomes(version, trained.data, ledger=tmp_path / "ledger.db", unsuppressed=True)
    counts = found.figures.shares.set_index(["kind", "attribute", "state"])["count"].to_dict()
    assert counts["listed", "all", "no_need"] > 0
    assert counts["listed", "all", "none_recorded"] == counts["listed", "all", "not_known"] == 0
    assert counts["review_sample", "all", "no_need"] == 0


def test_an_erased_child_is_left_out_of_the_comparison(trained: Any, version: Path, run: Path, tmp_path: Path) -> None:
    for name in ("ledger.db", "ledger.key"):
        shutil.copy(run / name, tmp_path / name)
    listed = pd.read_csv(run / "lists" / "list.csv", dtype=str)["child_id"].iloc[0]
    erase_child(tmp_path / "ledger.db", listed, by="A. Board", reason="Asked by the parents")
    assert outcomes(version, trained.data, ledger=tmp_path / "ledger.db", unsuppressed=True).ok


def test_a_withdrawn_version_can_be_asked_about_and_says_so(
    trained: Any, version: Path, run: Path, tmp_path: Path
) -> None:
    for name in ("ledger.db", "ledger.key"):
        shutil.copy(run / name, tmp_path / name)
    bundle = open_bundle(version)
    withdrawal = WithdrawalEntry(
        model="reception_sen",
        registered="1",
        version=bundle.published.version.id,
        manifest_sha256=bundle.manifest_sha256,
        by="A. Board",
        reason="A fault in the absence data",
    )
    with open_for_append(tmp_path / "ledger.db") as ledger:
        ledger.append(withdrawal)
    found = outcomes(version, trained.data, ledger=tmp_path / "ledger.db", unsuppressed=True)
    assert "This version was withdrawn" in found.to_text()


def test_a_decision_says_what_the_record_does_not(trained: Any, version: Path) -> None:
    bundle = open_bundle(version)
    cohort = load_cohort(bundle.spec, trained.school_file, training=False, contracts=bundle.contracts)
    ids = cohort.ids.astype(str).tolist()
    states = pd.Series(["supported", "none_recorded", "none_recorded"], index=ids[:3])
    decided = {
        ids[0]: Decision.NO_NEED,
        ids[1]: Decision.NO_NEED,
        ids[2]: Decision.SUPPORT,
        ids[3]: Decision.ASSESS,
        ids[4]: Decision.WATCH,
        ids[5]: Decision.SUPPORT,
    }
    children = children_of(select_children(bundle, cohort), states, decided).set_index("child_id")
    assert children.loc[ids[:6], "state"].tolist() == [
        "supported",
        "no_need",
        "none_recorded",
        "assessed",
        "not_known",
        "supported",
    ]
    assert children.loc[ids[6:], "state"].eq("not_known").all()
    assert len(children) == len(cohort) + len(cohort.excluded)
