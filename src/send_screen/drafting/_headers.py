"""Infer from a column's header its role, when it was recorded, and what it must not be used for.

Such guesses are marked ``GUESS`` in the drafted files. A *wave* is the prefix by which longitudinal studies name a
round of data collection, such as ``C6`` or ``F5``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from send_screen.documents import CHILDREN, SCHOOLS, Noun

ColumnRole = Literal[
    "id", "school", "class", "forename", "surname", "birth", "private", "status", "protected", "proxy", "absence",
    "attendance",
]  # fmt: skip

# Tried in this order on the letters of a header; the first match is taken.
_ROLES: tuple[tuple[ColumnRole, str], ...] = (
    (
        "id",
        r"^(upn|uniquepupilnumber|ref|reference)$|^(admno|matric(no|number))$"
        r"|^(child|pupil|student|stdnt|stu|learner|person|participant|candidate|subject|case|record)s?(no|num|number|ref|code|key)$"
        r"|(teacher|tchr?|staff|assessor)(no|num|number|code)$",
    ),
    ("forename", r"^(legal|pupil|child|student|preferred|chosen)?(forename|firstname|givenname)s?$"),
    ("surname", r"^(legal|pupil|child|student|preferred|chosen)?(surname|lastname|familyname)$"),
    ("class", r"^(class|form|tutor|reg|registration)(name|group|code)?$"),
    ("birth", r"^(pupil|child|student)?(dob|dateofbirth|birthdate|birthday)$"),
    (
        "private",
        r"name$|address|postcode|e?mail|phone|mobile|carer|guardian|^nhs|^uln$|comment|notes?$|(teacher|staff)$"
        r"|^(la|lea|ward|region|district|town|authority|localauthority)(code|no)?$",
    ),
    (
        "school",
        r"^(school|setting|estab|establishment|laestab|urn|dfe|clinic|centre|center|site|campus|college|provider)"
        r"(id|no|num|number|code)?$|sch(ool)?id$|^(code)?(course|module)(id|no|num|number|code)?$",
    ),
    (
        "status",
        r"^sen(d|co)?(status|provision|support|type|need|stage|code|history|now|$)|ehcp|^iep$|speced|specin|^sped"
        r"|sped(status|flag)?$|specialed|special(educational)?needs?|^swd$",
    ),
    (
        "protected",
        r"gender|(^|child|pupil|student|legal|birth)sex($|code)|(^|child|pupil|student)(race|racial)|ethnic"
        r"|(white|black|hispanic|asian|latino)$|religio|nationality|countryofbirth|traveller"
        r"|^age(band|group|range|bracket|category)s?$",
    ),
    (
        "proxy",
        r"fsm|^frp?l$|free(school)?(meal|lunch)|f(ood)?stamps?$|lunch|pupilpremium|^pp$|premium|depriv|idaci|^imd|income|povert"
        r"|benefits?$|socioecon|^(wk|avg|mean|school|sch|home|family|parent)*ses(l|status|score|index|band|group)?$"
        r"|^(first|home|main|mother|native|other)*(lang|language|tongue)(code|group)?$|minorit|minor$|disab"
        r"|^(is)?(eal|esl|ell|els|lep|esol|elp)(status|flag|code|services?|program(me)?)?$|bilingual|english(language)?learner"
        r"|limitedenglish|lang(uage)?(prog|serv|supp)"
        r"|lookedafter|^(lac|cla)$|youngcarer|refugee|asylum|(mother|father|parent)s?(educ|occup|job|qualif)",
    ),
    ("absence", r"absen|sessionsmissed|daysmissed"),
    ("attendance", r"attend|dayspresent|^g?k?present$"),
)
_WAVE = re.compile(r"^[a-z]{1,2}(\d{1,2})(?=[a-z_])", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_CHANGE_OR_LATER = re.compile(
    r"^(chg|change|diff|gain|growth|progress)|(chg|change|gain|growth)$|followup|outcome|later"
)
_MIN_LENGTH = 4
_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ID_TOKENS = frozenset({"id", "ids", "uid", "uuid", "guid", "pid"})
_OTHER_CLUSTERS = {
    "course": "courses", "module": "modules", "clinic": "clinics", "centre": "centres", "center": "centers",
    "site": "sites", "campus": "campuses", "college": "colleges", "provider": "providers", "setting": "settings",
    "hospital": "hospitals", "nursery": "nurseries", "class": "classes",
}  # fmt: skip
_OTHER_PEOPLE = frozenset({"student", "learner", "participant", "patient", "applicant", "trainee", "apprentice"})
_EARLY = frozenset({"fall", "autumn", "boy", "pre", "pretest", "baseline", "entry", "winter", "moy", "mid"})
_TEST = frozenset(
    {"test", "score", "exam", "result", "grade", "reader", "reading", "speller", "spelling", "maths", "math", "phonics"}
)
_EVENT = frozenset(
    {"excluded", "exclusion", "suspended", "suspension", "left", "dropout", "dropped", "moved", "withdrawn", "retained"}
)
_LATE = frozenset({"spring", "summer", "eoy", "end", "endline", "post", "posttest", "final", "exit"})


def letters(header: str) -> str:
    """Return a header without its wave, digits and separators.

    Examples
    --------
    >>> letters("P1FSTAMP"), letters("Free meals?"), letters("S1_ID")
    ('fstamp', 'freemeals', 'id')
    """
    return re.sub(r"[^a-z]", "", _WAVE.sub("", header.strip()).lower())


def infer_role(header: str) -> ColumnRole | None:
    """Infer the role of a column from its header; None where it suggests none.

    Examples
    --------
    >>> [infer_role(name) for name in ("WKWHITE", "avg_SES", "Ethnicity", "P1PRONOU", "assessment", "Date of birth")]
    ['protected', 'proxy', 'protected', None, None, 'birth']
    >>> [infer_role(name) for name in ("id_student", "teacherID", "paid", "School ID", "sped", "ELL", "course")]
    ['id', 'id', None, 'school', 'status', 'proxy', 'school']
    """
    text = letters(header)
    found = next((kind for kind, pattern in _ROLES if re.search(pattern, text)), None)
    return "id" if found != "school" and _ID_TOKENS.intersection(tokens(header)) else found


def tokens(header: str) -> tuple[str, ...]:
    """Return the words and numbers of a header in small letters.

    Examples
    --------
    >>> tokens("id_student"), tokens("poorReader_G1")
    (('id', 'student'), ('poor', 'reader', 'g', '1'))
    """
    return tuple(found.casefold() for found in _TOKEN.findall(header))


def schools_are(header: str) -> Noun:
    """Return the noun for the clusters, such as schools or courses, by the header of their column.

    Examples
    --------
    >>> [schools_are(header).plural for header in ("course", "Clinic ID", "S1_ID")]
    ['courses', 'clinics', 'schools']
    """
    found = (Noun(singular=word, plural=_OTHER_CLUSTERS[word]) for word in tokens(header) if word in _OTHER_CLUSTERS)
    return next(found, SCHOOLS)


def children_are(headers: Iterable[str]) -> Noun:
    """Return the noun for the people of a table, such as students, by its headers.

    Examples
    --------
    >>> children_are(["enrolment", "id_student"]).plural, children_are(["UPN", "School"]).plural
    ('students', 'children')
    """
    words = (word for header in headers for word in tokens(header))
    return next((Noun(singular=word, plural=f"{word}s") for word in words if word in _OTHER_PEOPLE), CHILDREN)


def outcome_kind(header: str) -> Literal["recorded_status", "test", "event"]:
    """Return the kind of outcome that a header suggests: the result of a test, an event, else a recorded status.

    Examples
    --------
    >>> outcome_kind("low_reader_spring"), outcome_kind("SEN_later"), outcome_kind("excluded_2024")
    ('test', 'recorded_status', 'event')
    """
    words = set(tokens(header))
    return "test" if words & _TEST else "event" if words & _EVENT else "recorded_status"


def post_outcome_reason(header: str, outcome: str) -> str | None:
    """Return why a header suggests that its column was recorded with the outcome or after it; None where it does not.

    Examples
    --------
    >>> post_outcome_reason("C6R4RSCL", "F5SPECS")
    'by its name it is of wave 6, and the outcome of wave 5'
    >>> post_outcome_reason("C1FMOTOR", "F5SPECS") is None
    True
    """
    wave, of_outcome = _WAVE.match(header), _WAVE.match(outcome)
    if wave and of_outcome and int(wave[1]) >= int(of_outcome[1]):
        return f"by its name it is of wave {int(wave[1])}, and the outcome of wave {int(of_outcome[1])}"
    year, year_of_outcome = (max(map(int, _YEAR.findall(text)), default=None) for text in (header, outcome))
    if year and year_of_outcome and year >= year_of_outcome:
        return f"by its name it is of {year}, and the outcome of {year_of_outcome}"
    return None


def timing_question(header: str, outcome: str, headers: tuple[str, ...]) -> str | None:
    r"""Return why it should be asked when a column was recorded, by its header; None where nothing suggests it.

    Examples
    --------
    >>> headers = ("id", "fall_reading", "low_reader_spring", "low_speller_spring", "age")
    >>> timing_question("low_speller_spring", "low_reader_spring", headers)
    'its name ends as the outcome\'s does ("spring"): another outcome of the same time?'
    >>> timing_question("fall_reading", "low_reader_spring", headers) is None
    True
    """
    words, of_outcome, all_words = tokens(header), tokens(outcome), [tokens(other) for other in headers]
    if _CHANGE_OR_LATER.search(letters(header)):
        return "its name speaks of a change or of a later time"
    if _EARLY.intersection(words) or not words:
        return None
    if len(of_outcome) > 1 and set(words) < set(of_outcome):
        return "its name is a part of the outcome's: is the outcome made of it?"
    n_same_ending = sum(other[-1:] == of_outcome[-1:] for other in all_words)
    if len(of_outcome) > 1 < len(words) and words[-1] == of_outcome[-1] and n_same_ending <= len(headers) / 2:
        return f'its name ends as the outcome\'s does ("{words[-1]}"): another outcome of the same time?'
    late = [word for word in words if word in _LATE]
    if late and (late[0] in of_outcome or any(_EARLY.intersection(other) for other in all_words)):
        return f'its name speaks of a late time ("{late[0]}"): was it known by then?'
    return None


def contains_outcome_name(header: str, outcome: str) -> bool:
    """Return whether a header contains the name of the outcome, both without their waves.

    Examples
    --------
    >>> contains_outcome_name("gkspecin_hours", "g1specin"), contains_outcome_name("P1SOLVE", "F5SPECS")
    (True, False)
    """
    name = letters(outcome)
    return len(name) >= _MIN_LENGTH and name in letters(header)
