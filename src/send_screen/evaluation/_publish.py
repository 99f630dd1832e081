"""What may leave the evidence store: aggregates, no school, no small number."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import pandas as pd

from send_screen.evaluation._attribution import attribution
from send_screen.evaluation._calibration import calibration_bins
from send_screen.evaluation._disclosure import Withheld, is_small, withheld
from send_screen.evaluation._disclosure_cells import ALL, Key, cells_of
from send_screen.evaluation._disclosure_rounded import nearest
from send_screen.evaluation._disclosure_set_aside import counts_by_reason
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._gaps import OTHERS, gaps
from send_screen.evaluation._groups import by_group
from send_screen.evaluation._named import (
    ROUNDED,
    WITHHELD,
    describe_gap,
    describe_group,
    is_material,
    redact_gap,
)
from send_screen.evaluation._out_of_fold import CANDIDATE
from send_screen.evaluation._performance import differences, performance
from send_screen.specs import TOLERANCES
from send_screen.tables import MINIMUM_CHILDREN

_COUNTS = ("n", "schools", "required_n")


def publish(
    evidence: pd.DataFrame,
    *,
    outcome_words: str = "had the outcome",
    group_words: Mapping[str, Mapping[str, str]] | None = None,
    intersections: Sequence[tuple[str, ...]] = (),
    excluded: pd.DataFrame | None = None,
    earlier: Sequence[Mapping[str, Any]] = (),
    told: Sequence[tuple[str, Sequence[str]]] = (),
    tolerances: Mapping[str, float] = TOLERANCES,
    agencies: Mapping[str, str] | None = None,
    alpha: float = 0.05,
    replicates: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the published figures of a version, under disclosure control.

    No count of 1 to 9 is published, no figure that gives one away, and no figures from which one could be worked out
    to within less than five children: see ``docs/disclosure.md`` for what a reader is granted to
    know. What is withheld is None with the reason "withheld to protect small groups", which does not say
    whether the number is small itself. Shares of a group that is withheld for the sake of others are published rounded
    (``rounded_to``), without counts, where that is safe. What is undefined is None with its reason.

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
    earlier : sequence of mapping
        Earlier versions on the same children, each with what it told of its groups as ``counts`` (from
        :func:`revealed_counts`); or with ``other_children`` true, on others of whom some are the same. What is
        subtracted from counts of those would be counts of few: beside them no group is published with its counts.
    told : sequence of (attribute, groups)
        Groups of an attribute whose number of children, together, is published elsewhere.
    tolerances : mapping of str to float
        As in :func:`gaps`.
    agencies : mapping of str to str, optional
        As in :func:`attribution`.
    alpha, replicates, seed
        As in :func:`gaps`.

    Returns
    -------
    dict
        ``cohort``, ``performance``, ``differences``, ``groups``, ``gaps``, ``named``, ``attribution``,
        ``calibration``: what JSON can hold, no NaN; and ``disclosure``: the arguments ``earlier`` and ``told``, so that
        it can be derived again.

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
    >>> publish(evidence, replicates=200)["cohort"]["n"]
    1000
    """
    # In the order in which it is kept: replicates draw schools in the order in which they are met.
    evidence = OutOfFoldPredictions(evidence).frame.sort_values(["fold_seed", "row"], ignore_index=True)
    view = OutOfFoldPredictions(evidence)
    words = group_words or {}
    others = [model for model in view.models if model != CANDIDATE]
    groups = by_group(evidence, intersections=intersections, alpha=alpha)
    before = [one["counts"] for one in earlier if not one.get("other_children")]
    cells = cells_of(view, intersections, earlier=[row["attribute"] for counts in before for row in counts])
    hidden = withheld(cells, earlier=before, told=told, overlapping=len(before) < len(earlier))
    found = gaps(evidence, tolerances=tolerances, alpha=alpha, replicates=replicates, seed=seed).to_dict("records")
    said = [_gap(gap, hidden, words, outcome_words) for gap in found]
    return {
        "cohort": _cohort(view, excluded, hidden),
        "performance": _rows(
            performance(evidence, alpha=alpha), "model metric value low high n reason", hidden, _of_a_policy
        ),
        "differences": [
            row
            for against in others
            for row in _rows(
                differences(evidence, CANDIDATE, against, alpha=alpha),
                "model against metric value low high n reason",
                hidden,
                lambda row: (row["metric"], ALL),
            )
        ],
        "groups": [
            row | {"group_words": describe_group(row["attribute"], row["group"], words)}
            for row in _without_telling_reasons(
                [
                    _group_row(row, hidden)
                    for row in _with_every_combination(groups, view, intersections).to_dict("records")
                ]
            )
        ],
        "gaps": [row for row, _ in said],
        "named": [row["words"] for row, named in said if named],
        "attribution": _attribution(attribution(evidence, agencies=agencies, alpha=alpha), hidden),
        "calibration": _rows(
            calibration_bins(evidence, at_least=MINIMUM_CHILDREN, alpha=alpha),
            "bin min_score_percent predicted_percent observed_percent low high n reason",
            hidden,
            lambda _: ("prevalence", ALL),
        ),
        "disclosure": {
            "earlier": [dict(one) for one in earlier],
            "told": [[attribute, list(names)] for attribute, names in told],
        },
    }


