"""What the header of a column suggests: whose data it is, when it was recorded, what it must not be used for.

A header only suggests. Each guess that is made from it is marked as one in the files that are written.
"""

from __future__ import annotations

import re
from typing import Literal

ColumnRole = Literal[
    "id", "school", "class", "forename", "surname", "birth", "private", "status", "protected", "proxy", "absence",
    "attendance",
]  # fmt: skip

# Read in this order, on the letters of a header alone; the first that fits is taken.
_ROLES: tuple[tuple[ColumnRole, str], ...] = (
    (
        "id",
        r"^(upn|uniquepupilnumber|id|ref|reference)$|^(child|pupil|student|stdnt|person)(id|no|number|ref)$|^admno$",
    ),
    ("forename", r"^(legal|pupil|child|student|preferred|chosen)?(forename|firstname|givenname)s?$"),
    ("surname", r"^(legal|pupil|child|student|preferred|chosen)?(surname|lastname|familyname)$"),
    ("class", r"^(class|form|tutor|reg|registration)(name|group|code)?$"),
    ("birth", r"^(pupil|child|student)?(dob|dateofbirth|birthdate|birthday)$"),
    (
        "private",
        r"name$|address|postcode|e?mail|phone|mobile|carer|guardian|^nhs|^uln$|comment|notes?$|(teacher|staff)(id|code)?$"
        r"|^(la|lea|ward|region|district|town|authority|localauthority)(code|no)?$",
    ),
    ("school", r"^(school|setting|estab|establishment|laestab|urn|dfe)(id|no|number|code)?$|sch(ool)?id$"),
    ("status", r"^sen(d|co)?(status|provision|support|type|need|stage|code|history|now|$)|ehcp|^iep$|speced|specin"),
    (
        "protected",
        r"gender|(^|child|pupil|student|legal|birth)sex($|code)|(^|child|pupil|student)(race|racial)|ethnic"
        r"|(white|black|hispanic|asian|latino)$|religio|nationality|countryofbirth|traveller",
    ),
    (
        "proxy",
        r"fsm|free(school)?(meal|lunch)|f(ood)?stamps?$|lunch|pupilpremium|^pp$|premium|depriv|idaci|^imd|income|povert"
        r"|benefits?$|socioecon|^(wk|avg|mean|school|sch|home|family|parent)*ses(l|status|score|index|band|group)?$"
        r"|^(first|home|main|mother)*(lang|language|tongue)(code|group)?$|^(eal|esl|ell)$|minorit|minor$|disab"
        r"|lookedafter|^(lac|cla)$|youngcarer|refugee|asylum|(mother|father|parent)s?(educ|occup|job|qualif)",
    ),
    ("absence", r"absen|sessionsmissed|daysmissed"),
    ("attendance", r"attend|dayspresent|^g?k?present$"),
)
_WAVE = re.compile(r"^[a-z]{1,2}(\d{1,2})(?=[a-z_])", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_CHANGE = re.compile(r"^(chg|change|diff|gain|growth|progress)|(chg|change|gain|growth)$|followup|outcome|later")
_SHORTEST_TOLD = 4


def letters(header: str) -> str:
    """Return a header without its wave, digits and separators.

    Examples
    --------
    >>> letters("P1FSTAMP"), letters("Free meals?"), letters("S1_ID")
    ('fstamp', 'freemeals', 'id')
    """
    return re.sub(r"[^a-z]", "", _WAVE.sub("", header.strip()).lower())


def infer_role(header: str) -> ColumnRole | None:
    """Return what a header suggests that its column is, or None.

    Examples
    --------
    >>> [infer_role(name) for name in ("WKWHITE", "avg_SES", "Ethnicity", "P1PRONOU", "assessment", "Date of birth")]
    ['protected', 'proxy', 'protected', None, None, 'birth']
    """
    text = letters(header)
    return next((kind for kind, pattern in _ROLES if re.search(pattern, text)), None)


def post_outcome_reason(header: str, label: str) -> str | None:
    """Return why a column may have been recorded with the outcome or after it, going by its header; None if not.

    Examples
    --------
    >>> post_outcome_reason("C6R4RSCL", "F5SPECS")
    'by its name it is of wave 6, and the outcome of wave 5'
    >>> post_outcome_reason("C1FMOTOR", "F5SPECS") is None
    True
    """
    wave, of_label = _WAVE.match(header), _WAVE.match(label)
    if wave and of_label and int(wave[1]) >= int(of_label[1]):
        return f"by its name it is of wave {int(wave[1])}, and the outcome of wave {int(of_label[1])}"
    year, year_of_label = (max(map(int, _YEAR.findall(text)), default=None) for text in (header, label))
    if year and year_of_label and year >= year_of_label:
        return f"by its name it is of {year}, and the outcome of {year_of_label}"
    return "its name speaks of a change or of a later time" if _CHANGE.search(letters(header)) else None


def named_after(header: str, label: str) -> bool:
    """Tell whether the name of the outcome is in a header, its wave apart.

    Examples
    --------
    >>> named_after("gkspecin_hours", "g1specin"), named_after("P1SOLVE", "F5SPECS")
    (True, False)
    """
    outcome = letters(label)
    return len(outcome) >= _SHORTEST_TOLD and outcome in letters(header)
