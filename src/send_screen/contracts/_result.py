"""Result of checking a table: violations, header report, and the typed table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

MASK = "•••"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule, of one cell, row or file.

    Attributes
    ----------
    rule : str
        Id of the rule, as in the contract.
    column : str or None
        Name of the column in the contract; None where the table as a whole is meant.
    row : int or None
        Row of the file as a spreadsheet counts it; None where the whole file is meant.
    value : str or None
        The cell's text, ``"•••"`` where the contract classifies the column as personal, None where it is blank.
    message, remedy : str
        What is wrong and what to do, as sentences.
    file : str
        The file's name.
    level : {"file", "row"}
        Whether the file or one row cannot be used as it is.
    severity : {"error", "warning"}
        A warning leaves the row in use, with the value taken as missing.
    """

    rule: str
    column: str | None
    row: int | None
    value: str | None
    message: str
    remedy: str
    file: str
    level: Literal["file", "row"]
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True)
class ColumnsReport:
    """How each header of the file was matched.

    Attributes
    ----------
    matched : tuple of str
        Headers that are the contract's own names.
    aliased : dict of str to str
        Headers that match an alias or another spelling, each with the contract's column.
    guessed : dict of str to str
        Headers that were *not* used, each with the column that it resembles: a person must rename it.
    unknown : tuple of str
        Headers that were not used and resemble no column of the contract.
    missing : dict of str to (str or None)
        Columns of the contract that the file lacks, each with the unused header that resembles it most.
    """

    matched: tuple[str, ...] = ()
    aliased: dict[str, str] = field(default_factory=dict)
    guessed: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    missing: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckedTable:
    """A checked table.

    Attributes
    ----------
    frame : pandas.DataFrame, shape (n, number of columns in the contract)
        Every row of the file under the contract's column names and types (see :class:`Column`), in the contract's
        order. Columns that the file lacks, and values that could not be read, are missing. The index is the row
        number of the file.
    violations : tuple of Violation
        Those of the whole file first, then by row.
    columns : ColumnsReport
        How each header was matched.
    bad_rows : pandas.Index
        Labels of ``frame`` with at least one row-level violation of severity error.
    notes : tuple of str
        What was repaired while parsing, with counts; never a value of a personal column.
    """

    frame: pd.DataFrame
    violations: tuple[Violation, ...]
    columns: ColumnsReport
    bad_rows: pd.Index
    notes: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the table can be used at all: nothing is wrong with the file as a whole."""
        return not any(violation.level == "file" for violation in self.violations)
