"""True need, and what can be seen of it by the end of reception: the goals of the profile, and absence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from send_screen.simulation._children import Children
from send_screen.simulation._rates import AREA_OF_BOYS, AREA_OF_GIRLS, GOALS, NEED_ON_GOALS
from send_screen.simulation._schools import Schools

#: Effect of speaking English as an additional language on each goal, beyond development: on language first.
EAL_ON_GOALS = np.array(
    [0.20, 0.35, 0.0, 0.0, 0.0, 0.0, 0.0, 0.30, 0.0, 0.10, 0.0, 0.0, 0.30, 0.30, 0.20, 0.0, 0.05]
)  # fmt: skip
#: A goal is reached above these values of the latent scale (fitted to REACHED at 200,000 children).
GOAL_CUTS = -np.array(
    [2.40, 2.38, 2.43, 2.48, 2.71, 2.57, 2.28, 2.26, 1.88, 1.72, 1.98, 1.95, 2.11, 2.11, 2.23, 2.29, 2.40]
)
GOAL_NOISE = 0.17
NEED_CUT = 1.20
SESSIONS = 380


@dataclass(frozen=True)
class Need:
    """What is true of the children, and known only in a synthetic England.

    Attributes
    ----------
    true_need : numpy.ndarray of bool, shape (n,)
    area : numpy.ndarray of int, shape (n,)
        Position in AREAS; it means something only where there is a need.
    severity : numpy.ndarray of float, shape (n,)
        0 without a need, else about 0.4 to 3.
    development : numpy.ndarray of float, shape (n,)
        General development at the end of reception, need apart, in standard deviations.
    """

    true_need: np.ndarray
    area: np.ndarray
    severity: np.ndarray
    development: np.ndarray


@dataclass(frozen=True)
class Observed:
    """What schools record by the end of reception.

    Attributes
    ----------
    goals : numpy.ndarray of str, shape (n, 17)
        ``"1"`` emerging, ``"2"`` expected, ``"A"`` not assessed.
    has_profile : numpy.ndarray of bool, shape (n,)
        False where the child left or arrived too late for a profile.
    sessions, absent : numpy.ndarray of int, shape (n,)
    """

    goals: np.ndarray
    has_profile: np.ndarray
    sessions: np.ndarray
    absent: np.ndarray


def invent_need(rng: np.random.Generator, schools: Schools, children: Children) -> Need:
    """Draw each child's need and development."""
    n = len(children.school)
    liability = (
        0.37 * children.male
        + 0.54 * children.fsm
        + 0.45 * children.traveller
        + 1.0 * children.looked_after
        + rng.normal(0.0, 1.0, n)
    )
    true_need = liability > NEED_CUT
    shares = np.where(children.male[:, None], np.cumsum(AREA_OF_BOYS), np.cumsum(AREA_OF_GIRLS))
    area = np.minimum((rng.random(n)[:, None] > shares).sum(axis=1), 3)
    development = (
        -0.074 * children.months_younger
        - 0.37 * children.male
        - 0.33 * children.fsm
        - 0.14 * children.eal
        - 0.5 * children.looked_after
        - 0.15 * children.mobile
        + children.ethnic_development
        + schools.attainment[children.school]
        + rng.normal(0.0, 1.0, n)
    )
    return Need(true_need, area, np.where(true_need, 0.6 + (liability - NEED_CUT), 0.0), development)


def observe(rng: np.random.Generator, children: Children, need: Need) -> Observed:
    """Draw what the schools record: goals, sessions, and what is missing and for whom."""
    n = len(children.school)
    scale = (
        need.development[:, None]
        - need.severity[:, None] * NEED_ON_GOALS[need.area]
        - children.eal[:, None] * EAL_ON_GOALS
        + rng.normal(0.0, GOAL_NOISE, (n, len(GOALS)))
    )
    goals = np.where(scale > GOAL_CUTS, "2", "1")

    unsettled = children.mobile | children.traveller | children.looked_after
    partly = rng.random(n) < 0.004 + 0.05 * unsettled + 0.05 * (need.severity > 2.0)
    goals[partly[:, None] & (rng.random(goals.shape) < 0.5)] = "A"
    goals[rng.random(n) < 0.002 + 0.03 * unsettled] = "A"
    has_profile = rng.random(n) >= 0.001 + 0.03 * unsettled

    late = np.where(children.mobile, rng.integers(0, 14, n) * 20, 0)
    sessions = SESSIONS - late
    log_odds = (
        -2.95
        + 0.33 * children.fsm
        + 0.22 * need.severity
        + 0.9 * children.traveller
        + 0.2 * children.mobile
        + rng.normal(0.0, 0.62, n)
    )
    return Observed(goals, has_profile, sessions, rng.binomial(sessions, 1 / (1 + np.exp(-log_odds))))
