"""Simulate latent need, what schools record by the end of reception, and who is identified, then and later.

*Identified* means put on the SEN register: with SEN support (K) or an EHC plan (E).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from send_screen.simulation._population import Children, Schools
from send_screen.simulation._rates import (
    AREA_OF_BOYS,
    AREA_OF_GIRLS,
    GOALS,
    NEED_ON_GOALS,
    TYPES_OF_EHC_PLAN,
    TYPES_OF_SEN_SUPPORT,
    TYPES_WITHOUT_NEED,
)

#: Effect of speaking English as an additional language on each goal, beyond development: on language first.
EAL_ON_GOALS = np.array(
    [0.20, 0.35, 0.0, 0.0, 0.0, 0.0, 0.0, 0.30, 0.0, 0.10, 0.0, 0.0, 0.30, 0.30, 0.20, 0.0, 0.05]
)  # fmt: skip
#: A goal is met above these values of the latent scale. They were fitted at 200,000 children, so that 82, 83, 85,
#: 87, 89, 92, 86, 81, 76, 71, 79, 78, 80, 80, 84, 87 and 87 % of those assessed meet them (England 2023/24, rounded).
GOAL_THRESHOLDS = -np.array(
    [2.40, 2.38, 2.43, 2.48, 2.71, 2.57, 2.28, 2.26, 1.88, 1.72, 1.98, 1.95, 2.11, 2.11, 2.23, 2.29, 2.40]
)
GOAL_NOISE = 0.17
NEED_THRESHOLD = 1.20
SESSIONS = 380
#: Sessions missed above which a child counts as very absent: about the most absent quarter.
VERY_ABSENT_SHARE = 0.085


@dataclass(frozen=True)
class Need:
    """Latent variables of the children, known only in a simulation; each field has shape (n,)."""

    true_need: np.ndarray
    area: np.ndarray  # int: position in AREAS; defined only where there is a need
    severity: np.ndarray  # 0 without a need, else about 0.4 to 3
    development: np.ndarray  # at the end of reception without the effect of need, in standard deviations


@dataclass(frozen=True)
class Observed:
    """What schools record by the end of reception."""

    goals: np.ndarray  # shape (n, 17): "1" emerging, "2" expected, "A" not assessed
    has_profile: np.ndarray  # False where the child left or arrived too late for a profile
    sessions: np.ndarray
    absent: np.ndarray


@dataclass(frozen=True)
class SenRegister:
    """The SEN register of the children, and the causes of being identified; each field has shape (n,)."""

    at_reception: np.ndarray  # "N", "K" or "E" at the end of reception
    later: np.ndarray  # the same in January two academic years later
    later_type: np.ndarray  # SEN type of ``later``; empty for "N"
    other_effect: np.ndarray  # of all circumstances but need on the log-odds of being identified
    school_effect: np.ndarray  # of the school on the same log-odds
    traced: np.ndarray  # False where the child could not be traced two years later


def simulate_need(rng: np.random.Generator, schools: Schools, children: Children) -> Need:
    """Draw each child's need and development."""
    n = len(children.school)
    liability = (
        0.37 * children.male
        + 0.54 * children.fsm
        + 0.45 * children.traveller
        + 1.0 * children.looked_after
        + rng.normal(0.0, 1.0, n)
    )
    true_need = liability > NEED_THRESHOLD
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
    return Need(true_need, area, np.where(true_need, 0.6 + (liability - NEED_THRESHOLD), 0.0), development)


def simulate_observations(rng: np.random.Generator, children: Children, need: Need) -> Observed:
    """Draw the recorded data: early learning goals, absence, and missing values."""
    n = len(children.school)
    scale = (
        need.development[:, None]
        - need.severity[:, None] * NEED_ON_GOALS[need.area]
        - children.eal[:, None] * EAL_ON_GOALS
        + rng.normal(0.0, GOAL_NOISE, (n, len(GOALS)))
    )
    goals = np.where(scale > GOAL_THRESHOLDS, "2", "1")

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


def simulate_identification(
    rng: np.random.Generator, schools: Schools, children: Children, need: Need, observed: Observed
) -> SenRegister:
    """Draw who is identified, from need, from the child's other circumstances and from the school."""
    n = len(children.school)
    very_absent = observed.absent > VERY_ABSENT_SHARE * observed.sessions
    other_effect = (
        0.15 * children.male
        + 0.25 * children.fsm
        + 0.065 * (children.months_younger - 6)
        - 0.80 * children.eal
        - 1.10 * very_absent
        - 0.30 * children.mobile
        - 0.65 * need.development
    )
    school_effect = schools.identification[children.school]
    other_effects = other_effect + school_effect
    visible = np.log1p(2.0 * need.severity)

    support = rng.random(n) < _probability(-6.2 + 5.0 * visible + other_effects)
    # The most absent quarter had a tenth of the odds of an EHC plan [EPI2025].
    ehc_plan_odds = 0.5 * other_effects - 1.6 * very_absent
    ehc_plan = rng.random(n) < _probability(-6.15 + 3.0 * need.severity + ehc_plan_odds)
    at_reception = np.where(ehc_plan, "E", np.where(support, "K", "N"))

    new = rng.random(n) < _probability(-3.95 + 4.4 * visible + other_effects)
    to_ehc_plan = rng.random(n) < _probability(-5.2 + 2.0 * need.severity + ehc_plan_odds)
    stays = rng.random(n) < _probability(0.9 + 0.9 * need.severity)
    later = np.where(at_reception == "K", np.where(to_ehc_plan, "E", np.where(stays, "K", "N")), at_reception)
    later = np.where((at_reception == "N") & new, np.where(to_ehc_plan & need.true_need, "E", "K"), later)
    traced = rng.random(n) >= 0.01 + 0.04 * (children.mobile | children.traveller)
    return SenRegister(at_reception, later, _types(rng, need, later), other_effect, school_effect, traced)


def _types(rng: np.random.Generator, need: Need, later: np.ndarray) -> np.ndarray:
    """Draw the SEN type recorded for each child on the SEN register."""
    types = np.full(len(later), "", dtype="U4")
    for provision, by_area in (("K", TYPES_OF_SEN_SUPPORT), ("E", TYPES_OF_EHC_PLAN)):
        for area, shares in enumerate(by_area):
            _fill(rng, types, (later == provision) & need.true_need & (need.area == area), shares)
    _fill(rng, types, (later == "K") & ~need.true_need, TYPES_WITHOUT_NEED)
    _fill(rng, types, (later == "E") & ~need.true_need, (("OTH", 1.0),))
    return types


def _fill(rng: np.random.Generator, types: np.ndarray, rows: np.ndarray, shares: tuple[tuple[str, float], ...]) -> None:
    types[rows] = rng.choice(np.array([code for code, _ in shares]), int(rows.sum()), p=[share for _, share in shares])


def _probability(log_odds: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-log_odds)))
