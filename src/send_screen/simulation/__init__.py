"""Simulate reception children in England, with known special needs, for demos and tests.

Reception children with schools, goals, absence and a later SEN register, at roughly the published rates, from a seed.
:func:`simulate_agencies` adds what health, early years and social care recorded of the same children, with identifiers
in trouble, and the truth of whose each row is. The children's unique pupil numbers are of authority 000, which no
authority has: this identifies synthetic children.
"""

from send_screen.simulation._agencies import SyntheticAgencies, simulate_agencies
from send_screen.simulation._england import SyntheticEngland, simulate_england
from send_screen.simulation._england_files import write_england
from send_screen.simulation._examples import simulate_evidence
from send_screen.simulation._planted import replace_goals_by_noise

__all__ = [
    "simulate_england",
    "simulate_agencies",
    "simulate_evidence",
    "write_england",
    "SyntheticEngland",
    "SyntheticAgencies",
    "replace_goals_by_noise",
]
