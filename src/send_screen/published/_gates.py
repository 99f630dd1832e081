"""Gates: acceptance thresholds of a spec. A version that fails one is not registered."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat
from typing import TYPE_CHECKING

from send_screen.published._measured import SUPPRESSED, Difference, MeasuredSections, Performance, PublishedFigure
from send_screen.published._report import GateResult, PublishedReport

if TYPE_CHECKING:
    from send_screen.specs import Gate

_CHECKED_ON_EXACT_FIGURE = f"{SUPPRESSED}; judged on the exact figure"
_RESULT_SUPPRESSED = f"{SUPPRESSED}, and so is whether it passes"


def find_figure(gate: Gate, measured: MeasuredSections) -> Performance | Difference | None:
    """Return the figure that a gate bounds; None where it was not measured."""
    return measured.difference(gate.metric, gate.against) if gate.against else measured.metric(gate.metric)


def is_suppressed(figure: PublishedFigure | None) -> bool:
    """Return whether disclosure control suppressed a figure, to protect small groups."""
    return figure is not None and figure.value is None and figure.reason == SUPPRESSED


def check_gates(
    gates: Iterable[Gate], measured: MeasuredSections, suppressed: Iterable[bool | None] = ()
) -> tuple[GateResult, ...]:
    """Check each gate against the measured metrics.

    A figure that could not be measured passes no gate.

    Parameters
    ----------
    gates : iterable of Gate
    measured : MeasuredSections
        Its sections ``performance`` and ``differences`` are used.
    suppressed : iterable of (bool or None)
        For each gate whose figure is suppressed, whether it passes; None where that result is suppressed too, which
        counts as failed.

    Returns
    -------
    tuple of GateResult

    Examples
    --------
    >>> from send_screen.published import MeasuredSections, Performance, check_gates
    >>> from send_screen.specs import Gate
    >>> recall = Performance(model="candidate", metric="recall", value=0.35, low=0.3, high=0.4, n=900, reason="")
    >>> measured = MeasuredSections.model_construct(performance=(recall,))
    >>> check_gates([Gate(metric="recall", at_least=0.4)], measured)
    (GateResult(gate='recall', required='at least 0.4', measured=0.35, passed=False, reason=''),)
    """
    results = chain(suppressed, repeat(None))
    return tuple(_check(gate, measured, passed) for gate, passed in zip(gates, results, strict=False))


def recheck_gates(gates: Iterable[Gate], published: PublishedReport) -> tuple[GateResult, ...]:
    """Check each gate against the published figures; where a figure is suppressed, take the result as published."""
    claimed = [None if one.reason == _RESULT_SUPPRESSED else one.passed for one in published.version.gates]
    return check_gates(gates, published, claimed)


def failed_gates(gates: Iterable[GateResult]) -> list[str]:
    """Return a sentence for each failed gate: its threshold, and what was measured.

    Parameters
    ----------
    gates : iterable of GateResult

    Returns
    -------
    list of str

    Examples
    --------
    >>> from send_screen.published import GateResult, failed_gates
    >>> failed_gates([GateResult(gate="recall", required="at least 0.4", measured=0.35, passed=False)])
    ['recall: at least 0.4 is asked, 0.35 was measured']
    """
    return [
        f"{gate.gate}: {gate.required} is asked, "
        + (f"{gate.measured:.3g} was measured" if gate.measured is not None else f"the figure is {gate.reason}")
        for gate in gates
        if not gate.passed
    ]


def _check(gate: Gate, sections: MeasuredSections, suppressed: bool | None) -> GateResult:
    found = find_figure(gate, sections)
    measured: float | None = getattr(found, gate.end) if found else None
    bounds = []
    if gate.at_least is not None:
        bounds.append(f"at least {gate.at_least:g}")
    if gate.at_most is not None:
        bounds.append(f"at most {gate.at_most:g}")
    passed = (
        measured is not None
        and (gate.at_least is None or measured >= gate.at_least)
        and (gate.at_most is None or measured <= gate.at_most)
    )
    reason = "" if measured is not None else (found and found.reason) or "not measured"
    if is_suppressed(found):
        passed, reason = bool(suppressed), _RESULT_SUPPRESSED if suppressed is None else _CHECKED_ON_EXACT_FIGURE
    description = gate.metric.replace("_", " ") + (
        f", gain over {gate.against.replace('_', ' ')}" if gate.against else ""
    )
    if gate.end != "value":
        description += f" ({gate.end} end of its interval)"
    return GateResult(gate=description, required=" and ".join(bounds), measured=measured, passed=passed, reason=reason)
