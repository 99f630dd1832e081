"""Simulate SEN identification at reception and two years later, from need and from bias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from send_screen.simulation._children import Children
from send_screen.simulation._need import Need, Observed
from send_screen.simulation._rates import TYPES_OF_PLAN, TYPES_OF_SUPPORT, TYPES_WITHOUT_NEED
from send_screen.simulation._schools import Schools

#: Sessions missed above which a child counts as very absent: about the most absent quarter.
VERY_ABSENT = 0.085


@dataclass(frozen=True)
class Record:
    """The SEN register of the synthetic children.

    Attributes
    ----------
    at_reception, later : numpy.ndarray of str, shape (n,)
        ``"N"``, ``"K"`` or ``"E"``: at the end of reception, and in January two academic years on.
    later_type : numpy.ndarray of str, shape (n,)
        SEN type of ``later``; empty for ``"N"``.
    not_need : numpy.ndarray of float, shape (n,)
        Everything about the child but its need that moves the log-odds of being identified.
    school_effect : numpy.ndarray of float, shape (n,)
        What the school adds to them.
    traced : numpy.ndarray of bool, shape (n,)
        False where the child could not be found two years on.
    """

    at_reception: np.ndarray
    later: np.ndarray
    later_type: np.ndarray
    not_need: np.ndarray
    school_effect: np.ndarray
    traced: np.ndarray


def identify(rng: np.random.Generator, schools: Schools, children: Children, need: Need, observed: Observed) -> Record:
    """Draw who is identified, from need, from the child's other circumstances and from the school."""
    n = len(children.school)
    very_absent = observed.absent > VERY_ABSENT * observed.sessions
    not_need = (
        0.15 * children.male
        + 0.25 * children.fsm
        + 0.065 * (children.months_younger - 6)
        - 0.80 * children.eal
        - 1.10 * very_absent
        - 0.30 * children.mobile
        - 0.65 * need.development
    )
    school_effect = schools.identification[children.school]
    beyond = not_need + school_effect
    visible = np.log1p(2.0 * need.severity)

    support = rng.random(n) < _share(-6.2 + 5.0 * visible + beyond)
    # The most absent quarter had a tenth of the odds of an EHC plan [EPI2025].
    ehc_plan_odds = 0.5 * beyond - 1.6 * very_absent
    ehc_plan = rng.random(n) < _share(-6.15 + 3.0 * need.severity + ehc_plan_odds)
    at_reception = np.where(ehc_plan, "E", np.where(support, "K", "N"))

    new = rng.random(n) < _share(-3.95 + 4.4 * visible + beyond)
    to_ehc_plan = rng.random(n) < _share(-5.2 + 2.0 * need.severity + ehc_plan_odds)
    stays = rng.random(n) < _share(0.9 + 0.9 * need.severity)
    later = np.where(at_reception == "K", np.where(to_ehc_plan, "E", np.where(stays, "K", "N")), at_reception)
    later = np.where((at_reception == "N") & new, np.where(to_ehc_plan & need.true_need, "E", "K"), later)
    traced = rng.random(n) >= 0.01 + 0.04 * (children.mobile | children.traveller)
    return Record(at_reception, later, _types(rng, need, later), not_need, school_effect, traced)


def _types(rng: np.random.Generator, need: Need, later: np.ndarray) -> np.ndarray:
    """Draw the SEN type recorded for each child on the SEN register."""
    types = np.full(len(later), "", dtype="U4")
    for provision, by_area in (("K", TYPES_OF_SUPPORT), ("E", TYPES_OF_PLAN)):
        for area, shares in enumerate(by_area):
            _fill(rng, types, (later == provision) & need.true_need & (need.area == area), shares)
    _fill(rng, types, (later == "K") & ~need.true_need, TYPES_WITHOUT_NEED)
    _fill(rng, types, (later == "E") & ~need.true_need, (("OTH", 1.0),))
    return types


def _fill(rng: np.random.Generator, types: np.ndarray, rows: np.ndarray, shares: tuple[tuple[str, float], ...]) -> None:
    types[rows] = rng.choice(np.array([code for code, _ in shares]), int(rows.sum()), p=[share for _, share in shares])


def _share(log_odds: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-log_odds)))
