"""Counts of excluded rows by reason, with small counts suppressed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from send_screen.evaluation.disclosure._intruder import MIN_WIDTH
from send_screen.evaluation.disclosure._suppress import is_small


def counts_by_reason(reasons: pd.Series) -> list[dict[str, Any]]:
    """Return the number of excluded rows for each reason, None where it is suppressed.

    Somebody may know how many rows there were in all, and so how many those are whose counts are suppressed, together.
    The smallest other counts are suppressed too, until that leaves each of them five apart at least.

    Parameters
    ----------
    reasons : pandas.Series of str
        One a row that was set aside.

    Examples
    --------
    >>> counts_by_reason(pd.Series(["no profile"] * 40 + ["no school"] * 3 + ["twice"] * 12))
    [{'reason': 'no profile', 'n': 40}, {'reason': 'no school', 'n': None}, {'reason': 'twice', 'n': None}]
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
    return [{"reason": r, "n": None if r in suppressed else counts[r]} for r in sorted(counts)]
