"""Exact rounds of record linkage: each identifier in turn, and nothing that contradicts itself."""

from __future__ import annotations

import subprocess
import sys

import pandas as pd
import pytest

from send_screen.contracts import nhs_check_digit, upn_check_letter
from send_screen.errors import MissingExtraError
from send_screen.linkage import CONFLICT, FILE, FORMER, ID, LINKED, NHS, PERSON, LinkageResult, link_records
from send_screen.specs import Linkage

REVIEW, CARE = "health/review", "social_care/status"


def upn(serial: int) -> str:
    body = f"000100122{serial:03d}"
    return upn_check_letter(body) + body


def nhs(serial: int) -> str:
    bodies = (f"999{number:06d}" for number in range(serial * 10, serial * 10 + 10))
    return next(body + digit for body in bodies if (digit := nhs_check_digit(body)))


CHILDREN = pd.DataFrame(
    {
        "UPN": [upn(1), upn(2), upn(3), upn(4)],
        "FormerUPN": [None, upn(902), None, None],
        "Surname": ["Blorgax", "Crimlump", "Dwextork", "Frumzam"],
        "Forename": ["Zibbo", "Quonix", "Plimwick", "Wugzle"],
        "DOB": ["2017-09-01", "2017-10-02", "2018-01-03", "2018-05-04"],
    }
)


def link(*rows: dict[str, str], children: pd.DataFrame = CHILDREN, **tables: pd.DataFrame) -> LinkageResult:
    return link_records(children, {REVIEW: pd.DataFrame(list(rows)), **tables})


def found(result: LinkageResult) -> list[tuple[object, ...]]:
    return [tuple(row) for row in result.crosswalk[["row", "child_id", "link"]].to_numpy()]


def test_the_rounds_in_order() -> None:
    children = CHILDREN.assign(NHSNumber=[None, None, nhs(3), None])
    result = link(
        {"UPN": upn(1), "PersonID": "a"},
        {"UPN": upn(902), "PersonID": "b"},  # the child's former number is the agency's only one
        {"FormerUPN": upn(1), "UPN": upn(777), "PersonID": "c"},  # and the other way round
        {"NHSNumber": nhs(3), "PersonID": "d"},
        {"PersonID": "d"},
        {"UPN": upn(99), "PersonID": "e"},
        children=children,
    )
    assert found(result) == [
        (0, upn(1), ID), (1, upn(2), FORMER), (2, upn(1), FORMER), (3, upn(3), NHS), (4, upn(3), PERSON)
    ]  # fmt: skip
    assert set(result.crosswalk["status"]) == {LINKED}
    assert result.counts.loc[REVIEW].to_dict() == {
        "linked": 5, "in doubt": 0, "conflict": 0, "rows": 6, "nobody": 1, "children": 3
    }  # fmt: skip


def test_an_nhs_number_links_through_any_table_that_holds_both() -> None:
    care = pd.DataFrame({"UPN": [upn(4)], "NHSNumber": [nhs(4)], "PersonID": ["9"]})
    review = {"NHSNumber": nhs(4)}
    assert found(link(review)) == []
    result = link(review, **{CARE: care})
    assert sorted(found(result), key=str) == [(0, upn(4), NHS), (0, upn(4), ID)]


@pytest.mark.parametrize("number", ["9990000001", "1111111111", "0000000000"])
def test_what_is_no_nhs_number_links_nobody(number: str) -> None:
    assert found(link({"NHSNumber": number}, children=CHILDREN.assign(NHSNumber=[number, None, None, None]))) == []


@pytest.mark.parametrize(
    ("rows", "children"),
    [
        # an NHS number that two children have
        ([{"NHSNumber": nhs(1)}], CHILDREN.assign(NHSNumber=[nhs(1), nhs(1), None, None])),
        # a former UPN that two children have
        ([{"UPN": upn(902)}], CHILDREN.assign(FormerUPN=[upn(902), upn(902), None, None])),
        # a UPN of one child and an NHS number of another
        ([{"UPN": upn(1), "NHSNumber": nhs(2)}], CHILDREN.assign(NHSNumber=[None, nhs(2), None, None])),
        # an NHS number that the agency gives to two children
        ([{"UPN": upn(1), "NHSNumber": nhs(5)}, {"UPN": upn(2), "NHSNumber": nhs(5)}], CHILDREN),
        # a UPN of one child, a former UPN of another
        ([{"UPN": upn(1), "FormerUPN": upn(3)}], CHILDREN),
        # the UPN of a child by another name, born on another day
        ([{"UPN": upn(1), "Surname": "Nozquist", "Forename": "Snorty", "DOB": "2016-02-03"}], CHILDREN),
        # one number of a person for two children
        ([{"UPN": upn(1), "PersonID": "7"}, {"UPN": upn(2), "PersonID": "7"}], CHILDREN),
    ],
)
def test_what_contradicts_itself_is_listed_and_not_linked(rows: list[dict[str, str]], children: pd.DataFrame) -> None:
    result = link(*rows, children=children)
    assert result.links.empty
    assert set(result.crosswalk["status"]) == {CONFLICT}
    assert len(result.crosswalk) == len(rows)
    assert result.crosswalk["reason"].notna().all()


