"""Report what became of the children of a screening run, once it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from send_screen.cohorts import later_outcomes, load_cohort
from send_screen.errors import DataError, UsageError
from send_screen.evaluation import distance_to_line, regression_discontinuity
from send_screen.evaluation._outcome_shares import shares_of
from send_screen.evaluation._outcome_suppression import merge_small_groups, published_counts
from send_screen.evaluation._outcome_table import OutcomeTable, outcome_table
from send_screen.evaluation._review_estimates import estimates_of
from send_screen.reports import OutcomeFigures, render_outcomes
from send_screen.reports._outcomes_page import CAUSE, NOT_KNOWN
from send_screen.reports._text import format_date
from send_screen.results import Result, Section
from send_screen.screening import Capacity, Decision, RoleAccess, read_decisions, role_access, select_children
from send_screen.specs import Group, ModelSpec
from send_screen.workflows._export import load_model, was_withdrawn
from send_screen.workflows._folders import write_output
from send_screen.workflows._outcome_children import children_of
from send_screen.workflows._screening_again import make_again

WITHDRAWN = "This version was withdrawn for good: send-screen history says when, by whom and why."


@dataclass(frozen=True, repr=False)
class Outcomes(Result):
    """What became of the children of a screening run: counts and estimates, without a row of any child."""

    figures: OutcomeFigures
    """The tables, and their sentences."""
    out: Path | None
    """The page, where one was written."""

    @property
    def headline(self) -> str:
        """The model, and the outcome."""
        version = self.figures.version
        return f"{version.title}: who later {version.outcome_description}."

    def sections(self) -> Iterable[Section]:
        """Yield the shares by kind of child, the list's accuracy, and the effect at the line."""
        yield Section([*self.figures.outcomes(), NOT_KNOWN], "What became of the children")
        yield Section([*self.figures.accuracy(), CAUSE], "How right the list is, from children drawn at random")
        yield Section(self.figures.at_the_line(), "What being listed did, at the line")
        lines = [*self.figures.notes, *([f"The page: {self.out}"] if self.out else [])]
        if lines:
            yield Section(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the tables as records."""

        def records(table: pd.DataFrame) -> list[dict[str, Any]]:
            rows = table.astype(object).where(table.notna(), None).to_dict("records")
            return [{str(name): value for name, value in row.items()} for row in rows]

        found = self.figures
        return {
            "format": "send_screen.outcomes/1",
            "version": found.version.id,
            "shares": records(found.shares),
            "estimates": records(found.estimates),
            "effect_at_line": records(found.effect),
            "notes": list(found.notes),
        }


def outcomes(
    model: str | Path,
    data: str | Path,
    *,
    ledger: str | Path | None = None,
    capacity: str | None = None,
    per_school: bool = False,
    decisions: Sequence[str | Path] = (),
    role: str | None = None,
    unsuppressed: bool = False,
    out: str | Path | None = None,
    academic_year: str | None = None,
    tracking_uri: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Outcomes:
    """Report what became of the children of a screening run, and what that says of the list.

    The run is made again from the files that were screened: the same version, files and capacity give the same list
    and the same review sample. With the ledger of the run, the list must be the one that was recorded.

    Parameters
    ----------
    model : str or pathlib.Path
        See :func:`load_model`.
    data : str or pathlib.Path
        The files that were screened, with that of the outcome beside them: a folder with one file per contract, or one
        file with all columns.
    ledger : str or pathlib.Path, optional
        The ledger of the run, which knows its capacity and what was decided.
    capacity : str, optional
        Without a ledger, as in the run: ``"30"`` or ``"10%"``; by default the spec's.
    per_school : bool, default False
        Without a ledger, as in the run.
    decisions : sequence of str or pathlib.Path
        Lists that came back and are not in the ledger, ``list.xlsx`` or ``list.csv``.
    role : str, optional
        The role that will read the page; by default the SENCO. It must be one that may see the outcome. Groups by a
        column that it may not see are left out.
    unsuppressed : bool, default False
        Whether to show counts of 1 to 9 children too, for those who may see the children's rows.
    out : str or pathlib.Path, optional
        Write a page (``.html``).
    academic_year : str, optional
        The academic year of a file that does not say it, such as ``"2025/26"``.
    tracking_uri : str, optional
        Where the registry is, for ``models:/...``.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    Outcomes

    Raises
    ------
    UsageError
        If there is no such version, the capacity is invalid, or the role may not see the outcome.
    DataError
        If the files cannot be used, or say of nobody what happened later.
    LedgerError
        If the ledger was altered, or no run in it lists the children whom this version lists from these files.
    MachineError
        If ``out`` cannot be written.

    Notes
    -----
    The accuracy is estimated from the review sample (``review_sample`` in the spec), since being listed changes what is
    found.

    Examples
    --------
    >>> from send_screen import outcomes
    >>> found = outcomes("model", "reception_2025", out="outcomes.html")  # doctest: +SKIP
    >>> print(found.figures.outcomes()[0])  # doctest: +SKIP
    Of 100 children listed, 38 (95 %: 31 to 46) later had SEN support or an EHC plan by January of Year 2; n = 210.
    """
    if progress is not None:
        progress("Making the list again, and reading what became of the children")
    # what became of those whom a withdrawn version listed is asked all the more
    bundle = load_model(model, tracking_uri=tracking_uri, allow_withdrawn=True)
    spec, contracts = bundle.spec, bundle.contracts
    access = role_access(contracts, role)
    hidden = _hidden_groups(spec, access)
    cohort = load_cohort(spec, data, training=False, contracts=contracts, academic_year=academic_year)
    decided: dict[str, Decision] = {}
    if ledger is None:
        given = Capacity.parse(capacity) if capacity else None
        selection = select_children(bundle, cohort, capacity=given, per_school=per_school)
        note = "The list was made again, and not compared with the ledger of the run: give it with --ledger."
    elif capacity or per_school:
        raise UsageError(
            "The ledger says how many were listed, and of whom.", remedy="Leave out --capacity and --per-school."
        )
    else:
        again = make_again(bundle, cohort, ledger)
        selection, decided = again.selection, again.decisions
        note = (
            f"The list is that of entry {again.entry.number} of the ledger, of {format_date(again.entry.when.date())}."
        )
    later = later_outcomes(spec, data, contracts=contracts, academic_year=academic_year)
    children = children_of(selection, later, {**decided, **_decisions(decisions)})
    children = children.drop(columns=[f"group.{group.name}" for group in hidden])
    if (children["state"] == "not_known").all():
        raise DataError(
            "The files say of nobody what happened later.",
            remedy=f"Add the file of {spec.outcome.column.contract} to those that were screened.",
        )
    labels = {f"group.{group.name}": f"group.{group.label}" for group in spec.groups}
    notes = [
        note,
        *(
            f"{group.label}: not shown to the role {access.role}; ask {contracts[group.column.contract].agency_name}."
            for group in hidden
        ),
    ]
    if was_withdrawn(bundle, model, ledger=ledger, tracking_uri=tracking_uri):
        notes.append(WITHDRAWN)
    table = outcome_table(children.rename(columns=labels))
    table = table if unsuppressed else merge_small_groups(table)
    published = None if unsuppressed else published_counts(table)  # once: it takes seconds
    figures = OutcomeFigures(
        bundle.published.version,
        shares_of(table, published),
        estimates_of(table, published),
        _effect_at_line(table),
        tuple(notes),
    )
    if out is not None:
        write_output({Path(out): render_outcomes(figures, unsuppressed=unsuppressed)})
    return Outcomes(figures, None if out is None else Path(out))


def _hidden_groups(spec: ModelSpec, access: RoleAccess) -> list[Group]:
    """Return the groups that a role may not see; raise UsageError where it may not see the outcome."""
    outcome = spec.outcome.column
    if not access.may_see(outcome):
        contract = access.contracts[outcome.contract]
        allowed = ", ".join(sorted(contract.columns[outcome.column].visible_to))
        raise UsageError(
            f"The role {access.role} may not see what became of the children.",
            remedy=f"Ask {contract.agency_name}. These roles may: {allowed}.",
        )
    return [group for group in spec.groups if not access.may_see(group.column)]


def _decisions(files: Sequence[str | Path]) -> dict[str, Decision]:
    """Return what was decided of each child, the last file first; a row with a problem says nothing."""
    return {
        row.child_id: row.record.decision
        for file in files
        for row in read_decisions(file).rows
        if row.record.decision is not None and not row.problems
    }


def _effect_at_line(table: OutcomeTable) -> pd.DataFrame:
    """Return the effect of being listed on support, and on whether the outcome is known, for children at the line.

    The review sample is left out: it is below the line and was discussed.
    """
    at_line = table.frame["score"].notna().to_numpy() & (table.kind != "review_sample")
    screened, listed, supported = table.frame[at_line], table.kind[at_line] == "listed", table.outcome[at_line]
    school = screened["school"].to_numpy()
    distance = distance_to_line(screened["score"].to_numpy(), listed, screened["list_of"].to_numpy())
    known = np.isfinite(supported).astype(float)
    rows = []
    for name, values in (("supported", supported), ("known", known)):
        found = regression_discontinuity(values, distance, listed, school)
        rows.append([name, found.value, found.low, found.high, int(found.n), found.schools, found.reason])
    return pd.DataFrame(rows, columns=["outcome", "value", "low", "high", "n", "schools", "reason"])
