"""What a run made of each child: listed or not, it is complete, and it adds up."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from send_screen.cohorts import Cohort, load_cohort
from send_screen.governance import Bundle, open_bundle
from send_screen.screening import Capacity, ChildRecord, child_records, result_for_role, select_children


@pytest.fixture(scope="module")
def bundle(trained: Any) -> Bundle:
    return open_bundle(trained.exported)


@pytest.fixture(scope="module")
def cohort(trained: Any, bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """A school's file in which one child has no birth date that can be read."""
    file: Path = tmp_path_factory.mktemp("school") / "school.csv"
    rows = pd.read_csv(trained.school_file, dtype=str, keep_default_na=False)
    rows.loc[3, next(name for name in rows if "birth" in name.lower() or name == "DOB")] = "yesterday"
    rows.to_csv(file, index=False)
    return load_cohort(bundle.spec, file, training=False, contracts=bundle.contracts)


@pytest.fixture(scope="module")
def records(bundle: Bundle, cohort: Cohort) -> dict[str, ChildRecord]:
    return child_records(select_children(bundle, cohort, capacity=Capacity.parse("7")))


def test_every_child_has_a_record_of_her_kind(records: dict[str, ChildRecord], cohort: Cohort) -> None:
    kinds = Counter(record.kind for record in records.values())
    assert kinds["listed"] == 7
    assert kinds["near"] == 3
    assert kinds["listed"] + kinds["near"] + kinds["not_listed"] == len(cohort)
    excluded = cohort.excluded["child_id"].dropna()
    assert {*records} == {*cohort.ids} | {*excluded[excluded != ""]}
    assert kinds["manual_review"] >= 1


def test_it_says_what_the_list_says(records: dict[str, ChildRecord], bundle: Bundle, cohort: Cohort) -> None:
    result = result_for_role(select_children(bundle, cohort, capacity=Capacity.parse("7")), file="x.csv")
    for child in (*result.listed, *result.margin):
        record = records[child.child_id]
        assert (record.rank, record.percent, record.selections_of_10) == (
            child.rank,
            child.percent,
            child.selections_of_10,
        )
        for reason in (*child.reasons_for, *child.reasons_against):
            total = sum(record.contributions[name] for name in reason.features)
            assert total == pytest.approx(reason.contribution, abs=1e-4 * len(reason.features))
        values = [f"{value.label}: {value.value}" for value in child.values if value.value != "not known"]
        assert values == list(record.values.values())


def test_contributions_add_up_to_the_score(records: dict[str, ChildRecord], bundle: Bundle) -> None:
    for record in records.values():
        if record.score is not None:
            total = bundle.tables.base_value + sum(record.contributions.values())
            assert total == pytest.approx(record.score, abs=1e-4 * (len(record.contributions) + 1))
            assert len(record.values) + len(record.not_known) == len(record.contributions)


def test_a_child_who_was_not_screened_has_the_reason_and_no_score(records: dict[str, ChildRecord]) -> None:
    for record in records.values():
        if record.kind in ("manual_review", "not_eligible", "outside_population"):
            assert record.rule
            assert record.reason
            assert record.score is None
