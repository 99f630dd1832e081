"""What may leave the evidence store: aggregates, no school, no small number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from send_screen.evaluation._attribution import attribution
from send_screen.evaluation._calibration import calibration_bins
from send_screen.evaluation._evidence import EvidenceView
from send_screen.evaluation._gaps import OTHERS, gaps
from send_screen.evaluation._groups import by_group
from send_screen.evaluation._named import WITHHELD, gap_in_words, group_in_words, names_a_group
from send_screen.evaluation._out_of_fold import VERSION
from send_screen.evaluation._performance import differences, performance
from send_screen.specs import TOLERANCES
from send_screen.tables import MINIMUM_CHILDREN

_COUNTS = ("n", "schools", "n_to_settle")


def publish(
    evidence: pd.DataFrame,
    *,
    outcome_words: str = "had the outcome",
    group_words: Mapping[str, Mapping[str, str]] | None = None,
    intersections: Sequence[tuple[str, ...]] = (),
    set_aside: pd.DataFrame | None = None,
    tolerances: Mapping[str, float] = TOLERANCES,
    agencies: Mapping[str, str] | None = None,
    alpha: float = 0.05,
    replicates: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the published figures of a version, under primary disclosure control.

    No count of 1 to 9 is published and no figure that gives one away: a rate with its n gives away its numerator and
    the rest; sensitivity with prevalence and share flagged gives away every cell of a group's two-by-two table. Such a
    figure is None with the reason "fewer than 10 children". (What subtracting one group from another gives away needs
    secondary suppression, which this is not.) What is undefined is None with its reason.

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
    set_aside : pandas.DataFrame, optional
        Rows that could not be used, with their ``reason`` (``Cohort.set_aside``).
    tolerances, alpha, replicates, seed
        As in :func:`gaps`.
    agencies : mapping of str to str, optional
        As in :func:`attribution`.

    Returns
    -------
    dict
        ``cohort``, ``performance``, ``differences``, ``groups``, ``gaps``, ``named``, ``attribution``,
        ``calibration``: what JSON can hold, no NaN.

    Raises
    ------
    DataError
        When this is not an evidence table.
    UsageError
        When an intersection names an attribute that the evidence does not hold.
    """
    view = EvidenceView(evidence)
    words = group_words or {}
    others = [policy for policy in view.policies if policy != VERSION]
    found = gaps(evidence, tolerances=tolerances, alpha=alpha, replicates=replicates, seed=seed).to_dict("records")
    sentences = [_gap_sentence(gap, words, outcome_words) for gap in found]
    return {
        "cohort": _cohort(view, set_aside),
        "performance": _rows(performance(evidence, alpha=alpha), "policy metric value low high n reason"),
        "differences": [
            row
            for against in others
            for row in _rows(
                differences(evidence, VERSION, against, alpha=alpha), "policy against metric value low high n reason"
            )
        ],
        "groups": [
            row | {"group_words": group_in_words(row["attribute"], row["group"], words)}
            for row in _without_telling_reasons(
                _rows(
                    by_group(evidence, intersections=intersections, alpha=alpha),
                    "attribute group metric policy value low high n schools reason",
                )
            )
        ],
        "gaps": [
            row | {"words": sentence}
            for row, sentence in zip(
                _rows(
                    pd.DataFrame(found),
                    "attribute group against metric value low high n null_gap tolerance verdict n_to_settle reason",
                ),
                sentences,
                strict=True,
            )
        ],
        "named": [sentence for gap, sentence in zip(found, sentences, strict=True) if names_a_group(gap)],
        "attribution": _attribution(attribution(evidence, agencies=agencies, alpha=alpha)),
        "calibration": _rows(
            calibration_bins(evidence, at_least=MINIMUM_CHILDREN, alpha=alpha),
            "bin low_score_of_100 predicted_of_100 observed_of_100 low high n reason",
        ),
    }


def is_small(count: float) -> bool:
    """Tell whether a count (an average over fold seeds) may not be published."""
    return 1e-9 < count < MINIMUM_CHILDREN - 1e-9


