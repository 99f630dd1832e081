"""What would harm a child, or the trust in us: one test at least for each hard rule, by its number.

Rules that a stage keeps by itself are tested there too; these look at what actually comes out at the end.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import pickle
import pickletools
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from send_screen.cohorts import load_cohort
from send_screen.contracts import upn_check_letter
from send_screen.errors import ExitCode, PopulationError, SendScreenError, UsageError
from send_screen.governance import find_pseudonyms, open_bundle, read_ledger, sha256_of
from send_screen.screening import screen_cohort
from send_screen.serving import predict_records
from send_screen.workflows import export, promote, screen

OUTPUTS = ("list.csv", "list.xlsx", "excluded.csv", "report.html", "summary.json")


def real_children(file: Path, target: Path) -> Path:
    """Copy a file of synthetic children under UPNs of authority 801, as if they were real."""

    frame = pd.read_csv(file, dtype=str)
    body = "801" + frame["UPN"].str[4:]
    frame["UPN"] = body.map(upn_check_letter) + body
    frame.to_csv(target, index=False)
    return target


def published_files(trained: Any) -> list[Path]:
    """Everything that MLflow and an exported folder hold, the database included."""
    files = [*trained.folder.glob("mlartifacts/**/*"), *trained.exported.rglob("*"), trained.folder / "mlflow.db"]
    return [file for file in files if file.is_file()]


def text_of(folder: Path, name: str) -> str:
    if name.endswith(".xlsx"):
        from python_calamine import CalamineWorkbook

        book = CalamineWorkbook.from_path(str(folder / name))
        return "\n".join(str(row) for sheet in book.sheet_names for row in book.get_sheet_by_name(sheet).to_python())
    return (folder / name).read_text("utf-8-sig")


# 1. No identifier and no child's row in anything published


def test_rule_1_no_identifier_in_anything_published(trained: Any) -> None:
    census = pd.read_csv(trained.data / "pupil_census.csv", dtype=str)
    needles = [*census["UPN"], *(census["Forename"] + " " + census["Surname"])]
    pattern = re.compile("|".join(re.escape(needle) for needle in needles).encode())
    files = published_files(trained)
    assert len(files) > 20
    for file in files:
        found = pattern.search(file.read_bytes())
        assert found is None, f"{file.name} holds an identifier"
    # The search finds what is there: the evidence store's key, which is not published, holds every one.
    keys = pd.read_parquet(trained.made.evidence / "children.parquet")
    assert pattern.search(str(keys["child_id"].iloc[0]).encode())


def test_rule_1_no_row_of_the_training_data_in_anything_published(trained: Any, small_spec: Path) -> None:
    from send_screen.specs import load_spec

    bundle = open_bundle(trained.exported)
    cohort = load_cohort(load_spec(small_spec), trained.data)
    scores = bundle.tables.score(cohort.X)
    evidence = pd.read_parquet(trained.made.evidence / "evidence.parquet")
    # A child's own figures: final score, and score out of fold. Sixteen digits do not coincide.
    own = {repr(float(score)) for score in (*scores, *evidence["score.candidate"])}
    rows = {tuple(row) for row in cohort.X.to_numpy().tolist()}
    for file in published_files(trained):
        text = file.read_bytes().decode("utf-8", errors="replace")
        numbers = re.findall(r"-?\d+\.\d+(?:e-?\d+)?", text)
        assert not own & set(numbers), f"{file.name} holds a child's score"
        if file.suffix == ".json" and "example" in file.name:
            example = json.loads(text)
            values = example.get("dataframe_split", example)["data"]
            shown = load_cohort(
                bundle.spec,
                pd.DataFrame(values, columns=example.get("dataframe_split", example)["columns"]),
                training=False,
                contracts=bundle.contracts,
            )
            assert not {tuple(row) for row in shown.X.to_numpy().tolist()} & rows


def test_rule_1_no_school_in_anything_published(trained: Any) -> None:
    schools = set(pd.read_csv(trained.data / "pupil_census.csv", dtype=str)["School"])
    pattern = re.compile("|".join(rf"(?<!\d){school}(?!\d)" for school in sorted(schools)))
    for file in published_files(trained):
        if file.suffix in (".json", ".html", ".md", ".svg"):
            assert not pattern.search(file.read_text("utf-8")), f"{file.name} names a school"


def test_rule_1_a_cell_in_the_wrong_column_is_not_published(trained: Any, light_spec: Path, tmp_path: Path) -> None:
    """A shifted row puts a name where a school number belongs, in a column that is not personal."""
    from send_screen.workflows import train

    data = Path(shutil.copytree(trained.data, tmp_path / "data"))
    census = pd.read_csv(data / "pupil_census.csv", dtype=str)
    census.loc[0:30, "School"] = "Zaphod Beeblebrox"
    census.loc[40:60, "NCyearActual"] = "Zaphod Beeblebrox"
    census.to_csv(data / "pupil_census.csv", index=False)
    made = train(
        light_spec,
        data,
        tracking_uri=f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}",
        evidence=tmp_path / "evidence",
        threads=1,
    )
    assert made.n_excluded > trained.made.n_excluded
    for file in [*tmp_path.glob("mlartifacts/**/*"), tmp_path / "mlflow.db"]:
        if file.is_file():
            assert b"Zaphod" not in file.read_bytes(), file.name
    said = {row.reason for row in made.published.cohort.excluded}
    assert any("School" in reason or "school" in reason or "digit" in reason for reason in said), said


def test_rule_1_errors_do_not_quote_children(trained: Any, tmp_path: Path) -> None:
    frame = pd.read_csv(trained.school_file, dtype=str)
    bad = frame.assign(DOB="Zaphod 42")
    for refused in (bad, bad.drop(columns="NCyearActual")):
        refused.to_csv(tmp_path / "bad.csv", index=False)
        with pytest.raises(SendScreenError) as caught:
            screen(trained.exported, tmp_path / "bad.csv", out=tmp_path / "out")
        assert "Zaphod" not in str(caught.value)
        assert not any(upn in str(caught.value) for upn in frame["UPN"])
    frame.loc[::3, "DOB"] = "Zaphod 42"
    frame.to_csv(tmp_path / "bad.csv", index=False)
    summary = screen(trained.exported, tmp_path / "bad.csv", out=tmp_path / "out").summary
    assert summary["excluded_by_rule"]["CENSUS-DOB-DATE"] == len(frame.loc[::3])
    assert not any("Zaphod" in text_of(tmp_path / "out", name) for name in OUTPUTS)


@pytest.mark.posix
def test_rule_1_the_evidence_store_is_for_its_owner(trained: Any) -> None:
    assert (trained.folder / "evidence").stat().st_mode & 0o077 == 0
    assert trained.made.evidence.stat().st_mode & 0o077 == 0


# 2. MLflow's telemetry is off, and nothing speaks to the network

BARE = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}


def test_rule_2_telemetry_is_off_in_a_bare_process() -> None:
    code = (
        "import sys\n"
        "import {first}\n"
        "import mlflow\n"
        "from mlflow.telemetry.utils import is_telemetry_disabled\n"
        "sys.exit(0 if is_telemetry_disabled() else 9)\n"
    )
    run = subprocess.run([sys.executable, "-c", code.format(first="send_screen.tracking")], env=BARE, check=False)
    assert run.returncode == 0
    # The test can fail: without us it is on.
    run = subprocess.run([sys.executable, "-c", code.format(first="json")], env=BARE, check=False)
    assert run.returncode == 9


def test_rule_2_training_and_screening_open_no_connection(trained: Any, small_spec: Path, tmp_path: Path) -> None:
    code = """
