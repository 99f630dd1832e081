"""Log a version in MLflow: its files with a manifest, its pages and metrics, and a model that can be served.

What is logged is made by functions of what a version publishes, so that an audit can make it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from send_screen.contracts import Contract
from send_screen.estimators._explanation import shap_waterfall
from send_screen.governance import (
    BAGS,
    EVIDENCE,
    MANIFEST,
    MODEL,
    PLOTS,
    files_sha256,
    key_id,
    make_manifest,
    sha256_of,
    sign_statement,
)
from send_screen.published import Performance, PublishedReport, VersionMetadata
from send_screen.reports import PAGES as VERSION_PAGES
from send_screen.reports import render_pages, render_plots, render_summary
from send_screen.serving import PREDICTION_COLUMNS, request_columns, served_code
from send_screen.simulation._examples import synthetic_rows
from send_screen.specs import ModelSpec
from send_screen.tables import BaggedTables, RiskTables
from send_screen.tracking import LoggedRun, log_run

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAGES = (*VERSION_PAGES, "published.json")
WATERFALL = "plots/synthetic_child.svg"


def log_version(
    spec: ModelSpec,
    contracts: dict[str, Contract],
    tables: RiskTables,
    bags: BaggedTables | None,
    report: PublishedReport,
    *,
    uri: str,
    evidence: Path,
    evidence_sha256: Mapping[str, str],
    key: Ed25519PrivateKey | None,
    register: bool,
) -> LoggedRun:
    """Log a version as one run.

    Parameters
    ----------
    spec : ModelSpec
    contracts : dict of str to Contract
    tables : RiskTables
    bags : BaggedTables or None
        The models whose mean the tables are.
    report : PublishedReport
    uri : str
        Tracking URI.
    evidence : pathlib.Path
        The folder that holds the evidence.
    evidence_sha256 : mapping of str to str
        Hash of each file in it, from :func:`store_evidence`.
    key : Ed25519PrivateKey or None
        What to sign the version and its evidence with.
    register : bool
        Whether to register it under its alias: it passed its gates.
    """
    metadata = report.version
    files = version_files(spec, contracts, tables, bags, report)
    files[MANIFEST] = make_manifest(files, version=metadata.id)
    manifest_sha256 = sha256_of(files[MANIFEST])
    pictures = {**render_plots(report), WATERFALL: shap_waterfall(report.example)}
    digests = {
        MANIFEST: manifest_sha256,
        "spec.yaml": metadata.spec_sha256,
        PLOTS: files_sha256({Path(name).name: svg.encode() for name, svg in pictures.items()}),
        **evidence_sha256,
    }

    def signed(model_sha256: str) -> str:
        assert key is not None
        return sign_statement({**digests, MODEL: model_sha256}, model=spec.name, version=metadata.id, key=key)

    return log_run(
        uri,
        name=spec.name,
        bundle=files,
        pages={**{name: files[name].decode() for name in PAGES}, **pictures},
        metrics=mlflow_metrics(report.performance),
        params=run_params(spec, metadata.held_out_schools),
        tags={
            **run_tags(metadata, passed=register),
            "manifest_sha256": manifest_sha256,
            "evidence_sha256": digests[EVIDENCE],
            "evidence_place": evidence.resolve().as_uri(),
            "signed_by": "nobody" if key is None else key_id(key.public_key()),
        },
        note=render_summary(report),
        served=served_code(),
        inputs=request_columns(spec, contracts),
        outputs=PREDICTION_COLUMNS,
        example=synthetic_rows(spec, contracts),
        register=register,
        sign=None if key is None else signed,
    )


def version_files(
    spec: ModelSpec,
    contracts: dict[str, Contract],
    tables: RiskTables,
    bags: BaggedTables | None,
    report: PublishedReport,
) -> dict[str, bytes]:
    """Return every file of a version but its manifest, by name."""
    files = {
        "spec.yaml": spec.text,
        **{f"contracts/{contract.path.name}": contract.text for contract in contracts.values()},
        "tables.json": tables.to_json(),
        **({} if bags is None else {BAGS: bags.to_json()}),
        "published.json": report.to_json(),
        **render_pages(report),
    }
    return {name: text.encode() for name, text in files.items()}


def mlflow_metrics(performance: Iterable[Performance]) -> dict[str, float]:
    """Return the metrics of a run: ``roc_auc``, ``roc_auc_low``, ...; of other models ``baseline.roc_auc``, ..."""
    flat = {}
    for row in performance:
        name = row.metric if row.model == "candidate" else f"{row.model}.{row.metric}"
        for suffix, figure in (("", row.value), ("_low", row.low), ("_high", row.high)):
            if figure is not None:
                flat[name + suffix] = figure
    return flat


def run_tags(metadata: VersionMetadata, *, passed: bool) -> dict[str, str]:
    """Return the tags of a run that follow from the section ``version`` of ``published.json``."""
    return {
        "version_id": metadata.id,
        "spec_sha256": metadata.spec_sha256,
        "data_sha256": metadata.data_sha256,
        "tables_sha256": metadata.tables_sha256,
        "code_version": metadata.code_version,
        "release": metadata.release,
        "trained_on": metadata.trained_on,
        "gates": "passed" if passed else "failed",
        **{f"contract.{ref.replace('@', ':')}": sha256 for ref, sha256 in metadata.contracts.items()},
        **{f"package.{package}": number for package, number in metadata.packages.items()},
    }


def run_params(spec: ModelSpec, held_out_schools: int) -> dict[str, str]:
    """Return the parameters of a run."""
    return {
        "spec": spec.name,
        "model": spec.model,
        **({"C": f"{spec.model_parameters.C:g}"} if spec.model == "logistic" else {}),
        "capacity": f"{spec.capacity:g}",
        "folds": str(spec.validation.folds),
        "fold_seeds": ", ".join(map(str, spec.validation.seeds)),
        "held_out_schools": str(held_out_schools),
        "challengers": ", ".join(spec.challengers),
    }
