"""What each feature is: the columns it follows from, and how a person writes its value in a workbook."""

from __future__ import annotations

from dataclasses import dataclass

from send_screen.governance import Bundle
from send_screen.specs import AgeInMonths, Equals, Feature, Share
from send_screen.tables import LevelsTerm, Term


@dataclass(frozen=True)
class Input:
    """A cell to fill in: what it is, how it is written, and the values to choose from, if they are few."""

    label: str
    how: str
    choices: tuple[str | float, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


def inputs_of(bundle: Bundle) -> tuple[Input, ...]:
    """Return the input of each feature, in the order of the tables."""
    terms = bundle.tables.terms
    return tuple(_input(bundle, feature, term) for feature, term in zip(bundle.features, terms, strict=True))


def _input(bundle: Bundle, feature: Feature, term: Term) -> Input:
    source = feature.source
    if isinstance(source, Equals):
        return Input(feature.label, "1 yes; 0 no", (1.0, 0.0))
    if isinstance(source, Share):
        return Input(feature.label, "a share, from 0 to 1", minimum=0.0, maximum=1.0)
    if isinstance(source, AgeInMonths):
        return Input(feature.label, "whole months")
    column = bundle.contracts[source.contract].columns[source.column]
    levels = column.levels or {}
    how = "; ".join(f"{code} {label}" for code, label in levels.items())
    if isinstance(term, LevelsTerm):
        return Input(feature.label, how or "a code", tuple(term.levels))
    if levels:
        return Input(feature.label, how, tuple(map(float, levels)))
    return Input(
        feature.label, feature.unit or column.unit or "a number", minimum=column.minimum, maximum=column.maximum
    )


def describe_source(bundle: Bundle, feature: Feature) -> str:
    """Return what a feature is, and how it follows from the columns of the contracts."""
    source = feature.source
    if isinstance(source, Equals):
        return (
            f"{feature.label}: 1 where {source.column} is {source.value}, 0 where it is another, NULL where not known"
        )
    if isinstance(source, Share):
        return f"{feature.label}: {source.of} / {source.out_of}, NULL where that is 0 or not known"
    if isinstance(source, AgeInMonths):
        born = " and ".join(map(str, source.sources))
        return f"{feature.label}: whole months from {born} to {'the as-of date' if source.at == 'as_of' else source.at}"
    codes = ", ".join(bundle.contracts[source.contract].columns[source.column].missing_codes)
    return f"{feature.label}: {source}" + (f", NULL where it is {codes}" if codes else "")
