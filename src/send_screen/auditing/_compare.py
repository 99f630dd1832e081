"""Compare documents value by value, and files by their first difference."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic_core import to_jsonable_python

from send_screen.documents import replace_unprintable

ROUNDING = 1e-9  # relative: another machine's floating-point arithmetic may change a sum by so much
MISSING = "nothing"
_MAX_VALUE = 120  # characters of a value
_CONTEXT = 40  # characters of a file that are quoted on either side of a difference
_MAX_DIFFERENCES = 10_000  # of two documents


@dataclass(frozen=True)
class Mismatch:
    """A difference: the value in the version, and the one that was recomputed or stands in another copy."""

    where: str
    """A file, a tag, or a path inside ``published.json`` such as ``$.performance[3].value``."""
    actual: str
    expected: str


@dataclass
class DocumentDiff:
    """Value-by-value comparison of two documents: ``n`` values, of which ``rounded`` differ by rounding alone."""

    tolerance: float = ROUNDING
    """Relative difference that counts as rounding."""
    differences: list[Mismatch] = field(default_factory=list)
    n: int = 0
    rounded: int = 0

    @property
    def summary(self) -> str:
        """Number of values compared, and of those that differ by rounding."""
        also = f" {self.rounded} numbers differ in their last digits: another machine's arithmetic."
        return f"{self.n:,} values were compared.{also if self.rounded else ''}"

    def compare(self, actual: object, expected: object, where: str) -> None:
        """Compare the values at a path, and all below it."""
        if isinstance(actual, Mapping) and isinstance(expected, Mapping):
            for key in dict.fromkeys((*actual, *expected)):
                if key in actual and key in expected:
                    self.compare(actual[key], expected[key], f"{where}.{key}")
                else:
                    self._add(f"{where}.{key}", actual.get(key, MISSING), expected.get(key, MISSING))
        elif isinstance(actual, list) and isinstance(expected, list):
            if len(actual) != len(expected):
                self._add(f"{where}, how many", len(actual), len(expected))
            for index, (one, other) in enumerate(zip(actual, expected, strict=False)):
                self.compare(one, other, f"{where}[{index}]")
        else:
            self._compare_values(actual, expected, where)

    def _compare_values(self, actual: object, expected: object, where: str) -> None:
        self.n += 1
        if type(actual) is type(expected) and actual == expected:
            return
        if isinstance(actual, float) and isinstance(expected, float) and isclose(actual, expected, self.tolerance):
            self.rounded += 1
            return
        self._add(where, actual, expected)

    def _add(self, where: str, actual: object, expected: object) -> None:
        if len(self.differences) < _MAX_DIFFERENCES:
            self.differences.append(Mismatch(where, *truncate_pair(actual, expected)))


def diff_documents(actual: object, expected: object, where: str = "$", *, tolerance: float = ROUNDING) -> DocumentDiff:
    """Compare two documents, typed or parsed from JSON: every number, string and key, by its path.

    Examples
    --------
    >>> diff_documents({"n": 10, "of": [1.0, 2.0]}, {"n": 12, "of": [1.0, 2.0]}).differences
    [Mismatch(where='$.n', actual='10', expected='12')]
    """
    diff = DocumentDiff(tolerance)
    diff.compare(to_jsonable_python(actual), to_jsonable_python(expected), where)
    return diff


def mismatches(pairs: Mapping[str, tuple[object, object]]) -> list[Mismatch]:
    """Return the mismatches among pairs: place -> (actual, expected)."""
    return [
        Mismatch(where, str(actual), str(expected)) for where, (actual, expected) in pairs.items() if actual != expected
    ]


def first_difference(name: str, actual: bytes, expected: bytes) -> Mismatch:
    """Return the first place where two files differ."""
    if not actual:
        return Mismatch(name, "no such file", f"{len(expected)} bytes")
    index = _first_difference_at(actual, expected)
    start, line = max(0, index - _CONTEXT), actual[:index].count(b"\n") + 1
    texts = (truncate(each[start : index + _CONTEXT].decode("utf-8", errors="replace")) for each in (actual, expected))
    return Mismatch(f"{name}, line {line}", *texts)


def _first_difference_at(one: str | bytes, other: str | bytes) -> int:
    differs = (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differs, min(len(one), len(other)))


def truncate_pair(actual: object, expected: object) -> tuple[str, str]:
    r"""Return two values that differ as short texts that differ: long ones from a little before their first difference.

    Examples
    --------
    >>> truncate_pair("one\ttwo", "one two")
    ("'one\\ttwo'", "'one two'")
    """
    values = actual, expected
    if isinstance(actual, str) and isinstance(expected, str):
        index = _first_difference_at(actual, expected)
        if index > _MAX_VALUE // 2:
            start = index - _MAX_VALUE // 4
            values = f"…{actual[start:]}", f"…{expected[start:]}"
    one, other = map(truncate, values)
    if one == other:  # they differ in kind, in spaces or in characters that are not shown
        one, other = (ascii(each[:_MAX_VALUE] if isinstance(each, str) else each) for each in values)
    return one, other


def isclose(one: float, other: float, tolerance: float = ROUNDING) -> bool:
    """Return whether two numbers differ by no more than rounding; NaN is close to nothing."""
    return abs(one - other) <= tolerance * max(1.0, abs(one), abs(other))


def truncate(value: object, *, most: int = _MAX_VALUE) -> str:
    r"""Return a value as short text on one line, without characters that control a terminal.

    Examples
    --------
    >>> truncate("red\x1b[31m"), truncate(0.5)
    ('red\ufffd[31m', '0.5')
    """
    if isinstance(value, Mapping | list):
        text = reprlib.repr(value)  # a full repr could be larger than a file
    else:
        text = " ".join(value.split()) if isinstance(value, str) else repr(value)
    text = replace_unprintable(text[: most + 1])
    return text if len(text) <= most else f"{text[:most]}…"
