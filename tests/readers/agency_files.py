"""Files of an authority's SEN and social-care systems, of synthetic children, as those systems write them.

All files are made from one set of records, so that what was written can be compared with what was read, child by child.
Dirt is that of real files: a second XML declaration, text between elements, codes that do not exist, impossible check
letters, and parts that are missing.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

import pandas as pd

from send_screen.simulation import simulate_england

Row = dict[str, str]
NEEDS = {"communication": "SLCN", "cognition": "MLD", "social": "SEMH", "sensory": "HI"}
IMPOSSIBLE_LETTERS = "OIS"  # none is a check letter


@dataclass(frozen=True)
class Agencies:
    """Records of synthetic children.

    ``children`` has what is written of each child, and ``known`` what is known of the child once the files are checked;
    a value that a rule takes away is None there. ``requests``, ``disabilities`` and ``involvements`` name the child
    (``PersonID``) and have the other columns of their contracts.
    """

    children: pd.DataFrame
    known: pd.DataFrame
    requests: pd.DataFrame
    disabilities: pd.DataFrame
    involvements: pd.DataFrame

    def expected(self, table: str, columns: Iterable[str]) -> pd.DataFrame:
        """Return a table as it must be once it is read and checked: its records with what is known of their child."""
        records = getattr(self, table).merge(self.known, on="PersonID", validate="many_to_one")
        frame = records.reindex(columns=list(columns)).astype(object)
        return frame.where(frame.notna() & (frame != ""), None)


def simulate_agencies(children: int = 60, seed: int = 0, *, dirty: bool = True) -> Agencies:
    """Return records of children: of three in four a request, a disability or an involvement, or several of them."""
    england = simulate_england(children=children, schools=3, seed=seed)
    rng = random.Random(seed)
    written, known, requests = list[Row](), list[Row](), list[Row]()
    disabilities, involvements = list[Row](), list[Row]()
    pupils = england.pupil_census.astype(object)
    for number, (_, pupil) in enumerate(pupils.iterrows(), start=1):
        child = {name: str(pupil[name]) for name in ("UPN", "Surname", "Forename", "DOB", "Sex", "Ethnicity")}
        child |= {"PersonID": f"DfE{number:05d}", "FormerUPN": "", "UPNunknown": "", "Postcode": f"ZZ{number % 90} 9ZZ"}
        if number % 7 == 0:
            child |= {"UPN": "", "UPNunknown": "UN1"}
        as_known: Row = dict(child)
        if dirty:
            if number % 11 == 0 and child["UPN"]:
                child["UPN"], as_known["UPN"] = rng.choice(IMPOSSIBLE_LETTERS) + child["UPN"][1:], ""
            if number % 13 == 0:
                child["Ethnicity"], as_known["Ethnicity"] = "SYN-A", ""
            if number % 5 == 0:
                child["Sex"] = {"M": "1", "F": "2"}[child["Sex"]]
            if number % 17 == 0:
                child["Sex"], as_known["Sex"] = "", ""
        written.append(child)
        known.append(as_known)
        born = dt.date.fromisoformat(child["DOB"])
        day = lambda months, born=born: str(born + dt.timedelta(days=30 * months + rng.randrange(30)))  # noqa: E731
        person = {"PersonID": child["PersonID"]}
        if number % 4 != 0:
            requests += ({**person, **request} for request in _requests(number, rng, day))
        for code in rng.sample(["MOB", "HAND", "LD", "HEAR", "AUT", "COMM"], k=number % 3):
            disabilities.append({**person, "DisabilityCode": code})
        if number % 4 == 1:
            involvements += ({**person, **involvement} for involvement in _involvements(number, rng, day))
    frames = (pd.DataFrame(rows, dtype=object) for rows in (written, known, requests, disabilities, involvements))
    return Agencies(*frames)


def _requests(number, rng, day):
    """Return the requests of a child: refused, without a decision, or with a plan that may have ended."""
    source, setting = str(rng.randrange(1, 6)), "EYP" if number % 3 == 0 else ""
    refused = {"RequestDate": day(24), "RequestSource": source, "RequestOutcome": "N", "RequestOutcomeDate": day(26)}
    open_ = {"RequestDate": day(60), "RequestSource": source, "RequestOutcome": "A"}
    plan = {
        "RequestDate": day(40), "RequestSource": source, "RequestOutcome": "Y", "RequestOutcomeDate": day(42),
        "AssessmentOutcome": "Y", "AssessmentOutcomeDate": day(44), "PlanStartDate": day(46),
        "SENtype": rng.choice(["SLCN", "ASD", "SEMH", "MLD"]), "SENsetting": setting,
    }  # fmt: skip
    if number % 9 == 0:
        plan |= {"PlanCeaseDate": day(60), "CeaseReason": "2"}
    return [[refused], [plan], [refused, plan], [plan, open_]][number % 4]


def _involvements(number, rng, day):
    """Return the involvements of a child: as a child in need, with or without a plan, and in care."""
    need, source = rng.choice(["N1", "N2", "N4"]), rng.choice(["1A", "2A", "3B"])
    cin = {"InvolvementType": "CIN", "StartDate": day(20), "EndDate": "", "PrimaryNeed": need, "ReferralSource": source}
    plan = {"InvolvementType": "CP", "StartDate": day(22), "EndDate": day(25)}
    care = {"InvolvementType": "LAC", "StartDate": day(30), "EndDate": day(36), "PrimaryNeed": need}
    later = {"InvolvementType": "LAC", "StartDate": day(37), "EndDate": "", "PrimaryNeed": need}
    return [[cin], [cin, plan], [cin, care, later]][number % 3]


def tag(name: str, text: object, **of: object) -> str:
    """Return an element, or nothing where there is no text."""
    return f"<{name}>{text}</{name}>" if text not in ("", None) and text == text else ""


def tags(record: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Return the elements of a record: column to the name of its element."""
    return "".join(tag(name, escape(str(record[column]))) for column, name in names.items() if record.get(column))


