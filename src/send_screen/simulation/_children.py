"""Simulate children: names, identifiers, birth, background, school and class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from send_screen.simulation._rates import ETHNIC_GROUPS, TRAVELLER_CODES
from send_screen.simulation._schools import LARGEST_CLASS, Schools

#: Letters of the UPN, by the value that the check sum gives them (no I, O or S).
CHECK_LETTERS = np.array(list("ABCDEFGHJKLMNPQRTUVWXYZ"))
#: No authority has this number: it is the mark of a synthetic child.
SYNTHETIC_AUTHORITY = "000"

FORENAMES = np.array(
    [a + b for a in ("Zib", "Quo", "Plim", "Wug", "Snor", "Vlo", "Drib", "Glim", "Yub", "Krun") for b in ("bo", "nix",
     "wick", "zle", "ty", "moo", "rax", "del")]
)  # fmt: skip
SURNAMES = np.array(
    [a + b for a in ("Blor", "Crim", "Dwex", "Frum", "Grob", "Jind", "Klem", "Noz", "Prax", "Thrub", "Vex", "Womb")
     for b in ("bleton", "wizzle", "snaff", "quist", "dibber", "foozle", "gax", "lump", "tork", "zam")]
)  # fmt: skip


@dataclass(frozen=True)
class Children:
    """Who the children are, ``n`` of them, school by school.

    Attributes
    ----------
    school : numpy.ndarray of int, shape (n,)
        Position of the child's school in :class:`Schools`.
    upn, surname, forename, school_number, class_name, ethnicity, language : numpy.ndarray of str, shape (n,)
    born : numpy.ndarray of datetime64[D], shape (n,)
    months_younger : numpy.ndarray of float, shape (n,)
        Months by which the child is younger than one born on 1 September.
    male, fsm, ever_fsm, eal, traveller, mobile, looked_after : numpy.ndarray of bool, shape (n,)
        ``mobile``: joined or left during the year.
    ethnic_development : numpy.ndarray of float, shape (n,)
        Shift of development that goes with the ethnic group.
    """

    school: np.ndarray
    upn: np.ndarray
    surname: np.ndarray
    forename: np.ndarray
    school_number: np.ndarray
    class_name: np.ndarray
    born: np.ndarray
    months_younger: np.ndarray
    male: np.ndarray
    ethnicity: np.ndarray
    language: np.ndarray
    eal: np.ndarray
    fsm: np.ndarray
    ever_fsm: np.ndarray
    traveller: np.ndarray
    mobile: np.ndarray
    looked_after: np.ndarray
    ethnic_development: np.ndarray


def upns(authority: str, establishment: np.ndarray, year: np.ndarray | int, serial: np.ndarray) -> np.ndarray:
    """Return unique pupil numbers with their check letters.

    The check letter is the letter at (sum over the characters 2 to 13 of digit times position) mod 23.

    Parameters
    ----------
    authority : str
        Three digits.
    establishment, serial : numpy.ndarray of int, shape (n,)
        Up to four and three digits.
    year : int or numpy.ndarray of int, shape (n,)
        Calendar year of allocation; the number holds its last two digits.

    Examples
    --------
    >>> upns("801", np.array([2000]), 2005, np.array([1])).tolist()
    ['B801200005001']
    """
    number = (
        int(authority) * 10**9
        + np.asarray(establishment, dtype=np.int64) * 10**5
        + (np.asarray(year, dtype=np.int64) % 100) * 1000
        + np.asarray(serial, dtype=np.int64)
    )
    digits = number[:, None] // 10 ** np.arange(11, -1, -1, dtype=np.int64) % 10
    letters = CHECK_LETTERS[(digits * np.arange(2, 14)).sum(axis=1) % 23]
    return np.asarray(np.char.add(letters, np.char.zfill(number.astype(str), 12)))


def invent_children(rng: np.random.Generator, schools: Schools, first_year: int) -> Children:
    """Invent the reception children of the academic year that starts in September of ``first_year``."""
    n = int(schools.size.sum())
    school = np.repeat(np.arange(len(schools.size)), schools.size)
    serial = 1 + np.arange(n) - np.repeat(np.cumsum(schools.size) - schools.size, schools.size)
    establishment = schools.number[school]

    first_birthday = np.datetime64(f"{first_year - 5}-09-01")
    days = (np.datetime64(f"{first_year - 4}-09-01") - first_birthday).astype(int)
    age_days = rng.integers(0, days, n)

    group = _ethnic_groups(rng, schools, school)
    traveller = np.isin(np.array([item.code for item in ETHNIC_GROUPS]), TRAVELLER_CODES)[group]
    eal = rng.random(n) < np.array([item.eal for item in ETHNIC_GROUPS])[group]
    language = np.full(n, "ENG", dtype="U3")
    for position, item in enumerate(ETHNIC_GROUPS):
        speaks = np.flatnonzero(eal & (group == position))
        language[speaks] = rng.choice(np.array(item.languages), len(speaks))

    refused = np.isin(np.array([item.code for item in ETHNIC_GROUPS])[group], ("REFU", "NOBT"))
    language[refused & (rng.random(n) < 0.3)] = "NOT"

    looked_after = rng.random(n) < 0.006
    fsm = rng.random(n) < 1 / (1 + np.exp(1.54 - schools.poverty[school] - 1.2 * traveller))
    mobile = rng.random(n) < np.where(traveller | looked_after, 0.30, 0.05)
    classes = -(-schools.size // LARGEST_CLASS)
    return Children(
        school=school,
        upn=upns(SYNTHETIC_AUTHORITY, establishment, first_year, serial),
        surname=SURNAMES[rng.integers(0, len(SURNAMES), n)],
        forename=FORENAMES[rng.integers(0, len(FORENAMES), n)],
        school_number=np.char.add(SYNTHETIC_AUTHORITY, establishment.astype(str)),
        class_name=np.array([f"R{letter}" for letter in _class_letters(int(classes.max()))])[serial % classes[school]],
        born=first_birthday + age_days,
        months_younger=age_days * 12 / days,
        male=rng.random(n) < 0.51,
        ethnicity=np.array([item.code for item in ETHNIC_GROUPS])[group],
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


def _class_letters(count: int) -> list[str]:
    """Return class names A, B, .. Z, AA, AB ..."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return [(alphabet[i // 26 - 1] if i >= 26 else "") + alphabet[i % 26] for i in range(count)]
