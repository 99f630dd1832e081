"""How many rows were set aside for which reason, without a small count."""

from __future__ import annotations

from typing import Any

import pandas as pd

from send_screen.evaluation._disclosure import is_small
from send_screen.evaluation._disclosure_reader import WIDTH


def counts_by_reason(reasons: pd.Series) -> list[dict[str, Any]]:
    """Return how many rows were set aside for each reason, None where that is withheld.

    Somebody may know how many rows there were in all, and so how many those are whose counts are withheld, together.
    The smallest other counts are withheld too, until that leaves each of them five apart at least.

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
    withheld = [reason for reason in in_order if is_small(counts[reason])]
    for reason in in_order[len(withheld) :]:
        # each of k reasons has a row at least: one of them has 1 to sum - (k - 1)
        if not withheld or (len(withheld) > 1 and sum(counts[r] for r in withheld) - len(withheld) >= WIDTH):
            break
        withheld.append(reason)
    return [{"reason": r, "n": None if r in withheld else counts[r]} for r in sorted(counts)]
