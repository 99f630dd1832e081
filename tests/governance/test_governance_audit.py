"""Comparing documents, signed statements and keys, apart from any store."""

from __future__ import annotations

import base64
import copy
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from send_screen.auditing import (
    FAILED,
    NOT_CHECKED,
    PASSED,
    Audit,
    Check,
    Mismatch,
    check_result,
    diff_documents,
    not_asked_for,
    not_checked,
)
from send_screen.errors import MachineError, TablesError, UsageError
from send_screen.governance import (
    generate_key_pair,
    key_id,
    read_private_key,
    read_public_key,
    read_statement,
    sign_statement,
)

LEAVES = st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | st.text(max_size=5)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(DOCUMENTS)
def test_a_document_is_like_itself(document: Any) -> None:
    assert diff_documents(document, copy.deepcopy(document)).differences == []


@settings(deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_documents_are_alike_only_where_they_are_equal_but_for_rounding(one: Any, other: Any) -> None:
    compared = diff_documents(one, other)
    if not compared.differences and not compared.rounded:
        assert json.dumps(one, sort_keys=True).replace("-0.0", "0.0") == json.dumps(other, sort_keys=True).replace(
            "-0.0", "0.0"
        )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0.1, 0.1 + 2e-9),
        (None, 0.0),
        ("1", 1),
        ({"a": None}, {}),
        ([1, 2], [2, 1]),
        ([], {}),
        ({"a": [0.5, {"b": "x"}]}, {"a": [0.5, {"b": "y"}]}),
        (float("nan"), float("nan")),
    ],
)
def test_what_differs(one: Any, other: Any) -> None:
    assert len(diff_documents(one, other).differences) >= 1


@settings(deadline=None)
@given(st.text(), st.text(max_size=3), st.text(max_size=3), st.text())
@example("a place of more characters than are shown, " * 5, "1", "2", " and what follows")
@example("", "a\tb", "a b", "")
@example("", "\x1b", "\x1c", "")
def test_values_that_differ_are_shown_as_texts_that_differ(before: str, one: str, other: str, after: str) -> None:
    differ = Mismatch("a tag", before + one + after, before + other + after)
    result = check_result([differ] * (differ.actual != differ.expected), "done")
    assert all(shown.actual != shown.expected for shown in result.differences)
    assert all(len(text) < 1500 for shown in result.differences for text in (shown.actual, shown.expected))


def test_rounding_is_no_difference_and_is_told() -> None:
    compared = diff_documents({"a": 0.1 + 0.2, "b": 1e12}, {"a": 0.3, "b": 1e12 + 0.01})
    assert compared.differences == []
    assert compared.rounded == 2
    assert "2 numbers differ in their last digits" in compared.summary


def test_green_red_and_what_is_open() -> None:
    same = Check("a", "A", check_result([], "done"))
    wrong = Check("b", "B", check_result([Mismatch("$.x", "1", "2")], "done", failure="it differs"))
    inconclusive = Check(
        "c", "C", check_result([Mismatch("$.x", "1", "2")], "done", inconclusive_reason="Other code made it.")
    )
    unmade = Check("d", "D", not_checked("no right to read it"))
    assert [check.result.status for check in (same, wrong, inconclusive, unmade)] == [
        PASSED,
        FAILED,
        NOT_CHECKED,
        NOT_CHECKED,
    ]
    unasked = Check("e", "E", not_asked_for("no data given"))
    green = Audit("m", {}, (same, unasked))
    assert (green.ok, green.exit_code) == (True, 0)
    assert green.headline == "GREEN: nothing differs in the 1 checks that were made. Not asked for: “E”."
    unchecked = Audit("m", {}, (same, unmade, unasked))
    assert (unchecked.ok, unchecked.result, unchecked.exit_code) == (False, "incomplete", 4)
    assert unchecked.headline == (
        "INCOMPLETE: nothing differs in the 1 checks that were made. 1 could not be made: “D”. Not asked for: “E”."
    )
    incomplete = Audit("m", {}, (same, inconclusive, unmade))
    assert (incomplete.ok, incomplete.result, incomplete.exit_code) == (False, "incomplete", 4)
    assert incomplete.headline.startswith(
        "INCOMPLETE: 1 checks found differences that other code or packages may have made."
    )
    red = Audit("m", {}, (same, wrong, unmade))
    assert (red.ok, red.exit_code) == (False, 1)
    assert red.headline == "RED: 1 of the 2 checks that were made found a difference. 1 could not be made: “D”."
    check = red.to_dict()["checks"][1]
    assert check["differences"] == ({"where": "$.x", "actual": "1", "expected": "2"},)
    assert check["n_differences"] == 1


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    generate_key_pair(folder)
    return folder


