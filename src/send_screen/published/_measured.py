"""The sections that were measured out of fold, under disclosure control."""

from __future__ import annotations

from typing import Literal

from send_screen.documents import Count, Document

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
    """Rows that could not be used, for one reason."""

    reason: str
    n: Count | None


class CohortSummary(Document):
    """The children that the model was fitted on."""

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


# the columns that say what a figure is of come first: fields are in the reverse order of the bases
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
    """Schools that so many children would be in, with as many in each as now."""
    description: str
    """The gap as a sentence."""


class AttributionTerm(Document):
    """What one feature or one agency adds to a gap in mean score."""

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
    """The part of the gap that no feature makes: the folds' models have other base values."""


class CalibrationBin(Document):
    """Predicted and observed risk in one bin of scores, as percentages."""

    bin: Count
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
    """``none`` or ``all`` children assessed, or another model."""
    threshold_probability: float
    """Probability from which a child is assessed."""


class NetBenefit(PublishedFigure, _OfDecision):
    """Net benefit of one model minus that of what it is compared with, at one threshold probability."""

    rounded_to: float | None
    """Step that it is rounded to, outward for the interval: coarse enough that no count can be worked out."""


class CombinedGroup(Document):
    """Levels of an attribute that are one group, because too little could be published of one of them."""

    attribute: str
    group: str
    """What the group is called in ``groups``, ``gaps`` and ``attribution``."""
    levels: tuple[str, ...]
    """What the data call each."""
    description: str
    """What was combined and why, as a sentence."""


class RevealedCounts(Document):
    """Counts of one group that an earlier release revealed; None for those that it suppressed."""

    attribute: str
    group: str
    n: Count | None
    with_outcome: Count | None
    true_positives: float | None
    false_positives: float | None
    between: dict[str, tuple[float, float]]
    """Share -> what it was rounded from, where it was published rounded."""


class ExposedFigure(Document):
    """A figure of a group that differencing with an earlier release would make a count of few children."""

    attribute: str
    group: str
    metric: Literal["prevalence", "recall", "specificity"]


class PriorRelease(Document):
    """An earlier version on the same children, or on others of whom some are the same."""

    version: str
    model: str
    """Its name."""
    published_sha256: str
    n: Count
    """Children of its cohort."""
    different_cohort: bool = False
    """Whether the two cohorts differ by some children."""
    counts: tuple[RevealedCounts, ...]
    """Nothing of other children: the counts of both cohorts together are what must not be known."""
    exposed: tuple[ExposedFigure, ...] | None = None
    """What this version may not publish beside it, since the difference would be a count of few children; None where
    its evidence could not be read."""


class Disclosure(Document):
    """Earlier publications that disclosure control accounted for."""

    prior_releases: tuple[PriorRelease, ...]
    revealed_by_tables: tuple[tuple[str, tuple[str, ...]], ...]
    """Groups of an attribute whose number of children, together, the model's tables reveal."""


class WholePointsCost(Document):
    """How far the scorecard's whole points are from the exact scores, on children that neither had seen."""

    n: Count | None
    mean_error: float
    """Mean distance of a sum from the exact score, in log-odds."""
    same_list: float | None
    """Share of the exact list that the points list too; None where few children differ."""
    reason: str


class MeasuredSections(Document):
    """The sections that are measured on out-of-fold predictions."""

    cohort: CohortSummary
    performance: tuple[Performance, ...]
    differences: tuple[Difference, ...]
    groups: tuple[GroupFigure, ...]
    gaps: tuple[Gap, ...]
    material_gaps: tuple[str, ...]
    """A sentence for each group that is worse off than all others by the tolerance or more, in any of the metrics."""
    attribution: tuple[Attribution, ...]
    calibration: tuple[CalibrationBin, ...]
    net_benefit: tuple[NetBenefit, ...]
    """The decision curve: intervals of one comparison hold at all thresholds at once."""
    combined: tuple[CombinedGroup, ...]
    """Small groups that are combined, by the hierarchy of England's ethnic groups where they are such."""
    points: WholePointsCost | None
    """None where there are no whole points."""
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
