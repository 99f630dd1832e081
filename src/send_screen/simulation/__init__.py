"""Synthetic England: simulated children with known need, to try everything on.

Reception children with schools, goals, absence and a later SEN register, at roughly the published rates, from a seed.
Their unique pupil numbers are of authority 000, which was given to no authority: the mark of a synthetic child.
"""

from send_screen.simulation._england import England, simulate_england
from send_screen.simulation._england_files import write_england
from send_screen.simulation._examples import simulate_evidence
from send_screen.simulation._planted import replace_goals_by_noise

__all__ = [
    "simulate_england",
    "simulate_evidence",
    "write_england",
    "England",
    "replace_goals_by_noise",
]
