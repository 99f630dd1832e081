"""Which figures are withheld, so that no count of 1 to 9 can be worked out from those that are published.

What is published of a group comes in three parts: how many children and how many with the outcome (prevalence, ROC
AUC, calibration slope); the list among those with the outcome (recall, missed need); the list among those without
(specificity, false positive rate). Share listed and PPV rest on all three. A part is withheld because it would tell a
count of 1 to 9 (primary), or because a reader of the others could narrow such a count down to fewer than five children
by adding and subtracting (secondary). Shares of a group that is withheld for the sake of others are published all the
same, rounded and without counts, where that is safe: a school's three children of unknown sex silence no finding about
girls.

The reader reckoned with knows every published figure exactly, how many children there are and how many are listed (the
capacity tells), that a named group has a child, what earlier versions told of the same children, what else is told
(``told``), and, of the count he is after, that it is 1 to 9. He may combine all of that. Of an earlier version that
listed other children only the numbers of children and of those with the outcome are reckoned with, and no groups are
crossed beside it that it did not cross. He does not know any single child: somebody who knows nine of ten children of a
group learns of the tenth from whatever is said of ten.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from send_screen.errors import DataError
from send_screen.evaluation._disclosure_cells import ALL, COUNTS, PARTS, Cells, Key, Part, Unit
from send_screen.evaluation._disclosure_earlier import told_before
from send_screen.evaluation._disclosure_reader import Reader, Target
from send_screen.evaluation._disclosure_rounded import STEPS, rounded
from send_screen.tables import MINIMUM_CHILDREN

#: Counts that make a part primary when they are 1 to 9.
_SMALL: dict[Part, tuple[str, ...]] = {
    "outcome": ("n", "with_outcome", "without_outcome"),
    "need": ("true_positives", "false_negatives"),
    "no need": ("false_positives", "true_negatives"),
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
        ("outcome",),
    ),
    **dict.fromkeys(("recall", "false_negative_rate"), ("outcome", "need")),
    **dict.fromkeys(("specificity", "false_positive_rate"), ("outcome", "no need")),
}
#: Figures that tell what a share tells, or nothing of any count once they are rounded as it is.
_ROUNDED_WITH = {
    "false_negative_rate": "recall",
    "specificity": "false_positive_rate",
    "roc_auc": "prevalence",
    "calibration_slope": "prevalence",
    "calibration_in_the_large": "prevalence",
}
#: A combination of groups is given up before a group, a part about needs last; small groups before large ones.
_CROSSED, _GROUP = 1.0, 5.0
_LOSS: dict[Part, float] = {"outcome": 1.0, "need": 2.0, "no need": 1.0}


def is_small(count: float) -> bool:
    """Tell whether a count (an average over fold seeds) may not be published."""
    return 1e-9 < count < MINIMUM_CHILDREN - 1e-9


class Withheld:
    """Which parts of which groups are withheld, and which shares are published rounded in their place.

    Parameters
    ----------
    units : set of ((attribute, group), part)
    steps : mapping of ((attribute, group), share) to float, optional
        What a share is rounded to a multiple of.
    """

    def __init__(self, units: Iterable[Unit], steps: Mapping[tuple[Key, str], float] | None = None) -> None:
        self.units = frozenset(units)
        self.steps = dict(steps or {})

    def hides(self, metric: str, *keys: Key) -> bool:
        """Tell whether a figure about all these groups rests on something that is withheld."""
        parts = _RESTS_ON.get(metric, tuple(PARTS))
        return any((key, part) in self.units for key in keys for part in parts)

    def step(self, metric: str, key: Key) -> float | None:
        """Return what a figure that is withheld is rounded to instead; None where nothing may be said."""
        step = self.steps.get((key, _ROUNDED_WITH.get(metric, metric)))
        return STEPS[0] if step is not None and metric in ("roc_auc", "calibration_slope") else step

    def is_silent(self, key: Key) -> bool:
        """Tell whether not even how often a group's children had the outcome is published."""
        return self.hides("prevalence", key) and self.step("prevalence", key) is None


def withheld(
    cells: Cells,
    *,
    earlier: Sequence[Sequence[Mapping[str, Any]]] = (),
    told: Sequence[tuple[str, Sequence[str]]] = (),
    overlapping: bool = False,
) -> Withheld:
    """Decide what is withheld: what tells a small count, and what else a reader could work one out from.

    Parameters
    ----------
    cells : Cells
    earlier : sequence of (sequence of mapping)
        What each earlier version told of the same children, from :func:`revealed_counts`. What one of them withheld is
        withheld again; what it told is known.
    told : sequence of (attribute, groups)
        Groups of an attribute whose number of children, together, is published elsewhere (with the model's tables).
    overlapping : bool
        Whether counts of groups were published of a cohort that is not this one and shares children with it: all
        counts of groups are withheld then, and shares are rounded as coarsely as any.

    Returns
    -------
    Withheld

    Raises
    ------
    DataError
        When a group cannot be hidden whatever is withheld, because there are too few children in all.
    """
    before = [told_before(cells, one) for one in earlier]
    known = [form for one in before for form in one.forms]
    known += [_told(cells, *one) for one in told if all((one[0], group) in cells.members for group in one[1])]
    rounded_before = {share for one in before for share in one.rounded}
    inherited = {unit for one in before for unit in one.withheld}
    primary = _primary(cells)
    hidden = primary | inherited | {unit for one in before for unit in one.silenced}
    reader = Reader(
        counts=cells.counts.ravel(),
        ties=[*cells.ties(), *_of_all(cells)],
        limits=[
            *((-cells.form(key, "n"), -1.0) for key in cells.members if key != ALL and key not in cells.crossed),
            *(limit for told_rounded in sorted(rounded_before) for limit in cells.between(*told_rounded)),
        ],
    )
    targets = _targets(cells, inherited)
    for target in targets:
        hidden |= _hide(cells, reader, target, hidden, known)
    if overlapping:
        hidden |= set(_open(cells, hidden))
    public = [*known, *(form for unit in _open(cells, hidden) for form in _forms(cells, *unit))]
    steps = rounded(
        cells,
        reader,
        targets,
        public,
        hidden - primary,
        rounded_before if before else None,
        STEPS[-1:] if overlapping else STEPS,
    )
    return Withheld(hidden, steps)


