"""Any model's scores get the report of a version: the same figures, under the same disclosure control."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from send_screen import cross_evaluate, evaluate
from send_screen.cohorts import load_cohort
from send_screen.errors import DataError, UsageError
from send_screen.evaluation import measured_sections, out_of_school_folds
from send_screen.specs import load_spec


@pytest.fixture(scope="module")
def strangers() -> dict[str, Any]:
    """A stranger's table: 2,000 rows in 40 courses, with a score that knows something."""
    rng = np.random.default_rng(0)
    n = 2_000
    course = rng.integers(0, 40, n)
    X = pd.DataFrame({"early": rng.normal(size=n) + rng.normal(0, 0.3, 40)[course], "other": rng.normal(size=n)})
    y = pd.Series((rng.random(n) < expit(X["early"] + 0.5 * X["other"] - 1.5)).astype(int))
    sensitive = pd.DataFrame({"sex": rng.choice(["women", "men"], n), "entry": rng.choice([1.0, 2.0, np.nan], n)})
    return {"X": X, "y": y, "course": course, "sensitive": sensitive, "risk": expit(X["early"] - 1.5)}


@pytest.fixture(scope="module")
def as_trained(trained: Any, small_spec: Any) -> dict[str, Any]:
    """A version's out-of-fold scores as columns in the order of its cohort, as a stranger would have them."""
    spec = load_spec(small_spec)
    cohort = load_cohort(spec, trained.data)
    seed = int(spec.sha256[:8], 16)
    evidence = trained.made.out_of_fold.sort_values("row", ignore_index=True)
    rows = evidence.iloc[np.random.default_rng(seed).permutation(len(cohort))]
    assert (rows["outcome"].to_numpy() == cohort.y.to_numpy()).all()
    scores = {name: expit(rows[f"score.{name}"].to_numpy()) for name in ("candidate", "baseline", "lightgbm")}
    return {
        "y_true": pd.Series(cohort.y.to_numpy(), index=cohort.ids),
        "y_score": scores["candidate"],
        "baseline": scores["baseline"],
        "challengers": {"lightgbm": scores["lightgbm"]},
        "sensitive_features": cohort.sensitive,
        "groups": cohort.school,
        "fold": rows["fold"].to_numpy(),
        "capacity": spec.capacity,
        "tolerances": spec.tolerance.model_dump(),
        "random_state": seed,
    }


def _assert_same(found: Any, expected: Any) -> None:
    ours, theirs = (
        pd.DataFrame([row.model_dump(exclude={"description", "group_description"}) for row in rows])
        for rows in (found, expected)
    )
    assert len(ours)
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-6, atol=1e-9)


def test_its_figures_are_those_that_train_publishes(trained: Any, as_trained: dict[str, Any]) -> None:
    found, published = evaluate(**as_trained).published, trained.made.published
    only_of_versions = ("selection_probability", "_at_operating_point")
    _assert_same(found.performance, [row for row in published.performance if not row.metric.endswith(only_of_versions)])
    for section in ("differences", "calibration", "net_benefit"):
        _assert_same(getattr(found, section), getattr(published, section))


def test_its_groups_are_measured_and_withheld_by_the_same_code(trained: Any, as_trained: dict[str, Any]) -> None:
    found = evaluate(**as_trained).published
    expected = measured_sections(trained.made.out_of_fold, tolerances=as_trained["tolerances"])
    for section in ("groups", "gaps"):
        _assert_same(getattr(found, section), getattr(expected, section))
    assert any(row.reason == "withheld to protect small groups" for row in found.groups)
    assert found.material_gaps == expected.material_gaps


def test_results_are_tidy_frames_with_a_reason_where_a_figure_is_undefined(strangers: dict[str, Any]) -> None:
    few = strangers["sensitive"].assign(rare=np.where(np.arange(2_000) < 7, "a few", "all others"))
    found = evaluate(strangers["y"], strangers["risk"], groups=strangers["course"], sensitive_features=few)
    assert {"attribute", "group", "metric", "n", "value", "low", "high", "reason"} <= set(found.groups)
    assert {"model", "metric", "n", "value", "low", "high", "reason"} <= set(found.performance)
    assert set(found.groups.loc[found.groups["attribute"] == "entry", "group"]) == {"1", "2", "not recorded"}
    assert {str(found.groups["n"].dtype), str(found.gaps["required_n"].dtype)} == {"Int64"}
    counts = found.groups["n"].dropna()
    assert not counts.between(1, 9).any()
    undefined = found.groups[found.groups["value"].isna()]
    assert len(undefined)
    assert (undefined["reason"] != "").all()
    assert set(found.gaps["verdict"]) <= {
        "within tolerance", "outside tolerance", "inconclusive", "withheld to protect small groups"
    }  # fmt: skip


