"""Simulate synthetic reception children in England, in memory or as files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from send_screen.results import Result
from send_screen.simulation import SyntheticEngland, simulate_england, write_england


@dataclass(frozen=True, repr=False)
class SimulatedData(Result):
    """Synthetic tables of reception children."""

    england: SyntheticEngland
    """The tables, and the parameters and true risks that they were simulated from."""
    out: Path | None
    """Folder of the files, where they were written."""

    @property
    def pupil_census(self) -> pd.DataFrame:
        """One row per child: identity, school, groups and absence."""
        return self.england.pupil_census

    @property
    def eyfsp(self) -> pd.DataFrame:
        """One row per child: the early years foundation stage profile."""
        return self.england.eyfsp

    @property
    def sen_status(self) -> pd.DataFrame:
        """One row per child: the SEN record two academic years later."""
        return self.england.sen_status

    @property
    def headline(self) -> str:
        """The number of children, and the folder."""
        where = "in memory" if self.out is None else f"in {self.out}"
        return f"{len(self.pupil_census):,} invented children are {where}. None of them exists."

    def to_dict(self) -> dict[str, Any]:
        """Return the number of children, and the folder."""
        out = None if self.out is None else str(self.out)
        return {"out": out, "n_children": len(self.pupil_census), "synthetic": True}


def simulate(
    *,
    out: str | Path | None = None,
    children: int = 20_000,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> SimulatedData:
    """Simulate a pupil census, an EYFSP and a later SEN record of synthetic children.

    Parameters
    ----------
    out : str or pathlib.Path, optional
        Folder for the files, and for one school's file to screen. Without it nothing is written.
    children : int, default 20000
        Number of reception children.
    seed : int, default 0
        Random seed: the same seed gives the same children.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    SimulatedData
        ``pupil_census``, ``eyfsp`` and ``sen_status`` are data frames of one row per child.

    Raises
    ------
    UsageError
        If ``children`` or ``seed`` is negative.

    Notes
    -----
    The shares of boys and girls, of early learning goals met and of children on the SEN register are roughly those
    published for England.

    Examples
    --------
    >>> from send_screen import simulate
    >>> data = simulate(children=300, seed=1)
    >>> data
    <SimulatedData: 300 invented children are in memory. None of them exists.>
    >>> bool(data.pupil_census["UPN"].str[1:4].eq("000").all())
    True
    """
    if progress is not None:
        progress(f"Inventing {children:,} children")
    england = simulate_england(children=children, seed=seed)
    if out is not None:
        write_england(england, out)
    return SimulatedData(england, None if out is None else Path(out))
