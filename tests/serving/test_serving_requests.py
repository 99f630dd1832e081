"""What a client may send: read as a file would be, refused with a reason that quotes nothing, never a crash."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from send_screen.errors import DataError, UsageError
from send_screen.serving._requests import FORMATS, MAX_BYTES, MAX_ROWS, RequestError, read_request
from send_screen.serving._responses import UNEXPECTED, respond

JSON = "application/json"
SECRET = "Blorbleton"
RECORDS = [{"UPN": "Q000101125014", "n": 7, "share": 0.1, "gone": None, "yes": True, "name": SECRET}]
AS_TEXT = {"UPN": "Q000101125014", "n": "7", "share": "0.1", "gone": None, "yes": "true", "name": SECRET}


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": RECORDS},
        {"instances": RECORDS},
        {"inputs": RECORDS},
        {"inputs": {key: [value] for key, value in RECORDS[0].items()}},
        {"dataframe_split": {"columns": list(RECORDS[0]), "data": [list(RECORDS[0].values())], "index": [5]}},
    ],
)
def test_each_format_is_read_as_a_file_would_be(body: object) -> None:
    rows, role = read_request(as_json(body), "application/json; charset=UTF-8")
    assert rows.to_dict("records") == [AS_TEXT]
    assert role is None


def test_csv_is_read_as_a_file_would_be() -> None:
    text = f'\ufeffUPN,n,name\r\nQ000101125014,007,"{SECRET}, ""Q"""\r\n\r\n'
    rows, _ = read_request(text.encode(), "text/csv")
    assert rows.to_dict("records") == [{"UPN": "Q000101125014", "n": "007", "name": f'{SECRET}, "Q"'}]


def test_a_number_keeps_every_digit_and_what_is_no_number_its_word() -> None:
    record = b'{"a": 0.1000000000000000055511151231257827, "b": 1e999, "c": NaN, "d": -Infinity, "e": 12345678901}'
    rows, _ = read_request(b'{"instances": [' + record + b"]}", JSON)
    (row,) = rows.to_dict("records")
    assert list(row.values()) == [
        "0.1000000000000000055511151231257827",
        "1e999",
        "NaN",
        "-Infinity",
        "12345678901",
    ]


def test_records_may_lack_columns() -> None:
    rows, _ = read_request(as_json({"instances": [{"a": "1"}, {"b": "2"}]}), JSON)
    assert rows.to_dict("list") == {"a": ["1", None], "b": [None, "2"]}


