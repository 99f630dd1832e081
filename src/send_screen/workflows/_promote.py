"""Promote a version: check its gates, record who decided and why, and set the alias."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from send_screen.errors import GateError, UsageError
from send_screen.governance import (
    CHAMPION,
    Bundle,
    PromotionEntry,
    open_for_append,
    validate_free_text,
    withdrawal,
    withdrawn_error,
)
from send_screen.published import GateResult, failed_gates
from send_screen.published._gates import recheck_gates
from send_screen.results import Result, Section
from send_screen.specs import open_decisions
from send_screen.tracking import CANDIDATE_ALIAS, default_uri, find_model, open_registered, set_alias
from send_screen.workflows._decision_ledger import (
    default_ledger,
    model_uri,
    record_decision,
    require_not_withdrawn,
    sync_registry,
)

_VALID_ALIAS = re.compile(r"(?!v\d+$|latest$)[A-Za-z0-9_-]{1,64}", re.IGNORECASE)


@dataclass(frozen=True, repr=False)
class Promotion(Result):
    """A version that was promoted."""

    entry: PromotionEntry
    """Its entry in the ledger of decisions."""

    @property
    def headline(self) -> str:
        """The version that the alias points to now, who decided so and why."""
        entry = self.entry
        return f"{model_uri(entry)} is now {entry.alias}, by {entry.by}: {entry.reason}"

    def sections(self) -> Iterable[Section]:
        """Yield the reason of an override, and the entry's hash."""
        lines = []
        if self.entry.override is not None:
            lines.append(f"LET IN AGAINST ITS GATES, because: {self.entry.override}")
        if self.entry.trained_on == "synthetic":
            lines.append("It was trained on invented data: it cannot screen anybody real.")
        found = f"Entry {self.entry.number} of the ledger. Its hash, to keep elsewhere: {self.entry.sha256}"
        yield Section([*lines, found])

    def to_dict(self) -> dict[str, Any]:
        """Return the entry."""
        return self.entry.model_dump(mode="json")


def promote(
    model: str,
    *,
    by: str,
    reason: str,
    alias: str = CHAMPION,
    override: str | None = None,
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
) -> Promotion:
    """Set a registered version's alias if it passes its gates, and record who decided so and why.

    Parameters
    ----------
    model : str
        ``models:/name/3`` or ``models:/name@candidate``.
    by, reason : str
        Who answers for it and why, without any child's data. Whoever can open the registry can read both.
    alias : str, default "champion"
    override : str, optional
        Why it is promoted although a gate fails; shown beside its card.
    ledger : str or pathlib.Path, optional
        By default ``ledger.db`` beside a local database.
    tracking_uri : str, optional
        Where the registry is; by default ``mlflow.db`` in the working directory.

    Returns
    -------
    Promotion
        Its ``entry`` is that of the ledger.

    Raises
    ------
    UsageError
        If there is no such version, or an argument is invalid.
    GateError
        If a gate failed, a DECIDE is open in the spec, or the version is past its review date or was withdrawn.
    LedgerError
        If the ledger was altered, or is not the one that the registry records.

    Examples
    --------
    >>> from send_screen import promote
    >>> promote("models:/reception_sen/3", by="A. Head", reason="agreed on 3 May")  # doctest: +SKIP
    <Promotion: models:/reception_sen/3 (3f2a...) is now champion, by A. Head: agreed on 3 May>
    """
    uri = tracking_uri or default_uri()
    by, reason = validate_free_text("--by", by), validate_free_text("--reason", reason)
    override = None if override is None else validate_free_text("--override", override)
    if not _VALID_ALIAS.fullmatch(alias) or alias == CANDIDATE_ALIAS:
        raise UsageError(
            f"{alias!r} cannot be given to a version.",
            remedy=f"Name another alias, of letters, digits, - and _; {CANDIDATE_ALIAS} is what training sets.",
        )
    version, bundle = open_registered(model, uri=uri)
    version_id, manifest_sha256 = bundle.published.version.id, bundle.manifest_sha256
    require_not_withdrawn(model, version=version_id, manifest_sha256=manifest_sha256, ledger=ledger, uri=uri)
    gates = recheck_gates(bundle.spec.gates, bundle.published)
    _check_may_promote(bundle, gates, override)
    with open_for_append(ledger or default_ledger(uri)) as open_ledger:
        # again, since it is locked only now
        if withdrawal(open_ledger.entries, version_id, manifest_sha256=manifest_sha256) is not None:
            raise withdrawn_error(model)
        replaces = find_model(version.name, uri=uri).aliases.get(alias)
        decision = PromotionEntry(
            model=version.name,
            registered=version.number,
            version=version.version_id,
            manifest_sha256=version.manifest_sha256,
            by=by,
            reason=reason,
            alias=alias,
            override=override,
            gates=gates,
            trained_on=bundle.published.version.trained_on,
            replaces=replaces,
        )
        entry = record_decision(open_ledger, decision, uri=uri)
        set_alias(version, alias, uri=uri, tags=entry.tags)
        sync_registry(open_ledger, version, entry, uri=uri)
    return Promotion(entry)


def _check_may_promote(bundle: Bundle, gates: tuple[GateResult, ...], override: str | None) -> None:
    """Raise where a version may not be promoted."""
    if dt.datetime.now(dt.UTC).date() > bundle.spec.review_date:
        raise GateError(
            f"The version was to be reviewed by {bundle.spec.review_date.isoformat()}, and may not be used any more.",
            remedy="Review the decision, and train a version of the reviewed spec.",
        )
    if undecided := open_decisions(bundle.spec):
        raise GateError(
            "The version was not promoted: its spec or contract is a draft, in which is still to be decided:\n"
            + "".join(f"  {question}\n" for question in undecided),
            remedy="Decide, take each mark away, and train a version of the decided spec.",
        )
    failed = failed_gates(gates)
    if bundle.published.version.gates != gates:
        failed.append("what published.json says of the gates is not what its own figures say")
    if failed and override is None:
        raise GateError(
            "The version was not promoted, because of its gates:\n" + "".join(f"  {gate}\n" for gate in failed),
            remedy="Whoever answers for letting it in all the same says why with --override, for all to see.",
        )
    if not failed and override is not None:
        raise UsageError("Every gate is passed, so there is nothing to override.", remedy="Leave out --override.")
