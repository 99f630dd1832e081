"""The program ``send-screen``, and how a function of the library becomes one of its commands."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from json import dumps
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
