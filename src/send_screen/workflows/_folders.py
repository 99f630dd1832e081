"""A folder that is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from send_screen.errors import MissingExtraError, UsageError


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a folder beside ``out`` that becomes ``out`` when the block ends well, and goes when it does not.

    Parameters
    ----------
    out : pathlib.Path
        A folder that is not there yet, or is empty.

    Raises
    ------
    UsageError
        If something is there already: nothing is written over.
    MissingExtraError
        If it cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} is not empty, and nothing is written over.",
            remedy="Give a folder that is not there yet, with --out.",
        )
    part = out.with_name(f".{out.name}.part-{os.getpid()}")
    try:
        part.mkdir(parents=True)
        yield part
        if out.exists():
            out.rmdir()
        part.rename(out)
    except OSError as error:
        raise MissingExtraError(
            f"{out} cannot be written ({error.strerror}).", remedy="Give another folder with --out."
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
