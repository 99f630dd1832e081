"""The bagged ensemble: jackknife standard errors, selection probabilities, and its file."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from send_screen.errors import TablesError
from send_screen.tables import (
    BaggedTables,
    InteractionTerm,
    LevelsTerm,
    LinearTerm,
    RiskTables,
    ShapeTerm,
    with_standard_errors,
)
from send_screen.tables._bagged import student_t_cdf, student_t_quantile


def model(slope: float, step: float = 0.0, level: float = 0.0, cell: float = 0.0) -> RiskTables:
    line = LinearTerm(
        feature="reading", slope=slope, low=0.0, high=10.0, missing=0.0, mean=5 * slope, n=90, n_missing=10
    )
    shape = ShapeTerm(
        feature="age", edges=(5.0,), values=(0.0, step), slope=0.0, low=0.0, high=10.0, missing=0.0, mean=step / 2,
        n=(50, 40), n_missing=10,
    )  # fmt: skip
    levels = LevelsTerm(feature="place", levels={"town": 0.0, "city": level}, missing=0.0, mean=0.0, n=90, n_missing=10)
    interaction = InteractionTerm(
        features=("reading", "age"),
        edges=((5.0,), (5.0,)),
        values=((cell, -cell, 0.0), (-cell, cell, 0.0), (0.0, 0.0, 0.0)),
        mean=0.0,
    )
    return RiskTables(
        intercept=0.0, terms=(line, shape, levels), n_training=100, name="synthetic", interactions=(interaction,)
    )


def bags_of(slopes: list[float], repeats: list[int], typical: float = 0.0) -> BaggedTables:
    return BaggedTables(tuple(model(slope) for slope in slopes), tuple(repeats), typical)


CHILDREN = pd.DataFrame(
    {
        "reading": [0.0, 2.0, 4.0, 6.0, 8.0],
        "age": [1.0, 9.0, np.nan, 1.0, 9.0],
        "place": ["town", "city", None, "town", "city"],
    }
)


def test_the_standard_error_is_the_delete_a_group_jackknife_over_repeats() -> None:
    """For a mean it is the textbook's: four groups of one, each left out once, give s / sqrt(4)."""
    values = np.array([3.0, 5.0, 10.0, 2.0])
    left_out = np.array([(values.sum() - value) / 3 for value in values])
    bags = bags_of([1.0] * 8, [0] * 4 + [1] * 4)
    both = np.concatenate([left_out, left_out[::-1]])
    assert bags.standard_error(both) == pytest.approx(values.std(ddof=1) / 2, rel=1e-12)
    # a repeat that disagrees with the other in level says nothing of the variance within
    assert bags.standard_error(np.concatenate([left_out, left_out + 7])) == pytest.approx(
        values.std(ddof=1) / 2, rel=1e-12
    )


def test_student_is_scipys() -> None:
    at = np.linspace(-8, 8, 41)
    for degrees in (2, 4, 12, 28):
        np.testing.assert_allclose(student_t_cdf(at, degrees), t.cdf(at, degrees), atol=1e-14)
        assert student_t_quantile(0.975, degrees) == pytest.approx(t.ppf(0.975, degrees), rel=1e-10)


def test_the_interval_is_that_of_another_model_with_the_variance_moderated() -> None:
    bags = bags_of([1.0, 1.2, 0.8, 1.0], [0, 0, 1, 1], typical=0.3)
    bag_scores = bags.score(CHILDREN)
    score = bag_scores.mean(axis=0)
    low, high = bags.prediction_interval(score, bag_scores)
    moderated = (bags.standard_error(bag_scores) ** 2 + 0.3) / 2
    width = t.ppf(0.975, 4) * np.sqrt(2 * moderated)
    np.testing.assert_allclose((high - low) / 2, width, rtol=1e-10)
    np.testing.assert_allclose((high + low) / 2, score, atol=1e-12)


