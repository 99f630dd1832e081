"""Build the measured sections of a report from out-of-fold predictions (the evidence), under disclosure control."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from send_screen.documents import CHILDREN, SCHOOLS, Noun, reword
from send_screen.evaluation._attribution import attribution
from send_screen.evaluation._attribution_documents import attribution_documents
from send_screen.evaluation._calibration import calibration_bins
from send_screen.evaluation._decision_curve import TREAT_ALL, TREAT_NONE, decision_curve
from send_screen.evaluation._describe_gaps import (
    ROUNDED,
    describe_gap,
    describe_group,
    is_material,
    name_groups,
    redact_gap,
)
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._gaps import OTHERS, gaps
from send_screen.evaluation._groups import by_group
from send_screen.evaluation._out_of_fold import CANDIDATE, WHOLE_POINTS
from send_screen.evaluation._performance import paired_differences, performance
from send_screen.evaluation._row_documents import SHARES_OF_COUNTS, Row, as_document, nearest_multiples, published_count
from send_screen.evaluation.disclosure import (
    ALL,
    Suppression,
    combine_small_groups,
    contingency_table,
    counts_by_reason,
    is_small,
    join_descriptions,
    narrowed_by_auc,
    nearest,
    recode_groups,
    suppress,
)
from send_screen.evaluation.disclosure._intruder import MIN_WIDTH
from send_screen.published import (
    CalibrationBin,
    CohortSummary,
    CombinedGroup,
    Difference,
    Disclosure,
    Gap,
    GroupFigure,
    MeasuredSections,
    NetBenefit,
    Performance,
    PriorRelease,
    WholePointsCost,
)
from send_screen.published._measured import SUPPRESSED
from send_screen.specs import TOLERANCES
from send_screen.tables import MINIMUM_CHILDREN

#: Steps that a net benefit may be rounded to, finest first, and how many counts must remain possible after rounding.
_STEPS = (0.001, 0.002, 0.005, 0.01)


def measured_sections(
    evidence: pd.DataFrame,
    *,
    outcome_description: str = "had the outcome",
    group_descriptions: Mapping[str, Mapping[str, str]] | None = None,
    intersections: Sequence[tuple[str, ...]] = (),
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
    excluded: pd.DataFrame | None = None,
    prior_releases: Sequence[PriorRelease] = (),
    revealed_by_tables: Sequence[tuple[str, Sequence[str]]] = (),
    tolerances: Mapping[str, float] = TOLERANCES,
    agencies: Mapping[str, str] | None = None,
    children: Noun = CHILDREN,
    clusters: Noun = SCHOOLS,
    alpha: float = 0.05,
    replicates: int = 1000,
    seed: int = 0,
) -> MeasuredSections:
    """Return the measured sections of the published report, under disclosure control.

    Small groups are combined first (``combined``). No count of 1 to 9 is published, no figure that reveals one, and no
    figures from which one could be derived to within less than five children: see
    :mod:`send_screen.evaluation.disclosure`. What is suppressed is None with the reason "withheld to protect small
    groups", whether the suppression is primary or secondary. Shares of a group under secondary suppression are
    published rounded (``rounded_to``), without counts, where that is safe. What is undefined is None with its reason.

    Parameters
    ----------
    evidence : pandas.DataFrame
        From :func:`build_evidence`.
    outcome_description : str
        What is predicted, as a verb phrase after "who later", for example ``"had SEN support"``.
    group_descriptions : mapping, optional
        Attribute -> group -> noun for many children, for example ``{"sex": {"F": "girls"}}``.
    intersections : sequence of tuple of str
        Attributes to cross.
    hierarchies : mapping, optional
        Attribute -> group -> the larger group that it is part of, within which small groups are combined first.
    excluded : pandas.DataFrame, optional
        Rows that could not be used, with their ``reason`` (``Cohort.excluded``).
    prior_releases : sequence of PriorRelease
        Earlier versions on the same children, each with its ``counts`` (from :func:`revealed_counts`); or, with
        ``different_cohort`` true, on an overlapping cohort. With one of the latter no group is published with counts,
        since a difference of counts could be small. Its ``exposed`` figures (from :func:`exposed_by_differencing`) are
        suppressed.
    revealed_by_tables : sequence of (attribute, groups)
        Groups of an attribute whose number of children, in sum, follows from the bin counts of the risk tables.
    tolerances : mapping of str to float
        As in :func:`gaps`.
    agencies : mapping of str to str, optional
        As in :func:`attribution`.
    children, clusters : Noun
        Nouns for the people and for the clusters, such as schools, in sentences.
    alpha, replicates, seed
        As in :func:`gaps`.

    Returns
    -------
    MeasuredSections
        Its section ``disclosure`` holds ``prior_releases`` and ``revealed_by_tables``, so that an audit can recompute
        all sections.

    Raises
    ------
    DataError
        When this is not an evidence table, or there are too few children for figures by group.
    UsageError
        When an intersection names an attribute that the evidence does not hold.

    Examples
    --------
    >>> from send_screen.simulation import simulate_evidence
    >>> measured_sections(simulate_evidence(), replicates=200).cohort.n
    1000
    """
    # the bootstrap numbers schools in order of appearance: sorted as in the file, it draws the same ones
    evidence = OutOfFoldPredictions(evidence).frame.sort_values(["fold_seed", "row"], ignore_index=True)
    by_level = OutOfFoldPredictions(evidence)
    given = name_groups(by_level, group_descriptions or {}, children)
    combined = combine_small_groups(by_level, hierarchies or {}, given, children)
    evidence = recode_groups(evidence, combined)
    predictions = OutOfFoldPredictions(evidence)
    nouns = _with_combined(given, combined)

    def with_nouns(table: pd.DataFrame) -> pd.DataFrame:
        """Return a table whose reasons say ``children`` and ``clusters`` by their nouns."""
        if not len(table):
            return table
        reasons = (reword(reason, children).replace(SCHOOLS.plural, clusters.plural) for reason in table["reason"])
        return table.assign(reason=list(reasons))

    groups = with_nouns(by_group(evidence, intersections=intersections, alpha=alpha))
    before = [release for release in prior_releases if not release.different_cohort]
    suppression = suppress(
        contingency_table(
            by_level,
            intersections,
            prior_releases=[row.attribute for release in before for row in release.counts],
            combined=combined,
            revealed=revealed_by_tables,
        ),
        prior_releases=before,
        revealed=revealed_by_tables,
        overlapping=len(before) < len(prior_releases),
    )
    telling = {
        key
        for row in groups.to_dict("records")
        if row["metric"] == "roc_auc"
        and suppression.suppresses_part_of_list(key := (row["attribute"], row["group"]))
        and _scores_tell(predictions, key, row["value"], suppression)
    }
    found = with_nouns(gaps(evidence, tolerances=tolerances, alpha=alpha, replicates=replicates, seed=seed))
    described = [
        _gap(gap, suppression, nouns, outcome_description, children, clusters) for gap in found.to_dict("records")
    ]
    differences = [
        with_nouns(paired_differences(evidence, CANDIDATE, against, alpha=alpha))
        for against in predictions.models
        if against != CANDIDATE
    ]
    sections = MeasuredSections(
        cohort=_cohort(predictions, excluded, suppression),
        performance=_of_all_children(
            Performance,
            with_nouns(performance(evidence, alpha=alpha)),
            suppression,
            # another model's figure reveals only its own counts, whose smallest is in the row
            lambda row: row["metric"] if row["model"] == CANDIDATE else "prevalence",
        ),
        differences=tuple(
            figure
            for table in differences
            for figure in _of_all_children(Difference, table, suppression, lambda row: row["metric"])
        ),
        groups=_without_revealing_reasons(
            [
                _group_figure(row, suppression, nouns, scores_tell=(row["attribute"], row["group"]) in telling)
                for row in groups.to_dict("records")
            ]
        ),
        gaps=tuple(gap for gap, _ in described),
        material_gaps=tuple(gap.description for gap, material in described if material),
        attribution=attribution_documents(
            with_nouns(attribution(evidence, agencies=agencies, alpha=alpha)),
            suppression,
            {name: float(np.ptp(values)) for name, values in predictions.contributions.items()},
            agencies or {},
        ),
        calibration=_of_all_children(
            CalibrationBin,
            with_nouns(calibration_bins(evidence, at_least=MINIMUM_CHILDREN, alpha=alpha)),
            suppression,
            lambda _: "prevalence",
        ),
        net_benefit=_net_benefit(
            with_nouns(decision_curve(evidence, alpha=alpha, replicates=replicates, seed=seed)), suppression
        ),
        combined=combined,
        points=_whole_points_cost(predictions),
        disclosure=Disclosure(
            prior_releases=tuple(prior_releases),
            revealed_by_tables=tuple((attribute, tuple(names)) for attribute, names in revealed_by_tables),
        ),
    )
    return _without_schools(sections) if predictions.unclustered else sections


def _without_schools(sections: MeasuredSections) -> MeasuredSections:
    """Return the sections without counts of schools, which for unclustered children would be counts of children."""
    return sections.model_copy(
        update={
            "groups": tuple(row.model_copy(update={"schools": None}) for row in sections.groups),
            "attribution": tuple(row.model_copy(update={"schools": None}) for row in sections.attribution),
        }
    )


def _with_combined(
    given: Mapping[str, Mapping[str, str]], combined: Sequence[CombinedGroup]
) -> dict[str, dict[str, str]]:
    """Return the nouns of groups with those of combined groups, which are joined from those of their levels."""
    nouns = {attribute: dict(of_groups) for attribute, of_groups in given.items()}
    for one in combined:
        levels = [describe_group(one.attribute, level, given) for level in one.levels]
        nouns.setdefault(one.attribute, {}).setdefault(one.group, join_descriptions(levels, "or"))
    return nouns


def _cohort(
    predictions: OutOfFoldPredictions, excluded: pd.DataFrame | None, suppression: Suppression
) -> CohortSummary:
    """Return the size and prevalence of the cohort, and its excluded rows by reason."""
    suppressed = is_small(predictions.n) or suppression.suppresses("prevalence", ALL)
    return CohortSummary(
        n=published_count(predictions.n),
        n_outcome=None if suppressed else published_count(predictions.n_outcome),
        n_schools=None if predictions.unclustered else published_count(predictions.n_schools),
        prevalence=None if suppressed else predictions.n_outcome / predictions.n,
        reason=SUPPRESSED if suppressed else "",
        excluded=() if excluded is None else counts_by_reason(excluded["reason"]),
    )


def _whole_points_cost(predictions: OutOfFoldPredictions) -> WholePointsCost | None:
    """Return what whole points cost in accuracy; the overlap of the lists is suppressed where few children differ."""
    if WHOLE_POINTS not in predictions.models:
        return None
    error = float(np.abs(predictions.score(WHOLE_POINTS) - predictions.score(CANDIDATE)).mean())
    flag = predictions.flag(CANDIDATE)
    listed = float(flag.sum()) / predictions.n_seeds
    both = float((flag * predictions.flag(WHOLE_POINTS)).sum()) / predictions.n_seeds
    few = is_small(listed - both)
    same = None if few or not listed else both / listed
    return WholePointsCost(
        n=published_count(predictions.n), mean_error=error, same_list=same, reason=SUPPRESSED if few else ""
    )


def _of_all_children(
    kind: type[Row], table: pd.DataFrame, suppression: Suppression, metric_of: Callable[[Mapping[Any, Any]], str]
) -> tuple[Row, ...]:
    """Return figures of all children, without what is suppressed."""
    return tuple(
        as_document(kind, row, is_small(row["smallest_cell"]) or suppression.suppresses(metric_of(row), ALL))
        for row in table.to_dict("records")
    )


def _net_benefit(curve: pd.DataFrame, suppression: Suppression) -> tuple[NetBenefit, ...]:
    """Return the decision curve, rounded so that several counts remain possible at each threshold.

    Each model's own net benefit is rounded, and differences are taken of rounded ones, so that they reveal no more.
    An interval contains the measured one, and is symmetric.
    """
    children = curve["n"].max()
    step = next((step for step in _STEPS if step * children >= MIN_WIDTH), None)
    suppresses_all = suppression.suppresses("prevalence", ALL)
    own = curve.loc[curve["against"] == TREAT_NONE].set_index("threshold_probability")["value"]
    rows = []
    for row in curve.to_dict("records"):
        suppressed = step is None or suppresses_all or is_small(row["smallest_cell"])
        figure = as_document(NetBenefit, row, suppressed, rounded_to=None if suppressed else step)
        if figure.value is not None and step is not None:
            measured = own[row["threshold_probability"]]
            others, rounding_error = measured - row["value"], step / 2
            if row["against"] not in (TREAT_NONE, TREAT_ALL):  # whose net benefit follows from the prevalence
                others, rounding_error = nearest(others, step), step
            value = round(nearest(measured, step) - others, 6)
            figure = figure.model_copy(update={"value": value})
            if figure.high is not None:
                half = nearest(row["high"] - row["value"] + rounding_error, step, up=1)
                figure = figure.model_copy(update={"low": round(value - half, 6), "high": round(value + half, 6)})
        rows.append(figure)
    return tuple(rows)


def _scores_tell(predictions: OutOfFoldPredictions, key: tuple[str, str], auc: float, suppression: Suppression) -> bool:
    """Return whether metrics of a group's scores would narrow down who of it is listed.

    Few scores are nearly the list itself. The ROC AUC bounds how many were missed, since they rank below all listed.
    """
    attribute, group = key
    inside = predictions.group(attribute) == group
    outcome, flag = predictions.outcome[inside], predictions.flag(CANDIDATE)[inside]
    if len(np.unique(predictions.score(CANDIDATE)[inside])) < MINIMUM_CHILDREN:
        return True
    counts = (outcome * flag, outcome * (1 - flag), (1 - outcome) * flag, (1 - outcome) * (1 - flag))
    return math.isfinite(auc) and narrowed_by_auc(
        auc,
        *(float(count.sum()) / predictions.n_seeds for count in counts),
        recall_step=suppression.step("recall", key) if suppression.suppresses("recall", key) else 0.0,
        specificity_step=suppression.step("specificity", key) if suppression.suppresses("specificity", key) else 0.0,
    )


def _group_figure(
    row: Mapping[Any, Any],
    suppression: Suppression,
    nouns: Mapping[str, Mapping[str, str]],
    *,
    scores_tell: bool = False,
) -> GroupFigure:
    """Return a figure of a group; under secondary suppression it is rounded where rounding protects."""
    key, small = (row["attribute"], row["group"]), is_small(row["smallest_cell"])
    suppressed = small or suppression.suppresses(row["metric"], key)
    if scores_tell and row["metric"] not in SHARES_OF_COUNTS:
        small = suppressed = True
    rounded = suppressed and not small and math.isfinite(row["value"])
    step = suppression.step(row["metric"], key) if rounded else None
    figure = as_document(GroupFigure, row, suppressed, rounded_to=step, group_description=describe_group(*key, nouns))
    if step is None:
        return figure
    return figure.model_copy(update={**nearest_multiples(row, step), "reason": ROUNDED.format(step=100 * step)})


def _without_revealing_reasons(rows: list[GroupFigure]) -> tuple[GroupFigure, ...]:
    """Suppress the reason of an undefined figure of a small group: "every child has the outcome" reveals outcomes."""
    small = {(row.attribute, row.group) for row in rows if row.reason == SUPPRESSED}
    nothing = {"n": None, "schools": None, "reason": SUPPRESSED}
    return tuple(
        row.model_copy(update=nothing) if row.value is None and (row.attribute, row.group) in small else row
        for row in rows
    )


def _gap(
    gap: Mapping[Any, Any],
    suppression: Suppression,
    nouns: Mapping[str, Mapping[str, str]],
    outcome_description: str,
    children: Noun,
    clusters: Noun,
) -> tuple[Gap, bool]:
    """Return a gap, redacted as disclosure control needs, and whether it is material."""
    who = describe_group(gap["attribute"], gap["group"], nouns)
    ours, theirs, whom = (gap["attribute"], gap["group"]), ALL, "others"
    if gap["against"] != OTHERS:
        theirs = gap["attribute"], gap["against"]
        whom = describe_group(*theirs, nouns)
    suppressed = is_small(gap["smallest_cell"]) or suppression.suppresses(gap["metric"], ours, theirs)
    if suppressed and (suppression.suppresses_group(ours) or suppression.suppresses_group(theirs)):
        gap = {**gap, "verdict": SUPPRESSED}
    elif suppressed:
        gap = redact_gap(gap)
    sentence = describe_gap(
        gap, who, whom, outcome_description, children=children, clusters=clusters, suppressed=suppressed
    )
    return as_document(Gap, gap, suppressed, description=sentence), is_material(gap) and gap["verdict"] != SUPPRESSED
