"""Compare a screening run with the last one of the same children in the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from send_screen.governance import Bundle, OpenLedger, ScreeningEntry, find_pseudonyms
from send_screen.screening import ChildRecord, EarlierChild, ScreeningResult, role_access, since_last
from send_screen.workflows._run_records import last_decisions, last_run, records_of_run


def compare_with_last(
    result: ScreeningResult, records: Mapping[str, ChildRecord], ledger: OpenLedger, bundle: Bundle
) -> ScreeningResult:
    """Return a run with what changed since the last list of the same model and role; as it is where there is none.

    ``records`` are what the run made of each child, by identifier.
    """
    location, entries = ledger.location, ledger.entries
    version = result.published.version
    if not any(entry.kind == "screening" for entry in entries):
        return result
    pseudonyms = find_pseudonyms(location, list(records))
    last = last_run(
        location,
        entries,
        model=version.name,
        role=result.role,
        per_school=result.per_school,
        children={*pseudonyms.values()},
        n_children=len(records),
    )
    if last is None:
        return result
    then = records_of_run(location, last)
    same_role = [entry for entry in entries if isinstance(entry, ScreeningEntry) and entry.role == result.role]
    decisions = last_decisions(location, entries, same_role, then)
    child_ids = {pseudonym: child_id for child_id, pseudonym in pseudonyms.items()}
    earlier = {
        child_ids.get(pseudonym, pseudonym): EarlierChild(record, decisions.get(pseudonym))
        for pseudonym, record in then.items()
    }
    access = role_access(bundle.contracts, result.role)
    shown = (*bundle.spec.show.name, *([bundle.spec.show.class_name] if bundle.spec.show.class_name else []))
    return since_last(
        result,
        records,
        earlier,
        date=last.when.date().isoformat(),
        same_version=last.version == version.id,
        visible={feature.name for feature in bundle.features if access.data_owner(feature) is None},
        names=all(map(access.may_see, shown)),
    )