def test_the_selection_probability_is_a_half_at_the_threshold_and_keeps_the_order_when_bags_agree() -> None:
    bags = bags_of([1.0, 1.0], [0, 0], typical=1.0)
    score = CHILDREN["reading"].to_numpy()
    probability = bags.selection_probability(score, np.array([score, score]), 2)
    assert (np.diff(probability) > 0).all()
    assert (probability > 0.5).sum() == 2
    # the threshold lies halfway between 4 and 6, so both are as far from a half
    assert probability[2] + probability[3] == pytest.approx(1.0, abs=1e-12)


def test_a_child_whom_bags_put_on_either_side_has_a_lower_probability_than_one_they_agree_on() -> None:
    score = np.array([3.0, 2.0, 1.0, 0.0])
    agree = np.array([score, score, score, score])
    differ = agree.copy()
    differ[:2, 1] += 1.5
    differ[2:, 1] -= 1.5
    bags = bags_of([1.0] * 4, [0, 0, 1, 1], typical=0.1)
    differ = differ[[0, 2, 1, 3]]
    assert bags.selection_probability(score, differ, 2)[1] < bags.selection_probability(score, agree, 2)[1]


@pytest.mark.parametrize(("k", "probability"), [(0, 0.0), (5, 1.0), (9, 1.0)])
def test_where_nobody_or_everybody_is_listed_nothing_is_in_doubt(k: int, probability: float) -> None:
    bags = bags_of([1.0, 2.0], [0, 0])
    assert bags.selection_probability(np.arange(5.0), bags.score(CHILDREN), k).tolist() == [probability] * 5


def test_bags_that_do_not_differ_at_all_are_sure_and_no_division_by_zero_is_seen() -> None:
    bags = bags_of([1.0, 1.0], [0, 0])
    score = np.array([2.0, 1.0, 1.0])
    assert bags.selection_probability(score, np.array([score, score]), 1).tolist() == [1.0, 0.0, 0.0]
    assert bags.selection_probability(np.ones(3), np.ones((2, 3)), 1).tolist() == [0.5] * 3