@pytest.fixture(scope="module")
def envelope(keys: Path) -> str:
    digests = {"manifest.json": "0" * 64, "evidence.parquet": "1" * 64}
    return sign_statement(digests, model="m", version="f" * 16, key=read_private_key(keys / "private.pem"))


def test_what_was_signed_is_read(keys: Path, envelope: str) -> None:
    statement = read_statement(envelope.encode(), read_public_key(keys / "public.pem"))
    assert statement.digests == {"manifest.json": "0" * 64, "evidence.parquet": "1" * 64}
    assert (statement.predicate.model, statement.predicate.version) == ("m", "f" * 16)
    document = json.loads(envelope)
    assert document["payloadType"] == "application/vnd.in-toto+json"
    assert document["signatures"][0]["keyid"] == key_id(read_public_key(keys / "public.pem"))


@settings(deadline=None)
@given(data=st.data())
def test_no_byte_of_a_statement_can_be_changed(keys: Path, envelope: str, data: st.DataObject) -> None:
    """Unless what is signed stays the same: white space, or the hint of which key it was."""
    content = bytearray(envelope.encode())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))
    key = read_public_key(keys / "public.pem")
    try:
        found = read_statement(bytes(content), key)
    except TablesError:
        return
    assert found == read_statement(envelope.encode(), key)


def test_a_key_that_signed_something_else_confirms_nothing(keys: Path, envelope: str) -> None:
    document = json.loads(envelope)
    key = read_private_key(keys / "private.pem")
    from send_screen.governance._statement import signed_bytes

    for payload in (b"{}", b"[" * 5000, b'{"_type": "https://in-toto.io/Statement/v1"}', b"\xff"):
        signature = key.sign(signed_bytes(payload))
        document["payload"] = base64.b64encode(payload).decode()
        document["signatures"] = [{"keyid": "", "sig": base64.b64encode(signature).decode()}]
        with pytest.raises(TablesError, match=r"signature\.json: "):
            read_statement(json.dumps(document).encode(), read_public_key(keys / "public.pem"))


def test_the_type_is_signed_too(keys: Path, envelope: str) -> None:
    document = json.loads(envelope) | {"payloadType": "text/plain"}
    with pytest.raises(TablesError, match=r"\$\.payloadType"):
        read_statement(json.dumps(document).encode(), read_public_key(keys / "public.pem"))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b"[" * 100_000, b"\xff", b" " * 100_000])
def test_what_is_no_envelope(keys: Path, content: bytes) -> None:
    with pytest.raises(TablesError, match=r"signature\.json"):
        read_statement(content, read_public_key(keys / "public.pem"))


@pytest.mark.posix
def test_keys_are_for_their_owner_and_never_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "pair"
    made = generate_key_pair(folder)
    assert stat.S_IMODE((folder / "private.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    private = read_private_key(folder / "private.pem")
    assert key_id(read_public_key(folder / "public.pem")) == made == key_id(private.public_key())
    with pytest.raises(UsageError, match="no key is written over"):
        generate_key_pair(folder)
    (folder / "private.pem").unlink()
    with pytest.raises(UsageError, match="no key is written over"):
        generate_key_pair(folder)
    assert not (folder / "private.pem").exists(), "a private key without its public half"


def test_half_a_pair_and_what_is_no_key(keys: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no private"):
        read_private_key(keys / "public.pem")
    with pytest.raises(UsageError, match="no public"):
        read_public_key(keys / "private.pem")
    with pytest.raises(MachineError, match="cannot be read"):
        read_private_key(tmp_path / "absent")
    with pytest.raises(MachineError, match="cannot be read"):
        read_public_key(tmp_path)
