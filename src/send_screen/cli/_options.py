"""Options that several commands share."""

from __future__ import annotations

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
