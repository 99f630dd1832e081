"""Every command: its arguments, one call, and what it prints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from send_screen.cli._audit import auditing
from send_screen.cli._compare import comparing
from send_screen.cli._console import INTERRUPTED, guarded, progress, say, say_json
from send_screen.cli._decisions import decisions
from send_screen.cli._kit import PythonMayStandAlone
from send_screen.cli._options import Json, Tracking

app = typer.Typer(
    name="send-screen",
    help=(
        "Notice children who may need early support: train a model, see what it does to whom, and list children to "
        "talk about first. A flag is a prompt to look, never a diagnosis and never a decision."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(shown: bool) -> None:
    if shown:
        from importlib import metadata

        say(metadata.version("send-screen"))
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Notice children who may need early support."""


@app.command()
@guarded
def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything that is made.")],
    children: Annotated[int, typer.Option(min=2000, help="How many children to invent.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the invented England.")] = 0,
    json: Json = False,
) -> None:
    """Do the whole job on invented children, and say what to open."""
    from send_screen.cli._words import after_demo
    from send_screen.workflows import demo as run

    with progress(quiet=json) as tell:
        made = run(out, children=children, seed=seed, progress=tell)
    facts = after_demo(made)
    say_json(facts["json"]) if json else say(facts["text"])


@app.command()
@guarded
def simulate(
    out: Annotated[Path, typer.Option(help="Folder for the files.")],
    children: Annotated[int, typer.Option(min=1, help="How many reception children to invent.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same children.")] = 0,
    json: Json = False,
) -> None:
    """Invent an England: census, profile and later SEN register of children who do not exist."""
    from send_screen.simulation import simulate_england, write_england

    with progress(quiet=json) as tell:
        tell(f"Inventing {children:,} children")
        england = simulate_england(children=children, seed=seed)
        write_england(england, out)
    if json:
        say_json({"out": str(out), "children": len(england.pupil_census), "synthetic": True})
    else:
        say(f"{len(england.pupil_census):,} invented children are in {out}. None of them exists.")


@app.command()
@guarded
def check(
    contract: Annotated[str, typer.Argument(help="A contract such as education/eyfsp, or a path to one.")],
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or Parquet.")],
    json: Json = False,
) -> None:
    """Hold a file against a data contract, and name everything that does not keep it."""
    from send_screen.cli._words import check_json, check_text
    from send_screen.contracts import check_table, load_contract
    from send_screen.readers import read_table

    agreed = load_contract(contract)
    reading = read_table(file)
    result = check_table(agreed, reading.frame, file=reading.file)
    if json:
        say_json(check_json(agreed, reading, result))
    else:
        say(check_text(agreed, reading, result))
    if any(violation.severity == "error" for violation in result.violations):
        raise typer.Exit(1)


@app.command()
@guarded
def init(
    file: Annotated[Path, typer.Argument(help="Your own CSV, XLSX or Parquet, one row a child.")],
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    label: Annotated[
        str | None, typer.Option(help="The column that says what happened later. (default: guessed)")
    ] = None,
    school: Annotated[str | None, typer.Option(help="The column of the school. (default: guessed)")] = None,
    child_id: Annotated[
        str | None, typer.Option("--id", help="The column of the child's identifier. (default: guessed)")
    ] = None,
    json: Json = False,
) -> None:
    """Draft a commented spec and contract from your own file, ready to be decided on and trained."""
    from send_screen.cli._words_init import init_json, init_text
    from send_screen.workflows import first_steps

    with progress(quiet=json) as tell:
        made = first_steps(file, out=out, label=label, school=school, child_id=child_id, progress=tell)
    say_json(init_json(made)) if json else say(init_text(made, file))


@app.command()
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
    """Train a version, measure it on schools it has not seen, and enter it in MLflow."""
    from send_screen.cli._words import trained_json, trained_text
    from send_screen.tracking import default_uri
    from send_screen.workflows import train as run

    with progress(quiet=json) as tell:
        made = run(
            spec,
            data,
            tracking_uri=tracking_uri or default_uri(),
            evidence=evidence,
            hold_out=hold_out,
            threads=threads,
            sign=sign,
            progress=tell,
        )
    say_json(trained_json(made)) if json else say(trained_text(made))
    made.require_passed()


@app.command()
@guarded
def screen(
    model: Annotated[str, typer.Argument(help="models:/name@alias, models:/name/3, or an exported folder.")],
    file: Annotated[Path, typer.Argument(help="A school's file, or a folder with one file a contract.")],
    out: Annotated[Path, typer.Option(help="Folder for the lists and the page.")],
    capacity: Annotated[
        str | None, typer.Option(help="How many children can be assessed: 30, or 10%. (default: the spec's)")
    ] = None,
    by: Annotated[Literal["school"] | None, typer.Option(help="With 'school', each school has its own places.")] = None,
    role: Annotated[
        str | None, typer.Option(help="Role of whoever reads the list, as the contracts name it. (default: senco)")
    ] = None,
    allow_synthetic_model: Annotated[
        bool, typer.Option(help="Show real children to a model that learnt from invented ones; every page says so.")
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
    from send_screen.cli._words import screened_text
    from send_screen.workflows import screen_file

    with progress(quiet=json) as tell:
        tell("Screening")
        result, summary = screen_file(
            model,
            file,
            out=out,
            capacity=capacity,
            per_school=by == "school",
            role=role,
            allow_synthetic_model=allow_synthetic_model,
            ledger=ledger,
            tracking_uri=tracking_uri,
        )
    say_json(summary) if json else say(screened_text(result, out))


@app.command()
@guarded
def export(
    model: Annotated[str, typer.Argument(help="models:/name@alias or models:/name/3.")],
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Write a version into a folder that a school can screen with: plain files, no MLflow."""
    from send_screen.workflows import export_model

    folder = export_model(model, out, tracking_uri=tracking_uri)
    if json:
        say_json({"out": str(folder)})
    else:
        say(f"The version is in {folder}. Screen with it: send-screen screen {folder} FILE --out DIR")


@app.command(cls=PythonMayStandAlone)
@guarded
def kit(
    model: Annotated[str, typer.Argument(help="models:/name@alias, models:/name/3, or an exported folder.")],
    out: Annotated[Path, typer.Option(help="The zip, not there yet.")],
    python: Annotated[
        str | None,
        typer.Option(
            "--python",
            metavar="[ZIP]",
            help="Add a Windows Python: python.org's embeddable package, 64-bit. (default: the laptop's own)",
        ),
    ] = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Build a zip for a school: a Windows laptop screens with it, without administrator rights or network."""
    from send_screen.cli._kit import built_json, built_text, python_to_add
    from send_screen.kit import build_kit

    with progress(quiet=json) as tell:
        built = build_kit(model, out, python=python_to_add(python), tracking_uri=tracking_uri, progress=tell)
    say_json(built_json(built)) if json else say(built_text(built))


app.add_typer(decisions)
app.add_typer(comparing)
app.add_typer(auditing)


def main() -> None:
    """Run ``send-screen``."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
