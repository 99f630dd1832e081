import json

import numpy as np
import pandas as pd
import pytest
from evaluation_factory import measured, synthetic_evidence
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from send_screen.errors import DataError
from send_screen.published import Performance
from send_screen.tracking import mlflow_metrics

SUPPRESSED = "withheld to protect small groups"
CELLS = {
    "selection_rate": ([1, 0, 1, 0], [1, 1, 1, 1]),
    "prevalence": ([1, 1, 0, 0], [1, 1, 1, 1]),
    "recall": ([1, 0, 0, 0], [1, 1, 0, 0]),
    "false_negative_rate": ([0, 1, 0, 0], [1, 1, 0, 0]),
    "specificity": ([0, 0, 0, 1], [0, 0, 1, 1]),
    "false_positive_rate": ([0, 0, 1, 0], [0, 0, 1, 1]),
    "precision": ([1, 0, 0, 0], [1, 0, 1, 0]),
}


def small(count):
    return 1e-6 < count < 10 - 1e-6


def counts_in(node, path=""):
    """Every number under a key that counts children or schools, with where it stands."""
    if isinstance(node, dict):
        for key, inner in node.items():
            if key in {"n", "n_outcome", "n_schools", "schools"} and inner is not None:
                yield f"{path}.{key}", inner
            yield from counts_in(inner, f"{path}.{key}")
    elif isinstance(node, list):
        for i, inner in enumerate(node):
            yield from counts_in(inner, f"{path}[{i}]")


def small_cells_given_away(rows):
    """What an intruder who knows linear algebra learns of one group's four cells (tp, fn, fp, tn) from its rows."""
    equations, values = [], []
    for row in rows:
        if row["metric"] not in CELLS or row["n"] is None:
            continue
        above, below = CELLS[row["metric"]]
        equations.append(below)
        values.append(row["n"])
        if row["value"] is not None:
            equations.append(above)
            values.append(row["value"] * row["n"])
    if not equations:
        return []
    matrix = np.array(equations, float)
    found = []
    for cell in np.eye(4):
        combination = np.linalg.lstsq(matrix.T, cell, rcond=None)[0]
        if np.abs(matrix.T @ combination - cell).max() < 1e-9:
            revealed = float(combination @ values)
            # n is a rounded mean over fold seeds: what is published as 10 or more is at least 9.5
            if 0.6 < revealed < 9.4:
                found.append(revealed)
    return found


