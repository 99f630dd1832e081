"""From a file to a draft: a contract of what the table holds, and a spec of what is still to be decided."""

from send_screen.workflows._first_steps._write import FirstSteps, first_steps

__all__ = ["FirstSteps", "first_steps"]
