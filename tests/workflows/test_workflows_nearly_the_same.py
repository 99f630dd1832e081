"""A file in another order, or without one child, is known from the children: subtraction would give that child away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from send_screen.auditing import audit
from send_screen.governance import EVIDENCE
from send_screen.simulation import simulate_england, write_england
from send_screen.specs import load_spec
from send_screen.tracking import Overlap
from send_screen.workflows import generate_keys, train
from send_screen.workflows._evidence_store import EvidenceComparison, read_with_children

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def versions(light_spec: Path, once: Callable[..., Any]) -> dict[str, Any]:
    """One version on a file, one on the same rows in another order, one without a child, and one with a longer list."""

    def make(folder: Path) -> dict[str, Any]:
        generate_keys(folder / "keys")
        write_england(simulate_england(children=1_500, seed=3), folder / "first")
        made, gone = {}, ""
        for name in ("first", "sorted", "without one"):
            data = folder / name
            data.mkdir(exist_ok=True)
            for path in (folder / "first").glob("*.csv"):
                table = pd.read_csv(path, dtype=str, keep_default_na=False)
                if name == "sorted":
                    table = table.sort_values("UPN", ascending=False)
                if name == "without one":
                    table = table[table["UPN"] != gone]
                if name != "first":
                    table.to_csv(data / path.name, index=False)
            trained = train(
                light_spec, data, tracking_uri=f"sqlite:///{(folder / 'mlflow.db').as_posix()}",
                evidence=folder / "evidence", threads=1, sign=folder / "keys" / "private.pem",
            )  # fmt: skip
            made[name] = trained
            gone = pd.read_parquet(trained.evidence / "children.parquet")["child_id"].iloc[0]
        longer = folder / "longer.yaml"
        longer.write_text(light_spec.read_text("utf-8").replace("capacity: 0.10", "capacity: 0.1025"), "utf-8")
        made["longer list"] = train(
            longer, folder / "first", tracking_uri=f"sqlite:///{(folder / 'mlflow.db').as_posix()}",
            evidence=folder / "evidence", threads=1, sign=folder / "keys" / "private.pem",
        )  # fmt: skip
        return {**made, "key": folder / "keys" / "public.pem"}

    found: dict[str, Any] = once("nearly the same", make)
    return found


def test_the_same_children_in_another_order_are_accounted_for(versions: dict[str, Any]) -> None:
    first, again = versions["first"], versions["sorted"]
    assert first.published.version.data_sha256 != again.published.version.data_sha256
    (known,) = again.published.disclosure.prior_releases
    assert (known.version, known.different_cohort) == (first.version, False)
    assert known.counts


def test_where_one_child_was_taken_no_count_of_a_group_is_published_again(versions: dict[str, Any]) -> None:
    first, fewer = versions["first"], versions["without one"]
    assert first.n - fewer.n == 1
    assert any(row.n is not None for row in first.published.groups)
    assert {release.different_cohort for release in fewer.published.disclosure.prior_releases} == {True}
    assert all(row.n is None for row in fewer.published.groups)


def test_beside_a_list_that_is_a_few_children_longer_no_figure_of_it_is_published_by_group(
    versions: dict[str, Any],
) -> None:
    first, longer = versions["first"], versions["longer list"]
    counts = {name: sum(one.out_of_fold["flag.candidate"]) for name, one in versions.items() if name != "key"}
    assert 0 < counts["longer list"] - counts["first"] < 10
    (release,) = (
        one for one in longer.published.disclosure.prior_releases if one.version == first.published.version.id
    )
    assert {"recall", "specificity"} >= {row.metric for row in release.exposed or ()} > set()
    assert {row.metric for row in first.published.groups if row.n is not None} > {"recall"}
    assert "recall" not in {row.metric for row in longer.published.groups if row.n is not None}


@pytest.mark.parametrize("name", ["first", "sorted", "without one", "longer list"])
def test_an_audit_knows_it_from_the_evidence_and_is_open_without(
    versions: dict[str, Any], name: str, tmp_path: Path
) -> None:
    version = versions[name]
    found = audit(version.model_uri, tracking_uri=version.tracking_uri, key=versions["key"])
    assert found.result == "green", found.to_text()
    elsewhere = version.evidence.rename(tmp_path / "elsewhere")
    try:
        found = audit(version.model_uri, tracking_uri=version.tracking_uri)
    finally:
        elsewhere.rename(version.evidence)
    (check,) = [check.result for check in found.checks if check.id == "prior-releases"]
    assert check.status == ("passed" if name == "first" else "not checked")
    assert ("the evidence is not here to tell" in check.summary) == (name != "first")


def test_how_far_apart_two_cohorts_are(versions: dict[str, Any], light_spec: Path, tmp_path: Path) -> None:
    folder = versions["first"].evidence
    place, evidence, spec = folder.as_uri(), read_with_children(folder), load_spec(light_spec)
    assert evidence is not None
    some = sorted(set(evidence["child_id"]))[:3]

    def overlap(these: pd.DataFrame, place: str = place) -> Overlap | None:
        return EvidenceComparison(spec, these)(place)

    assert overlap(evidence) == Overlap(0, ())
    fewer = overlap(evidence[evidence["child_id"] != some[0]])
    assert fewer is not None
    assert fewer.n_not_shared == 1
    assert {(row.attribute, row.metric) for row in fewer.exposed} >= {("sex", "prevalence"), ("sex", "recall")}
    assert overlap(evidence.replace({"child_id": dict.fromkeys(some, "another")})) is not None
    assert overlap(evidence.assign(child_id="another")) is None
    (tmp_path / "children.parquet").write_bytes(b"PAR1 damaged")
    comparison = EvidenceComparison(spec, evidence)
    for location in ("https://elsewhere.example/evidence", tmp_path.as_uri(), ""):
        assert comparison(location) is None
    assert comparison.unreadable == ["https://elsewhere.example/evidence", tmp_path.as_uri()]


def test_evidence_that_is_no_evidence_table_is_as_good_as_unreadable(
    versions: dict[str, Any], light_spec: Path, tmp_path: Path
) -> None:
    first = versions["first"].evidence
    evidence = read_with_children(first)
    assert evidence is not None
    (tmp_path / "children.parquet").write_bytes((first / "children.parquet").read_bytes())
    evidence.drop(columns=["child_id", "outcome"]).to_parquet(tmp_path / EVIDENCE)
    comparison = EvidenceComparison(load_spec(light_spec), evidence)
    assert comparison(tmp_path.as_uri()) is None
    assert comparison.unreadable == [tmp_path.as_uri()]
