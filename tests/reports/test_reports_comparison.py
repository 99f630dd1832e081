"""Two versions beside each other: what changed is found, and no more is claimed than published intervals can say."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from reports_factory import make_published, make_report

from send_screen.errors import UsageError
from send_screen.reports import CAUTION, Comparison, compare_versions, render_comparison
from send_screen.reports._changes import ABSENT, Change, spec_changes
from send_screen.reports._figures import Estimate
from send_screen.reports._interval_change import closer_is_better, compare_intervals, higher_is_better, lower_is_better

QUESTION = "Who is missed?"


def _two(**version: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two versions of one model; the second's metadata are changed."""
    first, second = copy.deepcopy(make_published()), copy.deepcopy(make_published())
    second["version"] |= {"id": "reception_sen/4", **version}
    return first, second


def _compare(first: dict[str, Any], second: dict[str, Any], **more: Any) -> Comparison:
    return compare_versions(make_report(first), make_report(second), names=("A", "B"), **more)


def _set(published: dict[str, Any], section: str, where: dict[str, str], **values: Any) -> None:
    found = [row for row in published[section] if all(row.get(key) == value for key, value in where.items())]
    assert found, where
    for row in found:
        row |= values


GIRLS = {"group": "Girl", "metric": "false_negative_rate"}
FOUND = {"group": "Girl", "metric": "recall"}


def _girls(found: Comparison) -> Any:
    return next(row for row in found.groups if row.group == "Girl" and row.question == QUESTION)


def test_a_version_beside_itself_has_no_change() -> None:
    found = _compare(make_published(), make_published())
    assert all(part.changed == () for part in found.parts)
    assert found.better == found.worse == found.verdicts == ()
    assert {row.shift for row in found.metrics} == {"the same figures"}
    assert "Both are the same version." in found.notes


def test_better_and_worse_are_said_where_the_intervals_have_nothing_in_common() -> None:
    first, second = _two()
    _set(first, "groups", FOUND, value=0.38, low=0.34, high=0.42)
    _set(second, "groups", FOUND, value=0.50, low=0.45, high=0.55)
    found = _compare(first, second)
    assert _girls(found).shift == "better"
    assert found.better == (f"{QUESTION} Girl: 62 (58 to 66), then 50 (45 to 55).",)
    assert _compare(second, first).worse == (f"{QUESTION} Girl: 50 (45 to 55), then 62 (58 to 66).",)
    _set(second, "groups", FOUND, low=0.41)
    assert _girls(_compare(first, second)).shift == "cannot be told"
    assert _compare(first, second).better == ()


def test_a_gap_is_better_when_it_is_smaller_whichever_way_it_goes() -> None:
    first, second = _two()
    where = {**GIRLS, "against": "all others"}
    _set(first, "gaps", where, value=-0.30, low=-0.35, high=-0.25)
    _set(second, "gaps", where, value=0.10, low=0.05, high=0.15)
    assert _girls(_compare(first, second)).gap_shift == "better"
    assert any("a smaller gap from all others" in words for words in _compare(first, second).better)
    _set(second, "gaps", where, value=0.30, low=0.25, high=0.35)
    assert _girls(_compare(first, second)).gap_shift == "turned round"


def test_a_changed_verdict_is_told_and_is_not_called_a_change_of_the_gap() -> None:
    first, second = _two()
    _set(second, "gaps", {**GIRLS, "against": "all others"}, verdict="inconclusive")
    found = _compare(first, second)
    assert found.verdicts == (f"{QUESTION} Girl: “outside tolerance”, then “not enough evidence”.",)
    assert _girls(found).gap_shift == "the same figures"
    assert found.better == found.worse == ()
    _set(second, "gaps", {**GIRLS, "against": "all others"}, verdict="withheld to protect small groups")
    assert _compare(first, second).verdicts == ()


@pytest.mark.parametrize("side", [0, 1])
def test_what_is_withheld_or_not_there_says_nothing(side: int) -> None:
    pair = _two()
    _set(pair[side], "groups", FOUND, value=None, low=None, high=None, reason="fewer than 10 children")
    pair[side]["gaps"] = [gap for gap in pair[side]["gaps"] if gap["group"] != "Girl"]
    row = _girls(_compare(*pair))
    assert (row.shift, row.gap_shift) == ("no interval", "no interval")
    assert row.figures[side].value == "fewer than 10 children"
    assert row.verdicts[side] == "not compared"
    assert "None" not in render_comparison(_compare(*pair))


