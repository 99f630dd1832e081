"""Probabilistic linkage: decided by probability, doubts listed, errors estimated, the same each time."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from send_screen.contracts import upn_check_letter
from send_screen.linkage import CLERICAL, CONFLICT, FILE, ID, LINKED, PROBABILISTIC, LinkageResult, link_records
from send_screen.linkage._expected_errors import expected_errors
from send_screen.linkage._identifiers import comparable
from send_screen.simulation import simulate_england
from send_screen.specs import Linkage

pytest.importorskip("splink", reason="the extra [linkage] is not installed")

REVIEW = "health/review"
PROBABLE = Linkage(probabilistic=True)


@pytest.fixture(scope="module")
def children() -> pd.DataFrame:
    census = simulate_england(children=600, schools=20, seed=4).pupil_census
    rng = np.random.default_rng(0)
    places = rng.integers(0, 300, len(census))
    return census.assign(Postcode=[f"ZZ{place // 10} {place % 10}AA" for place in places])


@pytest.fixture
def reviews(children: pd.DataFrame) -> pd.DataFrame:
    """Every child's review under the agency's own number; the first half with its UPN."""
    table = children[["UPN", "Surname", "Forename", "DOB", "Sex", "Postcode"]].copy()
    table["PersonID"] = [f"H{number}" for number in range(len(table))]
    table.loc[len(table) // 2 :, "UPN"] = None
    return table


def link(children: pd.DataFrame, reviews: pd.DataFrame, linkage: Linkage = PROBABLE) -> LinkageResult:
    return link_records(children, {REVIEW: reviews}, linkage=linkage)


def row(result: LinkageResult, number: int) -> dict[str, object]:
    rows = result.crosswalk[result.crosswalk["row"] == number]
    assert len(rows) <= 1
    return rows.iloc[0].to_dict() if len(rows) else {}


def test_the_same_child_is_found_without_an_identifier(children: pd.DataFrame, reviews: pd.DataFrame) -> None:
    result = link(children, reviews)
    assert result.links["link"].value_counts().to_dict() == {ID: 300, PROBABILISTIC: 300}
    assert (result.links.set_index("row")["child_id"] == children["UPN"]).all()
    by_probability = result.links[result.links["link"] == PROBABILISTIC]
    assert (by_probability["probability"] >= PROBABLE.match).all()
    assert result.links.loc[result.links["link"] == ID, "probability"].isna().all()
    assert link(children, reviews, Linkage()).links["link"].unique().tolist() == [ID]


TROUBLE = {
    "swapped names": lambda r: r.assign(Surname=r["Forename"], Forename=r["Surname"]),
    "another surname": lambda r: r.assign(Surname="Newname"),
    "another postcode": lambda r: r.assign(Postcode="ZZ99 9ZZ"),
    "day and month swapped": lambda r: r.assign(DOB=r["DOB"].str.replace(r"-(\d\d)-(\d\d)", r"-\2-\1", regex=True)),
    "double-barrelled": lambda r: r.assign(Surname=r["Surname"] + "-Vexgax"),
    "accents and capitals": lambda r: r.assign(Surname=r["Surname"].str.upper().str.replace("O", "Ó")),
    "one letter": lambda r: r.assign(Forename=r["Forename"] + "e"),
    "no sex or postcode": lambda r: r.assign(Sex=None, Postcode=None),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_identifiers_in_trouble(children: pd.DataFrame, reviews: pd.DataFrame, trouble: str) -> None:
    """Of 40 children whose records differ in one thing, most are found, and nobody is taken for another."""
    rows = reviews.index[-40:]
    days = pd.to_datetime(reviews.loc[rows, "DOB"]).dt.day
    rows = rows[(days <= 12).to_numpy()] if "day" in trouble else rows
    reviews.loc[rows] = TROUBLE[trouble](reviews.loc[rows])
    result = link(children, reviews)
    links = result.links.set_index("row")["child_id"]
    assert (links == children["UPN"].reindex(links.index)).all()
    assert links.index.isin(rows).sum() >= 0.9 * len(rows)


def test_what_an_identifier_links_and_its_details_contradict_counts_as_missed(
    children: pd.DataFrame, reviews: pd.DataFrame
) -> None:
    """Thirty of three hundred rows under a child's number are born years apart: a tenth would be missed."""
    reviews.loc[reviews.index[:30], "DOB"] = "2009-01-01"
    after = link(children, reviews)
    assert (after.crosswalk["status"] == CONFLICT).sum() == 30
    assert 20 < after.expected[REVIEW].missed_links.value < 50


