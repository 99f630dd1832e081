"""Pictures as inline SVG, in ink alone: pure functions of data, each number written beside what is drawn.

No picture needs colour to be read, and none is drawn to fetch a phrase: words are data
(``send_screen.reports._terms``).
"""

from send_screen.reports.svg._contributions import gap_svg, waterfall_svg
from send_screen.reports.svg._evidence import GapAxis, calibration_svg, decision_svg
from send_screen.reports.svg._marks import frequency_svg, weight_svg
from send_screen.reports.svg._standalone import Picture, standalone
from send_screen.reports.svg._terms import interaction_svg, shape_svg

__all__ = [
    "GapAxis",
    "Picture",
    "calibration_svg",
    "decision_svg",
    "frequency_svg",
    "gap_svg",
    "shape_svg",
    "standalone",
    "interaction_svg",
    "waterfall_svg",
    "weight_svg",
]