@pytest.mark.parametrize(
    ("changed", "part", "what", "second_text"),
    [
        ({"capacity": 0.2}, "The decision", "Places (capacity)", "20 of 100 children"),
        ({"review_date": "2027-08-31"}, "The decision", "To be reviewed by", "31 August 2027"),
        ({"prohibited_uses": []}, "The decision", "Must not be used as a diagnosis, or as evidence of need", ABSENT),
        ({"tables_sha256": "00" * 32}, "The model", "Tables (SHA-256)", "00" * 32),
        ({"data_sha256": "00" * 32}, "Data and contracts", "Data (SHA-256)", "00" * 32),
        ({"contracts": {}}, "Data and contracts", "Contract education/eyfsp@1.0.0", ABSENT),
        ({"fold_seeds": [9]}, "Data and contracts", "Seeds of the folds", "9"),
        ({"packages": {"numpy": "9.9"}}, "Code and packages", "numpy", "9.9"),
        ({"release": "0.2.0"}, "Code and packages", "send_screen", "0.2.0"),
        ({"spec_sha256": "00" * 32}, "Code and packages", "Spec (SHA-256)", "00" * 32),
    ],
)
def test_what_changed_is_found_in_its_part(changed: dict[str, Any], part: str, what: str, second_text: str) -> None:
    found = _compare(*_two(**changed))
    its_part = next(each for each in found.parts if each.part == part)
    assert second_text == next(change.second for change in its_part.changed if change.what == what)
    assert what not in its_part.same


def test_a_list_a_little_longer_and_a_tolerance_a_little_wider_are_changes() -> None:
    first, second = _two(capacity=make_published()["version"]["capacity"] + 0.002)
    _set(second, "gaps", {"metric": "false_negative_rate"}, tolerance=0.104)
    changed = {change.what: change.second for part in _compare(first, second).parts for change in part.changed}
    assert {"10.2 of 100 children", "10.4 of 100"} <= set(changed.values())


def test_of_how_many_groups_nobody_was_better_is_said() -> None:
    first, second = _two()
    whole = _compare(first, second)
    assert f"of {whole.n_compared} figures and gaps that were compared" in whole.no_change_text
    for row in (*second["groups"], *second["gaps"]):
        row |= {"value": None, "low": None, "high": None}
    nothing = _compare(first, second)
    assert nothing.n_not_compared == whole.n_compared + whole.n_not_compared
    assert nothing.no_change_text.startswith("It was not compared for any group")
    assert nothing.no_change_text in render_comparison(nothing)


def test_features_tolerances_and_counts_are_found_too() -> None:
    first, second = _two()
    gone = second["shapes"].pop(1)
    second["shapes"][0]["monotonic"] = "increasing"
    _set(second, "gaps", {"metric": "false_negative_rate"}, tolerance=0.05)
    second["cohort"]["n"] = 20_000
    parts = {part.part: {change.what: change for change in part.changed} for part in _compare(first, second).parts}
    assert parts["The model"][f"Looks at: {gone['label']}"].second == ABSENT
    assert parts["The model"][f"Looks at: {second['shapes'][0]['label']}"].second.endswith("monotonic: increasing")
    assert parts["The decision"][f"Tolerance: {QUESTION}"] == Change(f"Tolerance: {QUESTION}", "10 of 100", "5 of 100")
    assert parts["Data and contracts"]["Children"].second == "20,000"
    assert any("different tolerances" in note for note in _compare(first, second).notes)


