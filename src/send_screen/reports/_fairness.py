"""The auditor's page: what a version does, for whom, whose needs it misses more, and how to check that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from markupsafe import Markup

from send_screen.reports._card import card_content
from send_screen.reports._charts import Mark, axis_svg, calibration_svg, interval_svg
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
from send_screen.reports._words import said, signed, whole


class Cell(NamedTuple):
    """A figure as words, and its interval."""

    value: str
    interval: str = ""


class Metric(NamedTuple):
    """How a metric is asked about in words, and written: as children of a hundred, or with so many decimals."""

    words: str
    decimals: int | None
    right: str = ""

    def write(self, found: Figure) -> Cell:
        """Return a figure with its interval."""
        if self.decimals is None:
            return Cell(found.of_100, found.between)
        return Cell(found.number(self.decimals), found.range(self.decimals))

    def difference(self, found: Figure) -> Cell:
        """Return a difference with its sign and its interval, in the metric's own unit."""
        if found.value is None:
            return Cell(found.reason)
        times, decimals = (100, 0) if self.decimals is None else (1, self.decimals)
        ends = (found.value, found.low or 0.0, found.high or 0.0)
        if any(0 < abs(end * times) < 0.5 for end in ends):
            decimals = max(decimals, 1)  # a "0" that is none beside "a gap is shown" would mislead
        value = signed(found.value * times, decimals)
        if found.low is None or found.high is None:
            return Cell(value)
        return Cell(value, f"{signed(found.low * times, decimals)} to {signed(found.high * times, decimals)}")


METRICS: dict[str, Metric] = {
    "recall_at_capacity": Metric("Of 100 children who later {outcome}, listed", None, "more is better"),
    "precision_at_capacity": Metric("Of 100 children listed, later {outcome}", None, "more is better"),
    "specificity_at_capacity": Metric("Of 100 other children, left off the list", None, "more is better"),
    "number_needed_to_screen": Metric("Children listed for each one who later {outcome}", 1, "fewer is better"),
    "roc_auc": Metric("Order of the list (ROC AUC)", 3, "0.5 is chance, 1 is perfect"),
    "average_precision": Metric("Top of the list (average precision)", 3, "more is better"),
    "calibration_slope": Metric("Calibration slope", 2, "1 is right"),
    "calibration_intercept": Metric("Calibration intercept", 2, "0 is right"),
}
"""The rows of the comparison, in the order in which a sceptic asks."""


@dataclass(frozen=True)
class ComparisonRow:
    """One metric for the version, the rule and the challenger, and what the differences are."""

    words: str
    right: str
    version: Cell
    rule: Cell
    lightgbm: Cell
    against_rule: Cell


@dataclass(frozen=True)
class CalibrationRow:
    """One bin of scores: what they said and what happened, in children of a hundred."""

    said: str
    happened: str
    between: str
    n: str


def _comparison(performance: Sequence[Row], differences: Sequence[Row], outcome: str) -> list[ComparisonRow]:
    def row(name: str, metric: Metric) -> ComparisonRow:
        gain = Figure.of(find(differences, policy="version", against="rule", metric=name))
        return ComparisonRow(
            metric.words.format(outcome=outcome),
            metric.right,
            metric.write(figure(performance, "version", name)),
            metric.write(figure(performance, "rule", name)),
            metric.write(figure(performance, "lightgbm", name)),
            metric.difference(gain),
        )

    return [row(name, metric) for name, metric in METRICS.items() if find(performance, metric=name) is not None]


def _calibration(bins: Sequence[Row]) -> tuple[list[CalibrationRow], Markup | None]:
    table, marks = [], []
    for row in bins:
        said_of_100, happened, low, high = (row.get(k) for k in ("predicted_of_100", "observed_of_100", "low", "high"))
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
    return METRICS["recall_at_capacity"].difference(Figure.of(gap))


# Status -> what a person reads where the group is missed more, and where it is missed less.
_VERDICTS = {
    "larger than the tolerance": ("▲ missed more, beyond the tolerance", "▼ missed less, beyond the tolerance"),
    "smaller than the tolerance": (
        "△ missed more, not beyond the tolerance",
        "▽ missed less, not beyond the tolerance",
    ),
    "no gap shown": ("○ no gap shown",) * 2,
    "too few to say": ("? too few to say",) * 2,
}


def _verdict(gap: Row | None) -> str:
    if gap is None:
        return "not compared"
    status = said(gap, "status")
    if gap.get("value") is None:
        return status
    more, less = _VERDICTS.get(status, (status, status))
    return more if gap["value"] > 0 else less


def _how_sure(gaps: Sequence[Row]) -> str:
    statuses = Counter(said(gap, "status") for gap in gaps)
    if not statuses:
        return "No groups were compared."
    parts = [f"{n} “{status}”" for status, n in statuses.most_common()]
    return f"Gaps between {sum(statuses.values())} groups and all others: {', '.join(parts)}."


def _tolerances(gaps: Sequence[Row]) -> list[str]:
    return sorted({f"{gap['tolerance'] * 100:.0f}" for gap in gaps if gap.get("tolerance") is not None})


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
    return render(
        "fairness.html.j2",
        card=card,
        marks=card.marks,
        version=card.version,
        cohort=published.get("cohort") or {},
        comparison=_comparison(performance, rows(published, "differences"), card.outcome),
        natural={name: figure(performance, "rule", f"{name}_natural") for name in ("recall", "precision", "flagged")},
        in_words=in_words,
        tables=tables,
        tolerances=_tolerances(gaps),
        how_sure=_how_sure(gaps),
        stays=figure(performance, "version", "stays_listed"),
        gap_cell=_gap_cell,
        verdict=_verdict,
        picture=_picture,
        axis=axis_svg(),
        calibration=bins,
        calibration_picture=picture,
        identity=_identity(card.version),
        gate_number=_gate_number,
        gates=list(card.version.get("gates") or []),
        set_aside=list((published.get("cohort") or {}).get("set_aside") or []),
    )
