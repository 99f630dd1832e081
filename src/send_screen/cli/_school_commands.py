"""Commands of a school or an authority: lists, what was decided, and what is held on a child."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from send_screen.cli._command import command
from send_screen.cli._options import ChildId, Json, RunLedger, Tracking, VersionOrFolder


@command()
def screen(
    model: VersionOrFolder,
    file: Annotated[Path, typer.Argument(help="The file, or a folder with one file per contract.")],
    out: Annotated[
        Path,
        typer.Option(help="Folder for the lists and the page. A list that is there stays: the new one goes beside it."),
    ],
    capacity: Annotated[
        str | None, typer.Option(help="How many can be assessed: 30, or 10%. (default: the spec's)")
    ] = None,
    per_school: Annotated[
        bool, typer.Option("--per-school", help="The capacity is that of each school, course or setting.")
    ] = False,
    role: Annotated[
        str | None, typer.Option(help="Role of whoever reads the list, as the contracts name it. (default: senco)")
    ] = None,
    academic_year: Annotated[
        str | None, typer.Option(help="The academic year of a file that does not say it, as 2025/26.")
    ] = None,
    allow_synthetic_model: Annotated[
        bool,
        typer.Option(
            "--allow-synthetic-model",
            help="Screen real people with a model that was trained on invented ones; every page says so.",
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Move the list in --out beside it, once its decisions were entered."),
    ] = False,
    engine: Annotated[
        Literal["memory", "batches", "spark"],
        typer.Option(
            help="batches: read one large table, or a folder of its pieces, in bounded memory on all cores. "
            "spark: so on the machines of Spark that MASTER, SPARK_REMOTE or Spark's own settings name."
        ),
    ] = "memory",
    ledger: Annotated[
        str | None,
        typer.Option(
            envvar="SEND_SCREEN_LEDGER",
            help="The ledger of the run and, under pseudonyms, of those listed: a file, or postgresql+psycopg://... "
            "(default: ledger.db beside --out)",
        ),
    ] = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """List those of a file whom it would be worth talking about first, with reasons."""


@command()
def screen_schools(
    model: VersionOrFolder,
    data: Annotated[
        list[Path],
        typer.Argument(help="Files, and folders with one file per contract, of one school or of several each."),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the packs, one a school, and the page about all.")],
    capacity: Annotated[
        str | None, typer.Option(help="How many each school can assess: 30, or 10%. (default: the spec's)")
    ] = None,
    role: Annotated[
        str | None, typer.Option(help="Role of whoever reads the lists, as the contracts name it. (default: senco)")
    ] = None,
    academic_year: Annotated[
        str | None, typer.Option(help="The academic year of files that do not say it, as 2025/26.")
    ] = None,
    allow_synthetic_model: Annotated[
        bool,
        typer.Option("--allow-synthetic-model", help="As for screen: every page then says so."),
    ] = False,
    ledger: Annotated[
        str | None,
        typer.Option(
            envvar="SEND_SCREEN_LEDGER",
            help="The ledger of all runs: a file, or postgresql+psycopg://... (default: ledger.db beside --out)",
        ),
    ] = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Screen many schools: a pack for each, and one page about all, without a child."""


@command()
def decisions(
    file: Annotated[Path, typer.Argument(help="list.xlsx or list.csv, with what people wrote in it.")],
    ledger: Annotated[
        str | None,
        typer.Option(
            envvar="SEND_SCREEN_LEDGER",
            help="The ledger of the run: a file, or postgresql+psycopg://... (default: ledger.db beside the folder of "
            "the list)",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Enter what people decided about the children of a list into the ledger."""


@command()
def record(
    child: ChildId,
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    ledger: RunLedger = None,
    json: Json = False,
) -> None:
    """Write everything that a ledger holds on a child, for the parents: a page in plain words, and JSON."""


@command()
def letter(
    child: ChildId,
    out: Annotated[Path, typer.Option(help="The letter (.html), not there yet.")],
    template: Annotated[
        Path | None,
        typer.Option(
            help="Your own template. Where it is not there yet, the library's is written there, to be edited."
        ),
    ] = None,
    ledger: RunLedger = None,
    json: Json = False,
) -> None:
    """Write a letter to the parents of a listed child: what, why, whom to ask, how to object; never a score."""


@command()
def erase(
    child: Annotated[str | None, typer.Argument(help="The child's identifier, as in the school's file.")] = None,
    expired: Annotated[
        bool,
        typer.Option("--expired", help="In place of a child: all runs past the date until which they are kept."),
    ] = False,
    by: Annotated[str | None, typer.Option(help="Who answers for it.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why, in a sentence, without anybody's identifier.")] = None,
    ledger: RunLedger = None,
    json: Json = False,
) -> None:
    """Erase what a ledger holds on a child, or what is past its date: keys are destroyed, totals remain."""


@command()
def verify_ledger(
    ledger: RunLedger = None,
    last_hash: Annotated[
        str | None, typer.Option(help="The hash of an entry, as this printed it before: it must still be there.")
    ] = None,
    lists: Annotated[
        list[Path] | None,
        typer.Option(help="A folder of lists: the entry of each must be there; can be given several times."),
    ] = None,
    json: Json = False,
) -> None:
    """Verify a ledger: what was altered, removed, added or moved in it is named, and what was cut off its end."""


@command()
def outcomes(
    model: VersionOrFolder,
    data: Annotated[
        Path, typer.Argument(help="The files that were screened, with the file of the outcome beside them.")
    ],
    ledger: Annotated[
        str | None,
        typer.Option(
            envvar="SEND_SCREEN_LEDGER",
            help="The ledger of the screening run, a file or postgresql+psycopg://...: the list must be the one that "
            "it records.",
        ),
    ] = None,
    capacity: Annotated[
        str | None, typer.Option(help="Without a ledger, as in the run: 30, or 10%. (default: the spec's)")
    ] = None,
    per_school: Annotated[
        bool, typer.Option("--per-school", help="Without a ledger, as in the run: each school had its own list.")
    ] = False,
    decisions: Annotated[
        list[Path] | None,
        typer.Option(help="A list that came back with what was decided; can be given several times."),
    ] = None,
    role: Annotated[
        str | None, typer.Option(help="Role of whoever reads the page, as the contracts name it. (default: senco)")
    ] = None,
    unsuppressed: Annotated[
        bool,
        typer.Option("--unsuppressed", help="Show counts under ten too, for those who may see everybody's rows."),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Write everything into this page (.html).")] = None,
    academic_year: Annotated[
        str | None, typer.Option(help="The academic year of a file that does not say it, as 2025/26.")
    ] = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Report what became of those listed and not listed, and how right the list was."""
