"""Scores, exact contributions and what was out of range, from tables with numpy and pandas alone."""

import dataclasses
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from send_screen.errors import DataError, TablesError
from send_screen.tables import LevelsTerm, LinearTerm, RiskTables

READING = LinearTerm(feature="reading", slope=-0.5, low=10.0, high=20.0, missing=-5.0, mean=-7.0, n=90, n_missing=10)
SPEAKING = LevelsTerm(feature="speaking", levels={"1": 1.5, "2": -0.25}, missing=0.25, mean=0.1, n=100, n_missing=0)
TABLES = RiskTables(intercept=4.0, terms=(READING, SPEAKING), n_training=100, name="synthetic")


def children(reading, speaking):
    return pd.DataFrame({"reading": pd.Series(reading, dtype=float), "speaking": pd.Series(speaking, dtype=object)})


X = children([12.0, np.nan, 3.0, 20.5], ["1", None, "2", "3"])


def test_the_score_is_the_sum_of_what_the_tables_say():
    expected = [4.0 - 6.0 + 1.5, 4.0 - 5.0 + 0.25, 4.0 - 5.0 - 0.25, 4.0 - 10.0 + 0.25]
    assert TABLES.score(X).tolist() == expected
    assert TABLES.score(X).dtype == np.float64


def test_contributions_are_the_centred_terms_and_add_up():
    contributions = TABLES.contributions(X)
    assert contributions.shape == (4, 2)
    np.testing.assert_allclose(contributions[:, 0], [1.0, 2.0, 2.0, -3.0])
    np.testing.assert_allclose(contributions[:, 1], [1.4, 0.15, -0.35, 0.15])
    np.testing.assert_allclose(TABLES.base_value + contributions.sum(axis=1), TABLES.score(X), rtol=1e-12)


def test_a_value_beyond_the_range_is_clamped_and_counted_and_a_missing_one_is_not():
    assert TABLES.clipped(X).tolist() == [[False, False], [False, False], [True, False], [True, False]]
    typo = children([1e9], ["2"])
    assert TABLES.score(typo) == TABLES.score(children([20.0], ["2"]))


def test_a_value_that_changes_nothing_is_not_counted_as_clamped():
    flat = dataclasses.replace(READING, slope=0.0)
    assert not flat.clipped(X["reading"]).any()


def test_an_unseen_level_scores_as_a_missing_one_and_is_counted():
    assert TABLES.unknown_category(X).tolist() == [[False, False], [False, False], [False, False], [False, True]]
    assert SPEAKING.missing
    assert TABLES.score(children([12.0], ["3"])) == TABLES.score(children([12.0], [None]))


def test_a_text_column_of_pandas_scores_as_an_object_column():
    as_str = X.astype({"speaking": "str"})
    assert np.array_equal(TABLES.score(as_str), TABLES.score(X))
    assert np.array_equal(TABLES.unknown_category(as_str), TABLES.unknown_category(X))


@pytest.mark.parametrize("method", ["score", "contributions", "clipped", "unknown_category"])
@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (X[["speaking", "reading"]], "position 1 should be 'reading' but is 'speaking'"),
        (X[["reading"]], "missing: 'speaking'"),
        (X.assign(sex="F"), "not expected: 'sex'"),
        (pd.concat([X, X["reading"]], axis=1), "more than once: 'reading'"),
    ],
)
def test_other_columns_are_refused_with_the_difference(method, frame, words):
    with pytest.raises(DataError, match=words):
        getattr(TABLES, method)(frame)


def test_cells_of_the_wrong_type_are_refused_without_quoting_them():
    with pytest.raises(DataError) as caught:
        TABLES.score(pd.DataFrame({"reading": ["Ada Example"], "speaking": ["1"]}))
    assert caught.value.column == "reading"
    assert "Ada" not in str(caught.value)
    with pytest.raises(DataError, match="levels as text") as caught:
        TABLES.score(pd.DataFrame({"reading": [12.0], "speaking": [7413.0]}))
    assert "7413" not in str(caught.value)


@pytest.mark.parametrize("error", [1e-6, np.nan])
def test_contributions_are_checked_against_the_score_every_time(error, monkeypatch):
    base_value = TABLES.base_value
    monkeypatch.setattr(RiskTables, "base_value", property(lambda self: base_value + error))
    with pytest.raises(TablesError, match="do not add up"):
        TABLES.contributions(X)


def test_scoring_a_child_alone_or_with_others_gives_the_same_bits():
    rng = np.random.default_rng(0)
    many = children(rng.normal(15, 4, 500), rng.choice(["1", "2"], 500))
    alone = [TABLES.score(many.iloc[[i]])[0] for i in range(0, 500, 50)]
    assert alone == TABLES.score(many)[::50].tolist()


def test_no_children_and_no_terms_are_fine():
    assert TABLES.contributions(X[:0]).shape == (0, 2)
    empty = RiskTables(intercept=1.0, terms=(), n_training=0, name="")
    assert empty.score(X[[]]).tolist() == [1.0] * 4
    assert empty.clipped(X[[]]).shape == (4, 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slope": float("nan")}, "'slope' must be a finite number"),
        ({"low": 21.0}, "'low' must not be above 'high'"),
        ({"missing": float("inf")}, "'missing' must be a finite number"),
        ({"slope": 1e308, "high": 1e10}, "beyond what can be computed"),
        ({"feature": ""}, "'feature' must be a name"),
        ({"n": -1}, "'n' must be a count"),
    ],
)
def test_a_term_that_cannot_be_is_refused(change, words):
    with pytest.raises(TablesError, match=words):
        dataclasses.replace(READING, **change)


def test_tables_that_cannot_be_are_refused():
    with pytest.raises(TablesError, match="'reading' has two terms"):
        dataclasses.replace(TABLES, terms=(READING, READING))
    with pytest.raises(TablesError, match="'intercept'"):
        dataclasses.replace(TABLES, intercept=float("inf"))
    with pytest.raises(TablesError, match="'1' must be a finite"):
        dataclasses.replace(SPEAKING, levels={"1": float("nan")})
    huge = [dataclasses.replace(READING, feature=f, slope=0.0, missing=1.7e308) for f in "ab"]
    with pytest.raises(TablesError, match="more than can be computed"):
        dataclasses.replace(TABLES, terms=tuple(huge))


def test_tables_need_no_machine_learning_library():
    heavy = ["sklearn", "lightgbm", "interpret", "shap", "mlflow", "fairlearn", "matplotlib", "scipy", "numba"]
    code = f"import sys, send_screen.tables; sys.exit(bool(set({heavy}) & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
