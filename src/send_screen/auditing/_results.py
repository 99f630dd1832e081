"""What an audit found, as data: checks with what was claimed and what was found, and one sentence over all of them."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from send_screen.results import Result, Section

PASSED, FAILED, NOT_CHECKED = "passed", "FAILED", "not checked"
ROUNDING = 1e-9  # of a number's size: what another machine's arithmetic may do to a sum; no one is misled by it
_SHOWN = 120  # characters of a value
_LONGEST = 2000  # characters of what a check says
_NAMED = 3  # of the checks that were not made, in the first words
_MOST_KEPT = 10_000  # differences of two documents; files that are all different are no less different
_MOST = 20  # differences of one check that are told one by one
MISSING = "nothing"


@dataclass(frozen=True)
class Mismatch:
    """One thing that is not as it should be.

    Attributes
    ----------
    where : str
        Its place: a file, a tag, or a path inside ``published.json`` such as ``$.performance[3].value``.
    claimed, found : str
        What stands there, and what it should be: what was derived again, or what another copy says.
    """

    where: str
    claimed: str
    found: str


@dataclass(frozen=True)
class CheckResult:
    """The answer to one question of an audit.

    Attributes
    ----------
    status : str
        ``"passed"``, ``"FAILED"`` or ``"not checked"``.
    words : str
        What was done, or why it could not be.
    differences : tuple of Difference
        The first of them, where there are many.
    n_differences : int
        How many there are.
    """

    status: str
    words: str
    differences: tuple[Mismatch, ...] = ()
    n_differences: int = 0


@dataclass(frozen=True)
class Check:
    """One question of an audit, in a few words, and its answer."""

    id: str
    title: str
    outcome: CheckResult


@dataclass(frozen=True)
class DocumentDiff:
    """Two documents, compared value by value.

    Attributes
    ----------
    differences : tuple of Difference
    n : int
        Values that were compared.
    rounded : int
        Numbers that differ by no more than rounding.
    """

    differences: tuple[Mismatch, ...]
    n: int
    rounded: int

    @property
    def words(self) -> str:
        """How many values were compared, and whether the arithmetic of another machine shows."""
        also = f" {self.rounded} numbers differ in their last digits: another machine's arithmetic." * bool(
            self.rounded
        )
        return f"{self.n:,} values were compared.{also}"


@dataclass(frozen=True, repr=False)
class Audit(Result):
    """What an audit of one version found.

    Attributes
    ----------
    model : str
        As it was asked for.
    metadata : dict of str to str
        Which version that is, and where it was found.
    checks : tuple of Check
    out : pathlib.Path or None
        Folder of ``audit.html`` and ``audit.json``, where they were written.
    """

    model: str
    metadata: Mapping[str, str]
    checks: tuple[Check, ...]
    out: Path | None = None

    def having(self, status: str) -> list[Check]:
        """Return the checks with a status, in order."""
        return [check for check in self.checks if check.outcome.status == status]

    @property
    def green(self) -> bool:
        """Whether nothing differs. What could not be checked does not make it red; it is counted in :attr:`words`."""
        return not self.having(FAILED) and not self.inconclusive

    @property
    def result(self) -> str:
        """``"green"``; ``"open"`` where all that differs may be other code's doing; ``"red"``."""
        return "green" if self.green else "red" if self.having(FAILED) else "open"

    @property
    def inconclusive(self) -> list[Check]:
        """Checks that found differences which other code may have made: nobody can say that all is well."""
        return [check for check in self.having(NOT_CHECKED) if check.outcome.n_differences]

    @property
    def words(self) -> str:
        """The result in two sentences, the second of what was left open."""
        failed, unmade = len(self.having(FAILED)), len(self.having(NOT_CHECKED))
        made = len(self.checks) - unmade
        titles = [f"“{check.title}”" for check in self.having(NOT_CHECKED)]
        more = f" and {len(titles) - _NAMED} more" if len(titles) > _NAMED else ""
        left = f" {unmade} could not be made: {', '.join(titles[:_NAMED])}{more}." if unmade else ""
        if failed:
            return f"RED: {failed} of the {made} checks that were made found a difference.{left}"
        if self.inconclusive:
            return (
                f"OPEN: {len(self.inconclusive)} checks found differences that other code or packages may have made. "
                f"Audit it with those that made it.{left}"
            )
        return f"GREEN: nothing differs in the {made} checks that were made.{left}"

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return self.green

    @property
    def headline(self) -> str:
        """The result in two sentences."""
        return self.words

    def sections(self) -> Iterable[Section]:
        """Give what differs, then what could not be checked, then what passed."""
        withdrawn = [f"It was withdrawn {self.metadata['withdrawn']}"] if "withdrawn" in self.metadata else []
        yield Section([f"{self.model}: version {self.metadata['version']}, {self.metadata['title']}", *withdrawn])
        for status, word in ((FAILED, "FAILED"), (NOT_CHECKED, "not checked")):
            for check in self.having(status):
                yield Section([f"{word}: {check.title}. {check.outcome.words}".rstrip(), *_told(check.outcome)])
        yield Section([f"passed: {check.title}. {check.outcome.words}" for check in self.having(PASSED)])
        if self.out is not None:
            yield Section([f"Open {self.out / 'audit.html'}"])

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "format": "send_screen.audit/1",
            "model": self.model,
            "green": self.green,
            "result": self.result,
            "words": self.words,
            "metadata": dict(self.metadata),
            "checks": [{"id": check.id, "title": check.title, **asdict(check.outcome)} for check in self.checks],
        }


