"""The sections of ``published.json`` that show the model itself."""

from __future__ import annotations

from typing import Any

from send_screen.contracts import Contract
from send_screen.pictures._axes import axes_of
from send_screen.pictures._points import example, points_card, synthetic_child
from send_screen.pictures._shapes import interactions, shapes
from send_screen.specs import ModelSpec
from send_screen.tables import BaggedTables, RiskTables


def drawn(
    spec: ModelSpec, contracts: dict[str, Contract], tables: RiskTables, bags: BaggedTables | None
) -> dict[str, Any]:
    """Return what shows the model itself: ``shapes``, ``interactions``, ``example`` and ``scorecard``.

    Parameters
    ----------
    spec : ModelSpec
    contracts : dict of str to Contract
        By id.
    tables : RiskTables
    bags : BaggedTables or None
        For how sure what is drawn is.
    """
    axes = axes_of(spec, contracts, tables)
    child = synthetic_child(axes, tables)
    return {
        "shapes": shapes(axes, contracts, tables, bags),
        "interactions": interactions(axes, tables),
        "example": example(axes, tables, child),
        "scorecard": points_card(axes, tables, child),
    }
