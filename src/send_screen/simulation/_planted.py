"""Simulate harm to one group, to test whether the evaluation finds it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from send_screen.errors import UsageError
from send_screen.simulation._england import SyntheticEngland
from send_screen.simulation._rates import GOALS


def replace_goals_by_noise(england: SyntheticEngland, sex: str, seed: int, share: float = 1.0) -> SyntheticEngland:
    """Replace the early learning goals of one sex by noise, so that they no longer predict its needs.

    Each goal is drawn independently with the share of that sex who met it. Goals that were not assessed stay so, and
    exclusions do not change.

    Parameters
    ----------
    england : SyntheticEngland
    sex : {"F", "M"}
        Whose goals.
    seed : int
        Of the draws.
    share : float
        Share of that sex whose goals are replaced, chosen at random; 0 changes nothing.

    Returns
    -------
    SyntheticEngland

    Raises
    ------
    UsageError
        Another sex, or a share outside 0 to 1.

    Examples
    --------
    >>> from send_screen.simulation import simulate_england
    >>> england = simulate_england(children=600, schools=20, seed=0)
    >>> len(replace_goals_by_noise(england, "F", seed=1).eyfsp) == len(england.eyfsp)
    True
    """
    if sex not in ("F", "M") or not 0.0 <= share <= 1.0:
        raise UsageError("The sex must be F or M and the share between 0 and 1.", remedy="Change them.")
    rng = np.random.default_rng(seed)
    frame = england.eyfsp.copy()
    sexes = england.pupil_census.set_index("UPN")["Sex"].reindex(frame["UPN"]).to_numpy()
    rows = np.flatnonzero(sexes == sex)
    chosen = rng.random(len(rows)) < share
    for goal in GOALS:
        old = frame[goal].to_numpy(dtype=object, copy=True)
        assessed = old[rows] != "A"
        reached = (old[rows][assessed] == "2").mean() if assessed.any() else 0.0
        noise = np.where(rng.random(len(rows)) < reached, "2", "1")
        change = chosen & assessed
        old[rows[change]] = noise[change]
        frame[goal] = pd.Series(old, index=frame.index, dtype=frame[goal].dtype)
    return replace(england, eyfsp=frame)
