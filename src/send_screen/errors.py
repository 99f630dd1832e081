"""What can go wrong, as data: one root, and subclasses that say where and what to do.

Every error that a person can meet derives from :class:`SendScreenError`, carries the place (file, row, column, rule)
as attributes and ends in a remedy. The command line prints it as it is and exits with its ``exit_code``.
"""

from __future__ import annotations

from typing import ClassVar


class SendScreenError(Exception):
    """Root of every error that this library raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong, in one sentence, in the reader's words. It never holds a child's identifier or data.
    remedy : str, optional
        What to do about it, in one sentence.
    file : str, optional
        The file's name.
    row : int, optional
        The row of the file as a person counts it in a spreadsheet (the header is row 1).
    column, rule : str, optional
        The column's name, and the id of the rule that was broken.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        rule: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.file = file
        self.row = row
        self.column = column
        self.rule = rule

    @property
    def where(self) -> str:
        """The place as words, for example ``"pupils.csv, row 7, column E01, rule EYFSP-E01-VALUE"``."""
        parts = [
            self.file,
            f"row {self.row}" if self.row is not None else None,
            f"column {self.column}" if self.column else None,
            f"rule {self.rule}" if self.rule else None,
        ]
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{where}{self.message}{remedy}"


class ReadError(SendScreenError):
    """A file that cannot be opened, decoded or understood as a table."""


class ContractError(SendScreenError):
    """A data contract that does not follow the standard or contradicts itself."""


class DataError(SendScreenError):
    """Data that do not keep their contract, or that a column is missing from."""


class SpecError(SendScreenError):
    """A model spec with a mistake in it."""


class LeakageError(SendScreenError):
    """Target leakage: a post-outcome feature, or one too close to the outcome."""


class TablesError(SendScreenError):
    """A model file that is damaged, tampered with, or not one of ours."""


class PopulationError(SendScreenError):
    """A model asked about children outside the population it was made for."""


class GateError(SendScreenError):
    """A version that may not be registered, promoted or used: a gate in its spec says no, or it was withdrawn."""


class LedgerError(SendScreenError):
    """A ledger that was altered, that does not fit the registry, or that another run holds."""


class UsageError(SendScreenError):
    """A call whose arguments do not fit together."""

    exit_code: ClassVar[int] = 2


class MissingExtraError(SendScreenError):
    """Something that is missing on this machine: a package, a program, a folder that can be written."""

    exit_code: ClassVar[int] = 3
