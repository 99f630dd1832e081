"""Typed data contract: columns, code sets, quality rules and roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from send_screen.documents import Document

#: What a rule checks: that no column is missing (``columns``), no header stands twice (``headers``), there are rows
#: (``rows``), no blank (``null``), no key twice (``duplicate``), a code, a pattern, a type, a range, the check letter
#: of a unique pupil number (``upn``), the check digit of an NHS number (``nhsNumber``), a school's number of 6 or 7
#: digits (``establishment``), a year, one column not above another (``notAbove``) or below it (``notBelow``; numbers or
#: dates), a value only where another column has one of some values (``onlyWhere``), or a birth date that fits the year
#: group, give or take a year (``yearGroupAge``).
RuleKind = Literal[
    "columns", "headers", "rows", "null", "duplicate", "levels", "pattern", "type", "range", "upn", "nhsNumber",
    "establishment", "academicYear", "notAbove", "notBelow", "onlyWhere", "yearGroupAge",
]  # fmt: skip


#: What is said of an agency whose name is no one to ask.
_AGENCY_NAMES = {"outcomes": "those who keep the SEN records"}


@dataclass(frozen=True)
class Rule:
    """A quality rule, with the id that its violations carry.

    Attributes
    ----------
    id : str
        For example ``"EYFSP-E01-LEVEL"``.
    kind : str
        What is checked, see :data:`RuleKind`.
    description : str
        What must be true, as a sentence.
    remedy : str
        What to do about a value that breaks it.
    severity : {"error", "warning"}
        After an error the row cannot be used. After a warning the value is taken as missing and the row is kept:
        a mistyped ethnicity must not take a child out of the screening.
    arguments : mapping
        What the kind needs: a pattern, the other column, the bounds.
    """

    id: str
    kind: RuleKind
    description: str
    remedy: str
    severity: Literal["error", "warning"] = "error"
    arguments: Mapping[str, Any] = field(default_factory=dict)


class CodeSet(Document):
    """Where a column's codes come from, and the first and last ISO date on which they hold; None is open."""

    source: str
    valid_from: Annotated[str | None, Field(alias="from")] = None
    valid_until: Annotated[str | None, Field(alias="until")] = None


class Derivation(Document):
    """How to compute a column that a file lacks from columns that it has.

    ``sum`` and ``difference`` are of two numbers, ``percent`` is a percentage of a number and ``complement`` the rest
    of it, a whole number where one has that percentage (380 and 98.4 % give 6), ``percent_rest`` is 100 less a
    percentage and ``percent_total`` the 100, ``establishment`` joins the numbers of authority and establishment,
    ``surname`` and ``forename`` are what stands before and after the comma of a name, ``copy`` takes one column as it
    is, and ``codes`` translates the codes of one column. None of the columns in ``unless`` may be in the file.
    """

    kind: Literal[
        "sum", "difference", "percent", "complement", "percent_rest", "percent_total", "establishment", "surname",
        "forename", "copy", "codes",
    ]  # fmt: skip
    columns: tuple[str, ...]
    unless: tuple[str, ...] = ()
    codes: dict[str, str] = Field(default_factory=dict)


class _HasRules:
    """A column or a table, with its quality rules."""

    rules: tuple[Rule, ...]

    def rule(self, kind: RuleKind) -> Rule | None:
        """Return the rule of a kind, or None where the contract states none."""
        return next((rule for rule in self.rules if rule.kind == kind), None)


