"""Sentences that describe gaps between groups, as natural frequencies; none says that a version is fair."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from send_screen.documents import CHILDREN, SCHOOLS, Noun
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._gaps import CALIBRATION, FALSE_NEGATIVES, FALSE_POSITIVES, INCONCLUSIVE, OTHERS, WITHIN
from send_screen.published._measured import SUPPRESSED
from send_screen.tables import MINIMUM_CHILDREN

#: Reason of a figure that is published rounded because its counts are suppressed.
ROUNDED = "rounded to {step:.0f} of 100, without counts, to protect small groups"


def describe_group(attribute: str, group: str, nouns: Mapping[str, Mapping[str, str]]) -> str:
    """Return a plural noun for the children of a group; where none is given, it is made of attribute and group.

    >>> describe_group("fsm", "not recorded", {})
    'children (fsm: not recorded)'
    >>> describe_group("sex × eal", "F × English", {"sex": {"F": "girls"}, "eal": {"English": "children with English"}})
    'girls × children with English'
    """
    crossed = attribute.split(" × ")
    if len(crossed) > 1:
        parts = zip(crossed, group.split(" × "), strict=True)
        return " × ".join(describe_group(name, part, nouns) for name, part in parts)
    return nouns.get(attribute, {}).get(group, f"children ({attribute}: {group})")


def name_groups(
    predictions: OutOfFoldPredictions, given: Mapping[str, Mapping[str, str]], children: Noun
) -> dict[str, dict[str, str]]:
    """Return a noun for the people of every group: the given one, else one of attribute and group name."""
    return {
        attribute: {
            **{
                str(name): f"{children.plural} ({attribute}: {name})"
                for name in pd.unique(predictions.group(attribute))
            },
            **given.get(attribute, {}),
        }
        for attribute in predictions.attributes
    }


def describe_gap(
    gap: Mapping[Any, Any],
    who: str,
    whom: str,
    outcome_description: str,
    *,
    children: Noun = CHILDREN,
    clusters: Noun = SCHOOLS,
    suppressed: bool = False,
) -> str:
    """Return one row of :func:`gaps` as a sentence with its verdict, without numbers where those are suppressed.

    ``who`` and ``whom`` are plural nouns for the group and for those it is compared with, ``clusters`` is the noun for
    schools.

    >>> row = dict(metric="false_negative_rate", verdict="outside tolerance", rate=0.62, rate_others=0.37, n=410,
    ...     value=0.25, low=0.19, high=0.31, tolerance=0.1, required_n=float("nan"),
    ...     required_schools=float("nan"))
    >>> describe_gap(row, "girls", "others", "had SEN support")
    'Of 100 girls who later had SEN support, it misses 62; of 100 others, 37. The gap is outside the tolerance of 10. \
(n = 410; gap 25, 19 to 31)'
    """
    sentences = _TEMPLATES[gap["metric"]]
    if gap["verdict"] == SUPPRESSED:
        return f"{sentences.about.format(who=who, whom=whom)}: {SUPPRESSED}."
    if suppressed or not math.isfinite(gap["value"]):
        result = "not enough evidence" if gap["verdict"] == INCONCLUSIVE else gap["verdict"]
        why = f"the numbers are {SUPPRESSED}" if suppressed else gap["reason"]
        about = sentences.more if gap["low"] > 0 else sentences.less if gap["high"] < 0 else sentences.about
        return f"{about.format(who=who, whom=whom)}: {result} ({why})."
    rate, other = sentences.number(gap["rate"]), sentences.number(gap["rate_others"])
    found = sentences.found.format(who=who, whom=whom, outcome=outcome_description, rate=rate, other=other)
    numbers = f"n = {round(gap['n']):,}; gap {_percent(gap['value'])}"
    if math.isfinite(gap["low"]):
        numbers += f", {_percent(gap['low'])} to {_percent(gap['high'])}"
    return f"{found} {_describe_verdict(gap, children, clusters)} ({numbers})"


def _describe_verdict(gap: Mapping[Any, Any], children: Noun, clusters: Noun) -> str:
    """Return the verdict as a sentence."""
    tolerance = f"the tolerance of {100 * gap['tolerance']:.10g}"  # stated, and so not rounded
    if gap["verdict"] != INCONCLUSIVE:
        return f"The gap is {'inside' if gap['verdict'] == WITHIN else 'outside'} {tolerance}."
    more = ""
    if math.isfinite(gap["required_n"]):
        known = math.isfinite(gap["required_schools"])
        where = f", in about {round(gap['required_schools']):,} {clusters.plural}," if known else ""
        more = f"; about {round(gap['required_n']):,} such {children.plural}{where} would settle it"
    return f"That is not enough evidence to say whether the gap is inside {tolerance}{more}."


def redact_gap(gap: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a gap whose numbers are suppressed; its verdict is kept only where it reveals no small count.

    A verdict is kept where a few children more or fewer on either side would change neither it nor the sign of the gap.
    "Inconclusive" is always kept, since variation between schools can cause it whatever the counts are.

    >>> row = dict(verdict="outside tolerance", value=0.4, low=0.31, high=0.49, tolerance=0.1, n=200, n_others=900,
    ...     smallest_cell=5)
    >>> redact_gap(row)["verdict"], redact_gap(row | {"n": 40})["verdict"]
    ('outside tolerance', 'withheld to protect small groups')
    """
    few = MINIMUM_CHILDREN - 2  # from 1 to 9
    # most that a few children can move the gap, and widen its interval
    shift = few * (1 / gap["n"] + 1 / gap["n_others"]) if min(gap["n"], gap["n_others"]) > 0 else math.inf
    shift += (gap["high"] - gap["low"]) / 2 * min(1.25, few / max(gap["smallest_cell"], 1))
    boundaries = (-gap["tolerance"], 0.0, gap["tolerance"])
    if all(abs(gap[end] - boundary) > shift for end in ("value", "low", "high") for boundary in boundaries):
        return dict(gap)
    verdict = INCONCLUSIVE if gap["verdict"] == INCONCLUSIVE else SUPPRESSED
    return dict(gap) | {"verdict": verdict, "low": math.nan, "high": math.nan}


