"""The program ``send-screen``: its commands, each with the arguments of the function of the same name."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer

import send_screen
from send_screen.cli._console import exit_on_error, progress, say
from send_screen.errors import ExitCode
from send_screen.results import Result

app = typer.Typer(
    name="send-screen",
    help=(
        "Flag children, or students, who may need early support: train a model, see what it does to whom, and list "
        "whom to talk about first. A flag is a prompt to look, never a diagnosis and never a decision."
    ),
    epilog="\n\n".join(["Exit codes", *(f"{code.value}: {code.description}" for code in ExitCode)]),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same children.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for a script.")]
Tracking = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        help="The MLflow store: sqlite:///path/mlflow.db, or a tracking server's address. (default: ./mlflow.db)",
    ),
]
Version = Annotated[str, typer.Argument(help="models:/name/3 or models:/name@alias.")]
VersionOrFolder = Annotated[str, typer.Argument(help="models:/name@alias, models:/name/3, or an exported folder.")]
By = Annotated[str, typer.Option(help="Who answers for it. Whoever can open the registry can read it.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence, without anybody's data.")]
Alias = Annotated[str, typer.Option(help="The alias of the version in use.")]
DecisionLedger = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        envvar="SEND_SCREEN_LEDGER",
        help="The ledger of decisions: a file, or postgresql+psycopg://... (default: ledger.db beside a local MLflow "
        "store)",
    ),
]
AskedLedger = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        envvar="SEND_SCREEN_LEDGER",
        help="A ledger of decisions to ask whether the version was withdrawn, beside those that the registry has.",
    ),
]

ChildId = Annotated[str, typer.Argument(help="The child's identifier, as in the school's file.")]
RunLedger = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        envvar="SEND_SCREEN_LEDGER",
        help="The ledger of screening runs: a file, or postgresql+psycopg://... (default: ./ledger.db)",
    ),
]


def _print_version(requested: bool) -> None:
    if requested:
        say(send_screen.__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Flag children who may need early support."""


def exit_unless_ok(result: Result) -> None:
    """Exit with the code of the result unless it is 0."""
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def command(end: Callable[[Any], None] = exit_unless_ok) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that makes a command of a signature: it calls the function of that name and prints its result.

    Options that are not given keep the function's default. ``end`` is called with the result after printing.
    """

    def register(signature: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(signature)
        def run(*, json: bool, **given: Any) -> None:
            with exit_on_error():
                options = {name: value for name, value in given.items() if value is not None}
                result = _call(signature.__name__, options, quiet=json)
                # JSON in ASCII reads the same on every console
                say(dumps(result.to_dict(), indent=2, allow_nan=False) if json else result.to_text())
                end(result)

        return app.command()(run)

    return register


def _call(name: str, options: dict[str, Any], *, quiet: bool) -> Any:
    """Call a function of the library, with a progress callback if it takes one."""
    function = getattr(send_screen, name)
    if "progress" not in inspect.signature(function).parameters:
        return function(**options)
    with progress(quiet=quiet) as report_progress:
        return function(**options, progress=report_progress)


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


@command()
def export(
    model: Version,
    out: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    ledger: AskedLedger = None,
    tracking_uri: Tracking = None,
    json: Json = False,
) -> None:
    """Write a version into a folder to screen with: plain files, no MLflow."""


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


def main() -> None:
    """Run ``send-screen``."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(ExitCode.STOPPED)
