"""Atomic writes: a run that is stopped leaves no file that looks finished."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

OWNER_ONLY = 0o600
DEFAULT_MODE = 0o666  # as open() creates files: the umask is subtracted


def write_atomically(
    content: bytes | str,
    path: str | os.PathLike[str],
    *,
    mode: int = OWNER_ONLY,
    before_rename: Callable[[], object] | None = None,
) -> str:
    """Write a file (text as UTF-8) atomically, with permission bits ``mode``, and return its SHA-256.

    A temporary file in the same folder is renamed once all of it is on the disk and ``before_rename`` was called; if
    that raises, there is no file. A run that is killed may leave the temporary file: :func:`remove_partial_files`
    deletes it.
    """
    path, content = Path(path), content.encode("utf-8") if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            if before_rename is not None:
                before_rename()
            os.replace(part, path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        # The message names the file that was asked for, not the temporary one.
        raise OSError(error.errno, error.strerror, str(path)) from None
    return hashlib.sha256(content).hexdigest()


def remove_partial_files(folder: Path, names: Iterable[str]) -> int:
    """Delete the temporary files that killed runs left of these names in a folder, and return how many there were."""
    parts = [part for name in names for part in folder.glob(f".{name}.*.part")]
    for part in parts:
        part.unlink(missing_ok=True)
    return len(parts)
