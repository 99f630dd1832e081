"""Build the published report: metadata, metrics under disclosure control, gates and plot data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from send_screen.cohorts import EXCLUSIONS, NOT_RECORDED
from send_screen.contracts import Contract
from send_screen.evaluation._measured_sections import measured_sections
from send_screen.published import PriorRelease, PublishedReport, VersionMetadata, check_gates, model_sections
from send_screen.specs import Group, ModelSpec
from send_screen.tables import BaggedTables, RiskTables


def build_report(
    spec: ModelSpec,
    contracts: dict[str, Contract],
    tables: RiskTables,
    evidence: pd.DataFrame,
    excluded: pd.DataFrame,
    metadata: VersionMetadata,
    bags: BaggedTables | None = None,
    *,
    prior_releases: Sequence[PriorRelease] = (),
    revealed_by_tables: Sequence[tuple[str, Sequence[str]]] = (),
) -> PublishedReport:
    """Return the published report: metadata, metrics under disclosure control, gates, shapes and scorecard.

    Training and an audit call it alike: what it is given is all that a published figure may depend on.

    Parameters
    ----------
    spec : ModelSpec
    contracts : dict of str to Contract
    tables : RiskTables
    evidence : pandas.DataFrame
        From :func:`build_evidence`.
    excluded : pandas.DataFrame
        From :func:`redact_reasons`; only ``reason`` is used.
    metadata : VersionMetadata
        From :func:`~send_screen.governance.version_metadata`; its gates are checked here.
    bags : BaggedTables, optional
        For the standard errors of the shapes.
    prior_releases, revealed_by_tables
        What is known of the children from elsewhere, as :func:`measured_sections` takes it. It is kept in the section
        ``disclosure``; an audit gives it back from there.

    Returns
    -------
    PublishedReport

    Examples
    --------
    >>> from send_screen.evaluation import build_report
    >>> report = build_report(spec, contracts, tables, evidence, excluded, metadata, bags)  # doctest: +SKIP
    >>> report.metric("recall").value  # doctest: +SKIP
    0.447
    """
    measured = measured_sections(
        evidence,
        outcome_words=spec.outcome.description,
        group_words=group_nouns(spec, evidence),
        intersections=spec.intersections,
        excluded=excluded,
        tolerances=spec.tolerance.model_dump(),
        agencies={feature.name: contracts[feature.sources[0].contract].agency for feature in spec.features},
        prior_releases=[release.model_dump() for release in prior_releases],
        revealed_by_tables=revealed_by_tables,
    )
    document = {
        "version": metadata,
        **measured,
        "groups": with_labels(spec, measured["groups"]),
        "gaps": with_labels(spec, measured["gaps"]),
        "attribution": with_labels(spec, measured["attribution"]),
        **dict(model_sections(spec, contracts, tables, bags)),
    }
    report = PublishedReport.model_validate(document, strict=False)
    checked = metadata.model_copy(update={"gates": check_gates(spec.gates, report)})
    return report.model_copy(update={"version": checked})


def redact_reasons(spec: ModelSpec, contracts: dict[str, Contract], excluded: pd.DataFrame) -> pd.DataFrame:
    """Return excluded rows under the words of their rules: a row's own reason can quote a cell or a file's name.

    Parameters
    ----------
    spec : ModelSpec
    contracts : dict of str to Contract
    excluded : pandas.DataFrame
        ``Cohort.excluded``.

    Returns
    -------
    pandas.DataFrame

    Examples
    --------
    >>> from send_screen.evaluation import redact_reasons
    >>> redact_reasons(spec, contracts, cohort.excluded)["reason"].iloc[0]  # doctest: +SKIP
    'already on the SEN register: has SEN support or an EHC plan'
    """
    rules = [rule for contract in contracts.values() for rule in contract.rules]
    rules += [rule for contract in contracts.values() for column in contract.columns.values() for rule in column.rules]
    words = {rule.id: rule.description for rule in rules}
    words |= {condition.rule: condition.description for condition in (*spec.population.where, *spec.eligible.where)}
    reasons = [
        f"{EXCLUSIONS[kind]}: {words.get(rule, f'rule {rule}')}"
        for kind, rule in zip(excluded["kind"], excluded["rule"], strict=True)
    ]
    return excluded.assign(reason=pd.Series(reasons, index=excluded.index, dtype="str"))


def group_nouns(spec: ModelSpec, evidence: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return attribute -> group -> what its children are called, for sentences such as "of 100 girls who ..."."""
    return {
        group.name: {name: _noun(group, name) for name in sorted(evidence[f"group.{group.name}"].unique())}
        for group in spec.groups
    }


def _noun(group: Group, name: str) -> str:
    if name == NOT_RECORDED:
        return f"children whose {group.label.lower()} is not recorded"
    if name in group.levels.values():
        return name
    if group.derive == "season":
        return f"{name}-born children"
    if group.derive == "eal":
        return f"children with {name}"
    if group.derive == "ethnic_group":
        return f"children recorded as {name}"
    return f"children ({group.label}: {name})"


def with_labels(spec: ModelSpec, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return published rows under the labels of their attributes, for example ``"Ethnic group"``."""
    labels = {group.name: group.label for group in spec.groups}

    def label(attribute: str) -> str:
        return " × ".join(labels[name] for name in attribute.split(" × "))

    return [{**row, "attribute": label(row["attribute"])} for row in rows]
