"""Counts that an intruder may know apart from a version's report: from prior releases and from the model's tables.

A prior release is an earlier version with figures published of the same children, or of some of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from send_screen.cohorts import Cohort
from send_screen.errors import DataError, SendScreenError
from send_screen.evaluation import revealed_counts
from send_screen.governance import sha256_of
from send_screen.published import PriorRelease, PublishedReport, RevealedCounts
from send_screen.specs import ModelSpec
from send_screen.tables import MINIMUM_CHILDREN, LevelsTerm, RiskTables, ShapeTerm
from send_screen.tracking import PriorRun


def prior_releases(spec: ModelSpec, runs: Sequence[PriorRun], *, version: str, n: int) -> list[PriorRelease]:
    """Return the prior releases that a version on a cohort of ``n`` children must account for.

    Each run in the MLflow store is one, and so is each that it accounted for itself, even if deleted since. It has

    - its counts, if its cohort is the same;
    - ``different_cohort`` and no counts, if the cohorts differ and it published groups with their counts: by any number
      of children if model and file are the same, as where other schools are held out; else by fewer than ten;
    - no counts, if the cohorts differ by ten or more and subtracting its figures would expose some figure.

    Any other is left out. If ``version`` itself was published before, the answer is the prior releases of that
    publication, so that the same version publishes the same figures again.
    """
    names = {group.label: group.name for group in spec.groups}
    published, accounted_for = [], []
    for run in runs:
        try:
            report = PublishedReport.from_json(run.published)
        except SendScreenError:
            raise DataError(
                f"What run {run.run_id}, on these data, has published cannot be read.",
                file="published.json",
                remedy="Without it, new figures could give away single people. Put its published.json back.",
            ) from None
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
            unknown = prior.different_cohort or not prior.counts  # that run left out the counts
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
    """Return what a version must know of a prior release, whose cohort differs by some children; None if nothing."""
    if not n_not_shared and not release.different_cohort:
        return release
    if n_not_shared >= MINIMUM_CHILDREN and not same_model:
        return release.model_copy(update={"counts": ()}) if release.exposed else None
    return release.model_copy(update={"different_cohort": True, "counts": (), "exposed": ()}) if with_counts else None


def _counts(report: PublishedReport, names: Mapping[str, str]) -> tuple[RevealedCounts, ...]:
    """Return the counts that a report reveals of groups of this spec, whose labels are ``names``."""
    return revealed_counts(
        row.model_copy(update={"attribute": " × ".join(names[part] for part in parts)})
        for row in report.groups
        if set(parts := row.attribute.split(" × ")) <= set(names)
    )


def counts_revealed_by_tables(spec: ModelSpec, tables: RiskTables, cohort: Cohort) -> list[tuple[str, list[str]]]:
    """Return sets of groups whose number of children follows from the counts in the model's tables.

    It follows where the groups of an attribute together are exactly the children of some bins, levels or cells of a
    term (missing values are a bin), and the counts of these are all published, as where a feature and a group hold the
    same. The cohort is the one that the tables count.
    """
    groups = {str(name): cohort.sensitive[name].astype(str) for name in cohort.sensitive}
    groups |= {" × ".join(names): _joined(groups, names) for names in spec.intersections}
    revealed: set[tuple[str, tuple[str, ...]]] = set()
    for bins, is_counted in _counted(tables, cohort.X):
        for attribute, group in groups.items():
            revealed |= {(attribute, names) for names in _groups_of_bins(bins, is_counted, group)}
    return [(attribute, list(names)) for attribute, names in sorted(revealed)]


def _groups_of_bins(bins: np.ndarray, is_counted: np.ndarray, group: pd.Series) -> set[tuple[str, ...]]:
    """Return the smallest sets of groups that are made up of whole bins, all of them counted."""
    codes, names = pd.factorize(group, sort=True)
    bin_codes, _ = pd.factorize(bins)
    size = len(names) + bin_codes.max() + 1
    together = coo_array((np.ones(len(codes)), (codes, len(names) + bin_codes)), shape=(size, size))
    n_parts, part = connected_components(together, directed=False)
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
    """Yield the bin that each child is in, and whether the number of its children is published, for each term."""
    # encoded values: a number, or the position of a level; NaN where missing
    encoded = {term.feature: term.encode(X[term.feature]) for term in tables.terms}
    for term in tables.terms:
        x = encoded[term.feature]
        counts: Sequence[int | None]
        if isinstance(term, ShapeTerm):
            bins, counts = _bin(term.edges, x), term.n or [None] * (len(term.edges) + 1)
        elif isinstance(term, LevelsTerm):
            missing = len(term.levels)
            bins, counts = np.where(np.isnan(x), missing, x).astype(int), term.counts or [None] * missing
        else:
            bins, counts = np.isnan(x).astype(int), [term.n]
        yield bins, _is_counted([*counts, term.n_missing])[bins]
    for interaction in tables.interactions:
        first, second = (
            _bin(edges, encoded[f]) for edges, f in zip(interaction.edges, interaction.features, strict=True)
        )
        if interaction.n is not None:
            _rows, columns = interaction.shape
            bins = first * columns + second
            yield bins, _is_counted([n for row in interaction.n for n in row])[bins]


def _is_counted(counts: Sequence[int | None]) -> np.ndarray:
    return np.array([n is not None for n in counts])


def _bin(edges: Sequence[float], x: np.ndarray) -> np.ndarray:
    """Return the bin of each coordinate; a missing value is in the bin after the last."""
    return np.where(np.isnan(x), len(edges) + 1, np.searchsorted(edges, x, side="right"))