def test_without_schools_intervals_are_by_child_and_the_page_says_so(strangers: dict[str, Any]) -> None:
    by_child = evaluate(strangers["y"], strangers["risk"])
    by_course = evaluate(strangers["y"], strangers["risk"], groups=strangers["course"], clusters=("course", "courses"))
    assert "takes each child by itself" in by_child.report
    assert "each stands alone" in by_child.report
    assert by_child.published.cohort.n_schools is None
    assert "knows that children sit in courses" in by_course.report
    assert "2,000 children in 40 courses" in by_course.report
    value = [found.performance.set_index("metric")["value"]["roc_auc"] for found in (by_child, by_course)]
    assert value[0] == value[1]


def test_people_are_called_what_they_are(strangers: dict[str, Any]) -> None:
    found = evaluate(
        strangers["y"],
        strangers["risk"],
        groups=strangers["course"],
        sensitive_features=strangers["sensitive"],
        challengers={"a coin": np.linspace(0.1, 0.2, 2_000)},
        children=("applicant", "applicants"),
        clusters=("course", "courses"),
        outcome_description="left with a child",
    )
    said = found.report[found.report.index("<body>") : found.report.index("<script>")] + found.to_text()
    assert not re.search(r"\bchild(ren)?\b", said.replace("left with a child", ""), re.IGNORECASE)
    assert "Of 100 applicants who later left with a child" in said
    assert "an applicant" in said or "each applicant" in said or "no applicant" in said
    for words in (("applicant", "<b>"), ("", "applicants"), ("applicant",), "applicants"):
        for what in ("children", "clusters"):
            with pytest.raises(UsageError, match=f"{what} must be two words of letters"):
                evaluate(strangers["y"], strangers["risk"], **{what: words})


def test_the_page_claims_nothing_that_is_not_known_of_a_strangers_model(strangers: dict[str, Any]) -> None:
    found = evaluate(
        strangers["y"],
        strangers["risk"],
        sensitive_features=strangers["sensitive"],
        groups=strangers["course"],
        challengers={"a coin": np.linspace(0.1, 0.2, 2_000)},
        outcome_description="left the course",
        clusters=("course", "courses"),
        title="Our model",
    )
    text = re.sub(r"<[^>]+>", " ", found.report[found.report.index("<body>") : found.report.index("<script>")])
    for words in ("need", "EPI", "SEN", "English", "identified", "champion", "gate", "school", "version", "the rule"):
        assert not re.search(rf"\b{words}", text), words
    assert "who later left the course" in text
    assert "a model had seen these children before is not known here" in text
    assert "a coin" in text


def test_a_rule_to_beat_is_called_what_it_is(strangers: dict[str, Any]) -> None:
    page = evaluate(strangers["y"], strangers["risk"], baseline=strangers["X"]["early"] > 0).report
    assert "and the rule " in page
    assert "one-line" not in page


def test_of_scores_that_are_no_probabilities_only_the_order_counts(strangers: dict[str, Any]) -> None:
    options = {"sensitive_features": strangers["sensitive"], "groups": strangers["course"]}
    points = evaluate(strangers["y"], 100 * strangers["X"]["early"], **options)
    risk = evaluate(strangers["y"], strangers["risk"], **options)
    reasons = points.performance.set_index("metric")["reason"]
    assert reasons["calibration_slope"] == reasons["calibration_intercept"] == "the scores are not probabilities"
    of_groups = points.groups.set_index("metric").loc[["calibration_slope", "calibration_in_the_large"]]
    assert of_groups["value"].isna().all()
    assert points.calibration.empty
    assert points.net_benefit.empty
    assert set(points.gaps["metric"]) == {"false_negative_rate", "false_positive_rate"}
    assert "only their order counts" in points.report
    order = ["roc_auc", "average_precision", "recall", "precision"]
    values = [found.performance.set_index("metric").loc[order, ["value", "low", "high"]] for found in (points, risk)]
    pd.testing.assert_frame_equal(*values)


