"""Simulate a reception year in England: the recorded data, and the latent need that caused them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.errors import UsageError
from send_screen.simulation._need import (
    Need,
    Observed,
    SenRegister,
    simulate_identification,
    simulate_need,
    simulate_observations,
)
from send_screen.simulation._population import Children, simulate_children, simulate_schools
from send_screen.simulation._rates import AREAS, GOALS

CHILDREN_PER_SCHOOL = 100


@dataclass(frozen=True)
class SyntheticEngland:
    """Simulated tables of a reception year in England. No child in them exists.

    Attributes
    ----------
    pupil_census : pandas.DataFrame, shape (n, 16)
        Contract ``education/pupil_census``: one row per child, school by school.
    eyfsp : pandas.DataFrame, shape (m, 19)
        Contract ``education/eyfsp``: early learning goals ``E01`` .. ``E17``. A few children, mostly mobile ones, have
        no profile.
    sen_status : pandas.DataFrame, shape (k, 4)
        Contract ``outcomes/sen_status``: the SEN register in January, two academic years later. A few
        children are not traced.
    truth : pandas.DataFrame, shape (n, 9)
        Latent variables, in the order of ``pupil_census``: ``UPN``, ``true_need``, ``area`` (None without a need),
        ``severity``, ``development``, ``mobile``, ``looked_after``, and the two parts of identification that are not
        need, in log-odds: ``other_effect`` (the child's circumstances) and ``school_effect``. No model may see it.
    children, schools, seed, academic_year
        The arguments of :func:`simulate_england`.
    """

    pupil_census: pd.DataFrame
    eyfsp: pd.DataFrame
    sen_status: pd.DataFrame
    truth: pd.DataFrame
    children: int
    schools: int
    seed: int
    academic_year: str

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by contract id, as :func:`send_screen.load_cohort` takes them."""
        return {
            "education/pupil_census": self.pupil_census,
            "education/eyfsp": self.eyfsp,
            "outcomes/sen_status": self.sen_status,
        }


def simulate_england(
    children: int = 20_000, schools: int | None = None, seed: int = 0, *, academic_year: str = "2022/23"
) -> SyntheticEngland:
    """Simulate the reception children of one academic year.

    A latent need in one of four areas lowers attainment of the early learning goals, raises absence, and leads to
    identification (entry on the SEN register). Birth date, language, absence and, most of all, the school have effects
    on identification too.
    With the same seed another academic year has other children in the same schools.

    Parameters
    ----------
    children : int
        Number of children.
    schools : int, optional
        How many schools; by default one for every 100 children.
    seed : int
        The same seed gives the same frames in any process.
    academic_year : str
        Year in reception, such as ``"2022/23"``.

    Returns
    -------
    SyntheticEngland

    Raises
    ------
    UsageError
        The numbers do not fit together, or the academic year is not written as ``2022/23``, or is before 2021/22, when
        the profile had other goals.

    Examples
    --------
    >>> england = simulate_england(children=60, schools=2, seed=1)
    >>> len(england.pupil_census), england.pupil_census["School"].unique().tolist()
    (60, ['0001000', '0001001'])
    """
    match = re.fullmatch(r"(20\d\d)/(\d\d)", academic_year)
    if not match or (int(match[1]) + 1) % 100 != int(match[2]) or academic_year < "2021/22":
        raise UsageError(
            "The academic year is not understood, or is before today's profile.",
            remedy="Write it as 2022/23, from 2021/22 on.",
        )
    first_year = int(match[1])
    if children < 1 or seed < 0:
        raise UsageError("The number of children must be 1 or more and the seed 0 or more.", remedy="Change them.")
    count = max(1, round(children / CHILDREN_PER_SCHOOL)) if schools is None else schools
    # One random stream per stage, so that a change in one stage does not affect the others. Schools are the same in all
    # years.
    simulated = simulate_schools(np.random.default_rng([seed, 0]), count, children)
    streams = [np.random.default_rng([seed, first_year, stage]) for stage in range(1, 5)]
    pupils = simulate_children(streams[0], simulated, first_year)
    need = simulate_need(streams[1], simulated, pupils)
    observed = simulate_observations(streams[2], pupils, need)
    register = simulate_identification(streams[3], simulated, pupils, need, observed)
    return SyntheticEngland(
        pupil_census=_pupil_census(pupils, observed, register, academic_year),
        eyfsp=_eyfsp(pupils, observed, academic_year),
        sen_status=_sen_status(pupils, register, first_year),
        truth=_truth(pupils, need, register),
        children=children,
        schools=count,
        seed=seed,
        academic_year=academic_year,
    )


def _pupil_census(pupils: Children, observed: Observed, register: SenRegister, academic_year: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "UPN": pupils.upn,
            "Surname": pupils.surname,
            "Forename": pupils.forename,
            "DOB": pupils.born.astype(str),
            "Sex": np.where(pupils.male, "M", "F"),
            "Ethnicity": pupils.ethnicity,
            "Language": pupils.language,
            "FSMeligible": np.where(pupils.fsm, "true", "false"),
            "EverFSM6": np.where(pupils.ever_fsm, "true", "false"),
            "NCyearActual": "R",
            "School": pupils.school_number,
            "ClassName": pupils.class_name,
            "SENprovision": register.at_reception,
            "SessionsPossible": observed.sessions,
            "SessionsAbsent": observed.absent,
            "AcademicYear": academic_year,
        }
    )


def _eyfsp(pupils: Children, observed: Observed, academic_year: str) -> pd.DataFrame:
    frame = pd.DataFrame({"UPN": pupils.upn, "AcademicYear": academic_year})
    frame[list(GOALS)] = observed.goals
    return frame[observed.has_profile].reset_index(drop=True)


def _sen_status(pupils: Children, register: SenRegister, first_year: int) -> pd.DataFrame:
    types = pd.Series(register.later_type)
    frame = pd.DataFrame(
        {
            "UPN": pupils.upn,
            "StatusDate": census_day(first_year + 3).isoformat(),
            "SENprovision": register.later,
            "SENtype": types.where(register.later != "N", None),
        }
    )
    return frame[register.traced].reset_index(drop=True)


def _truth(pupils: Children, need: Need, register: SenRegister) -> pd.DataFrame:
    area = pd.Series(np.array(AREAS, dtype=object)[need.area], dtype=object)
    return pd.DataFrame(
        {
            "UPN": pupils.upn,
            "true_need": need.true_need,
            "area": area.where(need.true_need, None),
            "severity": need.severity,
            "development": need.development,
            "mobile": pupils.mobile,
            "looked_after": pupils.looked_after,
            "other_effect": register.other_effect,
            "school_effect": register.school_effect,
        }
    )


def census_day(year: int) -> dt.date:
    """Return the day of the January school census: the third Thursday."""
    first = dt.date(year, 1, 1)
    return first + dt.timedelta(days=(3 - first.weekday()) % 7 + 14)
