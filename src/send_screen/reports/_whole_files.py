"""Whole files or none: an interrupted run leaves nothing that looks finished."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a file in the folder of ``path`` that takes its place when the block ends well, and goes when it does not.

    The new file can be read by its owner only until somebody decides otherwise: lists are about children.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        yield part
        try:
            os.replace(part, path)
        except OSError as error:
            # It is the file in the way that a person can do something about, not our part of it.
            raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        part.unlink(missing_ok=True)


def write_page(page: str, path: str | os.PathLike[str]) -> None:
    """Write a page or a card as UTF-8, whole or not at all.

    Parameters
    ----------
    page : str
        What one of the ``render_`` functions returned.
    path : path-like
        Where to.
    """
    with replacing(Path(path)) as part:
        part.write_text(page, encoding="utf-8", newline="\n")
