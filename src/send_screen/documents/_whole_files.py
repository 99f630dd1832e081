"""Whole files or none: a run that is stopped leaves nothing that looks finished."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

PRIVATE = 0o600  # for its owner alone
SHARED = 0o666  # for whom the umask lets


def write_whole(content: bytes | str, path: str | os.PathLike[str], *, mode: int = PRIVATE) -> str:
    """Write a file (text as UTF-8), whole or not at all, and return the SHA-256 of what was written.

    It is written beside its place, and renamed when all of it is on the disk. Only a run that is killed leaves what it
    wrote beside: :func:`remove_parts` takes that away.
    """
    path, content = Path(path), content.encode("utf-8") if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        # It is the file that a person can do something about, not our part of it.
        raise OSError(error.errno, error.strerror, str(path)) from None
    return hashlib.sha256(content).hexdigest()


def remove_parts(folder: Path, names: Iterable[str]) -> int:
    """Remove what killed runs left beside the places of these files of a folder, and return how many there were."""
    parts = [part for name in names for part in folder.glob(f".{name}.*.part")]
    for part in parts:
        part.unlink(missing_ok=True)
    return len(parts)
