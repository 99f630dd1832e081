"""What is said of the last list: who is new, who left and why, and which values changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import pytest

from send_screen.cohorts import load_cohort
from send_screen.governance import Bundle, open_bundle
from send_screen.screening import (
    Capacity,
    ChildRecord,
    Decision,
    DecisionRecord,
    EarlierChild,
    ScreeningResult,
    child_records,
    result_for_role,
    select_children,
    since_last,
)

Run = tuple[ScreeningResult, dict[str, ChildRecord]]


@pytest.fixture(scope="module")
def bundle(trained: Any) -> Bundle:
    return open_bundle(trained.exported)


def screened(bundle: Bundle, file: Path) -> Run:
    cohort = load_cohort(bundle.spec, file, training=False, contracts=bundle.contracts)
    selection = select_children(bundle, cohort, capacity=Capacity.parse("7"))
    return result_for_role(selection, file=file.name), child_records(selection)


@pytest.fixture(scope="module")
def july(trained: Any, bundle: Bundle) -> Run:
    return screened(bundle, trained.school_file)


@pytest.fixture(scope="module")
def autumn(trained: Any, bundle: Bundle, july: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """July without the first of the list, and the second has met every goal and missed no day."""
    result, _ = july
    rows = pd.read_csv(trained.school_file, dtype=str, keep_default_na=False)
    upn = next(name for name in rows if rows[name].eq(result.listed[0].child_id).any())
    goals = [name for name in rows if name.startswith("E") and name[1:].isdigit()]
    rows.loc[rows[upn].eq(result.listed[1].child_id), [*goals, "SessionsAbsent"]] = [*"2" * len(goals), "0"]
    file: Path = tmp_path_factory.mktemp("autumn") / "autumn.csv"
    rows[rows[upn] != result.listed[0].child_id].to_csv(file, index=False)
    return screened(bundle, file)


def compared(
    july: Run, autumn: Run, *, visible: set[str], decisions: Mapping[str, DecisionRecord] = MappingProxyType({})
) -> ScreeningResult:
    earlier = {
        # the ledger knows those who are not in the file by their pseudonyms alone
        child if child in autumn[1] else f"pseudonym {number}": EarlierChild(record, decisions.get(child))
        for number, (child, record) in enumerate(july[1].items())
    }
    return since_last(*autumn, earlier, date="2026-07-03", same_version=True, visible=visible)


@pytest.fixture
def visible(july: Run) -> set[str]:
    return {name for record in july[1].values() for name in record.contributions}


def test_nobody_moved_in_the_same_file(july: Run, visible: set[str]) -> None:
    since = compared(july, july, visible=visible)
    assert (since.since.left, since.since.n_new) == ((), 0)
    for child in (*since.listed, *since.margin):
        then = child.last_time
        assert (then.rank, then.changed, then.decision) == (child.rank, (), None)


def test_who_left_and_why(july: Run, autumn: Run, visible: set[str]) -> None:
    since = compared(july, autumn, visible=visible).since
    first, second = july[0].listed[:2]
    assert [(child.last_time.rank, child.why) for child in since.left[:2]] == [
        (first.rank, "is not in this file"),
        (second.rank, "is now below the line"),
    ]
    assert since.left[0].name == first.name
    assert 1 <= len(since.left[1].last_time.changed) <= 3
    assert all("(was " in text for text in since.left[1].last_time.changed)


def test_a_child_who_moved_up_was_there_before(july: Run, autumn: Run, visible: set[str]) -> None:
    since = compared(july, autumn, visible=visible)
    third = july[0].listed[2]
    now = next(child for child in since.listed if child.child_id == third.child_id)
    assert (now.last_time.rank, now.rank) == (3, 1)
    assert now.last_time.changed == ()


def test_a_child_who_is_new(july: Run, autumn: Run, visible: set[str]) -> None:
    records = {child: record for child, record in july[1].items() if child != autumn[0].listed[0].child_id}
    since = compared((july[0], records), autumn, visible=visible)
    then = since.listed[0].last_time
    assert (then.kind, then.rank) == (None, None)
    assert since.since.n_new >= 1


def test_what_was_decided_last_time_and_what_is_due(july: Run, autumn: Run, visible: set[str]) -> None:
    decided = DecisionRecord(decision=Decision.WATCH, review_on=dt.date(2026, 11, 1))
    first, third = july[0].listed[0].child_id, july[0].listed[2].child_id
    since = compared(july, autumn, visible=visible, decisions={first: decided, third: decided})
    assert next(child for child in since.listed if child.child_id == third).last_time.decision == decided
    assert since.since.left[0].last_time.decision == decided
    assert decided.is_due(dt.date(2026, 11, 1))
    assert not decided.is_due(dt.date(2026, 10, 31))


def test_a_role_is_told_of_no_value_that_it_may_not_see(july: Run, autumn: Run) -> None:
    since = compared(july, autumn, visible=set())
    assert all(child.last_time.changed == () for child in (*since.since.left, *since.listed, *since.margin))


def test_an_excluded_child_has_the_reason_and_an_erased_one_is_counted(july: Run, visible: set[str]) -> None:
    result, records = july
    gone = result.listed[0]
    example = result.excluded[0]
    excluded = replace(example, child_id=gone.child_id, reason="SEN support is recorded.")
    now = replace(result, listed=result.listed[1:], excluded=(*result.excluded, excluded))
    earlier = {child: EarlierChild(record) for child, record in records.items()}
    erased = {**earlier, "somebody": EarlierChild(None)}
    since = since_last(now, records, erased, date="2026-07-03", same_version=False, visible=visible).since
    assert [(child.why, child.last_time.changed) for child in since.left] == [("SEN support is recorded.", ())]
    assert (since.n_erased, since.same_version) == (1, False)
