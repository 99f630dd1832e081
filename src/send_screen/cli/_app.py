"""The program ``send-screen``: its commands, each with the arguments of the function of the same name."""

from __future__ import annotations

import sys

# each module enters its commands, which the help lists in this order
import send_screen.cli._model_commands
import send_screen.cli._school_commands
import send_screen.cli._version_commands  # noqa: F401  # imported for that alone
from send_screen.cli._command import app
from send_screen.errors import ExitCode

__all__ = ["app", "main"]


def main() -> None:
    """Run ``send-screen``."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(ExitCode.STOPPED)
