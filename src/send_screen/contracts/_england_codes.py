"""England's code sets that several contracts share, and the groups derived from them."""

from __future__ import annotations

# Department for Education, school census code set for ethnicity (main codes), in use since January 2003. Extended codes
# are rolled up to main codes when a file is checked. Gypsy/Roma and Irish Traveller stay groups of their own,
# since models miss most of their children. Codes that are not here mean refused, not obtained or unknown.
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

# Office for National Statistics, the five ethnic groups of the 2021 census: what small groups are combined to.
MAJOR_ETHNIC_GROUPS = {
    **dict.fromkeys(
        ("White British", "White Irish", "Irish Traveller", "Gypsy/Roma", "Any other White background"), "White"
    ),
    "Mixed": "Mixed",
    **dict.fromkeys(("Indian", "Pakistani", "Bangladeshi", "Chinese", "Any other Asian background"), "Asian"),
    **dict.fromkeys(("Black Caribbean", "Black African", "Any other Black background"), "Black"),
    "Any other ethnic group": "Any other ethnic group",
}

# Season of birth in England's school year, by month.
BIRTH_SEASONS = {
    **dict.fromkeys((9, 10, 11, 12), "autumn"),
    **dict.fromkeys((1, 2, 3, 4), "spring"),
    **dict.fromkeys((5, 6, 7, 8), "summer"),
}


def is_additional_language(language: str) -> bool | None:
    """Return, from the census code of the first language, whether English is an additional one; None if not recorded.

    Examples
    --------
    >>> [is_additional_language(code) for code in ("ENB", "PNJ", "OTB", "REF")]
    [False, True, True, None]
    """
    return None if language in ("REF", "NOT") else language not in ("ENG", "ENB")
