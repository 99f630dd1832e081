"""Counts that an intruder knows besides a version's report: from prior releases, and from the risk tables.

An intruder is somebody who adds and subtracts all that is published. A prior release is an earlier version with a
published report on the same cohort, or an overlapping one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from send_screen.cohorts import Cohort
from send_screen.errors import SendScreenError
from send_screen.evaluation import revealed_counts
from send_screen.governance import sha256_of
from send_screen.published import PriorRelease, PublishedReport, RevealedCounts
from send_screen.specs import ModelSpec
from send_screen.tables import MINIMUM_CHILDREN, LevelsTerm, RiskTables, ShapeTerm, bin_of
from send_screen.tracking import PriorRun, unreadable_release


def prior_releases(spec: ModelSpec, runs: Sequence[PriorRun], *, version: str, n: int) -> list[PriorRelease]:
    """Return the prior releases that a version on a cohort of ``n`` children must account for.

    They are the runs in the MLflow store, and those that these accounted for, even if deleted since. A release has

    - its counts, if its cohort is the same;
    - ``different_cohort`` and no counts, if the cohorts differ and it published groups with counts. They may differ by
      any number of children if model and file are the same (other schools were held out), else by fewer than ten;
    - no counts, if the cohorts differ by ten or more and subtracting its figures would expose some figure.

    Any other is left out. If ``version`` itself was published before, its prior releases of then are returned, so that
    it publishes the same figures again.
    """
    names = {group.label: group.name for group in spec.groups}
    published, accounted_for = [], []
    for run in runs:
        try:
            report = PublishedReport.from_json(run.published)
        except SendScreenError:
            raise unreadable_release(run.run_id) from None
        if run.version_id == version:
            return list(report.disclosure.prior_releases)
        release = PriorRelease(
            version=run.version_id,
            model=report.version.name,
            published_sha256=sha256_of(run.published),
            n=report.cohort.n or 0,
            counts=_counts(report, names),
            exposed=None if run.overlap is None else run.overlap.exposed,
        )
        n_not_shared = abs(release.n - n) if run.overlap is None else run.overlap.n_not_shared
        same_model = run.same_data and release.model == spec.name
        with_counts = any(row.n is not None for row in report.groups)
        published.append(_known_part(release, n_not_shared, same_model=same_model, with_counts=with_counts))
        for prior in report.disclosure.prior_releases:
            unknown = prior.different_cohort or not prior.counts  # whose counts that run has not kept
            accounted_for.append(
                _known_part(
                    prior.model_copy(update={"different_cohort": unknown, "exposed": None}),
                    abs(prior.n - n),
                    same_model=prior.model == spec.name,
                    with_counts=unknown or any(row.n is not None for row in prior.counts),
                )
            )
    found: dict[str, PriorRelease] = {}
    for known in (*published, *accounted_for):
        if known is not None:
            found.setdefault(known.published_sha256, known)
    return list(found.values())


def _known_part(
    release: PriorRelease, n_not_shared: int, *, same_model: bool, with_counts: bool
) -> PriorRelease | None:
    """Return a prior release with what a version must know of it, given the overlap of the cohorts; None if nothing."""
    if not n_not_shared and not release.different_cohort:
        return release
    if n_not_shared >= MINIMUM_CHILDREN and not same_model:
        return release.model_copy(update={"counts": ()}) if release.exposed else None
    return release.model_copy(update={"different_cohort": True, "counts": (), "exposed": ()}) if with_counts else None


def _counts(report: PublishedReport, names: Mapping[str, str]) -> tuple[RevealedCounts, ...]:
    """Return the counts that a report reveals of groups in this spec; ``names`` maps labels to names of attributes."""
    return revealed_counts(
        row.model_copy(update={"attribute": " × ".join(names[part] for part in parts)})
        for row in report.groups
        if set(parts := row.attribute.split(" × ")) <= set(names)
    )


def counts_revealed_by_tables(spec: ModelSpec, tables: RiskTables, cohort: Cohort) -> list[tuple[str, list[str]]]:
    """Return sets of groups whose number of children follows from the counts in the model's tables.

    It does where some groups of an attribute together are exactly the children of some bins, levels or cells of a term
    (missing values are a bin) whose counts are all published. An example is a feature from the same column as a group.
    ``cohort`` is the tables' training data.
    """
    groups = {str(name): cohort.sensitive[name].astype(str) for name in cohort.sensitive}
    groups |= {" × ".join(names): _joined(groups, names) for names in spec.intersections}
    revealed: set[tuple[str, tuple[str, ...]]] = set()
    for bins, is_counted in _counted(tables, cohort.X):
        for attribute, group in groups.items():
            revealed |= {(attribute, names) for names in _groups_of_bins(bins, is_counted, group)}
    return [(attribute, list(names)) for attribute, names in sorted(revealed)]


def _groups_of_bins(bins: np.ndarray, is_counted: np.ndarray, group: pd.Series) -> set[tuple[str, ...]]:
    """Return the smallest sets of groups that consist of whole bins, all with published counts."""
    codes, names = pd.factorize(group, sort=True)
    bin_codes, _ = pd.factorize(bins)
    size = len(names) + bin_codes.max() + 1
    # bipartite graph of groups and bins that share a child
    graph = coo_array((np.ones(len(codes)), (codes, len(names) + bin_codes)), shape=(size, size))
    n_parts, part = connected_components(graph, directed=False)
    uncounted = set(part[codes[~is_counted]])
    found = [
        tuple(map(str, names[part[: len(names)] == number])) for number in range(n_parts) if number not in uncounted
    ]
    return {groups for groups in found if len(groups) < len(names)}


def _joined(groups: dict[str, pd.Series], names: Sequence[str]) -> pd.Series:
    joined = groups[names[0]]
    for name in names[1:]:
        joined = joined + " × " + groups[name]
    return joined


def _counted(tables: RiskTables, X: pd.DataFrame) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield for each term the bin of each child, and whether that bin's count is published."""
    # a number, or the position of a level; NaN where missing
    encoded = {term.feature: term.encode(X[term.feature]) for term in tables.terms}
    for term in tables.terms:
        x = encoded[term.feature]
        counts: Sequence[int | None]
        if isinstance(term, ShapeTerm):
            bins, counts = bin_of(term.edges, x), term.n or [None] * (len(term.edges) + 1)
        elif isinstance(term, LevelsTerm):
            missing = len(term.levels)
            bins, counts = np.where(np.isnan(x), missing, x).astype(int), term.counts or [None] * missing
        else:
            bins, counts = np.isnan(x).astype(int), [term.n]
        yield bins, _is_counted([*counts, term.n_missing])[bins]
    for interaction in tables.interactions:
        first, second = (
            bin_of(edges, encoded[f]) for edges, f in zip(interaction.edges, interaction.features, strict=True)
        )
        if interaction.n is not None:
            _rows, columns = interaction.shape
            bins = first * columns + second
            yield bins, _is_counted([n for row in interaction.n for n in row])[bins]


def _is_counted(counts: Sequence[int | None]) -> np.ndarray:
    return np.array([n is not None for n in counts])
