import math

import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    selection_rate,
    true_negative_rate,
    true_positive_rate,
)
from sklearn.metrics import precision_score

from send_screen.errors import UsageError
from send_screen.evaluation import by_group
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._groups import within_fold_auc

FAIRLEARNS = {
    "selection_rate": selection_rate,
    "recall": true_positive_rate,
    "specificity": true_negative_rate,
    "precision": lambda y_true, y_pred: precision_score(y_true, y_pred, zero_division=0),
    "prevalence": lambda y_true, y_pred: np.mean(y_true),
}


def value(table, attribute, group, metric):
    rows = table[(table["attribute"] == attribute) & (table["group"] == group) & (table["metric"] == metric)]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.mark.parametrize("attribute", ["sex", "fsm", "sex × fsm"])
def test_values_equal_fairlearns_metric_frame_wherever_defined(evidence, attribute):
    table = by_group(evidence, intersections=[("sex", "fsm")])
    groups = OutOfFoldPredictions(evidence).group(attribute)
    frame = MetricFrame(
        metrics=FAIRLEARNS, y_true=evidence["outcome"], y_pred=evidence["flag.candidate"], sensitive_features=groups
    )
    for group, row in frame.by_group.iterrows():
        for metric in FAIRLEARNS:
            assert value(table, attribute, group, metric)["value"] == pytest.approx(row[metric], abs=1e-12)


def test_an_undefined_rate_is_nan_with_a_reason_where_fairlearn_says_nought(make_evidence):
    evidence = make_evidence(groups={"sex": ["F", "M"]})
    evidence.loc[evidence["group.sex"] == "F", "outcome"] = 0
    evidence.loc[evidence["group.sex"] == "M", "flag.candidate"] = 0.0
    table = by_group(evidence)
    fairlearns = MetricFrame(
        metrics=true_positive_rate,
        y_true=evidence["outcome"],
        y_pred=evidence["flag.candidate"],
        sensitive_features=evidence["group.sex"],
    )
    assert fairlearns.by_group["F"] == 0.0
    row = value(table, "sex", "F", "recall")
    assert math.isnan(row["value"])
    assert row["reason"] == "no child has the outcome"
    assert row["n"] == 0
    assert value(table, "sex", "M", "precision")["reason"] == "no child is flagged"
    assert math.isnan(value(table, "sex", "F", "roc_auc")["value"])
    assert "fewer than 10 children" in value(table, "sex", "F", "calibration_slope")["reason"]


def test_n_is_the_denominator_and_intervals_hold_the_value(evidence):
    table = by_group(evidence)
    girls = evidence[(evidence["group.sex"] == "F") & (evidence["fold_seed"] == 0)]
    assert value(table, "sex", "F", "prevalence")["n"] == len(girls)
    assert value(table, "sex", "F", "recall")["n"] == girls["outcome"].sum()
    defined = table[table["low"].notna()]
    assert len(defined) > 40
    assert (defined["low"] <= defined["value"]).all()
    assert (defined["value"] <= defined["high"]).all()
    assert (table["reason"] != "")[table["low"].isna()].all()


def test_a_groups_auc_counts_pairs_within_folds(make_evidence):
    evidence = make_evidence(n=150, schools=15, folds=3)
    predictions = OutOfFoldPredictions(evidence)
    rows, score = predictions.group("sex") == "F", predictions.score("baseline")
    right = pairs = 0.0
    for block in np.unique(predictions.fold_id):
        inside = np.flatnonzero(rows & (predictions.fold_id == block))
        for i in inside[predictions.outcome[inside] == 1]:
            for j in inside[predictions.outcome[inside] == 0]:
                right += (score[i] > score[j]) + 0.5 * (score[i] == score[j])
                pairs += 1
    found = within_fold_auc(predictions, score, rows)
    assert found.value == pytest.approx(right / pairs, abs=1e-12)
    assert found.low < found.value < found.high


def test_shares_and_unknown_attributes_are_refused(evidence):
    with pytest.raises(UsageError, match="no group eal; it has sex, fsm"):
        by_group(evidence, intersections=[("sex", "eal")])
    evidence["flag.candidate"] = 0.5
    with pytest.raises(UsageError, match="0 or 1"):
        by_group(evidence)
