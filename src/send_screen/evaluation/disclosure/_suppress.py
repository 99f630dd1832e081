"""Primary and secondary suppression: no count of 1 to 9 can be derived from the figures that are published.

What is published of a group comes in three parts: how many children and how many with the outcome (prevalence, ROC
AUC, calibration); the list among those with the outcome (recall); the list among those without (specificity).
Selection rate and precision rest on all three. A part is suppressed because it would reveal a count of 1 to 9 (primary
suppression), or because an intruder could narrow such a count down to fewer than five children by adding and
subtracting the others (secondary suppression). Shares of a group under secondary suppression are published all the
same, rounded and without counts, where that is safe: three children of unknown sex silence no finding about girls.

The intruder knows every published figure exactly, how many children there are and how many are listed, that a named
group has a child, what prior releases revealed of the same children, what the model's tables reveal, and that a
sensitive count is 1 to 9. All of that can be combined. Of a prior release with another list only the numbers of
children and of those with the outcome are known, and no groups are crossed that it did not cross. No single child is
known: somebody who knows nine of ten children of a group learns of the tenth from whatever is said of ten.
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

#: Counts that make a part primary when they are 1 to 9.
_SMALL: dict[Part, tuple[str, ...]] = {
    "prevalence": ("n", "with_outcome", "without_outcome"),
    "recall": ("true_positives", "false_negatives"),
    "specificity": ("false_positives", "true_negatives"),
}
#: Parts that a figure rests on; any other figure is taken to rest on all.
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
    **dict.fromkeys(("recall", "false_negative_rate"), ("prevalence", "recall")),  # the latter in gaps
    **dict.fromkeys(("specificity", "false_positive_rate"), ("prevalence", "specificity")),
}
#: Figures that reveal nothing of any count once they are rounded as a share is.
_ROUNDED_WITH = {
    "roc_auc": "prevalence",
    "calibration_slope": "prevalence",
    "calibration_in_the_large": "prevalence",
}
#: A combination of groups is given up before a group, a part about needs last; small groups before large ones.
_CROSSED, _GROUP = 1.0, 5.0
_LOSS: dict[Part, float] = {"prevalence": 1.0, "recall": 2.0, "specificity": 1.0}


@dataclass(frozen=True)
class Suppression:
    """Which parts of which groups are suppressed, and which shares are published rounded in their place."""

    units: frozenset[Unit]
    steps: Mapping[tuple[Key, str], float]
    """What a share of a group is rounded to a multiple of."""

    def suppresses(self, metric: str, *keys: Key) -> bool:
        """Return whether a figure about all these groups rests on something that is suppressed."""
        parts = _RESTS_ON.get(metric, tuple(PARTS))
        return any((key, part) in self.units for key in keys for part in parts)

    def step(self, metric: str, key: Key) -> float | None:
        """Return what a figure that is suppressed is rounded to instead; None where nothing may be said."""
        step = self.steps.get((key, _ROUNDED_WITH.get(metric, metric)))
        return STEPS[0] if step is not None and metric in ("roc_auc", "calibration_slope") else step

    def is_silent(self, key: Key) -> bool:
        """Return whether not even the prevalence of a group is published."""
        return self.suppresses("prevalence", key) and self.step("prevalence", key) is None


def suppress(
    table: ContingencyTable,
    *,
    prior_releases: Sequence[PriorRelease] = (),
    revealed: Sequence[tuple[str, Sequence[str]]] = (),
    overlapping: bool = False,
) -> Suppression:
    """Return the primary and secondary suppression of a table, and the shares that are published rounded.

    What a prior release on the same children suppressed is suppressed again; what it revealed is known. So is the
    number of children of the ``revealed`` groups of an attribute, together. Where a cohort that is ``overlapping``, not
    the same, had counts of groups published, all counts of groups are suppressed, and shares rounded as coarsely as
    any. Where too few children in all leave a sensitive count unprotected whatever is suppressed, that is a DataError.
    """
    before = [prior_knowledge(table, one) for one in prior_releases]
    known = [form for one in before for form in one.forms]
    known += [_revealed(table, *one) for one in revealed if all((one[0], group) in table.members for group in one[1])]
    rounded_before = {share for one in before for share in one.rounded}
    inherited = {unit for one in before for unit in one.suppressed}
    primary = _primary_suppression(table)
    silenced = {unit for one in before for unit in one.silenced}
    suppressed = primary | inherited | silenced
    intruder = Intruder(
        counts=table.counts.ravel(),
        equalities=[*table.equalities(), *_known_totals(table)],
        limits=[
            *(
                (-table.linear_form(key, "n"), -float(table.n_levels.get(key, 1)))
                for key in table.members
                if key != ALL and key not in table.crossed
            ),
            *(limit for share in sorted(rounded_before) for limit in table.between(*share)),
        ],
    )
    sensitive = _sensitive_cells(table, inherited)
    for cell in sensitive:
        suppressed |= _secondary_suppression(table, intruder, cell, suppressed, known)
    unions = _unions(table)
    for cells in unions:
        while exposed := intruder.exposed_union(cells, [*known, *_published_sums(table, suppressed)]):
            more = _secondary_suppression(table, intruder, exposed, suppressed, known) - suppressed
            if not more:
                break  # revealed by a prior release, or by how short the list is
            suppressed |= more
            sensitive.append(exposed)
    if overlapping:
        suppressed |= set(_open(table, suppressed))
    public = [*known, *_published_sums(table, suppressed)]
    steps = rounded(
        table,
        intruder,
        sensitive,
        unions,
        public,
        suppressed - primary - silenced,
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
    """Return what is to be suppressed as well so that a sensitive cell is protected."""
    units = _open(table, suppressed)
    forms = [_forms(table, *unit) for unit in units]
    if intruder.is_protected(cell, [*known, *(form for part in forms for form in part)]):
        return set()
    costs = [_loss(table, *unit) + 1e-5 * i for i, unit in enumerate(units)]
    chosen = intruder.min_loss_suppression(cell, known, forms, costs)
    if chosen is None and known:
        # what prior releases gave away cannot be taken back; at least nothing that is said now may reveal it
        unaware = Intruder(intruder.counts, intruder.equalities, intruder.limits)
        chosen = unaware.min_loss_suppression(cell, [], forms, costs)
    if chosen is not None:
        return {unit for i in chosen for unit in _with_dependants(*units[i])}
    if not cell.small:
        return set()
    if table.count(ALL, "listed") < MINIMUM_CHILDREN:
        # so short a list cannot be hidden: its length follows from the capacity and the number of children
        return {(key, part) for key, part in units if part != "prevalence"}
    raise DataError(
        f"With {table.count(ALL, 'n'):.0f} children, figures by group give children away, whatever is suppressed.",
        remedy="Take the groups out of the spec, or train on more children.",
    )


def _unions(table: ContingencyTable) -> list[np.ndarray]:
    """Return the counts of the cells of each cross-tabulation, of which no union may be exposed.

    Of all children together it is known how many there are and how many are listed, however few they are.
    """
    listed = table.value(table.linear_form(ALL, "listed"))
    counts = [count for count in COUNTS if count != "listed" or listed >= MINIMUM_CHILDREN]
    return [cells for count in counts for cells in table.cell_forms(count)]


def _published_sums(table: ContingencyTable, suppressed: set[Unit]) -> list[np.ndarray]:
    return [form for unit in _open(table, suppressed) for form in _forms(table, *unit)]


def _open(table: ContingencyTable, suppressed: set[Unit]) -> list[Unit]:
    """Return the parts that are published, of all children together aside."""
    return [(key, part) for key in _shown(table) if key != ALL for part in PARTS if (key, part) not in suppressed]


def _with_dependants(key: Key, part: Part) -> list[Unit]:
    """Return a part and the parts that print it too: a recall is published with the number with the outcome."""
    return [(key, other) for other in (PARTS if part == "prevalence" else (part,))]


def _shown(table: ContingencyTable) -> list[Key]:
    """Return the groups of which something is to be published."""
    return [key for key in table.members if key not in table.silent]


def _primary_suppression(table: ContingencyTable) -> set[Unit]:
    """Return the parts that reveal a count of 1 to 9, and combinations of groups that no child is in.

    A suppressed combination may thus be empty as well as small.
    """
    units = set()
    for key in _shown(table):
        counts = {count: table.count(key, count) for count in COUNTS}
        parts = [part for part in PARTS if any(is_small(counts[count]) for count in _SMALL[part])]
        empty = counts["n"] < 1e-9
        if key == ALL and {"recall", "specificity"} & set(parts):
            parts += ["recall", "specificity"]  # the length of the list is known: one gives the other away
        units |= {(key, part) for part in (PARTS if empty or "prevalence" in parts else parts)}
    return units


def _known_totals(table: ContingencyTable) -> list[np.ndarray]:
    """Return what is known of all children together: how many, how many are listed, and what is published."""
    parts = {part for key, part in _primary_suppression(table) if key == ALL}
    revealed = ["n", "listed", *(count for part in PARTS if part not in parts for count in PARTS[part])]
    return [table.linear_form(ALL, count) for count in dict.fromkeys(revealed)]


def _sensitive_cells(table: ContingencyTable, inherited: set[Unit]) -> list[SensitiveCell]:
    """Return every count of 1 to 9 of a group or of all others, and what a prior release suppressed."""
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
            for form in _forms(table, key, part):
                sensitive.setdefault(form.tobytes(), SensitiveCell(form, table.value(form), small=False))
    return list(sensitive.values())


def _forms(table: ContingencyTable, key: Key, part: Part) -> np.ndarray:
    return np.array([table.linear_form(key, count) for count in PARTS[part]])


def _loss(table: ContingencyTable, key: Key, part: Part) -> float:
    lost = sum(_LOSS[other] for _, other in _with_dependants(key, part))
    return (_CROSSED if key in table.crossed else _GROUP) * lost * math.log(2 + table.count(key, "n"))


def _revealed(table: ContingencyTable, attribute: str, groups: Sequence[str]) -> np.ndarray:
    revealed: np.ndarray = np.sum([table.linear_form((attribute, group), "n") for group in groups], axis=0)
    return revealed


def counts_by_reason(reasons: pd.Series) -> tuple[ExcludedRows, ...]:
    """Return the number of excluded rows for each reason, None where it is suppressed.

    Somebody may know how many rows there were in all, and so how many those are whose counts are suppressed, together.
    The smallest other counts are suppressed too, until the feasibility interval of each is at least five wide.

    >>> rows = counts_by_reason(pd.Series(["no profile"] * 40 + ["no school"] * 3 + ["twice"] * 12))
    >>> {row.reason: row.n for row in rows}
    {'no profile': 40, 'no school': None, 'twice': None}
    """
    counts = {str(reason): int(n) for reason, n in reasons.value_counts().items()}
    in_order = sorted(counts, key=lambda reason: (counts[reason], reason))
    suppressed = [reason for reason in in_order if is_small(counts[reason])]
    for reason in in_order[len(suppressed) :]:
        # each of k reasons has a row at least: one of them has 1 to sum - (k - 1)
        if not suppressed or (
            len(suppressed) > 1 and sum(counts[r] for r in suppressed) - len(suppressed) >= MIN_WIDTH
        ):
            break
        suppressed.append(reason)
    return tuple(ExcludedRows(reason=r, n=None if r in suppressed else counts[r]) for r in sorted(counts))
