"""Whole files or none: an interrupted run leaves nothing that looks finished."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


def write_whole(content: bytes | str, path: str | os.PathLike[str]) -> str:
    """Write a file (text as UTF-8), whole or not at all, and return the SHA-256 of what was written.

    The new file can be read by its owner only until somebody decides otherwise: lists are about children.
    """
    path, content = Path(path), content.encode("utf-8") if isinstance(content, str) else content
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
