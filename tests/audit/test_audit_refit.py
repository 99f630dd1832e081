"""Tables that were learnt from other outcomes than the evidence's, with everything else made anew."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from audit_store import Store, copy_store

from send_screen.auditing import FAILED, NOT_ASKED_FOR, NOT_CHECKED, _audit
from send_screen.auditing._check_refit import check_refit
from send_screen.auditing._check_tables import check_tables
from send_screen.auditing._checks import AuditCheck
from send_screen.cohorts import load_cohort
from send_screen.errors import ExitCode, UsageError
from send_screen.estimators._compared_models import compared_models
from send_screen.evaluation._out_of_fold import fit_on
from send_screen.governance import open_bundle
from send_screen.simulation import simulate_england, write_england
from send_screen.tables import RiskTables
from send_screen.workflows import train


@pytest.fixture(scope="module")
def light(once: Callable[..., Any], light_spec: Path) -> Store:
    def make(folder: Path) -> Store:
        write_england(simulate_england(children=1500, seed=3), folder / "data")
        store = Store(folder, folder)
        train(light_spec, folder / "data", tracking_uri=store.uri, evidence=folder / "evidence", threads=1)
        return store

    made: Store = once("light store", make)
    return made


def tables_of_shuffled_outcomes(store: Store, data: Path, *, share: float) -> RiskTables:
    """Return what is learnt where the outcomes of a share of the children are dealt out among them."""
    spec = open_bundle(store.bundle).spec
    cohort = load_cohort(spec, data)
    assert cohort.y is not None
    drawn = cohort.y.sample(frac=share, random_state=0)
    shuffled = cohort.y.copy()
    shuffled[drawn.index.sort_values()] = drawn.to_numpy()
    fitted = fit_on(compared_models(spec, cohort, threads=1)["candidate"](), replace(cohort, y=shuffled))
    return replace(fitted.risk_tables_, name=spec.title)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run these checks of an audit alone."""

    def ask(*checks: AuditCheck) -> None:
        monkeypatch.setattr(_audit, "VERSION_CHECKS", checks)
        monkeypatch.setattr(_audit, "STORE_CHECKS", ())
        monkeypatch.setattr(_audit, "REGISTRY_CHECKS", ())

    return ask


def test_tables_of_shuffled_outcomes_are_flat_where_the_evidence_is_not(
    light: Store, tmp_path: Path, only: Callable[..., None]
) -> None:
    store = copy_store(light, tmp_path / "store")
    tables = tables_of_shuffled_outcomes(store, light.folder / "data", share=1.0)
    (store.bundle / "tables.json").write_text(tables.to_json(), encoding="utf-8")
    only(check_tables, check_refit)
    (check, refit) = store.audit().checks
    assert check.result.status == FAILED
    flat = [each for each in check.result.differences if "in every fold it added" in each.expected]
    assert flat
    assert refit.result.status == NOT_ASKED_FOR
    assert "not checked that the tables were learnt from this evidence" in refit.result.summary


def test_tables_of_partly_shuffled_outcomes_are_found_with_the_data_alone(light: Store, tmp_path: Path) -> None:
    store, data = copy_store(light, tmp_path / "store"), light.folder / "data"
    store.replace_tables(tables_of_shuffled_outcomes(store, data, share=0.2))
    found = store.audit(data=data)
    assert [check.id for check in found.having(FAILED)] == ["refit"]
    assert not found.having(NOT_CHECKED)
    assert found.exit_code == ExitCode.NO
    outcome = found.having(FAILED)[0].result
    assert any(each.where.startswith("from the data: $.tables.json.") for each in outcome.differences)


def test_other_data_are_a_difference_and_no_data_a_mistake_of_the_call(
    light: Store, tmp_path: Path, only: Callable[..., None]
) -> None:
    only(check_refit)
    write_england(simulate_england(children=200, seed=4), tmp_path / "data")
    (check,) = light.audit(data=tmp_path / "data").checks
    assert (check.result.status, check.result.differences[0].where) == (FAILED, "SHA-256 of the data")
    assert "nothing was fitted again" in check.result.summary
    with pytest.raises(UsageError, match="There are no data at"):
        light.audit(data=tmp_path / "nowhere")


@pytest.mark.slow
@pytest.mark.parametrize("additive", [False, True])
def test_the_arithmetic_of_another_machine_is_no_difference(
    light: Store, original: Store, trained: Any, additive: bool
) -> None:
    """Kernels for processors without vector instructions stand for another machine."""
    store, data = (original, trained.data) if additive else (light, light.folder / "data")
    code = "import sys; from send_screen.cli import main; main()"
    command = ["audit", "models:/reception_sen/1", "--tracking-uri", store.uri, "--data", str(data), "--json"]
    kernels = {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX2 FMA3"}
    done = subprocess.run(
        [sys.executable, "-c", code, *command], env=os.environ | kernels, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[:5000] + done.stderr
    words = next(check["summary"] for check in json.loads(done.stdout)["checks"] if check["id"] == "refit")
    assert "values were compared" in words


@pytest.mark.slow
def test_a_version_with_bags_challengers_and_schools_held_out_is_made_again(original: Store, trained: Any) -> None:
    found = original.of(2).audit(data=trained.data, key=original.keys / "public.pem")
    assert found.ok, found.having(FAILED)
    assert not found.not_asked_for
    words = next(check.result.summary for check in found.checks if check.id == "refit")
    assert "the same to the last digit" in words
    assert "The evidence is the same, row by row" in words


@pytest.mark.slow
def test_evidence_that_is_elsewhere_is_known_by_its_hash(
    light: Store, only: Callable[..., None], tmp_path: Path
) -> None:
    only(check_refit)
    store = copy_store(light, tmp_path / "store")
    store.evidence.unlink()
    (found,) = store.audit(data=light.folder / "data").checks[:1]
    assert "The evidence is not here, and the registered hash is that of what the data make" in found.result.summary
    store.rewrite_hash("evidence_sha256", "0" * 64)
    (found,) = store.audit(data=light.folder / "data").checks[:1]
    assert "The evidence is not here, so no row of it was compared" in found.result.summary
