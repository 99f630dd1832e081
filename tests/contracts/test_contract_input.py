"""What a file, a frame or a YAML may hold by accident or malice: a violation or one clear error, never a crash."""

import datetime as dt
import time

import numpy as np
import pandas as pd
import pytest
import yaml

from send_screen.contracts import MASK, check_table, load_contract, shipped
from send_screen.contracts._dates import read_date
from send_screen.contracts._quote import header_like, quotable
from send_screen.documents import load_yaml
from send_screen.errors import ContractError, SpecError
from send_screen.readers import read_table

VALID = shipped("data_contracts") / "examples" / "valid"
EYFSP = shipped("data_contracts") / "education" / "eyfsp-1.0.0.odcs.yaml"


def eyfsp():
    return read_table(VALID / "eyfsp.csv").frame


def census():
    return read_table(VALID / "pupil_census.csv").frame


def check(frame, contract="education/eyfsp"):
    return check_table(load_contract(contract), frame, file="school.csv")


@pytest.mark.parametrize(
    "cell",
    [[1], {}, {"a": 1}, (1,), {1}, np.array([1]), "\ud800", 10**401, 10**5000, b"\xff", 1 + 2j, pd.Timedelta(days=1)],
    ids=lambda cell: type(cell).__name__,
)
@pytest.mark.parametrize("column", ["UPN", "E01", "AcademicYear"])
def test_a_strange_cell_is_a_violation(cell, column):
    frame = eyfsp()
    frame.at[3, column] = cell
    result = check(frame)
    assert {(v.row, v.column) for v in result.violations} == {(3, column)}
    assert len(result.frame) == len(frame)
    repr(result.violations).encode()


@pytest.mark.parametrize("cell", [[1], {}, "\ud800", 10**401, 10**5000, float("inf")], ids=lambda c: type(c).__name__)
@pytest.mark.parametrize("column", ["SessionsAbsent", "DOB", "School"])
def test_a_strange_number_date_or_school_is_a_violation(cell, column):
    frame = census()
    frame.at[3, column] = cell
    assert {(v.row, v.column) for v in check(frame, "education/pupil_census").violations} == {(3, column)}


def test_a_time_with_a_zone_is_the_date_there():
    frame = census()
    dates = pd.to_datetime(frame["DOB"])
    for stored in (
        dates.dt.tz_localize("Europe/London").dt.tz_convert("UTC"),  # as a database stores a British midnight
        dates.dt.tz_localize("UTC"),
        dates.dt.tz_localize("Europe/London"),
        dates.dt.tz_localize("Asia/Kolkata"),
    ):
        result = check(frame.assign(DOB=stored), "education/pupil_census")
        assert result.violations == ()
        assert result.frame["DOB"].tolist() == dates.tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Monday 25 March 2021", dt.date(2021, 3, 25)),
        ("Thu, 25th March 2021", dt.date(2021, 3, 25)),
        ("March 25, 2021", dt.date(2021, 3, 25)),
        ("Mar 25 2021", dt.date(2021, 3, 25)),
        ("25/03/2021 12:00:00 AM", dt.date(2021, 3, 25)),
        ("2021-03-25T00:00:00Z", dt.date(2021, 3, 25)),
        ("2021-03-25 00:00:00+01:00", dt.date(2021, 3, 25)),
        ("25 Sept 2021", dt.date(2021, 9, 25)),
        ("25 Mayor 2021", None),
        ("25 Marchioness 2021", None),
        ("Mayor 25, 2021", None),
        ("25 Ma 2021", None),
        ("25 March 2021 or so", None),
    ],
)
def test_dates_in_words_and_with_times(text, expected):
    assert read_date(text) == expected


def test_a_total_is_no_child_and_the_message_says_so():
    frame = eyfsp()
    frame.loc[99] = None
    frame.loc[99, "UPN"] = "Total: 97"
    (violation,) = [v for v in check(frame).violations if v.column == "UPN"]
    assert (violation.row, violation.rule, violation.severity) == (99, "EYFSP-UPN-CHECK", "error")
    assert "may be a total or a title, not a child" in violation.message
    assert "97" not in violation.message


def test_a_upn_with_a_slip_is_not_called_a_total():
    frame = eyfsp()
    frame.loc[3, "UPN"] = frame.loc[3, "UPN"][:-1]
    (violation,) = check(frame).violations
    assert "total" not in violation.message


def test_a_header_in_two_spellings_is_doubled():
    frame = eyfsp()
    frame["e01"] = "1"
    (violation,) = check(frame).violations
    assert (violation.rule, violation.column) == ("EYFSP-HEADERS", "E01")
    assert "'E01', 'e01'" in violation.message


