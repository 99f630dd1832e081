import numpy as np
import pytest
from evaluation_factory import synthetic_evidence
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score

from send_screen.errors import UsageError
from send_screen.evaluation import calibration_bins, paired_differences, performance
from send_screen.evaluation._calibration import recalibrate
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._influence import auc_and_ap, mean_auc_and_ap, ratio


def of(table, model, metric):
    return table[(table["model"] == model) & (table["metric"] == metric)].iloc[0]


@pytest.fixture
def table(evidence):
    return performance(evidence)


@pytest.mark.parametrize("model", ["candidate", "baseline", "lightgbm"])
def test_areas_are_scikit_learns_means_over_folds(evidence, table, model):
    folds = [part for _, part in evidence.groupby(["fold_seed", "fold"])]
    for metric, function in (("roc_auc", roc_auc_score), ("average_precision", average_precision_score)):
        expected = np.mean([function(part["outcome"], part[f"score.{model}"]) for part in folds])
        assert of(table, model, metric)["value"] == pytest.approx(expected, abs=1e-12)


def test_rates_at_capacity_are_pooled_ratios(evidence, table):
    y, flag = evidence["outcome"], evidence["flag.candidate"]
    assert of(table, "candidate", "recall")["value"] == pytest.approx(recall_score(y, flag), abs=1e-12)
    precision = precision_score(y, flag)
    assert of(table, "candidate", "precision")["value"] == pytest.approx(precision, abs=1e-12)
    assert of(table, "candidate", "number_needed_to_screen")["value"] == pytest.approx(1 / precision, abs=1e-12)
    specificity = recall_score(1 - y, 1 - flag)
    assert of(table, "candidate", "specificity")["value"] == pytest.approx(specificity, abs=1e-12)
    at_operating_point = of(table, "baseline", "recall_at_operating_point")
    assert at_operating_point["value"] == pytest.approx(
        recall_score(y, evidence["operating_point.baseline"]), abs=1e-12
    )
    assert of(table, "baseline", "selection_rate_at_operating_point")["value"] == pytest.approx(
        evidence["operating_point.baseline"].mean(), abs=1e-12
    )


def test_every_figure_has_n_an_interval_around_it_or_a_reason(table):
    assert (table["n"] > 0).all()
    defined = table[table["reason"] == ""]
    assert len(defined) == len(table)
    assert (defined["low"] < defined["value"]).all()
    assert (defined["value"] < defined["high"]).all()


def test_a_child_counts_once_however_many_fold_seeds_there_are(make_evidence):
    one, three = make_evidence(seeds=1), make_evidence(seeds=3)
    for metric in ("roc_auc", "recall"):
        a, b = (of(performance(e), "candidate", metric) for e in (one, three))
        assert a["n"] == b["n"]
        assert b["high"] - b["low"] > 0.8 * (a["high"] - a["low"]), "repeating the folds is not more children"


@given(st.integers(0, 10_000), st.sampled_from([1, 0]))
def test_influences_are_the_derivatives_of_scikit_learns_areas(seed, digits):
    rng = np.random.default_rng(seed)
    n = 40
    score = np.round(rng.normal(size=n), digits)
    positive = rng.random(n) < 0.4
    positive[:2] = True, False
    values, influence = auc_and_ap(score, positive)
    child, step = rng.integers(n), 1e-5
    for j, function in enumerate((roc_auc_score, average_precision_score)):
        assert values[j] == pytest.approx(function(positive, score), abs=1e-12)
        assert influence[j].sum() == pytest.approx(0, abs=1e-12)
        up, down = (np.where(np.arange(n) == child, 1 + sign * step, 1.0) for sign in (1, -1))
        slope = (function(positive, score, sample_weight=up) - function(positive, score, sample_weight=down)) / step / 2
        assert influence[j][child] == pytest.approx(slope, abs=1e-6)


