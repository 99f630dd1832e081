"""The measured sections of ``published.json``: metrics, groups and gaps under disclosure control."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from send_screen.evaluation._attribution import attribution
from send_screen.evaluation._calibration import calibration_bins
from send_screen.evaluation._describe_gaps import (
    ROUNDED,
    SUPPRESSED,
    describe_gap,
    describe_group,
    is_material,
    redact_gap,
)
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._gaps import OTHERS, gaps
from send_screen.evaluation._groups import by_group
from send_screen.evaluation._out_of_fold import CANDIDATE
from send_screen.evaluation._performance import paired_differences, performance
from send_screen.evaluation.disclosure import (
    ALL,
    Suppression,
    contingency_table,
    counts_by_reason,
    is_small,
    nearest,
    suppress,
)
from send_screen.specs import TOLERANCES
from send_screen.tables import MINIMUM_CHILDREN

_COUNTS = ("n", "schools", "required_n")


def measured_sections(
    evidence: pd.DataFrame,
    *,
    outcome_words: str = "had the outcome",
    group_words: Mapping[str, Mapping[str, str]] | None = None,
    intersections: Sequence[tuple[str, ...]] = (),
    excluded: pd.DataFrame | None = None,
    prior_releases: Sequence[Mapping[str, Any]] = (),
    revealed_by_tables: Sequence[tuple[str, Sequence[str]]] = (),
    tolerances: Mapping[str, float] = TOLERANCES,
    agencies: Mapping[str, str] | None = None,
    alpha: float = 0.05,
    replicates: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the measured sections of the published report, under disclosure control.

    No count of 1 to 9 is published, no figure that gives one away, and no figures from which one could be derived to
    within less than five children: see :func:`~send_screen.evaluation.disclosure.suppress`. What is suppressed is None
    with the reason "withheld to protect small groups", which does not say whether the number is small itself. Shares of
    a group under secondary suppression are published rounded (``rounded_to``), without counts, where that is safe. What
    is undefined is None with its reason.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From :func:`build_evidence`.
    outcome_words : str
        What is predicted, as a verb phrase after "who later", for example ``"had SEN support"`` (the spec's words).
    group_words : mapping, optional
        Attribute -> group -> noun for many children, for example ``{"sex": {"F": "girls"}}``.
    intersections : sequence of tuple of str
        Attributes to cross.
    excluded : pandas.DataFrame, optional
        Rows that could not be used, with their ``reason`` (``Cohort.excluded``).
    prior_releases : sequence of mapping
        Earlier versions on the same children, each with its ``counts`` (from :func:`revealed_counts`); or, with
        ``other_children`` true, on other children of whom some are the same. Beside the latter no group is published
        with its counts, since differences of counts would be counts of few.
    revealed_by_tables : sequence of (attribute, groups)
        Groups of an attribute whose number of children, together, is published with the model's tables.
    tolerances : mapping of str to float
        As in :func:`gaps`.
    agencies : mapping of str to str, optional
        As in :func:`attribution`.
    alpha, replicates, seed
        As in :func:`gaps`.

    Returns
    -------
    dict
        ``cohort``, ``performance``, ``differences``, ``groups``, ``gaps``, ``material_gaps``, ``attribution``,
        ``calibration``: what JSON can hold, no NaN; and ``disclosure``: the arguments ``prior_releases`` and
        ``revealed_by_tables``, so that it can be derived again.

    Raises
    ------
    DataError
        When this is not an evidence table, or there are too few children for figures by group.
    UsageError
        When an intersection names an attribute that the evidence does not hold.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> evidence = simulate_evidence()
    >>> measured_sections(evidence, replicates=200)["cohort"]["n"]
    1000
    """
    # In the order in which it is kept: replicates draw schools in the order in which they are met.
    evidence = OutOfFoldPredictions(evidence).frame.sort_values(["fold_seed", "row"], ignore_index=True)
    view = OutOfFoldPredictions(evidence)
    words = group_words or {}
    groups = by_group(evidence, intersections=intersections, alpha=alpha)
    before = [one["counts"] for one in prior_releases if not one.get("other_children")]
    suppression = suppress(
        contingency_table(
            view, intersections, prior_releases=[row["attribute"] for counts in before for row in counts]
        ),
        prior_releases=before,
        revealed=revealed_by_tables,
        overlapping=len(before) < len(prior_releases),
    )
    found = gaps(evidence, tolerances=tolerances, alpha=alpha, replicates=replicates, seed=seed).to_dict("records")
    described = [_gap(gap, suppression, words, outcome_words) for gap in found]
    group_rows = _with_every_combination(groups, view, intersections).to_dict("records")
    return {
        "cohort": _cohort(view, excluded, suppression),
        "performance": _rows(
            performance(evidence, alpha=alpha),
            "model metric value low high n reason",
            suppression,
            # of another model's list a figure tells only its own cells, which the row knows
            lambda row: row["metric"] if row["model"] == CANDIDATE else "prevalence",
        ),
        "differences": [
            row
            for against in view.models
            if against != CANDIDATE
            for row in _rows(
                paired_differences(evidence, CANDIDATE, against, alpha=alpha),
                "model against metric value low high n reason",
                suppression,
                lambda row: row["metric"],
            )
        ],
        "groups": [
            row | {"group_words": describe_group(row["attribute"], row["group"], words)}
            for row in _without_revealing_reasons([_group_row(row, suppression) for row in group_rows])
        ],
        "gaps": [row for row, _ in described],
        "material_gaps": [row["words"] for row, material in described if material],
        "attribution": _attribution(attribution(evidence, agencies=agencies, alpha=alpha), suppression),
        "calibration": _rows(
            calibration_bins(evidence, at_least=MINIMUM_CHILDREN, alpha=alpha),
            "bin min_score_percent predicted_percent observed_percent low high n reason",
            suppression,
            lambda _: "prevalence",
        ),
        "disclosure": {
            "prior_releases": [dict(one) for one in prior_releases],
            "revealed_by_tables": [[attribute, list(names)] for attribute, names in revealed_by_tables],
        },
    }


