"""What every section of ``published.json`` has in common: it is frozen, and knows every name in it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the published report: immutable, without unknown names, and without NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Estimate(Section):
    """A figure with its interval, or None with the reason why there is none."""

    value: float | None
    low: float | None
    """Lower end of the interval, which knows that children sit in schools."""
    high: float | None
    """Upper end of the interval."""
    n: int | None
    """Children in the denominator; None where that is not published."""
    reason: str
    """Why the figure is undefined, suppressed or rounded; empty where it is not."""
