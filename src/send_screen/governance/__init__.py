"""What a version is, whether it may be registered, and how to know that it was not touched since.

Pure: everything here can be tested, and re-derived by an auditor, without MLflow.
"""

from send_screen.governance._bundle import BAGS, MANIFEST, Bundle, open_bundle, write_manifest
from send_screen.governance._gates import GateResult, check_gates
from send_screen.governance._identity import code_version, data_sha256, package_versions, sha256_of, version_id

__all__ = [
    "version_id",
    "data_sha256",
    "sha256_of",
    "code_version",
    "package_versions",
    "check_gates",
    "GateResult",
    "Bundle",
    "open_bundle",
    "write_manifest",
    "MANIFEST",
    "BAGS",
]
