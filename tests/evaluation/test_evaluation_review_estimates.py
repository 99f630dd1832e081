"""The review sample's estimates: of everybody, from a part; as sure as the part allows, and no surer."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from send_screen.errors import DataError
from send_screen.evaluation import review_estimates

RATES = ("precision", "recall", "specificity", "false_omission_rate", "prevalence")


def screened(n: int = 6_000, schools: int = 60, reviewed: int = 400, *, seed: int = 0) -> pd.DataFrame:
    """Children of a run, of whom all were supported who are in need; ``need`` stands beside."""
    rng = np.random.default_rng(seed)
    school, score = rng.integers(0, schools, n), rng.normal(size=n)
    need = rng.random(n) < 1 / (1 + np.exp(2 - score - rng.normal(0, 0.3, schools)[school]))
    kind = np.full(n, "not_listed", dtype=object)
    order = np.argsort(-score)
    kind[order[: n // 10]] = "listed"
    kind[rng.choice(order[n // 10 :], reviewed, replace=False)] = "review_sample"
    probability = np.where(kind == "listed", np.nan, reviewed / (n - n // 10))
    state = np.where(need, "supported", "none_recorded")
    columns = {"school": school, "kind": kind, "state": state, "review_probability": probability, "need": need}
    return pd.DataFrame(columns)


def estimates(frame: pd.DataFrame, **options: object) -> pd.DataFrame:
    return review_estimates(frame, **options).set_index("metric")


def test_if_everybody_is_reviewed_it_is_a_count() -> None:
    frame = screened(reviewed=5_400)
    found, listed = estimates(frame), frame["kind"] == "listed"
    need = frame["need"]
    expected = {
        "precision": need[listed].mean(),
        "recall": need[listed].sum() / need.sum(),
        "specificity": (~need & ~listed).sum() / (~need).sum(),
        "false_omission_rate": need[~listed].mean(),
        "prevalence": need.mean(),
        "missed": need[~listed].sum(),
    }
    assert found.loc[[*expected], "value"].to_dict() == pytest.approx(expected)
    assert found.loc["missed", "low"] == found.loc["missed", "high"] == expected["missed"]


def test_unequal_probabilities_are_weighted() -> None:
    """Of two schools, one reviews all and one a tenth: unweighted, the first would count ten times as much."""
    rows = [("a", "review_sample", 1.0, "supported")] * 30 + [("b", "review_sample", 0.1, "none_recorded")] * 30
    rows += [("b", "not_listed", 0.1, "none_recorded")] * 270 + [("a", "listed", math.nan, "supported")] * 30
    frame = pd.DataFrame(rows, columns=["school", "kind", "review_probability", "state"])
    found = estimates(frame, publish=False)
    assert found.loc["false_omission_rate", "value"] == pytest.approx(30 / 330)
    assert found.loc["missed", "value"] == pytest.approx(30)
    assert math.isnan(found.loc["recall", "value"]), "two schools"
    assert found.loc[[*RATES], "low"].isna().all()
    assert found.loc["missed", "low"] >= 30 - 1e-9, "the draw alone gives an interval, and all found are counted"


def test_it_holds_what_is_true() -> None:
    covered = []
    for seed in range(20):
        frame = screened(seed=seed)
        need, listed = frame["need"], frame["kind"] == "listed"
        found = estimates(frame)
        for metric, truth in {"recall": need[listed].sum() / need.sum(), "missed": need[~listed].sum()}.items():
            covered.append(found.loc[metric, "low"] <= truth <= found.loc[metric, "high"])
        assert (found.loc[[*RATES], "low"] < found.loc[[*RATES], "value"]).all()
    assert np.mean(covered) >= 0.9


def test_attention_to_the_listed_biases_a_count_and_not_the_estimate() -> None:
    """Adults find only half of the needs of those nobody discusses."""
    frame = screened(reviewed=1_000, seed=3)
    need, listed, rest = frame["need"], frame["kind"] == "listed", frame["kind"] == "not_listed"
    truth = need[listed].sum() / need.sum()
    unseen = rest & need & (np.random.default_rng(0).random(len(frame)) < 0.5)
    frame.loc[unseen, "state"] = "none_recorded"
    counted = need[listed].sum() / (frame["state"] == "supported").sum()
    found = estimates(frame)
    assert counted > truth + 0.1
    assert found.loc["recall", "low"] < truth < found.loc["recall", "high"] < counted
    assert found.loc["effect_of_review", "low"] > 0


def test_what_is_not_known_bounds_the_figures() -> None:
    frame = screened()
    frame.loc[frame.index % 5 == 0, "state"] = "not_known"
    found = estimates(frame)
    assert (found.loc[[*RATES], "lowest"] < found.loc[[*RATES], "value"]).all()
    assert (found.loc[[*RATES], "value"] < found.loc[[*RATES], "highest"]).all()
    assert found.loc["precision", "n"] == ((frame["kind"] == "listed") & (frame["state"] != "not_known")).sum()
    whole = estimates(screened())
    assert whole.loc["recall", "lowest"] == pytest.approx(whole.loc["recall", "highest"])


def test_no_need_found_in_a_small_sample_is_not_no_need() -> None:
    frame = screened(n=900, schools=30, reviewed=20)
    frame.loc[frame["kind"] == "review_sample", "state"] = "no_need"
    found = estimates(frame, publish=False)
    assert found.loc["recall", "value"] == found.loc["recall", "high"] == 1
    assert found.loc["recall", "low"] < 0.6
    assert found.loc["missed", "high"] > 100


def test_without_a_review_sample_it_says_so() -> None:
    frame = screened(reviewed=0).drop(columns="review_probability")
    found = estimates(frame)
    assert found.loc["precision", "value"] > 0
    missing = ["recall", "specificity", "false_omission_rate", "prevalence", "missed", "effect_of_review"]
    assert found.loc[missing, ["value", "low", "high", "lowest", "highest"]].isna().all(axis=None)
    assert found.loc[missing, "reason"].str.startswith("not enough evidence").all()


def test_a_small_count_is_suppressed_with_all_that_rests_on_it() -> None:
    frame = screened(n=900, schools=30, reviewed=30)
    assert 0 < ((frame["kind"] == "review_sample") & frame["need"]).sum() < 10
    found = estimates(frame)
    assert found.loc["recall", "reason"].startswith("suppressed")
    assert found.loc[["recall", "missed", "false_omission_rate"], "value"].isna().all()
    assert found.loc["precision", "value"] > 0
    assert not estimates(frame, publish=False).loc["recall", "reason"]


@pytest.mark.parametrize("wrong", [0.0, 1.5, math.nan])
def test_a_child_drawn_with_no_probability_is_refused(wrong: float) -> None:
    frame = screened()
    frame.loc[frame["kind"] == "review_sample", "review_probability"] = wrong
    with pytest.raises(DataError, match="no probability"):
        estimates(frame)
