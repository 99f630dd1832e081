"""Linkage of synthetic agencies against the truth: who is found, who is taken for another, and what was expected."""

from __future__ import annotations

import pandas as pd
import pytest

from send_screen.linkage import PROBABILISTIC, link_records
from send_screen.simulation import simulate_agencies, simulate_england
from send_screen.simulation._agencies import CHECK, REVIEW
from send_screen.specs import Linkage

pytest.importorskip("splink", reason="the extra [linkage] is not installed")


@pytest.mark.slow
def test_precision_recall_and_expected_errors_against_the_truth() -> None:
    agencies = simulate_agencies(simulate_england(children=4_000, schools=40, seed=7))
    tables = {name: agencies.tables[name] for name in (REVIEW, CHECK)}
    result = link_records(agencies.pupil_census, tables, linkage=Linkage(probabilistic=True))
    truth = agencies.truth.set_index(["contract", "row"])["UPN"]
    for contract in tables:
        links = result.links[result.links["contract"] == contract]
        child = truth.loc[pd.MultiIndex.from_frame(links[["contract", "row"]])].to_numpy()
        right = links["child_id"].to_numpy() == child
        ours = truth[contract].notna().sum()
        assert right.mean() > 0.998
        assert right.sum() / ours > 0.97
        assert (links["link"] == PROBABILISTIC).mean() > 0.5
        expected = result.expected[contract]
        assert expected.false_links.low <= (~right).sum() <= expected.false_links.high
        # with few identified pairs the range is wide, and contains what was missed
        missed = ours - right.sum()
        assert 0.5 * expected.missed_links.low <= missed <= 1.5 * expected.missed_links.high
        assert expected.missed_links.high < 0.1 * ours
