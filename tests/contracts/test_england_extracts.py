"""Headers and codes of national extracts, census files and templates that authorities share."""

import pandas as pd
import pytest

from send_screen.contracts import check_table, load_contract

CENSUS, STATUS = "education/pupil_census", "outcomes/sen_status"
# The national extract of the spring census, a school's census as CSV, and the template for young people who are not in
# education, employment or training.
EXTRACT = [
    "AcademicYear",
    "CensusTerm",
    "LA",
    "Estab",
    "LAEstab",
    "URN",
    "Phase",
    "UPN",
    "FormerUPN",
    "Surname",
    "Forename",
    "MiddleNames",
    "Gender",
    "Sex",
    "DOB",
    "Ethnicity",
    "FSMeligible",
    "FSM_Protected",
    "EVERFSM_6",
    "Language",
    "EnrolStatus",
    "EntryDate",
    "NCyearActual",
    "SENprovision",
    "PrimarySENtype",
    "SecondarySENtype",
    "IDACI_S",
    "IDACI_R",
]
CSV = [
    "UPN", "DoB", "LA", "Estab", "LAEstab", "FSME on Census Day", "EVERFSM_6", "FSM_Protected", "SENneed1",
    "SENneed2", "NCyearActual", "EnrolStatus", "TermlySessionsPossible", "UniqueLearnerNumber", "Middlenames",
]  # fmt: skip
TEMPLATE = [
    "STUD_ID",
    "FORENAME",
    "SURNAME",
    "DATE_OF_BIRTH",
    "ESTAB",
    "GENDER",
    "ENTRY_DATE",
    "NCYEAR_ACTUAL",
    "ETHNICITY",
    "LANGUAGE",
    "SENPROVISION",
    "SENNEED1",
    "SENNEED2",
    "SENUNIT_INDICATOR",
    "RESOURCED_PROVISION_INDICATOR",
    "FSME_ON_CENSUS_DAY",
    "AGE",
]


def report(headers, contract):
    return check_table(
        load_contract(contract), pd.DataFrame({header: ["x"] for header in headers}), file="f.csv"
    ).columns


@pytest.mark.parametrize(
    ("headers", "contract", "expected"),
    [
        (EXTRACT, CENSUS, {"Sex": "Sex", "LAEstab": "School", "EVERFSM_6": "EverFSM6", "FSMeligible": "FSMeligible"}),
        (EXTRACT, STATUS, {"PrimarySENtype": "SENtype", "SecondarySENtype": "SENtype2"}),
        (CSV, CENSUS, {"DoB": "DOB", "FSME on Census Day": "FSMeligible", "TermlySessionsPossible": "SessionsPossible",
                       "LAEstab": "School", "Estab": "Estab", "LA": "LA", "NCyearActual": "NCyearActual"}),
        (CSV, STATUS, {"SENneed1": "SENtype", "SENneed2": "SENtype2"}),
        (TEMPLATE, CENSUS, {"STUD_ID": "PersonID", "DATE_OF_BIRTH": "DOB", "GENDER": "Sex",
                            "NCYEAR_ACTUAL": "NCyearActual", "FSME_ON_CENSUS_DAY": "FSMeligible",
                            "SENPROVISION": "SENprovision", "ESTAB": "Estab"}),
        (TEMPLATE, STATUS, {"SENNEED1": "SENtype", "SENNEED2": "SENtype2"}),
        (["NPD_UPN", "NPD_DOB", "NPD_NCyearActual", "NPD_LAEstab"], CENSUS,
         {"NPD_UPN": "UPN", "NPD_DOB": "DOB", "NPD_NCyearActual": "NCyearActual", "NPD_LAEstab": "School"}),
        (["NPD_UPN", "FSP_COM_E01", "NPD_FSP_PSE_E05", "LIT_E08"], "education/eyfsp",
         {"NPD_UPN": "UPN", "FSP_COM_E01": "E01", "NPD_FSP_PSE_E05": "E05", "LIT_E08": "E08"}),
        (["UPN", "Phonics_PHONICS_MARK", "Phonics_PHONICS_OUTCOME", "Phonics_NCYEARACTUAL"], "education/phonics",
         {"Phonics_PHONICS_MARK": "PhonicsMark", "Phonics_PHONICS_OUTCOME": "PhonicsOutcome"}),
    ],
)  # fmt: skip
def test_headers_are_read_and_what_is_not_is_named(headers, contract, expected):
    found = report(headers, contract)
    columns = dict.fromkeys(found.matched) | found.aliased
    assert {header: columns[header] or header for header in expected} == expected
    assert {*columns, *found.guessed, *found.unknown} == set(headers)


@pytest.mark.parametrize("header", ["FSM_Protected", "Phonics_PHONICS_MARK_AUT21", "FSP_GLD"])
def test_a_header_of_another_meaning_is_not_read(header):
    for contract in (CENSUS, "education/phonics", "education/eyfsp"):
        found = report(["UPN", header], contract)
        assert header not in (*found.matched, *found.aliased)


@pytest.mark.parametrize(
    ("code", "group"),
    [("ABRI", "AOTH"), ("AWEL", "AOTH"), ("BBRI", "BOTH"), ("BWEL", "BOTH"), ("ORAB", "OOTH"), ("OSAU", "OOTH"),
     ("AKPA", "APKN"), ("Pakistani", "APKN"), ("wrom", "WROM")],
)  # fmt: skip
def test_extended_codes_of_ethnicity_have_a_group(code, group):
    result = check_table(load_contract(CENSUS), pd.DataFrame({"Ethnicity": [code]}), file="f.csv")
    assert result.frame["Ethnicity"].tolist() == [group]


