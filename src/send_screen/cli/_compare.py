"""The command that compares two versions, and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from send_screen.cli._console import guarded, say, say_json
from send_screen.cli._options import Json, Tracking

if TYPE_CHECKING:
    from send_screen.reports import Comparison

comparing = typer.Typer()

Model = "models:/name/3, models:/name@alias, an exported folder, or its published.json."


@comparing.command()
@guarded
def compare(
    first: Annotated[str, typer.Argument(help=f"The version that was: {Model}")],
    second: Annotated[str, typer.Argument(help="The version that is beside it, given in the same way.")],
    out: Annotated[Path | None, typer.Option(help="Write the whole comparison into this page (.html).")] = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Say what changed between two versions, and for whom it was shown to become better or worse."""
    from send_screen.errors import MissingExtraError
    from send_screen.reports import render_comparison, write_page
    from send_screen.workflows import compare as run

    found = run(first, second, tracking_uri=tracking_uri)
    if out is not None:
        try:
            write_page(render_comparison(found), out)
        except OSError as error:
            raise MissingExtraError(
                f"{out} cannot be written ({error.strerror}).", remedy="Give another place with --out."
            ) from None
    say_json(found.as_json()) if json else say(compared_text(found, out))


def compared_text(found: Comparison, out: Path | None) -> str:
    """Return a comparison in words: for whom, the main figures, and what changed."""
    from send_screen.reports import CAUTION

    lines = [f"First: {found.names[0]} ({found.ids[0]}). Second: {found.names[1]} ({found.ids[1]})."]
    lines += [f"Note: {note}" for note in found.notes]
    for heading, told in (("better", found.better), ("worse", found.worse)):
        lines += [
            "",
            f"Shown to be {heading} for:",
            *([f"  {words}" for words in told] or ["  no group, in no question"]),
        ]
    lines += ["", "Verdicts that changed:", *([f"  {words}" for words in found.verdicts] or ["  none"])]
    lines += ["", f"{'':68}{'first':>26}{'second':>26}  what can be said"]
    lines += [
        f"{row.words[:66]:68}{row.first.in_brackets:>26}{row.second.in_brackets:>26}  {row.shift}"
        for row in found.metrics
    ]
    lines += ["", "What changed:"]
    parts = [*((part.part, part.changed) for part in found.parts), ("The spec, line by line", found.spec or ())]
    for part, changed in parts:
        lines.append(f"  {part}: {'nothing' if not changed else ''}".rstrip())
        lines += [f"    {change.what}: {change.first} -> {change.second}" for change in changed]
    lines += ["", CAUTION]
    if out is not None:
        lines.append(f"The page: {out}")
    # a published.json by itself may say anything, also what would steer a terminal
    return "\n".join("".join(c if c.isprintable() else "\ufffd" for c in line) for line in lines)
