"""Who is listed, why, and what is said of it."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from send_screen.cohorts import Cohort, load_cohort
from send_screen.errors import UsageError
from send_screen.governance import Bundle, open_bundle
from send_screen.screening import Capacity, reasons, role_access, screen_cohort, ties_at_threshold
from send_screen.screening._capacity import listed_and_margin, margin_size
from send_screen.screening._unlike_training import most_different_cut_point, unlike_training
from send_screen.serving import predict_records
from send_screen.specs._columns import describe_value
from send_screen.tables import percent, tie_break_key
from send_screen.tables._explain import Explainer

TODAY = dt.date(2026, 9, 1)


@pytest.fixture(scope="module")
def bundle(trained: Any) -> Bundle:
    return open_bundle(trained.exported)


@pytest.fixture(scope="module")
def cohort(trained: Any, bundle: Bundle) -> Cohort:
    return load_cohort(bundle.spec, trained.school_file, training=False, contracts=bundle.contracts)


@pytest.mark.parametrize(("asked", "expected"), [("7", 7), ("10%", None), ("100%", None), ("9999", None)])
def test_exactly_as_many_are_listed_as_there_are_places(
    bundle: Bundle, cohort: Cohort, asked: str, expected: int | None
) -> None:
    capacity = Capacity.parse(asked)
    result = screen_cohort(bundle, cohort, file="x.csv", capacity=capacity, today=TODAY)
    assert len(result.listed) == (expected or capacity.of(len(cohort)))
    assert [child.rank for child in (*result.listed, *result.margin)] == list(
        range(1, len(result.listed) + len(result.margin) + 1)
    )
    scores = [child.score for child in (*result.listed, *result.margin)]
    assert scores == sorted(scores, reverse=True)
    assert result.n_rows == result.n_screened + len(result.excluded)


def test_a_run_is_known_by_its_list(bundle: Bundle, cohort: Cohort) -> None:
    ids = [
        screen_cohort(bundle, cohort, file="x.csv", capacity=Capacity.parse(capacity), today=today).run_id
        for capacity, today in [("7", TODAY), ("7", TODAY), ("8", TODAY), ("7", TODAY + dt.timedelta(days=1))]
    ]
    assert ids[0] == ids[1]
    assert len({*ids}) == 3
    assert all(re.fullmatch("r[0-9a-f]{12}", run) for run in ids)


def test_a_file_of_which_no_row_is_excluded_is_screened(bundle: Bundle, cohort: Cohort) -> None:
    everyone = Cohort(**{**cohort.__dict__, "excluded": cohort.excluded.iloc[:0]})
    result = screen_cohort(bundle, everyone, file="x.csv", today=TODAY)
    assert result.n_rows == result.n_screened == len(cohort)
    assert result.manual_review_by_group == ()


def test_each_child_is_scored_once_a_run(bundle: Bundle, cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    scored: Counter[int] = Counter()
    write = Explainer.write

    def counted(self: Explainer, start: int, stop: int, *arrays: np.ndarray) -> None:
        scored[id(self._tables)] += stop - start
        write(self, start, stop, *arrays)

    monkeypatch.setattr(Explainer, "write", counted)
    screen_cohort(bundle, cohort, file="x.csv", today=TODAY)
    bags = () if bundle.bags is None else bundle.bags.tables
    assert scored == {id(tables): len(cohort) for tables in (bundle.tables, *bags)}


def test_reasons_quote_the_file_and_add_up(bundle: Bundle, cohort: Cohort, trained: Any) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str)
    contributions = bundle.tables.contributions(cohort.X)
    words = {"1": "emerging", "2": "expected"}
    goals = [name for name in bundle.tables.features if bundle.spec.feature(name).family == "goals"]
    result = screen_cohort(bundle, cohort, file="x.csv", capacity=Capacity(count=20), today=TODAY)
    checked = 0
    for child in result.listed:
        row = rows.iloc[child.row - 2]
        assert row["UPN"] == child.child_id
        position = int(np.flatnonzero(cohort.ids == child.child_id)[0])
        for reason in (*child.reasons_for, *child.reasons_against):
            at = [bundle.tables.features.index(name) for name in reason.features]
            assert reason.contribution == pytest.approx(contributions[position, at].sum(), abs=1e-12)
            if {*reason.features} <= {*goals}:
                (code,) = {row[name] for name in reason.features}
                assert [name for name in goals if row[name] == code] == [*reason.features], "all that have the level"
                n = len(reason.features)
                start = f"All {n} goals" if n == len(goals) else f"{n} of {len(goals)} goals"
                assert reason.text.startswith(f"{start} {words[code]}")
                checked += 1
        assert all(reason.contribution > 0 for reason in child.reasons_for)
        assert all(reason.contribution < 0 for reason in child.reasons_against)
        told = [value.contribution for value in child.values]
        assert told == contributions[position].tolist(), "everything that the model looked at is there"
        assert [value.label for value in child.values] == [feature.label for feature in bundle.features]
    assert checked >= 20


@pytest.mark.parametrize(
    ("emerging", "text"),
    [
        (["E02"], "1 of 17 goals emerging (Speaking)"),
        (["E02", "E10"], "2 of 17 goals emerging (Speaking; Writing)"),
        (["E02", "E09", "E10", "E11"], "4 of 17 goals emerging"),
        ([f"E{i:02d}" for i in range(1, 14)], "13 of 17 goals emerging"),
        ([f"E{i:02d}" for i in range(1, 16)], "15 of 17 goals emerging (all but {E16}; {E17})"),
        ([f"E{i:02d}" for i in range(1, 18)], "All 17 goals emerging"),
    ],
)
def test_a_family_is_one_reason_that_tells_children_apart(bundle: Bundle, emerging: list[str], text: str) -> None:
    values = [1.0 if f.name in emerging else 2.0 if f.family else 60.0 for f in bundle.features]
    contributions = np.where(np.array(values) == 1.0, 0.5, -0.001)
    why = reasons(bundle.features, role_access(bundle.contracts), values, contributions, frozenset())
    labels = {feature.name: feature.label for feature in bundle.features}
    assert [reason.text for reason in why.reasons_for] == [text.format_map(labels)]
    assert why.reasons_for[0].contribution == pytest.approx(0.5 * len(emerging))


def test_a_level_of_a_family_whose_parts_are_small_counts_by_its_sum(bundle: Bundle) -> None:
    values = [2.0 if feature.family else np.nan for feature in bundle.features]
    why = reasons(bundle.features, role_access(bundle.contracts), values, np.full(len(values), -0.01), frozenset())
    assert [reason.text for reason in why.reasons_against] == ["All 17 goals expected"]
    assert why.not_known == ("Age at the end of reception", "Share of sessions missed")
    values = [np.nan if feature.family else 60.0 for feature in bundle.features]
    why = reasons(bundle.features, role_access(bundle.contracts), values, np.full(len(values), 0.01), frozenset())
    assert why.not_known == ("17 of 17 goals (their absence raised the score)",)


def test_equal_scores_at_the_threshold_are_counted(bundle: Bundle, cohort: Cohort) -> None:
    same = cohort.X.iloc[[0] * len(cohort)].set_axis(cohort.X.index)
    tied = Cohort(**{**cohort.__dict__, "X": same})
    result = screen_cohort(bundle, tied, file="x.csv", capacity=Capacity(count=4), today=TODAY)
    assert {child.n_same_score for child in (*result.listed, *result.margin)} == {len(cohort) - 1}
    assert ties_at_threshold(result) == (("", result.listed[0].score, len(cohort), 4),)
    apart = screen_cohort(bundle, cohort, file="x.csv", capacity=Capacity(count=len(cohort)), today=TODAY)
    assert ties_at_threshold(apart) == (), "nobody is below the line"


def test_what_is_known_is_dated_by_the_file(bundle: Bundle, cohort: Cohort) -> None:
    result = screen_cohort(bundle, cohort, file="x.csv", today=TODAY)
    assert result.as_of == (str(cohort.as_of.min().date()), str(cohort.as_of.max().date()))


def test_what_was_not_known_is_said(bundle: Bundle, trained: Any, tmp_path: Path) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str)
    position = rows.index[(rows["SENprovision"] == "N") & (rows["E01"] == "1")][0]
    rows.loc[position, "E02"] = "A"
    rows.to_csv(tmp_path / "x.csv", index=False)
    cohort = load_cohort(bundle.spec, tmp_path / "x.csv", training=False, contracts=bundle.contracts)
    result = screen_cohort(bundle, cohort, file="x.csv", capacity=Capacity(share=1.0), today=TODAY)
    child = next(child for child in result.listed if child.row == position + 2)
    assert any(words.startswith("Speaking") for words in child.not_known)
    assert not any("E02" in reason.features for reason in (*child.reasons_for, *child.reasons_against))


def test_by_school_each_school_has_its_places(bundle: Bundle, cohort: Cohort) -> None:
    show = cohort.show.assign(school=np.where(np.arange(len(cohort)) % 3 == 0, "A", "B"))
    show.loc[0, "school"] = "a school with one child"
    two = Cohort(**{**cohort.__dict__, "show": show})
    result = screen_cohort(bundle, two, file="x.csv", capacity=Capacity(count=4), per_school=True, today=TODAY)
    listed = pd.Series([child.school for child in result.listed]).value_counts().to_dict()
    assert listed == {"A": 4, "B": 4, "a school with one child": 1}


def test_the_order_of_the_file_changes_nobody(bundle: Bundle, cohort: Cohort) -> None:
    before = screen_cohort(bundle, cohort, file="x.csv", today=TODAY)
    shuffled = cohort.take(np.random.default_rng(0).permutation(len(cohort)))
    after = screen_cohort(bundle, shuffled, file="x.csv", today=TODAY)
    assert before.listed == after.listed
    assert before.margin == after.margin


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=1, max_size=40), st.integers(1, 50), st.booleans())
@settings(deadline=None)
def test_listed_and_margin_are_apart_and_in_order(scores: list[float], k: int, per_school: bool) -> None:
    score = np.array(scores)
    order = tie_break_key([f"child {i}" for i in range(len(scores))])
    school = pd.Series(["A" if i % 2 else "B" for i in range(len(scores))]) if per_school else None
    listed, margin = listed_and_margin(score, order, school, Capacity(count=k))
    sizes = [len(scores)] if school is None else school.value_counts().tolist()
    assert len(listed) == sum(min(k, size) for size in sizes)
    assert len(margin) == sum(min(margin_size(min(k, size)), max(0, size - k)) for size in sizes)
    assert not set(listed) & set(margin)
    if school is None and len(margin):
        assert score[listed].min() >= score[margin].max()


@pytest.mark.parametrize("text", ["", "ten", "0", "-3", "1.5", "0%", "101%", "10 %%", "1e3"])
def test_what_is_no_capacity(text: str) -> None:
    with pytest.raises(UsageError):
        Capacity.parse(text)


def test_a_value_beyond_training_is_clamped_and_said(bundle: Bundle, cohort: Cohort) -> None:
    X = cohort.X.copy()
    X.loc[0, "absence"] = 0.99
    typo = Cohort(**{**cohort.__dict__, "X": X})
    result = screen_cohort(bundle, typo, file="x.csv", today=TODAY)
    assert any("Share of sessions missed: " in note and "beyond" in note for note in result.notes)


def per_cent_of_sessions(rows: pd.DataFrame) -> pd.DataFrame:
    names = ("SessionsAbsent", "SessionsPossible")
    absent, possible = (pd.to_numeric(rows[name], errors="coerce") for name in names)
    return rows.assign(SessionsAbsent=(100 * absent / possible).round().astype("Int64"))


@pytest.mark.parametrize(
    ("change", "words", "columns"),
    [
        (per_cent_of_sessions, "Share of sessions missed: below", "SessionsAbsent and SessionsPossible"),
        (lambda rows: rows.assign(E02="1"), "Speaking: below expected for 100 of 100 rows", "E02"),
    ],
)
def test_a_column_far_from_what_the_model_has_seen_is_said(
    bundle: Bundle, trained: Any, tmp_path: Path, change: Any, words: str, columns: str
) -> None:
    def said(rows: pd.DataFrame) -> list[str]:
        rows.to_csv(tmp_path / "x.csv", index=False)
        cohort = load_cohort(bundle.spec, tmp_path / "x.csv", training=False, contracts=bundle.contracts)
        banners = screen_cohort(bundle, cohort, file="x.csv", today=TODAY).banners
        return [banner for banner in banners if "that the model learnt from" in banner]

    rows = pd.read_csv(trained.school_file, dtype=str)
    assert said(rows) == []
    [banner] = said(change(rows))
    assert words in banner
    assert f"check the content of {columns}:" in banner
    assert said(change(rows).head(25)) == []


def test_many_columns_far_from_training_are_four_banners(bundle: Bundle, cohort: Cohort) -> None:
    goals = {f"E{goal:02d}": 1.0 for goal in range(1, 18)}
    banners = unlike_training(bundle.features, bundle.tables, cohort.X.assign(**goals), bundle.contracts)
    assert len(banners) == 4
    assert banners[-1].count(",") > 10


def cuts_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    edges = np.unique(np.quantile(values, np.linspace(0.02, 0.98, 45)))
    return edges, np.searchsorted(np.sort(values), edges) / len(values)


@pytest.mark.parametrize("n", [30, 100, 400])
def test_a_school_of_other_children_is_not_unlike_training(n: int) -> None:
    """A quarter of the variance of scores is between schools; a class's size is that of all its children."""
    rng = np.random.default_rng(n)
    schools = 1_500
    scores = 100 + 15 * (rng.normal(0, 0.25**0.5, (schools, 1)) + rng.normal(0, 0.75**0.5, (schools, n)))
    absence = np.exp(rng.normal(-3, 0.3, (schools, 1)) + rng.normal(0, 0.7, (schools, n)))
    sizes = np.repeat(rng.integers(12, 31, (schools, 2)), n // 2, axis=1)
    for column in (scores, absence, sizes):
        cuts = cuts_of(column.ravel())
        assert sum(most_different_cut_point(school, *cuts) is not None for school in column) <= 1
    cuts = cuts_of(absence.ravel())
    per_cent = [most_different_cut_point(np.round(100 * school) / 380, *cuts) for school in absence]
    assert np.mean([cut is not None for cut in per_cent]) > 0.5


def test_a_chance_is_out_of_a_hundred() -> None:
    assert percent(-800.0) == 0
    assert percent(800.0) == 100


def test_values_in_words(bundle: Bundle) -> None:
    words = {
        ("E02", 1.0): "Speaking: emerging",
        ("age_months", 59.0): "Age at the end of reception: 4 years 11 months",
        ("absence", 0.125): "Share of sessions missed: 12.5 %",
        ("absence", 0.1): "Share of sessions missed: 10 %",
        ("age_months", 61.0): "Age at the end of reception: 5 years 1 month",
    }
    for (name, value), text in words.items():
        assert describe_value(bundle.spec.feature(name), bundle.contracts, value) == text


def test_an_answer_for_each_row_in_its_order(bundle: Bundle, trained: Any) -> None:
    rows = pd.read_csv(trained.school_file, dtype=str)
    predictions = predict_records(bundle, rows, today=TODAY)
    assert predictions["row"].tolist() == list(range(1, len(rows) + 1))
    on_sen_register = rows["SENprovision"].isin(["K", "E"]).to_numpy()
    assert (predictions.loc[on_sen_register, "status"] == "not_eligible").all()
    again = predict_records(bundle, rows.iloc[::-1], today=TODAY)
    assert np.array_equal(again["score"].to_numpy()[::-1], predictions["score"].to_numpy(), equal_nan=True)
