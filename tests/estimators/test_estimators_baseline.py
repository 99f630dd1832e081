"""The baseline: its ranks are the count's or the score's, its log-odds calibrated, its flag at its operating point."""

import numpy as np
import pandas as pd
import pytest

from send_screen.estimators import BaselineClassifier
from send_screen.tables import LevelsTerm, LinearTerm

GOALS = ["E01", "E02", "E13"]


def goals(n=900, seed=0, missing=0.1):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({g: rng.choice(["1", "2", "2"], n) for g in GOALS}, dtype=object)
    need = (rng.random(n) < 0.08 + 0.2 * (X == "1").sum(axis=1)).astype(int).to_numpy()
    for g in GOALS:
        X.loc[rng.random(n) < missing, g] = None
    return X.assign(age=rng.integers(54, 66, n) * 1.0, home=pd.Series(["x", "y", "z"] * (n // 3), dtype=object)), need


PARAMETERS = {"features": GOALS, "not_met": ["1"], "expected": ["2"], "operating_point_features": ["E01", "E02"]}


def test_equal_counts_tie_to_the_last_bit_and_more_goals_not_met_rank_higher():
    X, need = goals(missing=0.0)
    baseline = BaselineClassifier(**PARAMETERS).fit(X, need)
    count = (X[GOALS] == "1").sum(axis=1)
    score = baseline.decision_function(X)
    ranked = [np.unique(score[count == k]) for k in range(4)]
    assert [len(values) for values in ranked] == [1, 1, 1, 1]
    assert (np.diff(np.concatenate(ranked)) > 0).all()


def test_numbers_count_as_text_does():
    X, need = goals()
    numeric = X.assign(**{g: X[g].astype(float) for g in GOALS})
    text = BaselineClassifier(**PARAMETERS).fit(X, need)
    both = BaselineClassifier(**{**PARAMETERS, "not_met": ["1", 1.0], "expected": ["2", 2]}).fit(numeric, need)
    assert all(isinstance(term, LinearTerm) for term in both.risk_tables_.terms)
    assert all(isinstance(term, LevelsTerm) for term in text.risk_tables_.terms)
    np.testing.assert_array_equal(text.decision_function(X), both.decision_function(numeric))
    np.testing.assert_array_equal(text.operating_point_flag(X), both.operating_point_flag(numeric))


def test_the_log_odds_are_calibrated_on_the_training_rows():
    X, need = goals()
    p = BaselineClassifier(**PARAMETERS).fit(X, need).predict_proba(X)[:, 1]
    assert p.mean() == pytest.approx(need.mean(), abs=1e-5)
    upper = p > np.median(p)
    assert p[upper].mean() == pytest.approx(need[upper].mean(), abs=0.05)


def test_a_goal_that_is_not_known_counts_as_the_share_not_met():
    X, need = goals()
    baseline = BaselineClassifier(**PARAMETERS).fit(X, need)
    for term in baseline.risk_tables_.terms:
        known = X[term.feature].dropna()
        assert term.missing / term.levels["1"] == pytest.approx((known == "1").mean(), abs=1e-4)
        assert term.levels["2"] == 0.0 < term.missing
        assert term.mean == pytest.approx(term.missing, abs=1e-5)  # so a missing goal is no reason by itself


def test_not_assessed_is_not_known_and_is_flagged_at_the_operating_point():
    X, need = goals(missing=0.0)
    X.loc[X.index[:20], "E01"] = "A"
    baseline = BaselineClassifier(**PARAMETERS).fit(X, need)
    child = X.iloc[[0]].assign(E01="A", E02="2", E13="2")
    absent = child.assign(E01=None)
    assert baseline.operating_point_flag(child).all()
    assert baseline.operating_point_flag(absent).all()
    assert baseline.decision_function(child) == baseline.decision_function(absent)


@pytest.mark.parametrize(
    ("cells", "flagged"),
    [(("2", "2", "1"), False), (("1", "2", "2"), True), (("2", "1", "2"), True), (("2", "2", None), False)],
)
@pytest.mark.parametrize("expected", [["2"], None])
def test_the_operating_point_flags_any_of_its_goals_not_at_the_expected_level(cells, flagged, expected):
    X, need = goals()
    baseline = BaselineClassifier(**{**PARAMETERS, "expected": expected}).fit(X, need)
    child = X.iloc[[0]].assign(**dict(zip(GOALS, cells, strict=True)))
    assert baseline.operating_point_flag(child).tolist() == [flagged]


def test_it_looks_at_its_own_columns_only():
    X, need = goals()
    baseline = BaselineClassifier(**PARAMETERS).fit(X, need)
    assert baseline.risk_tables_.features == tuple(GOALS)
    assert baseline.n_features_in_ == 5
    other = X.assign(age=0.0, home=None)
    np.testing.assert_array_equal(baseline.decision_function(other), baseline.decision_function(X))
    explanation = baseline.explain(X)
    assert explanation.shape == (900, 5)
    assert not explanation.values[:, 3:].any()


def reading(n=600, seed=2):
    rng = np.random.default_rng(seed)
    score = rng.integers(350, 600, n) * 1.0
    need = (rng.random(n) < 1 / (1 + np.exp((score - 380) / 40))).astype(int)
    score[rng.random(n) < 0.1] = np.nan
    return pd.DataFrame({"home": pd.Series(["x", "y"] * (n // 2), dtype=object), "reading": score}), need


def test_a_lower_score_is_riskier_and_a_missing_one_scores_as_the_mean():
    X, need = reading()
    baseline = BaselineClassifier(features=["reading"]).fit(X, need)
    term = baseline.risk_tables_.terms[0]
    assert term.slope < 0
    assert term.missing == pytest.approx(term.slope * X["reading"].clip(term.low, term.high).mean())
    assert term.missing == pytest.approx(term.mean)


@pytest.mark.parametrize("direction", ["decreasing", "increasing"])
def test_the_cut_off_is_the_training_childrens_quantile(direction):
    X, need = reading()
    turned = X if direction == "decreasing" else X.assign(reading=-X["reading"])
    baseline = BaselineClassifier(features=["reading"], operating_point_share=0.3, direction=direction).fit(
        turned, need
    )
    known = X["reading"].notna()
    expected = np.quantile(X["reading"][known], 0.3, method="inverted_cdf")
    flagged = baseline.operating_point_flag(turned)
    np.testing.assert_array_equal(flagged, X["reading"] <= expected)
    assert not flagged[~known].any()
    assert abs(baseline.cut_off_) == expected


def test_a_slope_is_never_against_the_direction():
    X, need = reading()
    baseline = BaselineClassifier(features=["reading"], direction="increasing").fit(X, need)
    assert baseline.risk_tables_.terms[0].slope == 0.0
    assert len(np.unique(baseline.decision_function(X))) == 1


def test_a_baseline_that_separates_the_classes_has_finite_log_odds():
    X = pd.DataFrame({"reading": np.arange(200.0)})
    score = BaselineClassifier().fit(X, X["reading"] < 50).decision_function(X)
    assert np.isfinite(score).all()
    assert (score[:50] > 0).all()
    assert (score[50:] < 0).all()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"features": ["G99"], "not_met": ["1"]}, "'features' names what is not a column of X: 'G99'"),
        ({"features": GOALS}, "'features' must name one column of numbers"),
        ({"features": ["E01"]}, "'features' must name one column of numbers"),
        ({**PARAMETERS, "operating_point_features": ["age"]}, "'operating_point_features' names"),
        ({**PARAMETERS, "not_met": [1]}, "holds text, and 'not_met' names no text"),
        ({"features": ["age"], "not_met": [1]}, "must each name one number"),
        ({"features": ["age"], "direction": "down"}, "direction must be"),
        ({"features": ["age"], "operating_point_share": 1.0}, "operating_point_share must lie between"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(parameters, words):
    with pytest.raises(ValueError, match=words):
        BaselineClassifier(**parameters).fit(*goals())


@pytest.mark.parametrize("few", [1, 3, 9])
def test_a_goal_that_fewer_than_ten_miss_is_not_counted(few):
    """From slope, mean and number of children their number could be worked out."""
    rng = np.random.default_rng(few)
    goals = pd.DataFrame({"E01": rng.choice([1.0, 2.0], 400), "E02": np.where(np.arange(400) < few, 1.0, 2.0)})
    need = (rng.random(400) < np.where(goals["E01"] == 1, 0.6, 0.2)).astype(int)
    baseline = BaselineClassifier(features=["E01", "E02"], not_met=[1.0], expected=[2.0]).fit(goals, need)
    first, second = baseline.risk_tables_.terms
    assert first.slope != 0
    assert (second.slope, second.mean, second.missing) == (0.0, 0.0, 0.0)
