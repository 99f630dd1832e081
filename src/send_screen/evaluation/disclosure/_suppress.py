"""Primary and secondary suppression: no count of 1 to 9 can be derived from the figures that are published.

The figures of a group are published or suppressed in three parts. ``prevalence`` is the number of children and of those
with the outcome, on which ROC AUC and calibration rest. ``recall`` is the number listed of those with the outcome,
``specificity`` of those without. Selection rate and precision rest on all three. A part is suppressed because it would
reveal a count of 1 to 9 (primary suppression), or because an intruder could narrow such a count down to fewer than five
children by adding and subtracting the others (secondary suppression). Rates under secondary suppression are published
rounded and without counts where that is safe, so that three children of unknown sex do not suppress all about girls.

The intruder knows every published figure exactly, how many children there are and how many are listed, that a named
group has a child, what prior releases revealed of the same children, what the model's tables reveal, and that a
sensitive count is 1 to 9, and can combine all of that. Of a prior release with another list only the numbers of
children and of those with the outcome are used, and no groups are crossed that it did not cross. The intruder is
assumed to know no single child: somebody who knows nine of ten children learns about the tenth from any figure about
the ten.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.errors import DataError
from send_screen.evaluation.disclosure._contingency_table import (
    ALL,
    COUNTS,
    PARTS,
    ContingencyTable,
    Key,
    Part,
    Unit,
    is_small,
)
from send_screen.evaluation.disclosure._intruder import MIN_WIDTH, Intruder, SensitiveCell
from send_screen.evaluation.disclosure._prior_releases import prior_knowledge
from send_screen.evaluation.disclosure._rounding import STEPS, rounded
from send_screen.published import ExcludedRows, PriorRelease
from send_screen.tables import MINIMUM_CHILDREN

#: Counts of 1 to 9 that make a part subject to primary suppression.
_SMALL: dict[Part, tuple[str, ...]] = {
    "prevalence": ("n", "with_outcome", "without_outcome"),
    "recall": ("true_positives", "false_negatives"),
    "specificity": ("false_positives", "true_negatives"),
}
#: Parts that a metric rests on; any other metric rests on all.
_RESTS_ON: dict[str, tuple[Part, ...]] = {
    **dict.fromkeys(
        (
            "prevalence",
            "roc_auc",
            "average_precision",
            "calibration_slope",
            "calibration_intercept",
            "calibration_in_the_large",
        ),
        ("prevalence",),
    ),
    **dict.fromkeys(("recall", "false_negative_rate"), ("prevalence", "recall")),
    **dict.fromkeys(("specificity", "false_positive_rate"), ("prevalence", "specificity")),
}
#: Metrics that reveal no count once rounded -> the rate under whose condition they are published rounded.
_ROUNDED_WITH = {
    "roc_auc": "prevalence",
    "calibration_slope": "prevalence",
    "calibration_in_the_large": "prevalence",
}
#: Information loss: combinations of groups are suppressed before groups, recall last, small groups before large ones.
_CROSSED, _GROUP = 1.0, 5.0
_LOSS: dict[Part, float] = {"prevalence": 1.0, "recall": 2.0, "specificity": 1.0}


@dataclass(frozen=True)
class Suppression:
    """The parts of groups that are suppressed, and the rates that are published rounded instead."""

    units: frozenset[Unit]
    steps: Mapping[tuple[Key, str], float]
    """Rounding step of each rate of a group that is published rounded."""

    def suppresses(self, metric: str, *keys: Key) -> bool:
        """Return whether a metric that involves all these groups rests on a suppressed part."""
        parts = _RESTS_ON.get(metric, tuple(PARTS))
        return any((key, part) in self.units for key in keys for part in parts)

    def suppresses_part_of_list(self, key: Key) -> bool:
        """Return whether the prevalence of a group is published, and who of it is listed is not."""
        return not self.suppresses("prevalence", key) and self.suppresses("precision", key)

    def step(self, metric: str, key: Key) -> float | None:
        """Return the rounding step of a suppressed metric; None where it is not published at all."""
        step = self.steps.get((key, _ROUNDED_WITH.get(metric, metric)))
        return STEPS[0] if step is not None and metric in ("roc_auc", "calibration_slope") else step

    def suppresses_group(self, key: Key) -> bool:
        """Return whether not even the prevalence of a group is published."""
        return self.suppresses("prevalence", key) and self.step("prevalence", key) is None


def suppress(
    table: ContingencyTable,
    *,
    prior_releases: Sequence[PriorRelease] = (),
    revealed: Sequence[tuple[str, Sequence[str]]] = (),
    overlapping: bool = False,
) -> Suppression:
    """Return the primary and secondary suppression of a table, and the rates that are published rounded.

    What a prior release on the same children suppressed is suppressed again, and what it revealed is known to the
    intruder. So is the number of children of the ``revealed`` groups of an attribute, in sum. With ``overlapping``, a
    prior release on an overlapping cohort, all counts of groups are suppressed, and rates rounded with the coarsest
    step. Raises a DataError where no suppression protects a sensitive count, since there are too few children in all.
    """
    before = [prior_knowledge(table, one) for one in prior_releases]
    known = [form for one in before for form in one.forms]
    known += [_revealed(table, *one) for one in revealed if all((one[0], group) in table.members for group in one[1])]
    rounded_before = {rate for one in before for rate in one.rounded}
    inherited = {unit for one in before for unit in one.suppressed}
    primary = _primary_suppression(table)
    forbidden = {unit for one in before for unit in one.forbidden}
    suppressed = primary | inherited | forbidden
    intruder = Intruder(
        counts=table.counts.ravel(),
        equalities=[*table.equalities(), *_known_totals(table)],
        limits=[
            *(
                (-table.linear_form(key, "n"), -float(table.n_levels.get(key, 1)))
                for key in table.members
                if key != ALL and key not in table.crossed
            ),
            *(limit for rate in sorted(rounded_before) for limit in table.rate_inequalities(*rate)),
        ],
    )
    sensitive = _sensitive_cells(table, inherited)
    for cell in sensitive:
        suppressed |= _secondary_suppression(table, intruder, cell, suppressed, known)
    cross_tabulations = _cross_tabulations(table)
    for cells in cross_tabulations:
        while exposed := intruder.exposed_cells(cells, [*known, *_published_sums(table, suppressed)]):
            more = _secondary_suppression(table, intruder, exposed, suppressed, known) - suppressed
            if not more:
                break  # no suppression helps: a prior release, or a very short list, revealed it
            suppressed |= more
            sensitive.append(exposed)
    if overlapping:
        suppressed |= set(_published_units(table, suppressed))
    public = [*known, *_published_sums(table, suppressed)]
    steps = rounded(
        table,
        intruder,
        sensitive,
        cross_tabulations,
        public,
        suppressed - primary - forbidden,
        rounded_before if before else None,
        STEPS[-1:] if overlapping else STEPS,
    )
    return Suppression(frozenset(suppressed), steps)


def _secondary_suppression(
    table: ContingencyTable,
    intruder: Intruder,
    cell: SensitiveCell,
    suppressed: set[Unit],
    known: Sequence[np.ndarray],
) -> set[Unit]:
    """Return the further units to suppress so that a sensitive cell is protected."""
    units = _published_units(table, suppressed)
    forms = [_unit_forms(table, *unit) for unit in units]
    if intruder.is_protected(cell, [*known, *(form for part in forms for form in part)]):
        return set()
    costs = [_loss(table, *unit) + 1e-5 * i for i, unit in enumerate(units)]
    chosen = intruder.min_loss_suppression(cell, known, forms, costs)
    if chosen is None and known:
        # prior releases have already revealed it; at least this release must not
        unaware = Intruder(intruder.counts, intruder.equalities, intruder.limits)
        chosen = unaware.min_loss_suppression(cell, [], forms, costs)
    if chosen is not None:
        return {unit for i in chosen for unit in _with_dependants(*units[i])}
    if not cell.small:
        return set()
    if table.count(ALL, "listed") < MINIMUM_CHILDREN:
        # the length of such a short list cannot be suppressed: it follows from capacity and number of children
        return {(key, part) for key, part in units if part != "prevalence"}
    raise DataError(
        f"With {table.count(ALL, 'n'):.0f} rows, figures by group give people away, whatever is suppressed.",
        remedy="Take the groups out of the spec, or train on more rows.",
    )


def _cross_tabulations(table: ContingencyTable) -> list[np.ndarray]:
    """Return the linear forms of each count in the cells of each cross-tabulation: no set of them may be exposed.

    The number listed is left out where it is small, since it is known in any case.
    """
    listed = table.value(table.linear_form(ALL, "listed"))
    counts = [count for count in COUNTS if count != "listed" or listed >= MINIMUM_CHILDREN]
    return [cells for count in counts for cells in table.cell_forms(count)]


def _published_sums(table: ContingencyTable, suppressed: set[Unit]) -> list[np.ndarray]:
    return [form for unit in _published_units(table, suppressed) for form in _unit_forms(table, *unit)]


def _published_units(table: ContingencyTable, suppressed: set[Unit]) -> list[Unit]:
    """Return the parts of groups that are published."""
    return [
        (key, part) for key in _published_groups(table) if key != ALL for part in PARTS if (key, part) not in suppressed
    ]


def _with_dependants(key: Key, part: Part) -> list[Unit]:
    """Return a part and those that cannot be published without it: for prevalence, all parts."""
    return [(key, other) for other in (PARTS if part == "prevalence" else (part,))]


def _published_groups(table: ContingencyTable) -> list[Key]:
    """Return the groups and combinations that this release publishes."""
    return [key for key in table.members if key not in table.unpublished]


def _primary_suppression(table: ContingencyTable) -> set[Unit]:
    """Return the parts that reveal a count of 1 to 9, and all parts of empty combinations of groups.

    So a suppressed combination may be empty or small.
    """
    units = set()
    for key in _published_groups(table):
        counts = {count: table.count(key, count) for count in COUNTS}
        parts = [part for part in PARTS if any(is_small(counts[count]) for count in _SMALL[part])]
        empty = counts["n"] < 1e-9
        if key == ALL and {"recall", "specificity"} & set(parts):
            parts += ["recall", "specificity"]  # the length of the list is known, so each reveals the other
        units |= {(key, part) for part in (PARTS if empty or "prevalence" in parts else parts)}
    return units


def _known_totals(table: ContingencyTable) -> list[np.ndarray]:
    """Return the known counts of all children, as linear forms: total, listed, and those that are published."""
    parts = {part for key, part in _primary_suppression(table) if key == ALL}
    revealed = ["n", "listed", *(count for part in PARTS if part not in parts for count in PARTS[part])]
    return [table.linear_form(ALL, count) for count in dict.fromkeys(revealed)]


def _sensitive_cells(table: ContingencyTable, inherited: set[Unit]) -> list[SensitiveCell]:
    """Return every count of 1 to 9 of a group or of all others, and all counts that a prior release suppressed."""
    sensitive: dict[bytes, SensitiveCell] = {}
    for key in table.members:
        for count in COUNTS:
            forms = [table.linear_form(key, count), *([table.others(key, count)] if key not in table.crossed else [])]
            if key == ALL:
                forms = [] if count in ("n", "listed", "not_listed") else forms[:1]
            for form in forms:
                value = table.value(form)
                if is_small(value):
                    sensitive.setdefault(form.tobytes(), SensitiveCell(form, value))
    for key, part in sorted(inherited):
        if table.count(key, "n") > 0:
            for form in _unit_forms(table, key, part):
                sensitive.setdefault(form.tobytes(), SensitiveCell(form, table.value(form), small=False))
    return list(sensitive.values())


def _unit_forms(table: ContingencyTable, key: Key, part: Part) -> np.ndarray:
    return np.array([table.linear_form(key, count) for count in PARTS[part]])


def _loss(table: ContingencyTable, key: Key, part: Part) -> float:
    loss = sum(_LOSS[other] for _, other in _with_dependants(key, part))
    return (_CROSSED if key in table.crossed else _GROUP) * loss * math.log(2 + table.count(key, "n"))


def _revealed(table: ContingencyTable, attribute: str, groups: Sequence[str]) -> np.ndarray:
    revealed: np.ndarray = np.sum([table.linear_form((attribute, group), "n") for group in groups], axis=0)
    return revealed


def counts_by_reason(reasons: pd.Series) -> tuple[ExcludedRows, ...]:
    """Return the number of excluded rows for each reason, None where it is suppressed.

    An intruder may know the number of all rows, and so the sum of the suppressed counts. So the smallest other counts
    are suppressed too, until the feasibility interval of each is at least five wide.

    >>> rows = counts_by_reason(pd.Series(["no birth date"] * 40 + ["no school"] * 3 + ["twice"] * 12))
    >>> {row.reason: row.n for row in rows}
    {'no birth date': 40, 'no school': None, 'twice': None}
    """
    counts = {str(reason): int(n) for reason, n in reasons.value_counts().items()}
    in_order = sorted(counts, key=lambda reason: (counts[reason], reason))
    suppressed = [reason for reason in in_order if is_small(counts[reason])]
    for reason in in_order[len(suppressed) :]:
        # each of k suppressed reasons has at least one row, so each count is between 1 and sum - (k - 1)
        if not suppressed or (
            len(suppressed) > 1 and sum(counts[r] for r in suppressed) - len(suppressed) >= MIN_WIDTH
        ):
            break
        suppressed.append(reason)
    return tuple(ExcludedRows(reason=r, n=None if r in suppressed else counts[r]) for r in sorted(counts))