def test_a_spec_is_compared_line_by_line_under_the_path_to_each() -> None:
    one = {
        "capacity": 0.1,
        "features": [{"name": "E01", "monotonic": "decreasing"}, {"name": "E02"}],
        "groups": ["a", "b"],
    }
    other = {
        "capacity": 0.2,
        "features": [{"name": "E02"}, {"name": "E01", "monotonic": "increasing"}],
        "groups": ["a"],
    }
    assert set(spec_changes(one, other)) == {
        Change("capacity", "0.1", "0.2"),
        Change("features › E01 › monotonic", "decreasing", "increasing"),
        Change("groups", "a, b", "a"),
    }
    assert spec_changes(one, copy.deepcopy(one)) == ()
    assert _compare(*_two(), specs=(one, None)).spec is None
    assert "the spec of one version is not at hand" in render_comparison(_compare(*_two(), specs=(one, None)))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"outcome_description": "was excluded"}, "predict different outcomes"),
        ({"horizon_months": 6}, "look ahead over different times"),
        ({"trained_on": "real"}, "were trained on different kinds of children"),
    ],
)
def test_versions_whose_figures_have_nothing_to_say_to_each_other_are_refused(
    changed: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        _compare(*_two(**changed))


def test_what_a_reader_must_know_first_is_said() -> None:
    assert "measured on the same data" in " ".join(_compare(*_two()).notes)
    assert "measured on different data" in " ".join(_compare(*_two(data_sha256="00" * 32)).notes)
    found = _compare(*_two(capacity=0.2))
    assert "a longer list misses fewer" in " ".join(found.notes)
    assert "may be asked about different children" in " ".join(_compare(*_two(population="others")).notes)
    assert "two models" in " ".join(_compare(*_two(name="other")).notes)


def test_net_benefit_of_lists_of_two_lengths_is_not_compared() -> None:
    first, second = _two(capacity=0.2)
    row = {"model": "candidate", "metric": "net_benefit", "low": 0.01, "high": 0.02, "n": 18204, "reason": ""}
    first["performance"] = [*first["performance"], {**row, "value": 0.015}]
    second["performance"] = [*second["performance"], {**row, "value": 0.5, "low": 0.4, "high": 0.6}]
    shifts = {row.description.split(",")[0]: row.shift for row in _compare(first, second).metrics}
    assert shifts["Net benefit a child"] == "not comparable"
    second["version"]["capacity"] = 0.1
    shifts = {row.description.split(",")[0]: row.shift for row in _compare(first, second).metrics}
    assert shifts["Net benefit a child"] == "better"


def test_the_page_and_the_json_say_all_of_it() -> None:
    first, second = _two(capacity=0.2)
    _set(second, "groups", FOUND, value=0.8, low=0.75, high=0.85)
    found = _compare(first, second)
    html = render_comparison(found)
    for words in (*found.better, *found.notes, "▲ better", "= the same figures"):
        assert words in html
    content = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert content["caution"] == CAUTION
    assert content["better"] == list(found.better)
    assert len(content["groups"]) == len(found.groups) > 50


intervals = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted)


DIRECTED = (lower_is_better, higher_is_better)


@given(
    intervals,
    intervals,
    st.sampled_from([lower_is_better, higher_is_better, closer_is_better(0.0), closer_is_better(1.0)]),
)
def test_nothing_is_told_of_intervals_that_share_a_value(one: list[float], other: list[float], loss: Any) -> None:
    first, second = Estimate(sum(one) / 2, *one), Estimate(sum(other) / 2, *other)
    assume((first.value, *one) != (second.value, *other))
    found = compare_intervals(first, second, loss)
    back = compare_intervals(second, first, loss)
    if max(one[0], other[0]) <= min(one[1], other[1]):
        assert found == "cannot be told"
    assert {"better": "worse", "worse": "better"}.get(found, found) == back


apart = st.lists(st.floats(-1, 1), min_size=4, max_size=4, unique=True).map(sorted)


@given(
    apart,
    st.booleans(),
    st.sampled_from([lower_is_better, higher_is_better, closer_is_better(0.0)]),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_better_is_so_for_every_truth_inside_both_intervals(
    ends: list[float], turned: bool, loss: Any, place: float, place_2: float
) -> None:
    one, other = (ends[2:], ends[:2]) if turned else (ends[:2], ends[2:])
    found = compare_intervals(Estimate(one[0], *one), Estimate(other[0], *other), loss)
    assert found in ("better", "worse", *(["turned round"] if loss not in DIRECTED else []))
    before = min(max(one[0] + place * (one[1] - one[0]), one[0]), one[1])
    after = min(max(other[0] + place_2 * (other[1] - other[0]), other[0]), other[1])
    if found != "turned round":
        assert (loss(after, after)[0] < loss(before, before)[0]) == (found == "better")