def _cohort(view: EvidenceView, set_aside: pd.DataFrame | None) -> dict[str, Any]:
    """Return how many children there were, and how many were set aside for which reason."""
    n, events = len(view.label) / view.n_seeds, float(view.label.sum()) / view.n_seeds
    withheld = is_small(n) or is_small(events) or is_small(n - events)
    aside = pd.Series(dtype=int) if set_aside is None or set_aside.empty else set_aside["reason"].value_counts()
    return {
        "n": _count(n),
        "n_outcome": None if withheld else _count(events),
        "n_schools": _count(view.n_schools),
        "prevalence": None if withheld else events / n,
        "reason": WITHHELD if withheld else "",
        "set_aside": [
            {"reason": str(reason), "n": _count(count)}
            for reason, count in sorted(aside.items(), key=lambda i: str(i[0]))
        ],
    }


def _rows(table: pd.DataFrame, columns: str) -> list[dict[str, Any]]:
    """Return the rows of a table as JSON can hold them, small numbers withheld."""
    return [_row(row, columns.split()) for row in table.to_dict("records")]


def _without_telling_reasons(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Withhold why a figure is undefined where the group is small: "every child had the outcome" tells each one's."""
    small = {(row["attribute"], row["group"]) for row in rows if row["reason"] == WITHHELD}
    return [
        row | {"n": None, "schools": None, "reason": WITHHELD}
        if row["value"] is None and (row["attribute"], row["group"]) in small
        else row
        for row in rows
    ]


def _row(row: Mapping[Any, Any], columns: Sequence[str]) -> dict[str, Any]:
    """Return one row: None for what is undefined or withheld, with the reason."""
    withheld = is_small(row["smallest_cell"])
    published: dict[str, Any] = {}
    for column in columns:
        value = row[column]
        if column in _COUNTS:
            published[column] = None if withheld else _count(value)
        elif isinstance(value, float):
            keep = column == "tolerance" or not withheld
            published[column] = value if keep and math.isfinite(value) else None
        else:
            published[column] = value
    if withheld:
        published["reason"] = WITHHELD
    return published


def _count(count: float) -> int | None:
    """Return a count as a whole number, None where it is small or there is none."""
    return None if is_small(count) or not math.isfinite(count) else round(count)


def _attribution(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row a gap in mean score: its features, agencies and folds, which sum to it."""
    found = []
    columns = ["attribute", "group", "against", "among"]
    for key, rows in table.groupby(columns, sort=False):
        terms: dict[str, list[dict[str, Any]]] = {"total": [], "feature": [], "agency": [], "folds": []}
        for row in rows.to_dict("records"):
            terms[row["kind"]].append(_row(row, ["term", "value", "low", "high", "n", "schools", "reason"]))
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


def _gap_sentence(gap: Mapping[Any, Any], words: Mapping[str, Mapping[str, str]], outcome_words: str) -> str:
    """Return a gap in words, without its numbers where they are withheld."""
    who = group_in_words(gap["attribute"], gap["group"], words)
    whom = "others" if gap["against"] == OTHERS else group_in_words(gap["attribute"], gap["against"], words)
    return gap_in_words(gap, who, whom, outcome_words, withheld=is_small(gap["smallest_cell"]))


def headline(published: Mapping[str, Any]) -> dict[str, float]:
    """Return the published performance as flat MLflow metrics, defined ones only.

    Parameters
    ----------
    published : mapping
        From :func:`publish`.

    Returns
    -------
    dict of str to float
        ``roc_auc``, ``roc_auc_low``, ``roc_auc_high``, ... of the version; ``rule.roc_auc``, ... of other policies.

    Examples
    --------
    >>> headline({"performance": [dict(policy="rule", metric="roc_auc", value=0.7, low=0.65, high=None)]})
    {'rule.roc_auc': 0.7, 'rule.roc_auc_low': 0.65}
    """
    flat = {}
    for row in published["performance"]:
        name = row["metric"] if row["policy"] == VERSION else f"{row['policy']}.{row['metric']}"
        for suffix, key in (("", "value"), ("_low", "low"), ("_high", "high")):
            if row[key] is not None:
                flat[name + suffix] = float(row[key])
    return flat
