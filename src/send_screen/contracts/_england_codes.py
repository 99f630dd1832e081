"""England's code sets that several contracts share, and the groups derived from them."""

from __future__ import annotations

# Department for Education, school census code set for ethnicity (main codes), in use since January 2003. Gypsy/Roma
# and Irish Traveller stay groups of their own: they are the children most often missed.
ETHNIC_GROUPS = {
    "WBRI": "White British",
    "WIRI": "White Irish",
    "WIRT": "Irish Traveller",
    "WROM": "Gypsy/Roma",
    "WOTH": "Any other White background",
    "MWBC": "Mixed",
    "MWBA": "Mixed",
    "MWAS": "Mixed",
    "MOTH": "Mixed",
    "AIND": "Indian",
    "APKN": "Pakistani",
    "ABAN": "Bangladeshi",
    "AOTH": "Any other Asian background",
    "BCRB": "Black Caribbean",
    "BAFR": "Black African",
    "BOTH": "Any other Black background",
    "CHNE": "Chinese",
    "OOTH": "Any other ethnic group",
}
NOT_RECORDED = "not recorded"

_ENGLISH = frozenset({"ENG", "ENB"})
_LANGUAGE_NOT_KNOWN = frozenset({"REF", "NOT"})
_SEASONS = {9: "autumn", 10: "autumn", 11: "autumn", 12: "autumn", 1: "spring", 2: "spring", 3: "spring", 4: "spring"}


def ethnic_group(code: str | None) -> str:
    """Return the group that an ethnicity code belongs to, in words.

    Parameters
    ----------
    code : str or None
        A main code of the school census. Extended codes are rolled up to main codes when a file is checked.

    Returns
    -------
    str
        ``"not recorded"`` for refused, not obtained, unknown and missing codes.

    Examples
    --------
    >>> ethnic_group("WROM"), ethnic_group("MWBC"), ethnic_group("REFU")
    ('Gypsy/Roma', 'Mixed', 'not recorded')
    """
    return ETHNIC_GROUPS.get(code, NOT_RECORDED) if isinstance(code, str) else NOT_RECORDED


def eal(language: str | None) -> bool | None:
    """Tell whether English is an additional language: anything but ENG and ENB is.

    Parameters
    ----------
    language : str or None
        First-language code of the school census.

    Returns
    -------
    bool or None
        None where the language was refused, not obtained or is missing.

    Examples
    --------
    >>> eal("ENB"), eal("PNJ"), eal("OTB"), eal("REF")
    (False, True, True, None)
    """
    if not isinstance(language, str) or language in _LANGUAGE_NOT_KNOWN:
        return None
    return language not in _ENGLISH


def birth_season(month: int) -> str:
    """Return the season of a birth month in England's school year.

    Parameters
    ----------
    month : int
        1 to 12.

    Returns
    -------
    str
        ``"autumn"`` (September to December), ``"spring"`` (January to April) or ``"summer"`` (May to August).

    Raises
    ------
    ValueError
        If there is no such month.

    Examples
    --------
    >>> birth_season(9), birth_season(4), birth_season(8)
    ('autumn', 'spring', 'summer')
    """
    if not 1 <= month <= 12:
        raise ValueError(f"There is no month {month}.")
    return _SEASONS.get(month, "summer")
