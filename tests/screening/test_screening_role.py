"""Hard rule 7: of a column that a role may not see, only the agency to ask is named."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from typing import Any

import pandas as pd
import pytest

from send_screen.cohorts import load_cohort
from send_screen.errors import UsageError
from send_screen.governance import Bundle, open_bundle
from send_screen.reports import render_list_csv, render_list_xlsx, render_screening
from send_screen.screening import Capacity, role_access, screen_cohort
from send_screen.serving import predict_records
from send_screen.tables import InteractionTerm

TODAY = dt.date(2026, 9, 1)


def closed_to(bundle: Bundle, role: str, contract: str, columns: set[str], agency: str) -> Bundle:
    """The same version under contracts in which ``role`` may not see some columns."""
    old = bundle.contracts[contract]
    changed = {
        name: dataclasses.replace(column, visible_to=column.visible_to - {role}) if name in columns else column
        for name, column in old.columns.items()
    }
    new = dataclasses.replace(old, columns=changed, agency=agency)
    return dataclasses.replace(bundle, contracts={**bundle.contracts, contract: new})


@pytest.fixture(scope="module")
def bundle(trained: Any) -> Bundle:
    return open_bundle(trained.exported)


GOALS = {f"E{number:02d}" for number in range(1, 18)}


def test_hidden_reasons_name_the_agency_only_rule_7(bundle: Bundle, trained: Any) -> None:
    closed = closed_to(bundle, "class_teacher", "education/eyfsp", GOALS, "health visiting")
    cohort = load_cohort(closed.spec, trained.school_file, training=False, contracts=closed.contracts)
    everything = Capacity(share=1.0)
    teacher = screen_cohort(closed, cohort, file="x.csv", capacity=everything, role="class_teacher", today=TODAY)
    senco = screen_cohort(closed, cohort, file="x.csv", capacity=everything, today=TODAY)
    labels = {closed.spec.feature(goal).label for goal in GOALS}
    assert [child.child_id for child in teacher.listed] == [child.child_id for child in senco.listed]
    for child in teacher.listed:
        assert child.ask == ("health visiting",)
        shown = " ".join([*(r.text for r in (*child.reasons_for, *child.reasons_against)), *child.not_known])
        assert not any(label in shown for label in labels)
    assert any(child.reasons_for for child in senco.listed)
    assert all(child.ask == () for child in senco.listed)
    page = render_screening(teacher)
    assert "Ask health visiting." in page
    assert not any(f"{label}: emerging" in page for label in labels)
    shown = predict_records(closed, pd.read_csv(trained.school_file, dtype=str), role="class_teacher", today=TODAY)
    assert set(shown.loc[shown["status"] == "screened", "ask"]) == {"health visiting"}
    assert not shown["reasons_for"].str.contains("emerging").any()


def test_no_reason_depends_on_a_value_that_a_role_may_not_see(bundle: Bundle, trained: Any) -> None:
    """Half of an interaction is the contribution of either feature: which reasons stand would tell of the other."""
    pair = InteractionTerm(
        features=("E02", "E08"), edges=((1.5,), (1.5,)), values=((2, -2, 0), (-2, 2, 0), (2, -2, 0)), mean=0.0
    )
    tables = dataclasses.replace(bundle.tables, interactions=(pair,))
    closed = closed_to(bundle, "class_teacher", "education/eyfsp", {"E08"}, "health visiting")
    closed = dataclasses.replace(closed, tables=tables, bags=None)
    frame = pd.read_csv(trained.school_file, dtype=str)
    frame.loc[::3, "E02"] = "A"
    texts = ["reasons_for", "reasons_against", "not_known", "ask"]
    one, two = (
        predict_records(closed, frame.assign(E08=level), role="class_teacher", today=TODAY)[texts]
        for level in ("1", "2")
    )
    assert one.equals(two)
    assert one["reasons_for"].ne("").any()


def test_no_number_tells_what_a_role_may_not_see(bundle: Bundle, trained: Any) -> None:
    """From a score, the tables and all values but one, that one could be worked out."""
    closed = closed_to(bundle, "class_teacher", "education/eyfsp", {"E08"}, "health visiting")
    frame = pd.read_csv(trained.school_file, dtype=str)
    frame.loc[:, "E08"] = None
    cohort = load_cohort(closed.spec, frame, training=False, contracts=closed.contracts)
    teacher, senco = (
        screen_cohort(closed, cohort, file="x.csv", role=role, today=TODAY) for role in ("class_teacher", "senco")
    )
    assert [child.child_id for child in teacher.listed] == [child.child_id for child in senco.listed]
    for child in (*teacher.listed, *teacher.margin):
        assert (child.score, child.percent, child.percent_interval, child.selections_of_10) == (None,) * 4
    label = closed.spec.feature("E08").label
    noted = " ".join((*senco.banners, *senco.notes))
    assert label in noted
    for text in (*teacher.banners, *teacher.notes):
        assert label not in text
        assert "E08" not in text
    assert "Something in the file was not as expected: ask health visiting." in teacher.banners
    page = render_screening(teacher)
    assert "its numbers are not shown" in page
    assert "of 100 children with such a score" not in page
    assert 'class="strength"' not in page
    assert 'class="strength"' in render_screening(senco)
    listed = pd.read_csv(io.BytesIO(render_list_csv(teacher)))
    numbers = ["percent", "percent_low", "percent_high", "listed_by_of_10_models", "score_log_odds"]
    numbers.append("others_with_same_score")
    assert listed[numbers].isna().all(axis=None)
    book = pd.read_excel(io.BytesIO(render_list_xlsx(teacher)), sheet_name="List", engine="calamine")
    assert "Of 100 such children" not in book
    assert book["Score (log-odds)"].isna().all()
    served = predict_records(closed, frame, role="class_teacher", today=TODAY)
    assert served[["score", "percent"]].isna().all(axis=None)
    assert predict_records(closed, frame, today=TODAY)["score"].notna().any()


@pytest.mark.parametrize(
    "told_by", [{"SENprovision": "E"}, {"SENprovision": None}, {"SENprovision": "Q"}, "no row", GOALS]
)
def test_what_excludes_a_child_by_a_hidden_column_is_not_told_rule_7(
    bundle: Bundle, trained: Any, told_by: Any
) -> None:
    """Not eligible, not known, unreadable, no record, nothing essential known: one kind, text and count."""
    census, eyfsp = "education/pupil_census", "education/eyfsp"
    closed = closed_to(bundle, "class_teacher", eyfsp, set(bundle.contracts[eyfsp].columns), "the records office")
    closed = closed_to(closed, "class_teacher", census, {"SENprovision"}, "the records office")
    frame = pd.read_csv(trained.school_file, dtype=str)
    eligible = load_cohort(closed.spec, frame, training=False, contracts=closed.contracts)
    row = int(eligible.show["row"].iloc[0])
    if told_by != "no row":
        frame.loc[row - 1, [*told_by]] = list(told_by.values()) if isinstance(told_by, dict) else None
    tables = {census: frame, eyfsp: frame.drop(index=row - 1) if told_by == "no row" else frame}
    cohort = load_cohort(closed.spec, tables, training=False, contracts=closed.contracts)
    assert len(cohort) == len(eligible) - 1
    result = screen_cohort(closed, cohort, file="x", role="class_teacher", today=TODAY)
    (child,) = (each for each in result.excluded if each.child_id == frame["UPN"][row - 1])
    told = (child.kind, child.rule, child.reason, child.remedy)
    reason = "This row could not be screened."
    assert told == ("manual_review", "NOT-SHOWN-TO-THIS-ROLE", reason, "Ask the records office.")
    assert {each.kind for each in result.excluded} == {"manual_review"}
    n_by_hand = {str(row["attribute"]): 0 for row in result.manual_review_by_group}
    for group in result.manual_review_by_group:
        n_by_hand[str(group["attribute"])] += int(str(group["n_manual_review"]))
    assert set(n_by_hand.values()) <= {len(result.excluded)}
    assert ", not to be asked about:" not in render_screening(result)
    if told_by != "no row":
        served = predict_records(closed, frame, role="class_teacher", today=TODAY).iloc[row - 1]
        assert tuple(served[["status", "reason", "ask"]]) == ("manual_review", reason, "the records office")
    assert {each.rule for each in screen_cohort(closed, cohort, file="x", today=TODAY).excluded} != {child.rule}


def test_who_is_in_a_hidden_table_alone_is_not_named(bundle: Bundle, trained: Any) -> None:
    census, eyfsp = "education/pupil_census", "education/eyfsp"
    closed = closed_to(bundle, "class_teacher", eyfsp, set(bundle.contracts[eyfsp].columns), "the records office")
    frame = pd.read_csv(trained.school_file, dtype=str)
    cohort = load_cohort(
        closed.spec, {census: frame.iloc[1:], eyfsp: frame}, training=False, contracts=closed.contracts
    )
    for role, hidden in (("class_teacher", True), ("senco", False)):
        excluded = screen_cohort(closed, cohort, file="x", role=role, today=TODAY).excluded
        assert (frame["UPN"][0] not in {child.child_id for child in excluded}) == hidden
        assert ("no row for this identifier" not in repr(excluded)) == hidden


def test_a_value_that_cannot_be_used_is_hidden_with_its_rule(bundle: Bundle, trained: Any) -> None:
    closed = closed_to(bundle, "class_teacher", "education/pupil_census", {"SENprovision"}, "the SEN office")
    frame = pd.read_csv(trained.school_file, dtype=str)
    frame.loc[0, "SENprovision"] = "Q"
    cohort = load_cohort(closed.spec, frame, training=False, contracts=closed.contracts)
    row = cohort.excluded.loc[cohort.excluded["kind"] == "manual_review", "row"].min()
    for role, hidden in (("class_teacher", True), ("senco", False)):
        result = screen_cohort(closed, cohort, file="x.csv", role=role, today=TODAY)
        (child,) = [child for child in result.excluded if child.row == row]
        assert child.kind == "manual_review"
        assert ("'Q'" not in child.reason and child.remedy == "Ask the SEN office.") == hidden


def test_a_count_over_several_columns_is_hidden_with_one_of_them_although_it_does_not_name_it(
    bundle: Bundle, trained: Any
) -> None:
    """A note names the first five columns that it counts: the sixth would be what the others do not add up to."""
    frame = pd.read_csv(trained.school_file, dtype=str)
    goals = [f"E{number:02d}" for number in range(1, 18)]
    frame.loc[0, goals] = None
    cohort = load_cohort(bundle.spec, frame, training=False, contracts=bundle.contracts)
    (counted,) = (note for note in cohort.notes if "E" in note and " more)" in note)
    hidden = next(goal for goal in goals if goal not in counted)
    closed = closed_to(bundle, "class_teacher", "education/eyfsp", {hidden}, "health visiting")
    for role, told in (("class_teacher", False), ("senco", True)):
        assert (counted in screen_cohort(closed, cohort, file="x.csv", role=role, today=TODAY).notes) == told


def test_counts_by_group_are_of_groups_that_the_role_may_see_rule_16(
    bundle: Bundle, trained: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("send_screen.screening._group_counts.MINIMUM_CHILDREN", 0)
    cohort = load_cohort(bundle.spec, trained.school_file, training=False, contracts=bundle.contracts)
    counted = {}
    for role in ("class_teacher", "senco"):
        result = screen_cohort(bundle, cohort, file="x.csv", role=role, today=TODAY)
        counted[role] = {row["attribute"] for row in result.manual_review_by_group}
    hidden = {
        group.label
        for group in bundle.spec.groups
        if not role_access(bundle.contracts, "class_teacher").may_see(group.column)
    }
    assert hidden
    assert counted["senco"] == {group.label for group in bundle.spec.groups}
    assert counted["class_teacher"] == counted["senco"] - hidden


def test_an_authority_sees_no_names(bundle: Bundle, trained: Any) -> None:
    cohort = load_cohort(bundle.spec, trained.school_file, training=False, contracts=bundle.contracts)
    authority = screen_cohort(bundle, cohort, file="x.csv", role="local_authority", today=TODAY)
    school = screen_cohort(bundle, cohort, file="x.csv", today=TODAY)
    assert all(child.name == "" for child in (*authority.listed, *authority.margin, *authority.excluded))
    assert all(child.name for child in school.listed)


def test_roles_are_those_of_the_contracts(bundle: Bundle) -> None:
    assert role_access(bundle.contracts).role == "senco"
    with pytest.raises(UsageError, match="class_teacher"):
        role_access(bundle.contracts, "teacher")
