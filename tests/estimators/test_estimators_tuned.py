"""Boosted trees are tuned inside the training data: on schools held out, within a stated budget, by a stated rule."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss

from send_screen.estimators import BoostedTreesClassifier
from send_screen.estimators._lightgbm import mean_and_standard_error
from send_screen.estimators._tune import RATE, ROUNDS, SETTINGS, Setting


def of_schools(n=1200, schools=30, seed=0):
    """Children whose need depends on their school alone, and a feature that names the school."""
    rng = np.random.default_rng(seed)
    school = rng.integers(0, schools, n)
    need = (rng.random(n) < rng.choice([0.05, 0.6], schools)[school]).astype(int)
    return pd.DataFrame({"place": rng.permutation(schools)[school] * 1.0, "age": rng.normal(0, 1, n)}), need, school


def test_the_budget_is_what_is_said():
    assert len(SETTINGS) == len(set(SETTINGS)) == 12
    assert SETTINGS[0] == Setting(num_leaves=7, min_data_in_leaf=40, feature_fraction=0.5, lambda_l2=5.0)
    assert (RATE, ROUNDS) == (0.03, 150)


def test_schools_are_held_out_whole():
    """What a model knows of one school is worth nothing for another: only with ``groups`` can that be seen."""
    X, need, school = of_schools()
    assert BoostedTreesClassifier().fit(X, need).n_rounds_ > 100
    assert BoostedTreesClassifier().fit(X, need, groups=school).n_rounds_ < 50


def test_a_setting_that_is_clearly_better_is_chosen_and_pays_off_on_other_children():
    rng = np.random.default_rng(0)
    X = rng.choice([-1.0, 1.0], (6000, 5))
    risk = 1 / (1 + np.exp(-2.0 * X[:, 0] * X[:, 1] * X[:, 2]))  # a tree must look at all three at once
    need = (rng.random(6000) < risk).astype(int)
    model = BoostedTreesClassifier().fit(X[:3000], need[:3000])
    assert model.setting_.feature_fraction > SETTINGS[0].feature_fraction
    tuned = log_loss(need[3000:], model.predict_proba(X[3000:])[:, 1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("send_screen.estimators._tune.SETTINGS", SETTINGS[:1])
        usual = BoostedTreesClassifier().fit(X[:3000], need[:3000])
    assert usual.setting_ == SETTINGS[0]
    assert tuned < log_loss(need[3000:], usual.predict_proba(X[3000:])[:, 1]) - 0.01


@pytest.mark.parametrize(
    ("gains", "chosen"), [([0.02, 0.03, 0.02, 0.03], 1), ([0.03, -0.02, 0.03, -0.02], 0), ([-0.02] * 4, 0)]
)
def test_another_setting_must_be_better_by_more_than_its_error(monkeypatch, gains, chosen):
    X, need, school = of_schools(400, schools=8)
    seen = {setting.num_leaves: iter(range(4)) for setting in SETTINGS[:2]}

    def grow(parameters, data, before, max_rounds, patience):
        leaves = parameters["num_leaves"]
        bag = next(seen[leaves])
        return None, [0.7, 0.6, 0.5 - (gains[bag] if leaves == SETTINGS[1].num_leaves else 0.0), 0.8]

    monkeypatch.setattr("send_screen.estimators._tune.SETTINGS", SETTINGS[:2])
    monkeypatch.setattr("send_screen.estimators._tune.train_with_early_stopping", grow)
    model = BoostedTreesClassifier().fit(X, need, groups=school)
    assert model.setting_ == SETTINGS[chosen]
    assert model.n_rounds_ == round(2 * 0.1 / RATE)


def test_where_none_can_be_held_out_the_usual_setting_and_rounds_stand():
    X, need, _ = of_schools(60)
    model = BoostedTreesClassifier().fit(X, need, groups=np.zeros(60))
    assert (model.setting_, model.n_rounds_) == (SETTINGS[0], ROUNDS)


def test_threads_change_no_byte_and_a_row_of_weight_zero_is_no_row():
    X, need, school = of_schools()
    whole = BoostedTreesClassifier(n_jobs=1).fit(X, need, groups=school)
    again = BoostedTreesClassifier(n_jobs=3).fit(
        pd.concat([X, X[:90] + 50]), np.concatenate([need, 1 - need[:90]]),
        groups=np.concatenate([school, school[:90] + 7]),
        sample_weight=np.repeat([1.0, 0.0], [len(X), 90]),
    )  # fmt: skip
    assert (whole.setting_, whole.n_rounds_) == (again.setting_, again.n_rounds_)
    assert whole.decision_function(X).tobytes() == again.decision_function(X).tobytes()


def test_a_school_is_needed_for_every_child():
    X, need, school = of_schools(100)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        BoostedTreesClassifier().fit(X, need, groups=school[:-1])


def test_the_error_of_a_mean_over_bags():
    mean, error = mean_and_standard_error(np.array([1.0, 2.0, 6.0]), np.ones(3))
    assert mean == pytest.approx(3.0)
    assert error == pytest.approx(np.std([1, 2, 6], ddof=1) / np.sqrt(3))
    assert mean_and_standard_error(np.array([4.0]), np.ones(1)) == (4.0, 0.0)
