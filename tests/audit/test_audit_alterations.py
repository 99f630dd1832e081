"""Whoever controls the store alters it, in two hundred ways: each is found, and what was not altered is green."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import alterations_evidence  # noqa: F401  # its kinds enter themselves, as those beside do
import alterations_related_entities  # noqa: F401  # likewise
import pytest
from alterations import KINDS
from alterations_beside import PRAISE
from audit_store import Store, copy_store

from send_screen.auditing import FAILED, NOT_CHECKED

SEEDS = 3
#: Found only by who holds the public key.
KEYED = frozenset(name for name, (_, checks) in KINDS.items() if checks == {"signature"})


#: One kind in so many is among the quick tests, once.
QUICK = 4


def marks(number: int, name: str, seed: int) -> list[pytest.MarkDecorator]:
    repeated = [pytest.mark.repeated] * bool(seed)
    return [*repeated, *[pytest.mark.slow] * bool(seed or number % QUICK), *[pytest.mark.posix] * ("a link in" in name)]


ALTERATIONS = [
    pytest.param(name, seed, id=f"{name}-{seed}", marks=marks(number, name, seed))
    for number, name in enumerate(KINDS)
    for seed in range(SEEDS)
]


def test_there_are_two_hundred_of_many_kinds() -> None:
    assert len(ALTERATIONS) >= 200
    assert len(KINDS) >= 12


@pytest.mark.parametrize("number", [1, 2])
def test_what_was_not_altered_is_green(store: Any, number: int) -> None:
    found = store.of(number).audit(key=store.keys / "public.pem")
    assert found.ok, found.having(FAILED)
    assert not found.having(NOT_CHECKED)
    assert [check.id for check in found.not_asked_for] == ["refit"]


@pytest.mark.usefixtures("derived_once")
@pytest.mark.parametrize(("name", "seed"), ALTERATIONS)
def test_an_alteration_is_found(store: Any, name: str, seed: int) -> None:
    alter, checks = KINDS[name]
    rng = Random(f"{name} {seed}")
    alter(store, rng)
    found = store.audit(key=store.keys / "public.pem" if name in KEYED else None)
    failed = {check.id for check in found.having(FAILED)}
    assert failed & checks, f"failed: {failed}"
    assert not found.ok
    for check in found.having(FAILED):
        assert check.result.differences
        assert all(each.where and each.actual != each.expected for each in check.result.differences)
    # what somebody put there is shown as what differs, and never told as what is so
    told = found.to_dict()
    assert PRAISE not in json.dumps({**told, "checks": [{**check, "differences": ()} for check in told["checks"]]})


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in KINDS if name.startswith("the whole version made anew")])
def test_without_a_key_only_the_ledger_knows_what_was_made_anew_as_a_whole(
    trained: Any, store: Any, tmp_path: Path, name: str
) -> None:
    """So the alteration is the best that somebody who controls the store can do, and the audit says what is open."""
    KINDS[name][0](store, Random(0))
    assert {check.id for check in store.audit().having(FAILED)} == {"decisions"}
    never_promoted = copy_store(Store(trained.folder, trained.keys), tmp_path / "never promoted")
    KINDS[name][0](never_promoted, Random(0))
    found = never_promoted.audit()
    assert found.ok, found.having(FAILED)
    assert "signed with a key from outside the MLflow store" in found.headline
