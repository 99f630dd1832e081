"""Simulate schools and their reception children: sizes, intake, names, identifiers, birth dates and background."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np

from send_screen.contracts import SYNTHETIC_AUTHORITY, upn_check_letter
from send_screen.errors import UsageError
from send_screen.simulation._rates import ETHNIC_GROUPS, TRAVELLER_CODES

FIRST_ESTABLISHMENT = 1000
LAST_ESTABLISHMENT = 9999
MIN_SCHOOL_SIZE = 10
MAX_CLASS_SIZE = 30
CLASS_NAMES = np.array([f"R{first}{second}" for first in ("", *ascii_uppercase) for second in ascii_uppercase])
FORENAMES = np.array(
    [a + b for a in ("Zib", "Quo", "Plim", "Wug", "Snor", "Vlo", "Drib", "Glim", "Yub", "Krun") for b in ("bo", "nix",
     "wick", "zle", "ty", "moo", "rax", "del")]
)  # fmt: skip
SURNAMES = np.array(
    [a + b for a in ("Blor", "Crim", "Dwex", "Frum", "Grob", "Jind", "Klem", "Noz", "Prax", "Thrub", "Vex", "Womb")
     for b in ("bleton", "wizzle", "snaff", "quist", "dibber", "foozle", "gax", "lump", "tork", "zam")]
)  # fmt: skip

#: Standard deviation, in log-odds, of how readily schools identify the same need. It is larger than everything about
#: the child other than the need taken together, as EPI2021 found for England.
IDENTIFICATION_SD = 1.10


@dataclass(frozen=True)
class Schools:
    """Simulated schools; each field has shape (s,)."""

    number: np.ndarray  # int: establishment number, four digits
    size: np.ndarray  # int: children in reception
    poverty: np.ndarray  # shift of the log-odds of a child's being eligible for free school meals
    mix: np.ndarray  # shift of the log-odds of a child's being of any group but White British
    attainment: np.ndarray  # shift of the children's development, in its standard deviations
    identification: np.ndarray  # shift of the log-odds of putting a child on the SEN register, whatever the need


def simulate_schools(rng: np.random.Generator, schools: int, children: int) -> Schools:
    """Draw schools whose sizes add up to ``children``."""
    max_schools = LAST_ESTABLISHMENT - FIRST_ESTABLISHMENT + 1
    if not 1 <= schools <= max_schools:
        raise UsageError(f"{schools} schools were asked for.", remedy=f"Ask for 1 to {max_schools} schools.")
    if children < schools:
        raise UsageError(
            f"{children} children cannot fill {schools} schools.", remedy="Ask for more children or fewer schools."
        )
    weight = rng.lognormal(0.0, 0.35, schools)
    least = min(MIN_SCHOOL_SIZE, children // schools)
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


@dataclass(frozen=True)
class Children:
    """The children, school by school; each field has shape (n,)."""

    school: np.ndarray  # int: position in Schools
    upn: np.ndarray
    surname: np.ndarray
    forename: np.ndarray
    school_number: np.ndarray
    class_name: np.ndarray
    born: np.ndarray  # datetime64[D]
    months_younger: np.ndarray  # than a child born on 1 September
    male: np.ndarray
    ethnicity: np.ndarray
    language: np.ndarray
    eal: np.ndarray
    fsm: np.ndarray
    ever_fsm: np.ndarray
    traveller: np.ndarray
    mobile: np.ndarray  # joined or left during the year
    looked_after: np.ndarray
    ethnic_development: np.ndarray  # shift of development that goes with the ethnic group


def upns(authority: str, establishment: np.ndarray, year: int, serial: np.ndarray) -> np.ndarray:
    """Return unique pupil numbers of one year of allocation, with their check letters."""
    bodies = [f"{authority}{e:04d}{year % 100:02d}{s:03d}" for e, s in zip(establishment, serial, strict=True)]
    return np.array([upn_check_letter(body) + body for body in bodies])


def simulate_children(rng: np.random.Generator, schools: Schools, first_year: int) -> Children:
    """Draw the reception children of the academic year that starts in September of ``first_year``."""
    n = int(schools.size.sum())
    school = np.repeat(np.arange(len(schools.size)), schools.size)
    serial = 1 + np.arange(n) - np.repeat(np.cumsum(schools.size) - schools.size, schools.size)
    establishment = schools.number[school]

    first_birthday = np.datetime64(f"{first_year - 5}-09-01")
    days = (np.datetime64(f"{first_year - 4}-09-01") - first_birthday).astype(int)
    age_days = rng.integers(0, days, n)

    group = _ethnic_groups(rng, schools, school)
    ethnicity = np.array([item.code for item in ETHNIC_GROUPS])[group]
    traveller = np.isin(ethnicity, TRAVELLER_CODES)
    eal = rng.random(n) < np.array([item.eal for item in ETHNIC_GROUPS])[group]
    language = np.full(n, "ENG", dtype="U3")
    for position, item in enumerate(ETHNIC_GROUPS):
        speaks = np.flatnonzero(eal & (group == position))
        language[speaks] = rng.choice(np.array(item.languages), len(speaks))
    language[np.isin(ethnicity, ("REFU", "NOBT")) & (rng.random(n) < 0.3)] = "NOT"

    looked_after = rng.random(n) < 0.006
    fsm = rng.random(n) < 1 / (1 + np.exp(1.54 - schools.poverty[school] - 1.2 * traveller))
    mobile = rng.random(n) < np.where(traveller | looked_after, 0.30, 0.05)
    classes = -(-schools.size // MAX_CLASS_SIZE)
    return Children(
        school=school,
        upn=upns(SYNTHETIC_AUTHORITY, establishment, first_year, serial),
        surname=SURNAMES[rng.integers(0, len(SURNAMES), n)],
        forename=FORENAMES[rng.integers(0, len(FORENAMES), n)],
        school_number=np.char.add(SYNTHETIC_AUTHORITY, establishment.astype(str)),
        class_name=CLASS_NAMES[serial % classes[school]],
        born=first_birthday + age_days,
        months_younger=age_days * 12 / days,
        male=rng.random(n) < 0.51,
        ethnicity=ethnicity,
        language=language,
        eal=eal,
        fsm=fsm,
        ever_fsm=fsm | (rng.random(n) < 0.025),
        traveller=traveller,
        mobile=mobile,
        looked_after=looked_after,
        ethnic_development=np.array([item.development for item in ETHNIC_GROUPS])[group],
    )


def _ethnic_groups(rng: np.random.Generator, schools: Schools, school: np.ndarray) -> np.ndarray:
    """Draw each child's ethnic group from the mix of its school, as positions in ETHNIC_GROUPS."""
    share = np.array([item.share for item in ETHNIC_GROUPS])
    favoured = rng.normal(0.0, 0.6, (len(schools.mix), len(share)))
    weight = np.log(share) + favoured + schools.mix[:, None]
    weight[:, 0] = np.log(share[0]) + 0.35
    chance = np.exp(weight - weight.max(axis=1, keepdims=True))
    cumulative = np.cumsum(chance / chance.sum(axis=1, keepdims=True), axis=1)
    drawn = (rng.random(len(school))[:, None] > cumulative[school]).sum(axis=1)
    return np.asarray(np.minimum(drawn, len(share) - 1))
