"""What a version is, whether it may be registered, who let it in, and how to know that it was not touched since.

Pure: everything here can be tested, and re-derived by an auditor, without MLflow.
"""

from send_screen.governance._bundle import BAGS, EVIDENCE, MANIFEST, SIGNATURE, Bundle, open_bundle, write_manifest
from send_screen.governance._checks import (
    FAILED,
    NOT_CHECKED,
    PASSED,
    Audit,
    Check,
    Difference,
    Finding,
    alike,
    compare,
    judge,
    not_checked,
    shown,
)
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
from send_screen.governance._identity import (
    code_version,
    data_sha256,
    folder_sha256,
    package_versions,
    sha256_of,
    version_id,
)
from send_screen.governance._keys import (
    PRIVATE,
    PUBLIC,
    PrivateKey,
    PublicKey,
    make_keys,
    read_private_key,
    read_public_key,
)
from send_screen.governance._ledger import Entry, Ledger, OpenLedger, appending, mend, read_ledger
from send_screen.governance._screenings import SCREENING, Pseudonyms, flagged_by
from send_screen.governance._statement import Statement, read_statement, sign_statement

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
    "SIGNATURE",
    "EVIDENCE",
    "folder_sha256",
    "make_keys",
    "read_private_key",
    "read_public_key",
    "PrivateKey",
    "PublicKey",
    "PRIVATE",
    "PUBLIC",
    "sign_statement",
    "read_statement",
    "Statement",
    "Audit",
    "Check",
    "Difference",
    "Finding",
    "PASSED",
    "FAILED",
    "NOT_CHECKED",
    "compare",
    "alike",
    "judge",
    "not_checked",
    "shown",
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
