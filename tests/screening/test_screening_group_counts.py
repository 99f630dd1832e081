"""No count by group tells of one child: neither by itself, nor by subtraction from what else a list says."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_screen.cohorts import load_cohort
from send_screen.governance import Bundle, open_bundle
from send_screen.reports import render_excluded_csv, render_list_csv, render_screening
from send_screen.screening import ScreeningResult, screen_cohort
from send_screen.screening._group_counts import MINIMUM_CHILDREN, OTHERS, group_counts

TODAY = dt.date(2026, 9, 1)
COUNTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 200)), min_size=1, max_size=7)


@given(COUNTS)
def test_no_sum_or_difference_of_counts_is_small(counts: list[tuple[int, int]]) -> None:
    by_hand = {f"group {number}": count for number, (count, _) in enumerate(counts)}
    rows = {f"group {number}": count + others for number, (count, others) in enumerate(counts)}
    shown = group_counts(by_hand, rows)
    if not shown:
        return
    totals = sum(by_hand.values()), sum(rows.values())
    assert (sum(one.n_manual_review for one in shown), sum(one.n_rows for one in shown)) == totals
    for size in range(1, len(shown)):
        for some in itertools.combinations(shown, size):
            n_by_hand, n_rows = sum(one.n_manual_review for one in some), sum(one.n_rows for one in some)
            # what is told of these groups, and what follows for the rest from the totals
            for told in (n_by_hand, totals[0] - n_by_hand):
                assert told >= MINIMUM_CHILDREN
            for told in (n_rows - n_by_hand, totals[1] - n_rows - (totals[0] - n_by_hand)):
                assert told >= MINIMUM_CHILDREN
    # of each child who could not be screened, ten or more others could be any of the shown groups
    assert len(shown) >= 2


@given(COUNTS)
def test_a_group_of_its_own_has_its_own_counts(counts: list[tuple[int, int]]) -> None:
    by_hand = {f"group {number}": count for number, (count, _) in enumerate(counts)}
    rows = {f"group {number}": count + others for number, (count, others) in enumerate(counts)}
    for name, n_by_hand, n_rows in group_counts(by_hand, rows):
        assert name == OTHERS or (by_hand[name], rows[name]) == (n_by_hand, n_rows)


@pytest.fixture(scope="module")
def bundle(trained: Any) -> Bundle:
    return open_bundle(trained.exported)


GROUPS = {"FSMeligible": ("true", "false"), "Ethnicity": ("WBRI", "AIND")}


@pytest.mark.parametrize("role", ["senco", "class_teacher"])
def test_a_child_who_could_not_be_screened_is_named_and_her_groups_are_not_told_rule_16(
    bundle: Bundle, trained: Any, role: str
) -> None:
    """The attack: whoever reads the page compares it with that of every group which she could be in."""
    frame = pd.read_csv(trained.school_file, dtype=str)
    position = frame.index[frame["SENprovision"] == "N"][0]
    frame.loc[position, [f"E{number:02d}" for number in range(1, 18)]] = None

    def screened(column: str, value: str) -> ScreeningResult:
        changed = frame.copy()
        changed.loc[position, column] = value
        cohort = load_cohort(bundle.spec, changed, training=False, contracts=bundle.contracts)
        return screen_cohort(bundle, cohort, file="x.csv", role=role, today=TODAY)

    for column, values in GROUPS.items():
        one, other = (screened(column, value) for value in values)
        assert frame["UPN"][position] in {child.child_id for child in one.excluded if child.kind == "manual_review"}
        for render in (render_screening, render_list_csv, render_excluded_csv):
            assert render(one) == render(other), column
