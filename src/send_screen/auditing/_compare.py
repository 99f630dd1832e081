"""Compare documents value by value, and texts by the first place where they differ."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic_core import to_jsonable_python

ROUNDING = 1e-9  # of a number's size: what another machine's arithmetic may do to a sum; no one is misled by it
MISSING = "nothing"
_SHOWN = 120  # characters of a value
_AROUND = 40  # characters of a file before a place that differs
_MOST_KEPT = 10_000  # differences of two documents; files that are all different are no less different


@dataclass(frozen=True)
class Mismatch:
    """One thing that is not as it should be: what stands there, and what was derived again or another copy says."""

    where: str
    """A file, a tag, or a path inside ``published.json`` such as ``$.performance[3].value``."""
    claimed: str
    found: str


@dataclass
class DocumentDiff:
    """Two documents, compared value by value: how many values there are, and how many differ by rounding alone."""

    differences: list[Mismatch] = field(default_factory=list)
    n: int = 0
    rounded: int = 0

    @property
    def words(self) -> str:
        """How many values were compared, and whether the arithmetic of another machine shows."""
        also = f" {self.rounded} numbers differ in their last digits: another machine's arithmetic."
        return f"{self.n:,} values were compared.{also if self.rounded else ''}"

    def compare(self, claimed: object, found: object, where: str) -> None:
        """Compare what stands at a path, and all below it."""
        if isinstance(claimed, Mapping) and isinstance(found, Mapping):
            for key in dict.fromkeys((*claimed, *found)):
                if key in claimed and key in found:
                    self.compare(claimed[key], found[key], f"{where}.{key}")
                else:
                    self._add(f"{where}.{key}", claimed.get(key, MISSING), found.get(key, MISSING))
        elif isinstance(claimed, list) and isinstance(found, list):
            if len(claimed) != len(found):
                self._add(f"{where}, how many", len(claimed), len(found))
            for place, (one, other) in enumerate(zip(claimed, found, strict=False)):
                self.compare(one, other, f"{where}[{place}]")
        else:
            self._compare_values(claimed, found, where)

    def _compare_values(self, claimed: object, found: object, where: str) -> None:
        self.n += 1
        if type(claimed) is type(found) and claimed == found:
            return
        if isinstance(claimed, float) and isinstance(found, float) and isclose(claimed, found):
            self.rounded += 1
            return
        if isinstance(claimed, str) and isinstance(found, str):
            place = _first_difference_at(claimed, found)
            start = max(0, place - _SHOWN // 4) if place > _SHOWN // 2 else 0
            claimed, found = claimed[start:], found[start:]
        self._add(where, claimed, found)

    def _add(self, where: str, claimed: object, found: object) -> None:
        if len(self.differences) < _MOST_KEPT:
            self.differences.append(Mismatch(where, truncate(claimed), truncate(found)))


def diff_documents(claimed: object, found: object, where: str = "$") -> DocumentDiff:
    """Compare two documents, typed or as JSON has them: every number, string and key of them, by its path.

    Examples
    --------
    >>> diff_documents({"n": 10, "of": [1.0, 2.0]}, {"n": 12, "of": [1.0, 2.0]}).differences
    [Mismatch(where='$.n', claimed='10', found='12')]
    """
    diff = DocumentDiff()
    diff.compare(to_jsonable_python(claimed), to_jsonable_python(found), where)
    return diff


def mismatches(pairs: Mapping[str, tuple[object, object]]) -> list[Mismatch]:
    """Return the places where what is claimed is not what was found, from place -> (claimed, found)."""
    return [Mismatch(where, str(claimed), str(found)) for where, (claimed, found) in pairs.items() if claimed != found]


def first_difference(name: str, claimed: bytes, found: bytes) -> Mismatch:
    """Return the first place where two files differ."""
    if not claimed:
        return Mismatch(name, "no such file", f"{len(found)} bytes")
    place = _first_difference_at(claimed, found)
    start, line = max(0, place - _AROUND), claimed[:place].count(b"\n") + 1
    texts = (truncate(each[start : place + _AROUND].decode("utf-8", errors="replace")) for each in (claimed, found))
    return Mismatch(f"{name}, line {line}", *texts)


def _first_difference_at(one: str | bytes, other: str | bytes) -> int:
    differs = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differs, min(len(one), len(other)))


def isclose(one: float, other: float) -> bool:
    """Tell whether two numbers differ by no more than rounding; NaN is like nothing."""
    return abs(one - other) <= ROUNDING * max(1.0, abs(one), abs(other))


def truncate(value: object, *, most: int = _SHOWN) -> str:
    r"""Return a value as it may be shown: short, on one line, and without what would steer a terminal.

    Examples
    --------
    >>> truncate("red\x1b[31m"), truncate(0.5)
    ('red\ufffd[31m', '0.5')
    """
    if isinstance(value, Mapping | list):
        text = reprlib.repr(value)  # never all of it: it can be as large as a file can be, and larger
    else:
        text = " ".join(value.split()) if isinstance(value, str) else repr(value)
    text = "".join(char if char.isprintable() else "\ufffd" for char in text[: most + 1])
    return text if len(text) <= most else f"{text[:most]}…"
