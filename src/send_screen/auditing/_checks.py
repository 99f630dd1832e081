"""The checks of an audit, and their results: the shape that all checks share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import TemplateError

from send_screen.auditing._audited_version import AuditedVersion, CannotCheck, CheckSkipped
from send_screen.auditing._compare import Mismatch, truncate
from send_screen.errors import ExitCode, SendScreenError

PASSED, FAILED, NOT_CHECKED, SKIPPED = "passed", "FAILED", "not checked", "not looked at"
_LONGEST = 2000  # characters of what a check says
_ADDED = 500  # characters of an addition
_MOST = 20  # differences of one check that are listed one by one, and additions
_UNREADABLE = (
    OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError,
    TemplateError,
)  # fmt: skip


@dataclass(frozen=True)
class Addition:
    """What MLflow or people added to a version: it is named, and not audited."""

    where: str
    what: str


@dataclass(frozen=True)
class CheckResult:
    """The result of one check: what was done, or why it could not be, and the first differences."""

    status: str
    summary: str
    differences: tuple[Mismatch, ...] = ()
    n_differences: int = 0
    additions: tuple[Addition, ...] = ()


@dataclass(frozen=True)
class Check:
    """A check that was run, and its result."""

    id: str
    title: str
    outcome: CheckResult


@dataclass(frozen=True)
class AuditCheck:
    """A check that can be run on any version."""

    id: str
    title: str
    function: Callable[[AuditedVersion], CheckResult]

    def run(self, audited: AuditedVersion) -> Check:
        """Run the check. Files that make it raise were not written by send_screen: the check has failed."""
        try:
            return Check(self.id, self.title, self.function(audited))
        except CheckSkipped as error:
            return Check(self.id, self.title, skipped(error.message))
        except CannotCheck as error:
            return Check(self.id, self.title, not_checked(error.message))
        except SendScreenError as error:
            if error.exit_code is ExitCode.MACHINE:
                return Check(self.id, self.title, not_checked(str(error)))
            found = Mismatch(error.file or "the version's files", error.message, "what send_screen writes")
        except FileNotFoundError as error:
            found = Mismatch(Path(str(error.filename)).name, "no such file", "a file of every version")
        except _UNREADABLE as error:
            if isinstance(error, OSError) and error.strerror:
                return Check(self.id, self.title, not_checked(f"This machine stands in the way ({error.strerror})."))
            # of a file that says anything; what the exception says could quote it
            found = Mismatch("the version's files", f"what cannot be read ({type(error).__name__})", "what we write")
        # unreadable content is a failure, and never excused by another code version
        result = check_result([found], "", failure="It could not be derived from these files.")
        return Check(self.id, self.title, result)


def audit_check(title: str) -> Callable[[Callable[[AuditedVersion], CheckResult]], AuditCheck]:
    """Decorate a function as a check; ``check_model_sections`` has the id ``model-sections``."""

    def decorate(check: Callable[[AuditedVersion], CheckResult]) -> AuditCheck:
        return AuditCheck(check.__name__.removeprefix("check_").replace("_", "-"), title, check)

    return decorate


def check_result(
    differences: Sequence[Mismatch],
    summary: str,
    *,
    failure: str = "",
    inconclusive_reason: str = "",
    additions: Sequence[Addition] = (),
) -> CheckResult:
    """Return what a check that was made found: it failed where there are differences, unless they are inconclusive.

    ``summary`` says what was done, ``failure`` what a difference means. ``inconclusive_reason`` says why a difference
    means nothing here, for example that other code made the version. ``additions`` are no differences.
    """
    beside = tuple(Addition(truncate(each.where), truncate(each.what, most=_ADDED)) for each in additions[:_MOST])
    if left := len(additions) - len(beside):
        beside += (Addition(f"and {left:,} more", ""),)
    if not differences:
        return CheckResult(PASSED, truncate(summary, most=_LONGEST), additions=beside)
    status = NOT_CHECKED if inconclusive_reason else FAILED
    said = (
        f"{inconclusive_reason} So what differs here says nothing yet." if inconclusive_reason else failure or summary
    )
    first = (Mismatch(truncate(d.where), truncate(d.actual), truncate(d.expected)) for d in differences[:_MOST])
    return CheckResult(status, truncate(said, most=_LONGEST), tuple(first), len(differences), beside)


def not_checked(why: str) -> CheckResult:
    """Return that a check was asked for and could not be made, with the reason."""
    return CheckResult(NOT_CHECKED, truncate(why, most=_LONGEST))


def skipped(why: str) -> CheckResult:
    """Return that nobody asked for a check, or that it is outside of what is audited, with the reason."""
    return CheckResult(SKIPPED, truncate(why, most=_LONGEST))