def test_a_probability_of_0_or_1_has_a_place_in_the_order_and_no_slope(strangers: dict[str, Any]) -> None:
    found = evaluate(strangers["y"], strangers["risk"].clip(0.2, 0.3) * 10 - 2).performance.set_index("metric")
    assert found.loc["calibration_slope", "reason"] == "a child's probability is 0 or 1, which has no log-odds"
    assert found.loc["roc_auc", "value"] > 0.6


class ByProbability:
    """What LightGBM, CatBoost and XGBoost have in common: no scikit-learn, a signature of their own, probabilities."""

    def fit(self, X: Any, y: Any, eval_set: Any = None) -> None:
        self.inner = GaussianNB().fit(np.asarray(X), y)

    def predict_proba(self, X: Any) -> Any:
        return self.inner.predict_proba(np.asarray(X))


def test_it_says_on_which_fold_seeds_models_were_fitted(strangers: dict[str, Any]) -> None:
    X, y, course = strangers["X"], strangers["y"], strangers["course"]
    found = cross_evaluate(ByProbability(), X, y, groups=course, folds=2, seeds=(3, 7))
    assert found.to_dict()["version"]["fold_seeds"] == [3, 7]
    assert "This was done with 2 splits" in found.report


def test_any_estimators_are_compared_out_of_fold_in_the_same_schools(strangers: dict[str, Any]) -> None:
    X, y, course = strangers["X"], strangers["y"], strangers["course"]
    logistic = LogisticRegression()
    found = cross_evaluate(
        logistic,
        X,
        y,
        groups=course,
        sensitive_features=strangers["sensitive"],
        challengers={"Bayes": ByProbability(), "forest": RandomForestClassifier(10, random_state=0)},
        folds=4,
        clusters=("course", "courses"),
    )
    assert not hasattr(logistic, "coef_"), "the estimator that was given is cloned"
    fold = out_of_school_folds(y, pd.factorize(course)[0], folds=4, seed=0)
    scores = {name: np.empty(len(y)) for name in ("logistic", "Bayes")}
    for number in range(4):
        training, held_out = fold != number, fold == number
        scores["logistic"][held_out] = (
            LogisticRegression().fit(X[training], y[training]).predict_proba(X[held_out])[:, 1]
        )
        scores["Bayes"][held_out] = (
            GaussianNB().fit(X[training].to_numpy(), y[training]).predict_proba(X[held_out].to_numpy())[:, 1]
        )
    same = evaluate(y, scores["logistic"], groups=course, challengers={"Bayes": scores["Bayes"]}, fold=fold)
    shown = found.performance[found.performance["model"] != "forest"]
    pd.testing.assert_frame_equal(shown, same.performance)
    assert same.published.version.fold_seeds == ()
    assert set(found.differences["against"]) == {"Bayes", "forest"}
    assert "Beside Bayes" in found.report
    assert "So no child is scored by a model that has seen it, or its courses." in found.report
    assert repr(found) == "<Evaluation: LogisticRegression: evaluated on 2,000 children.>"


