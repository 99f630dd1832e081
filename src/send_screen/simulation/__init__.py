"""Simulate reception children in England, with known special needs, for demos and tests.

Reception children with schools, goals, absence and a later SEN register, at roughly the published rates, from a seed.
Their unique pupil numbers are of authority 000, which no authority has: this identifies synthetic children.
"""

from send_screen.simulation._england import SyntheticEngland, simulate_england
from send_screen.simulation._england_files import write_england
from send_screen.simulation._examples import simulate_evidence
from send_screen.simulation._planted import replace_goals_by_noise

__all__ = [
    "simulate_england",
    "simulate_evidence",
    "write_england",
    "SyntheticEngland",
    "replace_goals_by_noise",
]
