"""What a version is, whether it may be registered, who let it in, and how to know that it was not touched since.

Pure: everything here can be tested, and re-derived by an auditor, without MLflow.
"""

from send_screen.governance._bundle import (
    BAGS,
    EVIDENCE,
    MANIFEST,
    MODEL,
    MOST_FILES,
    PLOTS,
    SIGNATURE,
    SIZE_LIMIT,
    Bundle,
    files_below,
    make_manifest,
    open_bundle,
    parse_bundle,
    parse_manifest,
    read_plain_files,
)
from send_screen.governance._deployments import (
    CHAMPION,
    DeploymentPeriod,
    decisions_about,
    deployment_periods,
    entries_after,
    withdrawal,
)
from send_screen.governance._entries import (
    DecisionEntry,
    Entry,
    ListedChild,
    PromotionEntry,
    RepairEntry,
    ScreeningEntry,
    WithdrawalEntry,
    validate_free_text,
)
from send_screen.governance._identity import (
    code_version,
    files_sha256,
    package_versions,
    release,
    sha256_of,
    version_id,
)
from send_screen.governance._keys import PRIVATE, PUBLIC, generate_key_pair, key_id, read_private_key, read_public_key
from send_screen.governance._ledger import Ledger, OpenLedger, open_for_append, read_ledger, repair_last_line
from send_screen.governance._metadata import version_metadata
from send_screen.governance._pseudonyms import Pseudonyms
from send_screen.governance._statement import Statement, read_envelope, read_statement, sign_statement

__all__ = [
    "version_metadata",
    "version_id",
    "sha256_of",
    "code_version",
    "release",
    "package_versions",
    "Bundle",
    "open_bundle",
    "parse_bundle",
    "parse_manifest",
    "read_plain_files",
    "files_below",
    "make_manifest",
    "MANIFEST",
    "BAGS",
    "SIGNATURE",
    "MODEL",
    "PLOTS",
    "SIZE_LIMIT",
    "MOST_FILES",
    "EVIDENCE",
    "files_sha256",
    "generate_key_pair",
    "read_private_key",
    "read_public_key",
    "PRIVATE",
    "PUBLIC",
    "sign_statement",
    "read_statement",
    "read_envelope",
    "key_id",
    "Statement",
    "Ledger",
    "OpenLedger",
    "Entry",
    "DecisionEntry",
    "PromotionEntry",
    "WithdrawalEntry",
    "RepairEntry",
    "ScreeningEntry",
    "ListedChild",
    "decisions_about",
    "read_ledger",
    "open_for_append",
    "repair_last_line",
    "CHAMPION",
    "DeploymentPeriod",
    "deployment_periods",
    "withdrawal",
    "entries_after",
    "validate_free_text",
    "Pseudonyms",
]
