"""Whole files or none: an interrupted run leaves nothing that looks finished."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


def write_whole(content: bytes, path: str | os.PathLike[str]) -> str:
    """Write a file, whole or not at all, and return the SHA-256 of what was written.

    The new file can be read by its owner only until somebody decides otherwise: lists are about children.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(handle)
    part = Path(name)
    try:
        part.write_bytes(content)
        try:
            os.replace(part, path)
        except OSError as error:
            # It is the file in the way that a person can do something about, not our part of it.
            raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        part.unlink(missing_ok=True)
    return hashlib.sha256(content).hexdigest()


def write_page(page: str, path: str | os.PathLike[str]) -> str:
    """Write a page or a card as UTF-8, whole or not at all.

    Parameters
    ----------
    page : str
        What one of the ``render_`` functions returned.
    path : path-like
        Where to.

    Returns
    -------
    str
        SHA-256 of the file.
    """
    return write_whole(page.encode("utf-8"), path)
