"""From files to a cohort: roles apart, nothing lost, the right children asked about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from send_screen.cohorts import Cohort, hold_out_schools, load_cohort
from send_screen.cohorts._hold_out import held_out_tables
from send_screen.cohorts._source import read_source
from send_screen.contracts import upn_check_letter
from send_screen.errors import DataError, PopulationError, UsageError
from send_screen.simulation import SyntheticEngland, simulate_england, write_england
from send_screen.simulation._england_files import school_file
from send_screen.specs import ModelSpec, load_spec


@pytest.fixture(scope="module")
def spec(repository: Path) -> ModelSpec:
    return load_spec(repository / "models" / "reception_sen" / "spec.yaml")


@pytest.fixture(scope="module")
def england() -> SyntheticEngland:
    return simulate_england(children=2_000, seed=1)


@pytest.fixture
def tables(england: SyntheticEngland) -> dict[str, pd.DataFrame]:
    return {
        "education/pupil_census": england.pupil_census.copy(),
        "education/eyfsp": england.eyfsp.copy(),
        "outcomes/sen_status": england.sen_status.copy(),
    }


@pytest.fixture(scope="module")
def cohort(spec: ModelSpec, england: SyntheticEngland) -> Cohort:
    return load_cohort(
        spec,
        {
            "education/pupil_census": england.pupil_census,
            "education/eyfsp": england.eyfsp,
            "outcomes/sen_status": england.sen_status,
        },
    )


def screening(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> Cohort:
    return load_cohort(spec, {k: v for k, v in tables.items() if "outcomes" not in k}, training=False)


def rules(cohort: Cohort) -> dict[str, int]:
    return cohort.excluded["rule"].value_counts().to_dict()


def test_roles_are_apart_and_nothing_is_lost(cohort: Cohort, england: SyntheticEngland, spec: ModelSpec) -> None:
    assert len(cohort) + len(cohort.excluded) == len(england.pupil_census)
    assert list(cohort.X.columns) == [feature.name for feature in spec.features]
    assert set(cohort.X.dtypes) == {np.dtype("float64")}
    assert cohort.y is not None
    assert set(cohort.y.unique()) == {0, 1}
    assert list(cohort.sensitive.columns) == ["sex", "ethnicity", "fsm", "eal", "birth_season"]
    assert cohort.synthetic
    for part in (cohort.ids, cohort.X, cohort.y, cohort.sensitive, cohort.school, cohort.as_of, cohort.show):
        assert list(part.index) == list(range(len(cohort)))


def test_values_are_those_of_the_file(cohort: Cohort, england: SyntheticEngland) -> None:
    census = england.pupil_census.set_index("UPN").loc[cohort.ids]
    goals = england.eyfsp.set_index("UPN").loc[cohort.ids, "E02"].reset_index(drop=True)
    expected = goals.map({"1": 1.0, "2": 2.0})
    assert np.array_equal(cohort.X["E02"], expected, equal_nan=True)
    born = pd.to_datetime(census["DOB"]).reset_index(drop=True)
    assert (cohort.X["age_months"] == (2023 - born.dt.year) * 12 + 7 - born.dt.month).all()
    assert (cohort.sensitive["sex"] == census["Sex"].map({"F": "girls", "M": "boys"}).to_numpy()).all()
    assert (cohort.show["row"].to_numpy() >= 2).all()


def test_only_children_not_yet_on_the_sen_register(cohort: Cohort, england: SyntheticEngland) -> None:
    on_sen_register = set(england.pupil_census.loc[england.pupil_census["SENprovision"] != "N", "UPN"])
    assert on_sen_register
    assert not on_sen_register & set(cohort.ids)
    assert rules(cohort)["ELIGIBLE-NOT-ON-SEN-REGISTER"] == len(on_sen_register)


def test_the_outcome_counts_within_its_horizon_only(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    before = load_cohort(spec, tables)
    assert before.y is not None
    needy = before.ids[before.y == 1].iloc[0]
    status = tables["outcomes/sen_status"]
    mine = status["UPN"] == needy
    status.loc[mine, "StatusDate"] = "2029-01-16"
    after = load_cohort(spec, tables)
    assert needy not in set(after.ids)
    assert rules(after)["OUTCOME-KNOWN"] == rules(before).get("OUTCOME-KNOWN", 0) + 1


def test_any_positive_status_within_the_horizon_counts(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    before = load_cohort(spec, tables)
    assert before.y is not None
    well = before.ids[before.y == 0].iloc[0]
    extra = pd.DataFrame({"UPN": [well], "StatusDate": ["2024-01-18"], "SENprovision": ["K"], "SENtype": ["SLCN"]})
    tables["outcomes/sen_status"] = pd.concat([tables["outcomes/sen_status"], extra], ignore_index=True)
    after = load_cohort(spec, tables)
    assert after.y is not None
    assert after.y[after.ids == well].tolist() == [1]


def test_sensitive_is_never_a_feature(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    before = load_cohort(spec, tables)
    tables["education/pupil_census"]["Ethnicity"] = "WBRI"
    tables["education/pupil_census"]["Sex"] = "F"
    after = load_cohort(spec, tables)
    pd.testing.assert_frame_equal(before.X, after.X)
    assert set(after.sensitive["sex"]) == {"girls"}


def test_the_order_of_rows_and_columns_does_not_matter(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    before = load_cohort(spec, tables)
    tables["education/eyfsp"] = tables["education/eyfsp"].sample(frac=1, random_state=0).iloc[:, ::-1]
    after = load_cohort(spec, tables)
    pd.testing.assert_series_equal(before.ids, after.ids)
    pd.testing.assert_frame_equal(before.X, after.X)


@pytest.mark.parametrize("form", ["folder", "csv", "parquet", "arrow", "frame"])
def test_every_form_of_data_gives_the_same_cohort(
    spec: ModelSpec, england: SyntheticEngland, cohort: Cohort, tmp_path: Path, form: str
) -> None:
    if form == "folder":
        write_england(england, tmp_path)
        found = load_cohort(spec, tmp_path)
        assert found.y is not None
        pd.testing.assert_frame_equal(found.X, cohort.X)
        pd.testing.assert_series_equal(found.y, cohort.y)
        return
    wide = england.pupil_census.merge(england.eyfsp.drop(columns="AcademicYear"), on="UPN")
    if form == "csv":
        wide.to_csv(tmp_path / "wide.csv", index=False)
    elif form == "parquet":
        wide.to_parquet(tmp_path / "wide.parquet")
    data = {"csv": tmp_path / "wide.csv", "parquet": str(tmp_path / "wide.parquet"), "frame": wide}.get(form)
    found = load_cohort(spec, pa.Table.from_pandas(wide) if data is None else data, training=False)
    assert found.y is None
    assert set(found.ids) == set(cohort.ids) | set(cohort.excluded.query("kind == 'outcome_unknown'")["child_id"])
    assert len(found) + len(found.excluded) == len(wide)
    both = found.X.set_axis(found.ids).loc[cohort.ids].reset_index(drop=True)
    pd.testing.assert_frame_equal(both, cohort.X)


def test_xlsx_too(spec: ModelSpec, england: SyntheticEngland, tmp_path: Path) -> None:
    import xlsxwriter

    wide = school_file(england)
    with xlsxwriter.Workbook(str(tmp_path / "school.xlsx")) as book:
        sheet = book.add_worksheet("Pupils")
        for j, column in enumerate(wide.columns):
            sheet.write_string(0, j, column)
            for i, value in enumerate(wide[column], start=1):
                if not pd.isna(value):
                    sheet.write_string(i, j, str(value))
    wide.to_csv(tmp_path / "school.csv", index=False)
    from_xlsx = load_cohort(spec, tmp_path / "school.xlsx", training=False)
    from_csv = load_cohort(spec, tmp_path / "school.csv", training=False)
    pd.testing.assert_frame_equal(from_xlsx.X, from_csv.X)
    assert len(from_xlsx) + len(from_xlsx.excluded) == len(wide)


def test_a_child_in_one_table_only_is_excluded(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    census, profile = tables["education/pupil_census"], tables["education/eyfsp"]
    both = census[census["UPN"].isin(profile["UPN"]) & (census["SENprovision"] == "N")]["UPN"].tolist()
    no_profile, no_census = set(both[:5]), set(both[-3:])
    before = set(screening(spec, tables).excluded.query("rule == 'DATA-NO-RECORD'")["child_id"])
    tables["education/eyfsp"] = profile[~profile["UPN"].isin(no_profile)]
    tables["education/pupil_census"] = census[~census["UPN"].isin(no_census)]
    found = screening(spec, tables)
    assert len(found) + len(found.excluded) == len(census)
    excluded = found.excluded.query("rule == 'DATA-NO-RECORD'")
    assert set(excluded["child_id"]) == before | no_profile | no_census
    assert set(excluded["kind"]) == {"manual_review"}
    on_sen_register = set(census.loc[census["SENprovision"] != "N", "UPN"])
    assert not on_sen_register & set(excluded["child_id"])


def test_a_row_that_breaks_its_contract_is_excluded_with_its_rule(
    spec: ModelSpec, tables: dict[str, pd.DataFrame]
) -> None:
    census = tables["education/pupil_census"]
    census["DOB"] = census["DOB"].astype(object)
    census.loc[3, "DOB"] = "sometime in May"
    census.loc[4, "UPN"] = census.loc[5, "UPN"]
    found = screening(spec, tables)
    by_rule = rules(found)
    assert by_rule["CENSUS-DOB-DATE"] == 1
    assert by_rule["CENSUS-UPN-DOUBLE"] >= 1
    assert "sometime" not in " ".join(found.excluded["reason"])
    total = len(census) + sum(found.excluded["file"] != "the frame")
    assert len(found) + len(found.excluded) >= total


def test_missing_is_not_scored_as_nothing(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    profile = tables["education/eyfsp"]
    eligible = tables["education/pupil_census"].query("SENprovision == 'N'")["UPN"].iloc[0]
    goals = [column for column in profile.columns if column.startswith("E")]
    profile.loc[profile["UPN"] == eligible, goals] = "A"
    found = screening(spec, tables)
    row = found.excluded[found.excluded["child_id"] == eligible]
    assert row["rule"].tolist() == ["DATA-ESSENTIAL"]
    assert row["kind"].tolist() == ["manual_review"]


def test_an_essential_agency_without_data_is_refused(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(DataError, match=r"eyfsp(.|\n)*DATA-ESSENTIAL|DATA-ESSENTIAL(.|\n)*eyfsp"):
        load_cohort(spec, {"education/pupil_census": tables["education/pupil_census"]}, training=False)


def test_a_missing_column_is_refused_by_name(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    tables["education/eyfsp"] = tables["education/eyfsp"].drop(columns="E09")
    with pytest.raises(DataError, match="E09"):
        screening(spec, tables)


def born_earlier(dates: pd.Series, *, years: int) -> pd.Series:
    return (pd.to_datetime(dates) - pd.DateOffset(years=years)).dt.strftime("%Y-%m-%d")


def test_the_wrong_year_group_is_refused(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    census = tables["education/pupil_census"]
    census["NCyearActual"] = "2"
    census["DOB"] = born_earlier(census["DOB"], years=2)
    with pytest.raises(PopulationError, match="not in reception") as caught:
        screening(spec, tables)
    assert caught.value.rule == "POPULATION-YEAR-GROUP"


def test_in_autumn_the_cohort_is_that_of_the_profiles_year(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    """Year 1 now, and by birth date in reception when the profile was made; of another age it is another cohort."""
    july = screening(spec, tables)
    census = tables["education/pupil_census"]
    census["NCyearActual"] = census["NCyearActual"].replace("R", "1")
    autumn = screening(spec, tables)
    assert autumn.ids.tolist() == july.ids.tolist()
    assert (
        f"{len(july):,} children have moved on since the as-of date, and are taken as they were then." in autumn.notes
    )
    child = (census["UPN"] == july.ids.iloc[0]).idxmax()
    census.loc[child, "DOB"] = str(int(census.loc[child, "DOB"][:4]) - 1) + census.loc[child, "DOB"][4:]
    assert rules(screening(spec, tables))["POPULATION-YEAR-GROUP"] == rules(autumn)["POPULATION-YEAR-GROUP"] + 1


def test_a_break_in_the_series_is_refused(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    tables["education/eyfsp"]["AcademicYear"] = "2019/20"
    with pytest.raises(PopulationError, match="2021/22") as caught:
        screening(spec, tables)
    assert caught.value.rule == "EYFSP-YEAR-FORM"


def test_a_feature_that_is_known_of_nobody_cannot_be_learnt_from(
    spec: ModelSpec, tables: dict[str, pd.DataFrame]
) -> None:
    tables["education/eyfsp"]["E01"] = None
    with pytest.raises(DataError, match="Not known of anybody: Listening, attention and understanding") as caught:
        load_cohort(spec, tables)
    assert caught.value.rule == "DATA-FEATURE"
    assert len(screening(spec, tables)) > 0, "whom a version lists, it can list without one of its features"


def test_a_few_from_another_year_are_excluded(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    census = tables["education/pupil_census"]
    census.loc[:9, "NCyearActual"] = "2"
    assert rules(screening(spec, tables))["CENSUS-DOB-YEARGROUP"] == 10
    census.loc[:9, "DOB"] = born_earlier(census.loc[:9, "DOB"], years=2)
    assert rules(screening(spec, tables))["POPULATION-YEAR-GROUP"] == 10


def test_one_file_for_two_meanings_of_a_column_is_refused(spec: ModelSpec, england: SyntheticEngland) -> None:
    wide = england.pupil_census.merge(england.eyfsp.drop(columns="AcademicYear"), on="UPN")
    with pytest.raises(DataError, match="folder with one file per contract"):
        load_cohort(spec, wide)


def test_two_files_for_one_contract_are_refused(spec: ModelSpec, england: SyntheticEngland, tmp_path: Path) -> None:
    write_england(england, tmp_path)
    england.eyfsp.to_parquet(tmp_path / "eyfsp.parquet")
    with pytest.raises(DataError, match="more than one file"):
        load_cohort(spec, tmp_path)


def test_what_is_no_data_is_refused(spec: ModelSpec) -> None:
    with pytest.raises(UsageError, match="list"):
        load_cohort(spec, [1, 2, 3])
    with pytest.raises(UsageError, match="health"):
        load_cohort(spec, {"health/asq": pd.DataFrame()})


def test_a_child_who_moved_away_is_not_a_child_without_need(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    before = load_cohort(spec, tables)
    assert before.y is not None
    gone = before.ids[before.y == 0].iloc[:5].tolist()
    status = tables["outcomes/sen_status"]
    status.loc[status["UPN"].isin(gone), "StatusDate"] = "2023-10-05"
    after = load_cohort(spec, tables)
    assert not set(gone) & set(after.ids)
    excluded = after.excluded.set_index("child_id").loc[gone]
    assert set(excluded["rule"]) == {"OUTCOME-KNOWN"}


def as_if_real(tables: dict[str, pd.DataFrame], rows: list[int]) -> None:
    """Give some children UPNs of authority 801 in every table."""
    census = tables["education/pupil_census"]
    new = {upn: upn_check_letter("801" + upn[4:]) + "801" + upn[4:] for upn in census.loc[rows, "UPN"]}
    for table in tables.values():
        table["UPN"] = table["UPN"].replace(new)


def test_a_typo_makes_no_synthetic_child_real(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    tables["education/pupil_census"].loc[3, "UPN"] = "see note"
    assert load_cohort(spec, tables).synthetic
    assert screening(spec, tables).synthetic


def test_one_synthetic_child_makes_a_version_synthetic(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    as_if_real(tables, list(range(10, 2_000)))
    assert load_cohort(spec, tables).synthetic
    assert not screening(spec, tables).synthetic
    as_if_real(tables, list(range(10)))
    assert not load_cohort(spec, tables).synthetic


def test_one_real_child_makes_a_file_real_even_when_excluded(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    census = tables["education/pupil_census"]
    on_sen_register = census.index[census["SENprovision"] == "K"][0]
    as_if_real(tables, [on_sen_register])
    assert not screening(spec, tables).synthetic
    assert load_cohort(spec, tables).synthetic


def test_records_of_different_years_are_looked_at_by_hand(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    census = tables["education/pupil_census"]
    eligible = census.index[census["SENprovision"] == "N"][:4]
    census.loc[eligible, "AcademicYear"] = "2023/24"
    before = rules(screening(spec, {**tables, "education/pupil_census": census.assign(AcademicYear="2022/23")}))
    assert "DATA-YEARS-DIFFER" not in before
    assert rules(screening(spec, tables))["DATA-YEARS-DIFFER"] >= 3


def screened_files(spec: ModelSpec, tables: dict[str, pd.DataFrame], folder: Path) -> Cohort:
    for name in ("pupil_census", "eyfsp"):
        tables[f"education/{name}"].to_csv(folder / f"{name}.csv", index=False)
    return load_cohort(spec, folder, training=False)


def test_a_column_that_cannot_be_read_is_one_error_and_not_one_a_child(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    profile = tables["education/eyfsp"]
    goals = [f"E{goal:02d}" for goal in range(1, 18)]
    profile[goals] = profile[goals].astype(object).where(profile[goals].isna(), "fine")
    census = tables["education/pupil_census"]
    census["NCyearActual"] = "Kindergarten"
    with pytest.raises(DataError) as caught:
        screened_files(spec, tables, tmp_path)
    first, *reasons = str(caught.value).splitlines()
    assert "2 reasons" in first
    assert "Most cells of NCyearActual cannot be read" in reasons[0]
    assert "It holds 'Kindergarten'." in reasons[0]
    assert "Most cells of E01, E02, E03, E04, E05 and 12 more cannot be read" in reasons[1]
    assert "fine" not in str(caught.value)


def test_a_column_that_contradicts_another_is_refused_and_one_cell_is_not(
    spec: ModelSpec, tables: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    """Authorised absence under the name of all absence: the unauthorised part is more than the whole."""
    census = tables["education/pupil_census"]
    census["SessionsAbsent"] = 1
    census["SessionsUnauthorised"] = [5] + [0] * (len(census) - 1)
    assert len(screened_files(spec, tables, tmp_path)) > 1_000
    census["SessionsUnauthorised"] = 5
    with pytest.raises(DataError) as caught:
        screened_files(spec, tables, tmp_path)
    _, *reasons = str(caught.value).splitlines()
    assert len(reasons) == 1
    assert "Most cells of SessionsAbsent contradict SessionsUnauthorised" in reasons[0]
    assert "CENSUS-ABSENT-UNAUTHORISED" in reasons[0]


def test_a_blank_column_is_asked_about_once(spec: ModelSpec, tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    census = tables["education/pupil_census"]
    census["SENprovision"] = census["SENprovision"].where(census["SENprovision"] != "N", None)
    with pytest.raises(DataError, match=r"Most cells of SENprovision are blank.*fill those cells with N"):
        screened_files(spec, tables, tmp_path)


def test_when_nobody_can_be_screened_the_cohort_is_empty(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    profile = tables["education/eyfsp"]
    profile[[column for column in profile if column.startswith("E")]] = "A"
    found = screening(spec, tables)
    assert len(found) == 0
    assert len(found.excluded) == len(tables["education/pupil_census"])
    with pytest.raises(DataError, match="None of the"):
        load_cohort(spec, tables)


@pytest.mark.parametrize("form", ["folder", "frames"])
def test_whole_schools_are_held_out(
    spec: ModelSpec, cohort: Cohort, england: SyntheticEngland, tmp_path: Path, form: str
) -> None:
    kept, held = hold_out_schools(cohort, 3)
    assert held.school.nunique() == 3
    assert not set(kept.school) & set(held.school)
    assert not set(kept.excluded["cluster"]) & set(held.school)
    assert len(kept) + len(held) == len(cohort)
    assert len(kept.excluded) + len(held.excluded) == len(cohort.excluded)
    shuffled = cohort.take(np.random.default_rng(0).permutation(len(cohort)))
    assert set(hold_out_schools(shuffled, 3)[1].school) == set(held.school)
    contracts = spec.contracts
    census = england.pupil_census.rename(columns={"UPN": "Unique Pupil Number"})
    profile = england.eyfsp.assign(UPN=england.eyfsp["UPN"].str.lower())
    if form == "folder":
        data: object = tmp_path / "data"
        (tmp_path / "data").mkdir()
        for name, frame in (("pupil_census", census), ("eyfsp", profile), ("sen_status", england.sen_status)):
            frame.to_csv(tmp_path / "data" / f"{name}.csv", index=False)
    else:
        data = {
            "education/pupil_census": census,
            "education/eyfsp": profile,
            "outcomes/sen_status": england.sen_status,
        }
    (tmp_path / "held_out").mkdir()
    tables = held_out_tables(spec, read_source(data, contracts), held)
    for name, table in tables.items():
        table.to_parquet(tmp_path / "held_out" / name)
    assert set(tables) == {"eyfsp.parquet", "pupil_census.parquet", "sen_status.parquet"}
    of_school = set(england.pupil_census.loc[england.pupil_census["School"].isin(held.school), "UPN"])
    assert set(pd.read_parquet(tmp_path / "held_out" / "pupil_census.parquet")["Unique Pupil Number"]) == of_school
    # All children of the school, those already on the SEN register included: the lists must exclude them again.
    found = load_cohort(spec, tmp_path / "held_out", training=False)
    assert set(found.ids) | set(found.excluded["child_id"]) == of_school
    assert "ELIGIBLE-NOT-ON-SEN-REGISTER" in rules(found)
    for wrong in (0, 10_000):
        with pytest.raises(UsageError):
            hold_out_schools(cohort, wrong)
