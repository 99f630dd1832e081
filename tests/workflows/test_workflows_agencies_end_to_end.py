"""An authority's folder: CTF, SEN2 return, CIN census, 903 return and a health file, screened in one command."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pandas as pd
import pytest

from send_screen import export, load_contract, load_spec, screen, train
from send_screen.simulation import simulate_agencies, simulate_england
from send_screen.simulation._school_exports import common_transfer_file

pytest.importorskip("splink", reason="the extra linkage is not installed")
from agency_contracts import quick_to_train
from agency_files import Agencies, cin_xml, sen2_xml, ssda903_xml

pytestmark = pytest.mark.slow
HELD, REFUSED, LATER = slice(0, 4), slice(4, 8), slice(8, 12)  # children of the school with a request


@dataclass(frozen=True)
class Authority:
    """The folder of a school's and the agencies' files, the exported version, and whose the requests are."""

    files: Path
    model: Path
    pupils: pd.DataFrame
    requests: dict[str, list[str]]  # UPNs by what became of the request


@pytest.fixture(scope="module")
def authority(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("authority")
    text = (repository / "models" / "reception_sen_agencies" / "spec.yaml").read_text("utf-8")
    (folder / "spec.yaml").write_text(quick_to_train(text), "utf-8")
    england = simulate_england(children=2_000, schools=20, seed=3)
    known = simulate_agencies(england)
    (folder / "train").mkdir()
    for name, frame in (england.tables | known.tables | {"education/pupil_census": known.pupil_census}).items():
        frame.to_csv(folder / "train" / f"{name.rpartition('/')[2]}.csv", index=False)
    uri = f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
    made = train(folder / "spec.yaml", folder / "train", tracking_uri=uri, evidence=folder / "evidence", threads=1)
    made.require_passed()
    export(made.model_uri, folder / "model", tracking_uri=uri)
    pupils, requests = _write_files(folder / "files")
    return Authority(folder / "files", folder / "model", pupils, requests)


def _write_files(files: Path) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Write the files of one school's children of 2025/26, and of others whom the school does not have."""
    england = simulate_england(children=2_000, schools=20, seed=3, academic_year="2025/26")
    known = simulate_agencies(england)
    census = known.pupil_census[known.pupil_census["School"] == "0001000"]
    pupils = census.merge(england.eyfsp.drop(columns="AcademicYear"), on="UPN", how="left").astype(object)
    pupils = pupils.where(pupils.notna(), None)
    files.mkdir()
    (files / "000_CTF.xml").write_bytes(common_transfer_file(pupils))
    known.two_year_review.to_csv(files / "reviews of health visitors.csv", index=False)
    eligible = pupils[pupils["SENprovision"] == "N"].reset_index(drop=True)
    of = {name: eligible.iloc[part] for name, part in {"agreed": HELD, "refused": REFUSED, "later": LATER}.items()}
    answers = {"agreed": ("2025-02-03", "Y"), "refused": ("2025-02-03", "N"), "later": ("2026-10-05", "Y")}
    asked = pd.concat(of.values()).assign(PersonID=lambda rows: [f"SEN{n}" for n in range(len(rows))], UPNunknown="")
    requests = [
        {"PersonID": person, "RequestDate": answers[name][0], "RequestSource": "1", "RequestOutcome": answers[name][1],
         "RequestOutcomeDate": answers[name][0]}
        for name, rows in of.items()
        for person in asked.loc[asked["UPN"].isin(rows["UPN"]), "PersonID"]
    ]  # fmt: skip
    involvement = known.involvement.rename(columns={"child": "number"}).astype(object).fillna("")
    involvement = involvement.assign(FormerUPN=involvement.get("FormerUPN", ""), UPNunknown="", ReferralSource="2A")
    persons = involvement.drop_duplicates("PersonID")
    empty = pd.DataFrame(columns=["PersonID", "DisabilityCode"])
    sen2 = Agencies(_texts(asked), _texts(asked), pd.DataFrame(requests, dtype=object), empty, empty)
    care = Agencies(_texts(persons), _texts(persons), pd.DataFrame(columns=["PersonID"]), empty, _texts(involvement))
    (files / "sen2.xml").write_text(sen2_xml(sen2), "utf-8")
    (files / "cin.xml").write_text(cin_xml(care), "utf-8")
    (files / "903.xml").write_text(ssda903_xml(care), "utf-8")
    return pupils, {name: rows["UPN"].tolist() for name, rows in of.items()}


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    identity = ["UPN", "FormerUPN", "UPNunknown", "Surname", "Forename", "DOB", "Sex", "Ethnicity", "Postcode"]
    frame = frame.reindex(columns=list(dict.fromkeys([*frame.columns, *identity]))).astype(object)
    return frame.where(frame.notna(), "")


def test_the_shipped_spec_of_several_agencies_loads(repository: Path) -> None:
    spec = load_spec(repository / "models" / "reception_sen_agencies" / "spec.yaml")
    assert {use.contract.partition("/")[0] for use in spec.data} == {
        "education", "health", "early_years", "social_care", "outcomes",
    }  # fmt: skip


def test_five_files_are_linked_and_screened_in_one_command(authority: Authority, tmp_path: Path) -> None:
    found = screen(authority.model, authority.files, out=tmp_path / "out", role="local_authority")
    result = found.result
    assert result.n_screened + len(result.excluded) == len(authority.pupils)
    reasons = {child.child_id: child.rule for child in result.excluded}
    assert {upn: reasons.get(upn) for upn in authority.requests["agreed"]} == dict.fromkeys(
        authority.requests["agreed"], "ELIGIBLE-NO-ASSESSMENT"
    )
    # refused requests leave a child eligible, and a request after the as-of date is not known yet
    for name in ("refused", "later"):
        assert not {reasons.get(upn) for upn in authority.requests[name]} & {"ELIGIBLE-NO-ASSESSMENT"}, name
    crosswalk = pd.read_csv(tmp_path / "out" / "linkage.csv", dtype=str)
    assert set(crosswalk["contract"]) == {
        "health/two_year_review", "social_care/involvement", "outcomes/ehc_plan",
    }  # fmt: skip
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    title = load_contract("early_years/progress_check").title
    assert f"There is no file for {title}: what it says is not known of anybody." in summary["notes"]
    linked = crosswalk[(crosswalk["status"] == "linked") & (crosswalk["contract"] == "health/two_year_review")]
    assert linked["child_id"].isin(authority.pupils["UPN"]).all()
    assert {"UPN", "match probability"} <= set(linked["link"])
    page = unescape((tmp_path / "out" / "report.html").read_text("utf-8"))
    assert load_contract("health/two_year_review").title in page


def test_nothing_recorded_after_the_as_of_date_changes_the_list(authority: Authority, tmp_path: Path) -> None:
    before = screen(authority.model, authority.files, out=tmp_path / "before", role="local_authority")
    planted = tmp_path / "files"
    planted.mkdir()
    for file in authority.files.iterdir():
        (planted / file.name).write_bytes(file.read_bytes())
    review = planted / "reviews of health visitors.csv"
    rows = pd.read_csv(review, dtype=str)
    scores = [column for column in rows if column.startswith("ASQ")]
    later = rows.assign(ReviewDate="2026-09-15", **dict.fromkeys(scores, "0"))
    pd.concat([rows, later]).to_csv(review, index=False)
    after = screen(authority.model, planted, out=tmp_path / "after", role="local_authority")
    assert [(c.child_id, c.score) for c in after.result.listed] == [(c.child_id, c.score) for c in before.result.listed]
