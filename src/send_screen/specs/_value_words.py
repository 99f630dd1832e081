"""Values of features in words: codes by their labels, shares as percentages, ages in years and months."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from send_screen.contracts import Contract
from send_screen.specs._parts import AgeInMonths, Equals, Feature, Share


def value_in_words(feature: Feature, contracts: Mapping[str, Contract], value: object) -> str:
    """Return what the file says of a feature, for example ``"Speaking: emerging"``.

    Parameters
    ----------
    feature : Feature
    contracts : mapping of contract id to Contract
        Where the words of the codes come from.
    value : float or str
        A value of the feature that is not missing.

    Returns
    -------
    str

    Examples
    --------
    >>> from send_screen import load_spec
    >>> from send_screen.contracts import shipped
    >>> spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    >>> value_in_words(spec.features[1], spec.contracts, 1.0)
    'Speaking: emerging'
    """
    if isinstance(feature.source, Equals):
        return f"{feature.label}: {'yes' if value == 1.0 else 'no'}"
    if isinstance(feature.source, Share):
        return f"{feature.label}: {100 * float(str(value)):.1f} %"
    if isinstance(feature.source, AgeInMonths):
        years, months = divmod(int(float(str(value))), 12)
        return f"{feature.label}: {years} years {months} months"
    levels = contracts[feature.source.contract].columns[feature.source.column].levels or {}
    code = _number(value) if isinstance(value, float) else str(value)
    if code in levels:
        return f"{feature.label}: {levels[code]}"
    return f"{feature.label}: {code}{' ' + feature.unit if feature.unit else ''}"


def _number(value: object) -> str:
    """Return a number as a file would write it."""
    return np.format_float_positional(float(str(value)), trim="-")
