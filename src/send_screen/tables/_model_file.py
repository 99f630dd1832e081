"""Saving and loading tables: a JSON file that is hashed, never unpickled."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Self

from send_screen.documents import DEFAULT_MODE, read_regular_file, write_atomically
from send_screen.errors import TablesError
from send_screen.tables._document import MAX_BYTES, TablesDocument, parse, read_fields, write_tables


class ModelFile:
    """How :class:`~send_screen.tables.RiskTables` are written and read."""

    def to_json(self) -> str:
        """Return the model as JSON, format ``send_screen.risk_tables/3``: keys sorted, a line for each bin."""
        return write_tables(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the model that :meth:`to_json` wrote.

        Raises
        ------
        TablesError
            With each mistake and its path, as in ``$.terms[3].slope``.
        """
        return cls._from_document(parse(TablesDocument, text))

    @classmethod
    def _from_document(cls, document: TablesDocument, path: str = "$") -> Self:
        fields = read_fields(document, path)
        try:
            return cls(**fields)
        except TablesError as error:
            raise TablesError(f"{path}: {error.message}") from None

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """Return the JSON schema of a model file, generated from the typed document it is read by.

        Examples
        --------
        >>> from send_screen.tables import RiskTables
        >>> sorted(RiskTables.json_schema()["required"])
        ['format', 'interactions', 'intercept', 'n_training', 'name', 'terms']
        """
        return TablesDocument.model_json_schema()

    def save(self, path: str | Path) -> str:
        """Write the model to a JSON file, and return the file's SHA-256 as 64 hexadecimal digits.

        The file is replaced in one step: an interrupted call leaves the old file, or none.

        Raises
        ------
        TablesError
            If the file cannot be written.
        """
        path = Path(path)
        try:
            return write_atomically(self.to_json(), path, mode=DEFAULT_MODE)
        except OSError as error:
            reason = error.strerror or "unknown reason"
            raise TablesError(f"The model file cannot be written: {reason}.", file=path.name, os_error=error) from None

    @classmethod
    def load(cls, path: str | Path, sha256: str | None = None) -> Self:
        """Return the model in a file, whose hash is verified before a byte of it is parsed.

        Parameters
        ----------
        path : str or Path
            A file that :meth:`save` wrote.
        sha256 : str, optional
            The SHA-256 that the file must have, as 64 hexadecimal digits.

        Raises
        ------
        TablesError
            If the file cannot be read, is too large, has another hash, or is not a model.
        """
        path = Path(path)
        try:
            content = read_regular_file(path, max_bytes=MAX_BYTES)
        except OSError as error:
            reason = error.strerror or "unknown reason"
            raise TablesError(f"The model file cannot be opened: {reason}.", file=path.name, os_error=error) from None
        if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256.lower():
            raise TablesError(
                "The model file is not the one that was registered: its SHA-256 differs.",
                file=path.name,
                remedy="Do not use it. Export the version again, and find out who changed the file.",
            )
        document = parse(TablesDocument, content, file=path.name)
        try:
            return cls._from_document(document)
        except TablesError as error:
            raise TablesError(error.message, file=path.name) from None
