"""The waterfall plot of shap for an invented child."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd

from send_screen.estimators._explanation import INTERVENTIONAL, explanation


def shap_waterfall(example: dict[str, Any]) -> str:
    """Return the waterfall of ``shap.plots.waterfall`` as SVG.

    Parameters
    ----------
    example : dict
        The section ``example`` of ``published.json``: an invented child's exact contributions.

    Returns
    -------
    str

    Raises
    ------
    MissingExtraError
        If shap is not installed.

    Examples
    --------
    >>> reasons = [{"value": 3.0, "label": "Reading score", "contribution": 0.5}]
    >>> shap_waterfall({"reasons": reasons, "base_value": -2.0})[:5]
    '<?xml'
    """
    reasons = example["reasons"]
    values = pd.DataFrame([[reason["value"] for reason in reasons]], columns=[reason["label"] for reason in reasons])
    contributions = np.array([[reason["contribution"] for reason in reasons]])
    explained = explanation(contributions, example["base_value"], values, label=INTERVENTIONAL)
    # imported here, after shap is known to be there: both are of the full install
    import matplotlib.pyplot as plt
    import shap

    # a figure of our own, whatever else is drawn in this process
    with plt.rc_context({"svg.fonttype": "none", "svg.hashsalt": "send_screen"}):
        figure = plt.figure()
        try:
            shap.plots.waterfall(explained[0], show=False)
            out = io.StringIO()
            figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None})
        finally:
            plt.close(figure)
    return out.getvalue()
