"""Draft a commented spec and contract from a table: what each column holds, and its role.

What was inferred from the file is marked ``GUESS``, what only a person can say ``DECIDE``. No single
child's value is written.
"""

from send_screen.drafting._headers import schools_are
from send_screen.drafting._profile import ColumnProfile, profile_columns
from send_screen.drafting._render import VERSION, render_contract, render_spec
from send_screen.drafting._roles import ProjectDraft, draft_project

__all__ = [
    "profile_columns",
    "ColumnProfile",
    "draft_project",
    "ProjectDraft",
    "render_contract",
    "render_spec",
    "schools_are",
    "VERSION",
]