def test_a_round_trip_gives_the_same_bags() -> None:
    bags = BaggedTables((model(1.0, 0.1, 0.2, 0.3), model(1.5, 0.2, -0.1, 0.1)), (0, 0), 0.125)
    text = bags.to_json()
    assert BaggedTables.from_json(text) == bags
    assert BaggedTables.from_json(text).to_json() == text
    assert json.loads(text)["format"] == "send_screen.bagged_tables/1"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("bagged_tables/1", "bagged_tables/2", r"\$.format"),
        ('"repeats": [0, 0]', '"repeats": [0]', "one or more, each with its"),
        ('"repeats": [0, 0]', '"repeats": [0, 1]', "two bags or more"),
        ('"repeats": [0, 0]', '"repeats": [0, -1]', r"\$.repeats\[1\]"),
        ('"typical_variance": 0.5', '"typical_variance": -0.5', r"\$.typical_variance"),
        ('"typical_variance": 0.5', '"typical_variance": NaN', "NaN"),
        ('"typical_variance": 0.5', '"typical_variance": 0.5, "more": 1', "is not a key here"),
        ('"feature": "age"', '"feature": "agf"', r"\$.bags\[0\]|same features|has no term"),
        ('"slope": 1.5', '"slope": "1.5"', r"\$.bags\[1\]"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_with_its_place(old: str, new: str, said: str) -> None:
    text = BaggedTables((model(1.0), model(1.5)), (0, 0), 0.5).to_json()
    assert old in text
    with pytest.raises(TablesError, match=said):
        BaggedTables.from_json(text.replace(old, new, 1))


def test_a_file_cut_off_is_refused() -> None:
    text = BaggedTables((model(1.0), model(1.5)), (0, 0), 0.5).to_json()
    with pytest.raises(TablesError, match="damaged or cut off"):
        BaggedTables.from_json(text[: len(text) // 2])


def test_no_bags_at_all_are_refused() -> None:
    with pytest.raises(TablesError, match="one or more"):
        BaggedTables((), (), 0.0)


def test_each_bin_has_the_standard_error_of_its_middle() -> None:
    bags = BaggedTables((model(1.0, 0.0, 0.0, 0.0), model(1.0, 0.4, 0.6, 0.2)), (0, 0), 0.0)
    _, age, place = with_standard_errors(model(1.0, 0.2, 0.3, 0.1), bags).terms
    # beside their means the shapes say 0 and 0, and -.2 and +.2; for two bags se^2 is half the sum of squares
    assert age.standard_error == pytest.approx((0.1, 0.1, 0.1))
    assert place.standard_error == pytest.approx((0.0, 0.3, 0.0))
    (interaction,) = with_standard_errors(model(1.0, 0.2, 0.3, 0.1), bags).interactions
    assert np.array(interaction.standard_error) == pytest.approx(np.array([[0.1, 0.1, 0], [0.1, 0.1, 0], [0, 0, 0]]))


def test_an_interaction_that_a_bag_has_not_is_zero_there() -> None:
    tables = model(1.0, cell=0.1)
    bags = BaggedTables((replace(tables, interactions=()), model(1.0, cell=0.2)), (0, 0), 0.0)
    (interaction,) = with_standard_errors(tables, bags).interactions
    assert interaction.standard_error[0][0] == pytest.approx(0.1)


def test_the_error_of_a_term_is_moderated_by_its_mean_variance_over_the_training_children() -> None:
    slopes = [0.0, 0.1, 0.0, 0.3]
    line = ShapeTerm(
        feature="age", edges=(5.0,), values=(0.0, 0.0), slope=0.1, low=0.0, high=10.0, missing=0.0, mean=0.0,
        n=(300, 100), n_missing=100,
    )  # fmt: skip
    bags = BaggedTables(
        tuple(RiskTables(0.0, (replace(line, slope=slope),), 500, "a bag") for slope in slopes),
        (0, 0, 1, 1),
        1.0,
    )
    error = bags.standard_error(np.array(slopes))  # for one year; where the value is missing all bags agree
    rng = np.random.default_rng(0)
    children = np.concatenate([rng.uniform(0, 5, 300_000), rng.uniform(5, 10, 100_000), np.zeros(100_000)])
    typical = float(np.mean((error * children) ** 2))
    found = bags.term_error(line, np.array([0.0, 8.0, np.nan]))
    expected = np.sqrt((np.array([0.0, 8.0 * error, 0.0]) ** 2 + typical) / 2)
    assert found == pytest.approx(expected, rel=2e-3)
    # without counts, every bin counts alike
    untold = bags.term_error(replace(line, n=None, n_missing=None), np.array([0.0]))
    assert untold == pytest.approx(error * np.sqrt(100 / 3 / 2), rel=1e-12)


def test_the_mean_variance_of_levels_is_weighted_by_their_counts() -> None:
    term = LevelsTerm(
        feature="place", levels={"town": 0.0, "city": 0.0}, missing=0.0, mean=0.0, n=400, n_missing=0, counts=(300, 100)
    )
    bags = BaggedTables(
        tuple(
            RiskTables(0.0, (replace(term, levels={"town": 0.0, "city": city}),), 400, "a bag") for city in (0.0, 0.4)
        ),
        (0, 0),
        1.0,
    )
    error = bags.standard_error(np.array([0.0, 0.4]))
    assert bags.term_error(term, np.array([0.0, 1.0])) == pytest.approx(error * np.sqrt([0.25 / 2, 1.25 / 2]))
    nowhere = replace(term, levels={}, counts=None, n=0, n_missing=400)
    bags = BaggedTables((RiskTables(0.0, (nowhere,), 400, "a bag"),) * 2, (0, 0), 1.0)
    assert bags.term_error(nowhere, np.array([np.nan])).tolist() == [0.0]
