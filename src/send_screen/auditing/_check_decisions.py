"""Checks of decisions: the ledger, the registry's aliases, and the decisions displayed beside the version."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from send_screen.auditing._added import DECISION_TAGS, text_added_after
from send_screen.auditing._audited_version import NO_TAG, AuditedVersion, CannotCheck
from send_screen.auditing._checks import Addition, CheckResult, audit_check, check_result
from send_screen.auditing._compare import Mismatch, diff_documents, first_difference
from send_screen.documents import is_confusable
from send_screen.errors import LedgerError, MachineError
from send_screen.governance import (
    CHAMPION,
    MANIFEST,
    DecisionEntry,
    Ledger,
    LedgerLocation,
    PromotionEntry,
    WithdrawalEntry,
    decisions_about,
    deployment_periods,
    entries_after,
    find_withdrawal,
    read_ledger,
    sha256_of,
    withdrawal,
)
from send_screen.published import GateResult
from send_screen.published._gates import recheck_gates
from send_screen.reports import render_decisions, render_summary
from send_screen.tracking import CANDIDATE_ALIAS, default_uri, describe_version, parse_hashes
from send_screen.workflows._decision_ledger import default_ledger, describe_number, file_at


def require_ledger(audited: AuditedVersion) -> Ledger:
    """Return the ledger of decisions, unverified; raise CannotCheck where it cannot be found."""
    if audited.ledger is not None:
        return read_ledger(audited.ledger)
    uri, model = audited.uri or default_uri(), audited.require_snapshot().model
    if uri.startswith("sqlite:"):
        return read_ledger(default_ledger(uri))
    if model.head is None and model.location is None:
        return Ledger(LedgerLocation(Path()))  # the registry records no decision, so there should be none
    path = file_at(model.location)
    if path is None:
        raise CannotCheck("The ledger of decisions is not where it can be read from here. Name it with --ledger.")
    return read_ledger(path)


def describe_withdrawal(audited: AuditedVersion) -> str:
    """Return when, by whom and why the version was withdrawn, from the ledger; empty where it was not."""
    metadata, snapshot = audited.metadata, audited.snapshot
    if metadata is None:
        return ""
    try:
        if snapshot is None or not snapshot.registered:
            ledgers = [] if audited.ledger is None else [LedgerLocation.parse(audited.ledger)]
            manifest_sha256 = sha256_of(audited.files.get(MANIFEST, b""))
            gone = find_withdrawal(ledgers, version=metadata.id, manifest_sha256=manifest_sha256)
            return "" if gone is None else gone.description
        gone = withdrawal(require_ledger(audited).entries, metadata.id)
    except (CannotCheck, LedgerError, MachineError):
        unread = "says the registry; the ledger, which says when, by whom and why, cannot be read from here"
        return unread if snapshot is not None and snapshot.version.withdrawn else ""
    return "" if gone is None else gone.description


@audit_check("The ledger of decisions about this model is complete and unaltered")
def check_ledger(audited: AuditedVersion) -> CheckResult:
    snapshot, ledger = audited.require_snapshot(), require_ledger(audited)
    name, head, where = snapshot.version.name, snapshot.model.head, str(ledger.location)
    decisions = decisions_about(ledger.entries, name)
    differences = [Mismatch(where, fault, "entries as they were written") for fault in ledger.faults]
    try:
        for entry in entries_after(ledger.entries, name, head):
            unrecorded = f"entry {entry.number}, that the registry does not record"
            differences.append(Mismatch(where, unrecorded, "no entry after the last that the registry records"))
    except LedgerError as error:
        differences.append(Mismatch(where, error.message, f"an entry {head}"))
    summary = (
        f"{len(decisions)} entries about {name}, each with its hash and in its place. Who writes to ledger and registry"
        " could write all of it anew: compare the last hash with one noted elsewhere, "
        f"{decisions[-1].sha256 if decisions else 'none yet'}."
    )
    return check_result(differences, summary, additions=_about_other_models(ledger, audited))


def _about_other_models(ledger: Ledger, audited: AuditedVersion) -> list[Addition]:
    """Return the entries about other models that the registry does not record: an audit of those models checks them."""
    snapshot = audited.require_snapshot()
    heads, additions = snapshot.related_entities.models, []
    if not heads:
        return []  # the registry did not list other models: describe_scope says so
    entries = [entry for entry in ledger.entries if isinstance(entry, DecisionEntry)]
    for name in sorted({entry.model for entry in entries} - {snapshot.version.name}):
        try:
            unrecorded = entries_after(entries, name, heads.get(name))
        except LedgerError as error:
            additions.append(Addition(f"ledger, about the model {name}", error.message))
            continue
        for entry in unrecorded:
            description = f"entry {entry.number}, {entry.kind} by {entry.by}, that the registry does not record"
            additions.append(Addition(f"ledger, about the model {name}", description))
    return additions


@audit_check("Each alias points where the ledger says")
def check_aliases(audited: AuditedVersion) -> CheckResult:
    snapshot = audited.require_snapshot()
    name, actual = snapshot.version.name, snapshot.model.aliases
    # the alias candidate is set by training, the others by decisions
    expected = {CANDIDATE_ALIAS: None if snapshot.newest_withdrawn else snapshot.newest}
    try:
        entries = decisions_about(require_ledger(audited).entries, name)
        aliases = {entry.alias for entry in entries if isinstance(entry, PromotionEntry)}
        for alias in sorted(aliases | {CHAMPION}):
            last = next(reversed(deployment_periods(entries, name, alias=alias)), None)
            expected[alias] = None if last is None or last.ended is not None else last.began.registered
    except CannotCheck:
        if set(actual) - {CANDIDATE_ALIAS}:
            raise
    additions = []
    for alias, number in actual.items():
        if alias not in expected and any(is_confusable(alias, own) for own in expected):
            expected[alias] = None
        elif alias not in expected:
            additions.append(
                Addition(f"alias {alias}", f"{describe_number(number)}; no promotion in the ledger gave it")
            )
    differences = [
        Mismatch(
            f"alias {alias}", describe_number(actual.get(alias)), f"{describe_number(number)}, as the ledger has it"
        )
        for alias, number in expected.items()
        if actual.get(alias) != number
    ]
    failure = "An alias that send-screen gives, or one that reads like it, was moved without send-screen."
    return check_result(differences, f"{len(expected)} aliases.", failure=failure, additions=additions)


@audit_check("The decisions displayed with this version are those of the ledger")
def check_decisions(audited: AuditedVersion) -> CheckResult:
    snapshot, ledger, bundle = audited.require_snapshot(), require_ledger(audited), audited.require_bundle()
    version, id = snapshot.version, bundle.published.version.id
    decisions = [entry for entry in ledger.entries if isinstance(entry, DecisionEntry)]
    here = [entry for entry in decisions if (entry.model, entry.registered) == (version.name, version.number)]
    failure = "What is shown is not what was decided."
    expected = {"version": id, "manifest_sha256": parse_hashes(snapshot.tags).get("manifest_sha256", NO_TAG)}
    faults = [
        fault
        for entry in here
        for fault in diff_documents(
            entry.model_dump(include=set(expected)), expected, f"ledger, entry {entry.number}"
        ).differences
    ]
    faults += _tag_faults(here, withdrawal(decisions, id), audited)
    if faults:  # never inconclusive: no release has written other ones
        return check_result(faults, "", failure=failure)
    gates = recheck_gates(bundle.spec.gates, bundle.published)
    differences = [fault for entry in here for fault in _gate_faults(entry, gates)]
    last = max((entry.number for entry in here), default=0)
    same = [entry for entry in decisions if entry.version == id and entry.number <= last]
    decision_notes = render_decisions(same) if same else ""
    description = describe_version(decision_notes, render_summary(bundle.published))
    additions = text_added_after("description of the registered version", snapshot.description, description)
    notes = {"decisions.md": (snapshot.run_files.get("decisions.md", b""), decision_notes.encode())}
    if additions is None:
        notes["description of the registered version"] = snapshot.description.encode(), description.encode()
    for name, (claimed, found) in notes.items():
        if claimed and found and claimed != found:
            differences.append(first_difference(name, claimed, found))
        elif claimed != found:
            nothing = b"nothing: no decision is in the ledger"
            differences.append(Mismatch(name, (claimed or b"nothing").decode(), (found or nothing).decode()))
    summary = f"{len(here)} decisions about it; the notes, tags, hashes and gates are those of the ledger."
    reason = audited.inconclusive_pages
    return check_result(differences, summary, failure=failure, inconclusive_reason=reason, additions=additions or ())


def _gate_faults(entry: DecisionEntry, gates: tuple[GateResult, ...]) -> list[Mismatch]:
    """Return the differences of the gate results in a promotion from the recomputed ones."""
    if not isinstance(entry, PromotionEntry):
        return []
    where = f"ledger, entry {entry.number}"
    differences = diff_documents(entry.gates, gates, f"{where}: gates").differences
    if not all(gate.passed for gate in gates) and entry.override is None:
        differences.append(Mismatch(where, "promoted over a failed gate, and no override is named", "an override"))
    return differences


def _tag_faults(here: Sequence[DecisionEntry], gone: WithdrawalEntry | None, audited: AuditedVersion) -> list[Mismatch]:
    """Return the tags that differ from those of the version's last promotion and withdrawal in the ledger."""
    snapshot = audited.require_snapshot()
    tags = {name: snapshot.tags[name] for name in DECISION_TAGS if name in snapshot.tags and name != "withdrawn"}
    promotions = [entry for entry in here if isinstance(entry, PromotionEntry)]
    expected = promotions[-1].tags if promotions else {}
    differences = diff_documents(tags, expected, "tag of the registered version").differences
    tag, never = snapshot.tags.get("withdrawn"), "not withdrawn"
    # a copy under another number may have the tag and this one not; but its own tag must be right
    claimed = {snapshot.version.withdrawn or never, *([] if tag is None else [tag])}
    found = never if gone is None else gone.description
    differences += [Mismatch("tag withdrawn", each, found) for each in sorted(claimed) if each != found]
    of_experiments = {snapshot.experiment_id: never} | snapshot.withdrawals
    return differences + [
        Mismatch(f"tag of experiment {id}, of the withdrawal", summary, found)
        for id, summary in of_experiments.items()
        if summary != found
    ]
