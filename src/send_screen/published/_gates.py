"""The gates of a spec: what a version must measure before it may be registered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from send_screen.published._measured import MeasuredSections
from send_screen.published._report import GateResult

if TYPE_CHECKING:
    from send_screen.specs import Gate


def check_gates(gates: Iterable[Gate], measured: MeasuredSections) -> tuple[GateResult, ...]:
    """Check each gate against the measured metrics.

    A figure that could not be measured passes no gate: not enough evidence is never enough.

    Parameters
    ----------
    gates : iterable of Gate
    measured : MeasuredSections
        Its sections ``performance`` and ``differences`` are used.

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
    (GateResult(gate='recall', required='at least 0.4', measured=0.35, passed=False),)
    """
    return tuple(_check(gate, measured) for gate in gates)


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
        + ("it could not be measured" if gate.measured is None else f"{gate.measured:.3g} was measured")
        for gate in gates
        if not gate.passed
    ]


def _check(gate: Gate, sections: MeasuredSections) -> GateResult:
    found = sections.difference(gate.metric, gate.against) if gate.against else sections.metric(gate.metric)
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
    description = gate.metric.replace("_", " ") + (f", gain over {gate.against}" if gate.against else "")
    if gate.end != "value":
        description += f" ({gate.end} end of its interval)"
    return GateResult(gate=description, required=" and ".join(bounds), measured=measured, passed=passed)
