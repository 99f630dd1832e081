"""Files of an authority's SEN and social-care systems, of synthetic children, as those systems write them.

All files are made from one set of records, so that what was written can be compared with what was read, child by child.
Dirt is that of real files: a second XML declaration, text between elements, codes that do not exist, impossible check
letters, and parts that are missing.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

import pandas as pd
import xlsxwriter

from send_screen.simulation import simulate_england

Row = dict[str, str]
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
    england = simulate_england(children=children, schools=3 + children // 100, seed=seed)
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
            if number % 6 == 5 and child["UPN"]:
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
    help_early = {"InvolvementType": "EH", "StartDate": day(10), "EndDate": day(14)}
    return [[cin, help_early], [cin, plan], [cin, care, later]][number % 3]


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


def ctf_xml(agencies: Agencies, *, dirty: bool = True) -> str:
    """Return a Common Transfer File: pupils with a profile, support, free meals and a register."""
    school = tag("LEA", "000") + tag("Estab", "1132") + tag("AcademicYear", "2025")
    header = tag("Header", tag("DateTime", "2026-07-10T10:00:00") + tag("SourceSchool", school))
    pupils = (_ctf_pupil(number, child) for number, child in enumerate(agencies.children.to_dict("records")))
    return _file("CTfile", header, tag("CTFpupilData", "".join(pupils)), dirty=dirty)


def _ctf_pupil(number: int, child: Row) -> str:
    details = tag("FormerUPN", child["FormerUPN"]) + tag("NCyearActual", "R") + tag("Ethnicity", child["Ethnicity"])
    support = tag("SEN", tag("StartDate", "2025-09-01") + tag("SENprovision", "NK"[number % 2]))
    meals = tag("FSMinstance", tag("FSMstartDate", "2025-09-01")) if number % 3 else ""
    marks = tag("AttendanceStartDate", "2025-09-01") + tag("AttendanceMarks", "/\\" * 4 + "II####" + "/\\")
    year = tag("Year", "2025") + tag("SessionsPossible", "12") + tag("SessionsAttended", "10")
    results = "".join(
        tag(
            "StageAssessment",
            tag("Subject", "COM") + tag("Method", "FA") + tag("Component", f"E{goal:02d}") + tag("ResultStatus", "R")
            + tag("Result", 1 + (number + goal) % 2) + tag("Year", "2026"),
        )
        for goal in range(1, 18)
    )  # fmt: skip
    identity = {"UPN": "UPN", "Surname": "Surname", "Forename": "Forename", "DOB": "DOB", "Sex": "Sex"}
    parts = {
        "BasicDetails": details, "SENhistory": support, "FSMhistory": meals,
        "Attendance": tag("YearData", year + tag("AttendSessions", marks)),
        "StageAssessments": tag("KeyStage", tag("Stage", "EYF") + results) if number % 5 else "",
    }  # fmt: skip
    return tag("Pupil", tags(child, identity) + "".join(tag(name, text) for name, text in parts.items()))


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


def school_census_csvs(agencies: Agencies, *, term: str = "SPR", date: str = "2026-Jan-22 00:00:00") -> dict[str, str]:
    """Return the CSV files of the school census as the Department's collection system exports it, by name.

    Every child was present on 60 mornings; every third child was ill in as many sessions as its number in the file.
    """
    tables: dict[str, list[Row]] = {name: [] for name in _SCHOOL_CENSUS}
    census = {"schoolcensustableid": "500", "term": term, "year": date[:4], "referencedate": date}
    tables["schoolcensus"].append(census | {"lea": "000", "estab": "1132"})
    for number, child in enumerate(agencies.children.to_dict("records"), start=1):
        key = str(60_000 + number)
        pupil = {column: child[name] for column, name in _SCHOOL_CENSUS_CHILD.items()}
        pupil["sex"] = {"1": "M", "2": "F"}.get(child["Sex"], child["Sex"])
        absent = str(number) if number % 3 == 0 else "0"
        pupil |= {"pupilonrolltableid": key, "schoolcensustableid": "500", "dob": blade_date(child["DOB"])}
        pupil |= {"ncyearactual": "R", "language": "ENG", "senprovision": "N", "termlysessionspossible": "120"}
        tables["pupilonroll"].append(pupil | {"termlysessionsauthorised": absent, "termlysessionsunauthorised": "0"})
        tables["addresses"].append({"pupilonrolltableid": key, "postcode": child["Postcode"]})
        if number % 4 == 0:
            ended = "2025-Oct-01 00:00:00" if number % 8 == 0 else ""
            period = {"pupilonrolltableid": key, "fsmstartdate": "2025-Sep-01 00:00:00", "fsmenddate": ended}
            tables["fsmperiodsonroll"].append(period)
        for code, sessions in [("/", "60"), ("I", absent)][: 2 if absent != "0" else 1]:
            at = {"termlysessiondetailsonrolltableid": str(len(tables["termlysessiondetailsonroll"]))}
            of_code = {"pupilonrolltableid": key, "attendancereason": code, "sessions": sessions}
            tables["termlysessiondetailsonroll"].append(at | of_code)
    return {
        f"school_census_{name}.csv": pd.DataFrame(rows, columns=list(_SCHOOL_CENSUS[name])).to_csv(index=False)
        for name, rows in tables.items()
    }


_SCHOOL_CENSUS_CHILD = {
    "upn": "UPN", "formerupn": "FormerUPN", "surname": "Surname", "forename": "Forename", "sex": "Sex",
    "ethnicity": "Ethnicity",
}  # fmt: skip
_SCHOOL_CENSUS = {
    "addresses": ("pupilonrolltableid", "postcode"),
    "fsmperiodsonroll": ("pupilonrolltableid", "fsmstartdate", "fsmenddate"),
    "pupilonroll": (
        "pupilonrolltableid", "schoolcensustableid", *_SCHOOL_CENSUS_CHILD, "dob", "ncyearactual", "language",
        "senprovision", "termlysessionspossible", "termlysessionsauthorised", "termlysessionsunauthorised",
    ),
    "schoolcensus": ("schoolcensustableid", "term", "year", "referencedate", "lea", "estab"),
    "termlysessiondetailsonroll": (
        "termlysessiondetailsonrolltableid", "pupilonrolltableid", "attendancereason", "sessions",
    ),
}  # fmt: skip


def workbook_of(files: Mapping[str, str]) -> bytes:
    """Return CSV files as the sheets of one workbook, under the end of their names."""
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        for name, text in files.items():
            sheet = book.add_worksheet(name.removesuffix(".csv")[-31:])
            for place, row in enumerate(csv.reader(io.StringIO(text))):
                for column, cell in enumerate(row):
                    sheet.write_string(place, column, cell)
    return data.getvalue()


_CENSUS_CHILD = {
    "PersonID": "LAchildID", "UPN": "UPN", "FormerUPN": "FormerUPN", "UPNunknown": "UPNunknown",
    "DOB": "PersonBirthDate", "Sex": "Sex",
}  # fmt: skip
_CENSUS_DETAILS = {
    "StartDate": "CINreferralDate", "ReferralSource": "ReferralSource", "PrimaryNeed": "PrimaryNeedCode",
    "EndDate": "CINclosureDate",
}  # fmt: skip


def cin_xml(agencies: Agencies, *, dirty: bool = True, reference_date: str = "2026-03-31") -> str:
    """Return a children in need census; a referral without further action is added to the first child."""
    children = "".join(_cin_child(agencies, child) for child in agencies.children.to_dict("records"))
    no_action = "<CINdetails><CINreferralDate>2020-01-01</CINreferralDate><ReferralNFA>true</ReferralNFA></CINdetails>"
    children = children.replace("</Child>", no_action + "</Child>", 1)
    return _file("Message", collect_header("CIN", reference_date), tag("Children", children), dirty=dirty)


def _cin_child(agencies: Agencies, child: Row) -> str:
    identifiers = tag("ChildIdentifiers", tags(child, _CENSUS_CHILD) + "stray")
    codes = [row["DisabilityCode"] for row in _records(agencies.disabilities, child["PersonID"])]
    disabilities = tag("Disabilities", "".join(tag("Disability", code) for code in codes))
    characteristics = tag("ChildCharacteristics", tag("Ethnicity", child["Ethnicity"]) + disabilities)
    involvements = _records(agencies.involvements, child["PersonID"])
    plans = "".join(
        tag("ChildProtectionPlans", tags(plan, {"StartDate": "CPPstartDate", "EndDate": "CPPendDate"}) + _ABUSE)
        for plan in involvements
        if plan["InvolvementType"] == "CP"
    )
    details = "".join(
        tag("CINdetails", tags(episode, _CENSUS_DETAILS) + tag("ReferralNFA", "false") + plans)
        for episode in involvements
        if episode["InvolvementType"] == "CIN"
    )
    return tag("Child", identifiers + characteristics + details)


_ABUSE = "<InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse>"  # never read


def british_date(text: str) -> str:
    """Return a date day first, as the return of looked-after children has it."""
    return f"{dt.date.fromisoformat(text):%d/%m/%Y}" if text else ""


def _looked_after(agencies: Agencies) -> tuple[list[Row], list[Row]]:
    """Return the header and the episodes of the return of looked-after children; Sex is 1 or 2, or M or F."""
    care = agencies.involvements[agencies.involvements["InvolvementType"] == "LAC"]
    children = agencies.children[agencies.children["PersonID"].isin(care["PersonID"])]
    header = [
        {
            "CHILD": child["PersonID"], "SEX": child["Sex"], "DOB": british_date(child["DOB"]),
            "ETHNIC": child["Ethnicity"], "UPN": child["UPN"] or child["UPNunknown"], "MOTHER": "", "MC_DOB": "",
        }
        for child in children.to_dict("records")
    ]  # fmt: skip
    episodes = [
        {
            "CHILD": episode["PersonID"], "DECOM": british_date(episode["StartDate"]), "RNE": "S", "LS": "C2",
            "CIN": episode["PrimaryNeed"], "PLACE": "U1", "DEC": british_date(episode["EndDate"]), "REC": "",
        }
        for episode in care.to_dict("records")
    ]  # fmt: skip
    return header, episodes


def ssda903_csvs(agencies: Agencies) -> dict[str, str]:
    """Return the CSV files of the return of looked-after children, by name."""
    header, episodes = _looked_after(agencies)
    reviews = [
        {"CHILD": row["CHILD"], "DOB": row["DOB"], "REVIEW": "01/02/2024", "REVIEW_CODE": "PN1"} for row in header
    ]
    files = {"Header": header, "Episodes": episodes, "Reviews": reviews}
    return {f"{name}.csv": pd.DataFrame(rows).to_csv(index=False) for name, rows in files.items()}


def ssda903_xml(agencies: Agencies, *, dirty: bool = True) -> str:
    """Return the return of looked-after children in XML."""
    header, episodes = _looked_after(agencies)
    children = []
    for child in header:
        values = {"CHILDID" if name == "CHILD" else name: text for name, text in child.items()}
        own = [episode for episode in episodes if episode["CHILD"] == child["CHILD"]]
        inside = "".join(
            tag("EPISODE", "".join(tag(name, text) for name, text in episode.items() if name != "CHILD"))
            for episode in own
        )
        children.append(tag("CHILD", tag("HEADER", "".join(tag(n, t) for n, t in values.items()) + "<OC2/>") + inside))
    return _file("EXPSSDA903", "", "".join(children), dirty=dirty)


def annex_a_xlsx(agencies: Agencies, *, drawn_on: str = "") -> bytes:
    """Return the two lists of Annex A as a workbook: who has a plan, and who has SEN support.

    Those with SEN support are the children without a request. ``drawn_on`` adds a date to the second list.
    """
    people = agencies.children.set_index("PersonID")
    plans = agencies.requests[agencies.requests["PlanStartDate"].notna()].drop_duplicates("PersonID")
    support = [person for person in people.index if person not in set(agencies.requests["PersonID"])]
    lists: dict[str, list[Row]] = {"List 1": [], "List 2": []}
    for plan in plans.to_dict("records"):
        needs = {
            "Date initial EHC plan issued": british_date(plan["PlanStartDate"]),
            "SEN primary need": plan["SENtype"],
        }
        lists["List 1"].append(_annex_a_child(plan["PersonID"], people.loc[plan["PersonID"]], needs))
    for person in support:
        needs = {"SEN primary need": "g) SEMH"} | ({"StatusDate": drawn_on} if drawn_on else {})
        lists["List 2"].append(_annex_a_child(person, people.loc[person], needs))
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        for name, rows in lists.items():
            sheet = book.add_worksheet(name)
            for place, cells in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
                for column, cell in enumerate(cells):
                    sheet.write_string(place, column, cell)
    return data.getvalue()


def _annex_a_child(person: str, child: pd.Series, needs: Row) -> Row:
    sex = {"M": "a) Male", "1": "a) Male", "F": "b) Female", "2": "b) Female"}.get(child["Sex"], "")
    who = {
        "Unique ID": person,
        "UPN": child["UPN"],
        "ULN": "",
        "Date of birth": british_date(child["DOB"]),
        "Gender": sex,
    }
    rest = {"Absence": "10", "Known to children's social care?": "b) No"}
    return who | {"Ethnicity": f"a) {child['Ethnicity']}"} | needs | rest


def ssd_csvs(agencies: Agencies) -> dict[str, str]:
    """Return some tables of the standard safeguarding dataset as CSV files, by name."""
    people = [
        {
            "pers_person_id": child["PersonID"], "pers_upn": child["UPN"], "pers_upn_unknown": child["UPNunknown"],
            "pers_forename": child["Forename"], "pers_surname": child["Surname"], "pers_sex": child["Sex"],
            "pers_ethnicity": child["Ethnicity"], "pers_dob": f"{child['DOB']} 00:00:00",
        }
        for child in agencies.children.to_dict("records")
    ]  # fmt: skip
    names = {
        "CIN": ("cin_episodes", "cine", ("cine_referral_date", "cine_close_date")),
        "CP": ("cp_plans", "cppl", ("cppl_cp_plan_start_date", "cppl_cp_plan_end_date")),
        "LAC": ("cla_episodes", "clae", ("clae_cla_episode_start_date", "clae_cla_episode_ceased_date")),
        "EH": ("early_help_episodes", "earl", ("earl_episode_start_date", "earl_episode_end_date")),
    }
    files = {"ssd_person.csv": people}
    for row in agencies.involvements.fillna("").to_dict("records"):
        name, prefix, (start, end) = names[row["InvolvementType"]]
        written = {f"{prefix}_person_id": row["PersonID"], start: row["StartDate"], end: row["EndDate"]}
        if prefix == "cine":
            written |= {
                "cine_cin_primary_need_code": row["PrimaryNeed"],
                "cine_referral_source_code": row["ReferralSource"],
            }
        files.setdefault(f"ssd_{name}.csv", []).append(written)
    files["ssd_disability.csv"] = [
        {"disa_table_id": str(number), "disa_person_id": row["PersonID"], "disa_disability_code": row["DisabilityCode"]}
        for number, row in enumerate(agencies.disabilities.to_dict("records"))
    ]
    files |= _ssd_plans(agencies)
    return {name: pd.DataFrame(rows).to_csv(index=False) for name, rows in files.items()}


def _ssd_plans(agencies: Agencies) -> dict[str, list[Row]]:
    """Return the tables of requests, assessments, plans and needs: each names a row of the one above."""
    people = agencies.requests["PersonID"].unique()
    send = [{"send_table_id": f"s{person}", "send_person_id": person} for person in people]
    files: dict[str, list[Row]] = {"ssd_send.csv": send}
    for number, row in enumerate(agencies.requests.fillna("").to_dict("records")):
        request = {
            "ehcr_ehcp_request_id": f"r{number}", "ehcr_send_table_id": f"s{row['PersonID']}",
            "ehcr_ehcp_req_date": row["RequestDate"], "ehcr_ehcp_req_outcome_date": row["RequestOutcomeDate"],
            "ehcr_ehcp_req_outcome": row["RequestOutcome"],
        }  # fmt: skip
        files.setdefault("ssd_ehcp_requests.csv", []).append(request)
        if not row["AssessmentOutcome"]:
            continue
        assessment = {
            "ehca_ehcp_assessment_id": f"a{number}", "ehca_ehcp_request_id": f"r{number}",
            "ehca_ehcp_assessment_outcome_date": row["AssessmentOutcomeDate"],
            "ehca_ehcp_assessment_outcome": row["AssessmentOutcome"],
        }  # fmt: skip
        plan = {
            "ehcn_named_plan_id": f"n{number}", "ehcn_ehcp_asmt_id": f"a{number}",
            "ehcn_named_plan_start_date": row["PlanStartDate"], "ehcn_named_plan_ceased_date": row["PlanCeaseDate"],
            "ehcn_named_plan_ceased_reason": row["CeaseReason"],
        }  # fmt: skip
        active = {"ehcp_active_ehcp_id": f"p{number}", "ehcp_ehcp_request_id": f"r{number}"}
        need = {
            "senn_table_id": f"x{number}", "senn_active_ehcp_id": f"p{number}",
            "senn_active_ehcp_need_type": row["SENtype"], "senn_active_ehcp_need_rank": "1",
        }  # fmt: skip
        for name, record in (("assessment", assessment), ("named_plan", plan), ("active_plans", active)):
            files.setdefault(f"ssd_ehcp_{name}.csv", []).append(record)
        files.setdefault("ssd_sen_need.csv", []).append(need)
    return files