@dataclass(frozen=True)
class Column(_HasRules):
    """One column of a contract.

    Attributes
    ----------
    name : str
        Header under which the column is known inside the library.
    label, description : str
        Its name and its meaning.
    logical_type : {"string", "integer", "number", "date", "boolean"}
        In a checked frame a column with ``levels`` (a boolean column has the levels ``"true"`` and ``"false"``)
        holds its codes as str or None; other strings are str or None; numbers are float64; dates datetime64.
    required : bool
        The file must have the column.
    nullable : bool
        Cells may be blank.
    unique, primary_key : bool
        No value twice; the column (with others, perhaps) identifies a row.
    personal : bool
        Classified as an identifier, personal or special category data: messages mask its values.
    levels : dict of str to str or None
        Codes and their labels, in the contract's order, without the codes of ``missing_codes``.
    minimum, maximum, unit : float or None, float or None, str or None
        Bounds of a number, both allowed, and its unit.
    aliases, preferred_aliases : tuple of str
        Headers of England's systems for the same column; the preferred ones come before the column's own name.
    visible_to : frozenset of str
        Roles that may see the content.
    recorded_on : str or None
        When the value was known: an ISO date, ``"column:NAME"`` (the date in that column) or
        ``"academic-year-end:NAME"`` (31 July that ends the academic year, such as 2022/23, in that column).
    outcome_status : bool
        A past or present status of the outcome: it decides eligibility, and is never a feature.
    outcome_limits : tuple of str
        Limits of the column as an outcome, such as unequal recording between groups: sentences for the model card.
    characteristic : {"protected", "proxy", "absence", "attendance"} or None
        A protected characteristic is compared and never a feature; a proxy of one is a feature only with a written
        justification, and may never lower the risk; nor may absence (or its complement, attendance).
    missing_codes : dict of str to str
        Codes that mean "not known" or "not assessed". They stay in a checked frame as they are.
    classification : {"public", "internal", "personal", "special", "identifier"}
        How the contract classifies the content. An identifier says who or where somebody is: never a feature.
    level_synonyms : dict of str to str
        Texts that files have for a code (its label among them), to the code.
    code_set : CodeSet or None
        Where the codes come from and when they hold.
    level_dates : dict of str to tuple of (str or None, str or None)
        The first and last ISO date of each code that holds for a part of that time only.
    derived : tuple of Derivation
        Ways to derive the column where a file lacks it; the first one whose columns the file has is used.
    rules : tuple of Rule
        What must be true of the column.
    """

    name: str
    label: str
    description: str
    logical_type: str
    required: bool = True
    nullable: bool = False
    unique: bool = False
    primary_key: bool = False
    personal: bool = False
    levels: dict[str, str] | None = None
    minimum: float | None = None
    maximum: float | None = None
    unit: str | None = None
    aliases: tuple[str, ...] = ()
    preferred_aliases: tuple[str, ...] = ()
    visible_to: frozenset[str] = frozenset()
    recorded_on: str | None = None
    outcome_status: bool = False
    outcome_limits: tuple[str, ...] = ()
    characteristic: Literal["protected", "proxy", "absence", "attendance"] | None = None
    missing_codes: dict[str, str] = field(default_factory=dict)
    classification: str = "internal"
    level_synonyms: dict[str, str] = field(default_factory=dict)
    code_set: CodeSet | None = None
    level_dates: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    derived: tuple[Derivation, ...] = ()
    rules: tuple[Rule, ...] = ()

    @property
    def codes(self) -> dict[str, str]:
        """Every code that the column may hold and its label, those for "not known" last; empty without levels."""
        return {**self.levels, **self.missing_codes} if self.levels else {}


@dataclass(frozen=True)
class Contract(_HasRules):
    """A data contract: one table of one agency, from a file that follows ODCS v3.1.

    Attributes
    ----------
    id, version : str
        ``"<agency>/<name>"``, and a semantic version; a released one is never edited.
    title, agency : str
        Its title, and whose data it is.
    path, text, sha256 : pathlib.Path, str, str
        The file it was read from, its text with Unix line ends (so that a Windows checkout has the same), and the hash
        of that text.
    lawful_basis, purpose : str
        Why the data may be processed, and what for.
    columns : dict of str to Column
        In the contract's order.
    id_column, key : Column or None, tuple of str
        The child's identifier, and the columns (it is the first) that together identify a row.
    rules : tuple of Rule
        What must be true of the table as a whole.
    roles : dict of str to str
        The roles that columns name, and who they are.
    header_marks : tuple of str
        Prefixes and suffixes that systems add to the name of any column, such as the name of the table.
    retention_days : int or None
        How long an extract may be kept; None where the contract does not say it.
    """

    id: str
    version: str
    title: str
    agency: str
    path: Path
    text: str = field(repr=False)
    sha256: str
    lawful_basis: str
    purpose: str
    columns: dict[str, Column]
    id_column: Column | None = None
    key: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    roles: dict[str, str] = field(default_factory=dict)
    header_marks: tuple[str, ...] = ()
    retention_days: int | None = None

    @property
    def agency_name(self) -> str:
        """The agency in words, as after "ask"."""
        return _AGENCY_NAMES.get(self.agency, self.agency.replace("_", " "))

    @property
    def ref(self) -> str:
        """The contract with its version, for example ``"education/eyfsp@1.0.0"``."""
        return f"{self.id}@{self.version}"
