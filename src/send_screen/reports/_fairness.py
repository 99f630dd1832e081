"""The auditor's page: what a version does, for whom, whose needs it misses more, and how to check that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from send_screen.reports._card import card_content
from send_screen.reports._charts import Mark, axis_svg, calibration_svg, interval_svg
from send_screen.reports._cost import beside_the_rule, challengers_of
from send_screen.reports._gap_sources import gap_sources
from send_screen.reports._in_short import in_short
from send_screen.reports._metrics import METRICS, Cell, Metric
from send_screen.reports._published import (
    AttributeTable,
    Figure,
    Row,
    by_attribute,
    figure,
    find,
    in_words,
    rows,
)
from send_screen.reports._render import render
from send_screen.reports._verdicts import QUESTIONS, SIGNS, answers, group_words, is_shown, verdict_words
from send_screen.reports._words import percent, said, whole


@dataclass(frozen=True)
class ComparisonRow:
    """One metric: its words, and the cells of version, rule and challengers, and of the difference from the rule."""

    words: str
    right: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class CalibrationRow:
    """One bin of scores: what they said and what happened, in children of a hundred."""

    said: str
    happened: str
    between: str
    n: str


def _comparison(
    performance: Sequence[Row], differences: Sequence[Row], challengers: Iterable[str], outcome: str
) -> list[ComparisonRow]:
    def row(name: str, metric: Metric) -> ComparisonRow:
        found = find(differences, model="candidate", against="baseline", metric=name)
        gain = Cell("not compared") if found is None else metric.difference(Figure.of(found))
        each = (metric.write(figure(performance, model, name)) for model in ("candidate", "baseline", *challengers))
        return ComparisonRow(metric.words.format(outcome=outcome), metric.right, (*each, gain))

    return [row(name, metric) for name, metric in METRICS.items() if find(performance, metric=name) is not None]


def _calibration(bins: Sequence[Row]) -> tuple[list[CalibrationRow], Markup | None]:
    table, marks = [], []
    for row in bins:
        said_of_100, happened, low, high = (
            row.get(k) for k in ("predicted_percent", "observed_percent", "low", "high")
        )
        table.append(
            CalibrationRow(
                "not published" if said_of_100 is None else f"{said_of_100:.0f}",
                said(row, "reason", "not enough children") if happened is None else f"{happened:.0f}",
                f"{low:.0f} to {high:.0f}" if low is not None and high is not None else "",
                "" if row.get("n") is None else whole(row["n"]),
            )
        )
        if happened is not None and said_of_100 is not None:
            marks.append(Mark(said_of_100, happened, low, high))
    return table, calibration_svg(marks) if marks else None


def _picture(found: Figure) -> Markup:
    return Markup("") if found.value is None else interval_svg(found.value, found.low, found.high)


def _gap_cell(gap: Row | None) -> Cell:
    if gap is None:
        return Cell("not compared")
    return METRICS["recall"].difference(Figure.of(gap))


def _by_chance(gap: Row | None) -> str:
    """Return the gap that chance alone stays below 19 times in 20, in children of a hundred."""
    critical_difference = None if gap is None else gap.get("critical_difference")
    return "" if critical_difference is None else f"up to {percent(critical_difference)}"


@dataclass(frozen=True)
class PairRow:
    """Two groups that were shown to differ: their names, the gap and its verdict."""

    question: str
    groups: str
    gap: Cell
    verdict: str


def _pairs(published: Mapping[str, Any], gaps: Sequence[Row]) -> tuple[list[PairRow], int]:
    """Return the pairs of groups that were shown to differ, and how many pairs were compared in all."""
    compared = [gap for gap in gaps if gap.get("against") != "all others" and gap.get("low") is not None]
    shown = [gap for gap in compared if is_shown(gap)]
    return [
        PairRow(
            QUESTIONS.get(said(gap, "metric"), said(gap, "metric")),
            f"{group_words(published, gap)}, beside {group_words(published, {**gap, 'group': gap['against']})}",
            _gap_cell(gap),
            verdict_words(gap),
        )
        for gap in shown
    ], len(compared)


def _tolerances(gaps: Sequence[Row]) -> dict[str, str]:
    """Return the tolerance of each question, in children of a hundred; empty where none is published."""
    return dict.fromkeys(QUESTIONS, "") | {
        said(gap, "metric"): percent(gap["tolerance"]) for gap in gaps if gap.get("tolerance") is not None
    }


def _gate_number(gate: Row) -> str:
    measured = gate.get("measured")
    return f"{measured:.3f}".replace("-", "−") if isinstance(measured, float) else said(gate, "measured")


def _identity(version: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return everything that makes the version what it is."""
    packages = (version.get("packages") or {}).items()
    return [
        ("Spec", said(version, "spec_sha256")),
        ("Data", said(version, "data_sha256")),
        ("Tables (the model)", said(version, "tables_sha256")),
        *((f"Contract {name}", str(sha256)) for name, sha256 in (version.get("contracts") or {}).items()),
        ("Model", said(version, "model")),
        ("Code", said(version, "code_version")),
        ("Release", said(version, "release")),
        ("Seeds of the folds", ", ".join(str(seed) for seed in version.get("fold_seeds") or ()) or "not recorded"),
        ("Packages", ", ".join(f"{name} {number}" for name, number in packages) or "not recorded"),
    ]


def render_fairness(published: Mapping[str, Any]) -> str:
    """Render the page for an auditor.

    Parameters
    ----------
    published : mapping
        What a version publishes (``published.json``): aggregates only. Values that are null are shown as their
        reason, missing sections are said to be missing.

    Returns
    -------
    str
        One HTML page that needs nothing else.
    """
    card = card_content(published)
    performance = rows(published, "performance")
    gaps = rows(published, "gaps")
    tables: tuple[AttributeTable, ...] = by_attribute(rows(published, "groups"), gaps)
    bins, picture = _calibration(rows(published, "calibration"))
    challengers = challengers_of(published)
    return render(
        "fairness.html.j2",
        card=card,
        marks=card.marks,
        version=card.version,
        cohort=published.get("cohort") or {},
        comparison=_comparison(performance, rows(published, "differences"), challengers, card.outcome),
        compared=[
            "Measured",
            "This version",
            "The rule",
            *(f"{name}, not in use" for name in challengers.values()),
            "This version minus the rule",
        ],
        natural={
            name: figure(performance, "baseline", f"{name}_at_operating_point")
            for name in ("recall", "precision", "selection_rate")
        },
        in_words=in_words,
        tables=tables,
        tolerances=_tolerances(gaps),
        in_short=in_short(published),
        questions=answers(published),
        verdicts=[f"{''.join(dict.fromkeys(signs))} {words}" for words, signs in SIGNS.items()],
        gain=beside_the_rule(published),
        sources=gap_sources(published),
        gap_cell=_gap_cell,
        by_chance=_by_chance,
        verdict=verdict_words,
        pairs=_pairs(published, gaps),
        row_cell=METRICS["recall"].difference,
        picture=_picture,
        axis=axis_svg(),
        calibration=bins,
        calibration_picture=picture,
        identity=_identity(card.version),
        gate_number=_gate_number,
        gates=list(card.version.get("gates") or []),
        excluded=list((published.get("cohort") or {}).get("excluded") or []),
    )
