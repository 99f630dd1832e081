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
        If it cannot be opened, is no regular file, or has more than ``max_bytes`` bytes (``errno.EFBIG``); ``strerror``
        is the reason.
    """
    with open(path, "rb", opener=_open_without_blocking) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no file but a pipe or a device")
        content = file.read(max_bytes + 1) if status.st_size <= max_bytes else b""
    if max(status.st_size, len(content)) > max_bytes:  # the file can grow while it is read
        raise OSError(errno.EFBIG, f"it has more than {max_bytes / 1e6:,.0f} MB")
    return content


def _open_without_blocking(path: str, flags: int) -> int:
    """Open a file without waiting until somebody writes into a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
