"""Simulate the identifiers by which agencies know children, and what goes wrong with them.

Every rate is an assumption: which troubles occur is known (Libuy and others, 2021, on linking pupils to health
records; guidance for schools and authorities), how often is not. Children with English as an additional language,
children who moved and looked-after children have more of them, as there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.contracts import nhs_check_digit, upn_check_letter
from send_screen.errors import UsageError
from send_screen.simulation._population import FORENAMES, SURNAMES

NAMES = ("Surname", "Forename", "DOB", "Sex", "Postcode")
#: Postcodes of a school's children. The area ZZ is nowhere.
POSTCODES_PER_SCHOOL = 40
#: Share of children who are twins.
TWINS = 0.03
#: Share of moves within the outward code.
NEAR = 0.6
_MAX_CHILDREN = 880_000  # NHS numbers of the test range with a check digit


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with one identifier: how often, and how often for children for whom it is commoner."""

    name: str
    share: float
    eal: float
    moved: float  # children who moved or are looked after


#: Assumptions, in shares of records. A record may have several troubles.
TROUBLES = (
    Trouble("surname changed", 0.02, 0.02, 0.12),
    Trouble("double-barrelled", 0.015, 0.02, 0.015),
    Trouble("names swapped", 0.003, 0.03, 0.003),
    Trouble("transliterated", 0.005, 0.08, 0.005),
    Trouble("truncated", 0.005, 0.005, 0.005),
    Trouble("mistyped", 0.01, 0.02, 0.01),
    Trouble("day and month swapped", 0.005, 0.01, 0.005),
    Trouble("born on 1 January", 0.001, 0.02, 0.001),
    Trouble("sex miscoded", 0.002, 0.002, 0.002),
    Trouble("postcode moved", 0.20, 0.25, 0.60),
    Trouble("postcode missing", 0.02, 0.03, 0.05),
)
_VOWELS = str.maketrans("aeiou", "eaoui")


def nhs_numbers(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return different NHS numbers of the test range 999, which no person has."""
    if n > _MAX_CHILDREN:
        raise UsageError(f"There are no {n:,} NHS numbers for tests.", remedy=f"Ask for {_MAX_CHILDREN:,} or fewer.")
    bodies = [f"999{number:06d}" for number in rng.permutation(1_000_000)[: int(n * 1.12) + 40]]
    numbers = [body + digit for body in bodies if (digit := nhs_check_digit(body)) is not None]
    return np.array(numbers[:n], dtype=object)


def postcodes(rng: np.random.Generator, school: np.ndarray) -> np.ndarray:
    """Return a postcode for each child, near the others of the same school (its position)."""
    place = school * POSTCODES_PER_SCHOOL + rng.integers(0, POSTCODES_PER_SCHOOL, len(school))
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    outward = place // 4_000 % 90 + 10
    return np.array(
        [f"ZZ{a} {p // 400 % 10}{letters[p // 20 % 20]}{letters[p % 20]}" for a, p in zip(outward, place, strict=True)],
        dtype=object,
    )


def make_twins(rng: np.random.Generator, census: pd.DataFrame) -> pd.DataFrame:
    """Return the census with some pairs of children of one school made twins: one surname, birth date and postcode."""
    school = census["School"].to_numpy()
    forename = census["Forename"].to_numpy()
    alike = (school[:-1] == school[1:]) & (forename[:-1] != forename[1:])
    first = np.flatnonzero(alike & (rng.random(len(census) - 1) < TWINS / 2))
    first = first[np.diff(first, prepend=-2) > 1]
    made = census.copy()
    for name in ("Surname", "DOB", "Postcode"):
        values = made[name].to_numpy(dtype=object, copy=True)
        values[first + 1] = values[first]
        made[name] = values
    return made


def strangers(rng: np.random.Generator, n: int, census: pd.DataFrame) -> pd.DataFrame:
    """Return children of the same age whom the schools do not have, with NHS numbers still to be given."""
    return pd.DataFrame(
        {
            "Surname": SURNAMES[rng.integers(0, len(SURNAMES), n)],
            "Forename": FORENAMES[rng.integers(0, len(FORENAMES), n)],
            "DOB": census["DOB"].to_numpy()[rng.integers(0, len(census), n)],
            "Sex": np.where(rng.random(n) < 0.51, "M", "F"),
            "Postcode": census["Postcode"].to_numpy()[rng.integers(0, len(census), n)],
        }
    ).astype(object)


def with_trouble(
    rng: np.random.Generator, records: pd.DataFrame, school: np.ndarray, eal: np.ndarray, moved: np.ndarray
) -> tuple[pd.DataFrame, pd.Series]:
    """Return records with identifiers as an agency has them, and the names of each record's troubles.

    ``school`` is the position of each child's school.
    """
    changed = {name: records[name].to_numpy(dtype=object, copy=True) for name in NAMES}
    names = pd.Series([()] * len(records), index=records.index, dtype=object)
    other = SURNAMES[rng.integers(0, len(SURNAMES), len(records))]
    # most moves are near: to the postcodes of the hundred schools around, which share their outward code
    near = school // 100 * 100 + rng.integers(0, 100, len(records))
    elsewhere = postcodes(rng, np.where(rng.random(len(records)) < NEAR, near, rng.integers(0, 2_000, len(records))))
    for trouble in TROUBLES:
        share = np.where(moved, trouble.moved, np.where(eal, trouble.eal, trouble.share))
        rows = np.flatnonzero(rng.random(len(records)) < share)
        for row in map(int, rows):
            _change(trouble.name, changed, row, other[row], elsewhere[row])
        names.iloc[rows] = [(*before, trouble.name) for before in names.iloc[rows]]
    return records.assign(**changed), names.map("; ".join)


def _change(trouble: str, values: dict[str, np.ndarray], row: int, surname: str, postcode: str) -> None:
    """Change the identifiers of one record in place."""
    now = {name: column[row] for name, column in values.items()}
    match trouble:
        case "surname changed":
            values["Surname"][row] = surname
        case "double-barrelled":
            values["Surname"][row] = f"{now['Surname']}-{surname}"
        case "names swapped":
            values["Surname"][row], values["Forename"][row] = now["Forename"], now["Surname"]
        case "transliterated":
            values["Forename"][row] = now["Forename"].translate(_VOWELS)
        case "truncated":
            values["Surname"][row] = now["Surname"][:6]
        case "mistyped":
            values["Forename"][row] = now["Forename"][:2] + now["Forename"][1:]
        case "day and month swapped":
            year, month, day = now["DOB"].split("-")
            values["DOB"][row] = f"{year}-{day}-{month}" if int(day) <= 12 else now["DOB"]
        case "born on 1 January":
            values["DOB"][row] = f"{now['DOB'][:4]}-01-01"
        case "sex miscoded":
            values["Sex"][row] = "F" if now["Sex"] == "M" else "M"
        case "postcode moved":
            values["Postcode"][row] = postcode
        case "postcode missing":
            values["Postcode"][row] = None


def temporary_upns(upns: np.ndarray) -> np.ndarray:
    """Return a temporary UPN for each, which ends in a letter in place of the last digit."""
    bodies = [upn[1:12] + "ABCDEFGHJK"[int(upn[12])] for upn in upns]
    return np.array([upn_check_letter(body) + body for body in bodies], dtype=object)