@pytest.mark.parametrize("twin_at_this_school", [False, True])
def test_a_same_sex_twin_under_an_own_number_is_never_taken_for_the_other(
    children: pd.DataFrame, reviews: pd.DataFrame, twin_at_this_school: bool
) -> None:
    """Of 40 children, the agency has no record but that of a twin, by nearly the same forename."""
    rows = reviews.index[-40:]
    numbers = [upn_check_letter(body) + body for body in (f"999100122{n:03d}" for n in range(len(rows)))]
    twins = reviews.loc[rows].assign(UPN=numbers, Forename=reviews.loc[rows, "Forename"] + "a")
    table = pd.concat([reviews.drop(index=rows), twins])
    if twin_at_this_school:
        children = pd.concat([children, twins.assign(NCyearActual="R")], ignore_index=True)
    links = link(children, table).links.set_index("row")["child_id"]
    assert links.reindex(rows).dropna().tolist() == (numbers if twin_at_this_school else [])
    if not twin_at_this_school:  # without their numbers they are: it is the number that tells them apart
        without = link(children, table.assign(UPN=table["UPN"].where(~table.index.isin(rows)))).links
        assert without["row"].isin(rows).sum() > len(rows) / 2


def test_records_of_other_children_are_not_linked(children: pd.DataFrame, reviews: pd.DataFrame) -> None:
    others = simulate_england(children=600, schools=20, seed=9).pupil_census
    strangers = others[["Surname", "Forename", "DOB", "Sex"]].assign(
        Postcode="YY1 1YY", PersonID=lambda r: "S" + r.index.astype(str)
    )
    table = pd.concat([reviews.iloc[:300], strangers], ignore_index=True)
    result = link(children, table)
    assert (result.links["row"] < 300).all()
    errors = result.expected[REVIEW].false_links
    assert errors == (0.0, 0, 0)


@pytest.mark.slow
def test_a_stranger_under_the_same_number_is_not_taken_for_the_child(
    children: pd.DataFrame, reviews: pd.DataFrame
) -> None:
    """A placeholder in one file, and the same number in the files of two trusts."""
    last = len(reviews) - 1
    stranger = reviews.iloc[[-1]].assign(Surname="Qqq", Forename="Wugzle", DOB="2012-01-01", Postcode="YY9 9YY")
    both = pd.concat([reviews, stranger], ignore_index=True)
    result = link(children, both)
    assert row(result, last)["status"] == LINKED
    assert row(result, last + 1) == {}
    unnamed = both.assign(**dict.fromkeys(["Surname", "Forename", "DOB", "Sex", "Postcode"])).iloc[[-1]]
    both = pd.concat([reviews, unnamed], ignore_index=True)
    assert row(link(children, both), last + 1)["status"] == LINKED
    assert row(link(children, both.assign(**{FILE: (both.index > last).astype(int)})), last + 1) == {}


@pytest.mark.slow
def test_another_forename_is_never_linked_by_probability(children: pd.DataFrame, reviews: pd.DataFrame) -> None:
    """A twin who is not in the school: all but the forename agrees."""
    last = len(reviews) - 1
    reviews.loc[last, "Forename"] = "Yubmoo"
    found = row(link(children, reviews), last)
    assert (found["status"], found["child_id"]) == (CLERICAL, children.loc[last, "UPN"])
    assert str(found["reason"]).startswith("likely by probability, but forename")
    reviews.loc[last, "Forename"] = children.loc[last, "Forename"][0] + "."
    assert row(link(children, reviews), last).get("reason") is None


@pytest.mark.slow
def test_a_tie_is_a_conflict(children: pd.DataFrame, reviews: pd.DataFrame) -> None:
    """Twins by one name: nothing says which of them a record is of."""
    twins = children.iloc[[-1]].assign(UPN=children.loc[0, "UPN"][:0] + "T")
    result = link(pd.concat([children, twins], ignore_index=True), reviews)
    last = row(result, len(reviews) - 1)
    assert (last["status"], last["reason"]) == (CONFLICT, "more than one child fits")
    # twins with forenames of their own are told apart
    named = twins.assign(Forename="Yubmoo" if children["Forename"].iloc[-1] != "Yubmoo" else "Zibbo")
    assert row(link(pd.concat([children, named], ignore_index=True), reviews), len(reviews) - 1)["status"] == LINKED