def test_another_surname_or_a_mistyped_birth_date_alone_is_no_conflict() -> None:
    changed = {"UPN": upn(1), "Surname": "Nozquist", "Forename": "Zíbbo", "DOB": "2017-01-09"}
    assert found(link(changed)) == [(0, upn(1), ID)]


WHO = {"Surname": "Blorgax", "Forename": "Zibbo", "DOB": "2017-09-01", "Sex": "M"}  # the first child
STRANGER = {"Surname": "Nozquist", "Forename": "Snorty", "DOB": "2012-01-05", "Sex": "F"}


@pytest.mark.parametrize(
    ("row", "agrees"),
    [
        ({"DOB": "2017-09-01"}, True),
        ({"DOB": "2017-09-21"}, True),
        ({"DOB": "2017-08-01"}, True),
        ({"DOB": "2018-09-01"}, True),
        ({"DOB": "2017-01-09"}, True),  # day and month swapped
        ({"DOB": "2012-09-01"}, False),
        ({"DOB": "2017-08-21"}, False),
        ({"DOB": "2018-08-01"}, False),
        (WHO | {"DOB": "2012-01-01", "Forename": "Quonix"}, False),  # a sister or brother
        (WHO | {"DOB": "2017-09-21", "Forename": "Quonix"}, False),
        (WHO | {"DOB": "2017-09-21", "Sex": "F"}, False),
        (WHO | {"Forename": "Quonix", "Sex": "F"}, False),  # a twin
        (WHO | {"Forename": "Quonix"}, True),  # another forename alone is a change of name
        (WHO | {"Forename": "Z", "DOB": "2017-09-21"}, True),
        (WHO | {"Forename": "Zibbo-Mae", "Surname": "Other", "DOB": None}, True),
        (WHO | {"Forename": "Blorgax", "Surname": "Zibbo", "DOB": "2017-09-21"}, True),  # names swapped
        (STRANGER | {"DOB": None, "Sex": None}, False),
        ({"Surname": "Crimlump", "Forename": "Quonix", "DOB": "2017-10-02"}, False),  # the second child's
    ],
)
def test_every_identifier_is_checked_against_what_the_row_says(row: dict[str, str], agrees: bool) -> None:
    children = CHILDREN.assign(Sex="M", NHSNumber=[nhs(1), None, None, None])
    for number in ({"UPN": upn(1)}, {"FormerUPN": upn(1)}, {"NHSNumber": nhs(1)}):
        result = link(number | row, children=children)
        assert result.crosswalk["status"].tolist() == [LINKED if agrees else CONFLICT]
        assert result.crosswalk["child_id"].tolist() == [upn(1)]
    result = link({"UPN": upn(1), "PersonID": "7"}, {"PersonID": "7"} | row, children=children)
    assert result.crosswalk["status"].tolist() == [LINKED, LINKED if agrees else CONFLICT]


TWIN = WHO | {"UPN": upn(501), "Forename": "Zibba"}  # of the first child, by nearly the same name


@pytest.mark.parametrize("at_this_school", [False, True])
@pytest.mark.parametrize(
    "other", [{"NHSNumber": nhs(1)}, {"PersonID": "7"}, {"FormerUPN": upn(1), "Forename": "Quonix"}]
)
def test_a_twin_under_an_own_number_is_never_taken_for_the_other(other: dict[str, str], at_this_school: bool) -> None:
    """Whatever else is mistyped: the other's NHS number, agency's number, or a former number that is not the twin's."""
    children = CHILDREN.assign(Sex="M", NHSNumber=[nhs(1), None, None, None])
    if at_this_school:
        children = pd.concat([children, pd.DataFrame([TWIN])], ignore_index=True)
    result = link(WHO | {"UPN": upn(1), "PersonID": "7"}, TWIN | other, children=children)
    taken = result.crosswalk[(result.crosswalk["row"] == 1) & (result.crosswalk["status"] == LINKED)]
    assert taken["child_id"].tolist() in ([], [upn(501)])
    assert (result.crosswalk["child_id"] == upn(1)).any()  # the other twin's own row is found


def test_a_twin_without_a_forename_under_an_own_number_is_in_conflict() -> None:
    children = CHILDREN.assign(Sex="M", NHSNumber=[nhs(1), None, None, None])
    nameless = {name: value for name, value in TWIN.items() if name != "Forename"} | {"NHSNumber": nhs(1)}
    result = link(nameless, children=children)
    assert result.crosswalk["status"].tolist() == [CONFLICT]


def test_a_child_whose_number_changed_is_found_by_another_identifier() -> None:
    """By the same forename, or where one of the numbers is temporary: that of a child who moved."""
    children = CHILDREN.assign(Sex="M", NHSNumber=[nhs(1), None, None, None])
    renumbered = WHO | {"UPN": upn(501), "NHSNumber": nhs(1)}
    body = "00010012250A"
    temporary = WHO | {"UPN": upn_check_letter(body) + body, "NHSNumber": nhs(1), "Forename": "Zib"}
    for row in (renumbered, temporary):
        assert found(link(row, children=children)) == [(0, upn(1), NHS)]


