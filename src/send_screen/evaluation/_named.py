"""Gaps as sentences: frequencies before percentages, and never that a version is fair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from send_screen.evaluation._gaps import LARGER, NOT_SHOWN, TOO_FEW

WITHHELD = "fewer than 10 children"


def group_in_words(attribute: str, group: str, words: Mapping[str, Mapping[str, str]]) -> str:
    """Return a group as a noun for many children, such as ``"girls"``.

    Parameters
    ----------
    attribute, group : str
        As in the evidence.
    words : mapping of str to mapping of str to str
        Attribute -> group -> noun; a group that it does not hold is named by its attribute.

    Examples
    --------
    >>> group_in_words("sex", "F", {"sex": {"F": "girls"}})
    'girls'
    >>> group_in_words("fsm", "not recorded", {})
    'children (fsm: not recorded)'
    """
    return words.get(attribute, {}).get(group, f"children ({attribute}: {group})")


def gap_in_words(gap: Mapping[Any, Any], who: str, outcome_words: str, *, withheld: bool = False) -> str:
    """Return one row of :func:`gaps` as a sentence.

    Parameters
    ----------
    gap : mapping
        A row of :func:`gaps`.
    who : str
        The group as a noun for many children.
    outcome_words : str
        What is predicted, as a verb phrase after "who later", for example ``"had SEN support"``.
    withheld : bool
        True where disclosure control withholds the numbers: the finding is said, without them.

    Examples
    --------
    >>> row = dict(status="larger than the tolerance", rate=0.62, rate_others=0.47, n=410, value=0.15, low=0.09,
    ...     high=0.21)
    >>> gap_in_words(row, "girls", "had SEN support")
    'Of 100 girls who later had SEN support, it misses 62; of 100 others, 47. (n = 410; gap 15, 9 to 21)'
    """
    if gap["status"] == TOO_FEW:
        return f"Too few to say whether the needs of {who} are missed more or less than others'."
    if withheld:
        if gap["status"] == NOT_SHOWN:
            return f"No gap was shown between {who} and others; the numbers are withheld: {WITHHELD}."
        than = "more" if gap["value"] > 0 else "less"
        size = " by more than the tolerance" if gap["status"] == LARGER else ""
        return f"The needs of {who} are missed {than} than others'{size}; the numbers are withheld: {WITHHELD}."
    found = (
        f"Of 100 {who} who later {outcome_words}, it misses {_of_100(gap['rate'])}; "
        f"of 100 others, {_of_100(gap['rate_others'])}."
    )
    numbers = f"n = {round(gap['n'])}; gap {_of_100(gap['value'])}, {_of_100(gap['low'])} to {_of_100(gap['high'])}"
    if gap["status"] == NOT_SHOWN:
        return f"{found} No gap is shown, which is not to say that there is none. ({numbers})"
    return f"{found} ({numbers})"


def names_a_group(gap: Mapping[Any, Any]) -> bool:
    """Tell whether a gap is to be named: a group whose needs are missed more, by more than the tolerance."""
    return bool(gap["status"] == LARGER and gap["value"] > 0)


def named(
    table: pd.DataFrame,
    *,
    outcome_words: str = "had the outcome",
    group_words: Mapping[str, Mapping[str, str]] | None = None,
) -> list[str]:
    """Return a sentence for each group whose needs are missed more than others' by more than the tolerance.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`gaps`.
    outcome_words : str
        What is predicted, as a verb phrase after "who later", for example ``"had SEN support"``.
    group_words : mapping, optional
        Attribute -> group -> noun.
    """
    return [
        gap_in_words(gap, group_in_words(gap["attribute"], gap["group"], group_words or {}), outcome_words)
        for gap in table.to_dict("records")
        if names_a_group(gap)
    ]


def _of_100(share: float) -> str:
    """Return a share as a whole number of 100, with a true minus sign; what is not none is not shown as none."""
    text = f"{100 * share:.0f}"
    if float(text) == 0 and share != 0:
        text = f"{100 * share:.1f}"
    return text.replace("-0.0", "0.0").replace("-", "−")