def _records(frame: pd.DataFrame, person: str) -> list[Row]:
    own = frame[frame["PersonID"] == person]
    return [{k: v for k, v in row.items() if isinstance(v, str)} for row in own.to_dict("records")]


def _file(root: str, header: str, body: str, *, dirty: bool) -> str:
    declaration = '<?xml version="1.0" encoding="utf-8"?>\n'
    return declaration * (1 + dirty) + f"<{root}>{header}{' stray text ' * dirty}{body}</{root}>"


def collect_header(collection: str, reference_date: str) -> str:
    """Return the header of a file for the Department's collection system."""
    details = tag("Collection", collection) + tag("Year", "2026") + tag("ReferenceDate", reference_date)
    return tag("Header", tag("CollectionDetails", details) + tag("Source", tag("LEA", "000")))


_PERSON = {
    "Surname": "Surname", "Forename": "Forename", "DOB": "PersonBirthDate", "Sex": "Sex", "Ethnicity": "Ethnicity",
    "Postcode": "PostCode", "UPN": "UPN", "UPNunknown": "UPNunknown",
}  # fmt: skip
_REQUEST = {
    "RequestDate": "ReceivedDate", "RequestSource": "RequestSource", "RequestOutcomeDate": "RequestOutcomeDate",
    "RequestOutcome": "RequestOutcome",
}  # fmt: skip
_ASSESSMENT = {"AssessmentOutcome": "AssessmentOutcome", "AssessmentOutcomeDate": "AssessmentOutcomeDate"}
_PLAN = {"PlanStartDate": "StartDate", "PlanCeaseDate": "CeaseDate", "CeaseReason": "CeaseReason"}


def sen2_xml(agencies: Agencies, *, dirty: bool = True) -> str:
    """Return a SEN2 return: the person, their requests, and in each the assessment, the plan and the active plan."""
    return _file(
        "Message",
        collect_header("SEN2", "2026-01-22"),
        tag("Persons", "".join(sen2_person(agencies, child) for child in agencies.children.to_dict("records"))),
        dirty=dirty,
    )


def sen2_person(agencies: Agencies, child: Row) -> str:
    """Return the element of one person."""
    requests = _records(agencies.requests, child["PersonID"])
    return tag(
        "Person", tags(child, _PERSON) + "".join(tag("Requests", _sen2_request(request)) for request in requests)
    )