def _cohort(view: OutOfFoldPredictions, excluded: pd.DataFrame | None, hidden: Withheld) -> dict[str, Any]:
    """Return how many children there were, and how many were set aside for which reason."""
    n, events = len(view.label) / view.n_seeds, float(view.label.sum()) / view.n_seeds
    kept_back = is_small(n) or hidden.hides("prevalence", ALL)
    return {
        "n": _count(n),
        "n_outcome": None if kept_back else _count(events),
        "n_schools": _count(view.n_schools),
        "prevalence": None if kept_back else events / n,
        "reason": WITHHELD if kept_back else "",
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


def _of_a_policy(row: Mapping[Any, Any]) -> tuple[str, Key]:
    """Return what a figure of a model rests on: of another model's list only its own cells, which the row knows."""
    return (row["metric"] if row["model"] == CANDIDATE else "prevalence"), ALL


def _rows(
    table: pd.DataFrame, columns: str, hidden: Withheld, rests_on: Callable[[Mapping[Any, Any]], tuple[str, Key]]
) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON can hold them, without what is withheld."""
    return [
        _row(row, columns.split(), is_small(row["smallest_cell"]) or hidden.hides(*rests_on(row)))
        for row in table.to_dict("records")
    ]


def _group_row(row: Mapping[Any, Any], hidden: Withheld) -> dict[str, Any]:
    """Return a figure of a group; rounded, where its counts are withheld for the sake of others and that is safe."""
    key = row["attribute"], row["group"]
    kept_back = is_small(row["smallest_cell"]) or hidden.hides(row["metric"], key)
    columns = "attribute group metric model value low high n schools reason"
    published = _row(row, columns.split(), kept_back) | {"rounded_to": None}
    step = hidden.step(row["metric"], key) if kept_back and not is_small(row["smallest_cell"]) else None
    if step is None or not math.isfinite(row["value"]):
        return published
    # of a share and the rest of it, one is rounded: both, each by itself, would tell more where one lies halfway
    rest = row["metric"] in ("false_negative_rate", "specificity")
    for column, up in (("value", 0), ("low", -1), ("high", 1)):
        if math.isfinite(value := row[column]):
            published[column] = round(1 - nearest(1 - value, step, up=-up), 6) if rest else nearest(value, step, up=up)
    return published | {"reason": ROUNDED.format(step=100 * step), "rounded_to": step}


def _without_telling_reasons(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Withhold why a figure is undefined where the group is small: "every child had the outcome" tells each one's."""
    small = {(row["attribute"], row["group"]) for row in rows if row["reason"] == WITHHELD}
    return [
        row | {"n": None, "schools": None, "reason": WITHHELD}
        if row["value"] is None and (row["attribute"], row["group"]) in small
        else row
        for row in rows
    ]


def _row(row: Mapping[Any, Any], columns: Sequence[str], hidden: bool) -> dict[str, Any]:
    """Return one row: None for what is undefined or withheld, with the reason."""
    published: dict[str, Any] = {}
    for column in columns:
        value = row[column]
        if column in _COUNTS:
            published[column] = None if hidden else _count(value)
        elif isinstance(value, float):
            keep = column == "tolerance" or not hidden
            published[column] = value if keep and math.isfinite(value) else None
        else:
            published[column] = value
    if hidden:
        published["reason"] = WITHHELD
    return published


def _count(count: float) -> int | None:
    """Return a count as a whole number, None where it is small or there is none."""
    return None if is_small(count) or not math.isfinite(count) else round(count)


def _attribution(table: pd.DataFrame, hidden: Withheld) -> list[dict[str, Any]]:
    """Return one row a gap in mean score: its features, agencies and folds, which sum to it."""
    found = []
    columns = ["attribute", "group", "against", "among"]
    for key, rows in table.groupby(columns, sort=False):
        terms: dict[str, list[dict[str, Any]]] = {"total": [], "feature": [], "agency": [], "folds": []}
        for row in rows.to_dict("records"):
            kept_back = is_small(row["smallest_cell"]) or hidden.hides("prevalence", (row["attribute"], row["group"]))
            terms[row["kind"]].append(_row(row, ["term", "value", "low", "high", "n", "schools", "reason"], kept_back))
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
    gap: Mapping[Any, Any], hidden: Withheld, words: Mapping[str, Mapping[str, str]], outcome_words: str
) -> tuple[dict[str, Any], bool]:
    """Return a gap in numbers and words, and whether it names a group: as much of it as may be said."""
    who = describe_group(gap["attribute"], gap["group"], words)
    ours, theirs, whom = (gap["attribute"], gap["group"]), ALL, "others"
    if gap["against"] != OTHERS:
        theirs = gap["attribute"], gap["against"]
        whom = describe_group(*theirs, words)
    kept_back = is_small(gap["smallest_cell"]) or hidden.hides(gap["metric"], ours, theirs)
    if kept_back and (hidden.is_silent(ours) or hidden.is_silent(theirs)):
        gap = {**gap, "verdict": WITHHELD}
    elif kept_back:
        gap = redact_gap(gap)
    columns = "attribute group against metric value low high n critical_difference tolerance verdict required_n reason"
    row = _row(gap, columns.split(), kept_back)
    sentence = describe_gap(gap, who, whom, outcome_words, withheld=kept_back)
    return row | {"words": sentence}, is_material(gap) and gap["verdict"] != WITHHELD


def headline(published: Mapping[str, Any]) -> dict[str, float]:
    """Return the published performance as flat MLflow metrics, defined ones only.

    Parameters
    ----------
    published : mapping
        From :func:`publish`.

    Returns
    -------
    dict of str to float
        ``roc_auc``, ``roc_auc_low``, ``roc_auc_high``, ... of the version; ``baseline.roc_auc``, ... of other models.

    Examples
    --------
    >>> headline({"performance": [dict(model="baseline", metric="roc_auc", value=0.7, low=0.65, high=None)]})
    {'baseline.roc_auc': 0.7, 'baseline.roc_auc_low': 0.65}
    """
    flat = {}
    for row in published["performance"]:
        name = row["metric"] if row["model"] == CANDIDATE else f"{row['model']}.{row['metric']}"
        for suffix, key in (("", "value"), ("_low", "low"), ("_high", "high")):
            if row[key] is not None:
                flat[name + suffix] = float(row[key])
    return flat
