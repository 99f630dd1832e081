"""The review sample: drawn of those not listed, each with the probability that is stated, the same in each run."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from send_screen.cohorts import Cohort, load_cohort
from send_screen.governance import Bundle, open_bundle
from send_screen.reports import render_list_csv
from send_screen.screening import (
    Capacity,
    child_records,
    draw_review_sample,
    result_for_role,
    review_key,
    select_children,
)
from send_screen.specs import ReviewSampleSize

IDS = pd.Series([f"child {number}" for number in range(200)])
LISTED = np.arange(0, 200, 10)
TEN = ReviewSampleSize(n=10)


@pytest.fixture(scope="module")
def bundle(trained: Any) -> Bundle:
    bundle = open_bundle(trained.exported)
    return replace(bundle, spec=bundle.spec.model_copy(update={"review_sample": TEN}))


@pytest.fixture(scope="module")
def cohort(trained: Any, bundle: Bundle) -> Cohort:
    return load_cohort(bundle.spec, trained.school_file, training=False, contracts=bundle.contracts)


def test_it_is_drawn_of_those_not_listed() -> None:
    sample = draw_review_sample(IDS, LISTED, size=TEN, key=b"run")
    assert len({*sample.drawn.tolist()}) == 10
    assert not {*sample.drawn.tolist()} & {*LISTED.tolist()}
    assert np.isnan(sample.probability[LISTED]).all()
    assert np.nansum(sample.probability) == pytest.approx(10)


def test_it_is_the_same_in_any_order_of_rows_and_another_under_another_key() -> None:
    def drawn(ids: pd.Series, listed: np.ndarray, key: bytes) -> set[str]:
        return {*ids.to_numpy()[draw_review_sample(ids, listed, size=TEN, key=key).drawn]}

    backwards = IDS.iloc[::-1].reset_index(drop=True)
    assert drawn(IDS, LISTED, b"run") == drawn(backwards, 199 - LISTED, b"run")
    assert drawn(IDS, LISTED, b"run") != drawn(IDS, LISTED, b"another")


def test_each_child_is_drawn_as_often_as_is_stated() -> None:
    times = np.zeros(len(IDS))
    for run in range(900):
        times[draw_review_sample(IDS, LISTED, size=TEN, key=b"%d" % run).drawn] += 1
    not_listed = np.setdiff1d(np.arange(200), LISTED)
    expected = 900 * 10 / 180
    assert abs(times[not_listed] - expected).max() < 5 * np.sqrt(expected)


@pytest.mark.parametrize(("size", "expected"), [(TEN, [10, 10]), (ReviewSampleSize(share=0.002), [1, 1])])
def test_each_school_with_its_own_list_has_its_own_sample(size: ReviewSampleSize, expected: list[int]) -> None:
    school = pd.Series(np.where(np.arange(200) < 40, "small", "large"))
    sample = draw_review_sample(IDS, LISTED, size=size, key=b"run", school=school)
    assert school.to_numpy()[sample.drawn].tolist().count("small") == expected[0]
    assert sample.probability[1] == pytest.approx(expected[0] / 36)
    assert sample.probability[199] == pytest.approx(expected[1] / 144)


def test_where_all_are_listed_nobody_is_drawn() -> None:
    assert not len(draw_review_sample(IDS, np.arange(200), size=TEN, key=b"run").drawn)


def test_the_key_is_of_the_version_and_of_all_children() -> None:
    score = np.linspace(-3, 0, 200)
    key = review_key("a" * 64, IDS, score)
    assert key == review_key("a" * 64, IDS.iloc[::-1], score[::-1])
    assert key != review_key("b" * 64, IDS, score)
    assert key != review_key("a" * 64, IDS, np.append(score[:-1], 0.5))


def test_a_run_has_it_as_data_and_in_each_childs_record(bundle: Bundle, cohort: Cohort) -> None:
    selection = select_children(bundle, cohort, capacity=Capacity.parse("7"))
    result, records = result_for_role(selection, file="x.csv"), child_records(selection)
    drawn = {child.child_id for child in result.review_sample}
    assert len(drawn) == 10
    assert drawn == {child for child, record in records.items() if record.kind == "review_sample"}
    assert not drawn & {child.child_id for child in result.listed}
    for record in records.values():
        asked = record.kind in ("near", "not_listed", "review_sample")
        assert (record.review_probability == pytest.approx(10 / (len(cohort) - 7))) if asked else True
        assert (record.review_probability is not None) == asked
    assert not drawn & {child.child_id for child in result.margin}
    shown = {child.child_id: child.rank for child in (*result.listed, *result.margin, *result.review_sample)}
    assert sorted(shown.values()) == list(range(1, len(shown) + 1))


def test_who_is_drawn_is_not_just_below_as_well(bundle: Bundle, cohort: Cohort) -> None:
    """With nearly all drawn, hardly anybody is left to stand below the line."""
    everybody = bundle.spec.model_copy(update={"review_sample": ReviewSampleSize(n=len(cohort) - 8)})
    result = result_for_role(
        select_children(replace(bundle, spec=everybody), cohort, capacity=Capacity.parse("7")), file="x.csv"
    )
    assert len(result.review_sample) == len(cohort) - 8
    assert len(result.margin) <= 1


def test_without_the_key_in_the_spec_there_is_none(trained: Any, cohort: Cohort) -> None:
    selection = select_children(open_bundle(trained.exported), cohort)
    assert not len(selection.review.drawn)
    assert all(record.review_probability is None for record in child_records(selection).values())


def test_the_csv_has_them_after_the_listed(bundle: Bundle, cohort: Cohort) -> None:
    result = result_for_role(select_children(bundle, cohort, capacity=Capacity.parse("7")), file="x.csv")
    rows = pd.read_csv(io.BytesIO(render_list_csv(result)), dtype=str)
    assert rows["kind"].tolist() == ["listed"] * 7 + ["drawn at random"] * 10
    assert {*rows["child_id"].tail(10)} == {child.child_id for child in result.review_sample}
