"""The same school's file as other systems would give it: a report of a pupil system, and a Common Transfer File.

Headers, words and elements are those of England's systems and of the Department for Education's format; what fills them
is invented.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from xml.etree import ElementTree

import pandas as pd

from send_screen.contracts import load_contract
from send_screen.simulation._rates import GOALS

_SUBJECTS = ("COM",) * 2 + ("PSE",) * 3 + ("PHY",) * 2 + ("LIT",) * 3 + ("MAT",) * 2 + ("UTW",) * 3 + ("EXP",) * 2
_WORDS = {"1": "Emerging", "2": "Expected", "A": "Not assessed"}
_CTF_VERSION = "25.0"


def pupil_system_report(school: pd.DataFrame) -> str:
    """Return a school's file as a report of its pupil system: title, own headers, words for codes, a total at the end.

    Children without SEN support have a blank SEN status, as systems write it.
    """
    census, profile = load_contract("education/pupil_census"), load_contract("education/eyfsp")
    ethnicity, sen = (census.columns[name].codes for name in ("Ethnicity", "SENprovision"))
    columns: dict[str, Callable[[pd.Series], str]] = {
        "Legal surname": lambda child: child["Surname"],
        "Legal forename": lambda child: child["Forename"],
        "Unique pupil number": lambda child: child["UPN"],
        "Date of birth": lambda child: pd.Timestamp(child["DOB"]).strftime("%d/%m/%Y"),
        "Legal sex": lambda child: {"F": "Female", "M": "Male"}[child["Sex"]],
        "Year group": lambda child: "Reception",
        "Registration group": lambda child: child["ClassName"],
        "Ethnicity": lambda child: ethnicity.get(child["Ethnicity"], child["Ethnicity"]),
        "First language": lambda child: "English" if child["Language"] == "ENG" else child["Language"],
        "Free school meals": lambda child: "Yes" if child["FSMeligible"] == "true" else "No",
        "Ever 6 FSM": lambda child: "Yes" if child["EverFSM6"] == "true" else "No",
        "SEN status": lambda child: "" if child["SENprovision"] == "N" else sen[child["SENprovision"]],
        "Possible sessions": lambda child: child["SessionsPossible"],
        "Total absences": lambda child: child["SessionsAbsent"],
        "LAEstab": lambda child: child["School"],
        "School year": lambda child: child["AcademicYear"].replace("/", "-"),
    }
    goals = {goal: f"EYFSP: {profile.columns[goal].label.removeprefix(goal).strip()}" for goal in GOALS}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Invented Primary School: reception, every child invented"])
    writer.writerow([])
    writer.writerow([*columns, *goals.values()])
    for _, child in school.iterrows():
        cells = [cell(child) or "" for cell in columns.values()]
        writer.writerow([*cells, *(_WORDS.get(child[goal], "") for goal in goals)])
    writer.writerow(["Total", f"{len(school)} pupils"])
    return text.getvalue()


def common_transfer_file(school: pd.DataFrame) -> bytes:
    """Return a school's file as a Common Transfer File; what is not known is left out, as the format has it."""
    root = ElementTree.Element("CTfile")
    number, year = str(school["School"].iloc[0]), str(school["AcademicYear"].iloc[0])
    first_year = int(year[:4])
    header = _add(root, "Header", DocumentName="Common Transfer File", CTFversion=_CTF_VERSION)
    _add(header, None, DateTime=f"{first_year + 1}-07-03T09:12:00", DocumentQualifier="full", SupplierID="Invented")
    # the format gives the year in which the academic year began
    place = {"LEA": number[:3], "Estab": number[3:], "SchoolName": "Invented Primary School"}
    _add(header, "SourceSchool", **place, AcademicYear=str(first_year))
    pupils = ElementTree.SubElement(root, "CTFpupilData")
    for _, child in school.iterrows():
        _add_pupil(pupils, child, first_year)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _add_pupil(pupils: ElementTree.Element, child: pd.Series, first_year: int) -> None:
    pupil = _add(pupils, "Pupil", **{name: child[name] for name in ("UPN", "Surname", "Forename", "DOB", "Sex")})
    basic = _add(
        pupil,
        "BasicDetails",
        FormerUPN=child.get("FormerUPN"),
        NCyearActual=child["NCyearActual"],
        Ethnicity=child["Ethnicity"],
    )
    languages = ElementTree.SubElement(basic, "Languages")
    _add(languages, "Type", LanguageType="F", Language=child["Language"])
    if child.get("Postcode"):
        _add(pupil, "Address", PostCode=child["Postcode"])
    if child["FSMeligible"] == "true":
        history = _add(pupil, "FSMhistory", FSMreviewDate=f"{first_year + 1}-06-01")
        _add(history, "FSMinstance", FSMstartDate=f"{first_year}-09-01", UKcountry="ENG")
    history = ElementTree.SubElement(pupil, "SENhistory")
    _add(history, "SEN", StartDate=f"{first_year}-09-01", SENprovision=child["SENprovision"])
    absent, possible = (pd.to_numeric(child[name], errors="coerce") for name in ("SessionsAbsent", "SessionsPossible"))
    attended = None if pd.isna(absent) or pd.isna(possible) else str(int(possible - absent))
    year = _add(ElementTree.SubElement(pupil, "Attendance"), "YearData", Year=str(first_year))
    _add(year, None, SessionsPossible=child["SessionsPossible"], SessionsAttended=attended)
    stage = _add(ElementTree.SubElement(pupil, "StageAssessments"), "KeyStage", Stage="EYF")
    for goal, subject in zip(GOALS, _SUBJECTS, strict=True):
        if child[goal]:
            result = _add(stage, "StageAssessment", Locale="ENG", Year=str(first_year + 1), Subject=subject)
            _add(result, None, Method="FA", Component=goal, ResultStatus="R", ResultQualifier="FD", Result=child[goal])


def _add(parent: ElementTree.Element, tag: str | None, **texts: str | None) -> ElementTree.Element:
    """Add an element (or none) and below it an element for each text that there is; return the element."""
    element = parent if tag is None else ElementTree.SubElement(parent, tag)
    for name, text in texts.items():
        if text is not None:
            ElementTree.SubElement(element, name).text = str(text)
    return element
