"""Enter exports and kits into the ledger of decisions, before anything of them stands under its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from send_screen.documents import file_name
from send_screen.errors import UsageError
from send_screen.governance import (
    Bundle,
    ExportEntry,
    LedgerLocation,
    current_user,
    named_ledger,
    open_for_append,
    validate_free_text,
    withdrawal,
    withdrawn_error,
)

if TYPE_CHECKING:
    from send_screen.tracking import RegisteredVersion

NOT_ENTERED = (
    "No ledger of decisions was named or found, so none has this export, and a withdrawal will not name it (--ledger)."
)


def enter_export(
    bundle: Bundle,
    registered: RegisteredVersion | None,
    out: Path,
    *,
    what: Literal["folder", "sql", "xlsx", "kit"],
    ledger: str | Path | None,
    tracking_uri: str | None,
) -> ExportEntry | None:
    """Append an export to the ledger of decisions; None where no ledger is named or stands beside a local registry.

    Parameters
    ----------
    bundle : Bundle
        The version.
    registered : RegisteredVersion or None
        The same in the registry; None where it came from an exported folder.
    out : pathlib.Path
        Where it will stand; the entry has the last part of it.
    what : {"folder", "sql", "xlsx", "kit"}
    ledger, tracking_uri : str or pathlib.Path or None
        As the user gave them.

    Raises
    ------
    UsageError
        If the name of ``out`` holds what looks like somebody's identifier.
    GateError
        If the version was withdrawn meanwhile.
    LedgerError, MachineError
        If there is a ledger, and it was altered or cannot be written.
    """
    location = named_ledger(ledger) or (None if registered is None else _beside_registry(tracking_uri))
    if location is None:
        return None
    version = bundle.published.version
    validate_free_text("The name with --out", re.sub(r"[\W_]+", " ", out.absolute().name))
    entry = ExportEntry(
        by=current_user(),
        model=version.name if registered is None else registered.name,
        registered=None if registered is None else registered.number,
        version=version.id,
        manifest_sha256=bundle.manifest_sha256,
        what=what,
        file_name=file_name(out.absolute()),
    )
    with open_for_append(location) as open_ledger:
        # under the lock: a withdrawal comes after this entry and names it, or before it and is seen here
        if withdrawal(open_ledger.entries, entry.version, manifest_sha256=entry.manifest_sha256) is not None:
            raise withdrawn_error(f"The version {entry.version}")
        return open_ledger.append(entry)


def _beside_registry(tracking_uri: str | None) -> LedgerLocation | None:
    from send_screen.tracking import default_uri
    from send_screen.workflows._decision_ledger import default_ledger

    try:
        return LedgerLocation(default_ledger(tracking_uri or default_uri()))
    except UsageError:  # the registry is on a server
        return None