@settings(max_examples=settings().max_examples // 4, suppress_health_check=[HealthCheck.too_slow])
@given(
    n=st.integers(60, 700),
    schools=st.integers(6, 40),
    prevalence=st.floats(0.05, 0.6),
    capacity=st.floats(0.05, 0.5),
    seed=st.integers(0, 10_000),
    seeds=st.integers(1, 2),
)
def test_no_small_count_is_published_nor_anything_that_gives_one_away(n, schools, prevalence, capacity, seed, seeds):
    evidence = synthetic_evidence(
        n=n, schools=schools, folds=3, prevalence=prevalence, capacity=capacity, seed=seed, seeds=seeds
    )
    aside = pd.DataFrame({"reason": ["no profile"] * (seed % 12) + ["twice in the file"] * 30})
    try:
        published = measured(evidence, intersections=[("sex", "fsm")], excluded=aside, replicates=20)
    except DataError:  # too few children for so many groups
        assume(n >= 150)
        raise
    json.dumps(published, allow_nan=False)
    assert [found for found in counts_in(published) if small(found[1])] == []
    by_group = {}
    for row in published["groups"]:
        by_group.setdefault((row["attribute"], row["group"]), []).append(row)
        if row["value"] is None:
            assert row["reason"]
            assert row["low"] is row["high"] is None
    if seeds == 1:
        assert {
            key: small_cells_given_away(rows) for key, rows in by_group.items() if small_cells_given_away(rows)
        } == {}
    for row in published["calibration"]:
        if row["n"] is not None:
            events = row["observed_percent"] * row["n"] / 100
            # over two fold seeds n is a rounded mean, out by a half at most
            half = 0.5 * (seeds - 1)
            assert not small(events) or events + half >= 10
            assert not small(row["n"] - events) or row["n"] - events + half >= 10


def published_of(evidence):
    return measured(
        evidence,
        outcome_description="had SEN support",
        group_descriptions={"sex": {"F": "girls", "M": "boys"}},
        intersections=[("sex", "fsm")],
        excluded=pd.DataFrame({"reason": ["no profile"] * 12 + ["no school"] * 3}),
        replicates=50,
    )


@pytest.fixture
def published(evidence):
    return published_of(evidence)


def test_the_sections_and_keys_are_those_the_pages_read(published):
    keys = {
        "performance": {"model", "metric", "value", "low", "high", "n", "reason"},
        "differences": {"model", "against", "metric", "value", "low", "high", "n", "reason"},
        "groups": {"attribute", "group", "metric", "model", "value", "low", "high", "n", "schools", "reason"},
        "gaps": {
            "attribute",
            "group",
            "against",
            "metric",
            "value",
            "low",
            "high",
            "n",
            "tolerance",
            "critical_difference",
            "verdict",
            "required_n",
            "required_schools",
            "description",
        },
        "calibration": {"bin", "min_risk_percent", "predicted_percent", "observed_percent", "low", "high", "n"},
    }
    for section, needed in keys.items():
        assert published[section]
        assert all(needed <= set(row) for row in published[section])
    assert {row["against"] for row in published["differences"]} == {"baseline", "lightgbm"}
    assert {row["attribute"] for row in published["groups"]} == {"sex", "fsm", "sex × fsm"}
    assert published["cohort"] == {
        "n": 600,
        "n_outcome": 180,
        "n_schools": 30,
        "prevalence": 0.3,
        "reason": "",
        "excluded": [{"reason": "no profile", "n": None}, {"reason": "no school", "n": None}],
    }


def test_no_school_and_no_row_is_published(published, evidence):
    text = json.dumps(published)
    assert '"school"' not in text
    assert '"row"' not in text
    assert len(text) < 60_000 < len(evidence.to_json())


def test_the_same_evidence_in_any_order_publishes_the_same_bytes(evidence, published):
    shuffled = evidence.sample(frac=1, random_state=0)
    assert not shuffled.reset_index(drop=True).equals(evidence)
    assert json.dumps(published_of(shuffled)) == json.dumps(published)


def test_a_gap_of_small_numbers_is_said_without_them(make_evidence):
    evidence = make_evidence(n=4000, schools=60, seeds=1, groups={"sex": ["F", "M"]})
    girls = (evidence["group.sex"] == "F") & (evidence["outcome"] == 1)
    evidence.loc[girls, "flag.candidate"] = 0.0
    evidence.loc[evidence.index[girls][:4], "flag.candidate"] = 1.0
    published = measured(evidence, group_descriptions={"sex": {"F": "girls"}}, replicates=20)
    gap = published["gaps"][0]
    assert gap["value"] is gap["low"] is gap["n"] is None
    assert gap["reason"] == SUPPRESSED
    assert published["material_gaps"] == [
        "Missed more than others are girls: outside tolerance (the numbers are withheld to protect small groups)."
    ]


def test_metrics_are_flat_and_holds_defined_figures_only(published):
    flat = mlflow_metrics(Performance(**row) for row in published["performance"])
    assert {"roc_auc", "roc_auc_low", "roc_auc_high", "recall", "baseline.roc_auc", "lightgbm.roc_auc"} <= set(flat)
    assert all(isinstance(value, float) and np.isfinite(value) for value in flat.values())
    undefined = Performance(model="candidate", metric="m", value=None, low=None, high=None, n=None, reason="none")
    assert mlflow_metrics([undefined]) == {}


def test_a_small_group_does_not_reveal_why_a_figure_is_undefined(uncombined):
    """Where all three children of a group had the outcome, "every child had it" would reveal each one's."""
    evidence = synthetic_evidence(n=600, groups={"sex": ["F", "M"]}, seed=4)
    few = evidence["row"].isin(evidence.loc[evidence["outcome"] == 1, "row"].unique()[:3])
    evidence.loc[few, "group.sex"] = "X"
    rows = [row for row in measured(evidence)["groups"] if row["group"] == "X"]
    assert rows
    for row in rows:
        assert (row["value"], row["n"], row["reason"]) == (None, None, SUPPRESSED)
