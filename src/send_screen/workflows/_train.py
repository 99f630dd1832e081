"""Train: from a spec and data to a version with its evidence, checked against its gates and logged in MLflow."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from send_screen.cohorts import EXCLUSIONS, Cohort, find_target_leakage, hold_out_schools, load_cohort
from send_screen.cohorts._hold_out import held_out_tables
from send_screen.cohorts._source import read_source
from send_screen.errors import LeakageError, SpecError, UsageError
from send_screen.estimators._compared_models import compared_models, describe_challenger
from send_screen.evaluation import build_evidence, out_of_fold
from send_screen.evaluation._out_of_fold import fit_on
from send_screen.evaluation._report import build_report
from send_screen.governance import (
    EVIDENCE,
    code_version,
    package_versions,
    read_private_key,
    release,
    version_metadata,
)
from send_screen.published import PublishedReport
from send_screen.specs import ModelSpec, load_spec
from send_screen.tables import BaggedTables, RiskTables
from send_screen.tracking import default_uri, folder_of, log_version, prior_runs
from send_screen.workflows._evidence_store import store_evidence
from send_screen.workflows._revealed import counts_revealed_by_tables, prior_releases
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
    """Train a version of a model, measure it on schools it has not seen, and enter it in MLflow.

    Parameters
    ----------
    spec : ModelSpec, str or pathlib.Path
        The model spec.
    data : str, pathlib.Path, pandas.DataFrame, pyarrow.Table, or mapping of contract id to one of these
        See :func:`send_screen.cohorts.load_cohort`.
    tracking_uri : str
        MLflow tracking store: ``sqlite:///...`` or the address of a server.
    evidence : str or pathlib.Path
        Folder of the evidence store: personal data, kept apart from what MLflow shows.
    hold_out : int, default 0
        How many whole schools to hold out, to screen later as schools the model has never seen.
    threads : int, optional
        Threads of the LightGBM challenger; one fewer than the cores by default. No figure depends on it.
    sign : str or pathlib.Path, optional
        A private key (:func:`generate_keys`), outside the stores: the version's manifest and
        evidence are signed with it, so that an auditor need not trust who keeps the stores.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    TrainedVersion

    Raises
    ------
    SpecError, DataError, PopulationError
        If the spec or the data cannot be used.
    LeakageError
        If a feature leaks the outcome.
    UsageError, MissingExtraError
        If it cannot be signed as asked for.

    Examples
    --------
    >>> from send_screen import train
    >>> trained = train("my_model/spec.yaml", "pupils.csv")  # doctest: +SKIP
    >>> trained.model_uri  # doctest: +SKIP
    'models:/my_model/1'
    """
    tell, uri = progress or (lambda _: None), tracking_uri or default_uri()
    spec = spec if isinstance(spec, ModelSpec) else load_spec(spec)
    if dt.date.today() > spec.review_date:
        raise SpecError(
            f"The spec was to be reviewed by {spec.review_date.isoformat()}: a version of it could never be used.",
            remedy="Review the decision, and give it a new review date.",
        )
    key = None if sign is None else _key(Path(sign), evidence=Path(evidence), uri=uri)
    tell("Reading and checking the data")
    cohort, held_out, data_sha256 = _read(spec, data, hold_out)
    tell("Looking for features that leak the outcome")
    raise_on_leakage(spec, cohort)
    models = compared_models(spec, cohort, threads=threads or max(1, (os.cpu_count() or 2) - 1))
    folds, seeds = spec.validation.folds, spec.validation.seeds
    scored = out_of_fold(cohort, models, folds=folds, seeds=seeds, capacity=spec.capacity, progress=tell)
    table, keys = build_evidence(cohort, scored, capacity=spec.capacity, seed=int(spec.sha256[:8], 16))
    tell("Fitting the version on all schools that were not held out")
    fitted = fit_on(models["candidate"](), cohort)
    tables, bags = replace(fitted.risk_tables_, name=spec.title), getattr(fitted, "bagged_tables_", None)
    tell("Measuring: how well it ranks, for whom, and how sure that is")
    excluded = _redact_reasons(spec, cohort.excluded)
    report = _build_report(
        spec, cohort, tables, bags, table, excluded, data_sha256=data_sha256, held_out_schools=hold_out, uri=uri
    )
    version = report.version
    passed = all(gate.passed for gate in version.gates) and not spec.research_comparison
    place, hashes = store_evidence(Path(evidence), spec.name, version.id, table, excluded, keys, held_out=held_out)
    tell("Entering the version in MLflow")
    run = log_version(
        spec, tables, bags, report, uri=uri, evidence=place, evidence_sha256=hashes, key=key, register=passed
    )
    return TrainedVersion(
        name=spec.name,
        version=version.id,
        tables=tables,
        out_of_fold=table,
        published=report,
        passed=passed,
        evidence=place,
        evidence_sha256=hashes[EVIDENCE],
        tables_sha256=version.tables_sha256,
        n=len(cohort),
        n_excluded=len(cohort.excluded),
        run_id=run.run_id,
        model_uri=run.model_uri,
        tracking_uri=uri,
        registered_version=run.registered_version,
    )


def _read(spec: ModelSpec, data: object, hold_out: int) -> tuple[Cohort, dict[str, pd.DataFrame], str]:
    """Return the cohort, the rows of held-out schools by file, and the hash of the data; the data is not kept."""
    source = read_source(data, spec.contracts)
    cohort = load_cohort(spec, source)
    if not hold_out:
        return cohort, {}, source.sha256
    cohort, held_out = hold_out_schools(cohort, hold_out)
    return cohort, held_out_tables(spec, source, held_out), source.sha256


def _build_report(
    spec: ModelSpec,
    cohort: Cohort,
    tables: RiskTables,
    bags: BaggedTables | None,
    evidence: pd.DataFrame,
    excluded: pd.DataFrame,
    *,
    data_sha256: str,
    held_out_schools: int,
    uri: str,
) -> PublishedReport:
    """Return what the version publishes, beside what earlier runs in the same store have published of these data."""
    metadata = version_metadata(
        spec,
        tables,
        bags,
        challengers={name: describe_challenger(name) for name in spec.challengers},
        trained_on="synthetic" if cohort.synthetic else "real",
        as_of=cohort.as_of.dt.date.max().isoformat(),
        data_sha256=data_sha256,
        held_out_schools=held_out_schools,
        code=code_version(),
        release=release(),
        packages=package_versions(),
    )
    runs = prior_runs(uri, data_sha256=data_sha256, name=spec.name)
    known = prior_releases(spec, runs, version=metadata.id, n=len(cohort))
    revealed = counts_revealed_by_tables(spec, tables, cohort)
    return build_report(
        spec, tables, evidence, excluded, metadata, bags, prior_releases=known, revealed_by_tables=revealed
    )


def _redact_reasons(spec: ModelSpec, excluded: pd.DataFrame) -> pd.DataFrame:
    """Return excluded rows under the words of their rules: a row's own reason can quote a cell or a file's name."""
    contracts = spec.contracts.values()
    rules = [rule for contract in contracts for rule in contract.rules]
    rules += [rule for contract in contracts for column in contract.columns.values() for rule in column.rules]
    words = {rule.id: rule.description for rule in rules}
    words |= {condition.rule: condition.description for condition in (*spec.population.where, *spec.eligible.where)}
    reasons = [
        f"{EXCLUSIONS[kind]}: {words.get(rule, f'rule {rule}')}"
        for kind, rule in zip(excluded["kind"], excluded["rule"], strict=True)
    ]
    return excluded.assign(reason=pd.Series(reasons, index=excluded.index, dtype="str"))


def _key(path: Path, *, evidence: Path, uri: str) -> Ed25519PrivateKey:
    """Return the private key; raise if it lies inside a store, where whoever keeps that store could read it."""
    artefacts = folder_of(uri)
    stores = [evidence.resolve(), *([artefacts / "mlartifacts"] if artefacts else [])]
    if any(path.resolve().is_relative_to(store) for store in stores):
        raise UsageError(
            f"The key {path} lies inside the store that it is to vouch for.",
            remedy="Keep it elsewhere, where only who answers for training can read it.",
        )
    return read_private_key(path)


def raise_on_leakage(spec: ModelSpec, cohort: Cohort) -> None:
    """Raise on target leakage, naming every feature that leaks."""
    assert cohort.y is not None
    past_status = {
        feature.name
        for feature in spec.features
        if any(spec.contracts[ref.contract].columns[ref.column].outcome_status for ref in feature.sources)
    }
    leaks = find_target_leakage(
        cohort.X,
        cohort.y,
        as_of=cohort.as_of,
        recorded_on=cohort.recorded_on,
        past_status=frozenset(past_status),
        expected_strong={f.name: f.expected_strong for f in spec.features if f.expected_strong},
        categorical_features=cohort.categorical_features,
    )
    if leaks:
        lines = "\n".join(f"  {leak.kind}: {', '.join(leak.features)}. {leak.words} {leak.remedy}" for leak in leaks)
        raise LeakageError(
            f"Target leakage: a model may not be trained on features that give the outcome away:\n{lines}\n",
            remedy="Take the features out of the spec. Where one is rightly that strong, give it "
            "`expected_strong: reason`.",
        )
