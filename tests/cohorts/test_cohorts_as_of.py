"""Records as of a date: nothing that was recorded later gets through, and what contradicts itself is not known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from agency_contracts import INVOLVEMENT, REVIEW, agency_spec

from send_screen.cohorts import Cohort, load_cohort
from send_screen.cohorts._as_of import RecordsAsOf, date_columns, records_as_of
from send_screen.contracts import available_contracts, check_table, load_contract
from send_screen.simulation import simulate_england
from send_screen.specs import ModelSpec

AS_OF = "2023-07-31"  # of children in reception in 2022/23
AGENCIES = (REVIEW, INVOLVEMENT)


@pytest.fixture(scope="module")
def spec(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    return agency_spec(repository, tmp_path_factory.mktemp("agencies"))


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    england = simulate_england(children=300, schools=10, seed=2)
    upns = england.eyfsp["UPN"]  # a child without a profile has no as-of date
    n = np.arange(len(upns))
    review = pd.DataFrame(
        {
            "UPN": upns,
            "ReviewDate": "2020-06-01",
            "Speech": (1 + n % 3).astype(str),
            "Concern": np.where(n % 5, "N", "Y"),
        }
    )
    status = pd.DataFrame(
        {"UPN": upns[::7], "StartDate": "2022-02-01", "Plan": "CIN", "EndDate": "2023-01-01", "EndReason": "A"}
    )
    tables = {name: table for name, table in england.tables.items() if "outcomes" not in name}
    return tables | {REVIEW: review, INVOLVEMENT: status.reset_index(drop=True)}


def cohort_of(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> Cohort:
    return load_cohort(spec, tables, training=False)


def rows(tables: dict[str, pd.DataFrame], name: str, *new: dict[str, str]) -> dict[str, pd.DataFrame]:
    """Return the tables with rows added to one."""
    return tables | {name: pd.concat([pd.DataFrame(new), tables[name]], ignore_index=True)}


def note_of(cohort: Cohort, text: str) -> list[str]:
    return [str(note) for note in cohort.notes if text in note]


PLANTED = {
    REVIEW: {"ReviewDate": "2023-08-01", "Speech": "1", "Concern": "Y"},
    INVOLVEMENT: {"StartDate": "2024-01-01", "Plan": "CPP", "EndDate": "2024-06-01", "EndReason": "B"},
}


@pytest.mark.parametrize("agency", AGENCIES)
def test_later_rows_change_nothing_and_are_counted(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], agency: str
) -> None:
    before = cohort_of(spec, tables)
    later = pd.DataFrame({"UPN": tables["education/eyfsp"]["UPN"]}).assign(**PLANTED[agency])
    planted = tables | {agency: pd.concat([later, tables[agency]], ignore_index=True)}
    after = cohort_of(spec, planted)
    pd.testing.assert_frame_equal(before.X, after.X)
    pd.testing.assert_series_equal(before.ids, after.ids)
    pd.testing.assert_frame_equal(before.sensitive, after.sensitive)
    pd.testing.assert_frame_equal(before.excluded, after.excluded)
    note = note_of(after, "recorded after the as-of date")
    assert len(note) == 1
    assert f"{len(later)} recorded after the as-of date" in note[0]
    # on the as-of date itself they count
    on_the_day = later.assign(**{date: AS_OF for date in ("ReviewDate", "StartDate") if date in later})
    used = cohort_of(spec, tables | {agency: pd.concat([on_the_day, tables[agency]], ignore_index=True)})
    assert not used.X.equals(before.X)


def test_a_later_row_alone_leaves_the_child_not_known(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    before = cohort_of(spec, tables)
    child = before.ids.iloc[0]
    review = tables[REVIEW]
    review.loc[review["UPN"] == child, "ReviewDate"] = "2023-08-01"
    after = cohort_of(spec, tables)
    assert after.ids.iloc[0] == child
    assert after.X.loc[0, ["speech", "concern"]].isna().all()
    pd.testing.assert_frame_equal(before.X.iloc[1:], after.X.iloc[1:])


def test_the_newest_row_by_then_is_used(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    child = cohort_of(spec, tables).ids.iloc[0]
    newer = {"UPN": child, "ReviewDate": "2021-01-01", "Speech": "3", "Concern": "Y"}
    older = {"UPN": child, "ReviewDate": "2019-01-01", "Speech": "1", "Concern": "N"}
    for added in ([newer, older], [older, newer]):
        after = cohort_of(spec, rows(tables, REVIEW, *added))
        assert after.X.loc[0, ["speech", "concern"]].tolist() == [3.0, 1.0]
        assert (
            "2 older than the record that is used"
            in note_of(after, f"the frame: {len(tables[REVIEW])} of {len(tables[REVIEW]) + 2} rows used")[0]
        )


def test_a_value_with_a_later_date_of_its_own_is_not_known(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    before = cohort_of(spec, tables)
    status = tables[INVOLVEMENT]
    child = next(child for child in before.ids if child in set(status["UPN"]))
    status.loc[status["UPN"] == child, "EndDate"] = "2023-09-01"
    after = cohort_of(spec, tables)
    row = int(before.ids[before.ids == child].index[0])
    assert before.X.loc[row, ["plan", "ended"]].tolist() == [0.0, 1.0]
    assert after.X.loc[row, "plan"] == 0.0
    assert np.isnan(after.X.loc[row, "ended"])


def test_a_later_correction_is_counted(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    children = tables["education/eyfsp"]["UPN"]
    same = tables[REVIEW].iloc[[0]].assign(ReviewDate="2024-01-01").to_dict("records")
    speech = tables[REVIEW].iloc[1]["Speech"]
    other = {"UPN": children[1], "ReviewDate": "2024-01-01", "Speech": "1" if speech != "1" else "2"}
    after = cohort_of(spec, rows(tables, REVIEW, *same, other))
    assert "Later rows of 1 child correct the record that is used." in note_of(after, "recorded after")[0]


def test_rows_of_one_date_that_contradict_each_other_are_conflicts(
    spec: ModelSpec, tables: dict[str, pd.DataFrame]
) -> None:
    before = cohort_of(spec, tables)
    child, speech = before.ids.iloc[0], before.X.loc[0, "speech"]
    concern = "Y" if before.X.loc[0, "concern"] else "N"
    other = {"UPN": child, "ReviewDate": "2020-06-01", "Speech": "1" if speech != 1 else "2", "Concern": concern}
    after = cohort_of(spec, rows(tables, REVIEW, other))
    assert np.isnan(after.X.loc[0, "speech"])
    assert after.X.loc[0, "concern"] == before.X.loc[0, "concern"], "both rows agree on it"
    assert after.conflicts[["contract", "child_id"]].to_numpy().tolist() == [[REVIEW, child]] * 2
    assert "1 child has rows of one date that differ in what is asked for" in note_of(after, "differ")[0]
    assert before.conflicts.empty
    # a row that says less contradicts nothing
    less = {"UPN": child, "ReviewDate": "2020-06-01", "Speech": "", "Concern": concern}
    assert cohort_of(spec, rows(tables, REVIEW, less)).X.equals(before.X)


def test_a_conflict_in_what_decides_eligibility_is_for_manual_review(
    repository: Path, tmp_path: Path, tables: dict[str, pd.DataFrame]
) -> None:
    spec = agency_spec(repository, tmp_path, condition=True)
    before = cohort_of(spec, tables)
    child = before.ids.iloc[0]
    other = {"UPN": child, "ReviewDate": "2020-06-01", "Concern": "N"}
    after = cohort_of(spec, rows(tables, REVIEW, other))
    row = after.excluded[after.excluded["child_id"] == child]
    assert row[["kind", "rule"]].to_numpy().tolist() == [["manual_review", "DATA-RECORDS-DIFFER"]]


@pytest.mark.parametrize(
    ("later", "refused"),
    [
        ({"ReviewDate": "2021-01-01", "Concern": ""}, True),
        ({"ReviewDate": "2021-01-01", "Concern": "Y"}, True),
        ({"ReviewDate": "2021-01-01", "Concern": "unreadable"}, True),
        (None, True),
        ({"ReviewDate": "2020-06-01", "Concern": "N", "planted": "2023-08-01"}, False),  # after the as-of date
    ],
)
def test_a_code_that_a_condition_refuses_counts_in_whichever_row_by_then_it_stands(
    repository: Path, tmp_path: Path, tables: dict[str, pd.DataFrame], later: dict[str, str] | None, refused: bool
) -> None:
    spec = agency_spec(repository, tmp_path, condition=True)  # not_in: [N]
    child = cohort_of(spec, tables).ids.iloc[0]
    review = tables[REVIEW]
    mine = review["UPN"] == child
    review.loc[mine, "Concern"] = "N"
    if later and (date := later.pop("planted", None)):
        review.loc[mine, "ReviewDate"], later["Concern"] = date, "Y"
    after = cohort_of(spec, rows(tables, REVIEW, {"UPN": child, **later}) if later else tables)
    rules = after.excluded.loc[after.excluded["child_id"] == child, "rule"].tolist()
    assert rules == (["ELIGIBLE-CONCERN"] if refused else [])


def test_a_blank_in_the_newest_row_does_not_hide_what_an_older_one_says(
    spec: ModelSpec, tables: dict[str, pd.DataFrame]
) -> None:
    child = cohort_of(spec, tables).ids.iloc[0]
    tables[REVIEW].loc[tables[REVIEW]["UPN"] == child, ["Speech", "Concern"]] = ["3", "N"]
    newer = {"UPN": child, "ReviewDate": "2021-01-01", "Speech": "", "Concern": "Y"}
    after = cohort_of(spec, rows(tables, REVIEW, newer))
    assert after.X.loc[0, ["speech", "concern"]].tolist() == [3.0, 1.0]
    assert note_of(after, f"the frame: {len(tables[REVIEW]) + 1} of {len(tables[REVIEW]) + 1} rows used")


def involvements(*listed: tuple[str, str, str | None]) -> RecordsAsOf:
    """Return what was known of one child from involvements: their kind, start and primary need."""
    contract = load_contract("social_care/involvement")
    frame = pd.DataFrame(listed, columns=["InvolvementType", "StartDate", "PrimaryNeed"]).assign(PersonID="17")
    check = check_table(contract, frame, file="file")
    assert check.violations == ()
    child = pd.Series("child", index=check.frame.index, dtype=object)
    as_of = pd.Series(pd.Timestamp("2026-07-31"), index=check.frame.index)
    asked = {"PrimaryNeed", "StartDate"}
    records = records_as_of(contract, check, child, as_of, file="file", id_column="UPN", asked=asked)
    assert records is not None
    return records


@pytest.mark.parametrize(
    ("listed", "need", "differ"),
    [
        ((("CIN", "2026-01-10", "N2"), ("CP", "2026-03-01", None)), "N2", False),
        ((("CIN", "2026-01-10", "N2"), ("LAC", "2026-03-01", "N1")), "N1", False),
        ((("CIN", "2026-01-10", "N2"), ("LAC", "2026-01-10", "N2")), "N2", False),  # two records, and one need
        ((("CIN", "2026-01-10", "N2"), ("LAC", "2026-01-10", "N1")), None, True),
        ((("CIN", "2026-01-10", "N2"), ("LAC", "2026-09-01", "N1")), "N2", False),
    ],
)
def test_the_primary_need_is_that_of_the_newest_involvement_that_states_one(
    listed: tuple[tuple[str, str, str | None], ...], need: str | None, differ: bool
) -> None:
    for order in (listed, listed[::-1]):
        records = involvements(*order)
        (found,) = records.check.frame["PrimaryNeed"].tolist()
        assert (None if pd.isna(found) else found) == need
        assert list(records.conflicts.values()) == ([{"PrimaryNeed"}] if differ else [])
        assert ("differ in what is asked for" in records.note) == differ


def test_an_undated_row_is_not_used(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    child = cohort_of(spec, tables).ids.iloc[0]
    tables[REVIEW].loc[tables[REVIEW]["UPN"] == child, "ReviewDate"] = ""
    after = cohort_of(spec, tables)
    assert np.isnan(after.X.loc[0, "speech"])
    assert "1 without a date" in note_of(after, "rows used")[0]


@pytest.mark.parametrize("essential", [False, True])
def test_without_a_row_a_child_is_not_known_or_for_manual_review(
    repository: Path, tmp_path: Path, tables: dict[str, pd.DataFrame], essential: bool
) -> None:
    spec = agency_spec(repository, tmp_path, essential=essential)
    before = cohort_of(spec, tables)
    none, later = before.ids.iloc[0], before.ids.iloc[1]
    review = tables[REVIEW]
    review.loc[review["UPN"] == later, "ReviewDate"] = "2024-01-01"
    after = cohort_of(spec, tables | {REVIEW: review[review["UPN"] != none]})
    assert len(after) + len(after.excluded) == len(before) + len(before.excluded)
    if essential:
        rows = after.excluded.set_index("child_id").loc[[none, later]]
        assert rows["rule"].tolist() == ["DATA-NO-RECORD"] * 2
        assert set(rows["kind"]) == {"manual_review"}
        assert "recorded by the as-of date" in rows.loc[later, "reason"]
    else:
        assert after.ids.tolist() == before.ids.tolist()
        assert after.X.loc[[0, 1], "speech"].isna().all()


def test_rows_of_other_children_are_counted_and_never_shown(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    before = cohort_of(spec, tables)
    elsewhere = simulate_england(children=300, schools=20, seed=3).pupil_census["UPN"]
    others = elsewhere[~elsewhere.isin(tables["education/pupil_census"]["UPN"])]
    new = [{"UPN": upn, "ReviewDate": "2020-06-01", "Speech": "3", "Concern": "Y"} for upn in others]
    after = cohort_of(spec, rows(tables, REVIEW, *new))
    pd.testing.assert_frame_equal(before.X, after.X)
    pd.testing.assert_frame_equal(before.excluded, after.excluded)
    assert note_of(after, f"{len(others)} rows belong to nobody in the other files")


def test_a_row_of_a_non_essential_agency_that_breaks_its_contract_is_left_out(
    spec: ModelSpec, tables: dict[str, pd.DataFrame]
) -> None:
    before = cohort_of(spec, tables)
    tables[REVIEW].loc[tables[REVIEW]["UPN"] == before.ids.iloc[0], "Speech"] = "fluent"
    after = cohort_of(spec, tables)
    assert after.ids.tolist() == before.ids.tolist()
    assert after.X.loc[0, ["speech", "concern"]].isna().all()
    assert note_of(after, "1 row breaks its contract and is left out")


def test_one_table_of_all_agencies_is_read_as_of_the_date(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    wide = tables["education/pupil_census"].merge(tables["education/eyfsp"].drop(columns="AcademicYear"), on="UPN")
    wide = wide.merge(tables[REVIEW], on="UPN").merge(tables[INVOLVEMENT], on="UPN", how="left")
    before = load_cohort(spec, wide, training=False)
    assert before.X[["speech", "plan"]].notna().any().all()
    wide["ReviewDate"] = "2023-08-01"
    after = load_cohort(spec, wide, training=False)
    assert after.X[["speech", "concern"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        before.X.drop(columns=["speech", "concern"]), after.X.drop(columns=["speech", "concern"])
    )
    assert len(after) + len(after.excluded) == len(wide)


DATED = [ref for ref in available_contracts() if date_columns(load_contract(ref))]


@pytest.mark.parametrize("ref", DATED)
def test_no_later_row_of_any_shipped_contract_gets_through(repository: Path, ref: str) -> None:
    """A row of each child with a later date and another child's values, planted before and after the rows that hold."""
    contract = load_contract(ref)
    name = contract.id.partition("/")[2]
    rows = pd.read_csv(repository / "data_contracts" / "examples" / "valid" / f"{name}.csv", dtype=str)
    alone = check_table(contract, rows, file="file")
    dates = date_columns(contract)
    as_of = alone.frame[dates].max(axis=None)
    later = rows.iloc[::-1].reset_index(drop=True)
    headers = {name: header for header, name in alone.columns.aliased.items()}
    for date in dates:
        later[headers.get(date, date)] = str((as_of + pd.Timedelta(days=1)).date())
    for tables, mine in (([later, rows], slice(len(rows), None)), ([rows, later], slice(0, len(rows)))):
        planted = check_table(contract, pd.concat(tables, ignore_index=True), file="file")
        found = []
        for check in (alone, planted):
            n = len(check.frame)
            child = pd.Series([f"child {row % len(rows)}" for row in range(n)], index=check.frame.index, dtype=object)
            when = pd.Series(as_of, index=check.frame.index)
            records = records_as_of(contract, check, child, when, file="file", id_column="UPN")
            assert records is not None
            found.append(records)
        before, after = (records.check.frame for records in found)
        kept = planted.frame.index[mine]
        undated = alone.frame[dates].isna().all(axis=1).to_numpy()
        expected = before.set_axis(kept)[~undated]
        pd.testing.assert_frame_equal(after.loc[expected.index], expected)
        assert f"{len(rows)} recorded after the as-of date" in found[1].note
