import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame, selection_rate, true_negative_rate, true_positive_rate
from sklearn.metrics import precision_score

from send_screen.errors import UsageError
from send_screen.evaluation import cluster_bootstrap
from send_screen.evaluation._bootstrap import _weights, bootstrap_ratios

FAIRLEARNS = {
    "selection_rate": selection_rate,
    "recall": true_positive_rate,
    "specificity": true_negative_rate,
    "precision": lambda y_true, y_pred: precision_score(y_true, y_pred, zero_division=0),
}


@pytest.fixture
def children():
    rng = np.random.default_rng(0)
    n = 900
    y = (rng.random(n) < 0.3).astype(int)
    return pd.DataFrame(
        {
            "y": y,
            "flag": (rng.random(n) < 0.1 + 0.4 * y).astype(int),
            "group": rng.choice(["a", "b", "c"], n),
            "school": rng.integers(0, 15, n),
        }
    )


def rates(children):
    frame = MetricFrame(
        metrics=FAIRLEARNS, y_true=children["y"], y_pred=children["flag"], sensitive_features=children["group"]
    )
    return frame.by_group.to_numpy()


def bootstrap_of(children, **more):
    return cluster_bootstrap(
        children["y"], children["flag"], groups=children["group"], schools=children["school"], **more
    )


def test_a_replicate_is_fairlearn_on_the_drawn_schools(children):
    found = bootstrap_of(children, replicates=120, seed=3)
    assert found.groups == ["a", "b", "c"]
    assert found.values == pytest.approx(rates(children), abs=1e-12)
    weights = np.vstack(list(_weights(15, 120, 3)))
    assert (weights.sum(axis=1) == 15).all()
    first_seen = pd.factorize(children["school"])[0]
    for b in range(0, 120, 17):
        again = children.loc[children.index.repeat(weights[1 + b][first_seen].astype(int))]
        assert found.replicates[b] == pytest.approx(rates(again), abs=1e-12)


def test_the_same_seed_gives_the_same_replicates_whatever_the_order_of_the_children(children):
    one, two = bootstrap_of(children, seed=1), bootstrap_of(children.sort_values(["school", "y"]), seed=1)
    shuffled = bootstrap_of(children.sample(frac=1, random_state=0), seed=1)
    assert np.array_equal(one.values, two.values)
    assert np.array_equal(one.values, shuffled.values)
    assert one.replicates.std(axis=0) == pytest.approx(shuffled.replicates.std(axis=0), rel=0.2)


def test_a_rate_without_a_denominator_is_nan_in_a_replicate_too(children):
    children.loc[children["group"] == "c", "y"] = 0
    found = bootstrap_of(children, replicates=20)
    recall = found.metrics.index("recall")
    assert np.isnan(found.values[2, recall])
    assert np.isnan(found.replicates[:, 2, recall]).all()
    assert np.isnan(bootstrap_ratios(np.zeros((5, 2)), np.zeros((5, 2)), replicates=3, seed=0)).all()


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("y", 2, "neither 0 nor 1"),
        ("flag", 0.5, "neither 0 nor 1"),
        ("group", None, "missing"),
        ("school", np.nan, "missing"),
    ],
)
def test_what_cannot_be_counted_is_refused(children, column, value, words):
    children[column] = children[column].astype(object)
    children.loc[3, column] = value
    with pytest.raises(UsageError, match=words):
        bootstrap_of(children)


def test_arrays_of_other_lengths_are_refused(children):
    with pytest.raises(UsageError, match="not of the same length"):
        cluster_bootstrap(children["y"], children["flag"][:-1], groups=children["group"], schools=children["school"])
