"""NHS numbers: the check digit, and their cells in files of any type."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_screen.contracts import (
    MASK,
    check_table,
    is_synthetic_nhs_number,
    load_contract,
    nhs_check_digit,
    shipped,
    valid_nhs_numbers,
)
from send_screen.contracts._quote import holds_identifier, identifier_shaped
from send_screen.readers import read_table

VALID = shipped("data_contracts") / "examples" / "valid"
REVIEW = "health/two_year_review"

bodies = st.from_regex("[0-9]{9}", fullmatch=True).filter(nhs_check_digit)
numbers = bodies.map(lambda body: f"{body}{nhs_check_digit(body)}").filter(lambda number: len(set(number)) > 1)


def is_valid(text):
    return bool(valid_nhs_numbers(pd.Series([text], dtype=object)).item())


def check(**changes):
    frame = read_table(VALID / "two_year_review.csv").frame
    for column, values in changes.items():
        frame[column] = values
    return check_table(load_contract(REVIEW), frame, file="reviews.csv")


def test_the_published_example():
    assert nhs_check_digit("943476591") == "9"
    assert is_valid("9434765919")


@given(numbers)
def test_exactly_one_check_digit_fits(number):
    assert [digit for digit in "0123456789" if is_valid(number[:9] + digit)] == [number[9]]


@given(numbers, st.integers(0, 9), st.sampled_from("0123456789"))
def test_one_wrong_digit_never_goes_unnoticed(number, place, digit):
    assert is_valid(number[:place] + digit + number[place + 1 :]) == (number[place] == digit)


@given(numbers, st.integers(0, 8))
def test_two_neighbours_that_were_swapped_never_go_unnoticed(number, place):
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert is_valid(swapped) == (swapped == number)


def test_where_the_check_digit_would_be_ten_there_is_no_number():
    assert nhs_check_digit("999000000") is None
    assert not any(is_valid(f"999000000{digit}") for digit in range(10))


@pytest.mark.parametrize(
    "text", ["", "943476591", "94347659199", "943 476 5919", "943476591٩", "9434765919\n", "1" * 10, None]
)
def test_what_is_no_nhs_number(text):
    assert not is_valid(text)


def test_a_check_digit_for_other_than_nine_digits_is_refused():
    with pytest.raises(ValueError, match="stand before the check digit"):
        nhs_check_digit("94347659")


@pytest.mark.parametrize(
    ("number", "synthetic"), [("9990000018", True), ("999 000 0018", True), ("9990000019", False), (None, False)]
)
def test_synthetic_children_have_numbers_of_the_test_range(number, synthetic):
    assert is_synthetic_nhs_number(number) == synthetic


@pytest.mark.parametrize("text", ["943 476 5919", "943-476-5919", " 943\u00a0476\u00a05919 ", "9434765919"])
def test_gaps_are_put_right(text):
    result = check(NHSNumber=[text, None, None, None, None])
    assert result.frame["NHSNumber"].tolist()[0] == "9434765919"
    assert not any(violation.rule == "REVIEW-NHS-CHECK" for violation in result.violations)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_a_number_is_kept_digit_by_digit_in_every_kind_of_file(tmp_path, suffix):
    frame = read_table(VALID / "two_year_review.csv").frame
    expected = [number.replace(" ", "") for number in frame["NHSNumber"]]
    frame["NHSNumber"] = pd.Series(map(int, expected), index=frame.index).astype("Int64")
    frame["NHSNumber"] = frame["NHSNumber"].mask([False] * 4 + [True])  # a blank makes numbers floating-point
    path = tmp_path / f"reviews{suffix}"
    if suffix == ".csv":
        frame.to_csv(path, index=False)
    elif suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        frame.to_parquet(path, index=False)
    result = check_table(load_contract(REVIEW), read_table(path).frame, file=path.name)
    assert result.frame["NHSNumber"].tolist() == [*expected[:4], None]
    assert [violation.rule for violation in result.violations] == ["REVIEW-NHS-BLANK"]


def test_a_wrong_number_is_reported_and_not_shown():
    result = check(NHSNumber=["9434765918", "943 476 591", "Total: 5", None, None])
    found = [violation for violation in result.violations if violation.rule == "REVIEW-NHS-CHECK"]
    assert [violation.row for violation in found] == [2, 3, 4]
    assert {violation.value for violation in found} == {MASK}
    assert "may be a total or a title" in found[2].message
    assert "not an NHS number" in found[2].message
    assert not any("943476591" in repr(part).replace(" ", "") for part in (result.violations, result.notes))
    assert result.bad_rows.tolist() == [2, 3, 4]


def test_a_number_in_a_column_that_is_not_personal_is_masked():
    census = read_table(VALID / "pupil_census.csv").frame
    census["School"] = "943 476 5919"
    result = check_table(load_contract("education/pupil_census"), census, file="census.csv")
    found = [violation for violation in result.violations if violation.rule == "CENSUS-SCHOOL-NUMBER"]
    assert {violation.value for violation in found} == {MASK}
    assert "5919" not in repr(found)


@pytest.mark.parametrize(
    ("text", "holds"),
    [("See 9434765919.", True), ("See 943 476 5919", True), ("B801200005001", True), ("12 of 1,000", False),
     ("Call 0943 476 5919", False)],
)  # fmt: skip
def test_a_text_that_holds_an_identifier(text, holds):
    assert holds_identifier(text) == holds


def test_only_ten_digits_look_like_a_number():
    assert [identifier_shaped(text) for text in ("943476591", "9434765919", "94347659191")] == [False, True, False]


def test_a_review_that_was_not_completed_has_no_scores_and_no_absence_of_concern():
    result = check(Completed=["not brought"] * 5)
    assert result.frame[["ASQCommunication", "ASQPersonalSocial"]].isna().all(axis=None)
    assert result.frame["ConcernRaised"].tolist() == [None, "true", None, "true", None]
    assert len(result.bad_rows) == 0
