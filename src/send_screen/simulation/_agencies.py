"""Simulate what other agencies recorded of the same children: health, early years and children's social care."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.contracts._england_codes import is_additional_language
from send_screen.simulation._england import SyntheticEngland
from send_screen.simulation._identifiers import (
    NAMES,
    make_twins,
    nhs_numbers,
    postcodes,
    strangers,
    temporary_upns,
    with_trouble,
)
from send_screen.simulation._rates import AREAS

REVIEW, CHECK, INVOLVEMENT = "health/two_year_review", "early_years/progress_check", "social_care/involvement"
ASQ = ("ASQCommunication", "ASQGrossMotor", "ASQFineMotor", "ASQProblemSolving", "ASQPersonalSocial")

# All numbers below are assumptions, unless a source is named.
#: Effect of a unit of severity in each area of need (rows, as AREAS) on each domain of the questionnaire, in points.
NEED_ON_ASQ = np.array(
    [[13.0, 2, 4, 7, 7], [7.0, 3, 6, 12, 5], [6.0, 1, 3, 4, 11], [3.0, 14, 12, 5, 5]]
)  # fmt: skip
#: Means fitted so that about 86, 93, 93, 93 and 90 in 100 are at the level expected (England 2021/22 and 2022/23).
ASQ_MEAN, ASQ_DEVELOPMENT, ASQ_NOISE = np.array([46.8, 58.5, 59.2, 50.7, 53.4]), 8.0, 4.0
#: Share of children who have a review with scores: about a fifth have none (England 2024/25), not at random.
REVIEWED, REVIEWED_MOVED = 0.84, 0.60
CHECKED, CHECKED_POOR = 0.75, 0.60
#: Share of the agencies' persons whom these schools do not have.
STRANGERS = {REVIEW: 0.25, CHECK: 0.20, INVOLVEMENT: 0.30}
#: Share of records with a UPN and with an NHS number, for children of these schools.
WITH_UPN = {REVIEW: 0.30, CHECK: 0.05, INVOLVEMENT: 0.88}
WITH_NHS = {REVIEW: 1.0, CHECK: 0.10, INVOLVEMENT: 0.55}
#: Share of looked-after and adopted children whom social care knows under two numbers that it must not link.
TWO_NUMBERS = 0.10
FORMER_UPN = 0.02


@dataclass(frozen=True)
class SyntheticAgencies:
    """Simulated tables of several agencies about the children of a :class:`SyntheticEngland`. No child in them exists.

    Attributes
    ----------
    pupil_census : pandas.DataFrame, shape (n, 19)
        Contract ``education/pupil_census``: that of the England, with ``FormerUPN``, ``NHSNumber`` and ``Postcode``,
        and with a few pairs of children made twins.
    two_year_review, progress_check, involvement : pandas.DataFrame
        Contracts ``health/two_year_review``, ``early_years/progress_check`` and ``social_care/involvement``. Each
        agency has its own numbers, and some children whom the schools do not have.
    truth : pandas.DataFrame
        Whose each row is: ``contract``, ``row`` (position in its table), ``UPN`` (None for a child whom the schools
        do not have) and ``trouble`` (what is wrong with its identifiers). No linkage may see it.
    """

    pupil_census: pd.DataFrame
    two_year_review: pd.DataFrame
    progress_check: pd.DataFrame
    involvement: pd.DataFrame
    truth: pd.DataFrame

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables of the agencies beside the school, by contract id."""
        return {REVIEW: self.two_year_review, CHECK: self.progress_check, INVOLVEMENT: self.involvement}


def simulate_agencies(england: SyntheticEngland, *, traced: float = 0.0) -> SyntheticAgencies:
    """Simulate what health, early years and social care recorded of the children of an England.

    The same latent need that lowers the early learning goals lowers the scores of the review at two, and makes
    involvement of social care likelier. Identifiers have the troubles of real ones: no UPN before school, changed
    surnames, swapped and transliterated names, mistyped birth dates, moves, twins. How often is an assumption.

    Parameters
    ----------
    england : SyntheticEngland
        It is not changed.
    traced : float
        Share of the pupils whose NHS number the school census has.

    Returns
    -------
    SyntheticAgencies
        The same for the same England in any process.

    Examples
    --------
    >>> from send_screen.simulation import simulate_england
    >>> agencies = simulate_agencies(simulate_england(children=60, schools=2, seed=1))
    >>> len(agencies.pupil_census), sorted(agencies.tables)
    (60, ['early_years/progress_check', 'health/two_year_review', 'social_care/involvement'])
    """
    first_year = int(england.academic_year[:4])
    streams = [np.random.default_rng([england.seed, first_year, stage]) for stage in range(100, 104)]
    census = _census(streams[0], england, traced)
    makers = {REVIEW: _two_year_review, CHECK: _progress_check, INVOLVEMENT: _involvement}
    tables, truth = {}, []
    for stream, (name, make) in zip(streams[1:], makers.items(), strict=True):
        tables[name], of_table = _records(stream, name, england, census, make(stream, england, census))
        truth.append(of_table)
    return SyntheticAgencies(
        pupil_census=census.drop(columns="_nhs"),
        two_year_review=tables[REVIEW],
        progress_check=tables[CHECK],
        involvement=tables[INVOLVEMENT],
        truth=pd.concat(truth, ignore_index=True),
    )


