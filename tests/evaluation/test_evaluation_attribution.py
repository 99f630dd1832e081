import numpy as np
import pytest
from evaluation_factory import measured, synthetic_evidence
from hypothesis import given, settings
from hypothesis import strategies as st

from send_screen.errors import DataError
from send_screen.evaluation import attribution

AGENCIES = {"words": "education", "numbers": "education", "weight": "health"}


def explained(**options):
    """Evidence whose score is a base value a fold plus three contributions."""
    evidence = synthetic_evidence(**options)
    rng = np.random.default_rng(5)
    for feature in AGENCIES:
        evidence[f"contribution.{feature}"] = rng.normal(size=len(evidence)) * (1 + (evidence["group.sex"] == "F"))
    base = np.array([-2.0, -1.9, -2.2, -2.1, -2.05])[evidence["fold"]] + 0.01 * evidence["fold_seed"]
    evidence["score.candidate"] = base + sum(evidence[f"contribution.{feature}"] for feature in AGENCIES)
    return evidence


@settings(max_examples=settings().max_examples // 4)
@given(st.integers(0, 500), st.integers(1, 3))
def test_features_and_agencies_each_sum_to_the_gap_in_mean_score(seed, seeds):
    evidence = explained(seed=seed, seeds=seeds)
    table = attribution(evidence, agencies=AGENCIES)
    score, outcome = evidence["score.candidate"], evidence["outcome"] == 1
    for (attribute, group, among), rows in table.groupby(["attribute", "group", "among"]):
        inside, kept = evidence[f"group.{attribute}"] == group, outcome | (among == "all children")
        gap = score[inside & kept].mean() - score[~inside & kept].mean()
        by_kind = rows.groupby("kind")["value"].sum()
        assert by_kind["total"] == pytest.approx(gap, abs=1e-9)
        assert by_kind["feature"] + by_kind["folds"] == pytest.approx(gap, abs=1e-9)
        assert by_kind["agency"] + by_kind["folds"] == pytest.approx(gap, abs=1e-9)
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()


def test_a_planted_difference_is_found_at_its_feature():
    evidence = explained(n=3000, schools=60)
    girls = evidence["group.sex"] == "F"
    evidence.loc[girls, "contribution.weight"] += 0.8
    evidence.loc[girls, "score.candidate"] += 0.8
    table = attribution(evidence, agencies=AGENCIES).query("group == 'F' and among == 'all children'")
    largest = table[table["kind"] == "feature"].set_index("term")["value"].abs().idxmax()
    assert largest == "weight"
    weight = table[table["term"] == "weight"].iloc[0]
    assert weight["low"] > 0.5
    assert table[table["term"] == "health"].iloc[0]["value"] == pytest.approx(weight["value"])


def test_published_parts_sum_too_and_small_groups_are_suppressed():
    few = np.array(["few"] * 7 + ["many"] * 593)
    evidence = explained(groups={"sex": ["F", "M"], "g": few})
    rows = measured(evidence, agencies=AGENCIES, replicates=20)["attribution"]
    for row in rows:
        if row["attribute"] == "g":
            assert row["value"] is None
            assert {term["value"] for term in row["features"]} == {None}
            continue
        for terms in ("features", "agencies"):
            assert sum(term["value"] for term in row[terms]) + row["folds"] == pytest.approx(row["value"], abs=1e-9)
    assert {row["among"] for row in rows} == {"all children", "children with the outcome"}


def test_contributions_that_do_not_sum_to_the_score_are_refused():
    evidence = explained()
    evidence.loc[3, "contribution.words"] += 0.1
    with pytest.raises(DataError, match="do not sum to the score"):
        attribution(evidence)


def test_a_model_without_contributions_has_no_attribution(evidence):
    assert attribution(evidence).empty
    assert measured(evidence, replicates=20)["attribution"] == []
