"""What is printed, where: results on standard output, progress and errors on standard error, never a traceback."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import typer

from send_screen.errors import MissingExtraError, SendScreenError

MISSING_ON_MACHINE = 3
INTERRUPTED = 130


def say(text: str) -> None:
    """Print a result, whatever the console's encoding."""
    _write(sys.stdout, text)


def say_json(content: dict[str, Any]) -> None:
    """Print a result as JSON, in ASCII, so that it reads the same on every console."""
    _write(sys.stdout, json.dumps(content, indent=2, allow_nan=False))


def complain(text: str) -> None:
    """Print an error."""
    _write(sys.stderr, text)


def _write(stream: TextIO | None, text: str) -> None:
    """Write a line; where nobody listens any more (``| head``, a closed console), that is no mistake of the run."""
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, errors="replace").decode(encoding) + "\n")
        stream.flush()
    except BrokenPipeError:
        # The interpreter would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except OSError as error:
        raise MissingExtraError(f"The output cannot be written ({error.strerror}).") from None


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Turn an error that a person can meet into its words and its exit code."""
    try:
        yield
    except SendScreenError as error:
        complain(f"send-screen: {error}")
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        complain("send-screen: stopped before it ended. Where there is no summary.json, there is no whole result.")
        raise typer.Exit(INTERRUPTED) from None
    except ModuleNotFoundError as error:
        complain(
            f"send-screen: this needs the package {error.name}, which is not installed. "
            "Install the full library with: pip install 'send-screen[train]'."
        )
        raise typer.Exit(MISSING_ON_MACHINE) from None
    except typer.Exit:
        raise
    except Exception as error:
        # A traceback can quote a child's data, so it is shown only to who asks for it.
        if os.environ.get("SEND_SCREEN_DEBUG"):
            raise
        complain(
            f"send-screen: a mistake in send_screen itself ({type(error).__name__}), not in your data. Nothing was "
            "left half done. Set SEND_SCREEN_DEBUG=1 and run it again for the details, and report them; they can "
            "quote data, so take out what is personal first."
        )
        raise typer.Exit(1) from None


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that says what is being done, on standard error.

    In a terminal it is one line that moves; in a log, a line a step; with ``quiet``, nothing.
    """
    if quiet:
        yield lambda _: None
        return
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with console.status("") as status:
            yield lambda text: status.update(text)
    else:
        yield lambda text: console.print(text, markup=False, soft_wrap=True)
