"""Let a version in: its gates, a name and a reason, one entry in the ledger, and the alias."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from pathlib import Path

from send_screen.errors import GateError, UsageError
from send_screen.governance import (
    CHAMPION,
    PROMOTED,
    Bundle,
    Entry,
    GateResult,
    check_gates,
    failed_gates,
    open_bundle,
    open_for_append,
    stated,
    withdrawal,
)
from send_screen.tracking import ALIAS, default_uri, fetch_bundle, find_model, set_alias
from send_screen.workflows._decisions import enter_decision, ledger_of, named, tell_of, withdrawn_words
from send_screen.workflows._models import withdrawn_error

_ALIAS = re.compile(r"(?!v\d+$|latest$)[A-Za-z0-9_-]{1,64}", re.IGNORECASE)


def promote(
    model: str,
    *,
    by: str,
    reason: str,
    alias: str = CHAMPION,
    override: str | None = None,
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
) -> Entry:
    """Put a version under an alias, if its figures pass its gates, and enter who did so and why.

    Parameters
    ----------
    model : str
        ``models:/name/3`` or ``models:/name@candidate``.
    by, reason : str
        Of whoever answers for it.
    alias : str, default "champion"
    override : str, optional
        Why it is let in although a gate says no.
    ledger : str or pathlib.Path, optional
        By default ``decisions.jsonl`` beside a local database.
    tracking_uri : str, optional

    Returns
    -------
    dict
        The entry.

    Raises
    ------
    UsageError
        If there is no such version, or the call's words do not fit.
    GateError
        If a gate says no, or the version is past its review date or was withdrawn.
    LedgerError
        If the ledger was altered, or is not the one that the registry knows.
    """
    uri = tracking_uri or default_uri()
    who = {"by": stated("--by", by), "reason": stated("--reason", reason)}
    override = None if override is None else stated("--override", override)
    if not _ALIAS.fullmatch(alias) or alias == ALIAS:
        raise UsageError(
            f"{alias!r} cannot be given to a version.",
            remedy=f"Name another alias, of letters, digits, - and _; {ALIAS} is what training sets.",
        )
    with tempfile.TemporaryDirectory() as target:
        fetched = fetch_bundle(model, uri=uri, target=Path(target))
        version = fetched.version
        if version.withdrawn:
            raise withdrawn_error(model, version.withdrawn)
        bundle = open_bundle(fetched.folder, manifest_sha256=version.manifest_sha256)
    gates = check_gates(bundle.spec.gates, bundle.published)
    _refuse(bundle, gates, override)
    content = {**named(version), **who, "alias": alias, "override": override, "gates": gates}
    content["trained_on"] = bundle.published["version"]["trained_on"]
    with open_for_append(ledger or ledger_of(uri)) as book:
        gone = withdrawal(book.entries, version.version_id)
        if gone is not None:
            raise withdrawn_error(model, withdrawn_words(gone))
        replaces = find_model(version.name, uri=uri).aliases.get(alias)
        entry = enter_decision(book, PROMOTED, content, {"replaces": replaces}, uri=uri)
        tags = {"promoted_by": who["by"], "promoted_on": entry["when"], "promoted_because": who["reason"]}
        tags["gates_overridden_because"] = override or ""
        set_alias(version, alias, uri=uri, tags=tags)
        tell_of(book, version, entry, uri=uri)
    return entry


def _refuse(bundle: Bundle, gates: list[GateResult], override: str | None) -> None:
    """Raise where a version may not be promoted."""
    if dt.datetime.now(dt.UTC).date() > bundle.spec.review_date:
        raise GateError(
            f"The version was to be reviewed by {bundle.spec.review_date.isoformat()}, and may not be used any more.",
            remedy="Review the decision, and train a version of the reviewed spec.",
        )
    failed = failed_gates(gates)
    if bundle.published["version"]["gates"] != gates:
        failed.append("what published.json says of the gates is not what its own figures say")
    if failed and override is None:
        raise GateError(
            "The version was not promoted, because of its gates:\n" + "".join(f"  {words}\n" for words in failed),
            remedy="Whoever answers for letting it in all the same says why with --override, for all to see.",
        )
    if not failed and override is not None:
        raise UsageError("Every gate is passed, so there is nothing to override.", remedy="Leave out --override.")
