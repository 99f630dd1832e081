"""Pictures as inline SVG in black and white: pure functions of data, with every number printed.

Texts come from ``send_screen.reports._terms`` and its siblings. ``kind`` is always a CSS class of ``style.css``.
"""

from send_screen.reports.svg._contributions import gap_svg, waterfall_svg
from send_screen.reports.svg._evaluation import GapAxis, calibration_svg, decision_svg
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
