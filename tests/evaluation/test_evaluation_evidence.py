import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_screen.errors import DataError, LeakageError, UsageError
from send_screen.estimators import PenalisedLogisticClassifier
from send_screen.evaluation import build_evidence, out_of_fold, out_of_school_folds, performance
from send_screen.evaluation._evidence import OutOfFoldPredictions, expected_share
from send_screen.tables import k_at_capacity, tie_break_key, top_k


@pytest.fixture
def scored(cohort, models):
    return out_of_fold(cohort, models, folds=4, seeds=(0, 5))


def test_every_child_is_scored_by_a_model_that_has_not_seen_its_school(cohort, scored, models):
    part = scored[scored["fold_seed"] == 5].reset_index(drop=True)
    fold = out_of_school_folds(cohort.y, cohort.school, folds=4, seed=5)
    assert np.array_equal(part["fold"], fold)
    for number in range(4):
        model = models["candidate"]().fit(cohort.X[fold != number], cohort.y[fold != number])
        expected = model.decision_function(cohort.X[fold == number])
        assert np.array_equal(part.loc[fold == number, "score.candidate"], expected)
        assert np.array_equal(
            part.loc[fold == number, ["contribution.a", "contribution.b"]], cohort.X[fold == number] - model.means
        )
    assert np.array_equal(part["operating_point.baseline"], cohort.X["a"] > 1)


def test_progress_is_reported_before_each_fit(cohort, models):
    messages = []
    out_of_fold(cohort, models, folds=2, seeds=(0,), progress=messages.append)
    assert messages[0] == "fold seed 0, fold 1 of 2: candidate"
    assert len(messages) == 2 * len(models)


def test_what_cannot_be_judged_is_refused(cohort, models):
    with pytest.raises(UsageError, match="No outcome"):
        out_of_fold(replace(cohort, y=None), models)
    with pytest.raises(UsageError, match='called "candidate"'):
        out_of_fold(cohort, {"baseline": models["baseline"]})
    with pytest.raises(UsageError, match="each only once"):
        out_of_fold(cohort, models, seeds=(1, 1))


def test_the_same_inputs_give_the_same_bytes(cohort, models):
    def as_bytes():
        table, _ = build_evidence(cohort, out_of_fold(cohort, models, folds=3, seeds=(0, 1)), capacity=0.1, seed=11)
        buffer = io.BytesIO()
        table.to_parquet(buffer)
        return buffer.getvalue()

    assert as_bytes() == as_bytes()


def test_the_evidence_names_nobody_and_its_keys_do(cohort, scored):
    evidence, keys = build_evidence(cohort, scored, capacity=0.1, seed=11)
    text = evidence.to_csv()
    assert not any(secret in text for secret in [*cohort.ids, *cohort.school.unique()])
    first = evidence[evidence["fold_seed"] == 0].merge(keys.children, on="row").merge(keys.schools, on="school")
    back = first.set_index("child_id").loc[cohort.ids]
    assert np.array_equal(back["outcome"], cohort.y)
    assert np.array_equal(back["school_id"], cohort.school)
    assert np.array_equal(back["group.sex"], cohort.sensitive["sex"])
    assert not np.array_equal(keys.children["child_id"], cohort.ids), "rows in file order would give children away"
    other, _ = build_evidence(cohort, scored, capacity=0.1, seed=12)
    assert not other.equals(evidence)


def test_exactly_k_are_flagged_in_each_fold_and_ties_go_by_hash_order(cohort, scored):
    evidence, keys = build_evidence(cohort, scored, capacity=0.1, seed=11)
    ids = evidence.merge(keys.children, on="row", how="left")["child_id"]
    for _, part in evidence.groupby(["fold_seed", "fold"]):
        k = k_at_capacity(0.1, len(part))
        for model_name in ("candidate", "lightgbm"):
            order = tie_break_key(ids[part.index].tolist())
            expected = top_k(part[f"score.{model_name}"].to_numpy(), order, k)
            assert np.array_equal(part[f"flag.{model_name}"], expected)
        assert part["flag.baseline"].sum() == pytest.approx(k, abs=1e-12)
    assert evidence["flag.baseline"].between(0.01, 0.99).any(), (
        "the baseline's tied children share what places are left"
    )


@given(
    score=st.lists(st.integers(0, 4), min_size=1, max_size=12),
    data=st.data(),
)
def test_expected_share_is_the_mean_over_random_orders(score, data):
    k = data.draw(st.integers(0, len(score)))
    share = expected_share(np.array(score, float), k)
    assert share.sum() == pytest.approx(k)
    rng = np.random.default_rng(0)
    orders = [rng.permutation(len(score)).astype(np.uint64) for _ in range(400)]
    mean = np.mean([top_k(np.array(score, float), order, k) for order in orders], axis=0)
    assert np.abs(mean - share).max() < 0.15


def test_scores_of_other_children_or_shared_schools_are_refused(cohort, scored):
    with pytest.raises(UsageError, match="not of this cohort"):
        build_evidence(cohort, scored.iloc[1:], capacity=0.1, seed=0)
    with pytest.raises(UsageError, match="between 0 and 1"):
        build_evidence(cohort, scored, capacity=10, seed=0)
    shuffled = scored.assign(fold=np.arange(len(scored)) // 7 % 4)
    with pytest.raises(LeakageError, match="more than one fold"):
        build_evidence(cohort, shuffled, capacity=0.1, seed=0)


def test_what_is_not_an_evidence_table_is_named(evidence):
    with pytest.raises(DataError, match=r"it has no school, flag\.candidate"):
        performance(evidence.drop(columns=["school", "flag.candidate"]))
    with pytest.raises(DataError, match="it is empty"):
        OutOfFoldPredictions(evidence.iloc[:0])


def test_sums_by_school_count_each_child_once(evidence):
    predictions = OutOfFoldPredictions(evidence)
    assert predictions.by_school(np.ones(len(evidence))).sum() == 600
    assert predictions.by_school(predictions.outcome).sum() == 180
    assert set(pd.unique(predictions.group("sex × fsm"))) >= {"F × no", "M × not recorded"}


def test_hundreds_of_features_are_joined_at_once(cohort):
    """A column at a time, pandas warns of a fragmented frame, and warnings are errors here."""
    scored = out_of_fold(cohort, {"candidate": PenalisedLogisticClassifier}, folds=3)
    more = pd.DataFrame({f"contribution.v{i}": np.zeros(len(scored)) for i in range(150)})
    evidence, _ = build_evidence(cohort, pd.concat([scored, more], axis=1), capacity=0.1, seed=0)
    assert list(evidence.columns[-150:]) == list(more.columns)
