"""Publication, one at a time per store: no version is published that another one does not know of."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from send_screen.documents import encodable, locked, write_atomically
from send_screen.errors import MachineError
from send_screen.governance import current_user
from send_screen.tracking._store import folder_of

LOCK, HOLDER = ".publishing.lock", ".publishing.txt"
POLL_SECONDS = 1.0  # seconds between two looks at who holds it


@contextmanager
def publishing(uri: str, *, progress: Callable[[str], None]) -> Iterator[bool]:
    """Hold a store against other publications, and wait for the one that holds it, saying whose it is.

    Yielded is whether it is held. A server has no file to lock: there, look again before publishing.

    Raises
    ------
    MachineError
        If no lock can be had in the folder of the store.
    """
    folder = folder_of(uri)
    with ExitStack() as held:
        if folder is not None:
            _hold(folder, held, progress)
        yield folder is not None


def _hold(folder: Path, held: ExitStack, progress: Callable[[str], None]) -> None:
    told = ""
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(folder / LOCK, timeout=POLL_SECONDS))
            held.callback(_remove, folder / HOLDER)
            write_atomically(f"{_who()} since {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC", folder / HOLDER)
            return
        except TimeoutError:
            if (holder := _holder(folder / HOLDER)) != told:
                progress(f"Waiting: another version is being published in this store, by {holder}")
                told = holder
        except OSError as error:
            raise MachineError(
                f"The store at {folder} cannot be written ({error.strerror}).",
                remedy="Name one in a folder that you may write to, with --tracking-uri.",
            ) from None


def _remove(path: Path) -> None:
    with suppress(OSError):  # Windows removes no file that a waiting run is reading
        path.unlink()


def _who() -> str:
    return encodable(f"{current_user()} on {platform.node() or 'this machine'} (process {os.getpid()})")


def _holder(path: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return path.read_text("utf-8")
    return "a run that does not say whose it is"
