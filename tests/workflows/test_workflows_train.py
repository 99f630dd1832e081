"""Training ends in the same bytes every time, refuses target leakage, and stops at a gate."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from send_screen.contracts import shipped
from send_screen.errors import GateError, LeakageError, MachineError, MissingExtraError, SpecError, UsageError
from send_screen.evaluation import paired_differences
from send_screen.governance import open_bundle, sha256_of
from send_screen.published import PublishedReport
from send_screen.reports import PAGES, render_pages, svg
from send_screen.specs import load_spec
from send_screen.workflows import export, load_model, screen, train


@pytest.mark.slow
def test_the_same_spec_data_and_seed_give_the_same_bytes(trained: Any, small_spec: Path, tmp_path: Path) -> None:
    """Again in this process; then in another process, at another thread count, through the command line."""
    again = train(
        small_spec,
        trained.data,
        tracking_uri=f"sqlite:///{(tmp_path / 'again.db').as_posix()}",
        evidence=tmp_path / "again",
        threads=1,
    )
    command = [sys.executable, "-m", "send_screen", "train", str(small_spec), "--data", str(trained.data)]
    command += ["--evidence", str(tmp_path / "other"), "--threads", "2", "--json"]
    command += ["--tracking-uri", f"sqlite:///{(tmp_path / 'other.db').as_posix()}"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7"}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")}  # which kernel
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    other = json.loads(run.stdout)
    for made in (again, trained.made):
        assert made.version == other["version"]
        assert made.tables_sha256 == other["tables_sha256"]
        assert made.evidence_sha256 == other["evidence_sha256"]
    assert again.published == trained.made.published
    bytes_of = [
        (folder / "reception_sen" / again.version / "evidence.parquet").read_bytes()
        for folder in (tmp_path / "again", tmp_path / "other", trained.folder / "evidence")
    ]
    assert bytes_of[0] == bytes_of[1] == bytes_of[2]
    texts = [
        next(folder.glob("mlartifacts/send_screen/*/artifacts/bundle/published.json")).read_bytes()
        for folder in (tmp_path, trained.folder)
    ]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("file", ["children.parquet", "schools.parquet"])
def test_names_that_somebody_guesses_cannot_be_tried_against_a_published_hash(trained: Any, file: str) -> None:
    path = trained.made.evidence / file
    metadata = pq.read_schema(path).metadata
    assert len(metadata[b"send_screen.salt"]) == 64
    guessed = pd.read_parquet(path)
    public = {key: value for key, value in metadata.items() if key != b"send_screen.salt"}
    assert dict(pq.read_schema(_written(guessed)).metadata) == public
    assert sha256_of(_written(guessed).getvalue()) != sha256_of(path.read_bytes())


def _written(frame: pd.DataFrame) -> io.BytesIO:
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False)
    return io.BytesIO(stream.getvalue())


def test_the_evidence_holds_a_row_a_child_and_no_identifier(trained: Any) -> None:
    evidence = pd.read_parquet(trained.made.evidence / "evidence.parquet")
    keys = pd.read_parquet(trained.made.evidence / "children.parquet")
    assert len(evidence) == trained.made.n == len(keys)
    assert {
        "fold_seed",
        "row",
        "fold",
        "school",
        "outcome",
        "score.candidate",
        "score.baseline",
        "score.lightgbm",
    } <= set(evidence)
    texts = evidence[[column for column in evidence if column.startswith("group.")]]
    assert not set(texts.to_numpy().ravel()) & set(keys["child_id"])
    contributions = evidence.filter(like="contribution.")
    assert list(contributions) == [
        f"contribution.{feature}" for feature in open_bundle(trained.exported).tables.features
    ]


def test_what_it_costs_that_people_can_read_it_follows_from_the_evidence_alone(trained: Any) -> None:
    published = trained.made.published
    evidence = pd.read_parquet(trained.made.evidence / "evidence.parquet")
    again = paired_differences(evidence, "candidate", "lightgbm").set_index("metric")
    for metric in ("roc_auc", "average_precision", "recall"):
        said = published.difference(metric, "lightgbm")
        assert said.value == pytest.approx(again.loc[metric, "value"], abs=5e-4)  # few digits are published
        assert said.low == pytest.approx(again.loc[metric, "low"], abs=1e-3)
        assert said.low <= again.loc[metric, "low"] < again.loc[metric, "high"] <= said.high
        assert said.n == round(again.loc[metric, "n"])
    assert "(12 settings)" in published.version.challengers["lightgbm"]
    assert "(12 settings)" in (trained.exported / "card.md").read_text("utf-8")


def test_a_challenger_that_is_not_installed_is_named_before_anything_is_fitted(
    trained: Any, small_spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "ebm.yaml"
    text = small_spec.read_text("utf-8").replace("challengers: [lightgbm]", "challengers: [lightgbm, ebm]")
    spec.write_text(text, encoding="utf-8")
    monkeypatch.setattr("send_screen.estimators._ebm.find_spec", lambda name: None)
    messages: list[str] = []
    with pytest.raises(MissingExtraError, match=r"send-screen\[train,ebm\]"):
        train(
            spec,
            trained.data,
            tracking_uri=f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}",
            evidence=tmp_path / "evidence",
            progress=messages.append,
        )
    assert not [line for line in messages if "fold" in line]
    assert not (tmp_path / "evidence").exists()


def test_a_failed_gate_stops_registration_and_keeps_the_run(trained: Any, light_spec: Path, tmp_path: Path) -> None:
    spec = tmp_path / "strict.yaml"
    spec.write_text(light_spec.read_text("utf-8").replace("at_least: 0.60", "at_least: 0.99"), encoding="utf-8")
    uri = f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}"
    made = train(spec, trained.data, tracking_uri=uri, evidence=tmp_path / "evidence", threads=1)
    assert not made.passed
    assert made.registered_version is None
    with pytest.raises(GateError, match=r"0\.99 is asked"):
        made.require_passed()
    # a person who was told no finds the report without a server
    assert Path(made.report_location).read_text("utf-8") == made.report
    assert f"Its report: {made.report_location}" in [line for section in made.sections() for line in section.lines]
    import mlflow

    client = mlflow.MlflowClient(uri)
    assert client.get_run(made.run_id).data.tags["gates"] == "failed"
    assert not list(client.search_registered_models())
    with pytest.raises(UsageError, match="no model yet"):
        export("models:/reception_sen@candidate", tmp_path / "out", tracking_uri=uri)


def test_a_planted_leak_is_refused_by_name(trained: Any, small_spec: Path, tmp_path: Path) -> None:
    """E17 is made from the outcome; nothing is trained, and nothing is entered anywhere."""
    tables = {
        f"{agency}/{name}": pd.read_csv(trained.data / f"{name}.csv", dtype=str)
        for agency, name in (("education", "pupil_census"), ("education", "eyfsp"), ("outcomes", "sen_status"))
    }
    status = tables["outcomes/sen_status"].set_index("UPN")["SENprovision"]
    profile = tables["education/eyfsp"]
    profile["E17"] = profile["UPN"].map(status).map({"K": "1", "E": "1", "N": "2"}).fillna("2")
    with pytest.raises(LeakageError, match="E17"):
        train(
            small_spec,
            tables,
            tracking_uri=f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}",
            evidence=tmp_path / "evidence",
            threads=1,
        )
    assert not (tmp_path / "mlflow.db").exists()
    assert not (tmp_path / "evidence").exists()


@pytest.mark.slow
def test_held_out_schools_can_be_screened(trained: Any, small_spec: Path, tmp_path: Path) -> None:
    """Of data and contracts that are cut and changed while models are fitted, what was trained on is what counts."""
    uri = f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}"
    data = Path(shutil.copytree(trained.data, tmp_path / "data"))
    spec = Path(shutil.copy(small_spec, tmp_path / "spec.yaml"))
    shutil.copytree(shipped("data_contracts") / "education", tmp_path / "contracts" / "education")
    census = pd.read_csv(data / "pupil_census.csv", dtype=str, keep_default_na=False)

    def change(message: str) -> None:
        if message.startswith("Fitting"):
            for path in data.glob("*.csv"):
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            for path in (tmp_path / "contracts").rglob("*.yaml"):
                path.write_text("# another\n" + path.read_text("utf-8"), encoding="utf-8")

    how = {"tracking_uri": uri, "evidence": tmp_path / "evidence", "hold_out": 5, "threads": 1}
    made = train(spec, data, progress=change, **how)
    assert made.published.version.data_sha256 == trained.made.published.version.data_sha256
    assert made.published.version.contracts == trained.made.published.version.contracts
    assert load_model(made.model_uri, tracking_uri=uri).contracts["education/eyfsp"].sha256 in str(made.published)
    held = pd.read_parquet(made.evidence / "held_out" / "pupil_census.parquet")
    read_first = census[census["School"].isin(held["School"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(held.fillna(""), read_first)
    assert held["School"].nunique() == 5
    schools = pd.read_parquet(made.evidence / "schools.parquet")["school_id"]
    assert not set(schools) & set(held["School"])
    assert made.version != trained.made.version
    assert made.n < trained.made.n < made.n + len(held)
    found = screen(made.model_uri, made.evidence / "held_out", out=tmp_path / "lists", tracking_uri=uri)
    result, summary = found.result, found.summary
    assert summary["n_rows"] == len(held)
    assert summary["excluded"]["not_eligible"] == (held["SENprovision"] != "N").sum()
    assert {child.school for child in result.listed} <= set(held["School"])


def test_a_store_that_cannot_be_written_is_named(trained: Any, light_spec: Path, tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file, not a folder", encoding="utf-8")
    with pytest.raises(MachineError, match="--evidence"):
        train(
            light_spec,
            trained.data,
            tracking_uri=f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}",
            evidence=tmp_path / "evidence",
            threads=1,
        )


@pytest.mark.slow
def test_other_evidence_under_the_same_version_is_not_overwritten(
    trained: Any, light_spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = {"tracking_uri": f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}", "evidence": tmp_path / "evidence"}
    made = train(light_spec, trained.data, threads=1, **where)
    kept = made.evidence / "evidence.parquet"
    kept.write_bytes(b"what a registered run rests on")
    with pytest.raises(GateError, match="other evidence"):
        train(light_spec, trained.data, threads=1, **where)
    assert kept.read_bytes() == b"what a registered run rests on"


def test_a_spec_past_its_review_is_not_trained(trained: Any, small_spec: Path, tmp_path: Path) -> None:
    spec = tmp_path / "old.yaml"
    spec.write_text(small_spec.read_text("utf-8").replace("review_date: 2028", "review_date: 2024"), encoding="utf-8")
    with pytest.raises(SpecError, match="2024-07-31"):
        train(spec, trained.data, tracking_uri="sqlite:///never.db", evidence=tmp_path)


def test_a_model_is_found_by_alias_number_and_folder(trained: Any) -> None:
    found = [
        load_model(model, tracking_uri=trained.uri)
        for model in ("models:/reception_sen@candidate", "models:/reception_sen/1", trained.exported)
    ]
    assert len({bundle.manifest_sha256 for bundle in found}) == 1
    with pytest.raises(UsageError, match="no exported model"):
        load_model(trained.folder / "nowhere")


def test_export_does_not_write_over_anything(trained: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="not empty"):
        export("models:/reception_sen/1", tmp_path, tracking_uri=trained.uri)
    assert (tmp_path / "mine.txt").read_text("utf-8") == "mine"


def test_every_page_is_made_of_what_it_publishes_and_nothing_else(trained: Any) -> None:
    report = PublishedReport.from_json((trained.exported / "published.json").read_bytes())
    pages = render_pages(report)
    assert set(pages) == set(PAGES)
    for name, page in pages.items():
        assert page == (trained.exported / name).read_text("utf-8"), name


def test_what_data_it_read_and_what_for_is_published(trained: Any) -> None:
    version = trained.made.published.version
    assert [use.contract for use in version.data] == list(version.contracts)
    assert all(use.purpose and use.lawful_basis and use.agency for use in version.data)
    assert [use.contract for use in version.data if use.training_only] == ["outcomes/sen_status@1.0.0"]
    assert version.folds == 3
    fields = {f["reference"]: f for f in json.loads((trained.exported / "atrs.json").read_text("utf-8"))["fields"]}
    for use in version.data:
        assert use.title in fields["2.4.2.8"]["value"]
        assert use.purpose in fields["2.4.2.9"]["value"]
    assert "3 folds" in fields["2.4.3.4"]["value"]


def test_one_training_draws_each_picture_exactly_once(
    trained: Any, light_spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: Counter[str] = Counter()
    for name in svg.__all__:
        original = getattr(svg, name)

        def draw(*args: Any, original: Any = original, name: str = name, **options: Any) -> Any:
            drawn[f"{name} {args} {options}"] += 1
            return original(*args, **options)

        monkeypatch.setattr(svg, name, draw)
    train(
        light_spec,
        trained.data,
        tracking_uri=f"sqlite:///{(tmp_path / 'store.db').as_posix()}",
        evidence=tmp_path / "evidence",
    )
    assert set(drawn.values()) == {1}
    kinds = Counter(key.split()[0] for key in drawn)
    features = len(load_spec(light_spec).features)
    assert features < kinds["shape_svg"] <= 2 * features, (
        "in the run each on its own scale, on the card those that move"
    )
    assert kinds["waterfall_svg"] == kinds["calibration_svg"] == kinds["decision_svg"] == kinds["GapAxis"] == 1
