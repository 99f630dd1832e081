"""Build the published report: metadata, metrics under disclosure control, gates and plot data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import pandas as pd

from send_screen.cohorts import NOT_RECORDED
from send_screen.contracts import MAJOR_ETHNIC_GROUPS
from send_screen.evaluation._measured_sections import measured_sections
from send_screen.evaluation._suppressed_gates import check_suppressed_gates
from send_screen.published import (
    Attribution,
    CombinedGroup,
    Gap,
    GroupFigure,
    PriorRelease,
    PublishedReport,
    VersionMetadata,
    check_gates,
    model_sections,
)
from send_screen.specs import Group, ModelSpec
from send_screen.tables import BaggedTables, RiskTables

Row = TypeVar("Row", GroupFigure, Gap, Attribution, CombinedGroup)


def build_report(
    spec: ModelSpec,
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

    Training and audit both call it, so a published figure may depend on its arguments alone. ``evidence`` are the
    out-of-fold predictions. Of ``excluded`` only ``reason`` is used, which quotes no data. The gates are checked here.
    ``prior_releases`` are the counts that earlier versions published, and ``revealed_by_tables`` the groups whose size
    the risk tables' bin counts reveal: no small count may follow from either (see :func:`measured_sections`). An
    intersection is a group in two attributes (girls with free meals); small groups of one attribute are combined.
    """
    measured = measured_sections(
        evidence,
        outcome_description=spec.outcome.description,
        children=spec.children_are,  # nouns, such as students
        clusters=spec.schools_are,  # and courses
        group_descriptions=_group_nouns(spec, evidence),
        intersections=spec.intersections,
        hierarchies=ethnic_hierarchies(spec),
        excluded=excluded,
        tolerances=spec.tolerance.model_dump(),
        # who holds the data; of a feature of several columns, who holds the first, since it is counted once
        agencies={feature.name: spec.contracts[feature.sources[0].contract].agency for feature in spec.features},
        prior_releases=prior_releases,
        revealed_by_tables=revealed_by_tables,
    )
    sections = {
        **dict(measured),
        "groups": _with_labels(spec, measured.groups),
        "gaps": _with_labels(spec, measured.gaps),
        "attribution": _with_labels(spec, measured.attribution),
        "combined": _with_labels(spec, measured.combined),
        **dict(model_sections(spec, spec.contracts, tables, bags)),
    }
    # a gate on a suppressed figure is checked on the exact counts, where the result reveals no small one
    gates = check_gates(spec.gates, measured, check_suppressed_gates(evidence, spec.gates, measured))
    metadata = metadata.model_copy(update={"gates": gates})
    return PublishedReport(version=metadata, **sections)


def ethnic_hierarchies(spec: ModelSpec) -> dict[str, Mapping[str, str]]:
    """Return, for each attribute of ethnic groups, the mapping of each group to its major group."""
    return {attribute.name: MAJOR_ETHNIC_GROUPS for attribute in spec.groups if attribute.derive == "ethnic_group"}


def _group_nouns(spec: ModelSpec, evidence: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Return attribute -> group -> noun for its children, for sentences such as "of 100 girls who ..."."""
    major_groups = {
        attribute.name: MAJOR_ETHNIC_GROUPS.values() if attribute.derive == "ethnic_group" else ()
        for attribute in spec.groups
    }
    return {
        attribute.name: {
            group: _noun(attribute, group, spec.children_are.plural)
            for group in sorted({*evidence[f"group.{attribute.name}"], *major_groups[attribute.name]})
        }
        for attribute in spec.groups
    }


def _noun(attribute: Group, group: str, children: str) -> str:
    if group == NOT_RECORDED:
        return f"{children} whose {attribute.label.lower()} is not recorded"
    if group in attribute.levels.values():
        return group
    if attribute.derive == "season":
        return f"{group}-born {children}"
    if attribute.derive == "eal":  # English as an additional language
        return f"{children} with {group}"
    if attribute.derive == "ethnic_group":
        return f"{children} recorded as {group}"
    return f"{children} ({attribute.label}: {group})"


def _with_labels(spec: ModelSpec, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return published rows with the labels of their attributes, for example ``"Ethnic group"``, in place of names."""
    labels = {attribute.name: attribute.label for attribute in spec.groups}
    return tuple(
        row.model_copy(update={"attribute": " × ".join(labels[name] for name in row.attribute.split(" × "))})
        for row in rows
    )
