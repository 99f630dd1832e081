"""How each SQL dialect writes numbers, texts, names and dates, so that each is read back as exactly what it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from send_screen.errors import UsageError

DialectName = Literal["postgres", "duckdb", "sqlite", "tsql", "spark"]
DIALECTS: tuple[DialectName, ...] = get_args(DialectName)

_POSTGRES_NUMBERS = ("double precision", "real", "smallint", "integer", "bigint", "numeric")
_DUCKDB_SIGNED = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_DUCKDB_INTEGERS = (*_DUCKDB_SIGNED, *(f"U{name}" for name in _DUCKDB_SIGNED), "HUGEINT")
_INTEGERS = ("tinyint", "smallint", "int", "bigint")  # of T-SQL and Spark
_SHIFT = 62  # the largest power of two that fits an integer of 64 bits with a sign


@dataclass(frozen=True)
class Dialect:
    """What differs between the dialects; ``{}`` stands for an expression, or for the content of a quoted text."""

    name: DialectName
    double_type: str
    integer_type: str
    text_type: str
    quotes: tuple[str, str]
    """Around a name; the second is doubled inside."""
    max_name: int | None
    """Bytes of a name, beyond which it would be cut off or refused."""
    text: Callable[[str], str]
    """A text as a literal."""
    as_text: str
    """A column as text that is compared byte by byte, whatever the collation of the column."""
    text_end: str
    """What ``as_text`` appends, so that blanks at the end count."""
    today: str
    date: str
    is_number: str
    is_level: str
    """Whether a value is text or a whole number, which as text is the same in every dialect and in pandas."""
    has_nan: bool
    fence: str = ""
    """The end of a subquery whose columns are computed once, before and not where each is used."""
    underflow_is_error: bool = False

    def identifier(self, name: str) -> str:
        """Return a name in quotes."""
        start, end = self.quotes
        if self.max_name is not None and len(name.encode("utf-8")) > self.max_name:
            raise UsageError(
                f"The name {name!r} is longer than the {self.max_name} bytes that {self.name} allows.",
                remedy="Choose another dialect, or give the feature a shorter name in a new version.",
            )
        return f"{start}{name.replace(end, end * 2)}{end}"

    def double(self, value: float) -> str:
        """Return a finite number as an expression whose value is that number to the last bit."""
        if self.name == "sqlite":
            return _exact_fraction(value)
        # the shortest decimal that is read back as the same number
        return f"CAST('{value!r}' AS {self.double_type})"

    def null(self, type_name: str) -> str:
        """Return a missing value of a type."""
        return f"CAST(NULL AS {type_name})"

    def number(self, column: str) -> str:
        """Return a column of numbers as a double, NULL where it is NaN."""
        number = f"CAST({column} AS {self.double_type})"
        # in these dialects NaN equals itself, and is above every other number
        return f"NULLIF({number}, {self.nan})" if self.has_nan else number

    @property
    def nan(self) -> str:
        """Not a number."""
        return f"CAST('NaN' AS {self.double_type})"

    def day(self, iso: str) -> str:
        """Return a date as a literal."""
        return self.date.format(iso)


def find_dialect(name: str | None) -> Dialect:
    """Return the dialect of a name, or raise UsageError."""
    if name not in _BY_NAME:
        raise UsageError(
            "There is no dialect named." if name is None else f"There is no dialect {name!r}.",
            remedy=f"Give --dialect as one of: {', '.join(DIALECTS)}.",
        )
    return _BY_NAME[name]


def _exact_fraction(value: float) -> str:
    """Return a number as a whole number over powers of two: SQLite's reading of decimals may be off in the last bit.

    >>> _exact_fraction(0.1), _exact_fraction(-3.0)
    ('(CAST(3602879701896397 AS REAL) / (1 << 55))', '-3.0')
    """
    if value.is_integer() and abs(value) < 2.0**53:
        return repr(value)
    numerator, denominator = value.as_integer_ratio()
    operation, shift = "/", denominator.bit_length() - 1
    if denominator == 1:
        operation, shift = "*", (numerator & -numerator).bit_length() - 1
        numerator >>= shift
    steps = [_SHIFT] * (shift // _SHIFT) + ([shift % _SHIFT] if shift % _SHIFT else [])
    return f"(CAST({numerator} AS REAL){''.join(f' {operation} (1 << {step})' for step in steps)})"


def _doubled(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _postgres_text(text: str) -> str:
    return f" E{_doubled(text.replace(chr(92), chr(92) * 2))}" if "\\" in text else _doubled(text)


def _tsql_text(text: str) -> str:
    # a backslash at the end of a line would take the line break away
    return "N" + _doubled(text).replace("\\\n", "\\' + N'\n").replace("\\\r", "\\' + N'\r")


def _spark_text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _in(expression: str, names: tuple[str, ...]) -> str:
    return f"{expression} IN ({', '.join(map(_doubled, names))})"


_TSQL_TYPE = "CAST(SQL_VARIANT_PROPERTY({}, 'BaseType') AS nvarchar(128))"
_ALL = (
    Dialect(
        name="postgres",
        double_type="DOUBLE PRECISION",
        integer_type="INTEGER",
        text_type="TEXT",
        quotes=('"', '"'),
        max_name=63,
        text=_postgres_text,
        as_text='(CAST({} AS TEXT) COLLATE "C")',
        text_end="",
        today="CURRENT_DATE",
        date="DATE '{}'",
        is_number=_in("CAST(pg_typeof({}) AS TEXT)", _POSTGRES_NUMBERS),
        is_level=f"NOT {_in('CAST(pg_typeof({}) AS TEXT)', ('double precision', 'real', 'numeric', 'boolean'))}",
        has_nan=True,
        fence="OFFSET 0",
        underflow_is_error=True,
    ),
    Dialect(
        name="duckdb",
        double_type="DOUBLE",
        integer_type="INTEGER",
        text_type="VARCHAR",
        quotes=('"', '"'),
        max_name=None,
        text=_doubled,
        as_text='(CAST({} AS VARCHAR) COLLATE "binary")',
        text_end="",
        today="CURRENT_DATE",
        date="DATE '{}'",
        is_number=f"({_in('typeof({})', ('DOUBLE', 'FLOAT', *_DUCKDB_INTEGERS))} OR typeof({{}}) LIKE 'DECIMAL%')",
        is_level=f"({_in('typeof({})', ('VARCHAR', *_DUCKDB_INTEGERS))} OR typeof({{}}) LIKE 'ENUM%')",
        has_nan=True,
    ),
    Dialect(
        name="sqlite",
        double_type="REAL",
        integer_type="INTEGER",
        text_type="TEXT",
        quotes=('"', '"'),
        max_name=None,
        text=_doubled,
        as_text="(CAST({} AS TEXT) COLLATE BINARY)",
        text_end="",
        today="date('now')",
        date="'{}'",
        is_number=_in("typeof({})", ("integer", "real")),
        is_level=_in("typeof({})", ("text", "integer")),
        has_nan=False,
        fence="LIMIT -1 OFFSET 0",
    ),
    Dialect(
        name="tsql",
        double_type="FLOAT(53)",
        integer_type="INT",
        text_type="NVARCHAR(4000)",
        quotes=("[", "]"),
        max_name=128,
        text=_tsql_text,
        as_text="(CONCAT({}, N'|') COLLATE Latin1_General_100_BIN2)",
        text_end="|",
        today="CAST(GETDATE() AS DATE)",
        date="CAST('{}' AS DATE)",
        is_number=_in(_TSQL_TYPE, ("float", "real", "decimal", "numeric", *_INTEGERS)),
        is_level=_in(_TSQL_TYPE, ("nvarchar", "varchar", "nchar", "char", *_INTEGERS)),
        has_nan=False,
    ),
    Dialect(
        name="spark",
        double_type="DOUBLE",
        integer_type="INT",
        text_type="STRING",
        quotes=("`", "`"),
        max_name=None,
        text=_spark_text,
        as_text="CAST({} AS STRING)",
        text_end="",
        today="CURRENT_DATE()",
        date="DATE '{}'",
        is_number=f"({_in('typeof({})', ('double', 'float', *_INTEGERS))} OR typeof({{}}) LIKE 'decimal%')",
        is_level=_in("typeof({})", ("string", *_INTEGERS)),
        has_nan=True,
    ),
)
_BY_NAME: dict[str | None, Dialect] = {each.name: each for each in _ALL}
