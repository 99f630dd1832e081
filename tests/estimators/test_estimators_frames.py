"""Any table that a data scientist has: the same model and the same answers as with pandas frames of floats and text."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy.special import expit

from send_screen.errors import DataError
from send_screen.estimators import (
    AdditiveRiskClassifier,
    BaselineClassifier,
    BoostedTreesClassifier,
    PenalisedLogisticClassifier,
)

N = 300
rng = np.random.default_rng(0)
READING = pd.Series(rng.integers(40, 60, N)).astype(float).mask(rng.random(N) < 0.1)
PLAIN = pd.DataFrame(
    {
        "reading": READING,
        "absence": rng.gamma(2, 3, N),
        "goal": pd.Series(rng.choice(["1", "2"], N), dtype=object).mask(rng.random(N) < 0.1, None),
    }
)
PLAIN.loc[:1, "goal"] = ["1", "2"]  # a categorical of polars has its levels in this order
NEED = (rng.random(N) < expit(-1 + (READING.fillna(50) - 50) / 5 + 0.1 * PLAIN["absence"])).astype(int).to_numpy()
GOAL = {"goal": ["1", "2"]}
NUMBERS = ["reading", "absence"]


def dictionary(column):
    kind = pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
    return pd.Series(pa.array(column.tolist()).dictionary_encode(), dtype=kind)


FRAMES = {
    "pandas str": PLAIN.astype({"goal": "str"}),
    "pandas string": PLAIN.astype({"goal": "string"}),
    "pandas category": PLAIN.astype({"goal": "category"}),
    "pandas category of numbers": PLAIN.assign(goal=PLAIN["goal"].astype(float).astype("category")),
    "pandas nullable": PLAIN.convert_dtypes(),
    "pandas arrow": PLAIN.convert_dtypes(dtype_backend="pyarrow"),
    "pandas arrow dictionary": PLAIN.assign(goal=dictionary(PLAIN["goal"])),
    "polars": pl.from_pandas(PLAIN),
    "polars categorical": pl.from_pandas(PLAIN).with_columns(pl.col("goal").cast(pl.Categorical)),
    "polars enum": pl.from_pandas(PLAIN).with_columns(pl.col("goal").cast(pl.Enum(["1", "2"]))),
    "pyarrow": pa.Table.from_pandas(PLAIN),
}
ESTIMATORS = {
    "additive": lambda: AdditiveRiskClassifier(),
    "logistic": lambda: PenalisedLogisticClassifier(),
    "lightgbm": lambda: BoostedTreesClassifier(),
    "baseline": lambda: BaselineClassifier(features=["goal"], not_met=["1"], expected=["2"]),
}


@pytest.fixture(scope="module")
def plain():
    return {name: make().fit(PLAIN, NEED) for name, make in ESTIMATORS.items()}


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_frame_of_any_kind_gives_the_same_model_and_the_same_answers(plain, estimator, frame):
    X = FRAMES[frame]
    model = ESTIMATORS[estimator]().fit(X, NEED)
    expected = plain[estimator].decision_function(PLAIN)
    assert np.array_equal(model.decision_function(X), expected)
    assert np.array_equal(plain[estimator].decision_function(X), expected)
    explained, of_plain = model.explain(X), plain[estimator].explain(PLAIN)
    assert np.array_equal(explained.values, of_plain.values)
    assert np.array_equal(explained.data, of_plain.data, equal_nan=True)
    assert model.feature_names_in_.tolist() == list(PLAIN.columns)


@pytest.mark.parametrize("frame", FRAMES)
def test_tables_take_a_frame_of_any_kind(plain, frame):
    tables, X = plain["additive"].risk_tables_, FRAMES[frame]
    assert np.array_equal(tables.score(X), tables.score(PLAIN))
    assert np.array_equal(tables.contributions(X), tables.contributions(PLAIN))
    assert np.array_equal(tables.clipped(X), tables.clipped(PLAIN))
    assert np.array_equal(tables.unknown_category(X), tables.unknown_category(PLAIN))
    assert tables.term_importances(X).equals(tables.term_importances(PLAIN))
    assert np.array_equal(plain["additive"].bagged_tables_.score(X), plain["additive"].bagged_tables_.score(PLAIN))


def test_series_of_polars_are_an_outcome_groups_and_weights(plain):
    schools = [f"s{i % 20}" for i in range(N)]
    words = pl.Series(np.where(NEED, "yes", "no").tolist())
    model = AdditiveRiskClassifier().fit(
        pl.from_pandas(PLAIN), words, groups=pl.Series(schools), sample_weight=pl.Series(np.ones(N))
    )
    assert model.classes_.tolist() == ["no", "yes"]
    assert model.risk_tables_ == AdditiveRiskClassifier().fit(PLAIN, NEED, groups=schools).risk_tables_


def test_a_lazy_frame_is_asked_to_be_collected():
    with pytest.raises(TypeError, match=r"lazy frame.*X\.collect\(\)"):
        PenalisedLogisticClassifier().fit(pl.from_pandas(PLAIN).lazy(), NEED)


@pytest.mark.parametrize("estimator", ["additive", "logistic", "lightgbm"])
def test_arrays_then_frames_and_frames_then_arrays_are_as_in_scikit_learn(estimator):
    X, array = PLAIN[NUMBERS], PLAIN[NUMBERS].to_numpy()
    of_array, of_frame = (ESTIMATORS[estimator]().fit(given, NEED) for given in (array, X))
    with pytest.warns(UserWarning, match="X has feature names, but .* was fitted without feature names"):
        assert np.array_equal(of_array.decision_function(X), of_array.decision_function(array))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        assert np.array_equal(of_frame.decision_function(array), of_frame.decision_function(X))
    with pytest.warns(UserWarning, match="X has feature names"):
        assert of_array.explain(X).feature_names == ["x0", "x1"]


def test_an_array_of_objects_may_hold_levels():
    array = PLAIN.to_numpy(dtype=object)
    of_frame = PenalisedLogisticClassifier().fit(PLAIN, NEED)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        assert np.array_equal(of_frame.decision_function(array), of_frame.decision_function(PLAIN))
    of_array = PenalisedLogisticClassifier(categorical_features={"x2": ["1", "2"]}).fit(array, NEED)
    assert np.array_equal(of_array.decision_function(array), of_frame.decision_function(PLAIN))


def test_tables_of_a_model_without_names_take_arrays_and_no_others_do():
    array = PLAIN[NUMBERS].to_numpy()
    tables = PenalisedLogisticClassifier().fit(array, NEED).risk_tables_
    assert np.array_equal(tables.score(array), tables.score(pd.DataFrame(array, columns=["x0", "x1"])))
    assert np.array_equal(tables.score(pd.DataFrame(array)), tables.score(array))
    with pytest.raises(DataError, match="missing: 'reading'"):
        PenalisedLogisticClassifier().fit(PLAIN[NUMBERS], NEED).risk_tables_.score(array)


def test_text_is_categorical_without_being_named_but_no_value_of_a_few_children_is_a_level():
    goal = PLAIN["goal"].copy()
    goal.iloc[:9] = "Ada Example"
    model = PenalisedLogisticClassifier().fit(PLAIN.assign(goal=goal), NEED)
    assert model.categorical_features_ == GOAL
    assert "Ada" not in model.risk_tables_.to_json()
    named = PenalisedLogisticClassifier(categorical_features=GOAL).fit(PLAIN.assign(goal=goal), NEED)
    assert model.risk_tables_ == named.risk_tables_
    with pytest.raises(ValueError, match="'monotonic_cst' of 'goal' needs an order"):
        PenalisedLogisticClassifier(monotonic_cst={"goal": "decreasing"}).fit(PLAIN, NEED)


def test_numbers_that_are_levels_count_by_their_text():
    numbers = PLAIN.assign(goal=PLAIN["goal"].astype(float))
    model = PenalisedLogisticClassifier(categorical_features={"goal": [1, 2]}).fit(numbers, NEED)
    assert model.risk_tables_ == PenalisedLogisticClassifier(categorical_features=GOAL).fit(PLAIN, NEED).risk_tables_
