"""Files and folders written atomically, where the user said."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from send_screen.documents import write_atomically
from send_screen.errors import MachineError, UsageError


def require_empty(out: Path) -> None:
    """Raise UsageError unless ``out`` is not there yet, or is an empty folder."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} is not empty, and nothing is written over.",
            remedy="Give a folder that is not there yet, with --out.",
        )


def write_output(files: Mapping[Path, str | bytes]) -> None:
    """Write files that were asked for with ``--out``, each atomically; raise MachineError where one cannot be."""
    for path, content in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(content, path)
        except OSError as error:
            raise MachineError(
                f"{path} cannot be written ({error.strerror}).", remedy="Make room, or give another place with --out."
            ) from None


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``out``, as :func:`atomic_folder` does; raise if ``out`` is not empty."""
    require_empty(out)
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
