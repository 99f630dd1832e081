"""The commands by which people answer for a version: audit, compare, promote, withdraw, history, keys and repairs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from send_screen.cli._console import finish, guarded, progress
from send_screen.cli._options import Alias, By, DecisionLedger, Json, Reason, Tracking, Version

governing = typer.Typer()
_PUBLISHED = "models:/name/3, models:/name@alias, an exported folder, or its published.json."


@governing.command()
@guarded
def audit(
    model: Annotated[
        str,
        typer.Argument(
            help="models:/name@alias, models:/name/3, runs:/id/bundle (not registered), or an exported folder."
        ),
    ],
    evidence: Annotated[
        Path | None,
        typer.Option(
            envvar="SEND_SCREEN_EVIDENCE",
            help="The evidence store, or the version's folder in it. (default: where the registry says)",
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="The public key of who answers for training, from them and not from the store."),
    ] = None,
    ledger: Annotated[
        Path | None,
        typer.Option(
            help="The ledger of decisions. (default: beside a local MLflow store, or where the registry says)"
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for audit.html and audit.json.")] = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Recompute all that is claimed of a version, and name whatever differs."""
    from send_screen import audit as run

    with progress(quiet=json) as tell:
        found = run(model, evidence=evidence, key=key, ledger=ledger, out=out, tracking_uri=tracking_uri, progress=tell)
    finish(found, json=json)


@governing.command()
@guarded
def compare(
    first: Annotated[str, typer.Argument(help=f"The version that was: {_PUBLISHED}")],
    second: Annotated[str, typer.Argument(help="The version that is beside it, given in the same way.")],
    out: Annotated[Path | None, typer.Option(help="Write the whole comparison into this page (.html).")] = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Say what changed between two versions, and for whom it was shown to become better or worse."""
    from send_screen import compare as run

    finish(run(first, second, out=out, tracking_uri=tracking_uri), json=json)


@governing.command()
@guarded
def promote(
    model: Version,
    by: By,
    reason: Reason,
    alias: Alias = "champion",
    override: Annotated[
        str | None, typer.Option(help="Why it is let in although a gate says no; shown beside its card.")
    ] = None,
    ledger: DecisionLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Let a version in, if its figures pass its gates, and enter who did so and why."""
    from send_screen import promote as run

    done = run(model, by=by, reason=reason, alias=alias, override=override, ledger=ledger, tracking_uri=tracking_uri)
    finish(done, json=json)


@governing.command()
@guarded
def withdraw(
    model: Version,
    by: By,
    reason: Reason,
    screenings: Annotated[
        list[Path] | None,
        typer.Option(help="A school's ledger of screening runs, or a folder of them; can be given several times."),
    ] = None,
    ledger: DecisionLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Take a version away for good, enter who did so and why, and list every child that it listed."""
    from send_screen import withdraw as run

    done = run(model, by=by, reason=reason, screenings=screenings or (), ledger=ledger, tracking_uri=tracking_uri)
    finish(done, json=json)


@governing.command()
@guarded
def history(
    name: Annotated[str, typer.Argument(help="The registered model's name.")],
    on: Annotated[str | None, typer.Option(help="Only what was in use on this day (UTC), as 2027-01-31.")] = None,
    alias: Alias = "champion",
    ledger: DecisionLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Say which version was in use from when to when, by whom and why, after the ledger was verified."""
    from send_screen import history as run

    finish(run(name, on=on, alias=alias, ledger=ledger, tracking_uri=tracking_uri), json=json)


@governing.command()
@guarded
def generate_keys(
    out: Annotated[Path, typer.Option(help="A folder outside the stores, for private.pem and public.pem.")],
    json: Json = False,
) -> None:
    """Make the pair of keys with which training signs its versions, and an auditor checks that it did."""
    from send_screen import generate_keys as run

    finish(run(out), json=json)


@governing.command()
@guarded
def repair_ledger(
    ledger: Annotated[Path, typer.Argument(help="A ledger whose last line was cut short.")],
    by: By,
    reason: Reason,
    json: Json = False,
) -> None:
    """Repair a ledger whose last line was cut short by a stopped write; nothing of it is thrown away."""
    from send_screen import repair_ledger as run

    finish(run(ledger, by=by, reason=reason), json=json)