def test_errors_are_those_of_replicates_that_draw_schools(make_evidence):
    evidence = make_evidence(n=3000, schools=60, seeds=1, folds=3)
    predictions = OutOfFoldPredictions(evidence)
    found = mean_auc_and_ap(predictions, predictions.score("candidate"))
    rng, simulated = np.random.default_rng(4), []
    for _ in range(300):
        weight = np.bincount(
            rng.integers(0, predictions.n_schools, predictions.n_schools), minlength=predictions.n_schools
        )[predictions.school]
        parts = [
            np.flatnonzero((predictions.fold_id == block) & (weight > 0)) for block in np.unique(predictions.fold_id)
        ]
        simulated.append(
            [
                np.mean(
                    [
                        area(predictions.outcome[p], predictions.score("candidate")[p], sample_weight=weight[p])
                        for p in parts
                    ]
                )
                for area in (roc_auc_score, average_precision_score)
            ]
        )
    for name, standard_error in zip(("roc_auc", "average_precision"), np.std(simulated, axis=0), strict=True):
        assert found[name].standard_error == pytest.approx(standard_error, rel=0.2)


def test_a_ratios_influence_leaves_schools_out():
    rng = np.random.default_rng(0)
    above, below = rng.integers(0, 9, 12).astype(float), rng.integers(9, 20, 12).astype(float)
    found = ratio(above, below)
    out = np.array([np.delete(above, s).sum() / np.delete(below, s).sum() for s in range(12)])
    assert found.standard_error == pytest.approx(np.sqrt(11 / 12 * ((out - found.value) ** 2).sum()))
    assert np.isnan(ratio(np.zeros(3), np.zeros(3)).value)


def test_net_benefit_is_vickers_and_elkins_at_the_lists_own_price(evidence, table):
    y, flag = evidence["outcome"], evidence["flag.candidate"]
    q = flag.mean()
    expected = ((y * flag).sum() - ((1 - y) * flag).sum() * q / (1 - q)) / len(y)
    assert of(table, "candidate", "net_benefit")["value"] == pytest.approx(expected, abs=1e-12)
    evidence["flag.candidate"] = 0.0
    nothing = of(performance(evidence), "candidate", "net_benefit")
    assert np.isnan(nothing["value"])
    assert nothing["reason"] == "no child, or every child, is listed"


def test_a_fold_of_one_outcome_makes_the_areas_undefined_not_a_number(make_evidence):
    evidence = make_evidence()
    evidence.loc[(evidence["fold"] == 0) & (evidence["fold_seed"] == 1), "outcome"] = 0
    table = performance(evidence)
    assert np.isnan(of(table, "candidate", "roc_auc")["value"])
    assert "a fold has no child" in of(table, "candidate", "roc_auc")["reason"]


def test_no_flag_means_no_precision_and_no_outcome_no_recall(make_evidence):
    evidence = make_evidence()
    evidence["flag.candidate"] = 0.0
    nothing = of(performance(evidence), "candidate", "precision")
    assert np.isnan(nothing["value"])
    assert nothing["reason"] == "no child is flagged"
    assert np.isnan(of(performance(evidence), "candidate", "number_needed_to_screen")["value"])
    evidence["outcome"] = 0
    assert of(performance(evidence), "candidate", "recall")["reason"] == "no child has the outcome"


def test_few_schools_get_values_without_intervals(make_evidence):
    table = performance(make_evidence(schools=8, folds=2))
    assert table["value"].notna().all()
    assert table["low"].isna().all()
    assert table["reason"].str.contains("fewer than 10 schools").all()


def test_paired_differences_are_differences_and_narrower_than_unpaired(evidence, table):
    paired = paired_differences(evidence, "candidate", "lightgbm")
    for _, row in paired.iterrows():
        ours, theirs = (of(table, model, row["metric"]) for model in ("candidate", "lightgbm"))
        assert row["value"] == pytest.approx(ours["value"] - theirs["value"], abs=1e-12)
        assert row["low"] <= row["value"] <= row["high"]
    auc = of(paired, "candidate", "roc_auc")
    single = of(table, "candidate", "roc_auc")
    assert auc["high"] - auc["low"] < 0.7 * (single["high"] - single["low"])
    mirrored = paired_differences(evidence, "lightgbm", "candidate")
    assert of(mirrored, "lightgbm", "roc_auc")["high"] == pytest.approx(-auc["low"])


