"""What became of the children of a screening run, in sentences and as a page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from send_screen.published import VersionMetadata
from send_screen.reports._figures import Estimate
from send_screen.reports._render import render_html
from send_screen.reports._text import percent, version_watermarks, whole

#: How each kind of child is called, as the subject "of 100 ...".
KINDS = {
    "listed": "children listed",
    "review_sample": "children drawn at random and discussed",
    "not_listed": "children not listed, whom adults alone could notice",
    "not_screened": "children who could not be screened",
}
_STATES = {
    "plan": "had a plan",
    "supported": "had support without a plan",
    "assessed": "were being assessed",
    "no_need": "were found by adults in no need",
    "none_recorded": "have a later record without support",
    "not_known": "are not known of",
}
NOT_KNOWN = (
    "Not known is not “no need”. Nor is a later record without support: it says that no support was recorded, and not "
    "that none was needed."
)
CAUSE = (
    "A child who is listed gets attention, and attention finds needs. So “listed, and later supported” is partly the "
    "list’s own doing, and says nothing of what would have happened without it."
)


@dataclass(frozen=True)
class OutcomeFigures:
    """The figures of a run's outcomes: tables of shares and of estimates, and the effect at the line."""

    version: VersionMetadata
    shares: pd.DataFrame
    estimates: pd.DataFrame
    effect: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    def outcomes(self) -> list[str]:
        """Return what became of each kind of child, as frequencies."""
        found = []
        for kind, who in KINDS.items():
            rows = self._rows(kind)
            if not rows:
                continue
            n = rows["found"]["n"]
            outcome = self._frequency(rows["found"], f"later {self.version.outcome_description}")
            found.append(
                f"Of 100 {who}, {outcome}; n = {whole(n)}." if outcome else f"{_capital(who)}: {_why(rows['found'])}."
            )
            parts = [
                self._frequency(rows[state], words) for state, words in _STATES.items() if rows[state]["count"] != 0
            ]
            if any(parts):
                rest = "" if all(parts) else "; of the others, counts under ten could be derived"
                found.append(f"Of these 100, {'; '.join(filter(None, parts))}{rest}.")
        return found

    def accuracy(self) -> list[str]:
        """Return what the review sample says of the list, as frequencies."""
        rows = {row["metric"]: row for row in self.estimates.to_dict("records")}
        told = []
        if (words := _share(rows["precision"])) is not None:
            told.append(f"Of 100 children listed, {words} were supported later, once discussed.")
        if (words := _share(rows["false_omission_rate"])) is not None:
            told.append(
                f"Of 100 children not listed, {words} would have been, had they been discussed in the same way."
            )
        if (words := _share(rows["recall"])) is not None:
            told.append(f"Of 100 children who would be supported were every child discussed, the list has {words}.")
        missed = rows["missed"]
        if not math.isnan(missed["value"]):
            interval = f"95 %: {whole(missed['low'])} to {whole(missed['high'])}; {whole(missed['n'])} were reviewed"
            told.append(
                f"About {whole(missed['value'])} of the children not listed would be supported then ({interval})."
            )
        if (words := self._change(rows["effect_of_review"])) is not None:
            told.append(f"For children not listed, being discussed {words}.")
        lowest, highest = (rows["recall"][end] for end in ("lowest", "highest"))
        if not math.isnan(lowest) and highest - lowest > 0.005:
            told.append(
                f"Were all outcomes known that are not, the recall could be anything from {percent(lowest)} to "
                f"{percent(highest)} of 100."
            )
        reasons = dict.fromkeys(row["reason"] for row in rows.values() if row["reason"])
        return [*told, *(f"Not given: {_why({'reason': reason})}." for reason in reasons)]

    def at_the_line(self) -> list[str]:
        """Return what being listed did to children at the line."""
        outcome, known = self.effect.to_dict("records")
        words = self._change(outcome)
        if words is None:
            return [f"Effect of being listed: {_why(outcome)}."]
        told = [f"For children at the line, being listed {words}. {whole(outcome['n'])} children are near it."]
        if known["low"] > 0 or known["high"] < 0:
            told.append("Outcomes of those listed are known more, or less, often: do not read this as an effect.")
        return told

    def groups(self) -> Iterator[tuple[str, list[list[str]]]]:
        """Yield each attribute with its rows: group, and for each kind how many of 100 were supported later."""
        by_group = self.shares[self.shares["attribute"] != "all"]
        for attribute, rows in by_group.groupby("attribute", sort=False):
            table = []
            for group in dict.fromkeys(rows["group"]):
                cells = []
                for kind in self.kinds:
                    here = rows[(rows["group"] == group) & (rows["kind"] == kind) & (rows["state"] == "found")]
                    cells.append(_cell(here.iloc[0].to_dict()) if len(here) else "none")
                table.append([str(group), *cells])
            yield str(attribute), table

    @property
    def kinds(self) -> list[str]:
        """The kinds of children there are."""
        return [kind for kind in KINDS if (self.shares["kind"] == kind).any()]

    def _rows(self, kind: str) -> dict[str, dict[Any, Any]]:
        rows = self.shares[(self.shares["kind"] == kind) & (self.shares["attribute"] == "all")]
        return {row["state"]: row for row in rows.to_dict("records")}

    def _frequency(self, row: dict[Any, Any], words: str) -> str:
        share = _share(row)
        return f"{share} {words}" if share is not None else ""

    def _change(self, row: dict[Any, Any]) -> str | None:
        """Return the change in the chance of support, as words, None where there is none to tell."""
        if math.isnan(row["value"]) or math.isnan(row["low"]):
            return None
        sign = -1 if row["value"] < 0 else 1
        value, *ends = (sign * row[end] for end in ("value", *(("low", "high")[::sign])))
        words = f"{'raised' if sign == 1 else 'lowered'} the number supported of 100 by {_points(value)}"
        interval = f"95 %: {_points(ends[0])} to {_points(ends[1])}"
        doubt = ": not enough evidence of any change" if row["low"] <= 0 <= row["high"] else ""
        return f"{words} ({interval}){doubt}"


