"""Sections of a report that are measured on out-of-fold predictions, under disclosure control."""

from __future__ import annotations

from typing import Final, Literal

from send_screen.documents import Count, Document

#: The reason of a suppressed figure; the same for primary and secondary suppression.
SUPPRESSED: Final = "withheld to protect small groups"
Verdict = Literal["within tolerance", "outside tolerance", "inconclusive", "withheld to protect small groups"]


class PublishedFigure(Document):
    """A figure with its interval, or None with the reason why there is none."""

    value: float | None
    low: float | None
    """Lower end of the interval, clustered by school."""
    high: float | None
    """Upper end of the interval."""
    n: Count | None
    """Children in the denominator; None where that is not published."""
    reason: str
    """Why the figure is undefined, suppressed or rounded; empty where it is not."""


class ExcludedRows(Document):
    """Number of rows that are excluded for one reason."""

    reason: str
    n: Count | None


class CohortSummary(Document):
    """Size and prevalence of the cohort that the model was fitted on."""

    n: Count | None
    n_outcome: Count | None
    n_schools: Count | None
    prevalence: float | None
    reason: str
    excluded: tuple[ExcludedRows, ...]


class _OfModel(Document):
    model: str
    metric: str


class _OfModels(Document):
    model: str
    against: str
    metric: str


class _OfGroup(Document):
    attribute: str
    group: str


class _OfGroups(_OfGroup):
    against: str


# pydantic orders fields from the last base to the first: what identifies a figure comes before its value
class Performance(PublishedFigure, _OfModel):
    """A metric of one model over all children."""


class Difference(PublishedFigure, _OfModels):
    """A metric of one model minus that of another, on the same children."""


class GroupFigure(PublishedFigure, _OfModel, _OfGroup):
    """A metric of the children of one group."""

    schools: Count | None
    rounded_to: float | None
    """Step that the figure is rounded to where its counts are suppressed."""
    group_description: str
    """The group as a noun for many children."""


class _OfGap(_OfGroups):
    metric: str


class Gap(PublishedFigure, _OfGap):
    """A metric of one group minus that of another, with its equivalence verdict."""

    critical_difference: float | None
    """The gap that would be significant at 5 %."""
    tolerance: float
    verdict: Verdict
    required_n: Count | None
    """Approximate sample size of the group at which an inconclusive verdict would be conclusive, if the gap stays."""
    required_schools: Count | None
    """Number of schools with ``required_n`` children of the group, at as many a school as now."""
    description: str
    """The gap as a sentence."""


class AttributionTerm(Document):
    """Part of a gap in mean score that is due to one feature, or to all features of one agency."""

    term: str
    value: float | None
    low: float | None
    high: float | None


class _OfScores(_OfGroups):
    among: Literal["all children", "children with the outcome"]


class Attribution(PublishedFigure, _OfScores):
    """A group's gap in mean score as the exact sum of its terms."""

    schools: Count | None
    features: tuple[AttributionTerm, ...]
    agencies: tuple[AttributionTerm, ...]
    folds: float | None
    """Part of the gap that is due to the models of the folds, whose base values differ, and to no feature."""


class CalibrationBin(Document):
    """Predicted and observed risk in one bin of scores, as percentages."""

    bin: Count
    """Its number, from 1, the lowest risks."""
    min_risk_percent: float
    predicted_percent: float | None
    observed_percent: float | None
    low: float | None
    high: float | None
    n: Count | None
    reason: str


class _OfDecision(Document):
    model: str
    against: str
    """``none`` (assess no child), ``all`` (assess all), or another model."""
    threshold_probability: float
    """Probability from which a child is assessed."""


class NetBenefit(PublishedFigure, _OfDecision):
    """Net benefit of one model minus that of a comparator, at one threshold probability of a decision curve."""

    rounded_to: float | None
    """Step that it is rounded to (the interval outward), so coarse that no count can be derived."""