def test_a_code_of_no_list_is_reported_and_not_guessed():
    result = check_table(
        load_contract(CENSUS), pd.DataFrame({"Ethnicity": ["SYN-A"], "Language": ["SYN-EN"]}), file="f.csv"
    )
    assert {"CENSUS-ETHNICITY-CODE", "CENSUS-LANGUAGE-CODE"} <= {violation.rule for violation in result.violations}
    assert result.frame[["Ethnicity", "Language"]].isna().all(axis=None)


def test_every_contract_with_codes_of_ethnicity_has_the_same():
    columns = [load_contract(ref).columns["Ethnicity"] for ref in
               (CENSUS, "outcomes/ehc_plan", "social_care/involvement", "social_care/disability")]  # fmt: skip
    assert all(column.level_synonyms == columns[0].level_synonyms for column in columns)


def status(day, **row):
    frame = pd.DataFrame([{"UPN": "V000100122001", "StatusDate": day, "SENprovision": "K", "SENtype": "SLCN"} | row])
    return [v.rule for v in check_table(load_contract(STATUS), frame, file="f.csv").violations]


def test_down_syndrome_is_a_type_of_need_from_january_2025():
    assert status("2024-10-03", SENtype="DS") == ["SEN-TYPE-CODE"]
    assert status("2025-01-16", SENtype="DS") == []
    assert status("2025-01-16", SENtype2="DS") == []


def test_codes_before_the_plans_hold_until_they_ended():
    assert status("2015-01-15", SENprovision="A") == []
    assert status("2016-01-21", SENprovision="P") == ["SEN-PROVISION-CODE"]
    assert status("2018-01-18", SENprovision="S") == []
    assert status("2019-01-17", SENprovision="S") == ["SEN-PROVISION-CODE"]
    assert status("2019-01-17", SENprovision="e") == []


def codes_of_attendance(year, code):
    frame = pd.DataFrame(
        [{"UPN": "V000100122001", "AcademicYear": year, "Term": "AUT", "SessionCode": code, "Sessions": "2"}]
    )
    result = check_table(load_contract("education/attendance"), frame, file="f.csv")
    return [v.rule for v in result.violations], result.frame["SessionCode"].tolist()


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [("H", True, False), ("J", True, False), ("Y", True, False), ("J1", False, True), ("C2", False, True),
     ("K", False, True), ("Y7", False, True), ("/", True, True),
     ("\\", True, True), ("#", True, True), ("i", True, True)],
)  # fmt: skip
def test_register_codes_hold_by_their_dates(code, before, after):
    for year, holds in (("2023/24", before), ("2024/25", after)):
        rules, values = codes_of_attendance(year, code)
        assert rules == ([] if holds else ["ATTEND-CODE-CODE"])
        assert values == [code.upper()]  # part of the key: it stays


def test_free_meals_from_september_2026_are_reported_and_not_read_as_before():
    frame = pd.DataFrame({"FSM": ["Y", "N"], "AcademicYear": "2026/27", "UPN": ["V000100122001", "J000100122002"]})
    result = check_table(load_contract(CENSUS), frame, file="f.csv")
    assert [(v.row, v.severity) for v in result.violations if v.rule == "CENSUS-FSM-CODE"] == [(2, "warning")]
    assert result.frame["FSMeligible"].tolist() == [None, "false"]
    frame["AcademicYear"] = "2025/26"
    assert check_table(load_contract(CENSUS), frame, file="f.csv").frame["FSMeligible"].tolist() == ["true", "false"]


def test_goals_before_2021_are_refused_where_todays_are_meant():
    frame = pd.DataFrame(
        {"UPN": ["V000100122001"], "AcademicYear": ["2020/21"], "PSEG03": ["1"], "G03": ["1"], "E03": ["1"]}
    )
    result = check_table(load_contract("education/eyfsp"), frame, file="f.csv")
    assert "EYFSP-YEAR-FORM" in [violation.rule for violation in result.violations]
    assert not {"PSEG03", "G03"} & {*result.columns.aliased, *result.columns.matched}


@pytest.mark.parametrize(("outcome", "mark"), [("WA", 38.0), ("wt", 38.0), (None, 38.0), ("A", None), ("D", None)])
def test_a_mark_stays_where_the_check_was_taken_or_the_outcome_is_blank(outcome, mark):
    frame = pd.DataFrame(
        [{"UPN": "V000100122001", "AcademicYear": "2025/26", "PhonicsMark": "38", "PhonicsOutcome": outcome}]
    )
    result = check_table(load_contract("education/phonics"), frame, file="f.csv")
    assert result.frame["PhonicsMark"].replace(float("nan"), None).tolist() == [mark]
    assert ("PHONICS-MARK-TAKEN" in [violation.rule for violation in result.violations]) == (mark is None)


@pytest.mark.parametrize(("consent", "area"), [("Y", "CI"), ("N", None), (None, None)])
def test_a_notification_is_used_only_where_the_parents_consented(consent, area):
    frame = pd.DataFrame(
        [{"NHSNumber": "9990000018", "NotifiedDate": "2024-05-01", "AreaOfNeed": "CI", "Consent": consent}]
    )
    result = check_table(load_contract("health/notification"), frame, file="f.csv")
    assert result.frame["AreaOfNeed"].tolist() == [area]
