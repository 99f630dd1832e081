"""What all checks of an audit have in common: the decorator, running a check, and its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import TemplateError

from send_screen.auditing._audited_version import AuditedVersion, CannotCheck, NotAskedFor
from send_screen.auditing._compare import Mismatch, truncate, truncate_pair
from send_screen.errors import ExitCode, SendScreenError

PASSED, FAILED, NOT_CHECKED, NOT_ASKED_FOR = "passed", "FAILED", "not checked", "not asked for"
_MAX_SUMMARY = 2000  # characters of the summary of a check
_MAX_ADDITION = 500  # characters of an addition
_MAX_LISTED = 20  # differences, and additions, of one check
_UNREADABLE = (
    OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError,
    TemplateError,
)  # fmt: skip


@dataclass(frozen=True)
class Addition:
    """Something that MLflow or people added to a version; it is listed and not audited."""

    where: str
    what: str


@dataclass(frozen=True)
class CheckResult:
    """The result of one check: its status, what was compared (or why it was not), and the first differences."""

    status: str
    summary: str
    differences: tuple[Mismatch, ...] = ()
    n_differences: int = 0
    additions: tuple[Addition, ...] = ()


@dataclass(frozen=True)
class Check:
    """A check that was run, with its result."""

    id: str
    title: str
    result: CheckResult


@dataclass(frozen=True)
class AuditCheck:
    """A check that can be run on any version: the function that :func:`audit_check` decorates."""

    id: str
    title: str
    function: Callable[[AuditedVersion], CheckResult]

    def run(self, audited: AuditedVersion) -> Check:
        """Run the check. It fails where files make it raise, since send_screen did not write those."""
        try:
            return Check(self.id, self.title, self.function(audited))
        except NotAskedFor as error:
            return Check(self.id, self.title, not_asked_for(error.message))
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
                why = f"A file cannot be read on this machine ({error.strerror})."
                return Check(self.id, self.title, not_checked(why))
            # the message of the exception is left out, since it could quote the file
            unreadable = f"what cannot be read ({type(error).__name__})"
            found = Mismatch("the version's files", unreadable, "what send_screen writes")
        # unreadable content is never inconclusive, whatever the code version
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
    """Return the result of a check that was made: failed if there are differences, unless they are inconclusive.

    ``summary`` is what was compared, ``failure`` what a difference means. ``inconclusive_reason`` is why a difference
    may be harmless, such as other code at training. ``additions`` do not count as differences.
    """
    listed = tuple(
        Addition(truncate(each.where), truncate(each.what, most=_MAX_ADDITION)) for each in additions[:_MAX_LISTED]
    )
    if left := len(additions) - len(listed):
        listed += (Addition(f"and {left:,} more", ""),)
    if not differences:
        return CheckResult(PASSED, truncate(summary, most=_MAX_SUMMARY), additions=listed)
    status = NOT_CHECKED if inconclusive_reason else FAILED
    text = (
        f"{inconclusive_reason} So what differs here says nothing yet." if inconclusive_reason else failure or summary
    )
    first = (Mismatch(truncate(d.where), *truncate_pair(d.actual, d.expected)) for d in differences[:_MAX_LISTED])
    return CheckResult(status, truncate(text, most=_MAX_SUMMARY), tuple(first), len(differences), listed)


def not_checked(why: str) -> CheckResult:
    """Return the result of a check that was asked for and could not be made, with the reason."""
    return CheckResult(NOT_CHECKED, truncate(why, most=_MAX_SUMMARY))


def not_asked_for(why: str) -> CheckResult:
    """Return the result of a check that was not asked for, with the reason."""
    return CheckResult(NOT_ASKED_FOR, truncate(why, most=_MAX_SUMMARY))
