"""Commands that begin a model: example data, a draft of your own, checks, training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from send_screen.cli._command import command
from send_screen.cli._options import AskedLedger, Json, Seed, Tracking, VersionOrFolder


@command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder of all results.")],
    children: Annotated[int, typer.Option(min=2000, help="How many children to invent.")] = 20_000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Run the whole pipeline on invented children, and print which pages to open."""


@command()
def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    children: Annotated[int, typer.Option(min=1, help="How many reception children to invent.")] = 20_000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Simulate reception children in England who do not exist: census, profile (EYFSP) and later SEN record."""


@command()
def init(
    file: Annotated[Path, typer.Argument(help="Your own CSV, XLSX or Parquet, one row per person.")],
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    outcome: Annotated[
        str | None, typer.Option(help="The column that says what happened later. (default: guessed)")
    ] = None,
    school: Annotated[
        str | None, typer.Option(help="The column of the school, course or setting. (default: guessed, or none)")
    ] = None,
    child_id: Annotated[str | None, typer.Option(help="The column of the identifier. (default: guessed)")] = None,
    positive: Annotated[
        list[str] | None,
        typer.Option(help="A code of the outcome that says that it happened; can be given several times."),
    ] = None,
    json: Json = False,
) -> None:
    """Draft a commented spec and contract from your own file, ready to be decided on and trained."""


@command()
def check(
    against: Annotated[
        str, typer.Argument(help="A contract such as education/eyfsp, or the model that is to screen the files.")
    ],
    file: Annotated[Path, typer.Argument(help="The file, or a folder of files.")],
    academic_year: Annotated[
        str | None, typer.Option(help="The academic year of files that do not say it, as 2025/26.")
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Write what only you can answer into mapping.yaml beside the files.")
    ] = False,
    ledger: AskedLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Check a file against a data contract, or whether a model could make a list of the files."""


@command()
def template(
    model: VersionOrFolder,
    out: Annotated[Path, typer.Option(help="The workbook (.xlsx), not there yet.")],
    ledger: AskedLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Write a workbook with the columns that a model needs, and the list of fields to ask for."""


@command(end=lambda trained: trained.require_passed())
def train(
    spec: Annotated[Path, typer.Argument(help="The model's spec.yaml.")],
    data: Annotated[Path, typer.Option(help="A file, or a folder with one file per contract.")],
    tracking_uri: Tracking = None,
    evidence: Annotated[
        Path, typer.Option(envvar="SEND_SCREEN_EVIDENCE", help="Evidence store: personal data, for few to read.")
    ] = Path("evidence"),
    hold_out: Annotated[int, typer.Option(min=0, help="Whole schools, or courses or settings, to hold out.")] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads for LightGBM. (default: one fewer than the cores)")
    ] = None,
    sign: Annotated[
        Path | None,
        typer.Option(help="A private key, kept outside the MLflow and evidence stores, to sign the version with."),
    ] = None,
    json: Json = False,
) -> None:
    """Train a version, measure it on schools or courses it has not seen, and register it if it passes its gates."""
