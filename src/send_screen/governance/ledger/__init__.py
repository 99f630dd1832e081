"""The ledger: who decided what about a version, and whom a screening run listed, in a database that is only added to.

It is an SQLite file, or a database of a PostgreSQL server. SQLAlchemy and Alembic are imported where one is opened.
"""

from send_screen.governance.ledger._deployments import (
    CHAMPION,
    DeploymentPeriod,
    decisions_about,
    deployment_periods,
    entries_after,
    withdrawal,
)
from send_screen.governance.ledger._entries import (
    AnyEntry,
    DecisionEntry,
    DecisionsEntry,
    DisclosureEntry,
    Entry,
    ErasureEntry,
    ExpiryEntry,
    ListedChild,
    PromotionEntry,
    ScreeningEndEntry,
    ScreeningEntry,
    WithdrawalEntry,
    current_user,
    validate_free_text,
)
from send_screen.governance.ledger._ledger import Ledger, OpenLedger, open_for_append, read_ledger, screening_runs
from send_screen.governance.ledger._location import LEDGER, LedgerLocation
from send_screen.governance.ledger._records import (
    erase_child,
    find_pseudonyms,
    pseudonyms_of_entry,
    records_of_child,
    records_of_entry,
)
from send_screen.governance.ledger._withdrawn import find_withdrawal, named_ledger, withdrawn_error

__all__ = [
    "CHAMPION",
    "DeploymentPeriod",
    "decisions_about",
    "deployment_periods",
    "entries_after",
    "withdrawal",
    "find_withdrawal",
    "named_ledger",
    "withdrawn_error",
    "Entry",
    "AnyEntry",
    "DecisionEntry",
    "DecisionsEntry",
    "DisclosureEntry",
    "ExpiryEntry",
    "PromotionEntry",
    "WithdrawalEntry",
    "ScreeningEntry",
    "ScreeningEndEntry",
    "ErasureEntry",
    "ListedChild",
    "current_user",
    "validate_free_text",
    "LEDGER",
    "LedgerLocation",
    "Ledger",
    "OpenLedger",
    "read_ledger",
    "open_for_append",
    "screening_runs",
    "find_pseudonyms",
    "pseudonyms_of_entry",
    "records_of_child",
    "records_of_entry",
    "erase_child",
]
