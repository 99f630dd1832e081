"""Folders written atomically."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from send_screen.errors import MachineError, UsageError


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``out``, as :func:`atomic_folder` does; raise if ``out`` is not empty."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} is not empty, and nothing is written over.",
            remedy="Give a folder that is not there yet, with --out.",
        )
    with atomic_folder(out, option="--out") as part:
        yield part


@contextmanager
def atomic_folder(out: Path, *, option: str, mode: int = 0o777) -> Iterator[Path]:
    """Yield a temporary folder that replaces ``out`` when the block succeeds, and is deleted when it fails.

    It and its parents are created with ``mode``; ``option`` is the command-line option that names the folder.
    """
    part = out.with_name(f".{out.name}.part-{os.getpid()}")
    try:
        for folder in (*reversed(part.parents), part):
            folder.mkdir(mode, exist_ok=True)
        yield part
        if out.exists():
            shutil.rmtree(out)
        part.rename(out)
    except OSError as error:
        raise MachineError(
            f"{out} cannot be written ({error.strerror}).", remedy=f"Give another folder with {option}."
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
