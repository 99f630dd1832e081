"""What there is to show of a model itself, as data with words: shapes, interactions, points, an invented child.

Nothing is drawn here but the picture that data scientists know from shap: pages are rendered in
:mod:`send_screen.reports` from what :func:`drawn` returns, which is part of ``published.json``.
"""

from send_screen.pictures._drawn import drawn
from send_screen.pictures._waterfall import shap_waterfall

__all__ = ["drawn", "shap_waterfall"]
