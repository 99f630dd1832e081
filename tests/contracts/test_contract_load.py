"""Contracts are read strictly: what the standard's own model lets pass is refused."""

import subprocess
import sys

import pytest

from send_screen.contracts import available_contracts, load_contract, shipped
from send_screen.errors import ContractError, MachineError

EYFSP = shipped("data_contracts") / "education" / "eyfsp-1.0.0.odcs.yaml"
ROWS_RULE = """\
      - id: EYFSP-ROWS
        metric: rowCount
        mustBeGreaterThan: 0
        description: The file has at least one child.
"""


@pytest.fixture
def changed(tmp_path):
    """Write the EYFSP contract with one text replaced, and return its path."""

    def write(old: str, new: str):
        text = EYFSP.read_text("utf-8")
        assert old in text
        path = tmp_path / "changed.odcs.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return write


def test_the_first_contracts_are_shipped():
    assert {ref.partition("@")[0] for ref in available_contracts()} >= {
        "education/eyfsp",
        "education/pupil_census",
        "outcomes/sen_status",
        "research/project_star",
    }


@pytest.mark.parametrize("ref", available_contracts())
def test_every_shipped_contract_loads_and_states_what_it_must(ref):
    contract = load_contract(ref)
    assert contract.ref == ref
    assert contract.lawful_basis
    assert contract.purpose
    assert contract.id_column is not None
    assert contract.id_column.personal
    for column in contract.columns.values():
        assert column.label, column.name
        assert column.description, column.name
        assert column.visible_to, column.name
        assert column.visible_to <= contract.roles.keys()


def test_a_name_without_a_version_is_the_newest():
    assert load_contract("education/eyfsp").version == available_contracts()[0].partition("@")[2]
    assert load_contract("education/eyfsp@1.0.0") == load_contract(EYFSP)


def test_the_hash_does_not_depend_on_line_ends(tmp_path):
    path = tmp_path / EYFSP.name
    path.write_bytes(EYFSP.read_bytes().replace(b"\n", b"\r\n"))
    assert load_contract(path).sha256 == load_contract(EYFSP).sha256


def test_goals_know_their_levels_and_what_is_not_known():
    goal = load_contract("education/eyfsp").columns["E12"]
    assert goal.levels == {"1": "emerging", "2": "expected"}
    assert goal.missing_codes == {"A": "not assessed"}
    assert goal.recorded_on == "academic-year-end:AcademicYear"
    assert goal.code_set is not None
    assert goal.code_set.valid_from == "2021-09-01"


def test_star_says_what_is_known_when_and_what_is_a_past_status():
    columns = load_contract("research/project_star").columns
    assert {columns[name].recorded_on for name in ("gktreadss", "gender", "flagsgk")} == {"1986-06-30"}
    assert {columns[name].recorded_on for name in ("g1specin", "g1schid")} == {"1987-06-30"}
    assert {name for name, column in columns.items() if column.outcome_status} == {"gkspeced", "gkspecin", "g1specin"}
    assert columns["gkrepeat"].levels == {"1": "does not repeat", "2": "repeats"}


def test_an_unknown_contract_names_those_there_are():
    with pytest.raises(ContractError, match=r"education/eyfsp@1\.0\.0"):
        load_contract("education/eyfs")
    with pytest.raises(ContractError, match=r"no contract 'education/eyfsp@9\.0\.0'"):
        load_contract("education/eyfsp@9.0.0")


def test_a_path_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ContractError, match="cannot be opened"):
        load_contract(tmp_path / "none.odcs.yaml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("status: active", "status: active\nstatus: draft", "'status' is given twice"),
        ("        required: true", "        required: true\n        required: false", "'required' is given twice"),
        ("apiVersion: v3.1.0", "apiVersion: v9.9.9", r"\$\.apiVersion: "),
        ("apiVersion: v3.1.0", "apiVersion: v3.0.2", "version v3.0.2 of the standard"),
        ("kind: DataContract", "kind: DataContract\nlawfulBasis: none", "lawfulBasis"),
        ("        logicalType: string", "        logicalType: text", "'text' is not one of"),
        ("property: lawfulBasis", "property: lawful", r"lawfulBasis: is missing\n.*lawful: is not a key"),
        ("domain: education", "domain: health", "does not begin with its domain 'health/'"),
        ("[senco, class_teacher,", "[sencoo, class_teacher,", "is visible to 'sencoo'"),
        ("classification: personal", "classification: secret", "classification must be one of"),
        ("property: aliases", "property: alias", r"column UPN.*\n.*alias: is not a key here \(did you mean 'aliases'"),
        ("property: aliases", "property: visibleTo", r"visibleTo: is given twice"),
        ("words: emerging", "words: no", r"levels\[0\]\.words: must be text: put it into quotation marks"),
        ("id: EYFSP-E02-BLANK", "id: EYFSP-E01-BLANK", "'EYFSP-E01-BLANK' is used twice"),
        ("implementation: upn", "implementation: upm", "does not check"),
        ("severity: warning", "severity: mild", "severity"),
        ('{validValues: ["1", "2", A]}', '{validValues: ["1", "2"]}', "are not its levels"),
        ("academic-year-end:AcademicYear", "academic-year-end:Year", "column 'Year', which there is not"),
        ("academic-year-end:AcademicYear", "last summer", "recordedOn must be"),
        ("- name: E02", "- name: E01", "described twice"),
        ("FSP_COM_E02, ELG02", "COME01, ELG02", "'come01' stands for both E01 and E02"),
        ("also: [Emerging level, EM,", "also: [Emerging level, EM, Expected,", "stands for more than one code"),
        (ROWS_RULE, "", "no rule for empty tables"),
        ("status: active", "status: [active", "not valid YAML"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_contract_is_named(changed, old, new, message):
    with pytest.raises(ContractError, match=message):
        load_contract(changed(old, new))


def test_a_date_is_not_compared_with_a_number(tmp_path):
    text = load_contract("health/two_year_review").text
    path = tmp_path / "changed.odcs.yaml"
    path.write_text(text.replace("{notBelow: {column: DOB}}", "{notBelow: {column: GestationWeeks}}"), encoding="utf-8")
    with pytest.raises(ContractError, match="rule REVIEW-DATE-BORN compares a date with a number"):
        load_contract(path)


def test_a_contract_without_tables_or_with_several_is_refused(tmp_path):
    text = EYFSP.read_text("utf-8")
    path = tmp_path / "none.odcs.yaml"
    path.write_text(text[: text.index("schema:\n")] + "schema: []\n", encoding="utf-8")
    with pytest.raises(ContractError, match="describes 0 tables"):
        load_contract(path)


def test_importing_contracts_loads_no_standards_package():
    heavy = "{'open_data_contract_standard', 'jsonschema', 'pyarrow.parquet'}"
    code = f"import send_screen.contracts, send_screen.readers, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_folder_is_a_thing_missing_on_the_machine():
    with pytest.raises(MachineError, match="not on this machine"):
        shipped("recipes")  # type: ignore[arg-type]  # no such folder, on purpose


@pytest.mark.parametrize("ref", available_contracts())
def test_a_contract_of_the_library_follows_the_standard(ref: str) -> None:
    from send_screen.contracts._odcs import _validator
    from send_screen.documents import load_yaml

    contract = load_contract(ref)
    assert not list(_validator().iter_errors(load_yaml(contract.text, file=ref, error=ContractError)))
