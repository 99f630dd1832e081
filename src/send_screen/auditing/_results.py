"""The result of an audit: its checks, headline, page and JSON."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from send_screen.auditing._checks import FAILED, NOT_ASKED_FOR, NOT_CHECKED, PASSED, Addition, Check, CheckResult
from send_screen.documents import write_atomically
from send_screen.errors import ExitCode, MachineError
from send_screen.reports import render_html, version_watermarks
from send_screen.results import Result, Section

ADDED = "Added by MLflow or people, and not audited"
OUT_OF_SCOPE = "What no audit of this kind looks at"
_NAMED = 3  # checks that could not be made that the headline names, and as many that were not asked for

_PARTS = (
    (FAILED, "What differs", "Nothing differs in the checks that were made."),
    (NOT_CHECKED, "What could not be checked, and why", "Each check that was asked for could be made."),
    (PASSED, "What was derived again and is the same", "No check passed."),
    (NOT_ASKED_FOR, "What was not asked for, and why", "Every check was asked for."),
)
_LABELS = {
    "version": "Version",
    "trained_on": "Trained on (real or synthetic data)",
    "registered": "In the registry",
    "run": "Run",
    "withdrawn": "WITHDRAWN",
    "checked_on": "Checked on",
    "code_at_training": "Made with the code",
    "code_here": "Checked with the code",
}


@dataclass(frozen=True, repr=False)
class Audit(Result):
    """Result of an audit of one version.

    Attributes
    ----------
    model : str
        URI or folder, as given.
    metadata : dict of str to str
        Id, title and location of the version, and the code versions.
    checks : tuple of Check
    out_of_scope : tuple of str
        Sentences on what no audit of this kind checks.
    out : pathlib.Path or None
        Folder of ``audit.html`` and ``audit.json``, where they were written.
    """

    model: str
    metadata: Mapping[str, str]
    checks: tuple[Check, ...]
    out_of_scope: tuple[str, ...] = ()
    out: Path | None = None

    def having(self, status: str) -> list[Check]:
        """Return the checks with a status, in order."""
        return [check for check in self.checks if check.result.status == status]

    @property
    def not_asked_for(self) -> list[Check]:
        """Checks that were not asked for."""
        return self.having(NOT_ASKED_FOR)

    @property
    def additions(self) -> tuple[Addition, ...]:
        """What MLflow or people added to the version: listed, and not audited."""
        return tuple(each for check in self.checks for each in check.result.additions)

    @property
    def inconclusive(self) -> list[Check]:
        """Checks whose differences may be due to other code or packages at training."""
        return [check for check in self.having(NOT_CHECKED) if check.result.n_differences]

    @property
    def result(self) -> str:
        """``"red"`` where something differs, ``"incomplete"`` where a part could not be checked, else ``"green"``."""
        return "red" if self.having(FAILED) else "incomplete" if self.having(NOT_CHECKED) else "green"

    @property
    def ok(self) -> bool:
        """Whether every check that was asked for was made and passed."""
        return self.result == "green"

    @property
    def exit_code(self) -> ExitCode:
        """Exit code of the command: one each for a green, an incomplete and a red audit."""
        return {"green": ExitCode.DONE, "incomplete": ExitCode.INCOMPLETE, "red": ExitCode.NO}[self.result]

    @property
    def headline(self) -> str:
        """The result in a few sentences: what differs, what could not be checked, what was not asked for."""
        unmade, failed = self.having(NOT_CHECKED), self.having(FAILED)
        n_made = len(failed) + len(self.having(PASSED))
        left = f" {len(unmade)} could not be made: {_titles(unmade)}." if unmade else ""
        left += f" Not asked for: {_titles(self.not_asked_for)}." if self.not_asked_for else ""
        if failed:
            return f"RED: {len(failed)} of the {n_made} checks that were made found a difference.{left}"
        if self.inconclusive:
            return (
                f"INCOMPLETE: {len(self.inconclusive)} checks found differences that other code or packages may have "
                f"made. Audit it with those that made it.{left}"
            )
        return f"{self.result.upper()}: nothing differs in the {n_made} checks that were made.{left}"

    def sections(self) -> Iterable[Section]:
        """Yield the checks as text: failed, not checked, passed, not asked for."""
        withdrawn = [f"It was withdrawn {self.metadata['withdrawn']}"] if "withdrawn" in self.metadata else []
        yield Section([f"{self.model}: version {self.metadata['version']}, {self.metadata['title']}", *withdrawn])
        for status in (FAILED, NOT_CHECKED):
            for check in self.having(status):
                yield Section([f"{status}: {check.title}. {check.result.summary}".rstrip(), *_lines(check.result)])
        for status in (PASSED, NOT_ASKED_FOR):
            if lines := [f"{status}: {check.title}. {check.result.summary}" for check in self.having(status)]:
                yield Section(lines)
        if self.additions:
            yield Section([f"{each.where}: {each.what}" for each in self.additions], title=ADDED)
        yield Section(self.out_of_scope, title=OUT_OF_SCOPE)
        if self.out is not None:
            yield Section([f"Open {self.out / 'audit.html'}"])

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "format": "send_screen.audit/1",
            "model": self.model,
            "green": self.ok,
            "result": self.result,
            "headline": self.headline,
            "metadata": dict(self.metadata),
            "checks": [_as_dict(check) for check in self.checks],
            "additions": [asdict(each) for each in self.additions],
            "out_of_scope": list(self.out_of_scope),
        }


def _titles(checks: list[Check]) -> str:
    more = f" and {len(checks) - _NAMED} more" if len(checks) > _NAMED else ""
    return ", ".join(f"“{check.title}”" for check in checks[:_NAMED]) + more


def _as_dict(check: Check) -> dict[str, Any]:
    result = asdict(check.result)
    del result["additions"]  # these are listed together
    return {"id": check.id, "title": check.title, **result}


def _lines(result: CheckResult) -> list[str]:
    lines = [f"  {each.where}: in the version {each.actual}; expected {each.expected}" for each in result.differences]
    left = result.n_differences - len(result.differences)
    return [*lines, *([f"  and {left:,} more"] if left else [])]


def render_audit(found: Audit) -> str:
    """Render the result of an audit as a self-contained HTML page that names no child and no school."""
    return render_html(
        "audit.html.j2",
        found=found,
        watermarks=version_watermarks(found.metadata.get("trained_on")),
        metadata=[(summary, found.metadata[name]) for name, summary in _LABELS.items() if name in found.metadata],
        added=ADDED,
        out_of_scope=OUT_OF_SCOPE,
        parts=[(status, heading, found.having(status), otherwise) for status, heading, otherwise in _PARTS],
    )


def make_audit_folder(folder: Path) -> None:
    """Create the output folder, and raise where it cannot be written, before an audit begins."""
    with _out_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass


def write_audit(found: Audit, folder: Path) -> None:
    """Write ``audit.html`` and ``audit.json`` into a folder, over those of an earlier audit."""
    with _out_errors(folder):
        write_atomically(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n", folder / "audit.json")
        write_atomically(render_audit(found), folder / "audit.html")


@contextmanager
def _out_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MachineError(
            f"{folder} cannot be written ({error.strerror}).", remedy="Give another folder with --out."
        ) from None
