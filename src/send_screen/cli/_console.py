"""Print results to standard output, progress and errors to standard error, and never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from send_screen.documents import file_name, replace_unprintable
from send_screen.errors import ExitCode, MachineError, SendScreenError


def say(text: str, *, error: bool = False) -> None:
    """Print a line in the console's encoding; a closed console is not an error."""
    stream = sys.stderr if error else sys.stdout
    if stream is None:
        return
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, errors="replace").decode(encoding) + "\n")
        stream.flush()
    except BrokenPipeError:  # ``| head``, a closed console
        # otherwise the interpreter prints another error when it closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except OSError as fault:
        raise MachineError(f"The output cannot be written ({fault.strerror}).") from None


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Print an error as one message, and exit with its code."""
    try:
        yield
        return
    except typer.Exit:
        raise
    except SendScreenError as error:
        message, code = str(error), error.exit_code
    except KeyboardInterrupt:
        code = ExitCode.STOPPED
        message = "stopped before it ended. Where there is no summary.json, there is no whole result."
    except ModuleNotFoundError as error:
        code = ExitCode.MACHINE
        message = (
            f"this needs the package {error.name}, which is not installed. "
            "Install the full library with: pip install 'send-screen[train]'."
        )
    except MemoryError:
        message, code = "this machine has too little memory for it.", ExitCode.MACHINE
    except Exception as error:
        # a traceback can quote a child's data, so it is printed only on request
        if os.environ.get("SEND_SCREEN_DEBUG"):
            raise
        if isinstance(error, OSError) and error.strerror:
            file = f": {file_name(error.filename)}" if isinstance(error.filename, str) else ""
            message, code = f"this machine does not allow it{file} ({error.strerror}).", ExitCode.MACHINE
        elif type(error).__module__.partition(".")[0] in ("mlflow", "sqlalchemy", "sqlite3"):
            code = ExitCode.MACHINE
            message = (
                f"the MLflow store did not answer as a store does ({type(error).__name__}). It may be damaged, or of "
                "another release of MLflow. Set SEND_SCREEN_DEBUG=1 and run it again for the details."
            )
        else:
            code = ExitCode.MISTAKE
            message = (
                f"a mistake in send_screen itself ({type(error).__name__}), not in your data. Nothing was left half "
                "done. Set SEND_SCREEN_DEBUG=1 and run it again for the details, and report them; they can quote data, "
                "so take out what is personal first."
            )
    # the message may quote text from files, with characters that control a terminal
    say("send-screen: " + "\n".join(map(replace_unprintable, message.split("\n"))), error=True)
    raise typer.Exit(code)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that prints the current step on standard error.

    In a terminal it updates one line; in a log it prints one line per step; with ``quiet``, nothing.
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
