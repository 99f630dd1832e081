"""Audit a registered version: derive every claim about it again, and report what differs and what could not be derived.

An audit calls the functions that training calls and compares whole documents. Nothing of the version is executed.
"""

from send_screen.auditing._audit import audit
from send_screen.auditing._audit_page import render_audit, write_audit
from send_screen.auditing._results import (
    FAILED,
    NOT_CHECKED,
    PASSED,
    Audit,
    Check,
    CheckResult,
    DocumentDiff,
    Mismatch,
    check_result,
    diff_documents,
    isclose,
    not_checked,
    truncate,
)

__all__ = [
    "audit",
    "write_audit",
    "render_audit",
    "Audit",
    "Check",
    "CheckResult",
    "Mismatch",
    "PASSED",
    "FAILED",
    "NOT_CHECKED",
    "DocumentDiff",
    "diff_documents",
    "check_result",
    "not_checked",
    "isclose",
    "truncate",
]
