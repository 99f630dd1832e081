"""What promote, withdraw and history say when they are done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from send_screen.governance import DeploymentPeriod, Entry, Ledger
    from send_screen.workflows import History, Withdrawal


def promoted_text(entry: Entry) -> str:
    """Return a promotion in words."""
    lines = [f"{_version(entry)} is now {entry['alias']}, by {entry['by']}: {entry['reason']}"]
    if entry["override"] is not None:
        lines.append(f"LET IN AGAINST ITS GATES, because: {entry['override']}")
    if entry["trained_on"] == "synthetic":
        lines.append("It learnt from invented children: it cannot screen real ones.")
    lines.append(f"Entry {entry['number']} of the ledger. Its hash, to keep elsewhere: {entry['sha256']}")
    return "\n".join(lines)


def withdrawn_json(done: Withdrawal) -> dict[str, Any]:
    """Return a withdrawal in facts."""
    return {
        "withdrawal": done.entry,
        "withdrawn_before": done.earlier,
        "batches": [{"ledger": str(path), **entry} for path, entry in done.batches],
        "looked_in": [{"ledger": str(book.path), "faults": _faults(book)} for book in done.looked_in],
    }


def withdrawn_text(done: Withdrawal) -> str:
    """Return a withdrawal in words, with every child that the version had listed."""
    when = "had been withdrawn before" if done.earlier else "is withdrawn"
    lines = [f"{_version(done.entry)} {when}, by {done.entry['by']}: {done.entry['reason']}"]
    if not done.looked_in:
        lines.append(
            "Whom it had listed was not looked for. Ask the schools for their screenings.jsonl, and give this command "
            "again with --screenings. A folder that was exported earlier still screens: tell who has one."
        )
        return "\n".join(lines)
    children = {listed["child"] for _, entry in done.batches for listed in entry["listed"]}
    lines.append(f"It had listed {len(children)} child(ren) in {len(done.batches)} batch(es); rank and pseudonym:")
    for path, entry in done.batches:
        lines.append(f"  {entry['file']}, {_moment(entry)}, by {entry['by']}: entry {entry['number']} of {path}")
        lines += [f"    {listed['rank']:>5}  {listed['child']}" for listed in entry["listed"]]
    for book in done.looked_in:
        lines += [f"NOT WHOLE: {book.path}: {fault}" for fault in _faults(book)]
    lines.append("Being listed by it was no reason to act, and not being listed none to wait: look at them again.")
    return "\n".join(lines)


def history_json(found: History) -> dict[str, Any]:
    """Return who was in use when, in facts."""
    return {
        "ledger": str(found.ledger.path),
        "entries": len(found.ledger.entries),
        "head": found.ledger.entries[-1]["sha256"] if found.ledger.entries else None,
        "faults": list(found.faults),
        "deployment_periods": [
            {
                "registered": reign.began["registered"],
                "version": reign.began["version"],
                "from": reign.began["when"],
                "to": None if reign.ended is None else reign.ended["when"],
                "began": reign.began,
                "ended": reign.ended,
            }
            for reign in found.deployment_periods
        ],
    }


def history_text(found: History, name: str, *, alias: str, on: str | None) -> str:
    """Return who was in use when, in words."""
    lines = [line for reign in found.deployment_periods for line in _reign(reign)]
    if not lines:
        lines = [f"No version of {name} was {alias}{f' on {on}' if on else ' so far'}."]
    if found.faults:
        return "\n".join([*lines, *(f"NOT AS IT SHOULD BE: {fault}" for fault in found.faults)])
    if not found.ledger.entries:
        return lines[0]
    last = found.ledger.entries[-1]
    whole = f"The ledger is whole: {last['number']} entr{'y' if last['number'] == 1 else 'ies'}, each with its hash"
    lines.append(f"{whole} and in its place, and the registry knows the last about {name}. Last hash: {last['sha256']}")
    return "\n".join(lines)


def _reign(reign: DeploymentPeriod) -> list[str]:
    began, ended = reign.began, reign.ended
    lines = [
        f"{_version(began)}: {began['alias']} from {_moment(began)} to {'now' if ended is None else _moment(ended)}",
        f"  let in by {began['by']}: {began['reason']}",
    ]
    if began["override"] is not None:
        lines.append(f"  AGAINST ITS GATES, because: {began['override']}")
    if ended is not None:
        how = f"replaced by version {ended['registered']}" if ended["kind"] == "promoted" else "withdrawn"
        lines.append(f"  {how} by {ended['by']}: {ended['reason']}")
    return lines


def _version(entry: Entry) -> str:
    return f"models:/{entry['model']}/{entry['registered']} ({entry['version']})"


def _moment(entry: Entry) -> str:
    return f"{entry['when'][:16].replace('T', ' ')} UTC"


def _faults(book: Ledger) -> list[str]:
    return [*book.faults, *(["The last line is torn: a write was stopped."] if book.torn else [])]
