"""Audit a version: derive all that is claimed of it again, and say what differs and what could not be derived."""

from send_screen.workflows._audit._run import audit

__all__ = ["audit"]
