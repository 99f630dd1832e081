"""UPNs, England's code sets, dates and cells."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_screen.contracts import ETHNIC_GROUPS, is_synthetic_upn, load_contract, upn_check_letter, valid_upns
from send_screen.contracts._dates import date_order, read_date
from send_screen.contracts._england_codes import BIRTH_SEASONS, is_additional_language
from send_screen.contracts._headers import header_key
from send_screen.contracts._parse_cells import distinct_texts
from send_screen.contracts._upn import LETTERS, repair_upn

bodies = st.from_regex(rf"[0-9]{{11}}[0-9{LETTERS}]", fullmatch=True)


def test_the_published_example_and_the_one_that_was_published_wrongly():
    assert upn_check_letter("801200005001") == "B"
    assert upn_check_letter("207000016049") == "P"


@given(bodies)
def test_exactly_one_letter_fits_a_number(body):
    upns = pd.Series([letter + body for letter in LETTERS], dtype=object)
    assert upns[valid_upns(upns)].tolist() == [upn_check_letter(body) + body]


@given(bodies, st.integers(1, 11), st.integers(0, 9))
def test_one_wrong_digit_never_goes_unnoticed(body, place, digit):
    upn = upn_check_letter(body) + body
    changed = upn[:place] + str(digit) + upn[place + 1 :]
    assert valid_upns(pd.Series([changed])).tolist() == [changed == upn]


@pytest.mark.parametrize(
    "text", ["", "B80120000500", "B8012000050011", "B80120000500I", "b801200005001", "B80120000500١"]
)
def test_what_is_no_upn(text):
    assert not valid_upns(pd.Series([text])).item()


def test_missing_upns_are_not_valid_and_do_not_crash():
    assert valid_upns(pd.Series([None, "B801200005001", np.nan], dtype=object)).tolist() == [False, True, False]


def test_small_letters_and_gaps_are_repaired():
    assert repair_upn("b80 1200-005001") == "B801200005001"


def test_a_letter_for_a_body_of_another_form_is_refused():
    with pytest.raises(ValueError, match="follow the check letter"):
        upn_check_letter("80120000500")


@pytest.mark.parametrize("upn", [None, float("nan"), "B801200005001", "Z000100122001", "000", "X0000"])
def test_what_is_not_a_synthetic_child(upn):
    assert not is_synthetic_upn(upn)


def test_temporary_numbers_of_synthetic_children_are_synthetic():
    assert is_synthetic_upn(upn_check_letter("00010012201A") + "00010012201a")


def test_groups_most_often_missed_stay_apart():
    groups = {ETHNIC_GROUPS[code] for code in ("WROM", "WIRT", "WBRI", "WIRI", "WOTH")}
    assert len(groups) == 5
    assert ETHNIC_GROUPS["WROM"] == "Gypsy/Roma"


def test_every_code_of_the_contract_has_a_group_and_what_is_not_known_has_none():
    column = load_contract("education/pupil_census").columns["Ethnicity"]
    assert ETHNIC_GROUPS.keys() == column.levels.keys()
    assert not ETHNIC_GROUPS.keys() & column.missing_codes.keys()


def test_english_as_an_additional_language():
    assert [is_additional_language(code) for code in ("ENG", "ENB", "URD", "OTB", "OTH", "REF", "NOT")] == (
        [False, False, True, True, True, None, None]
    )
    column = load_contract("education/pupil_census").columns["Language"]
    assert [is_additional_language(code) for code in column.missing_codes] == [None, None]


def test_seasons_have_four_months_each():
    assert sorted(BIRTH_SEASONS) == list(range(1, 13))
    seasons = list(BIRTH_SEASONS.values())
    assert [seasons.count(season) for season in ("autumn", "spring", "summer")] == [4, 4, 4]


@pytest.mark.parametrize(
    "text",
    ["2018-03-25", "2018/03/25", "25/03/2018", "25/3/18", "25.03.2018", "25-03-2018", "25 03 2018", "25-Mar-18",
     "25 March 2018", "25mar2018", "20180325", "43184", "43184.0", "2018-03-25T00:00:00", "25/03/2018 00:00",
     "2018-Mar-25 00:00:00"],
)  # fmt: skip
def test_forms_of_a_date(text):
    assert read_date(text) == dt.date(2018, 3, 25)


@pytest.mark.parametrize(
    "text", ["", "2018", "31/02/2018", "25/13/2018", "25/03-2018", "7", "432", "99999", "25 Mai 2018", "today"]
)
def test_what_is_no_date(text):
    assert read_date(text) is None


@given(st.dates(dt.date(2000, 1, 1), dt.date(2039, 12, 31)))
def test_every_date_is_read_back_in_every_form(date):
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d-%b-%Y", "%d %B %Y", "%Y%m%d"):
        assert read_date(date.strftime(form)) == date
    assert read_date(str((date - dt.date(1899, 12, 30)).days)) == date


def test_a_few_dates_in_american_order_make_a_column_doubtful():
    assert date_order(["03/25/2018", "01/02/2018"]) == "doubtful"
    assert date_order(["25/03/2018", "01/02/2018"]) == "day first"
    assert date_order(["2018-03-25", "not a date"]) == "day first"
    assert read_date("01/02/2018", "doubtful") is None


def test_a_column_in_american_order_is_read_so():
    year = [dt.date(2020, 9, 1) + dt.timedelta(days=day) for day in range(365)]
    texts = [f"{date:%m/%d/%Y}" for date in year]
    assert date_order(texts) == "month first"
    assert [read_date(text, "month first") for text in texts] == year
    assert date_order([*texts, "25/03/2021"]) == "doubtful"
    day_first = [f"{date:%d/%m/%Y}" for date in year]
    assert date_order([*day_first, "03/25/2021"]) == "day first", "one slip is one row"
    assert date_order([*day_first[:60], *texts[60:]]) == "doubtful", "two systems in one column"


def texts_of(values):
    rows, texts = distinct_texts(pd.Series(values, dtype=object))
    return [[*texts, None][row] for row in rows]


def test_cells_are_what_a_person_would_type():
    values = [" 7 ", "\ufeffx\u00a0", "", "  ", None, np.nan, 7.0, 7.5, True, pd.NaT, pd.Timestamp("2018-03-25")]
    expected = ["7", "x", None, None, None, None, "7", "7.5", "true", None, "2018-03-25"]
    assert [text for value in values for text in texts_of([value])] == expected


@given(st.lists(st.sampled_from(["a", " a", "b", None, ""])))
def test_cells_keep_rows_apart(values):
    assert texts_of(values) == [((value or "").strip() or None) for value in values]


@pytest.mark.parametrize("header", ["NCyearActual", "nc year actual", "NC_Year_Actual", " NC-YEAR.ACTUAL "])
def test_spellings_of_a_header(header):
    assert header_key(header) == "ncyearactual"