def test_a_model_that_is_not_there_is_named(evidence):
    with pytest.raises(UsageError, match=r"no model 'ebm'; it has candidate, baseline, lightgbm"):
        paired_differences(evidence, "candidate", "ebm")


def test_recalibration_is_the_unpenalised_logistic_fit(evidence):
    predictions = OutOfFoldPredictions(evidence)
    found = recalibrate(predictions, predictions.score("candidate"))
    model = LogisticRegression(C=1e12, tol=1e-10).fit(predictions.score("candidate")[:, None], predictions.outcome)
    assert found.slope.value == pytest.approx(model.coef_[0, 0], rel=1e-4)
    assert found.intercept.value == pytest.approx(model.intercept_[0], abs=1e-4)


def test_a_calibrated_score_has_slope_one_and_one_twice_too_extreme_a_half(make_evidence):
    evidence = make_evidence(n=20_000, schools=100, seeds=1)
    rng = np.random.default_rng(1)
    score = rng.normal(-1, 1, len(evidence))
    evidence["outcome"] = (rng.random(len(evidence)) < expit(score)).astype("int8")
    predictions = OutOfFoldPredictions(evidence)
    assert recalibrate(predictions, score).slope.value == pytest.approx(1, abs=0.06)
    assert recalibrate(predictions, score).intercept.value == pytest.approx(0, abs=0.08)
    assert recalibrate(predictions, 2 * score).slope.value == pytest.approx(0.5, abs=0.03)
    assert "same score" in recalibrate(predictions, np.zeros(len(score))).slope.reason
    separating = np.where(predictions.outcome == 1, 5.0, -5.0) + rng.normal(0, 0.1, len(score))
    assert "perfect separation" in recalibrate(predictions, separating).slope.reason


def test_calibration_bins_add_up_and_hide_small_numbers(make_evidence):
    evidence = make_evidence(n=900, prevalence=0.1)
    bins = calibration_bins(evidence)
    assert bins["n"].sum() == pytest.approx(900)
    assert (bins["observed_percent"] * bins["n"]).sum() / 100 == pytest.approx(90)
    assert (bins["smallest_cell"] >= 10).all()
    assert 1 < len(bins) < 10, "bins with few cases are merged"
    assert bins["min_risk_percent"].is_monotonic_increasing
    assert bins["min_risk_percent"].iloc[0] == 0
    assert (bins["min_risk_percent"] % 1 == 0).all(), "an edge is not a child's own score"


def test_auc_and_ap_errors_are_those_of_leaving_schools_out_fold_by_fold():
    """Schools of very different size: the delete-one jackknife, centred in each fold, beside the influences."""
    rng = np.random.default_rng(4)
    evidence = synthetic_evidence(n=3000, schools=60, seeds=1, prevalence=0.15, icc=0.6)
    kept = rng.random(len(evidence)) < rng.uniform(0.1, 1.0, 60)[evidence["school"]]
    predictions = OutOfFoldPredictions(evidence[kept].reset_index(drop=True))
    found = mean_auc_and_ap(predictions, predictions.score("candidate"))

    def means(rows):
        return np.mean([auc_and_ap(s, y)[0] for s, y in rows], axis=0)

    score, positive = predictions.score("candidate"), predictions.outcome == 1
    folds = [np.flatnonzero(predictions.fold_id == block) for block in np.unique(predictions.fold_id)]
    variance = np.zeros(2)
    for fold in folds:
        others = [(score[rows], positive[rows]) for rows in folds if rows is not fold]
        schools = np.unique(predictions.school[fold])
        left = [fold[predictions.school[fold] != school] for school in schools]
        without = np.array([means([*others, (score[rows], positive[rows])]) for rows in left])
        variance += (len(schools) - 1) / len(schools) * ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    errors = [found[name].standard_error for name in ("roc_auc", "average_precision")]
    np.testing.assert_allclose(errors, np.sqrt(variance), rtol=0.06)