def test_a_number_of_several_persons_links_nobody() -> None:
    """A placeholder: rows of one number contradict each other."""
    first = {"UPN": upn(1), "PersonID": "0"} | WHO
    for other in (STRANGER, WHO | {"DOB": "2012-01-01"}, WHO | {"Forename": "Quonix"}):
        assert found(link(first, {"PersonID": "0"} | other, {"PersonID": "0"})) == [(0, upn(1), ID)]
    assert found(link(first, {"PersonID": "0"} | WHO, {"PersonID": "0"}))[1:] == [
        (1, upn(1), PERSON),
        (2, upn(1), PERSON),
    ]


def test_a_number_is_one_person_within_one_file() -> None:
    rows = [{"UPN": upn(1), "PersonID": "17"}, {"PersonID": "17"}]
    assert found(link(*rows)) == [(0, upn(1), ID), (1, upn(1), PERSON)]
    assert found(link(*(row | {FILE: file} for file, row in enumerate(rows)))) == [(0, upn(1), ID)]


def test_a_row_in_conflict_teaches_nothing() -> None:
    wrong = {"UPN": upn(1), "NHSNumber": nhs(9), "PersonID": "7"} | STRANGER
    result = link(wrong, {"PersonID": "7"}, **{CARE: pd.DataFrame([{"NHSNumber": nhs(9)}])})
    assert result.crosswalk[["contract", "row", "status"]].to_numpy().tolist() == [[REVIEW, 0, CONFLICT]]
    right = wrong | WHO
    assert len(link(right, {"PersonID": "7"}, **{CARE: pd.DataFrame([{"NHSNumber": nhs(9)}])}).links) == 3


def test_two_nhs_numbers_of_one_child_are_not_learnt() -> None:
    rows = [
        {"UPN": upn(1), "NHSNumber": nhs(1)},
        {"UPN": upn(1), "NHSNumber": nhs(2)},
        {"UPN": upn(2), "NHSNumber": nhs(3)},
    ]
    care = pd.DataFrame({"NHSNumber": [nhs(1), nhs(2), nhs(3)]})
    result = link(*rows, **{CARE: care})
    assert result.links.query("contract == @CARE")["child_id"].tolist() == [upn(2)]
    assert result.notes[0].startswith("1 child has more than one NHS number in the files")
    # what the school says stands
    result = link(*rows[1:], children=CHILDREN.assign(NHSNumber=[nhs(1), None, None, None]), **{CARE: care})
    assert result.links.query("contract == @CARE")["row"].tolist() == [0, 2]
    assert link(rows[0], rows[2]).notes == ()


def test_rows_keep_their_numbers_and_nothing_is_lost() -> None:
    table = pd.DataFrame({"UPN": [upn(1), upn(55), upn(2)]}, index=pd.Index([2, 3, 4], name="row"))
    result = link_records(CHILDREN, {REVIEW: table}, files={REVIEW: "review.csv"})
    assert result.crosswalk[["row", "file"]].to_numpy().tolist() == [[2, "review.csv"], [4, "review.csv"]]
    counts = result.counts.loc[REVIEW]
    assert counts["rows"] == counts[["linked", "in doubt", "conflict", "nobody"]].sum() == 3


def test_a_child_twice_in_the_first_table_counts_once() -> None:
    twice = pd.concat([CHILDREN, CHILDREN.iloc[[0]]], ignore_index=True)
    result = link({"UPN": upn(1)}, children=twice)
    assert found(result) == [(0, upn(1), ID)]
    assert result.n_children == 4


def test_the_result_in_words_names_no_child() -> None:
    result = link({"UPN": upn(1), "PersonID": "secret"}, {"UPN": upn(99), "PersonID": "other"})
    text = result.to_text() + repr(result) + str(result.to_dict()) + result._repr_html_()
    assert "health/review: 1 of 4 children linked (1 by UPN). Of 2 rows, 1 of nobody here" in text
    assert not any(name in text for name in (upn(1), upn(99), "secret", "other", "Blorgax"))


def test_without_splink_an_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    assert found(link({"UPN": upn(1)})) == [(0, upn(1), ID)]
    with pytest.raises(MissingExtraError, match=r"pip install 'send-screen\[linkage\]'"):
        link_records(CHILDREN, {REVIEW: CHILDREN.drop(columns="UPN")}, linkage=Linkage(probabilistic=True))


def test_identifiers_alone_import_no_splink() -> None:
    code = (
        "import sys, pandas as pd; from send_screen.linkage import link_records;"
        "link_records(pd.DataFrame({'UPN': ['a']}), {'x/y': pd.DataFrame({'UPN': ['a']})});"
        "sys.exit(bool({'splink', 'duckdb'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