@pytest.mark.slow
def test_two_persons_for_one_child_are_a_conflict(children: pd.DataFrame, reviews: pd.DataFrame) -> None:
    again = reviews.iloc[[-1]].assign(PersonID="again")
    result = link(children, pd.concat([reviews, again], ignore_index=True))
    for number in (len(reviews) - 1, len(reviews)):
        assert row(result, number)["reason"] == "more than one person of the agency fits the child"
    # two rows of one person are no conflict
    same = link(children, pd.concat([reviews, reviews.iloc[[-1]]], ignore_index=True))
    assert [row(same, number)["status"] for number in (len(reviews) - 1, len(reviews))] == [LINKED] * 2


@pytest.mark.slow
def test_thresholds_decide_and_doubts_are_listed(children: pd.DataFrame, reviews: pd.DataFrame) -> None:
    changed = [*range(0, 300, 10), *range(540, 600)]  # a tenth of those whose UPN says who they are, too
    reviews.loc[changed, ["Surname", "Postcode"]] = ["Newname", "ZZ99 9ZZ"]
    statuses: set[str] = set()
    for match, clerical in ((0.51, 0.05), (0.9, 0.2), (0.99, 0.6)):
        rows = link(children, reviews, Linkage(probabilistic=True, match=match, clerical=clerical)).crosswalk
        rows = rows[rows["probability"].notna() & rows["reason"].isna()]
        assert (rows["probability"] >= clerical).all()
        assert (rows["status"] == np.where(rows["probability"] >= match, LINKED, CLERICAL)).all()
        statuses |= set(rows.loc[rows["row"] >= 540, "status"])
    assert statuses == {LINKED, CLERICAL}


@pytest.mark.slow
def test_it_is_the_same_each_time_without_network_or_files(
    children: pd.DataFrame, reviews: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket, "socket", None)
    reviews.loc[reviews.index[-60:], "Surname"] = "Newname"
    first, second = link(children, reviews), link(children, reviews)
    pd.testing.assert_frame_equal(first.crosswalk, second.crosswalk, check_exact=True)
    assert first.expected == second.expected
    assert os.listdir(tmp_path) == []


def test_a_small_school_can_link_too(children: pd.DataFrame, reviews: pd.DataFrame) -> None:
    """With 30 children and no identifier at all, m rests on its prior."""
    result = link(children.iloc[:30], reviews.assign(UPN=None))
    links = result.links.set_index("row")["child_id"]
    assert (links == children["UPN"].reindex(links.index)).all()
    assert len(links) >= 28


def test_expected_errors_are_those_of_independent_trials() -> None:
    rng = np.random.default_rng(1)
    probability = rng.random(400)
    is_link = probability > 0.7
    found = expected_errors(probability, is_link, identified=np.ones(10, dtype=bool))
    draws = rng.random((20_000, 400)) < probability
    wrong, missed = (~draws[:, is_link]).sum(axis=1), draws[:, ~is_link].sum(axis=1)
    for expected, simulated in ((found.false_links, wrong), (found.missed_links, missed)):
        assert expected.value == pytest.approx(simulated.mean(), rel=0.01)
        assert (expected.low, expected.high) == pytest.approx(np.quantile(simulated, [0.025, 0.975]), abs=1)


def test_expected_misses_follow_what_identifiers_show() -> None:
    """Of 1,000 pairs with identifiers probability misses 100: of 900 links beside them, about 100 are missed too."""
    rng = np.random.default_rng(2)
    inside = 0
    for _ in range(400):
        identified = rng.random(1_000) < 0.9
        linked, missed = rng.multinomial(1_000, [0.9, 0.1])
        found = expected_errors(np.ones(linked), np.ones(linked, dtype=bool), identified=identified).missed_links
        inside += found.low <= missed <= found.high
    assert inside >= 0.93 * 400


def test_names_are_compared_without_accents_gaps_and_marks() -> None:
    frame = pd.DataFrame(
        {"Forename": ["Zoë-Mae"], "Surname": ["O’Neil"], "DOB": ["2018-01-02"], "Postcode": ["zz1 1aa"]}
    )
    assert comparable(frame).iloc[0].tolist() == ["zoemae", "oneil", "2018-01-02", None, "ZZ11AA"]
