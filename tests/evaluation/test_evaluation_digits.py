"""Figures that are no count over another have few digits: with all of them they would tell who is behind them."""

import numpy as np
import pandas as pd
import pytest
from evaluation_factory import measured, synthetic_evidence

from send_screen import evaluate
from send_screen.evaluation.disclosure import narrowed_by_auc

SUPPRESSED = "withheld to protect small groups"


def digits(number):
    return len(f"{number:.9f}".rstrip("0").partition(".")[2])


@pytest.fixture(scope="module")
def document():
    return measured(synthetic_evidence(n=900, schools=12, seeds=1, groups={"sex": ["F", "M"]}, seed=3), replicates=20)


def test_an_interval_does_not_tell_the_counts_of_schools(document):
    """Its ends tell the standard error, whose square is a sum over schools."""
    ends = [(row["low"], row["high"]) for part in ("performance", "groups", "gaps") for row in document[part]]
    ends = [(low, high) for low, high in ends if low is not None and high is not None]
    assert len(ends) > 20
    for low, high in ends:
        assert max(digits(low), digits(high)) <= (3 if high - low > 0.12 else 4)


def test_metrics_of_scores_do_not_tell_the_ranks_of_those_with_the_outcome(document):
    of_scores = {"roc_auc", "average_precision", "roc_auc_pooled", "calibration_slope", "calibration_in_the_large"}
    found = [row for part in ("performance", "groups") for row in document[part] if row["metric"] in of_scores]
    assert {row["metric"] for row in found} == of_scores
    assert max(digits(row["value"]) for row in found if row["value"] is not None) <= 3


@pytest.mark.parametrize("yes", range(1, 10))
def test_the_contribution_of_a_yes_or_no_feature_does_not_tell_how_many_of_a_group_have_it(yes):
    """Mean contribution = effect x share: with all its digits it tells the count."""
    effect, n = 0.8, 160
    evidence = synthetic_evidence(n=900, schools=12, seeds=1, groups={"sex": ["F", "M"]}, seed=3)
    ours = np.arange(900) < n
    has = np.zeros(900)
    has[:yes] = has[-150:] = 1.0
    parts = {"care": effect * has, "reading": evidence["score.candidate"].to_numpy() - effect * has}
    evidence = evidence.assign(**{"group.sex": np.where(ours, "F", "M")})
    evidence = evidence.assign(**{f"contribution.{name}": values for name, values in parts.items()})
    (row,) = [
        row
        for row in measured(evidence, replicates=20)["attribution"]
        if row["group"] == "F" and row["among"] == "all children"
    ]
    (care,) = [part for part in row["features"] if part["term"] == "care"]
    told = (effect * (np.arange(n) / n - 150 / 740)).round(9)
    step = 5 * effect * (1 / n + 1 / 740)
    assert (np.abs(told - care["value"]) <= step / 2).sum() >= 5
    assert care["value"] / step == pytest.approx(round(care["value"] / step), abs=1e-3)
    assert row["value"] == pytest.approx(sum(part["value"] for part in row["features"]) + row["folds"])


def test_two_scores_do_not_tell_the_list():
    """Of a score with two values, ROC AUC and calibration follow from the counts that are withheld, and tell them."""
    rng, n = np.random.default_rng(5), 400
    group = np.repeat(["a", "b"], [60, 340])
    outcome = (rng.random(n) < 0.4).astype(int)
    score = np.full(n, 0.2)
    score[np.flatnonzero(group == "a")[:7]] = score[np.flatnonzero(group == "b")[:73]] = 0.9
    found = evaluate(outcome, score, sensitive_features=pd.Series(group, name="g"), capacity=0.2).to_dict()
    of_a = {row["metric"]: row for row in found["groups"] if row["group"] == "a"}
    assert of_a["recall"]["reason"] == of_a["roc_auc"]["reason"] == SUPPRESSED
    assert of_a["calibration_slope"]["value"] is of_a["calibration_in_the_large"]["value"] is None


def test_the_auc_of_a_group_bounds_how_many_it_missed():
    """30 of 200 without the outcome are listed: at an AUC of .98, at most 2 with it were missed."""
    counts = {"true_positives": 16, "false_negatives": 2, "false_positives": 30, "true_negatives": 170}
    assert narrowed_by_auc(0.98, **counts, recall_step=None, specificity_step=0.0)
    assert not narrowed_by_auc(0.8, **counts, recall_step=None, specificity_step=0.0)
    assert not narrowed_by_auc(0.98, **counts, recall_step=0.0, specificity_step=0.0)
    assert narrowed_by_auc(0.98, **counts, recall_step=None, specificity_step=0.05)
    assert not narrowed_by_auc(0.98, **counts, recall_step=None, specificity_step=None)


@pytest.mark.parametrize(("moved", "told"), [(1, False), (4, False), (30, True)])
def test_a_list_that_differs_by_few_has_no_figures_of_its_own(moved, told):
    """Recall of one less recall of the other is the outcome of the few: who holds both lists knows who they are."""
    evidence = synthetic_evidence(n=900, schools=12, seeds=1, groups={"sex": ["F", "M"]}, seed=3)
    flag = evidence["flag.candidate"].to_numpy().copy()
    flag[np.flatnonzero(flag == 1)[:moved]] = 0
    flag[np.flatnonzero(evidence["flag.candidate"] == 0)[:moved]] = 1
    evidence["score.other"], evidence["flag.other"] = evidence["score.candidate"], flag
    found = measured(evidence, replicates=20)
    rows = [row for row in found["performance"] if row["model"] == "other"]
    rows += [row for row in found["differences"] if row["against"] == "other"]
    shares = {"recall", "precision", "specificity", "number_needed_to_screen", "net_benefit"}
    assert {row["value"] is not None for row in rows if row["metric"] in shares} == {told}
    assert {row["value"] is not None for row in rows if row["metric"] == "roc_auc"} == {True}
