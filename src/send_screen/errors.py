"""Errors and exit codes.

Every error that is meant for a person derives from :class:`SendScreenError`, has its location (file, row, column,
rule) as attributes and ends with a remedy. The command line prints it and exits with its ``exit_code``, an
:class:`ExitCode`.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes, the same for all commands.

    Examples
    --------
    >>> from send_screen.errors import ExitCode
    >>> ExitCode.STOPPED.value, ExitCode.STOPPED.description
    (130, 'Stopped before it ended.')
    """

    DONE = 0
    NO = 1
    USAGE = 2
    MACHINE = 3
    INCOMPLETE = 4
    MISTAKE = 70
    STOPPED = 130

    @property
    def description(self) -> str:
        """What the code means, in a sentence or two."""
        return _EXIT_DESCRIPTIONS[self]


_EXIT_DESCRIPTIONS = {
    ExitCode.DONE: "Done. Of audit: everything that was checked agrees.",
    ExitCode.NO: "The data, a gate or a check failed. Of audit: something differs.",
    ExitCode.USAGE: "The call is wrong, or names what does not exist.",
    ExitCode.MACHINE: "The machine or a server prevents it: no permission, no disk space, no answer, a package that "
    "is missing, a database that is damaged or of another release.",
    ExitCode.INCOMPLETE: "Of audit: nothing is known to differ, and part of it could not be checked.",
    ExitCode.MISTAKE: "A mistake in send_screen itself.",
    ExitCode.STOPPED: "Stopped before it ended.",
}


class SendScreenError(Exception):
    """Base class of every error that this library raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong, in one sentence. It never holds a child's identifier or data.
    remedy : str, optional
        What to do about it, in one sentence.
    file : str, optional
        The file's name.
    row : int, optional
        The row of the file as in a spreadsheet (the header is row 1).
    column, rule : str, optional
        The column's name, and the id of the rule that was broken.
    os_error : OSError, optional
        The error of the operating system about a file. The exit code is then ``USAGE`` where there is no such file,
        else ``MACHINE``.
    """

    exit_code: ExitCode = ExitCode.NO

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        file: str | None = None,
        row: int | None = None,
        column: str | None = None,
        rule: str | None = None,
        os_error: OSError | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.file = file
        self.row = row
        self.column = column
        self.rule = rule
        if os_error is not None:
            not_found = isinstance(os_error, FileNotFoundError | IsADirectoryError | NotADirectoryError)
            self.exit_code = ExitCode.USAGE if not_found else ExitCode.MACHINE

    @property
    def where(self) -> str:
        """The location as text, for example ``"pupils.csv, row 7, column E01, rule EYFSP-E01-VALUE"``."""
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
    """Data that violate their contract, or lack a needed column."""


class SpecError(SendScreenError):
    """A model spec with a mistake in it."""


class LeakageError(SendScreenError):
    """Target leakage: a post-outcome feature, or one too close to the outcome."""


class TablesError(SendScreenError):
    """A model file that is damaged, altered, or of another format."""


class PopulationError(SendScreenError):
    """A use outside what a model is for: its population, its review date, or real children after synthetic ones."""


class GateError(SendScreenError):
    """A version that may not be registered, promoted or used: it failed a gate of its spec, or was withdrawn."""


class LedgerError(SendScreenError):
    """A ledger that was altered or damaged, disagrees with the registry, or is locked by another process."""


class UsageError(SendScreenError):
    """A call whose arguments do not fit together."""

    exit_code: ExitCode = ExitCode.USAGE


class MachineError(SendScreenError):
    """A failure of the machine or a server: permission, disk space, a missing program, no answer."""

    exit_code: ExitCode = ExitCode.MACHINE


class MissingExtraError(MachineError):
    """A package of one of the library's optional extras that is not installed."""