def _sen2_request(request: Row) -> str:
    detail = tag(
        "PlanDetail", tag("URN", "100000") + tag("SENSetting", request.get("SENsetting")) + tag("PlacementRank", 1)
    )
    plan = tag("NamedPlan", tags(request, _PLAN) + detail) if "PlanStartDate" in request else ""
    assessment = tag("Assessment", tags(request, _ASSESSMENT) + plan) if "AssessmentOutcome" in request else ""
    second_need = tag("SENneed", tag("SENtype", "OTH") + tag("SENtypeRank", 2))
    need = tag("SENneed", tag("SENtype", request.get("SENtype")) + tag("SENtypeRank", 1))
    active = tag("ActivePlans", second_need + need) if "SENtype" in request else ""
    return tags(request, _REQUEST) + assessment + active


def blade_csvs(agencies: Agencies) -> dict[str, str]:
    """Return the CSV files of the SEN2 return as the Department's collection system exports it, by name.

    Rows name each other by numbers of that export; the files are in an order of their own.
    """
    tables: dict[str, list[Row]] = {name: [] for name in _BLADE}
    for number, child in enumerate(agencies.children.to_dict("records"), start=1):
        person = str(70_000 + number)
        values = {element.lower(): child[column] for column, element in _PERSON.items()}
        values["personbirthdate"] = blade_date(child["DOB"])
        tables["person"].append({"persontableid": person, "NativeId": str(number)} | values)
        for request in _records(agencies.requests, child["PersonID"]):
            key = str(80_000 + len(tables["requests"]))
            asked = {element.lower(): _blade(column, request) for column, element in _REQUEST.items()}
            tables["requests"].append({"requeststableid": key, "persontableid": person} | asked)
            if "AssessmentOutcome" not in request:
                continue
            assessed = {element.lower(): _blade(column, request) for column, element in _ASSESSMENT.items()}
            tables["assessment"].append({"assessmenttableid": f"a{key}", "requeststableid": key} | assessed)
            plan = {element.lower(): _blade(column, request) for column, element in _PLAN.items()}
            tables["namedplan"].append({"namedplantableid": f"n{key}", "assessmenttableid": f"a{key}"} | plan)
            placed = {"placementrank": "1", "sensetting": request.get("SENsetting", ""), "urn": "100000"}
            tables["plandetail"].append({"plandetailtableid": f"d{key}", "namedplantableid": f"n{key}"} | placed)
            tables["activeplans"].append({"activeplanstableid": f"p{key}", "requeststableid": key, "lastreview": ""})
            for rank, need in (("2", "OTH"), ("1", request["SENtype"])):
                tables["senneed"].append({"activeplanstableid": f"p{key}", "sentype": need, "sentyperank": rank})
    shuffle = random.Random(0).shuffle
    for name, rows in tables.items():
        if name != "person":
            shuffle(rows)
    return {
        f"Blade-Export_30-11-2026_{name}.csv": pd.DataFrame(rows, columns=list(_BLADE[name])).to_csv(index=False)
        for name, rows in tables.items()
    }


_BLADE = {
    "senneed": ("senneedtableid", "activeplanstableid", "sentype", "sentyperank"),
    "activeplans": ("activeplanstableid", "requeststableid", "transferla", "lastreview"),
    "plandetail": ("plandetailtableid", "namedplantableid", "urn", "sensetting", "placementrank"),
    "namedplan": ("namedplantableid", "assessmenttableid", "startdate", "ceasedate", "ceasereason"),
    "assessment": ("assessmenttableid", "requeststableid", "assessmentoutcome", "assessmentoutcomedate"),
    "requests": (
        "requeststableid", "persontableid", "receiveddate", "requestsource", "requestoutcome", "requestoutcomedate",
    ),
    "person": ("persontableid", "NativeId", *(element.lower() for element in _PERSON.values())),
}  # fmt: skip


def blade_date(text: str) -> str:
    """Return a date as the export has it, such as 2022-Sep-28 00:00:00."""
    return f"{dt.date.fromisoformat(text):%Y-%b-%d} 00:00:00" if text else ""


def _blade(column: str, record: Row) -> str:
    text = record.get(column, "")
    return blade_date(text) if column.endswith("Date") else text
