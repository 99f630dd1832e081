"""Train a model version: fit, evaluate out of fold, check the gates, and register in MLflow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from send_screen.errors import SpecError, UsageError
from send_screen.estimators._compared_models import describe_challenger
from send_screen.governance import (
    EVIDENCE,
    code_version,
    package_versions,
    read_private_key,
    release,
    version_metadata,
)
from send_screen.published import PublishedReport
from send_screen.specs import ModelSpec, load_spec, open_decisions
from send_screen.tracking import (
    RETRAIN_REMEDY,
    PriorRun,
    default_uri,
    end_killed_runs,
    folder_of,
    log_version,
    prior_runs,
    publishing,
    require_writable,
)
from send_screen.workflows._decision_ledger import require_not_withdrawn
from send_screen.workflows._evidence_store import EvidenceComparison, store_evidence
from send_screen.workflows._revealed import prior_releases
from send_screen.workflows._train_fit import FittedVersion, fit_version
from send_screen.workflows._trained import TrainedVersion

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def train(
    spec: ModelSpec | str | Path,
    data: object,
    *,
    tracking_uri: str | None = None,
    evidence: str | Path = "evidence",
    hold_out: int = 0,
    threads: int | None = None,
    sign: str | Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> TrainedVersion:
    """Train a model version, evaluate it on held-out schools, and register it in MLflow.

    A version that fails a gate, or whose spec or contract still has a DECIDE, is evaluated and not registered.

    Parameters
    ----------
    spec : ModelSpec, str or pathlib.Path
        The model spec, or its path.
    data : str, pathlib.Path, pandas.DataFrame, pyarrow.Table, or mapping of contract id to one of these
        See :func:`send_screen.cohorts.load_cohort`.
    tracking_uri : str
        Address of the MLflow store: ``sqlite:///...``, or a tracking server's.
    evidence : str or pathlib.Path
        Folder of the evidence store, for the out-of-fold predictions: personal data, kept outside the MLflow store.
    hold_out : int, default 0
        Number of whole schools to hold out, to be screened later as schools that the model has not seen.
    threads : int, optional
        Threads of the LightGBM challenger; one fewer than the cores by default. No figure depends on it.
    sign : str or pathlib.Path, optional
        A private key (:func:`generate_keys`), outside the MLflow and evidence stores, to sign the version's manifest
        and evidence with, so that an auditor need not trust whoever keeps those stores.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    TrainedVersion

    Raises
    ------
    SpecError, DataError, PopulationError
        If the spec or the data cannot be used.
    LeakageError
        If a feature leaks the outcome.
    UsageError
        If it cannot be signed as asked for.
    MachineError
        If the MLflow or the evidence store cannot be written, or the key cannot be read.
    MissingExtraError
        If a package that a model needs is not installed.

    Examples
    --------
    >>> from send_screen import train
    >>> trained = train("my_model/spec.yaml", "pupils.csv")  # doctest: +SKIP
    >>> trained.model_uri  # doctest: +SKIP
    'models:/my_model/1'
    """
    report_progress, uri = progress or (lambda _: None), tracking_uri or default_uri()
    spec = spec if isinstance(spec, ModelSpec) else load_spec(spec)
    if dt.date.today() > spec.review_date:
        raise SpecError(
            f"The spec was to be reviewed by {spec.review_date.isoformat()}: a version of it could never be used.",
            remedy="Review the decision, and give it a new review date.",
        )
    key = None if sign is None else _key(Path(sign), evidence=Path(evidence), uri=uri)
    require_writable(uri)
    fitted = fit_version(spec, data, hold_out=hold_out, threads=threads, progress=report_progress)
    tables, bags = fitted.tables, fitted.bags
    with publishing(uri, progress=report_progress) as locked:
        if locked:
            end_killed_runs(uri)
        report_progress("Measuring: how well it ranks, for whom, and how sure that is")
        known: list[PriorRun] | None = None
        compare = EvidenceComparison(spec, fitted.evidence.merge(fitted.keys.children, on="row"))
        runs = prior_runs(uri=uri, data_sha256=fitted.data_sha256, compare_evidence=compare)
        while runs != known:
            known = runs
            report = _build_report(fitted, known, held_out_schools=hold_out)
            # without a lock on the MLflow store, another version may have been published in the meantime
            runs = known if locked else prior_runs(uri=uri, data_sha256=fitted.data_sha256, compare_evidence=compare)
        if compare.unreadable:
            report_progress(
                f"The evidence of {len(compare.unreadable)} earlier runs cannot be read from here: what their figures "
                "and these reveal together, if they are of the same children, is known in part at best"
            )
        version = report.version
        require_not_withdrawn(f"The version {version.id}", version=version.id, uri=uri, remedy=RETRAIN_REMEDY)
        passed = all(gate.passed for gate in version.gates) and not spec.research_comparison
        undecided = open_decisions(spec)
        evidence_folder, hashes = store_evidence(
            Path(evidence),
            spec.name,
            version.id,
            fitted.evidence,
            fitted.excluded,
            fitted.keys,
            held_out=fitted.held_out,
        )
        report_progress("Entering the version in MLflow")
        run = log_version(
            spec,
            tables,
            bags,
            report,
            uri=uri,
            evidence=evidence_folder,
            evidence_sha256=hashes,
            key=key,
            passed=passed,
            register=passed and not undecided,
        )
    return TrainedVersion(
        name=spec.name,
        version=version.id,
        tables=tables,
        out_of_fold=fitted.evidence,
        published=report,
        passed=passed,
        undecided=undecided,
        evidence=evidence_folder,
        evidence_sha256=hashes[EVIDENCE],
        tables_sha256=version.tables_sha256,
        n=len(fitted.cohort),
        n_excluded=len(fitted.excluded),
        notes=fitted.cohort.notes,
        run_id=run.run_id,
        model_uri=run.model_uri,
        report_location=run.report_location,
        tracking_uri=uri,
        registered_version=run.registered_version,
    )


def _build_report(fitted: FittedVersion, runs: Sequence[PriorRun], *, held_out_schools: int) -> PublishedReport:
    """Return the version's published report, given the prior runs that disclosure control must account for."""
    spec = fitted.spec
    metadata = version_metadata(
        spec,
        fitted.tables,
        fitted.bags,
        challengers={name: describe_challenger(name) for name in spec.compared},
        trained_on=fitted.trained_on,
        as_of=fitted.as_of,
        data_sha256=fitted.data_sha256,
        held_out_schools=held_out_schools,
        code=code_version(),
        release=release(),
        packages=package_versions(),
    )
    known = prior_releases(spec, runs, version=metadata.id, n=len(fitted.cohort))
    return fitted.report(metadata, prior_releases=known)


def _key(path: Path, *, evidence: Path, uri: str) -> Ed25519PrivateKey:
    """Return the private key; raise if it lies inside the MLflow or the evidence store, where others could read it."""
    artefacts = folder_of(uri)
    stores = [evidence.resolve(), *([artefacts / "mlartifacts"] if artefacts else [])]
    if any(path.resolve().is_relative_to(store) for store in stores):
        raise UsageError(
            f"The key {path} lies inside the MLflow or the evidence store.",
            remedy="Keep it elsewhere, where only who answers for training can read it.",
        )
    return read_private_key(path)
