"""The table of what became of children after a list: one row per child, checked, and its counts by kind and state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.errors import DataError

#: What is known of a child later, the furthest first. "none_recorded" is a record without support, and no finding.
STATES = ("plan", "supported", "assessed", "no_need", "none_recorded", "not_known")
FOUND, NOT_FOUND, OPEN = ("plan", "supported"), ("no_need", "none_recorded"), ("assessed", "not_known")
MERGED: dict[str, tuple[str, ...]] = {"found": FOUND, "not_found": NOT_FOUND, "open": OPEN}
#: What a screening run made of a child -> how outcomes are counted. Others were not asked about.
KINDS = {
    "listed": "listed",
    "review_sample": "review_sample",
    "near": "not_listed",
    "not_listed": "not_listed",
    "manual_review": "not_screened",
}
ALL = "all"
GROUP = "group."
_NOT_ASKED = ("not_eligible", "outside_population")
_REQUIRED = ("school", "kind", "state")


@dataclass(frozen=True)
class OutcomeTable:
    """Children who were screened, or could not be, with what is known of them later; arrays have the shape (n,)."""

    kind: np.ndarray
    """``"listed"``, ``"review_sample"``, ``"not_listed"`` or ``"not_screened"``."""
    state: np.ndarray
    school: np.ndarray
    """Number of each child's school."""
    n_schools: int
    groups: dict[str, np.ndarray]
    """Attribute -> the group of each child."""
    frame: pd.DataFrame
    """The rows, with further columns, renumbered."""

    @property
    def outcome(self) -> np.ndarray:
        """1 for support or a plan, 0 for none, NaN where it is not known or still open; shape (n,)."""
        return np.select([np.isin(self.state, FOUND), np.isin(self.state, NOT_FOUND)], [1.0, 0.0], np.nan)

    def by_school(self, values: np.ndarray) -> np.ndarray:
        """Return sums over the children of each school, shape (schools,)."""
        sums: np.ndarray = np.bincount(self.school, values, self.n_schools)
        return sums


def outcome_table(children: pd.DataFrame) -> OutcomeTable:
    """Return the table of children, without those that the list was not about.

    Raises
    ------
    DataError
        If a column is missing, or a kind, a state or a school is not one.
    """
    for column in _REQUIRED:
        if column not in children:
            raise DataError(f"The children have no column {column!r}.", remedy="Add it.")
    allowed = {"kind": (*KINDS, *_NOT_ASKED), "state": STATES}
    for column, values in allowed.items():
        if len(wrong := children.loc[~children[column].isin(values), column]):
            raise DataError(
                f"{len(wrong)} children have a {column} that is none, in row {wrong.index[0]} first.",
                remedy=f"Use {', '.join(values)}.",
            )
    if children["school"].isna().any():
        raise DataError("A school is missing.", remedy='Give it a name, such as "not recorded".')
    frame = children[~children["kind"].isin(_NOT_ASKED)].reset_index(drop=True)
    school, names = pd.factorize(frame["school"])
    groups = {
        str(column).removeprefix(GROUP): frame[column].fillna("not recorded").astype(str).to_numpy()
        for column in frame
        if str(column).startswith(GROUP)
    }
    kind = frame["kind"].map(KINDS).to_numpy(dtype=object)
    return OutcomeTable(kind, frame["state"].to_numpy(dtype=object), school, len(names), groups, frame)