def _census(rng: np.random.Generator, england: SyntheticEngland, traced: float) -> pd.DataFrame:
    """Return the census with identifiers, and every child's NHS number in ``_nhs``."""
    census, n = england.pupil_census, len(england.pupil_census)
    school = pd.factorize(census["School"])[0]
    upns = census["UPN"].to_numpy(dtype=object)
    numbers = nhs_numbers(rng, n)
    former = rng.random(n) < np.where(england.truth["mobile"], 10 * FORMER_UPN, FORMER_UPN)
    census = census.assign(
        Postcode=postcodes(rng, school),
        FormerUPN=_or_none(former, temporary_upns(upns)),
        NHSNumber=_or_none(rng.random(n) < traced, numbers),
        _nhs=numbers,
    )
    return make_twins(rng, census)


def _latent(england: SyntheticEngland) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each child's severity by area of need (n, 4), development, and whether he or she moved or is in care."""
    truth = england.truth
    area = truth["area"].to_numpy(dtype=object)[:, None] == np.array(AREAS, dtype=object)
    severity = area * truth["severity"].to_numpy()[:, None]
    return severity, truth["development"].to_numpy(), (truth["mobile"] | truth["looked_after"]).to_numpy()


def _two_year_review(rng: np.random.Generator, england: SyntheticEngland, census: pd.DataFrame) -> pd.DataFrame:
    severity, development, moved = _latent(england)
    n = len(census)
    months = rng.choice([24, 27, 30], n, p=[0.35, 0.45, 0.20])
    scores = ASQ_MEAN + ASQ_DEVELOPMENT * development[:, None] - severity @ NEED_ON_ASQ
    scores = np.clip(5 * np.round((scores + rng.normal(0, ASQ_NOISE, (n, 5))) / 5), 0, 60)
    done = rng.random(n) < np.where(moved, REVIEWED_MOVED, REVIEWED)
    not_done = rng.choice(["declined", "not brought", "not offered"], n, p=[0.2, 0.5, 0.3])
    concern = rng.random(n) < 1 / (1 + np.exp(3.2 - 1.6 * severity.sum(axis=1)))
    frame = pd.DataFrame(
        {
            "child": np.arange(n),
            "ReviewDate": _months_after(census["DOB"], months, rng),
            "QuestionnaireMonth": months.astype(str),
            **{name: np.where(done, scores[:, k], np.nan) for k, name in enumerate(ASQ)},
            "Completed": np.where(done, "Y", not_done),
            "ConcernRaised": _or_none(concern | done, np.where(concern, "true", "false")),
        }
    )
    return frame[rng.random(n) < np.where(moved, 0.85, 0.97)]


