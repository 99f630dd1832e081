import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from send_screen.evaluation import by_group, performance
from send_screen.evaluation._confusion_at_capacity import (
    CONFUSION_CELLS,
    Confusion,
    TopKThreshold,
    _kernel_weights,
    cell_indicator,
)
from send_screen.evaluation._evidence import OutOfFoldPredictions

RATES = {"missed": (("fn",), ("tp", "fn")), "precision": (("tp",), ("tp", "fp")), "wrongly": (("fp",), ("fp", "tn"))}


def relisted(predictions, score, weight, capacity):
    """Flags of a list of fixed length, where each child is there ``weight`` times."""
    flag = np.zeros(len(score))
    for block in np.unique(predictions.fold_id):
        rows = np.flatnonzero(predictions.fold_id == block)
        rows = rows[np.argsort(-score[rows], kind="stable")]
        before = np.cumsum(weight[rows]) - weight[rows]
        flag[rows] = before < np.floor(capacity * weight[rows].sum() + 0.5)
    return flag


@pytest.mark.parametrize("group", [None, "yes"])
def test_errors_are_those_of_replicates_that_draw_schools_and_make_the_list_anew(make_evidence, group):
    evidence = make_evidence(n=4000, schools=80, seeds=1, folds=2, icc=1.0)
    predictions = OutOfFoldPredictions(evidence)
    inside = None if group is None else predictions.group("fsm") == group
    score, flag = predictions.score("candidate"), predictions.flag("candidate")
    counts, stays = (
        Confusion(predictions, flag, inside, threshold)
        for threshold in (TopKThreshold.of(predictions, "candidate"), None)
    )
    own = np.ones(len(flag)) if inside is None else inside
    rng, simulated = np.random.default_rng(1), []
    for _ in range(400):
        weight = np.bincount(rng.integers(0, 80, 80), minlength=80)[predictions.school].astype(float)
        having, flagged = predictions.outcome * weight, relisted(predictions, score, weight, 0.2)
        tp, fn = (having * flagged * own).sum(), (having * (1 - flagged) * own).sum()
        fp, tn = ((weight - having) * flagged * own).sum(), ((weight - having) * (1 - flagged) * own).sum()
        simulated.append((fn / (tp + fn), tp / (tp + fp), fp / (fp + tn)))
    for (numerator, denominator), standard_error in zip(RATES.values(), np.std(simulated, axis=0), strict=True):
        found = counts.ratio(cell_indicator(*numerator), cell_indicator(*denominator))
        assert found.standard_error == pytest.approx(standard_error, rel=0.15)
    if group is None:  # a threshold that stays where it is would widen the interval of missed need
        assert (
            stays.ratio(cell_indicator("fn"), cell_indicator("tp", "fn")).standard_error
            > 1.15 * np.std(simulated, axis=0)[0]
        )


def test_the_threshold_changes_no_count_and_no_value(make_evidence):
    predictions = OutOfFoldPredictions(make_evidence())
    flag, inside = predictions.flag("candidate"), predictions.group("sex") == "F"
    counts = Confusion(predictions, flag, inside, TopKThreshold.of(predictions, "candidate"))
    tn, fp, fn, tp = confusion_matrix(predictions.outcome[inside], flag[inside]).ravel() / predictions.n_seeds
    assert [counts.total(kind) for kind in CONFUSION_CELLS] == pytest.approx([tp, fn, fp, tn], abs=1e-9)
    for above, below in RATES.values():
        plain = Confusion(predictions, flag, inside).ratio(cell_indicator(*above), cell_indicator(*below))
        adjusted = counts.ratio(cell_indicator(*above), cell_indicator(*below))
        assert adjusted.value == plain.value
        assert adjusted.by_school.sum() == pytest.approx(0.0, abs=0.02)


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=40),
    st.integers(0, 40),
)
def test_the_children_at_the_threshold_are_half_a_list_to_either_side(score, k):
    k = min(k, len(score))
    near = _kernel_weights(np.array(score, dtype=float), k)
    assert near.sum() == pytest.approx(min(k, len(score) - k))
    assert ((near >= 0) & (near <= 1)).all()
    same = {value: {float(w) for s, w in zip(score, near, strict=True) if s == value} for value in score}
    assert all(len(found) == 1 for found in same.values())


def test_flags_that_no_threshold_explains_have_none(make_evidence):
    evidence = make_evidence(seeds=1)
    evidence["flag.candidate"] = np.random.default_rng(0).permutation(evidence["flag.candidate"])
    threshold = TopKThreshold.of(OutOfFoldPredictions(evidence), "candidate")
    assert not threshold.kernel.any()
    assert not threshold.excess.any()


def test_a_share_that_the_list_fixes_has_hardly_an_interval(make_evidence):
    evidence = make_evidence(n=2000, schools=40, seeds=1, groups={"everyone": ["yes"]})
    table = by_group(evidence).set_index("metric")
    listed = table.loc["selection_rate"]
    assert listed["value"] == pytest.approx(0.2)
    assert listed["high"] - listed["low"] < 0.01
    assert table.loc["precision", "high"] - table.loc["precision", "low"] > 0.05


def test_recall_has_a_narrower_interval_than_with_a_threshold_that_stays_where_schools_differ(make_evidence):
    evidence = make_evidence(n=4000, schools=80, seeds=1, icc=1.0)
    found = performance(evidence).set_index(["model", "metric"]).loc[("candidate", "recall")]
    predictions = OutOfFoldPredictions(evidence)
    stays = Confusion(predictions, predictions.flag("candidate")).rate("recall", alpha=0.05)
    assert found["value"] == stays.value
    assert found["high"] - found["low"] < 0.8 * (stays.high - stays.low)
