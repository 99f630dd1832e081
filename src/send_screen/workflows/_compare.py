"""Compare two versions from their published reports: no data, out-of-fold predictions or model is loaded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from send_screen.documents import read_regular_file
from send_screen.errors import SendScreenError, UsageError
from send_screen.published import PublishedReport
from send_screen.reports import CAUTION, Comparison, compare_versions, render_comparison
from send_screen.results import Result, Section
from send_screen.workflows._export import open_version, was_withdrawn
from send_screen.workflows._folders import write_output

PUBLISHED = "published.json"
_REMEDY = f"Give models:/name/3, models:/name@alias, an exported folder, or its {PUBLISHED}."
_MAX_NAME_LENGTH = 1000
_MAX_BYTES = 64 * 1024 * 1024
_SHORT_URI = re.compile(r"[^/@\\.]+(?:@[^/@\\]+|/\d+)")


@dataclass(frozen=True)
class _Side:
    """One version: its published report, its spec where available, and notes."""

    name: str
    published: PublishedReport
    spec: Any
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class ComparedVersions(Result):
    """Two versions side by side."""

    comparison: Comparison
    """The comparison of their published reports."""
    out: Path | None
    """The page, where one was written."""

    @property
    def headline(self) -> str:
        """The two versions and their ids."""
        (first, second), (one, other) = self.comparison.names, self.comparison.ids
        return f"First: {first} ({one}). Second: {second} ({other})."

    def sections(self) -> Iterable[Section]:
        """Yield for whom the second is better or worse, the main figures of both, and what changed."""
        found = self.comparison
        if found.notes:
            yield Section([f"Note: {note}" for note in found.notes])
        yield Section(found.better or [found.no_change_text], "Shown to be better for")
        yield Section(found.worse or [found.no_change_text], "Shown to be worse for")
        yield Section(found.verdicts or ["none"], "Verdicts that changed")
        rows = [(row.description, row.first.in_brackets, row.second.in_brackets, row.shift) for row in found.metrics]
        yield Section(table=[("", "first", "second", "what can be said"), *rows])
        parts = [*((part.part, part.changed) for part in found.parts), ("The spec, line by line", found.spec or ())]
        lines = []
        for part, changed in parts:
            lines.append(f"{part}: {'' if changed else 'nothing'}".rstrip())
            lines += [f"  {change.what}: {change.first} -> {change.second}" for change in changed]
        yield Section(lines, "What changed")
        yield Section([CAUTION, *([f"The page: {self.out}"] if self.out else [])])

    def to_dict(self) -> dict[str, Any]:
        """Return the whole comparison."""
        return self.comparison.to_dict()


def compare(
    first: str | Path,
    second: str | Path,
    *,
    out: str | Path | None = None,
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
) -> ComparedVersions:
    """Compare the published reports of two versions: what changed, and for whom.

    Parameters
    ----------
    first, second : str or pathlib.Path
        ``models:/name/3`` or ``models:/name@alias`` (``name/3``, ``name@alias``), a folder that ``send-screen export``
        wrote, or a ``published.json`` by itself, which is not verified.
    out : str or pathlib.Path, optional
        Write the whole comparison into this page (``.html``).
    ledger : str or pathlib.Path, optional
        See :func:`load_model`. That a version was withdrawn is said in a note.
    tracking_uri : str, optional
        Where the registry is; only for the first two.

    Returns
    -------
    ComparedVersions

    Raises
    ------
    UsageError
        If there is no such version, or the two predict different outcomes.
    TablesError
        If a file of a version was changed.
    MachineError
        If ``out`` cannot be written.

    Notes
    -----
    A group counts as better or worse off only where the two confidence intervals do not overlap.

    Examples
    --------
    >>> from send_screen import compare
    >>> both = compare("models:/reception_sen/2", "models:/reception_sen/3", out="both.html")  # doctest: +SKIP
    >>> both.comparison.worse  # doctest: +SKIP
    ()
    """
    one, other = (_side(str(model), ledger, tracking_uri) for model in (first, second))
    found = compare_versions(
        one.published,
        other.published,
        names=(one.name, other.name),
        specs=(one.spec, other.spec),
        notes=(*one.notes, *other.notes),
    )
    if out is not None:
        write_output({Path(out): render_comparison(found)})
    return ComparedVersions(found, None if out is None else Path(out))


def _side(model: str, ledger: str | Path | None, tracking_uri: str | None) -> _Side:
    path = Path(model)
    if len(model) > _MAX_NAME_LENGTH:
        raise UsageError("That is no name of a version: it is too long.", remedy=_REMEDY)
    if path.is_file():
        note = f"{path.name} was read by itself: nothing verifies that it is what a version published."
        return _Side(model, _published(path), None, (note,))
    if not path.exists() and _SHORT_URI.fullmatch(model):
        model = f"models:/{model}"
    bundle, version = open_version(model, ledger=ledger, tracking_uri=tracking_uri, allow_withdrawn=True)
    tagged = version is not None and bool(version.withdrawn)
    withdrawn = tagged or was_withdrawn(bundle, model, ledger=ledger, tracking_uri=tracking_uri)
    note = f"{model} was withdrawn for good: send-screen history says when, by whom and why."
    notes = (note,) if withdrawn else ()
    return _Side(model, bundle.published, yaml.safe_load(bundle.spec.text), notes)


def _published(path: Path) -> PublishedReport:
    try:
        return PublishedReport.from_json(read_regular_file(path, max_bytes=_MAX_BYTES))
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read ({error.strerror}).", remedy=_REMEDY) from None
    except SendScreenError as mistake:
        raise UsageError(f"{path.name} is not what a version publishes. {mistake}", remedy=_REMEDY) from None
