"""The commands that bring a version to a school: screen, export, kit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from send_screen.cli._console import finish, guarded, progress
from send_screen.cli._options import Json, Tracking, Version, VersionOrFolder

screening = typer.Typer()


@screening.command()
@guarded
def screen(
    model: VersionOrFolder,
    file: Annotated[Path, typer.Argument(help="A school's file, or a folder with one file a contract.")],
    out: Annotated[Path, typer.Option(help="Folder for the lists and the page.")],
    capacity: Annotated[
        str | None, typer.Option(help="How many children can be assessed: 30, or 10%. (default: the spec's)")
    ] = None,
    per_school: Annotated[bool, typer.Option("--per-school", help="The capacity is that of each school.")] = False,
    role: Annotated[
        str | None, typer.Option(help="Role of whoever reads the list, as the contracts name it. (default: senco)")
    ] = None,
    allow_synthetic_model: Annotated[
        bool,
        typer.Option(
            "--allow-synthetic-model",
            help="Show real children to a model that learnt from invented ones; every page says so.",
        ),
    ] = False,
    ledger: Annotated[
        Path | None,
        typer.Option(
            envvar="SEND_SCREEN_LEDGER",
            help="Where the run and, under pseudonyms, those listed are entered. (default: screenings.jsonl beside "
            "--out)",
        ),
    ] = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """List the children of a file whom it would be worth talking about first, with reasons."""
    from send_screen import screen as run

    with progress(quiet=json) as tell:
        found = run(
            model,
            file,
            out=out,
            capacity=capacity,
            per_school=per_school,
            role=role,
            allow_synthetic_model=allow_synthetic_model,
            ledger=ledger,
            tracking_uri=tracking_uri,
            progress=tell,
        )
    finish(found, json=json)


@screening.command()
@guarded
def export(
    model: Version,
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Write a version into a folder that a school can screen with: plain files, no MLflow."""
    from send_screen import export as run

    finish(run(model, out, tracking_uri=tracking_uri), json=json)


@screening.command()
@guarded
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
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Build a zip for a school: a Windows laptop screens with it, without administrator rights or network."""
    from send_screen import kit as run

    with progress(quiet=json) as tell:
        built = run(
            model, out, python=python, python_version=python_version or (), tracking_uri=tracking_uri, progress=tell
        )
    finish(built, json=json)
