import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from send_screen.errors import DataError, LeakageError
from send_screen.evaluation import out_of_school_folds, verify_folds


def test_folds_are_those_of_the_stated_splitter_on_rows_in_file_order():
    rng = np.random.default_rng(0)
    school = rng.integers(0, 40, 800).astype(str)
    y = rng.integers(0, 2, 800)
    fold = out_of_school_folds(y, school, folds=5, seed=7)
    splitter = StratifiedGroupKFold(5, shuffle=True, random_state=7)
    for number, (_, held_out) in enumerate(splitter.split(np.zeros(800), y, school)):
        assert np.array_equal(np.flatnonzero(fold == number), held_out)


@settings(max_examples=settings().max_examples // 4)
@given(seed=st.integers(0, 1000), schools=st.integers(10, 40))
def test_no_school_is_ever_in_two_folds(seed, schools):
    rng = np.random.default_rng(seed)
    school = rng.integers(0, schools, 400)
    fold = out_of_school_folds(np.arange(400) % 2, school, folds=3, seed=seed)
    assert all(len(np.unique(fold[school == s])) == 1 for s in np.unique(school))
    assert set(fold) == {0, 1, 2}


def test_a_shared_school_is_found_without_trusting_the_splitter_and_is_not_named():
    with pytest.raises(LeakageError, match="1 of 2 schools") as caught:
        verify_folds([0, 0, 1, 1], ["secret", "other", "other", "other"])
    assert "secret" not in str(caught.value)
    assert "other" not in str(caught.value)
    assert caught.value.rule == "FOLDS-SHARE-SCHOOL"


def test_a_child_without_a_fold_is_found():
    with pytest.raises(LeakageError, match="1 rows are in no fold"):
        verify_folds([0, -1, 1], ["a", "b", "c"])


@pytest.mark.parametrize(
    ("y", "school", "words"),
    [
        (np.arange(20) % 2, np.repeat(["a", "b"], 10), "need at least 5 groups; there are 2"),
        (np.zeros(20, dtype=int), np.arange(20), "5 rows with and 5 without"),
    ],
)
def test_too_little_to_split_is_said_in_words(y, school, words):
    with pytest.raises(DataError, match=words):
        out_of_school_folds(y, school, folds=5, seed=0)
