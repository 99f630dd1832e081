"""Read regular files of a bounded size."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_regular_file(path: str | Path, *, max_bytes: int) -> bytes:
    """Return the content of a regular file.

    A pipe or a device could block its reader or never end, so neither is read.

    Raises
    ------
    OSError
        With its reason as ``strerror``: as opening a file does, or if it is no regular file or has more than
        ``max_bytes`` bytes (``errno.EFBIG``).
    """
    with open(path, "rb", opener=_open_without_blocking) as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is no file but a pipe or a device")
        content = file.read(max_bytes + 1) if about.st_size <= max_bytes else b""
    if max(about.st_size, len(content)) > max_bytes:  # it can grow meanwhile
        raise OSError(errno.EFBIG, f"it has more than {max_bytes / 1e6:,.0f} MB")
    return content


def _open_without_blocking(path: str, flags: int) -> int:
    """Open a file without waiting until somebody writes into a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
