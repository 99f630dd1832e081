"""Fit and score a version from spec and data alone, so that an audit can repeat it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from send_screen.cohorts import (
    EXCLUSIONS,
    Cohort,
    TargetLeakage,
    find_target_leakage,
    hold_out_schools,
    load_cohort,
)
from send_screen.cohorts._hold_out import held_out_tables
from send_screen.cohorts._source import SourceData, read_source
from send_screen.errors import LeakageError, UsageError
from send_screen.estimators._compared_models import compared_models
from send_screen.evaluation import EvidenceKeys, build_evidence, out_of_fold
from send_screen.evaluation._out_of_fold import fit_on
from send_screen.evaluation._report import build_report
from send_screen.published import PriorRelease, PublishedReport, VersionMetadata
from send_screen.published._axis_labels import axis_labels
from send_screen.published._scorecard import score_by_points
from send_screen.specs import ModelSpec
from send_screen.tables import BaggedTables, RiskTables
from send_screen.workflows._revealed import counts_revealed_by_tables


@dataclass(frozen=True)
class FittedVersion:
    """A fitted version with its out-of-fold predictions, before its report is built."""

    spec: ModelSpec
    cohort: Cohort
    data_sha256: str
    tables: RiskTables
    bags: BaggedTables | None
    evidence: pd.DataFrame
    """The table of out-of-fold predictions."""
    keys: EvidenceKeys
    excluded: pd.DataFrame
    """Rows that could not be used, with reasons that quote no data."""
    held_out: dict[str, pd.DataFrame]
    """Rows of held-out schools, by file."""

    @property
    def trained_on(self) -> Literal["synthetic", "real"]:
        """Whether the children are synthetic or real."""
        return "synthetic" if self.cohort.synthetic else "real"

    @property
    def as_of(self) -> str:
        """The latest date of a feature of any child (ISO)."""
        return str(self.cohort.as_of.dt.date.max().isoformat())

    def report(self, metadata: VersionMetadata, *, prior_releases: Sequence[PriorRelease]) -> PublishedReport:
        """Return the published report with this metadata, given the prior releases to account for."""
        return build_report(
            self.spec,
            self.tables,
            self.evidence,
            self.excluded,
            metadata,
            self.bags,
            prior_releases=prior_releases,
            revealed_by_tables=counts_revealed_by_tables(self.spec, self.tables, self.cohort),
        )


def fit_version(
    spec: ModelSpec, data: object, *, hold_out: int, threads: int | None, progress: Callable[[str], None]
) -> FittedVersion:
    """Fit a version, and compute out-of-fold predictions by models that saw no child of the same school.

    Training and audits call it. No figure depends on ``threads``. ``data`` may be a path or a :class:`SourceData`.
    """
    progress("Reading and checking the data")
    cohort, held_out, data_sha256 = _read(spec, data, hold_out)
    progress("Looking for features that leak the outcome")
    raise_on_leakage(spec, cohort)
    models = compared_models(spec, cohort, threads=threads or max(1, (os.cpu_count() or 2) - 1))
    folds, seeds = spec.validation.folds, spec.validation.seeds
    scored = out_of_fold(
        cohort, models, folds=folds, seeds=seeds, capacity=spec.capacity, points=_points_scorer(spec), progress=progress
    )
    evidence, keys = build_evidence(cohort, scored, capacity=spec.capacity, seed=int(spec.sha256[:8], 16))
    progress("Fitting the version on all rows that were not held out")
    fitted = fit_on(models["candidate"](), cohort)
    return FittedVersion(
        spec=spec,
        cohort=cohort,
        data_sha256=data_sha256,
        tables=replace(fitted.risk_tables_, name=spec.title),
        bags=getattr(fitted, "bagged_tables_", None),
        evidence=evidence,
        keys=keys,
        excluded=_redact_reasons(spec, cohort.excluded),
        held_out=held_out,
    )


def _points_scorer(spec: ModelSpec) -> Callable[[RiskTables, pd.DataFrame], np.ndarray] | None:
    """Return the function that scores children by the scorecard's whole points; None where the spec has none."""
    most = spec.scorecard_points
    if most is None:
        return None

    def score(tables: RiskTables, X: pd.DataFrame) -> np.ndarray:
        return score_by_points(tables, X[list(tables.features)], most, axis_labels(spec, spec.contracts, tables))

    return score


def _read(spec: ModelSpec, data: object, hold_out: int) -> tuple[Cohort, dict[str, pd.DataFrame], str]:
    """Return the cohort, the rows of held-out schools by file, and the hash of the data."""
    if hold_out and spec.school is None:
        raise UsageError("The spec names no school, so no school can be held out.", remedy="Leave out --hold-out.")
    source = data if isinstance(data, SourceData) else read_source(data, spec.contracts)
    cohort = load_cohort(spec, source)
    if not hold_out:
        return cohort, {}, source.sha256
    cohort, held_out = hold_out_schools(cohort, hold_out)
    return cohort, held_out_tables(spec, source, held_out), source.sha256


def _redact_reasons(spec: ModelSpec, excluded: pd.DataFrame) -> pd.DataFrame:
    """Replace the reasons of excluded rows, which can quote data or a file name, by descriptions of their rules."""
    contracts = spec.contracts.values()
    rules = [rule for contract in contracts for rule in contract.rules]
    rules += [rule for contract in contracts for column in contract.columns.values() for rule in column.rules]
    descriptions = {rule.id: rule.description for rule in rules}
    descriptions |= {
        condition.rule: condition.description for condition in (*spec.population.where, *spec.eligible.where)
    }
    reasons = [
        f"{EXCLUSIONS[kind]}: {descriptions.get(rule, f'rule {rule}')}"
        for kind, rule in zip(excluded["kind"], excluded["rule"], strict=True)
    ]
    return excluded.assign(reason=pd.Series(reasons, index=excluded.index, dtype="str"))


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
        lines = {
            asked: "".join(_leak_line(leak) for leak in leaks if leak.is_question == asked) for asked in (False, True)
        }
        asked = f"To be answered first, since it is strong and no date says how early it was:\n{lines[True]}"
        known = f"Target leakage: a model may not be trained on features that give the outcome away:\n{lines[False]}"
        raise LeakageError(
            known * bool(lines[False]) + asked * bool(lines[True]),
            remedy="Take out of the spec what is leakage. A feature that is rightly that strong gets `expected_strong: "
            "reason` there, or its date, `recordedOn`, in its contract.",
        )


def _leak_line(leak: TargetLeakage) -> str:
    return f"  {leak.kind}: {', '.join(leak.features)}. {leak.description} {leak.remedy}\n"