def _progress_check(rng: np.random.Generator, england: SyntheticEngland, census: pd.DataFrame) -> pd.DataFrame:
    severity, development, _ = _latent(england)
    n = len(census)
    effect = severity @ np.array([[1.6, 0.3, 0.9], [1.1, 0.5, 0.6], [0.7, 0.2, 1.6], [0.4, 1.7, 0.5]])
    level = 1.7 + 0.6 * development[:, None] - effect + rng.normal(0, 0.7, (n, 3))
    codes = np.where(level < 0, "1", np.where(level < 2.9, "2", "3"))
    settings = np.array([f"EY{number}" for number in 300_000 + rng.integers(0, max(1, n // 15), n)])
    frame = pd.DataFrame(
        {
            "child": np.arange(n),
            "Setting": settings,
            "CheckDate": _months_after(census["DOB"], rng.integers(25, 36, n), rng),
            "CL": codes[:, 0],
            "PD": codes[:, 1],
            "PSED": codes[:, 2],
            "SupportRequested": np.where((codes == "1").sum(axis=1) >= 2, "true", "false"),
        }
    )
    return frame[rng.random(n) < np.where(census["FSMeligible"] == "true", CHECKED_POOR, CHECKED)]


def _involvement(rng: np.random.Generator, england: SyntheticEngland, census: pd.DataFrame) -> pd.DataFrame:
    severity, _, _ = _latent(england)
    n = len(census)
    in_care = england.truth["looked_after"].to_numpy()
    poor = (census["FSMeligible"] == "true").to_numpy()
    log_odds = -3.3 + 1.2 * poor + 0.35 * severity.sum(axis=1) + 0.5 * severity[:, 2]
    known = in_care | (rng.random(n) < 1 / (1 + np.exp(-log_odds)))
    kind = np.where(in_care, "LAC", rng.choice(["EH", "CIN", "CP"], n, p=[0.45, 0.45, 0.10]))
    months = rng.integers(1, 70, n)  # some begin after the end of reception
    start = _months_after(census["DOB"], months, rng)
    end = _months_after(census["DOB"], months + rng.integers(2, 30, n), rng)
    ended = ~in_care & (rng.random(n) < 0.7)
    frame = pd.DataFrame(
        {
            "child": np.arange(n),
            "InvolvementType": kind,
            "StartDate": start,
            "EndDate": _or_none(ended, end),
            "PrimaryNeed": np.where(severity.sum(axis=1) > 1, "N2", rng.choice(["N1", "N3", "N4", "N5"], n)),
        }
    )
    return pd.DataFrame(frame[known])


def _months_after(born: pd.Series, months: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return dates some months, and up to four weeks, after birth."""
    dates = born.to_numpy().astype("datetime64[D]") + (months * 30.44).astype(int) + rng.integers(0, 28, len(born))
    return np.array(dates.astype(str), dtype=object)


def _or_none(where: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return values, and None elsewhere."""
    chosen = np.full(len(values), None, dtype=object)
    chosen[where] = values[where]
    return chosen


def _records(
    rng: np.random.Generator, name: str, england: SyntheticEngland, census: pd.DataFrame, contents: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return an agency's table with identifiers as the agency has them, in an order of its own, and the truth."""
    child = contents["child"].to_numpy()
    _, _, moved = _latent(england)
    if name == INVOLVEMENT:  # by rule, a child in care who is adopted gets a number that is not linked to the old one
        again = child[(rng.random(len(child)) < TWO_NUMBERS) & moved[child]]
        contents = pd.concat([contents, contents[contents["child"].isin(again)]], ignore_index=True)
        child = contents["child"].to_numpy()
    ours = census.iloc[child].reset_index(drop=True)
    eal = ours["Language"].map(is_additional_language).fillna(False).to_numpy(dtype=bool)
    school = pd.factorize(census["School"])[0][child]
    records, trouble = with_trouble(rng, ours[list(NAMES)], school, eal, moved[child])
    n = len(records)
    upn = np.where(ours["FormerUPN"].notna() & (rng.random(n) < 0.5), ours["FormerUPN"], ours["UPN"])
    records["UPN"] = _or_none(rng.random(n) < WITH_UPN[name], upn)
    records["NHSNumber"] = _or_none(rng.random(n) < WITH_NHS[name], ours["_nhs"].to_numpy())
    others = strangers(rng, int(STRANGERS[name] / (1 - STRANGERS[name]) * n), census)
    taken = set(census["_nhs"])
    free = [number for number in nhs_numbers(rng, len(others) + len(census)) if number not in taken][: len(others)]
    others["NHSNumber"] = _or_none(rng.random(len(others)) < WITH_NHS[name], np.array(free, dtype=object))
    values = contents.drop(columns="child").reset_index(drop=True)
    borrowed = values.iloc[rng.integers(0, n, len(others))].reset_index(drop=True) if n else values
    table = pd.concat(
        [pd.concat([records, values], axis=1), pd.concat([others.assign(UPN=None), borrowed], axis=1)],
        ignore_index=True,
    )
    whose = pd.DataFrame(
        {
            "contract": name,
            "UPN": [*ours["UPN"], *([None] * len(others))],
            "trouble": [*trouble, *([""] * len(others))],
        }
    )
    order = rng.permutation(len(table))
    table = table.iloc[order].reset_index(drop=True)
    table.insert(0, "PersonID", [f"{name[:1].upper()}{number:07d}" for number in rng.permutation(len(table))])
    truth = whose.iloc[order].reset_index(drop=True)
    truth.insert(1, "row", np.arange(len(truth)))
    return table.astype(dict.fromkeys((*NAMES, "UPN", "NHSNumber"), object)), truth
