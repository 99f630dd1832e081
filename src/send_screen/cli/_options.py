"""Arguments and options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

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
