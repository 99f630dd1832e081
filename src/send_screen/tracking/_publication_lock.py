"""Lock on publication: one version at a time per MLflow store, so that each accounts for those published before."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from send_screen.documents import locked, replace_surrogates, write_atomically
from send_screen.errors import MachineError
from send_screen.governance import current_user
from send_screen.tracking._store import folder_of

LOCK, HOLDER = ".publishing.lock", ".publishing.txt"
POLL_SECONDS = 1.0  # between attempts to take the lock


@contextmanager
def publishing(uri: str, *, progress: Callable[[str], None]) -> Iterator[bool]:
    """Lock an MLflow store for publication; wait while another run holds the lock, and report whose it is.

    Yield whether the store is locked. A server has no file to lock: there, check for new runs before publishing.

    Raises
    ------
    MachineError
        If no lock can be taken in the folder of the store.
    """
    folder = folder_of(uri)
    with ExitStack() as held:
        if folder is not None:
            _lock(folder, held, progress)
        yield folder is not None


def _lock(folder: Path, held: ExitStack, progress: Callable[[str], None]) -> None:
    reported = ""
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(folder / LOCK, timeout=POLL_SECONDS))
            held.callback(_remove, folder / HOLDER)
            write_atomically(f"{_who()} since {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC", folder / HOLDER)
            return
        except TimeoutError:
            if (holder := _holder(folder / HOLDER)) != reported:
                progress(f"Waiting: another version is being published in this store, by {holder}")
                reported = holder
        except OSError as error:
            raise MachineError(
                f"The MLflow store at {folder} cannot be written ({error.strerror}).",
                remedy="Name one in a folder that you may write to, with --tracking-uri.",
            ) from None


def _remove(path: Path) -> None:
    with suppress(OSError):  # Windows removes no file that a waiting run is reading
        path.unlink()


def _who() -> str:
    return replace_surrogates(f"{current_user()} on {platform.node() or 'this machine'} (process {os.getpid()})")


def _holder(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text("utf-8")
    return "a run that does not say whose it is"
