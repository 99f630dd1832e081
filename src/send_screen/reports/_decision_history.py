"""The decisions about one version, for its page in the registry and beside the card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from send_screen.governance import WITHDRAWN
from send_screen.published import GateResult, failed_gates
from send_screen.reports._render import escape_markdown as escape
from send_screen.screening import NOTICE


def render_decisions(entries: Iterable[Mapping[str, Any]]) -> str:
    """Render who let a version in, over which gates, and who took it away.

    Parameters
    ----------
    entries : iterable of mapping
        Of a ledger of decisions, all about this version.

    Returns
    -------
    str
        Markdown. It names those who decided, and no child.
    """
    parts = ["# Decisions about this version"]
    for entry in entries:
        who = f"on {entry['when'][:10]} by {escape(entry['by'])}: {escape(entry['reason'])}"
        if entry["kind"] == WITHDRAWN:
            parts.append(f"**WITHDRAWN** {who}")
            continue
        parts.append(f"Promoted to {escape(entry['alias'])} {who}")
        if entry["override"] is not None:
            parts.append(f"**LET IN AGAINST ITS GATES**, because: {escape(entry['override'])}")
            failed = failed_gates(GateResult(**gate) for gate in entry["gates"])
            parts.append("\n".join(f"- {escape(words)}" for words in failed))
    return "\n\n".join([*filter(None, parts), NOTICE]) + "\n"
