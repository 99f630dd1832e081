"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for a script.")]
Tracking = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        help="MLflow's store: sqlite:///path/mlflow.db or a server's address. (default: mlflow.db in this folder)",
    ),
]
Version = Annotated[str, typer.Argument(help="models:/name/3 or models:/name@alias.")]
VersionOrFolder = Annotated[str, typer.Argument(help="models:/name@alias, models:/name/3, or an exported folder.")]
By = Annotated[str, typer.Option(help="Who answers for it. Whoever can open the registry can read it.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence, without any child's data.")]
Alias = Annotated[str, typer.Option(help="The alias of the version in use.")]
DecisionLedger = Annotated[
    Path | None,
    typer.Option("--ledger", help="The ledger of decisions. (default: decisions.jsonl beside a local MLflow store)"),
]