def _cohort(view: OutOfFoldPredictions, excluded: pd.DataFrame | None, suppression: Suppression) -> dict[str, Any]:
    """Return the size and prevalence of the cohort, and its excluded rows by reason."""
    n, events = len(view.label) / view.n_seeds, float(view.label.sum()) / view.n_seeds
    suppressed = is_small(n) or suppression.suppresses("prevalence", ALL)
    return {
        "n": _count(n),
        "n_outcome": None if suppressed else _count(events),
        "n_schools": _count(view.n_schools),
        "prevalence": None if suppressed else events / n,
        "reason": SUPPRESSED if suppressed else "",
        "excluded": [] if excluded is None else counts_by_reason(excluded["reason"]),
    }


def _with_every_combination(
    groups: pd.DataFrame, view: OutOfFoldPredictions, intersections: Sequence[tuple[str, ...]]
) -> pd.DataFrame:
    """Return the rows of groups with those of combinations that no child is in: a row left out would say so."""
    if not intersections:
        return groups
    parts = [groups[~groups["attribute"].isin([" × ".join(crossed) for crossed in intersections])]]
    for crossed in intersections:
        there = dict(tuple(groups[groups["attribute"] == " × ".join(crossed)].groupby("group")))
        empty = next(iter(there.values())).assign(value=math.nan, low=math.nan, high=math.nan)
        for names in product(*(sorted(set(view.group(name))) for name in crossed)):
            group = " × ".join(names)
            parts.append(there.get(group, empty.assign(group=group)))
    return pd.concat(parts, ignore_index=True)


def _rows(
    table: pd.DataFrame, columns: str, suppression: Suppression, metric_of: Callable[[Mapping[Any, Any]], str]
) -> list[dict[str, Any]]:
    """Return the rows of a table of all children as JSON can hold them, without what is suppressed."""
    return [
        _row(row, columns.split(), is_small(row["smallest_cell"]) or suppression.suppresses(metric_of(row), ALL))
        for row in table.to_dict("records")
    ]