def _share(row: dict[Any, Any]) -> str | None:
    """Return a share of 100 with its interval, None where it is suppressed or undefined."""
    if math.isnan(row["value"] if "value" in row else row["rate"]):
        return None
    low, high = (None if math.isnan(row[end]) else row[end] for end in ("low", "high"))
    text = Estimate(row["value"] if "value" in row else row["rate"], low, high).share
    return f"{text.value} (95 %: {text.interval})" if text.interval else f"{text.value} (no interval: too few schools)"


def _cell(row: dict[Any, Any]) -> str:
    share = _share(row)
    return _why(row).partition(":")[0] if share is None else f"{share}; n = {whole(row['n'])}"


def _why(row: dict[Any, Any]) -> str:
    return str(row["reason"]) or "not enough evidence"


def _points(share: float) -> str:
    return f"{round(100 * share)}".replace("-", "−")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def render_outcomes(figures: OutcomeFigures, *, unsuppressed: bool) -> str:
    """Render the outcomes of a run as an HTML page."""
    return render_html(
        "outcomes.html.j2",
        children=figures.version.children,
        watermarks=version_watermarks(figures.version.trained_on),
        version=figures.version,
        figures=figures,
        heads=_heads(figures.kinds),
        notes=(NOT_KNOWN, CAUSE, *figures.notes),
        unsuppressed=unsuppressed,
    )


def _heads(kinds: Sequence[str]) -> list[str]:
    names = {
        "listed": "Listed",
        "review_sample": "Drawn at random",
        "not_listed": "Not listed, adults alone",
        "not_screened": "Could not be screened",
    }
    return [names[kind] for kind in kinds]