REFUSED = {
    "empty": (b"", JSON),
    "no JSON": (b"{not json " + SECRET.encode(), JSON),
    "cut short": (as_json({"instances": RECORDS})[:-4], JSON),
    "not UTF-8": (b'{"instances": [{"a": "' + SECRET.encode() + b'\xff"}]}', JSON),
    "UTF-16": (json.dumps({"instances": RECORDS}).encode("utf-16"), JSON),
    "a list": (as_json(RECORDS), JSON),
    "a word": (as_json(SECRET), JSON),
    "null": (b"null", JSON),
    "no format": (b"{}", JSON),
    "two formats": (as_json({"instances": RECORDS, "inputs": RECORDS}), JSON),
    "another name": (as_json({"instances": RECORDS, SECRET: 1}), JSON),
    "chat": (as_json({"messages": [{"role": "user", "content": SECRET}]}), JSON),
    "name twice": (b'{"instances": [{"a": 1, "a": "' + SECRET.encode() + b'"}]}', JSON),
    "nested": (b'{"instances": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", JSON),
    "no rows": (as_json({"instances": []}), JSON),
    "no columns": (as_json({"inputs": {}}), JSON),
    "rows of nothing in columns": (as_json({"inputs": {"a": []}}), JSON),
    "no rows in split": (as_json({"dataframe_split": {"columns": ["a"], "data": []}}), JSON),
    "records are words": (as_json({"instances": [SECRET]}), JSON),
    "records are an object": (as_json({"dataframe_records": {"a": SECRET}}), JSON),
    "columns of two lengths": (as_json({"inputs": {"a": [1], "b": [1, 2]}}), JSON),
    "columns are cells": (as_json({"inputs": {"a": SECRET}}), JSON),
    "split without data": (as_json({"dataframe_split": {"columns": ["a"]}}), JSON),
    "split with more": (as_json({"dataframe_split": {"columns": ["a"], "data": [[1]], SECRET: 1}}), JSON),
    "columns twice": (as_json({"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}), JSON),
    "columns are numbers": (as_json({"dataframe_split": {"columns": [[1]], "data": [[1]]}}), JSON),
    "ragged rows": (as_json({"dataframe_split": {"columns": ["a"], "data": [["1"], [SECRET, 2]]}}), JSON),
    "rows are cells": (as_json({"dataframe_split": {"columns": ["a"], "data": [SECRET]}}), JSON),
    "data is a word": (as_json({"dataframe_split": {"columns": ["a"], "data": SECRET}}), JSON),
    "a cell is a list": (as_json({"instances": [{"a": [SECRET]}]}), JSON),
    "a cell is an object": (as_json({"instances": [{"a": {SECRET: 1}}]}), JSON),
    "half a character": (b'{"instances": [{"a": "' + SECRET.encode() + b'\\ud800"}]}', JSON),
    "params is a word": (as_json({"instances": RECORDS, "params": SECRET}), JSON),
    "params misspelt": (as_json({"instances": RECORDS, "params": {"Role": "senco"}}), JSON),
    "role is a list": (as_json({"instances": RECORDS, "params": {"role": [SECRET]}}), JSON),
    "ragged CSV": (f"a,b\n1,2\n{SECRET}\n".encode(), "text/csv"),
    "open quotation": (f'a,b\n1,"{SECRET}\n'.encode(), "text/csv"),
    "empty CSV": (b"", "text/csv"),
    "CSV of a header": (b"a,b\n", "text/csv"),
    "CSV columns twice": (b"a,a\n1,2\n", "text/csv"),
}
NOT_TAKEN = {
    "no type": None,
    "another type": "text/xml",
    "Parquet": "application/vnd.apache.parquet",
    "Latin": "application/json; charset=latin-1",
    "a name for a type": f"text/{SECRET}",
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_gets_a_reason_that_quotes_nothing(case: str) -> None:
    body, kind = REFUSED[case]
    with pytest.raises(RequestError) as refused:
        read_request(body, kind)
    assert refused.value.status == 400
    assert refused.value.message.endswith((".", ")."))
    assert refused.value.remedy
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("case", NOT_TAKEN)
def test_another_content_type_is_refused(case: str) -> None:
    with pytest.raises(RequestError) as refused:
        read_request(as_json({"instances": RECORDS}), NOT_TAKEN[case])
    assert refused.value.status == 415
    assert SECRET not in str(refused.value)


def test_there_is_a_limit_of_rows_in_every_format() -> None:
    columns = {"dataframe_split": lambda n: {"columns": ["a"], "data": [["1"]] * n}}
    for name in FORMATS:
        make = columns.get(name, lambda n: [{"a": "1"}] * n)
        assert len(read_request(as_json({name: make(MAX_ROWS)}), JSON)[0]) == MAX_ROWS
        with pytest.raises(RequestError, match="at most 10,000 rows") as refused:
            read_request(as_json({name: make(MAX_ROWS + 1)}), JSON)
        assert refused.value.status == 413
    with pytest.raises(RequestError, match="at most 10,000 rows"):
        read_request(as_json({"inputs": {"a": ["1"] * (MAX_ROWS + 1)}}), JSON)
    with pytest.raises(RequestError, match="at most 10,000 rows"):
        read_request(b"a\n" + b"1\n" * (MAX_ROWS + 1), "text/csv")


def test_there_is_a_limit_of_bytes_before_anything_is_parsed() -> None:
    with pytest.raises(RequestError, match="more than 16 MB") as refused:
        read_request(b"[" * (MAX_BYTES + 1), JSON)
    assert refused.value.status == 413


def test_ten_thousand_rows_are_within_the_limit_of_bytes() -> None:
    record = dict.fromkeys((f"a column with a long name {i}" for i in range(40)), "an answer")
    assert len(as_json({"instances": [record] * MAX_ROWS})) < MAX_BYTES * 1.25


def echo(rows: pd.DataFrame, role: str | None) -> pd.DataFrame:
    """Predict what a model would that was asked for ``role``."""
    return pd.DataFrame({"row": range(1, len(rows) + 1), "role": role or "usual", "score": np.nan})


def test_an_answer_is_json_without_nan() -> None:
    body = as_json({"instances": RECORDS, "params": {"role": "senco"}})
    status, text = respond(echo, body, JSON)
    assert status == 200
    strict = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    assert strict == {"predictions": [{"row": 1, "role": "senco", "score": None}]}


def test_scores_keep_every_bit() -> None:
    scores = np.random.default_rng(1).normal(size=1000)
    _, text = respond(lambda rows, role: pd.DataFrame({"score": scores}), as_json({"instances": RECORDS}), JSON)
    assert [row["score"] for row in json.loads(text)["predictions"]] == scores.tolist()


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (DataError("There is no column E01.", remedy="Add it."), "There is no column E01. Add it."),
        (UsageError(f"No contract knows {SECRET}.", remedy="Known are: senco."), "Known are: senco."),
        (ValueError(SECRET), UNEXPECTED),
        (RecursionError(SECRET), UNEXPECTED),
    ],
)
def test_a_failure_gets_a_reason_and_no_trace(failure: Exception, words: str, caplog: pytest.LogCaptureFixture) -> None:
    def fail(rows: pd.DataFrame, role: str | None) -> pd.DataFrame:
        raise failure

    status, text = respond(fail, as_json({"instances": RECORDS}), JSON)
    assert status == 400
    assert words in json.loads(text)["message"]
    assert "Traceback" not in text
    assert SECRET not in text + caplog.text
    assert (words == UNEXPECTED) == bool(caplog.records)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4) | st.just("a"), inner, max_size=3),
    max_leaves=12,
)
NAMES = st.sampled_from([*FORMATS, "params", "columns", "data", "index", "role"])


@settings(max_examples=settings().max_examples * 3)
@given(
    body=st.one_of(
        st.binary(max_size=60),
        st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=3) | VALUES, max_size=3).map(as_json),
        st.builds(
            lambda at, byte: as_json({"instances": RECORDS})[:at] + byte + as_json({"instances": RECORDS})[at + 1 :],
            st.integers(0, 100),
            st.binary(max_size=2),
        ),
    ),
    kind=st.sampled_from([JSON, "text/csv", "application/json; charset=utf-8"]),
)
def test_no_request_breaks_the_server(body: bytes, kind: str) -> None:
    status, text = respond(echo, body, kind)
    answer: dict[str, Any] = json.loads(text)
    assert status in (200, 400)
    assert UNEXPECTED not in text
    if status == 200:
        assert answer["predictions"]
    else:
        assert answer["message"]
        assert SECRET not in text
