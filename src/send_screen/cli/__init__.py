"""The command line: parse the arguments, call the function of the same name, print its result, set the exit code.

0 done; 1 the data or a gate says no; 2 the call's arguments are wrong; 3 something is missing on this machine.
"""

from send_screen.cli._app import main

__all__ = ["main"]
