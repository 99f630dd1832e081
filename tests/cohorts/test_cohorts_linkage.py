"""A cohort from several agencies' files: rows without a UPN reach their child, and no other."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from agency_contracts import INVOLVEMENT, REVIEW, agency_spec

from send_screen.cohorts import load_cohort
from send_screen.contracts import nhs_check_digit
from send_screen.errors import SpecError
from send_screen.linkage import FORMER, ID, NHS
from send_screen.simulation import simulate_agencies, simulate_england
from send_screen.specs import ModelSpec, load_spec


@pytest.fixture(scope="module")
def spec(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    return agency_spec(repository, tmp_path_factory.mktemp("agencies"))


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    england = simulate_england(children=300, schools=10, seed=2)
    upns = england.eyfsp["UPN"]
    bodies = [f"99901{number:04d}" for number in range(400)]
    numbers = [body + digit for body in bodies if (digit := nhs_check_digit(body))][: len(upns)]
    review = pd.DataFrame(
        {"UPN": upns, "NHSNumber": numbers, "ReviewDate": "2020-06-01", "Speech": "2", "Concern": "Y"}
    )
    status = pd.DataFrame({"UPN": upns, "NHSNumber": numbers, "StartDate": "2022-02-01", "Plan": "CPP"})
    status = status.assign(EndDate="2022-03-01", EndReason="A")
    tables = {name: table for name, table in england.tables.items() if "outcomes" not in name}
    return tables | {REVIEW: review, INVOLVEMENT: status}


def test_rows_reach_their_child_through_another_agencys_file(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    before = load_cohort(spec, tables, training=False)
    census, review = tables["education/pupil_census"], tables[REVIEW]
    former = review.loc[0, "UPN"]
    census["FormerUPN"] = None
    census.loc[census["UPN"] == review.loc[1, "UPN"], "FormerUPN"] = "T" + former[1:]
    review.loc[20:, "UPN"] = None
    after = load_cohort(spec, tables, training=False)
    pd.testing.assert_frame_equal(before.X, after.X)
    assert after.linkage is not None
    links = after.linkage.links[after.linkage.links["contract"] == REVIEW]
    assert links["link"].value_counts().to_dict() == {ID: 20, NHS: len(review) - 20}
    assert set(links["use"]) == {"used"}
    # without the other file, nothing says whose the numbers are
    alone = load_cohort(spec, {name: t for name, t in tables.items() if name != INVOLVEMENT}, training=False)
    assert alone.X["speech"].notna().sum() == before.ids.isin(review["UPN"]).sum()


def test_a_changed_upn_is_found_by_the_former_one(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    census, profile = tables["education/pupil_census"], tables["education/eyfsp"]
    other = simulate_england(children=300, schools=10, seed=2, academic_year="2024/25").pupil_census["UPN"]
    old, new = census.loc[0, "UPN"], next(upn for upn in other if upn not in set(census["UPN"]))
    census["FormerUPN"] = pd.Series([old], index=[0]).reindex(census.index).astype(object)
    census.loc[0, "UPN"] = new
    profile.loc[profile["UPN"] == old, "UPN"] = new
    cohort = load_cohort(spec, tables, training=False)
    assert cohort.linkage is not None
    links = cohort.linkage.links.query("child_id == @new")
    assert set(links["link"]) == {FORMER}
    assert len(links) == 2


def test_the_outcome_is_linked_too(spec: ModelSpec, tables: dict[str, pd.DataFrame]) -> None:
    status = simulate_england(children=300, schools=10, seed=2).sen_status
    before = load_cohort(spec, tables | {"outcomes/sen_status": status})
    numbers = tables[REVIEW].set_index("UPN")["NHSNumber"]
    status = status.assign(NHSNumber=status["UPN"].map(numbers))
    swapped = status["NHSNumber"].notna() & (status.index % 2 == 0)
    status.loc[swapped, "UPN"] = None
    after = load_cohort(spec, tables | {"outcomes/sen_status": status})
    pd.testing.assert_series_equal(before.ids, after.ids)
    assert before.y is not None
    assert after.y is not None
    pd.testing.assert_series_equal(before.y, after.y)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("linkage: {probabilistic: true, match: 0.6, clerical: 0.7}", "clerical is above match"),
        ("linkage: {probabilistic: true, match: 0.4}", "match"),
        ("linkage: {probable: true}", "probable"),
    ],
)
def test_a_linkage_section_with_a_mistake_does_not_load(
    repository: Path, tmp_path: Path, section: str, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        agency_spec(repository, tmp_path, linkage=section + "\n")


def test_a_spec_says_whether_probability_links(repository: Path, tmp_path: Path, spec: ModelSpec) -> None:
    assert not spec.linkage.probabilistic
    asked = agency_spec(repository, tmp_path, linkage="linkage: {probabilistic: true, match: 0.9, clerical: 0.6}\n")
    assert (asked.linkage.probabilistic, asked.linkage.match, asked.linkage.clerical) == (True, 0.9, 0.6)


SHIPPED_USES = """\
  - contract: health/two_year_review@1.0.0
    purpose: what the review at two said
  - contract: early_years/progress_check@1.0.0
    purpose: what the progress check at two said
  - contract: social_care/involvement@1.0.0
    purpose: whether the family had help
"""
SHIPPED_FEATURES = """\
  - name: asq_communication
    column: health/two_year_review.ASQCommunication
    kind: number
    monotonic: decreasing
    label: Communication at two
  - name: check_language
    column: early_years/progress_check.CL
    kind: number
    monotonic: decreasing
    label: Language at the progress check
  - name: in_need
    derive: {equals: {column: social_care/involvement.InvolvementType, value: CIN}}
    kind: number
    label: Child in need
"""


def test_the_agencies_of_the_shipped_contracts_reach_the_children(repository: Path, tmp_path: Path) -> None:
    text = (repository / "models" / "reception_sen" / "spec.yaml").read_text("utf-8")
    text = text.replace("  - contract: outcomes/sen_status", SHIPPED_USES + "  - contract: outcomes/sen_status")
    text = text.replace("  - name: age_months", SHIPPED_FEATURES + "  - name: age_months")
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    spec = load_spec(tmp_path / "spec.yaml")
    england = simulate_england(children=1_000, schools=20, seed=6)
    agencies = simulate_agencies(england, traced=0.9)
    tables = england.tables | {"education/pupil_census": agencies.pupil_census} | agencies.tables
    cohort = load_cohort(spec, tables)
    assert len(cohort) + len(cohort.excluded) == len(england.pupil_census)
    assert cohort.linkage is not None
    truth = agencies.truth.set_index(["contract", "row"])["UPN"]
    links = cohort.linkage.links.query("contract in @agencies.tables")
    rows = pd.MultiIndex.from_arrays([links["contract"], links["row"] - 2])
    assert (truth.loc[rows].to_numpy() == links["child_id"].to_numpy()).all()
    known = cohort.X[["asq_communication", "check_language", "in_need"]].notna().mean()
    assert known["asq_communication"] > 0.7  # most are reviewed with scores, and health knows every NHS number
    assert 0.05 < known["check_language"] < 0.2  # the settings have few identifiers
    # each score is that of the child's own review
    review = agencies.two_year_review.assign(child=truth["health/two_year_review"])
    own = (
        review.dropna(subset="child").set_index("child")["ASQCommunication"].reindex(cohort.ids).reset_index(drop=True)
    )
    found = cohort.X["asq_communication"]
    assert (found == own)[found.notna()].all()