def _told(outcome: CheckResult) -> list[str]:
    lines = [f"  {each.where}: here {each.claimed}; found {each.found}" for each in outcome.differences]
    left = outcome.n_differences - len(outcome.differences)
    return [*lines, *([f"  and {left:,} more"] if left else [])]


def check_result(
    differences: Sequence[Mismatch], words: str, *, inconclusive_reason: str = "", made: str = ""
) -> CheckResult:
    """Return what a check that was made found: it failed where there are differences, unless they are excused.

    Parameters
    ----------
    differences : sequence of Mismatch
    words : str
        What was done.
    inconclusive_reason : str
        Why a difference says nothing here, for example that other code made the version; empty where it does.
    made : str
        What a difference means, where one is found.
    """
    if not differences:
        return CheckResult(PASSED, truncate(words, most=_LONGEST))
    status = NOT_CHECKED if inconclusive_reason else FAILED
    said = f"{inconclusive_reason} So what differs here says nothing yet." if inconclusive_reason else made or words
    first = (Mismatch(truncate(d.where), truncate(d.claimed), truncate(d.found)) for d in differences[:_MOST])
    return CheckResult(status, truncate(said, most=_LONGEST), tuple(first), len(differences))


def not_checked(why: str) -> CheckResult:
    """Return that a check could not be made, with the reason."""
    return CheckResult(NOT_CHECKED, truncate(why, most=_LONGEST))


def diff_documents(claimed: object, found: object, where: str = "$") -> DocumentDiff:
    """Compare two JSON documents, every number, string and key of them.

    Parameters
    ----------
    claimed, found : object
        As :func:`json.loads` returns them.
    where : str
        What the paths begin with.

    Examples
    --------
    >>> diff_documents({"n": 10, "of": [1.0, 2.0]}, {"n": 12, "of": [1.0, 2.0]}).differences
    (Mismatch(where='$.n', claimed='10', found='12'),)
    """
    differences: list[Mismatch] = []
    tally = {"n": 0, "rounded": 0}
    _walk(claimed, found, where, differences, tally)
    return DocumentDiff(tuple(differences), tally["n"], tally["rounded"])


def _walk(claimed: object, found: object, where: str, out: list[Mismatch], tally: dict[str, int]) -> None:
    if isinstance(claimed, Mapping) and isinstance(found, Mapping):
        for key in [*claimed, *(key for key in found if key not in claimed)]:
            place = f"{where}.{key}"
            if key not in claimed or key not in found:
                out.append(Mismatch(place, truncate(claimed.get(key, MISSING)), truncate(found.get(key, MISSING))))
            else:
                _walk(claimed[key], found[key], place, out, tally)
        return
    if isinstance(claimed, list) and isinstance(found, list):
        if len(claimed) != len(found):
            out.append(Mismatch(f"{where}, how many", str(len(claimed)), str(len(found))))
        for i, (one, other) in enumerate(zip(claimed, found, strict=False)):
            _walk(one, other, f"{where}[{i}]", out, tally)
        return
    if len(out) >= _MOST_KEPT:
        return
    tally["n"] += 1
    if type(claimed) is type(found) and claimed == found:
        return
    if isinstance(claimed, float) and isinstance(found, float) and isclose(claimed, found):
        tally["rounded"] += 1
        return
    if isinstance(claimed, str) and isinstance(found, str):
        begins = _first_difference_at(claimed, found)
        claimed, found = claimed[begins:], found[begins:]
    out.append(Mismatch(where, truncate(claimed), truncate(found)))


def _first_difference_at(one: str, other: str) -> int:
    """Return where two texts are to be shown from, so that what differs in them is seen."""
    equal_until = (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    place = next(equal_until, min(len(one), len(other)))
    return max(0, place - _SHOWN // 4) if place > _SHOWN // 2 else 0


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
