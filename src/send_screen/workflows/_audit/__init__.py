"""Audit a version: derive all that is claimed of it again, and say what differs and what could not be derived."""

from send_screen.workflows._audit._run import audit
from send_screen.workflows._audit._write import write_audit

__all__ = ["audit", "write_audit"]
