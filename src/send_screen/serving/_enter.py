"""Enter what a served version answers into a ledger, before it is answered."""

from __future__ import annotations

import datetime as dt
import logging
import os
from typing import Any

import pandas as pd

from send_screen.errors import SendScreenError
from send_screen.governance import AnyEntry, Bundle, LedgerLocation, ServedEntry, open_for_append, withdrawal
from send_screen.screening import keep_until
from send_screen.serving._requests import RequestError

SERVED_LEDGER_VARIABLE = "SEND_SCREEN_SERVED_LEDGER"
_logger = logging.getLogger(__name__)
_RECORDED = ("status", "reason", "score", "percent", "reasons_for", "reasons_against", "not_known", "ask")


def served_ledger() -> LedgerLocation | None:
    """Return the ledger that ``SEND_SCREEN_SERVED_LEDGER`` names; None where answers are not to be entered."""
    named = os.environ.get(SERVED_LEDGER_VARIABLE)
    return LedgerLocation.parse(named) if named else None


def enter_answers(
    location: LedgerLocation,
    bundle: Bundle,
    table: pd.DataFrame,
    children: dict[int, str],
    *,
    role: str | None,
    verified: list[AnyEntry],
) -> ServedEntry:
    """Append one entry for a request, with a sealed record of each child who has an identifier.

    Parameters
    ----------
    location : LedgerLocation
    bundle : Bundle
        The version that answers.
    table : pandas.DataFrame
        Its predictions, without what ``role`` may not see.
    children : dict of int to str
        Child's identifier by ``row`` of the table.
    role : str or None
    verified : list of Entry
        What this server verified of the ledger: see :func:`open_for_append`.

    Raises
    ------
    RequestError
        If it cannot be entered: then nothing may be answered. Why is logged, and not told to whoever asked. Also if
        the ledger says that the version was withdrawn.
    """
    records: dict[str, dict[str, Any]] = {}
    plain = table.astype(object).where(table.notna(), None)
    for row, answer in zip(plain["row"], plain[list(_RECORDED)].to_dict("records"), strict=True):
        if row in children:
            records.setdefault(children[row], {"answers": []})["answers"].append(answer)
    until = keep_until(bundle, dt.date.today())
    answered = int((table["status"] == "screened").sum())
    entry = ServedEntry(
        version=bundle.published.version.id,
        manifest_sha256=bundle.manifest_sha256,
        role=role,
        answered=answered,
        refused=len(table) - answered,
        keep_until=until.isoformat() if until else None,
    )
    try:
        with open_for_append(location, verified=verified) as ledger:
            gone = withdrawal(ledger.entries, entry.version, manifest_sha256=entry.manifest_sha256)
            if gone is None:
                return ledger.append(entry, records=records)
    except SendScreenError as error:
        _logger.error("An answer was refused, since it cannot be entered in the ledger: %s", error)
        raise RequestError(
            "The answer cannot be entered in the ledger of this server, so it is not given.",
            remedy="Tell those who run this server: its log says why. Then send the request again.",
            status=503,
        ) from None
    raise RequestError("This version was withdrawn for good.", remedy="Tell those who run this server.", status=410)
