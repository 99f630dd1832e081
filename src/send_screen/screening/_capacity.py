"""The length of the list: ``30`` or ``10%``, of the file or of each school."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.errors import UsageError
from send_screen.tables import k_at_capacity, ranking


@dataclass(frozen=True)
class Capacity:
    """The number of children who can be assessed, or their share of the children screened: exactly one is given."""

    count: int | None = None
    share: float | None = None

    @classmethod
    def parse(cls, text: str) -> Capacity:
        """Read ``"30"`` or ``"10%"``.

        Examples
        --------
        >>> Capacity.parse("12.5%").of(80), Capacity.parse("30").of(80)
        (10, 30)
        """
        match = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*(%?)\s*", text)
        if match is None:
            raise UsageError(
                f"A capacity cannot be read from {text[:20]!r}.", remedy="Give a number such as 30, or 10%."
            )
        number, percent = float(match[1]), match[2] == "%"
        if percent and not 0 < number <= 100:
            raise UsageError(f"{text} is not a share of children.", remedy="Give more than 0% and at most 100%.")
        if not percent and (number < 1 or not number.is_integer()):
            raise UsageError(f"{text} is not a number of children.", remedy="Give a whole number from 1, or a share.")
        return cls(share=number / 100) if percent else cls(count=int(number))

    def of(self, n: int) -> int:
        """Return the length of the list of ``n`` children."""
        return k_at_capacity(self.share, n) if self.share is not None else min(n, self.count or 0)

    def __str__(self) -> str:
        return f"{100 * self.share:g}%" if self.share is not None else str(self.count)


def listed_and_margin(
    score: np.ndarray, order: np.ndarray, school: pd.Series | None, capacity: Capacity
) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the listed children and of those just below the threshold, each from the highest score.

    ``order`` breaks ties. With ``school``, each school has its own list.
    """
    everyone = ranking(score, order)
    listed, margin = [], []
    for block in positions_by_list(everyone, school):
        k = capacity.of(len(block))
        listed.append(block[:k])
        margin.append(block[k : k + margin_size(k)])
    rank = np.empty(len(score), dtype=np.int64)
    rank[everyone] = np.arange(len(score))

    def in_order(part: list[np.ndarray]) -> np.ndarray:
        positions = np.concatenate(part)
        return positions[np.argsort(rank[positions])]

    return in_order(listed), in_order(margin)


def positions_by_list(positions: np.ndarray, school: pd.Series | None) -> list[np.ndarray]:
    """Return the positions of the children of each list: one list of all, or one of each school."""
    if school is None:
        return [positions]
    names = school.to_numpy()[positions]
    return [positions[names == name] for name in sorted(set(names))]


def margin_size(k: int) -> int:
    """Return how many children below the threshold are shown: a fifth of the length of the list, from 3 to 20."""
    return min(20, max(3, round(k / 5)))
