"""The commands by which a person answers for a version: promote, withdraw, history, mend."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from send_screen.cli._console import guarded, say, say_json
from send_screen.cli._options import Json, Tracking

decisions = typer.Typer()

Version = Annotated[str, typer.Argument(help="models:/name/3 or models:/name@alias.")]
By = Annotated[str, typer.Option(help="Who answers for it. Whoever can open the registry can read it.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence, without any child's data.")]
Alias = Annotated[str, typer.Option(help="The alias of the version in use.")]
OfDecisions = Annotated[
    Path | None,
    typer.Option("--ledger", help="The ledger of decisions. (default: decisions.jsonl beside a local MLflow store)"),
]


@decisions.command()
@guarded
def promote(
    version: Version,
    by: By,
    reason: Reason,
    alias: Alias = "champion",
    override: Annotated[
        str | None, typer.Option(help="Why it is let in although a gate says no; shown beside its card.")
    ] = None,
    ledger: OfDecisions = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Let a version in, if its figures pass its gates, and enter who did so and why."""
    from send_screen.cli._words_decisions import promoted_text
    from send_screen.workflows import promote as run

    entry = run(version, by=by, reason=reason, alias=alias, override=override, ledger=ledger, tracking_uri=tracking_uri)
    say_json(entry) if json else say(promoted_text(entry))


@decisions.command()
@guarded
def withdraw(
    version: Version,
    by: By,
    reason: Reason,
    screenings: Annotated[
        list[Path] | None,
        typer.Option(help="A school's ledger of screening runs, or a folder of them; can be given several times."),
    ] = None,
    ledger: OfDecisions = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Take a version away for good, enter who did so and why, and list every child that it listed."""
    from send_screen.cli._words_decisions import withdrawn_json, withdrawn_text
    from send_screen.workflows import withdraw as run

    done = run(version, by=by, reason=reason, screenings=screenings or (), ledger=ledger, tracking_uri=tracking_uri)
    say_json(withdrawn_json(done)) if json else say(withdrawn_text(done))
    if any(book.faults or book.torn for book in done.looked_in):
        raise typer.Exit(1)


@decisions.command()
@guarded
def history(
    name: Annotated[str, typer.Argument(help="The registered model's name.")],
    on: Annotated[str | None, typer.Option(help="Only what was in use on this day (UTC), as 2027-01-31.")] = None,
    alias: Alias = "champion",
    ledger: OfDecisions = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Say which version was in use from when to when, by whom and why, after the ledger was verified."""
    from send_screen.cli._words_decisions import history_json, history_text
    from send_screen.workflows import history as run

    found = run(name, on=on, alias=alias, ledger=ledger, tracking_uri=tracking_uri)
    say_json(history_json(found)) if json else say(history_text(found, name, alias=alias, on=on))
    if found.faults:
        raise typer.Exit(1)


@decisions.command()
@guarded
def mend(
    ledger: Annotated[Path, typer.Argument(help="A ledger whose last line is torn.")],
    by: By,
    reason: Reason,
    json: Json = False,
) -> None:
    """Set a ledger right whose last line was torn by a stopped write; nothing of it is thrown away."""
    from send_screen.errors import UsageError
    from send_screen.governance import mend as run
    from send_screen.governance import stated

    entry = run(ledger, {"by": stated("--by", by), "reason": stated("--reason", reason)})
    if entry is None:
        raise UsageError(f"The last line of {ledger} is whole.", remedy="There is nothing to mend.")
    say_json(entry) if json else say(f"What was torn is now inside entry {entry['number']} of {ledger}.")
