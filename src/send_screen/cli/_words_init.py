"""What ``send-screen init`` says when it is done: what was concluded, and the next command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from send_screen.workflows import FirstSteps

MOST_SHOWN = 12
_PARTS = (("child_id", "identifier"), ("school", "school"), ("label", "what happened later"))


def init_json(made: FirstSteps) -> dict[str, Any]:
    """Return what was written and concluded, in facts."""
    return {
        "spec": str(made.spec),
        "contract": str(made.contract),
        "rows": made.n,
        **{part: getattr(made, part) for part, _ in _PARTS},
        "guessed": list(made.guessed),
        "features": list(made.features),
        "groups": list(made.groups),
        "left_out": made.left_out,
        "decisions": made.decisions,
    }


def init_text(made: FirstSteps, file: Path) -> str:
    """Return what was written and concluded, in words."""
    lines = [f"{file.name}: {made.n:,} rows."]
    for part, words in _PARTS:
        lines.append(f"  {words}: {getattr(made, part)}" + (" (a guess)" if part in made.guessed else ""))
    lines += [
        f"  features ({len(made.features)}): {_some(made.features)}",
        f"  compared as groups, never features ({len(made.groups)}): {_some(made.groups)}",
        f"  left out ({len(made.left_out)}), each with its reason in the spec: {_some(tuple(made.left_out))}",
        "",
        "Next:",
        f"  1. Open {made.spec} and {made.contract}:",
        f"     {made.decisions} places are marked DECIDE.",
        f"  2. send-screen check {_word(made.contract)} {_word(file)}",
        f"  3. send-screen train {_word(made.spec)} --data {_word(file)}",
    ]
    return "\n".join(lines)


def _some(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:MOST_SHOWN])
    return f"{shown} and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else shown or "none"


def _word(path: Path) -> str:
    """Return a path as one word of a command line, on Windows and elsewhere."""
    return f'"{path}"' if " " in str(path) else str(path)