def _group_row(row: Mapping[Any, Any], suppression: Suppression) -> dict[str, Any]:
    """Return a figure of a group; rounded where it is under secondary suppression and that is safe."""
    key = row["attribute"], row["group"]
    suppressed = is_small(row["smallest_cell"]) or suppression.suppresses(row["metric"], key)
    columns = "attribute group metric model value low high n schools reason"
    published = _row(row, columns.split(), suppressed) | {"rounded_to": None}
    step = suppression.step(row["metric"], key) if suppressed and not is_small(row["smallest_cell"]) else None
    if step is None or not math.isfinite(row["value"]):
        return published
    for column, up in (("value", 0), ("low", -1), ("high", 1)):
        if math.isfinite(value := row[column]):
            published[column] = nearest(value, step, up=up)
    return published | {"reason": ROUNDED.format(step=100 * step), "rounded_to": step}


def _without_revealing_reasons(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Suppress why a figure is undefined where the group is small: "every child has the outcome" tells each one's."""
    small = {(row["attribute"], row["group"]) for row in rows if row["reason"] == SUPPRESSED}
    return [
        row | {"n": None, "schools": None, "reason": SUPPRESSED}
        if row["value"] is None and (row["attribute"], row["group"]) in small
        else row
        for row in rows
    ]


def _row(row: Mapping[Any, Any], columns: Sequence[str], suppressed: bool) -> dict[str, Any]:
    """Return one row: None for what is undefined or suppressed, with the reason."""
    published: dict[str, Any] = {}
    for column in columns:
        value = row[column]
        if column in _COUNTS:
            published[column] = None if suppressed else _count(value)
        elif isinstance(value, float):
            keep = column == "tolerance" or not suppressed
            published[column] = value if keep and math.isfinite(value) else None
        else:
            published[column] = value
    if suppressed:
        published["reason"] = SUPPRESSED
    return published


def _count(count: float) -> int | None:
    """Return a count as a whole number, None where it is small or there is none."""
    return None if is_small(count) or not math.isfinite(count) else round(count)


def _attribution(table: pd.DataFrame, suppression: Suppression) -> list[dict[str, Any]]:
    """Return one row a gap in mean score: its features, agencies and folds, which sum to it."""
    found = []
    columns = ["attribute", "group", "against", "among"]
    for key, rows in table.groupby(columns, sort=False):
        terms: dict[str, list[dict[str, Any]]] = {"total": [], "feature": [], "agency": [], "folds": []}
        for row in rows.to_dict("records"):
            suppressed = is_small(row["smallest_cell"]) or suppression.suppresses(
                "prevalence", (row["attribute"], row["group"])
            )
            terms[row["kind"]].append(_row(row, ["term", "value", "low", "high", "n", "schools", "reason"], suppressed))
        (total,), (folds,) = terms["total"], terms["folds"]
        found.append(
            dict(zip(columns, key, strict=True))
            | {name: total[name] for name in ("value", "low", "high", "n", "schools", "reason")}
            | {
                "features": [_term(row) for row in terms["feature"]],
                "agencies": [_term(row) for row in terms["agency"]],
            }
            | {"folds": folds["value"]}
        )
    return found


def _term(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("term", "value", "low", "high")}


def _gap(
    gap: Mapping[Any, Any], suppression: Suppression, words: Mapping[str, Mapping[str, str]], outcome_words: str
) -> tuple[dict[str, Any], bool]:
    """Return a gap, redacted as far as it must be, and whether it is material."""
    who = describe_group(gap["attribute"], gap["group"], words)
    ours, theirs, whom = (gap["attribute"], gap["group"]), ALL, "others"
    if gap["against"] != OTHERS:
        theirs = gap["attribute"], gap["against"]
        whom = describe_group(*theirs, words)
    suppressed = is_small(gap["smallest_cell"]) or suppression.suppresses(gap["metric"], ours, theirs)
    if suppressed and (suppression.is_silent(ours) or suppression.is_silent(theirs)):
        gap = {**gap, "verdict": SUPPRESSED}
    elif suppressed:
        gap = redact_gap(gap)
    columns = "attribute group against metric value low high n critical_difference tolerance verdict required_n reason"
    row = _row(gap, columns.split(), suppressed)
    sentence = describe_gap(gap, who, whom, outcome_words, suppressed=suppressed)
    return row | {"words": sentence}, is_material(gap) and gap["verdict"] != SUPPRESSED