def is_material(gap: Mapping[Any, Any]) -> bool:
    """Return whether a group is worse off than all others by at least the tolerance.

    The interval must exclude 0, and the gap itself reach the tolerance; so an inconclusive gap can be material.
    Calibration is worse in either direction.
    """
    worse = gap["low"] > 0 or (gap["high"] < 0 and gap["metric"] == CALIBRATION)
    return bool(gap["against"] == OTHERS and worse and abs(gap["value"]) >= gap["tolerance"])


def material_gaps(
    table: pd.DataFrame,
    *,
    outcome_description: str = "had the outcome",
    group_descriptions: Mapping[str, Mapping[str, str]] | None = None,
) -> list[str]:
    """Return a sentence for each material gap: a group that is worse off than all others by the tolerance or more.

    Worse off: a higher false negative or false positive rate, or scores that are too low or too high.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`gaps`.
    outcome_description : str
        What is predicted, as a verb phrase after "who later", for example ``"had SEN support"``.
    group_descriptions : mapping, optional
        Attribute -> group -> noun.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from send_screen.evaluation import gaps
    >>> from send_screen.simulation import simulate_evidence
    >>> material_gaps(gaps(simulate_evidence(), replicates=200))
    []
    """
    return [
        describe_gap(
            gap, describe_group(gap["attribute"], gap["group"], group_descriptions or {}), "others", outcome_description
        )
        for gap in table.to_dict("records")
        if is_material(gap)
    ]


def _percent(share: float) -> str:
    """Return a share as a whole percentage, with a true minus sign; one that rounds to 0 and is not 0 has a decimal."""
    text = f"{100 * share + 0.0:.0f}"  # adding 0.0 turns -0.0 into 0.0
    if float(text) == 0 and share != 0:
        text = f"{100 * share:.1f}"
    return text.replace("-0.0", "0.0").replace("-", "−")


def _more_or_fewer(share: float) -> str:
    """Return a signed share in words, such as ``"3 more"`` (of 100)."""
    if abs(share) < 0.0005:
        return "no more"
    return f"{_percent(abs(share))} {'more' if share > 0 else 'fewer'}"


class _Templates(NamedTuple):
    """Sentence templates for a gap in one metric: without figures (no sign, above 0, below 0), and with figures."""

    about: str
    more: str
    less: str
    found: str
    number: Callable[[float], str]


_TEMPLATES = {
    FALSE_NEGATIVES: _Templates(
        "Whether {who} are missed more or less than {whom}",
        "Missed more than {whom} are {who}",
        "Missed less than {whom} are {who}",
        "Of 100 {who} who later {outcome}, it misses {rate}; of 100 {whom}, {other}.",
        _percent,
    ),
    FALSE_POSITIVES: _Templates(
        "Whether {who} are listed without the outcome more or less often than {whom}",
        "Listed without the outcome more often than {whom} are {who}",
        "Listed without the outcome less often than {whom} are {who}",
        "Of 100 without the outcome among {who}, it lists {rate}; among {whom}, {other}.",
        _percent,
    ),
    CALIBRATION: _Templates(
        "Whether a score means the same for {who} and for {whom}",
        "The scores of {who} are too low, beside those of {whom}",
        "The scores of {who} are too high, beside those of {whom}",
        "Of 100 {who}, {rate} later {outcome} than the score said; of 100 {whom}, {other}.",
        _more_or_fewer,
    ),
}