class Frame:
    """A frame of another library, such as polars: columns by name, each an array."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns, self.columns = columns, list(columns)

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]


def test_arrays_lists_and_frames_say_the_same(strangers: dict[str, Any]) -> None:
    y, risk, course = (np.asarray(strangers[name]) for name in ("y", "risk", "course"))
    sex = strangers["sensitive"]["sex"]
    expected = evaluate(y, risk, groups=course, sensitive_features=sex).to_dict()
    for features in (Frame({"sex": sex.to_numpy()}), {"sex": sex.tolist()}, sex.astype("category")):
        found = evaluate(y.tolist(), risk.tolist(), groups=[f"c{c}" for c in course], sensitive_features=features)
        assert found.to_dict() == expected
    unnamed = evaluate(y == 1, risk, groups=course, sensitive_features=sex.tolist())
    assert unnamed.groups["attribute"].unique().tolist() == ["sensitive_feature_0"]


def test_a_sensitive_feature_may_have_any_name(strangers: dict[str, Any]) -> None:
    sex = strangers["sensitive"]["sex"].to_numpy()
    found = evaluate(strangers["y"], strangers["risk"], sensitive_features=dict.fromkeys(("n", "outcome", "flag"), sex))
    assert found.groups.groupby("attribute")["value"].apply(list).map(str).nunique() == 1


def test_the_account_says_why_a_figure_is_not_there() -> None:
    rng = np.random.default_rng(0)
    few = evaluate(np.arange(60) % 3 == 0, rng.random(60))
    assert "withheld to protect small groups" in few.to_text()


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(strangers: dict[str, Any]) -> None:
    html = evaluate(strangers["y"], strangers["risk"], title="<b>mine</b>")._repr_html_()
    assert html.startswith("<iframe srcdoc=")
    assert 'sandbox="allow-scripts"' in html
    assert "<b>" not in html
    assert html.count("<") == 2, "all of the page is inside the attribute"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"y_true": ["yes", "no"] * 1_000}, UsageError, "1 where the outcome happened"),
        ({"y_true": np.zeros(2_000)}, DataError, "the same outcome"),
        ({"y_score": np.column_stack([np.full(2_000, 0.2), np.full(2_000, 0.8)])}, UsageError, "one column"),
        ({"y_score": np.full(1_999, 0.2)}, UsageError, "1,999 rows"),
        ({"y_score": np.full(2_000, np.nan)}, DataError, "none missing"),
        ({"y_score": ["high"] * 2_000}, UsageError, "numbers"),
        ({"groups": [None] * 2_000}, DataError, "not known of 2,000 rows"),
        ({"sensitive_features": {"sex": ["F"]}}, UsageError, "1 rows"),
        ({"challengers": {"baseline": np.full(2_000, 0.2)}}, UsageError, "cannot be called 'baseline'"),
        ({"fold": np.full(2_000, 0.5)}, UsageError, "number of the fold"),
        ({"capacity": 1.5}, UsageError, "a share between"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_in_a_sentence(
    strangers: dict[str, Any], change: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        evaluate(**{"y_true": strangers["y"], "y_score": strangers["risk"]} | change)


def test_it_needs_no_mlflow_lightgbm_shap_or_matplotlib() -> None:
    code = (
        "import sys; from send_screen import evaluate; import numpy as np; rng = np.random.default_rng(0);"
        "evaluate(rng.integers(0, 2, 400), rng.random(400)).report;"
        "sys.exit(bool({'mlflow', 'lightgbm', 'shap', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_level_may_hold_the_sign_that_stands_between_crossed_groups(strangers: dict[str, Any]) -> None:
    named = pd.DataFrame({"a × b": np.where(strangers["sensitive"]["sex"] == "men", "4 × 4", "another")})
    found = evaluate(strangers["y"], strangers["risk"], groups=strangers["course"], sensitive_features=named)
    assert set(found.groups["attribute"]) == {"a x b"}
    assert set(found.groups["group"]) == {"4 x 4", "another"}
    assert found.report


def between_bins_and_list(document: dict[str, Any], capacity: float) -> list[float]:
    """How many children, of all and with the outcome, the bins from one up have more than the list, or fewer."""
    bins = sorted(document["calibration"], key=lambda row: -row["bin"])
    n = np.cumsum([row["n"] for row in bins])
    events = np.cumsum([row["n"] * row["observed_percent"] / 100 for row in bins])
    (precision,) = (
        row["value"] for row in document["performance"] if (row["model"], row["metric"]) == ("candidate", "precision")
    )
    k = np.floor(capacity * document["cohort"]["n"] + 0.5)
    return [abs(found) for one, with_it in zip(n, events, strict=True) for found in (with_it - precision * k, one - k)]


@pytest.mark.parametrize("capacity", [0.05, 0.099, 0.1, 0.102, 0.195, 0.3])
def test_a_bin_does_not_begin_a_few_children_from_the_end_of_the_list(
    strangers: dict[str, Any], capacity: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def apart() -> list[float]:
        n = 1_996  # a tenth is no whole number of children
        found = evaluate(strangers["y"][:n], strangers["risk"][:n], capacity=capacity)
        return between_bins_and_list(found.published.model_dump(), capacity)

    assert not [each for each in apart() if 1e-6 < each < 10 - 1e-6]
    monkeypatch.setattr("send_screen.evaluation._calibration._few_apart", lambda *_: False)
    assert bool([each for each in apart() if 1e-6 < each < 10 - 1e-6]) == (capacity in (0.099, 0.102, 0.195))
