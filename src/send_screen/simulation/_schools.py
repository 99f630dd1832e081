"""Simulate schools: size, deprivation, mix, and propensity to identify SEN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from send_screen.errors import UsageError

FIRST_ESTABLISHMENT = 1000
LAST_ESTABLISHMENT = 9999
SMALLEST_SCHOOL = 10
LARGEST_CLASS = 30

#: Standard deviation, in log-odds, of how readily schools identify the same need. It is larger than everything about
#: the child other than the need taken together, as EPI2021 found for England.
IDENTIFICATION_SD = 1.10


@dataclass(frozen=True)
class Schools:
    """The schools of one synthetic England, ``s`` of them.

    Attributes
    ----------
    number : numpy.ndarray of int, shape (s,)
        Establishment number, four digits.
    size : numpy.ndarray of int, shape (s,)
        Children in reception.
    poverty : numpy.ndarray of float, shape (s,)
        Shift of the log-odds of a child's being eligible for free school meals.
    mix : numpy.ndarray of float, shape (s,)
        Shift of the log-odds of a child's being of any group but White British.
    attainment : numpy.ndarray of float, shape (s,)
        Shift of the children's development, in its standard deviations.
    identification : numpy.ndarray of float, shape (s,)
        Shift of the log-odds that the school puts a child on the SEN register, whatever the need.
    """

    number: np.ndarray
    size: np.ndarray
    poverty: np.ndarray
    mix: np.ndarray
    attainment: np.ndarray
    identification: np.ndarray


def invent_schools(rng: np.random.Generator, schools: int, children: int) -> Schools:
    """Invent schools whose sizes add up to ``children``.

    Raises
    ------
    UsageError
        Fewer children than schools, or more schools than there are establishment numbers, or more children in one
        school than a UPN has serial numbers for.
    """
    most = LAST_ESTABLISHMENT - FIRST_ESTABLISHMENT + 1
    if not 1 <= schools <= most:
        raise UsageError(f"{schools} schools were asked for.", remedy=f"Ask for 1 to {most} schools.")
    if children < schools:
        raise UsageError(
            f"{children} children cannot fill {schools} schools.", remedy="Ask for more children or fewer schools."
        )
    weight = rng.lognormal(0.0, 0.35, schools)
    least = min(SMALLEST_SCHOOL, children // schools)
    size = least + rng.multinomial(children - least * schools, weight / weight.sum())
    if size.max() > 999:
        raise UsageError(
            f"A school would have {size.max()} children in reception, and a UPN has room for 999.",
            remedy="Ask for more schools or fewer children.",
        )
    poverty = rng.normal(0.0, 0.8, schools)
    return Schools(
        number=FIRST_ESTABLISHMENT + np.arange(schools),
        size=size,
        poverty=poverty,
        mix=rng.normal(0.0, 1.3, schools),
        attainment=rng.normal(0.0, 0.22, schools) - 0.05 * poverty,
        identification=rng.normal(0.0, IDENTIFICATION_SD, schools),
    )
