"""The command line: parse the arguments, call the function of the same name, print its result, set the exit code.

The codes are those of :class:`send_screen.errors.ExitCode`.
"""

from send_screen.cli._app import main

__all__ = ["main"]
