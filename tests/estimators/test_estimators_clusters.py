"""Rows that plainly come in clusters are held out together where the user names no groups, and the user is told."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from send_screen.estimators import AdditiveRiskClassifier, BoostedTreesClassifier, PenalisedLogisticClassifier
from send_screen.estimators._clusters import find_clusters

N_CLASSES, SIZE = 150, 20


def classes(seed=0, n=N_CLASSES):
    """Children of classes: two features of the class, three of the child; the class itself matters too."""
    rng = np.random.default_rng(seed)
    teacher, roll, effect = rng.integers(0, 25, n), rng.integers(13, 30, n), rng.normal(0, 1.2, n)
    own = np.repeat(np.arange(n), SIZE)
    ability = rng.normal(size=n * SIZE)
    X = pd.DataFrame(
        {
            "experience": teacher[own] * 1.0,
            "class_size": roll[own] * 1.0,
            "reading": np.round(50 + 10 * ability + 3 * rng.normal(size=len(own))),
            "maths": np.round(30 + 6 * ability + 3 * rng.normal(size=len(own))),
            "absent": np.round(rng.gamma(2, 4, len(own))),
        }
    )
    y = (rng.random(len(own)) < 1 / (1 + np.exp(1.5 + ability - effect[own]))).astype(int)
    return X, y, own


def test_children_of_a_class_are_found_by_what_they_share():
    X, _, own = classes()
    clusters, *features = find_clusters(X)
    assert features == ["experience", "class_size"]
    # a class is never divided; a few that agree by chance stand together
    assert (pd.Series(clusters).groupby(own).nunique() == 1).all()
    assert len(np.unique(clusters)) > 0.7 * N_CLASSES


@pytest.mark.parametrize("seed", range(4))
def test_children_who_have_nothing_in_common_are_in_no_cluster(seed):
    X, _, _ = classes(seed)
    rng = np.random.default_rng(seed)
    child = X[["reading", "maths", "absent"]].copy()
    child["present"] = 190 - child["absent"]
    child["total"] = child["reading"] + child["maths"]
    child["band"] = child["total"] // 10
    child["fine"] = np.round(child["reading"] * 2.5 + rng.normal(size=len(child)))
    child["month"] = rng.integers(0, 12, len(child))
    child["age"] = 60 + child["month"]
    both = rng.random(len(child)) < 0.2  # a fifth are at the ceiling of two tests
    child["first"], child["second"] = (np.where(both, 40, rng.integers(0, 40, len(child))) for _ in range(2))
    assert find_clusters(child.astype(float).mask(rng.random(child.shape) < 0.05)) is None
    assert find_clusters(child.head(150).astype(float)) is None


@pytest.mark.parametrize("estimator", [AdditiveRiskClassifier(max_pairs=2), BoostedTreesClassifier()])
def test_without_groups_clusters_are_held_out_together_and_named(estimator):
    X, y, own = classes()
    with pytest.warns(UserWarning, match="No 'groups' are given, and rows that agree in 'experience' and 'class_size'"):
        found = clone(estimator).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given = clone(estimator).fit(X, y, groups=find_clusters(X)[0])
        clone(estimator).fit(X, y, groups=own)
        PenalisedLogisticClassifier().fit(X, y)  # holds nothing out
        children = X[["reading", "maths", "absent"]]
        clone(estimator).fit(children, y)
    assert np.array_equal(found.decision_function(X), given.decision_function(X))


def test_that_makes_up_for_groups_left_out():
    X, y, own = classes()
    others, had, _ = classes(seed=1)
    model = AdditiveRiskClassifier(max_pairs=2)
    with pytest.warns(UserWarning, match="No 'groups'"):
        found = clone(model).fit(X, y)
    each_alone = clone(model).fit(X, y, groups=np.arange(len(y)))
    of_schools = clone(model).fit(X, y, groups=own)
    auc = [roc_auc_score(had, one.decision_function(others)) for one in (found, each_alone, of_schools)]
    assert auc[0] > auc[1] + 0.01
    assert auc[0] > auc[2] - 0.005
