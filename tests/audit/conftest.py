"""A store with two versions and a ledger of decisions, made once per run and copied for every alteration."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import audit_store
import pytest
from audit_store import Store, copy_store, derive_once

from send_screen.auditing import _check_pages, _check_published, _check_tables
from send_screen.workflows import promote, train

WHO = {"by": "Sarah Łęcka", "reason": "Agreed by the board"}
#: What follows from its arguments alone, and takes most of an audit.
DERIVED = {
    _check_published: ("build_report",),
    _check_pages: ("version_files", "render_plots", "shap_waterfall"),
    _check_tables: ("example_features",),
    audit_store: ("build_report", "version_files", "render_plots", "shap_waterfall"),
}
_DERIVED_ONCE = {
    (module, name): derive_once(getattr(module, name)) for module, names in DERIVED.items() for name in names
}


@pytest.fixture
def derived_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Derive once per run what follows from the same bytes: an alteration leaves most of them as they were.

    Not for the tests that what was not altered is green, which derive everything.
    """
    for (module, name), function in _DERIVED_ONCE.items():
        monkeypatch.setattr(module, name, function)


@pytest.fixture(scope="session")
def original(trained: Any, small_spec: Path, once: Callable[..., Any]) -> Store:
    """Version 1 is champion, after version 2 was; version 2, which held a school out, is the newest."""
    from mlflow.tracking._tracking_service import utils

    def make(folder: Path) -> Store:
        store = copy_store(Store(trained.folder, trained.keys), folder / "original")
        train(
            small_spec,
            trained.data,
            tracking_uri=store.uri,
            evidence=store.folder / "evidence",
            hold_out=1,
            threads=1,
            sign=trained.keys / "private.pem",
        )
        for number in (1, 2, 1):
            promote(f"models:/reception_sen/{number}", tracking_uri=store.uri, **WHO)
        promote("models:/reception_sen/2", alias="shadow", tracking_uri=store.uri, **WHO)
        return store

    with pytest.MonkeyPatch.context() as patch:
        # mlflow remembers in a process where a run's artefacts are: this run has two places, here and in `trained`
        patch.setattr(utils, "_artifact_repos_cache", OrderedDict())
        made: Store = once("audited", make)
    return made


@pytest.fixture
def store(original: Store, tmp_path: Path) -> Store:
    return copy_store(original, tmp_path / "store")


@pytest.fixture(scope="session")
def copied(original: Store) -> Callable[[Path], Store]:
    return lambda target: copy_store(original, target)
