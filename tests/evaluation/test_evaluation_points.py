"""The cost of whole points is measured on the evidence, and where few children differ their number is not said."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss

from send_screen.evaluation import measured_sections, paired_differences
from send_screen.simulation import simulate_evidence

MODELS = ("candidate", "whole_points")


def with_points(swapped):
    """Evidence of 1,000 children, beside the candidate a card of whole points that lists so many others."""
    evidence = simulate_evidence()
    flag = evidence["flag.candidate"].to_numpy().copy()
    flag[np.flatnonzero(flag == 1)[:swapped]] = 0
    flag[np.flatnonzero(evidence["flag.candidate"] == 0)[:swapped]] = 1
    return evidence.assign(**{"score.whole_points": evidence["score.candidate"] + 0.25, "flag.whole_points": flag})


@pytest.mark.parametrize(("swapped", "said"), [(0, True), (1, False), (9, False), (10, True), (40, True)])
def test_how_many_places_differ_is_said_of_none_or_ten(swapped, said):
    evidence = with_points(swapped)
    found = measured_sections(evidence, replicates=20).points
    listed = evidence["flag.candidate"].sum()
    assert found.n == evidence["row"].nunique()
    assert found.mean_error == pytest.approx(0.25)
    assert found.same_list == (pytest.approx(1 - swapped / listed) if said else None)
    assert found.reason == ("" if said else "withheld to protect small groups")


def test_the_log_loss_is_compared_with_the_model_itself_only_and_by_school():
    evidence = with_points(40)
    found = paired_differences(evidence, against="whole_points").set_index("metric")
    ours, theirs = (log_loss(evidence["outcome"], expit(evidence[f"score.{name}"])) for name in MODELS)
    row = found.loc["neg_log_loss"]
    assert row["value"] == pytest.approx(theirs - ours)
    assert row["low"] < row["value"] < row["high"]
    assert "neg_log_loss" not in set(paired_differences(evidence, against="baseline")["metric"])
    published = measured_sections(evidence, replicates=20).difference("neg_log_loss", "whole_points")
    assert published.value == round(row["value"], 4)
    assert published.low <= row["low"] < row["high"] <= published.high
    # of schools that are alike there is less to learn: twice every school, and the interval is narrower
    twice = pd.concat([evidence, evidence.assign(school=evidence["school"] + 1_000, row=evidence["row"] + 1_000)])
    narrower = paired_differences(twice, against="whole_points").set_index("metric").loc["neg_log_loss"]
    assert (narrower["high"] - narrower["low"]) / (row["high"] - row["low"]) == pytest.approx(0.5**0.5, abs=0.05)


def test_without_whole_points_there_is_no_price():
    assert measured_sections(simulate_evidence(), replicates=20).points is None
