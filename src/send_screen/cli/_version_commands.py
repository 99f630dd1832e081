"""Commands about a version: to give it out, audit, compare, promote and withdraw it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from send_screen.cli._command import command
from send_screen.cli._options import (
    Alias,
    AskedLedger,
    By,
    DecisionLedger,
    Json,
    Reason,
    Tracking,
    Version,
    VersionOrFolder,
)


@command()
def export(
    model: VersionOrFolder,
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    to: Annotated[
        Literal["folder", "sql", "xlsx"],
        typer.Option(help="The version to screen with; one SQL query; or a workbook for one child at a time."),
    ] = "folder",
    dialect: Annotated[
        str | None, typer.Option(help="Of the query, with --to sql: postgres, duckdb, sqlite, tsql or spark.")
    ] = None,
    allow_synthetic_model: Annotated[
        bool,
        typer.Option(
            "--allow-synthetic-model",
            help="Write a query or workbook of a model that was trained on invented people; every row says so.",
        ),
    ] = False,
    ledger: AskedLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Write a version into a folder: plain files to screen with, an SQL query, or a workbook."""


@command()
def kit(
    model: VersionOrFolder,
    out: Annotated[Path, typer.Option(help="The zip, not there yet.")],
    python: Annotated[
        Path | None,
        typer.Option(
            metavar="ZIP",
            help="Add a Windows Python: python.org's embeddable package, 64-bit. (default: the laptop's own)",
        ),
    ] = None,
    python_version: Annotated[
        list[str] | None,
        typer.Option(
            help="A Python that the laptop may have, as 3.12; can be given several times. (default: this one)"
        ),
    ] = None,
    ledger: AskedLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Build a zip for a school: a Windows laptop screens with it, without administrator rights or network."""


@command()
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
            help="The evidence store, or the version's folder in it. (default: as the run's tag says)",
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(help="The public key of who answers for training, from them and not from the MLflow store."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="The training data, a file or a folder with one file per contract: the version is fitted again, and "
            "tables, evidence and figures are compared. Takes as long as training."
        ),
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(
            envvar="SEND_SCREEN_LEDGER",
            help="The ledger of decisions. (default: beside a local MLflow store, or as the model's tag says)",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for audit.html and audit.json.")] = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Recompute every claim about a version, and name what differs."""


@command()
def compare(
    first: Annotated[
        str,
        typer.Argument(
            help="The first version: models:/name/3, models:/name@alias, an exported folder, or its published.json."
        ),
    ],
    second: Annotated[str, typer.Argument(help="The second version, given in the same way.")],
    out: Annotated[Path | None, typer.Option(help="Write the whole comparison into this page (.html).")] = None,
    ledger: AskedLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Compare two versions: what changed, and for whom it was shown to become better or worse."""


@command()
def promote(
    model: Version,
    by: By,
    reason: Reason,
    alias: Alias = "champion",
    override: Annotated[
        str | None, typer.Option(help="Why it is promoted although a gate failed; shown beside its card.")
    ] = None,
    ledger: DecisionLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Promote a version that passes its gates, and record who did so and why."""


@command()
def withdraw(
    model: Version,
    by: By,
    reason: Reason,
    screenings: Annotated[
        list[str] | None,
        typer.Option(help="A ledger of screening runs, or a folder of them; can be given several times."),
    ] = None,
    ledger: DecisionLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Withdraw a version for good, record who did so and why, and list everybody whom it listed."""


@command()
def history(
    name: Annotated[str, typer.Argument(help="The registered model's name.")],
    on: Annotated[str | None, typer.Option(help="Only what was in use on this day (UTC), as 2027-01-31.")] = None,
    alias: Alias = "champion",
    ledger: DecisionLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """List which version was in use when, by whom and why, after the ledger is verified."""


@command()
def generate_keys(
    out: Annotated[
        Path, typer.Option(help="A folder outside the MLflow and evidence stores, for private.pem and public.pem.")
    ],
    json: Json = False,
) -> None:
    """Generate the pair of keys with which training signs versions and an auditor verifies them."""
