"""How long the records of what was read may be kept."""

from __future__ import annotations

import datetime as dt

from send_screen.governance import Bundle


def keep_until(bundle: Bundle, today: dt.date) -> dt.date | None:
    """Return until when what is read today may be kept: by the contract that is shortest; None where none says it."""
    used = [bundle.contracts[use.contract] for use in bundle.spec.data if not use.training_only]
    days = [contract.retention_days for contract in used if contract.retention_days is not None]
    return today + dt.timedelta(days=min(days)) if days else None