class CombinedGroup(Document):
    """Levels of an attribute that are one group, because too little could be published of one of them."""

    attribute: str
    group: str
    """What the group is called in ``groups``, ``gaps`` and ``attribution``."""
    levels: tuple[str, ...]
    """Their names in the data."""
    description: str
    """Which levels were combined and why, as a sentence."""


class RevealedCounts(Document):
    """Counts of one group that a prior release (an earlier version) revealed; None for those that it suppressed."""

    attribute: str
    group: str
    n: Count | None
    with_outcome: Count | None
    true_positives: float | None
    false_positives: float | None
    between: dict[str, tuple[float, float]]
    """Rate -> lower and upper bound of its exact value, where it was published rounded."""


class ExposedFigure(Document):
    """A figure of a group that would reveal a count of few children by differencing with a prior release."""

    attribute: str
    group: str
    metric: Literal["prevalence", "recall", "specificity"]


class PriorRelease(Document):
    """A prior release: an earlier version trained on the same children, or on a cohort that overlaps."""

    version: str
    model: str
    """Name of the registered model."""
    published_sha256: str
    n: Count
    """Number of children in its cohort."""
    different_cohort: bool = False
    """Whether its cohort overlaps with this one, but is not the same."""
    counts: tuple[RevealedCounts, ...]
    """Empty for a different cohort, since comparing its counts with this cohort's could reveal small ones."""
    exposed: tuple[ExposedFigure, ...] | None = None
    """Figures that this version may not publish, since the difference would reveal a count of few children; None where
    the out-of-fold predictions of the earlier version could not be read."""


class Disclosure(Document):
    """What other publications reveal of the same children, as disclosure control accounted for it."""

    prior_releases: tuple[PriorRelease, ...]
    revealed_by_tables: tuple[tuple[str, tuple[str, ...]], ...]
    """Attribute and groups whose number of children, in sum, the bin counts of the risk tables reveal."""


class WholePointsCost(Document):
    """What the scorecard's whole points cost in accuracy, beside the exact scores, on held-out children."""

    n: Count | None
    mean_error: float
    """Mean absolute difference between a total of points and the exact score, in log-odds."""
    same_list: float | None
    """Share of the children listed by exact scores whom the points list too; None where few differ."""
    reason: str


class MeasuredSections(Document):
    """The sections that are measured on out-of-fold predictions."""

    cohort: CohortSummary
    performance: tuple[Performance, ...]
    differences: tuple[Difference, ...]
    groups: tuple[GroupFigure, ...]
    gaps: tuple[Gap, ...]
    material_gaps: tuple[str, ...]
    """A sentence for each material gap: a group that is worse off than all others by the tolerance or more."""
    attribution: tuple[Attribution, ...]
    calibration: tuple[CalibrationBin, ...]
    net_benefit: tuple[NetBenefit, ...]
    """The decision curve; the intervals of one comparison are simultaneous over all thresholds."""
    combined: tuple[CombinedGroup, ...]
    """Small groups that are combined, first within the larger group of a published hierarchy."""
    points: WholePointsCost | None
    """None where the scorecard has no whole points."""
    disclosure: Disclosure

    def metric(self, name: str, *, model: str = "candidate") -> Performance | None:
        """Return a metric of one model over all children; None where it was not measured.

        Parameters
        ----------
        name : str
            As in ``performance``, for example ``recall``.
        model : str
            ``candidate``, ``baseline`` or a challenger.

        Returns
        -------
        Performance or None
        """
        return next((row for row in self.performance if (row.model, row.metric) == (model, name)), None)

    def difference(self, name: str, against: str) -> Difference | None:
        """Return a metric of this version minus that of another model; None where it was not measured.

        Parameters
        ----------
        name : str
            As in ``differences``.
        against : str
            ``baseline`` or a challenger.

        Returns
        -------
        Difference or None
        """
        return next((row for row in self.differences if (row.against, row.metric) == (against, name)), None)
