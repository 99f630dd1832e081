"""The program ``send-screen``: its name, its version and its commands."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from send_screen.cli._console import INTERRUPTED, say
from send_screen.cli._governing import governing
from send_screen.cli._modelling import modelling
from send_screen.cli._screening import screening

app = typer.Typer(
    name="send-screen",
    help=(
        "Flag children who may need early support: train a model, see what it does to whom, and list children to "
        "talk about first. A flag is a prompt to look, never a diagnosis and never a decision."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(shown: bool) -> None:
    if shown:
        from send_screen import __version__

        say(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Flag children who may need early support."""


app.add_typer(modelling)
app.add_typer(screening)
app.add_typer(governing)


def main() -> None:
    """Run ``send-screen``."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
