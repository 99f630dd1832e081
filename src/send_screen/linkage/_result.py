"""The result of linking agencies' rows to children: the crosswalk, counts by agency, and expected errors."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from send_screen.documents import count
from send_screen.linkage._expected_errors import Expected, ExpectedErrors
from send_screen.results import Result, Section
from send_screen.specs import Linkage

LINKED, CLERICAL, CONFLICT = "linked", "in doubt", "conflict"
PROBABILISTIC = "match probability"


@dataclass(frozen=True, repr=False)
class LinkageResult(Result):
    """Which rows of agencies' tables belong to which children, and how that is known.

    A console and a notebook show counts and no child.
    """

    crosswalk: pd.DataFrame
    """One row per row of an agency that is linked, in doubt or in conflict: ``child_id`` (of the child, or of the one
    whose it may be; missing where an identifier is that of several),
    ``contract``, ``file``, ``row``, ``person_id`` (the agency's number), ``status`` (``linked``, ``in doubt`` or
    ``conflict``; the last two are not linked), ``link`` (the round, or ``match probability``), ``probability`` (missing
    for a round by identifier) and ``reason`` (of a conflict, or why a likely record is in doubt)."""
    n_children: int
    n_rows: dict[str, int]
    """Rows by contract."""
    linkage: Linkage
    """Whether probabilistic linkage was used, and its thresholds."""
    expected: dict[str, ExpectedErrors] = field(default_factory=dict)
    """Expected errors of the probabilistic round, by contract."""
    parameters: dict[str, pd.DataFrame] = field(default_factory=dict)
    """The m and u probability of each level of agreement, by contract."""
    notes: tuple[str, ...] = ()
    """On identifiers that were not used."""

    @property
    def links(self) -> pd.DataFrame:
        """The rows of the crosswalk that are linked."""
        return self.crosswalk[self.crosswalk["status"] == LINKED]

    @property
    def counts(self) -> pd.DataFrame:
        """By contract: rows, rows linked, in doubt, in conflict and of nobody, and children linked."""
        by_status = pd.crosstab(self.crosswalk["contract"], self.crosswalk["status"])
        counts = by_status.reindex(index=list(self.n_rows), columns=[LINKED, CLERICAL, CONFLICT], fill_value=0)
        rows = pd.Series(self.n_rows, dtype="int64")
        children = self.links.groupby("contract")["child_id"].nunique().reindex(counts.index, fill_value=0)
        return counts.assign(rows=rows, nobody=rows - counts.sum(axis=1), children=children)

    def of_children(self, child_ids: Collection[str]) -> LinkageResult:
        """Return the links of some children: what may be another's too is left out."""
        known = self.crosswalk["child_id"].isin(list(child_ids))
        return replace(self, crosswalk=self.crosswalk[known].reset_index(drop=True), n_children=len(child_ids))

    @property
    def headline(self) -> str:
        """The number of agencies' tables, and of children."""
        tables = count(len(self.n_rows), "table", "tables")
        return f"{tables} linked to {count(self.n_children, 'child', 'children')}."

    def sections(self) -> Iterable[Section]:
        """Yield what was linked, table by table, and how."""
        yield Section([*(self.describe(name) for name in self.n_rows), *self.notes])

    def describe(self, contract: str) -> str:
        """Return in words how many children a table was linked to and how, and what was not.

        Parameters
        ----------
        contract : str
            The contract of the table.

        Returns
        -------
        str
        """
        counts = self.counts.to_dict("index")[contract]
        rounds = self.links[self.links["contract"] == contract].drop_duplicates("child_id")["link"].value_counts()
        how = ", ".join(f"{n:,} by {link}" for link, n in rounds.items())
        text = f"{contract}: {counts['children']:,} of {count(self.n_children, 'child', 'children')} linked"
        text += f" ({how})." if how else "."
        text += f" Of {count(counts['rows'], 'row', 'rows')}, {counts['nobody']:,} of nobody here"
        text += f", {counts[CLERICAL]:,} in doubt and {counts[CONFLICT]:,} in conflict, which were not linked."
        if contract in self.expected:
            errors = self.expected[contract]
            text += f" Expected: {_about(errors.false_links, 'false link', 'false links')}, "
            text += f"{_about(errors.missed_links, 'missed', 'missed')}."
        return text

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, without a child."""
        return {
            "n_children": self.n_children,
            "tables": self.counts.to_dict("index"),
            "expected": {
                name: {"false_links": list(errors.false_links), "missed_links": list(errors.missed_links)}
                for name, errors in self.expected.items()
            },
        }


def _about(expected: Expected, singular: str, plural: str) -> str:
    return f"{expected.value:.1f} {singular if expected.value == 1 else plural} ({expected.low} to {expected.high})"