def test_no_message_quotes_a_header_that_could_be_a_child():
    # E02 is suggested for a header that looks like its name, unless that header could be more than a name.
    frame = eyfsp().rename(columns={"E02": "Speaking 25/03/2018", "UPN": "B801200005001"})
    result = check(frame)
    said = " ".join(f"{v.message} {v.remedy}" for v in result.violations)
    assert "2018" not in said
    assert "B801" not in said
    assert {v.column for v in result.violations} == {"UPN", "E02"}


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("E01", True),
        ("E01 Listening, attention and understanding", True),
        ("Ever 6 FSM", True),
        ("% Attendance", True),
        ("Attendance 2022/23", True),
        ("B801200005001", False),
        ("b 8012 0000 5001", False),
        ("801200005001", False),
        ("2018-03-25", False),
        ("25 March 2018", False),
        ("0001132", False),
        ("1.5e3", False),
        ("true", False),
        ('[{"UPN": "x"}]', False),
        ("a" * 60, False),
        ("a\x1b[31m", False),
        ("", False),
    ],
)
def test_only_short_header_like_words_are_quoted(header, shown):
    assert header_like(header) is shown
    assert quotable(header) == (repr(header) if shown else "(not shown)")


@pytest.mark.parametrize("value", ["B801200005001", "2018-03-25", "25/03/2018", "Blorbleton", "x" * 100, "9" * 30])
def test_a_value_that_may_belong_to_another_column_is_masked(value):
    (violation,) = check(eyfsp().assign(AcademicYear=[value, *eyfsp()["AcademicYear"][1:]])).violations
    assert violation.value == MASK
    assert value not in violation.message


def bomb(depth, width):
    lines = ["a0: &a0 [" + ", ".join("x" * width) + "]"]
    lines += [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * width) + "]" for i in range(1, depth)]
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (bomb(30, 9), "more than 20,000 values"),
        (b"[" * 100_000, "nests too deeply"),
        (b"- " * 1_000 + b"x", "nests too deeply"),
        (b"a: &a [*a]", "alias is inside its own anchor"),
        (b"a: *b", "undefined alias"),
        (b"a: " + b"9" * 5_000, "number is too large"),
        (b"a: 0x" + b"f" * 40, "number is too large"),
        (b"a: .inf", "number is too large, or is none"),
        (b"a: .nan", "number is too large, or is none"),
        (b"a: !!int xx", "tags"),
        (b"a: !!python/object/apply:os.system [ls]", "tags"),
        (b"[1, 2]: 3", "a key is not text"),
        (b"? {a: 1}\n: 3", "a key is not text"),
        (b"1: 2", "a key is not text"),
        (b'a: "x\\u202Ey"', "row 1: .*a text holds a control character"),
        (b'a: 1\nb: {"x\\x07": 1}', "row 2: .*a text holds a control character"),
        (b"a: 1\nb: 2\na: 3", "row 3: .*the key 'a' is given twice"),
        (b"a: [", "not valid YAML"),
        (b"a: \x00", "cannot be read"),
        (b"\xff", "not UTF-8"),
        (b"a: 1\n---\na: 2", "not valid YAML"),
    ],
    ids=lambda value: None if isinstance(value, str) else str(value[:12]),
)
def test_yaml_that_is_hostile_or_wrong_is_one_error(raw, message):
    start = time.process_time()
    with pytest.raises(SpecError, match=message) as caught:
        load_yaml(raw, file="spec.yaml", error=SpecError)
    assert caught.value.file == "spec.yaml"
    assert caught.value.remedy
    assert len(str(caught.value)) < 300
    assert time.process_time() - start < 5


def test_yaml_that_a_person_writes_is_read_as_it_stands():
    raw = b"\xef\xbb\xbfa: &x [1, 2.5, yes, 2027-01-31, null]\nb: *x\n<<: {c: d}\n"
    read = [1, 2.5, True, "2027-01-31", None]
    assert load_yaml(raw, file="a", error=SpecError) == {"a": read, "b": read, "<<": {"c": "d"}}


class PlainLoader(yaml.SafeLoader):
    """Safe YAML, but that dates stay text."""


PlainLoader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))
SHIPPED = sorted([*shipped("data_contracts").rglob("*.yaml"), *shipped("models").rglob("*.yaml")])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_yaml_that_comes_with_the_library_is_read_as_before(path):
    raw = path.read_bytes()
    assert load_yaml(raw, file=path.name, error=ContractError) == yaml.load(raw, Loader=PlainLoader)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("value: [COM_E02, COME02, FSP_COM_E02, ELG02, ELG2, Speaking]", "value: 7"),
        ("{code: A, words: not assessed, missing: true, also: [Absent, Exempt]}", "7"),
        ("{code: A, words: not assessed, missing: true, also: [Absent, Exempt]}", "{words: not assessed}"),
        ("value: &everyone [senco, class_teacher, head_teacher, data_manager, local_authority]", "value: &everyone 7"),
        ('arguments: &valid {validValues: ["1", "2", A]}', 'arguments: &valid {pattern: "("}'),
        ('arguments: &valid {validValues: ["1", "2", A]}', "arguments: &valid {validValues: 7}"),
        ("implementation: upn", "implementation: {notAbove: 7}"),
        ("implementation: upn", "implementation: {onlyWhere: {column: UPN}}"),
        ("mustBeGreaterThan: 0", "mustBeGreaterThan: [0]"),
        ("logicalType: string", "logicalType: " + "x" * 5_000),
    ],
)
def test_a_contract_of_another_form_is_a_contract_error(tmp_path, old, new):
    text = EYFSP.read_text("utf-8")
    assert old in text
    path = tmp_path / "changed.odcs.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    assert "x" * 100 not in str(caught.value)
    assert len(str(caught.value)) < 1_500
