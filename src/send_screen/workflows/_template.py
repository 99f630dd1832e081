"""Write the workbook that a model can screen once it is filled in, with the list of fields to ask for."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from send_screen.cohorts._link import needed_columns
from send_screen.contracts import Column, Contract
from send_screen.documents import DEFAULT_MODE, count, write_atomically
from send_screen.errors import UsageError
from send_screen.governance import Bundle
from send_screen.results import Result, Section
from send_screen.specs import ModelSpec
from send_screen.workflows._export import load_model

FIELDS_SHEET = "What to fill in"
_MAX_LISTED_CODES = 30  # in a drop-down list, whose texts Excel limits to 255 characters
_MAX_LIST_LENGTH, _MAX_TITLE = 255, 32  # characters, by Excel
_ROWS = 2_000  # that a drop-down list is given to


@dataclass(frozen=True)
class Field:
    """A column to fill in: what it is, who has it, and whether the model can do without."""

    contract: Contract
    column: Column
    needed: bool

    @property
    def use(self) -> str:
        """What becomes of the column."""
        return "the model needs it" if self.needed else "to show the list, and to count by group"

    @property
    def how(self) -> str:
        """How to write its cells."""
        if self.column.codes:
            return "; ".join(f"{code} {label}" for code, label in self.column.codes.items())
        forms = {"date": "2020-10-31 or 31/10/2020", "integer": "a whole number", "number": "a number"}
        return forms.get(self.column.logical_type, "text, as your system has it")


@dataclass(frozen=True, repr=False)
class Template(Result):
    """A workbook to fill in for a model."""

    out: Path
    fields: tuple[Field, ...]

    @property
    def headline(self) -> str:
        """The file, and the number of columns."""
        return f"{self.out}: {count(len(self.fields), 'column', 'columns')} to fill in, a row each."

    def sections(self) -> Iterable[Section]:
        """Yield the fields to ask for, by the agency that has them."""
        by_title: dict[str, list[Field]] = {}
        for field in self.fields:
            by_title.setdefault(f"{field.contract.title} ({field.contract.agency_name})", []).append(field)
        for title, fields in by_title.items():
            yield Section([f"{f.column.name}: {f.column.label}. {f.use.capitalize()}." for f in fields], title=title)

    def to_dict(self) -> dict[str, Any]:
        """Return the file and its columns."""
        columns = [
            {"name": f.column.name, "label": f.column.label, "contract": f.contract.ref, "needed": f.needed}
            for f in self.fields
        ]
        return {"out": str(self.out), "columns": columns}


def template(
    model: str | Path, *, out: str | Path, ledger: str | Path | None = None, tracking_uri: str | None = None
) -> Template:
    """Write a workbook with the columns that a model needs, ready to be filled in and screened.

    One sheet has a row for each child. Another says of every column what it is, who has it and how its cells are
    written: the list of fields to ask an office for.

    Parameters
    ----------
    model : str or pathlib.Path
        See :func:`load_model`.
    out : str or pathlib.Path
        The workbook (.xlsx), not there yet.
    ledger : str or pathlib.Path, optional
        See :func:`load_model`.
    tracking_uri : str, optional
        Where the registry is, for ``models:/...``.

    Returns
    -------
    Template

    Raises
    ------
    UsageError
        If there is no such version, or the file is there already.

    Examples
    --------
    >>> from send_screen import template
    >>> template("model", out="pupils.xlsx").fields[0].column.name  # doctest: +SKIP
    'UPN'
    """
    path = Path(out)
    if path.suffix.lower() != ".xlsx" or path.exists():
        raise UsageError(
            f"{path.name} is there already, or is no .xlsx file.", remedy="Name a workbook that is not there yet."
        )
    bundle = load_model(model, ledger=ledger, tracking_uri=tracking_uri)
    fields = tuple(_fields(bundle.spec, bundle.contracts))
    write_atomically(_workbook(bundle, fields), path, mode=DEFAULT_MODE)
    return Template(path, fields)


def _fields(spec: ModelSpec, contracts: dict[str, Contract]) -> Iterator[Field]:
    """Yield the required columns of a spec's contracts, and those that a list shows or counts by; each name once."""
    needed = needed_columns(spec, training=False)
    refs = [*spec.show.name, spec.show.class_name, spec.shown_school, *(group.column for group in spec.groups)]
    shown = {(ref.contract, ref.column) for ref in refs if ref is not None}
    given: set[str] = set()
    for use in spec.data:
        contract = contracts[use.contract]
        for name, column in contract.columns.items() if not use.training_only else ():
            is_needed = name in needed[use.contract]
            if name not in given and (column.required or is_needed or (use.contract, name) in shown):
                given.add(name)
                yield Field(contract, column, is_needed)


def _workbook(bundle: Bundle, fields: tuple[Field, ...]) -> bytes:
    import xlsxwriter

    children = bundle.spec.children_are
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, "strings_to_formulas": False}) as workbook:
        bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        text = workbook.add_format({"num_format": "@"})
        wrap = workbook.add_format({"text_wrap": True, "valign": "top"})
        sheet = workbook.add_worksheet(children.plural.capitalize())
        sheet.freeze_panes(1, 1)
        for x, field in enumerate(fields):
            is_number = field.column.logical_type in ("integer", "number")
            sheet.set_column(x, x, max(10, len(field.column.name) + 2), None if is_number else text)
            sheet.write_string(0, x, field.column.name, bold)
            codes = list(field.column.codes)
            if 0 < len(codes) <= _MAX_LISTED_CODES and len(",".join(codes)) <= _MAX_LIST_LENGTH:
                options = {"validate": "list", "source": codes, "error_title": field.column.name[:_MAX_TITLE]}
                message = {"error_message": f"Choose a code; the sheet {FIELDS_SHEET!r} says what each means."}
                sheet.data_validation(1, x, _ROWS, x, options | message)
        about = workbook.add_worksheet(FIELDS_SHEET)
        headings = ("Column", "What it is", "How to write it", "Where it comes from", "What for")
        for x, (heading, width) in enumerate(zip(headings, (20, 50, 60, 34, 26), strict=True)):
            about.set_column(x, x, width)
            about.write_string(0, x, heading, bold)
        for y, field in enumerate(fields, start=1):
            what = f"{field.column.label}. {field.column.description}"
            where = f"{field.contract.title} ({field.contract.agency_name})"
            for x, cell in enumerate((field.column.name, what, field.how, where, field.use)):
                about.write_string(y, x, cell, wrap)
        about.freeze_panes(1, 0)
        about.set_landscape()
        about.fit_to_pages(1, 0)
        about.repeat_rows(0)
    return content.getvalue()