def _hide(cells: Cells, reader: Reader, target: Target, hidden: set[Unit], known: Sequence[np.ndarray]) -> set[Unit]:
    """Return what is to be withheld as well so that a target is protected."""
    units = _open(cells, hidden)
    forms = [_forms(cells, *unit) for unit in units]
    if reader.is_protected(target, [*known, *(form for part in forms for form in part)]):
        return set()
    costs = [_loss(cells, *unit) + 1e-5 * i for i, unit in enumerate(units)]
    chosen = reader.cheapest(target, known, forms, costs)
    if chosen is None and known:
        # what earlier versions gave away cannot be taken back; at least nothing that is said now may tell it
        chosen = Reader(reader.counts, reader.ties, reader.limits).cheapest(target, [], forms, costs)
    if chosen is not None:
        return {unit for i in chosen for unit in _with_what_needs_it(*units[i])}
    if not target.small:
        return set()
    if cells.value(cells.form(ALL, "listed")) < MINIMUM_CHILDREN:
        # so short a list cannot be hidden: the capacity and the number of children tell how long it is
        return {(key, part) for key, part in units if part != "outcome"}
    raise DataError(
        f"With {cells.value(cells.form(ALL, 'n')):.0f} children, figures by group give single children away, whatever "
        "is withheld.",
        remedy="Take the groups out of the spec, or train on more children.",
    )


def _open(cells: Cells, hidden: set[Unit]) -> list[Unit]:
    """Return the parts that are published, of all children together aside."""
    return [(key, part) for key in _shown(cells) if key != ALL for part in PARTS if (key, part) not in hidden]


def _with_what_needs_it(key: Key, part: Part) -> list[Unit]:
    """Return a part and the parts that print it too: a recall stands beside the number with the outcome."""
    return [(key, other) for other in (PARTS if part == "outcome" else (part,))]


def _shown(cells: Cells) -> list[Key]:
    """Return the groups of which something is to be published."""
    return [key for key in cells.members if key not in cells.silent]


def _primary(cells: Cells) -> set[Unit]:
    """Return the parts that tell a count of 1 to 9, and combinations of groups that no child is in.

    A withheld combination may thus be empty as well as small.
    """
    units = set()
    for key in _shown(cells):
        parts = [part for part in PARTS if any(is_small(cells.value(cells.form(key, count))) for count in _SMALL[part])]
        empty = cells.value(cells.form(key, "n")) < 1e-9
        if key == ALL and {"need", "no need"} & set(parts):
            parts += ["need", "no need"]  # the length of the list is known: one gives the other away
        units |= {(key, part) for part in (PARTS if empty or "outcome" in parts else parts)}
    return units


def _of_all(cells: Cells) -> list[np.ndarray]:
    """Return what is known of all children together: how many, how many are listed, and what is published."""
    parts = {part for key, part in _primary(cells) if key == ALL}
    told = ["n", "listed", *(count for part in PARTS if part not in parts for count in PARTS[part])]
    return [cells.form(ALL, count) for count in dict.fromkeys(told)]


def _targets(cells: Cells, inherited: set[Unit]) -> list[Target]:
    """Return every count of 1 to 9 of a group or of all others, and what an earlier version withheld."""
    targets: dict[bytes, Target] = {}
    for key in cells.members:
        for count in COUNTS:
            forms = [cells.form(key, count), *([cells.others(key, count)] if key not in cells.crossed else [])]
            if key == ALL:
                forms = [] if count in ("n", "listed", "not_listed") else forms[:1]
            for form in forms:
                value = cells.value(form)
                if is_small(value):
                    targets.setdefault(form.tobytes(), Target(form, value))
    for key, part in sorted(inherited):
        if cells.value(cells.form(key, "n")) > 0:
            for form in _forms(cells, key, part):
                targets.setdefault(form.tobytes(), Target(form, cells.value(form), small=False))
    return list(targets.values())


def _forms(cells: Cells, key: Key, part: Part) -> np.ndarray:
    return np.array([cells.form(key, count) for count in PARTS[part]])


def _loss(cells: Cells, key: Key, part: Part) -> float:
    n = cells.value(cells.form(key, "n"))
    lost = sum(_LOSS[other] for _, other in _with_what_needs_it(key, part))
    return (_CROSSED if key in cells.crossed else _GROUP) * lost * math.log(2 + n)


def _told(cells: Cells, attribute: str, groups: Sequence[str]) -> np.ndarray:
    told: np.ndarray = np.sum([cells.form((attribute, group), "n") for group in groups], axis=0)
    return told