import socket, sys
def deny(self, address, *rest):
    sys.stderr.write(f"CONNECTION to {address}\\n")
    raise OSError("no network")
socket.socket.connect = deny
socket.socket.connect_ex = deny
from send_screen.cli import main
sys.argv = ["send-screen", *sys.argv[1:]]
main()
"""
    train = ["train", str(small_spec), "--data", str(trained.data), "--json"]
    lists = ["screen", "models:/reception_sen@candidate", str(trained.school_file), "--out", "lists", "--json"]
    for arguments in (train, lists):
        run = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=BARE,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "CONNECTION" not in run.stderr
        assert run.returncode == 0, run.stderr


# 3. A flag is a prompt to assess


@pytest.fixture(scope="module")
def lists(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("lists")
    screen(trained.exported, trained.school_file, out=out)
    return out


@pytest.mark.parametrize("name", OUTPUTS)
def test_rule_3_every_list_and_page_says_what_it_is_not(lists: Path, name: str) -> None:
    text = " ".join(text_of(lists, name).split())
    assert re.search(r"not (be used )?to refuse, delay or ration an assessment", text)
    assert re.search(r"parent.s or (a )?teacher.s concern always counts", text)


@pytest.mark.parametrize("name", ["list.csv", "excluded.csv"])
def test_rule_3_every_row_of_a_list_says_it(lists: Path, name: str) -> None:
    frame = pd.read_csv(lists / name, dtype=str, encoding="utf-8-sig")
    assert len(frame)
    assert frame["notice"].str.contains("refuse, delay or ration").all()


@pytest.mark.parametrize(
    "name", ["report.html", "card.html", "scorecard.html", "card.md", "atrs.md", "impact_assessment.md"]
)
def test_rule_3_every_published_page_says_it(trained: Any, name: str) -> None:
    text = " ".join((trained.exported / name).read_text("utf-8").split())
    assert re.search(r"refuse, delay or ration", text)
    assert "concern always counts" in text


def test_rule_3_every_answer_says_it(trained: Any) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str)
    predictions = predict_records(open_bundle(trained.exported), rows)
    assert len(predictions) == len(rows)
    assert predictions["notice"].str.contains("refuse, delay or ration").all()
    assert set(predictions.columns) & {"flag", "flagged", "decision", "label", "prediction"} == set()


# 4. Children who could not be screened come first


def test_rule_4_the_page_begins_with_who_could_not_be_screened(lists: Path) -> None:
    page = text_of(lists, "report.html")
    summary = json.loads((lists / "summary.json").read_text("utf-8"))
    assert summary["excluded"]["manual_review"] >= 1
    first_by_hand = page.index("by hand")
    first_listed = pd.read_csv(lists / "list.csv", dtype=str, encoding="utf-8-sig")["child_id"].iloc[0]
    assert first_by_hand < page.index(first_listed)


def test_rule_4_they_are_counted_by_group(trained: Any) -> None:
    bundle = open_bundle(trained.exported)
    frame = pd.concat([pd.read_csv(trained.school_file, dtype=str)] * 5, ignore_index=True)
    bodies = [f"0002009{number:05d}" for number in range(len(frame))]
    frame["UPN"] = [upn_check_letter(body) + body for body in bodies]
    frame.loc[::4, [f"E{number:02d}" for number in range(1, 18)]] = None
    cohort = load_cohort(bundle.spec, frame, training=False, contracts=bundle.contracts)
    result = screen_cohort(bundle, cohort, file="x.csv")
    manual_review = sum(child.kind == "manual_review" for child in result.excluded)
    assert manual_review >= 50
    attributes = {row["attribute"] for row in result.manual_review_by_group}
    assert {"Sex", "Ethnic group"} <= attributes
    for attribute in attributes:
        rows = [row for row in result.manual_review_by_group if row["attribute"] == attribute]
        assert sum(row["n_manual_review"] for row in rows) == manual_review
        assert sum(row["n_rows"] for row in rows) == result.n_rows


# 5. A model trained on synthetic children cannot screen real ones


def test_rule_5_real_children_are_refused(trained: Any, tmp_path: Path) -> None:
    file = real_children(trained.school_file, tmp_path / "real.csv")
    with pytest.raises(PopulationError, match="invented") as caught:
        screen(trained.exported, file, out=tmp_path / "out")
    assert caught.value.rule == "TRAINED-ON-SYNTHETIC"
    assert not (tmp_path / "out").exists()
    with pytest.raises(PopulationError):
        predict_records(open_bundle(trained.exported), pd.read_csv(file, dtype=str))


def test_rule_5_one_real_child_among_synthetic_ones_is_enough(trained: Any, tmp_path: Path) -> None:
    file = real_children(trained.school_file, tmp_path / "real.csv")
    mixed = pd.read_csv(trained.school_file, dtype=str)
    mixed.loc[3, "UPN"] = pd.read_csv(file, dtype=str).loc[3, "UPN"]
    mixed.to_csv(tmp_path / "mixed.csv", index=False)
    with pytest.raises(PopulationError, match="invented"):
        screen(trained.exported, tmp_path / "mixed.csv", out=tmp_path / "out")


@pytest.mark.parametrize("name", OUTPUTS)
def test_rule_5_research_marks_every_output(trained: Any, tmp_path: Path, name: str) -> None:
    file = real_children(trained.school_file, tmp_path / "real.csv")
    screen(trained.exported, file, out=tmp_path / "out", allow_synthetic_model=True)
    assert re.search("research only", text_of(tmp_path / "out", name), re.IGNORECASE)


@pytest.mark.parametrize("options", [{"to": "sql", "dialect": "duckdb"}, {"to": "xlsx"}])
def test_rule_5_a_query_or_workbook_of_a_synthetic_model_is_refused(
    options: dict[str, Any], trained: Any, tmp_path: Path
) -> None:
    with pytest.raises(PopulationError, match="invented children") as refused:
        export(trained.exported, tmp_path / "out", **options)
    assert "--allow-synthetic-model" in str(refused.value.remedy)
    assert not (tmp_path / "out").exists()


# 6. Outside its population it refuses


def test_rule_6_past_its_review_date_it_refuses(trained: Any) -> None:
    bundle = open_bundle(trained.exported)
    cohort = load_cohort(bundle.spec, trained.school_file, training=False, contracts=bundle.contracts)
    last_day = bundle.spec.review_date
    screen_cohort(bundle, cohort, file="x.csv", today=last_day)
    with pytest.raises(PopulationError, match="review") as caught:
        screen_cohort(bundle, cohort, file="x.csv", today=last_day + dt.timedelta(days=1))
    assert caught.value.rule == "REVIEW-DATE"


def born_later(dates: pd.Series, *, years: int) -> pd.Series:
    return (pd.to_datetime(dates) + pd.DateOffset(years=years)).dt.strftime("%Y-%m-%d")


def two_years_ago(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(AcademicYear="2023/24", DOB=born_later(rows["DOB"], years=-2))


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [("NCyearActual", "2", "POPULATION-YEAR-GROUP"), ("AcademicYear", "2019/20", "EYFSP-YEAR-FORM")],
)
def test_rule_6_the_wrong_children_are_refused(
    trained: Any, tmp_path: Path, column: str, value: str, rule: str
) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str).assign(**{column: value})
    rows["DOB"] = born_later(rows["DOB"], years=-2 if column == "NCyearActual" else -6)
    rows.to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(PopulationError) as caught:
        screen(trained.exported, tmp_path / "x.csv", out=tmp_path / "out")
    assert caught.value.rule == rule
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows.assign(DOB="2019-09-10"), "beyond what the model learnt from"),
        (lambda rows: rows.assign(**{f"E{goal:02d}": "A" for goal in range(1, 17)}), "not known"),
        (
            lambda rows: rows.assign(AcademicYear="2023/24", DOB=born_later(rows["DOB"], years=-2)),
            "Much can have changed",
        ),
    ],
)
def test_rule_6_what_is_unusual_has_a_banner(trained: Any, tmp_path: Path, change: Any, words: str) -> None:
    change(pd.read_csv(trained.school_file, dtype=str)).to_csv(tmp_path / "x.csv", index=False)
    result = screen(trained.exported, tmp_path / "x.csv", out=tmp_path / "out").result
    assert any(words in banner for banner in result.banners), result.banners
    assert words in text_of(tmp_path / "out", "report.html")


def test_rule_6_a_year_that_has_not_come_is_refused(trained: Any, tmp_path: Path) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str)
    rows.assign(AcademicYear="2031/32", DOB=born_later(rows["DOB"], years=6)).to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(PopulationError, match="has not come yet"):
        screen(trained.exported, tmp_path / "x.csv", out=tmp_path / "out")


def test_rule_6_without_an_essential_agency_it_refuses(trained: Any, tmp_path: Path) -> None:
    frame = pd.read_csv(trained.school_file, dtype=str)
    frame[[column for column in frame if not re.fullmatch(r"E\d\d", column)]].to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(SendScreenError, match="E01"):
        screen(trained.exported, tmp_path / "x.csv", out=tmp_path / "out")


# 8. Verify before load


def is_pickle(content: bytes) -> bool:
    """Whether the bytes are one whole pickle, of any protocol."""
    try:
        operations = [operation.name for operation, _, _ in pickletools.genops(content)]
    except ValueError:
        return False
    return operations[-1] == "STOP" and len(operations) > 1


def test_rule_8_nothing_published_is_a_pickle(trained: Any) -> None:
    for file in published_files(trained):
        assert file.suffix not in (".pkl", ".pickle", ".joblib", ".cloudpickle", ".npy", ".npz")
        content = file.read_bytes()
        assert not content.startswith(b"PK"), f"{file.name} is an archive"
        assert not is_pickle(content), f"{file.name} is a pickle"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert is_pickle(pickle.dumps({"a": [1.5, "b"]}, protocol=protocol))


def test_rule_8_screening_runs_nothing_of_the_model(trained: Any, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(trained.folder / "mlartifacts", tmp_path / "mlartifacts")).parent
    db = folder / "mlflow.db"
    shutil.copy(trained.folder / "mlflow.db", db)
    import sqlite3

    with sqlite3.connect(db) as connection:
        old, new = trained.folder.as_uri(), folder.as_uri()
        connection.execute("update runs set artifact_uri = replace(artifact_uri, ?, ?)", (old, new))
    trap = tmp_path / "trap"
    for served in folder.glob("mlartifacts/**/served.py"):
        served.write_text(f"open({str(trap)!r}, 'w')", encoding="utf-8")
    uri = f"sqlite:///{db.as_posix()}"
    screen("models:/reception_sen@candidate", trained.school_file, out=tmp_path / "out", tracking_uri=uri)
    assert not trap.exists()
    (tables,) = folder.glob("mlartifacts/send_screen/*/artifacts/bundle/tables.json")
    tables.write_text(tables.read_text("utf-8").replace("-", "", 1), encoding="utf-8")
    with pytest.raises(SendScreenError, match="changed"):
        screen("models:/reception_sen@candidate", trained.school_file, out=tmp_path / "two", tracking_uri=uri)


# 10. Undefined is never turned into a number


def test_rule_10_nothing_published_is_a_number_without_evidence(trained: Any) -> None:
    published = json.loads((trained.exported / "published.json").read_text("utf-8"))
    rows = [*published["performance"], *published["groups"], *published["differences"], *published["gaps"]]
    undefined = [row for row in rows if row["value"] is None]
    assert undefined, "some ethnic group is too small for a figure in so small an England"
    assert all(row.get("reason") or row.get("verdict") for row in undefined)
    verdicts = {row["verdict"] for row in published["gaps"]}
    withheld = "withheld to protect small groups"
    assert verdicts <= {"within tolerance", "outside tolerance", "inconclusive", withheld}
    assert all(
        row["verdict"] == "inconclusive"
        for row in published["gaps"]
        if row["low"] is None and row["reason"] != withheld
    )
    assert all(row["value"] is None for row in published["gaps"] if row["verdict"] == withheld)
    small = [row for row in published["groups"] if row["value"] is not None and row["metric"] == "recall"]
    assert all(row["n"] >= 10 if row["rounded_to"] is None else row["n"] is None for row in small)


def test_rule_10_a_small_file_makes_no_claim(trained: Any, tmp_path: Path) -> None:
    one = pd.read_csv(trained.school_file, dtype=str).query("SENprovision == 'N'").iloc[[2]]
    one.to_csv(tmp_path / "one.csv", index=False)
    found = screen(trained.exported, tmp_path / "one.csv", out=tmp_path / "out", capacity="1")
    result, summary = found.result, found.summary
    assert (summary["n_rows"], summary["n_listed"], len(result.margin)) == (1, 1, 0)


# 11. No version is used unseen


def test_rule_11_promotion_names_a_person_and_a_reason(trained: Any, tmp_path: Path) -> None:
    for by, reason in (("", "tested"), ("A. Smith", " ")):
        with pytest.raises(UsageError, match="empty"):
            promote(
                "models:/reception_sen@candidate",
                by=by,
                reason=reason,
                ledger=tmp_path / "ledger.db",
                tracking_uri=trained.uri,
            )


def test_rule_11_whom_a_version_listed_can_be_told_afterwards(trained: Any, tmp_path: Path) -> None:
    result = screen(trained.exported, trained.school_file, out=tmp_path / "out").result
    entry, end = read_ledger(tmp_path / "ledger.db").entries
    assert (end.screening, end.files[0]) == (entry.number, "list.csv")
    pseudonyms = find_pseudonyms(tmp_path / "ledger.db", [child.child_id for child in result.listed])
    assert entry.version == trained.made.version
    assert [listed.child for listed in entry.listed] == [pseudonyms[child.child_id] for child in result.listed]
    content = (tmp_path / "ledger.db").read_bytes()
    assert not any(upn.encode() in content for upn in pd.read_csv(trained.school_file, dtype=str)["UPN"])


# 12. Nothing lost


def test_rule_12_rows_in_are_rows_out(trained: Any, lists: Path) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str)
    summary = json.loads((lists / "summary.json").read_text("utf-8"))
    assert summary["n_rows"] == len(rows) == summary["n_screened"] + sum(summary["excluded"].values())
    excluded = pd.read_csv(lists / "excluded.csv", dtype=str, encoding="utf-8-sig")
    assert len(excluded) == sum(summary["excluded"].values())
    assert excluded["rule"].notna().all()
    assert excluded["reason"].notna().all()


def test_rule_12_when_nobody_can_be_screened_everyone_is_listed_by_hand(trained: Any, tmp_path: Path) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str)
    rows[[f"E{goal:02d}" for goal in range(1, 18)]] = "A"
    rows.to_csv(tmp_path / "x.csv", index=False)
    found = screen(trained.exported, tmp_path / "x.csv", out=tmp_path / "out")
    summary = found.summary
    assert (summary["n_screened"], summary["n_listed"]) == (0, 0)
    assert found.exit_code == ExitCode.NO
    said = found.to_text()
    assert "Nobody could be screened." in said
    assert said.count("rule DATA-ESSENTIAL: Nothing that the model looks at is known") == 1
    assert summary["excluded"]["manual_review"] > 50
    excluded = pd.read_csv(tmp_path / "out" / "excluded.csv", dtype=str, encoding="utf-8-sig")
    assert len(excluded) == len(rows) == summary["n_rows"]


@pytest.mark.posix
def test_rule_12_a_killed_run_leaves_nothing_that_looks_whole(trained: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "send_screen", "screen", str(trained.exported), str(trained.school_file)]
    started = time.monotonic()
    subprocess.run([*command, "--out", str(tmp_path / "whole")], check=True, capture_output=True)
    whole = time.monotonic() - started
    seen_whole = 0
    for share in np.linspace(0.55, 1.0, 5):
        out = tmp_path / f"out{share}"
        run = subprocess.Popen([*command, "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * share)
        run.send_signal(signal.SIGKILL)
        run.wait()
        if not (out / "summary.json").exists():
            continue
        seen_whole += 1
        summary = json.loads((out / "summary.json").read_text("utf-8"))
        for name, sha256 in summary["files"].items():
            assert sha256_of((out / name).read_bytes()) == sha256
        entered = {entry.sha256 for entry in read_ledger(tmp_path / "ledger.db").entries}
        assert summary["ledger"]["sha256"] in entered
    ledger = read_ledger(tmp_path / "ledger.db")
    ledger.require_unaltered()
    assert seen_whole < 5
