"""Compare two versions from what they publish: no data, no evidence, no model is loaded or run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from send_screen.errors import SendScreenError, UsageError
from send_screen.published import PublishedReport
from send_screen.reports import Comparison, compare_versions
from send_screen.workflows._models import load_model

PUBLISHED = "published.json"
_WHAT_TO_GIVE = f"Give models:/name/3, models:/name@alias, an exported folder, or its {PUBLISHED}."
_LONGEST_NAME = 1000
_MOST_BYTES = 64 * 1024 * 1024
_SHORT = re.compile(r"[^/@\\.]+(?:@[^/@\\]+|/\d+)")


@dataclass(frozen=True)
class _Side:
    """One version: what it publishes, its spec where it is at hand, and what to say of it."""

    name: str
    published: PublishedReport
    spec: Any
    notes: tuple[str, ...] = ()


def compare(first: str | Path, second: str | Path, *, tracking_uri: str | None = None) -> Comparison:
    """Compare two versions: what changed, and for whom.

    Parameters
    ----------
    first, second : str or pathlib.Path
        ``models:/name/3`` or ``models:/name@alias`` (``name/3``, ``name@alias``), a folder that ``send-screen export``
        wrote, or a ``published.json`` by itself, which nothing vouches for.
    tracking_uri : str, optional
        Where the registry is; only for the first two.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        If there is no such version, or the two do not foresee the same.
    TablesError
        If a file of a version was changed.
    """
    one, other = (_side(str(model), tracking_uri) for model in (first, second))
    return compare_versions(
        one.published,
        other.published,
        names=(one.name, other.name),
        specs=(one.spec, other.spec),
        notes=(*one.notes, *other.notes),
    )


def _side(model: str, tracking_uri: str | None) -> _Side:
    path = Path(model)
    if len(model) > _LONGEST_NAME:
        raise UsageError("That is no name of a version: it is too long.", remedy=_WHAT_TO_GIVE)
    if path.is_file():
        note = f"{path.name} was read by itself: nothing vouches that it is what a version published."
        return _Side(model, _published(path), None, (note,))
    if not path.exists() and _SHORT.fullmatch(model):
        model = f"models:/{model}"
    bundle = load_model(model, tracking_uri=tracking_uri, even_withdrawn=True)
    report = PublishedReport.model_validate(bundle.published, strict=False)
    return _Side(model, report, yaml.safe_load(bundle.spec.text), _withdrawn(model, tracking_uri))


def _withdrawn(model: str, tracking_uri: str | None) -> tuple[str, ...]:
    """Return that a registered version was withdrawn; a folder cannot know."""
    if not model.startswith("models:"):
        return ()
    from send_screen.tracking import default_uri, find_version

    words = find_version(model, uri=tracking_uri or default_uri()).withdrawn
    return (f"{model} was withdrawn for good {words}.",) if words else ()


def _published(path: Path) -> PublishedReport:
    """Return the content of a ``published.json``.

    Raises
    ------
    UsageError
        If it is none.
    """
    try:
        return PublishedReport.from_json(path.read_bytes() if path.stat().st_size <= _MOST_BYTES else b"")
    except SendScreenError as mistake:
        raise UsageError(f"{path.name} is not what a version publishes. {mistake}", remedy=_WHAT_TO_GIVE) from None
