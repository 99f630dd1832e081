"""What a version is, whether it may be registered, who let it in, and how to know that it was not touched since.

Pure: everything here can be tested, and re-derived by an auditor, without MLflow.
"""

from send_screen.governance._bundle import BAGS, MANIFEST, Bundle, open_bundle, write_manifest
from send_screen.governance._decisions import (
    CHAMPION,
    PROMOTED,
    WITHDRAWN,
    Reign,
    reigns,
    stated,
    unknown_to_registry,
    withdrawal,
)
from send_screen.governance._gates import GateResult, check_gates, failed_gates
from send_screen.governance._identity import code_version, data_sha256, package_versions, sha256_of, version_id
from send_screen.governance._ledger import Entry, Ledger, OpenLedger, appending, mend, read_ledger
from send_screen.governance._screenings import SCREENING, Pseudonyms, flagged_by

__all__ = [
    "version_id",
    "data_sha256",
    "sha256_of",
    "code_version",
    "package_versions",
    "check_gates",
    "failed_gates",
    "GateResult",
    "Bundle",
    "open_bundle",
    "write_manifest",
    "MANIFEST",
    "BAGS",
    "Ledger",
    "OpenLedger",
    "Entry",
    "read_ledger",
    "appending",
    "mend",
    "PROMOTED",
    "WITHDRAWN",
    "CHAMPION",
    "Reign",
    "reigns",
    "withdrawal",
    "unknown_to_registry",
    "stated",
    "SCREENING",
    "Pseudonyms",
    "flagged_by",
]
