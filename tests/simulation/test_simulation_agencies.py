"""Agencies' tables about synthetic children: consistent with their need, in trouble like real ones, and the truth."""

from __future__ import annotations

import pandas as pd
import pytest

from send_screen.contracts import check_table, is_synthetic_nhs_number, load_contract, valid_upns
from send_screen.simulation import SyntheticAgencies, SyntheticEngland, simulate_agencies, simulate_england
from send_screen.simulation._agencies import ASQ, CHECK, INVOLVEMENT, REVIEW
from send_screen.simulation._identifiers import TROUBLES

CENSUS = "education/pupil_census"


@pytest.fixture(scope="module")
def england() -> SyntheticEngland:
    return simulate_england(children=4_000, schools=40, seed=5)


@pytest.fixture(scope="module")
def agencies(england: SyntheticEngland) -> SyntheticAgencies:
    return simulate_agencies(england)


def whose(agencies: SyntheticAgencies, contract: str) -> pd.DataFrame:
    """Return an agency's table with the UPN of the child of each row, and its troubles."""
    truth = agencies.truth[agencies.truth["contract"] == contract].set_index("row")
    return agencies.tables[contract].assign(child=truth["UPN"], trouble=truth["trouble"])


@pytest.mark.parametrize("contract", [CENSUS, REVIEW, CHECK, INVOLVEMENT])
def test_the_tables_keep_their_contracts(agencies: SyntheticAgencies, contract: str) -> None:
    table = (agencies.tables | {CENSUS: agencies.pupil_census})[contract]
    checked = check_table(load_contract(contract), table, file=contract)
    assert checked.violations == ()
    assert checked.columns.unknown == ()


def test_it_is_the_same_each_time_and_changes_no_england(england: SyntheticEngland) -> None:
    before = simulate_england(children=4_000, schools=40, seed=5)
    first, second = simulate_agencies(england), simulate_agencies(england)
    for name in ("pupil_census", "two_year_review", "progress_check", "involvement", "truth"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name), check_exact=True)
    for name in ("pupil_census", "eyfsp", "sen_status", "truth"):
        pd.testing.assert_frame_equal(getattr(before, name), getattr(england, name), check_exact=True)


def test_every_row_has_its_truth(agencies: SyntheticAgencies) -> None:
    census = set(agencies.pupil_census["UPN"])
    for contract, table in agencies.tables.items():
        rows = whose(agencies, contract)
        assert len(rows) == len(table) == (agencies.truth["contract"] == contract).sum()
        assert set(rows["child"].dropna()) <= census
        assert 0.15 < rows["child"].isna().mean() < 0.35
        given = rows[rows["UPN"].notna()]
        former = agencies.pupil_census.set_index("UPN")["FormerUPN"].reindex(given["child"]).to_numpy()
        assert ((given["UPN"] == given["child"]) | (given["UPN"] == former)).all()
    numbers = pd.concat([table["NHSNumber"] for table in agencies.tables.values()]).dropna()
    assert numbers.map(is_synthetic_nhs_number).all()
    former = agencies.pupil_census["FormerUPN"].dropna()
    assert valid_upns(former).all()
    assert former.is_unique
    assert former.str[-1].str.isalpha().all()


def test_agencies_see_the_need(england: SyntheticEngland, agencies: SyntheticAgencies) -> None:
    truth = england.truth.set_index("UPN")
    review = whose(agencies, REVIEW).dropna(subset="child")
    review = review[review["Completed"] == "Y"]
    need = truth["area"].reindex(review["child"]).set_axis(review.index)
    means = review.groupby(need.fillna("none"))[list(ASQ)].mean()
    loss = means.loc["none"] - means
    assert loss.loc["communication and interaction"].idxmax() == "ASQCommunication"
    assert loss.loc["cognition and learning"].idxmax() == "ASQProblemSolving"
    assert loss.loc["SEMH"].idxmax() == "ASQPersonalSocial"
    assert loss.loc["sensory and physical"].idxmax() == "ASQGrossMotor"
    known = truth.index.isin(whose(agencies, INVOLVEMENT)["child"])
    assert truth["true_need"][known].mean() > 1.4 * truth["true_need"][~known].mean()
    in_care = whose(agencies, INVOLVEMENT).query("InvolvementType == 'LAC'")["child"].dropna()
    assert truth["looked_after"].reindex(in_care).all()
    check = whose(agencies, CHECK).dropna(subset="child")
    below = (check["CL"] == "1").groupby(truth["true_need"].reindex(check["child"]).to_numpy()).mean()
    assert below[True] > 2 * below[False]


def test_scores_are_near_the_published_ones() -> None:
    """England 2021/22 and 2022/23: 86, 93, 93, 93 and 90 in 100 at the level expected, 81 in all five."""
    review = simulate_agencies(simulate_england(children=20_000, seed=0)).two_year_review
    done = review[review["Completed"] == "Y"]
    cut_offs = dict(zip(ASQ, (25.17, 38.07, 35.16, 29.78, 31.54), strict=True))  # of the 24 month questionnaire
    met = pd.DataFrame({name: done[name] >= cut_off for name, cut_off in cut_offs.items()})
    assert (met.mean() - [0.86, 0.93, 0.93, 0.93, 0.90]).abs().max() < 0.03
    assert abs(met.all(axis=1).mean() - 0.80) < 0.05
    assert abs((review["Completed"] == "Y").mean() - 0.82) < 0.05


def test_identifiers_are_in_trouble_more_for_those_who_move_or_speak_another_language(
    england: SyntheticEngland, agencies: SyntheticAgencies
) -> None:
    rows = whose(agencies, REVIEW).dropna(subset="child")
    found = set("; ".join(rows["trouble"]).split("; "))
    assert found >= {trouble.name for trouble in TROUBLES}
    census = agencies.pupil_census.set_index("UPN").loc[rows["child"]].reset_index()
    same = rows["trouble"].to_numpy() == ""
    for name in ("Surname", "Forename", "DOB", "Sex", "Postcode"):
        assert (rows[name].to_numpy() == census[name].to_numpy())[same].all()
    moved = england.truth.set_index("UPN")["mobile"].reindex(rows["child"]).to_numpy()
    changed = rows["trouble"].str.contains("surname changed").to_numpy()
    assert changed[moved].mean() > 2 * changed[~moved].mean()
    swapped = rows["trouble"].str.contains("names swapped").to_numpy()
    eal = ~census["Language"].isin(["ENG", "ENB", "NOT"]).to_numpy()
    assert swapped[eal].mean() > 2 * swapped[~eal].mean()
    twins = agencies.pupil_census.duplicated(["School", "Surname", "DOB", "Postcode"], keep=False)
    assert 0.01 < twins.mean() < 0.05


def test_a_census_can_have_traced_nhs_numbers(england: SyntheticEngland) -> None:
    assert simulate_agencies(england).pupil_census["NHSNumber"].isna().all()
    traced = simulate_agencies(england, traced=0.9).pupil_census["NHSNumber"]
    assert 0.87 < traced.notna().mean() < 0.93
    assert traced.dropna().is_unique
