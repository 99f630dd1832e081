"""The scorecard: every value's points in tables, to look up and add up by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from send_screen.reports._card import card_content
from send_screen.reports._published import Row, rows
from send_screen.reports._render import render
from send_screen.reports._words import signed


@dataclass(frozen=True)
class PointsTable:
    """The lines of one feature, words and points each; ``value`` and ``points`` are those of the invented child."""

    label: str
    rows: tuple[tuple[str, str], ...]
    missing: str
    value: str
    points: str
    adds: bool


@dataclass(frozen=True)
class PointsGrid:
    """The points of two features together, and those of the invented child."""

    labels: tuple[str, str]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    points: str
    adds: bool


@dataclass(frozen=True)
class ScorecardContent:
    """What the page says; every number is written with the card's decimals."""

    start: str
    features: tuple[PointsTable, ...]
    interactions: tuple[PointsGrid, ...]
    total: str
    exact: str
    largest_error: str
    percent: tuple[tuple[str, int], ...]
    seen: tuple[Row, ...]


def scorecard_content(published: Mapping[str, Any]) -> ScorecardContent | None:
    """Gather what the page says; None where no points are published."""
    section: Mapping[str, Any] = published.get("scorecard") or {}
    if not section.get("features"):
        return None
    digits, example = section["digits"], section["example"]

    def told(number: float) -> str:
        return signed(number, digits)

    names, found = section["features"], example["points"]
    features = tuple(
        PointsTable(
            label=feature["label"],
            rows=tuple((row["label"], told(row["points"])) for row in feature["rows"]),
            missing=told(feature["missing"]),
            value=value,
            points=told(got),
            adds=any(row["points"] for row in feature["rows"]) or bool(feature["missing"]),
        )
        for feature, value, got in zip(names, example["values"], found, strict=False)
    )
    interactions = tuple(
        PointsGrid(
            labels=(grid["labels"][0], grid["labels"][1]),
            columns=tuple(grid["columns"]),
            rows=tuple((label, tuple(map(told, row))) for label, row in zip(grid["rows"], grid["points"], strict=True)),
            points=told(got),
            adds=any(any(row) for row in grid["points"]),
        )
        for grid, got in zip(section["interactions"], found[len(names) :], strict=True)
    )
    return ScorecardContent(
        start=told(section["start"]),
        features=features,
        interactions=interactions,
        total=told(example["total"]),
        exact=signed(example["exact"], 2),
        largest_error=f"{section['largest_error']:.2f}",
        percent=tuple((signed(row["points"], 1), row["percent"]) for row in section["percent"]),
        seen=tuple(row for row in rows(published, "calibration") if row.get("observed_percent") is not None),
    )


def render_scorecard(published: Mapping[str, Any]) -> str:
    """Render the scorecard for a SENCO or a parent who wants to add the points up by hand.

    Parameters
    ----------
    published : mapping
        What a version publishes (``published.json``).

    Returns
    -------
    str
        One HTML page that needs nothing else and is made to be printed.
    """
    card = card_content(published)
    return render("scorecard.html.j2", card=card, points=scorecard_content(published), marks=card.marks)
