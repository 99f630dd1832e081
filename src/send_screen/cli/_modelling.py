"""The commands that lead to a model: demo, simulate, init, check, train."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from send_screen.cli._console import finish, guarded, progress
from send_screen.cli._options import Json, Tracking

modelling = typer.Typer()
Children = Annotated[int, typer.Option(min=1, help="How many reception children to invent.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same children.")]


@modelling.command()
@guarded
def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything that is made.")],
    children: Annotated[int, typer.Option(min=2000, help="How many children to invent.")] = 20_000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Do the whole job on invented children, and say what to open."""
    from send_screen import demo as run

    with progress(quiet=json) as tell:
        made = run(out, children=children, seed=seed, progress=tell)
    finish(made, json=json)


@modelling.command()
@guarded
def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    children: Children = 20_000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Invent an England: census, profile and later SEN record of children who do not exist."""
    from send_screen import simulate as run

    with progress(quiet=json) as tell:
        made = run(out=out, children=children, seed=seed, progress=tell)
    finish(made, json=json)


@modelling.command()
@guarded
def init(
    file: Annotated[Path, typer.Argument(help="Your own CSV, XLSX or Parquet, one row a child.")],
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    label: Annotated[
        str | None, typer.Option(help="The column that says what happened later. (default: guessed)")
    ] = None,
    school: Annotated[str | None, typer.Option(help="The column of the school. (default: guessed)")] = None,
    child_id: Annotated[
        str | None, typer.Option(help="The column of the child's identifier. (default: guessed)")
    ] = None,
    json: Json = False,
) -> None:
    """Draft a commented spec and contract from your own file, ready to be decided on and trained."""
    from send_screen import init as run

    with progress(quiet=json) as tell:
        made = run(file, out=out, label=label, school=school, child_id=child_id, progress=tell)
    finish(made, json=json)


@modelling.command()
@guarded
def check(
    contract: Annotated[str, typer.Argument(help="A contract such as education/eyfsp, or a path to one.")],
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or Parquet.")],
    json: Json = False,
) -> None:
    """Check a file against a data contract, and name everything that breaks it."""
    from send_screen import check as run

    finish(run(contract, file), json=json)


@modelling.command()
@guarded
def train(
    spec: Annotated[Path, typer.Argument(help="The model's spec.yaml.")],
    data: Annotated[Path, typer.Option(help="A file, or a folder with one file a contract.")],
    tracking_uri: Tracking = None,
    evidence: Annotated[
        Path, typer.Option(envvar="SEND_SCREEN_EVIDENCE", help="Evidence store: personal data, for few to read.")
    ] = Path("evidence"),
    hold_out: Annotated[int, typer.Option(min=0, help="Whole schools to keep aside, to screen later.")] = 0,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads for LightGBM. (default: one fewer than the cores)")
    ] = None,
    sign: Annotated[
        Path | None, typer.Option(help="A private key, kept outside the stores, to sign the version with.")
    ] = None,
    json: Json = False,
) -> None:
    """Train a version, measure it on schools it has not seen, and register it in MLflow if it passes its gates."""
    from send_screen import train as run

    with progress(quiet=json) as tell:
        made = run(
            spec,
            data,
            tracking_uri=tracking_uri,
            evidence=evidence,
            hold_out=hold_out,
            threads=threads,
            sign=sign,
            progress=tell,
        )
    finish(made, json=json, exit_code=False)
    made.require_passed()
