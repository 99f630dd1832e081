"""The examples beside the contracts: valid ones pass, invalid ones trip exactly the rules that they name."""

from pathlib import Path

import pytest
import yaml

from send_screen.contracts import (
    available_contracts,
    check_table,
    is_synthetic_nhs_number,
    is_synthetic_upn,
    load_contract,
    shipped,
)
from send_screen.readers import read_table

EXAMPLES = shipped("data_contracts") / "examples"
VALID = yaml.safe_load((EXAMPLES / "valid" / "expect.yaml").read_text("utf-8"))
INVALID = yaml.safe_load((EXAMPLES / "invalid" / "expect.yaml").read_text("utf-8"))


def check_example(path: Path, contract: str):
    reading = read_table(path)
    return reading, check_table(load_contract(contract), reading.frame, file=reading.file)


@pytest.mark.parametrize("name", VALID)
def test_a_valid_example_breaks_no_rule(name):
    reading, result = check_example(EXAMPLES / "valid" / name, VALID[name])
    assert result.violations == ()
    assert len(result.bad_rows) == 0
    assert len(result.frame) == len(reading.frame)


@pytest.mark.parametrize("name", INVALID)
def test_an_invalid_example_trips_exactly_the_rules_it_names(name):
    reading, result = check_example(EXAMPLES / "invalid" / name, INVALID[name]["contract"])
    assert {violation.rule for violation in result.violations} == set(INVALID[name]["rules"])
    assert len(result.frame) == len(reading.frame)


@pytest.mark.parametrize(("folder", "expected"), [("valid", VALID), ("invalid", INVALID)])
def test_every_example_file_is_named_in_its_expectations(folder, expected):
    assert {path.name for path in (EXAMPLES / folder).glob("*.csv")} == set(expected)


def test_every_rule_of_every_contract_has_an_example_that_trips_it():
    tripped = {rule for case in INVALID.values() for rule in case["rules"]}
    contracts = [load_contract(ref) for ref in available_contracts()]
    rules = {rule.id for contract in contracts for rule in contract.rules}
    rules |= {rule.id for contract in contracts for column in contract.columns.values() for rule in column.rules}
    # An empty table never reaches a contract from a file: the reader refuses it.
    assert {rule for rule in rules if not rule.endswith("-ROWS")} == tripped


def test_every_child_in_the_examples_is_synthetic():
    for name, contract in VALID.items():
        if contract.startswith("research/"):
            continue
        _, result = check_example(EXAMPLES / "valid" / name, contract)
        upns, numbers = result.frame["UPN"].dropna(), result.frame["NHSNumber"].dropna()
        assert len(upns) + len(numbers) > 0, name
        assert all(map(is_synthetic_upn, upns)), name
        assert all(map(is_synthetic_nhs_number, numbers)), name


def test_values_written_another_way_mean_the_same():
    _, plain = check_example(EXAMPLES / "valid" / "eyfsp.csv", "education/eyfsp")
    _, words = check_example(EXAMPLES / "valid" / "eyfsp_words_reordered.csv", "education/eyfsp")
    assert words.frame.loc[2, ["E01", "E02"]].tolist() == ["1", "2"]
    assert words.frame.loc[3, ["E03", "E04"]].tolist() == ["2", "2"]
    assert words.frame.loc[4, "E05"] == "A"
    assert words.frame["UPN"].tolist() == plain.frame["UPN"].tolist()
    assert set(words.frame["AcademicYear"]) == {"2022/23"}
    assert list(words.frame.columns) == list(plain.frame.columns)


def test_headings_of_bromcoms_templates_are_understood():
    """Those of its guide to importing students (docs.bromcom.com, read in November 2026), beside the census's names."""
    _, plain = check_example(EXAMPLES / "valid" / "pupil_census.csv", "education/pupil_census")
    _, result = check_example(EXAMPLES / "valid" / "pupil_census_bromcom_headers.csv", "education/pupil_census")
    read = ["Surname", "Forename", "Sex", "NCyearActual", "ClassName"]
    assert result.frame[read].equals(plain.frame[read])
    headings = {"Last Name": "Surname", "First Name": "Forename", "Admission Number": "PersonID", "Gender": "Sex"}
    headings |= {"Year Group": "NCyearActual", "Tutor Group": "ClassName"}
    assert headings.items() <= result.columns.aliased.items()


def test_headers_and_codes_of_englands_systems_are_understood():
    _, result = check_example(EXAMPLES / "valid" / "pupil_census_sims_headers.csv", "education/pupil_census")
    frame = result.frame
    assert frame["DOB"].dt.strftime("%Y-%m-%d").tolist() == ["2017-10-11", "2018-03-25", "2017-10-13", "2018-03-25"]
    assert frame["Ethnicity"].tolist() == ["WBRI", "WROM", "WOTH", "NOBT"]
    assert frame["Language"].tolist() == ["ENG", "PNJ", "OTB", "REF"]
    assert frame["SENprovision"].tolist() == ["N", "K", "E", "K"]
    assert frame["School"].tolist() == ["0001001"] * 4
    assert frame["FSMeligible"].tolist() == ["true", "false", "true", "false"]
    assert frame["Surname"].tolist()[1] == "Brontë"
    assert frame["Surname"].tolist()[3] == "Null"
    assert result.columns.aliased["NC Year"] == "NCyearActual"
