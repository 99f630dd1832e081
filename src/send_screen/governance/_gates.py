"""The gates of a spec: what a version must measure before it may be registered."""

from __future__ import annotations

from typing import Any, TypedDict

from send_screen.specs import Gate


class GateResult(TypedDict):
    """A gate in words, what it asks, what was measured (None where it could not be), and whether it is passed."""

    gate: str
    required: str
    measured: float | None
    passed: bool


def check_gates(gates: tuple[Gate, ...], published: dict[str, Any]) -> list[GateResult]:
    """Hold each gate against what was measured.

    A figure that could not be measured passes no gate: not enough evidence is never enough.

    Parameters
    ----------
    gates : tuple of Gate
    published : dict
        Sections ``performance`` and ``differences`` of ``published.json``.
    """
    return [_check(gate, published) for gate in gates]


def failed_gates(gates: list[GateResult]) -> list[str]:
    """Return what each failed gate asks, and what was measured, in words."""
    return [
        f"{gate['gate']}: {gate['required']} is asked, "
        + ("it could not be measured" if gate["measured"] is None else f"{gate['measured']:.3g} was measured")
        for gate in gates
        if not gate["passed"]
    ]


def _check(gate: Gate, published: dict[str, Any]) -> GateResult:
    rows = published["differences" if gate.against else "performance"]
    found = [
        row
        for row in rows
        if row["metric"] == gate.metric
        and row["model"] == "candidate"
        and (gate.against is None or row["against"] == gate.against)
    ]
    measured = found[0][gate.end] if found else None
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
    words = gate.metric.replace("_", " ") + (f", gain over {gate.against}" if gate.against else "")
    if gate.end != "value":
        words += f" ({gate.end} end of its interval)"
    return GateResult(gate=words, required=" and ".join(bounds), measured=measured, passed=passed)
