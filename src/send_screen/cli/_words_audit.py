"""What audit says when it is done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from send_screen.auditing import FAILED, NOT_CHECKED, PASSED

if TYPE_CHECKING:
    from send_screen.auditing import Audit, Check


def audited_text(found: Audit, out: Path | None) -> str:
    """Return an audit in words: the result first, then what differs, what could not be checked, and what passed."""
    lines = [found.words, f"{found.model}: version {found.facts['version']}, {found.facts['title']}"]
    if "withdrawn" in found.facts:
        lines.append(f"It was withdrawn {found.facts['withdrawn']}")
    for check in found.having(FAILED):
        lines += ["", f"FAILED: {check.title}. {check.outcome.words}".rstrip(), *_differences(check)]
    for check in found.having(NOT_CHECKED):
        lines += ["", f"not checked: {check.title}. {check.outcome.words}", *_differences(check)]
    lines += ["", *(f"passed: {check.title}. {check.outcome.words}" for check in found.having(PASSED))]
    if out is not None:
        lines += ["", f"Open {out / 'audit.html'}"]
    return "\n".join(lines)


def _differences(check: Check) -> list[str]:
    outcome = check.outcome
    lines = [f"  {each.where}: here {each.claimed}; found {each.found}" for each in outcome.differences]
    left = outcome.n_differences - len(outcome.differences)
    return [*lines, *([f"  and {left:,} more"] if left else [])]
