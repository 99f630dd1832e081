"""The gates of a spec: what a version must measure before it may be registered."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, repeat
from typing import TYPE_CHECKING

from send_screen.published._measured import Difference, MeasuredSections, Performance, PublishedFigure
from send_screen.published._report import GateResult, PublishedReport

if TYPE_CHECKING:
    from send_screen.specs import Gate


_WITHHELD = "withheld to protect small groups"
_CHECKED_EXACTLY = f"{_WITHHELD}; judged on the exact figure"
_NOT_SAID = f"{_WITHHELD}, and so is whether it passes"


def find_gated(gate: Gate, measured: MeasuredSections) -> Performance | Difference | None:
    """Return the figure that a gate bounds.

    Parameters
    ----------
    gate : Gate
    measured : MeasuredSections
        Its sections ``performance`` and ``differences`` are used.

    Returns
    -------
    Performance, Difference or None
        None where it was not measured.

    Examples
    --------
    >>> from send_screen.published import MeasuredSections
    >>> from send_screen.specs import Gate
    >>> nothing = MeasuredSections.model_construct(performance=(), differences=())
    >>> find_gated(Gate(metric="recall", at_least=0.4), nothing) is None
    True
    """
    return measured.difference(gate.metric, gate.against) if gate.against else measured.metric(gate.metric)


def is_withheld(figure: PublishedFigure | None) -> bool:
    """Return whether a figure is withheld to protect small groups.

    Parameters
    ----------
    figure : PublishedFigure or None

    Returns
    -------
    bool

    Examples
    --------
    >>> is_withheld(None)
    False
    """
    return figure is not None and figure.value is None and figure.reason == _WITHHELD


def check_gates(
    gates: Iterable[Gate], measured: MeasuredSections, withheld: Iterable[bool | None] = ()
) -> tuple[GateResult, ...]:
    """Check each gate against the measured metrics.

    A figure that could not be measured passes no gate.

    Parameters
    ----------
    gates : iterable of Gate
    measured : MeasuredSections
        Its sections ``performance`` and ``differences`` are used.
    withheld : iterable of (bool or None)
        For each gate, whether it passes where its figure is withheld; None where that may not be said, which passes no
        gate.

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
    results = chain(withheld, repeat(None))
    return tuple(_check(gate, measured, passed) for gate, passed in zip(gates, results, strict=False))


def recheck_gates(gates: Iterable[Gate], published: PublishedReport) -> tuple[GateResult, ...]:
    """Check each gate against what is published; of a withheld figure, the result is taken as it is published.

    Parameters
    ----------
    gates : iterable of Gate
    published : PublishedReport

    Returns
    -------
    tuple of GateResult
        One for each gate, in order.

    Examples
    --------
    >>> from send_screen import load_model
    >>> version = load_model("models:/reception_sen@champion")  # doctest: +SKIP
    >>> recheck_gates(version.spec.gates, version.published) == version.published.version.gates  # doctest: +SKIP
    True
    """
    claimed = [None if one.reason == _NOT_SAID else one.passed for one in published.version.gates]
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


def _check(gate: Gate, sections: MeasuredSections, withheld: bool | None) -> GateResult:
    found = find_gated(gate, sections)
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
    if is_withheld(found):
        passed, reason = bool(withheld), _NOT_SAID if withheld is None else _CHECKED_EXACTLY
    description = gate.metric.replace("_", " ") + (f", gain over {gate.against}" if gate.against else "")
    if gate.end != "value":
        description += f" ({gate.end} end of its interval)"
    return GateResult(gate=description, required=" and ".join(bounds), measured=measured, passed=passed, reason=reason)
