"""Files read whole: only plain ones, and none that is larger than the caller expects."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_plain(path: str | Path, *, most: int) -> bytes:
    """Return the bytes of a plain file.

    A pipe or a device would keep its reader waiting or never end, so that neither is waited for nor read.

    Raises
    ------
    OSError
        With its reason as ``strerror``: as opening a file does, or if it is no plain file or has more than ``most``
        bytes (``errno.EFBIG``).
    """
    with open(path, "rb", opener=_open_at_once) as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is no file but a pipe or a device")
        content = file.read(most + 1) if about.st_size <= most else b""
    if max(about.st_size, len(content)) > most:  # it can grow meanwhile
        raise OSError(errno.EFBIG, f"it has more than {most / 1e6:,.0f} MB")
    return content


def _open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting until somebody writes into a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
