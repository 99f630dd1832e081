"""Check a file against a data contract, or the files that a model is to screen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from send_screen.cohorts._recognise import read_other_files
from send_screen.cohorts._source import read_source
from send_screen.contracts import check_table, load_contract
from send_screen.contracts._quote import header_like, quotable
from send_screen.documents import count, file_name
from send_screen.errors import DataError, UsageError
from send_screen.readers import TABLE_SUFFIXES, Reading, read_table
from send_screen.results import Result, Section
from send_screen.workflows._check_data import CheckedData, check_data
from send_screen.workflows._export import load_model

if TYPE_CHECKING:
    from send_screen.contracts import CheckedTable, Contract, Violation

MAX_SHOWN = 40
_MAX_NOTES = 5  # in the message that a folder has no table of a contract


@dataclass(frozen=True, repr=False)
class CheckedFile(Result):
    """The result of validating a file against a data contract."""

    contract: str
    """Id and version, such as ``"education/eyfsp@1.0.0"``."""
    reading: Reading
    """The file as it was read, with notes."""
    table: CheckedTable
    """The table under the contract's names and types, with every violation."""

    @property
    def violations(self) -> tuple[Violation, ...]:
        """All violations, those of the whole file first; values of personal columns are masked."""
        return self.table.violations

    @property
    def ok(self) -> bool:
        """Whether no violation is an error; rows with warnings are used."""
        return not any(violation.severity == "error" for violation in self.violations)

    @property
    def headline(self) -> str:
        """File, contract and number of rows."""
        return f"{self.reading.file} against {self.contract}: {count(len(self.table.frame), 'row', 'rows')}."

    def sections(self) -> Iterable[Section]:
        """Yield the notes, then every violated rule with its count and first rows."""
        yield Section([*(f"Note: {note}" for note in self._notes), *self._headers(), *self._broken()])

    @property
    def _notes(self) -> tuple[str, ...]:
        return (*self.reading.notes, *self.table.notes)

    def _headers(self) -> Iterator[str]:
        columns = self.table.columns
        for header, name in columns.guessed.items():
            yield f"Note: column {quotable(header)} was not used. It looks like {name}: rename it if it is."
        if columns.unknown:
            yield "Note: these columns were not used: " + ", ".join(map(quotable, columns.unknown)) + "."

    def _broken(self) -> Iterator[str]:
        by_rule: dict[str, list[Violation]] = {}
        for violation in self.violations:
            by_rule.setdefault(violation.rule, []).append(violation)
        for rule, found in by_rule.items():
            first = found[0]
            column = f"column {first.column}: " if first.column else ""
            yield f"{first.severity.upper()} {rule} ({len(found):,}x). {column}{first.message} {first.remedy}"
            for one in found[:MAX_SHOWN]:
                if one.row is not None:
                    yield f"    row {one.row}: {'(blank)' if one.value is None else one.value}"
            if len(found) > MAX_SHOWN:
                yield f"    ... and {len(found) - MAX_SHOWN:,} more (all of them with --json)"
        errors = sum(violation.severity == "error" for violation in self.violations)
        bad_rows = len(self.table.bad_rows)
        yield (
            f"{count(errors, 'error', 'errors')}. {count(bad_rows, 'row', 'rows')} cannot be used until that is fixed."
            if errors
            else "The file keeps its contract."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what the check found; values of personal columns are masked."""
        columns = self.table.columns
        return {
            "contract": self.contract,
            "file": self.reading.file,
            "n_rows": len(self.table.frame),
            "n_rows_with_errors": len(self.table.bad_rows),
            "usable": self.table.usable,
            "columns": {
                "matched": list(columns.matched),
                "aliased": columns.aliased,
                "similar": columns.guessed,
                "unknown": [header if header_like(header) else "(not shown)" for header in columns.unknown],
                "missing": columns.missing,
            },
            "violations": [asdict(violation) for violation in self.violations],
            "notes": list(self._notes),
        }


def check(
    against: str | Path,
    file: str | Path,
    *,
    academic_year: str | None = None,
    ask: bool = False,
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
) -> CheckedFile | CheckedData:
    r"""Check a file against a data contract, or the files that a model is to screen.

    Parameters
    ----------
    against : str or pathlib.Path
        A contract's id such as ``"education/eyfsp"``, with a version if need be (``"education/eyfsp@1.0.0"``), or the
        path of one. Or a model: ``models:/name@alias``, ``models:/name/3`` or an exported folder.
    file : str or pathlib.Path
        CSV, XLSX, Parquet or any other kind of table that ``screen`` reads, or a folder of files: for a contract, its
        table is found in it.
    academic_year : str, optional
        The academic year of files that do not say it, such as ``"2025/26"``; for a model.
    ask : bool, default False
        Whether to write the questions that only a person can answer into ``mapping.yaml`` beside the files; for a
        model. Earlier answers in it stay. Whatever reads the files reads it too.
    ledger : str or pathlib.Path, optional
        For a model: see :func:`load_model`.
    tracking_uri : str, optional
        Where the registry is, for ``models:/...``.

    Returns
    -------
    CheckedFile or CheckedData
        Against a contract, every violation with rule, row, column and remedy; ``ok`` is whether none is an error.
        For a model, what each file was understood as, and ``ok`` is whether a list could be made.

    Raises
    ------
    ContractError
        If there is no such contract, or it is not valid.
    ReadError
        If the file cannot be read as a table.

    Notes
    -----
    Contracts follow the Open Data Contract Standard v3.1.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from send_screen import check
    >>> file = Path(tempfile.mkdtemp()) / "profile.csv"
    >>> _ = file.write_text("UPN,AcademicYear\n,2025/26\n")
    >>> checked = check("education/eyfsp", file)
    >>> checked.ok
    False
    >>> checked
    <CheckedFile: profile.csv against education/eyfsp@1.0.0: 1 row.>
    """
    if str(against).startswith("models:") or Path(against).is_dir():
        model = load_model(against, ledger=ledger, tracking_uri=tracking_uri)
        return check_data(model, file, academic_year=academic_year, ask=ask)
    if academic_year or ask:
        raise UsageError(
            "A contract alone has no use for an academic year or questions.", remedy="Give a model instead of it."
        )
    contract = load_contract(against)
    reading = _table_in_folder(Path(file), contract) if Path(file).is_dir() else read_table(file, contract=contract.id)
    return CheckedFile(contract.ref, reading, check_table(contract, reading.frame, file=reading.file))


def _table_in_folder(folder: Path, contract: Contract) -> Reading:
    """Return the table of a contract among the files of a folder, which may be one export in several files."""
    tables = read_source(folder, {contract.id: contract}).tables
    if contract.id not in tables:
        _, notes = read_other_files(path for path in sorted(folder.iterdir()) if path.suffix.lower() in TABLE_SUFFIXES)
        raise DataError(
            " ".join([f"No table in the folder has the columns of {contract.ref}.", *notes[:_MAX_NOTES]]),
            file=file_name(folder),
            remedy="Check that all files of the export are in it, and that each can be read by itself.",
        )
    table = tables[contract.id]
    return Reading(table.frame, table.file, notes=table.notes, sha256=table.sha256)
