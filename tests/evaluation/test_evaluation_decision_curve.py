"""The decision curve: its figures by definition, intervals that know schools, and counts that stay open."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from send_screen.evaluation import _decision_curve, decision_curve
from send_screen.evaluation._decision_curve import THRESHOLDS
from send_screen.evaluation._measured_sections import _net_benefit
from send_screen.simulation import simulate_evidence


@pytest.fixture(scope="module")
def evidence() -> pd.DataFrame:
    return simulate_evidence()


def by_definition(evidence: pd.DataFrame, model: str, threshold: float) -> float:
    looked_at = expit(evidence[f"score.{model}"]) >= threshold
    right, wrong = looked_at & (evidence["outcome"] == 1), looked_at & (evidence["outcome"] == 0)
    return float((right.sum() - wrong.sum() * threshold / (1 - threshold)) / len(evidence))


def test_net_benefit_is_what_vickers_and_elkin_say(evidence: pd.DataFrame) -> None:
    curve = decision_curve(evidence, replicates=20).set_index(["against", "threshold_probability"])["value"]
    prevalence = evidence["outcome"].mean()
    for t in THRESHOLDS:
        own = by_definition(evidence, "candidate", t)
        assert curve["none", t] == pytest.approx(own)
        assert curve["baseline", t] == pytest.approx(own - by_definition(evidence, "baseline", t))
        assert curve["all", t] == pytest.approx(own - (prevalence - (1 - prevalence) * t / (1 - t)))


def test_a_score_says_as_much_with_two_fold_seeds(evidence: pd.DataFrame) -> None:
    twice = pd.concat([evidence, evidence.assign(fold_seed=1)], ignore_index=True)
    pd.testing.assert_frame_equal(decision_curve(twice, replicates=20), decision_curve(evidence, replicates=20))


def test_children_of_one_school_are_not_taken_for_strangers(evidence: pd.DataFrame) -> None:
    """Twenty copies of a child in its school tell no more than one; among strangers they would."""
    few = evidence.groupby("school", sort=False).head(1)
    copies = pd.concat([few] * 20, ignore_index=True)
    strangers = copies.assign(school=np.arange(len(copies)))
    widths = [(c["high"] - c["low"]).mean() for c in map(decision_curve, (few, copies, strangers))]
    assert widths[1] == pytest.approx(widths[0])
    assert widths[2] < 0.5 * widths[0]


def test_intervals_hold_at_all_thresholds_at_once(evidence: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are wider than those of single thresholds, and narrower than Bonferroni's."""

    def widths() -> Any:
        curve = decision_curve(evidence).query("against == 'baseline'")
        return (curve["high"] - curve["low"]).to_numpy()

    at_once = widths()
    monkeypatch.setattr(_decision_curve, "simultaneous_level", lambda *_, alpha: alpha)
    single = widths()
    monkeypatch.setattr(_decision_curve, "simultaneous_level", lambda *_, alpha: alpha / len(THRESHOLDS))
    assert (at_once > 1.03 * single).all()
    assert (at_once < widths()).all()


class NothingSuppressed:
    def suppresses(self, *_: Any) -> bool:
        return False


def a_curve(n: int, found: int, baseline_found: int, cells: float = 100.0) -> pd.DataFrame:
    own, base, everyone = (count / n - 0.02 for count in (found, baseline_found, 0.2 * n))
    rows = [("none", own), ("all", own - everyone), ("baseline", own - base)]
    return pd.DataFrame(
        {"model": "candidate", "against": against, "threshold_probability": 0.1, "value": value, "low": value - 0.0113,
         "high": value + 0.0113, "n": float(n), "schools": 50, "smallest_cell": cells, "reason": ""}
        for against, value in rows
    )  # fmt: skip


@pytest.mark.parametrize("n", [500, 1_000, 2_600, 4_252, 17_646])
def test_who_knows_every_other_count_is_left_five_numbers_of_children_found(n: int) -> None:
    told: dict[Any, set[int]] = {}
    around = range(150, 200)
    for found in around:
        rows = _net_benefit(a_curve(n, found, baseline_found=140), NothingSuppressed())
        told.setdefault(tuple((row.value, row.low, row.high) for row in rows), set()).add(found)
    whole = [numbers for numbers in told.values() if not numbers & {around[0], around[-1]}]
    assert len(whole) > 1 or n > 10_000
    assert min(map(len, whole), default=5) >= 5


def test_what_is_published_adds_up_and_its_intervals_hold_those_that_were_measured() -> None:
    for found in range(150, 200):
        curve = a_curve(4_252, found, baseline_found=137)
        own, everyone, baseline = rows = _net_benefit(curve, NothingSuppressed())
        assert own.value is not None
        assert baseline.value is not None
        steps = (own.value - baseline.value) / 0.002
        assert steps == pytest.approx(round(steps)), "the baseline's own is rounded too"
        assert everyone.value == pytest.approx(own.value - (0.2 - 0.02), abs=1e-6)
        for row, measured in zip(rows, curve.to_dict("records"), strict=True):
            assert row.low <= measured["low"]
            assert measured["high"] <= row.high
            assert row.high - row.value == pytest.approx(row.value - row.low)


def test_a_small_count_or_too_few_children_are_withheld() -> None:
    for curve in (a_curve(4_252, 150, 140, cells=9.0), a_curve(300, 50, 40)):
        for row in _net_benefit(curve, NothingSuppressed()):
            assert (row.value, row.low, row.high, row.n, row.rounded_to) == (None,) * 5
            assert row.reason == "withheld to protect small groups"


def test_where_nobody_is_looked_at_there_is_no_benefit_and_no_interval(evidence: pd.DataFrame) -> None:
    never = evidence.assign(**{"score.candidate": logit(0.01)})
    own = decision_curve(never, replicates=50).query("against == 'none'")
    assert (own["value"] == 0).all()
    assert own["low"].map(math.isnan).all()
    assert own["reason"].str.contains("does not vary").all()
