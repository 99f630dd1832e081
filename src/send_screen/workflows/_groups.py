"""Words for the groups that are compared: what their children are called, and what the attribute is called."""

from __future__ import annotations

from typing import Any

from send_screen.cohorts import NOT_RECORDED, Cohort
from send_screen.specs import Group, ModelSpec


def group_nouns(spec: ModelSpec, cohort: Cohort) -> dict[str, dict[str, str]]:
    """Return attribute -> group -> what its children are called, for sentences such as "of 100 girls who ..."."""
    return {
        group.name: {name: _noun(group, name) for name in sorted(cohort.sensitive[group.name].unique())}
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
