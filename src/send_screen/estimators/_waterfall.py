"""An invented child's waterfall as data scientists know it: drawn by ``shap.plots``."""

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
        An ``svg`` element.

    Raises
    ------
    MissingExtraError
        If shap is not installed.

    Examples
    --------
    >>> from send_screen import load_spec
    >>> from send_screen.contracts import shipped
    >>> spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    >>> from send_screen import PenalisedLogisticClassifier, load_cohort
    >>> from send_screen.published import model_sections
    >>> from send_screen.simulation import simulate_england
    >>> cohort = load_cohort(spec, simulate_england(children=600, schools=20, seed=0).tables)
    >>> tables = PenalisedLogisticClassifier().fit(cohort.X, cohort.y).risk_tables_
    >>> sections = model_sections(spec, dict(spec.contracts), tables, None)
    >>> "<svg" in shap_waterfall(sections["example"])
    True
    """
    reasons = example["reasons"]
    told = pd.DataFrame([[reason["value"] for reason in reasons]], columns=[reason["label"] for reason in reasons])
    contributions = np.array([[reason["contribution"] for reason in reasons]])
    explained = explanation(contributions, example["base_value"], told, label=INTERVENTIONAL)
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
