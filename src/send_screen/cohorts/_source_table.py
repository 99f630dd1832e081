"""A table as it was read from a file or given as a frame, with its hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class SourceTable:
    """One table as it was read."""

    frame: pd.DataFrame
    file: str  # its name in messages
    notes: tuple[str, ...] = ()  # how the file was interpreted
    file_sha256: str = ""  # of the bytes that were parsed; empty of what came as a frame
    further_files: tuple[int, ...] = ()  # where several files were stacked: the first row of each but the first

    @property
    def sha256(self) -> str:
        """The hash of the file that was parsed, or of the rows of a frame."""
        if self.file_sha256:
            return self.file_sha256
        rows = pd.util.hash_pandas_object(self.frame, index=False).to_numpy().tobytes()
        return sha256_of_bytes("\t".join(map(str, self.frame.columns)).encode() + rows)


def sha256_of_bytes(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
