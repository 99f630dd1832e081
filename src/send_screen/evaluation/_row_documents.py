"""Rows of measured tables as typed documents: what is undefined or suppressed is None, and the rest has few digits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeVar

from send_screen.documents import Document
from send_screen.evaluation._confusion_at_capacity import RATES
from send_screen.evaluation._performance import LOG_LOSS
from send_screen.evaluation.disclosure import is_small, nearest, outward
from send_screen.published._measured import SUPPRESSED

#: Metrics that are one count over another; any other depends on each child's score, and is rounded.
SHARES_OF_COUNTS = ("prevalence", "false_negative_rate", "false_positive_rate", "number_needed_to_screen", *RATES)
#: Digits of a metric of scores, if not 3: with all of them it would tell the ranks of those with the outcome.
_DIGITS = {LOG_LOSS: 4}
_COUNTS = ("n", "schools", "required_n", "required_schools")
#: Columns that are settings, not measurements, and so are never suppressed.
_NOT_MEASURED = ("tolerance", "min_risk_percent", "threshold_probability")
Row = TypeVar("Row", bound=Document)


def as_document(kind: type[Row], row: Mapping[Any, Any], suppressed: bool, **more: Any) -> Row:
    """Return a row of a table as a typed document; undefined and suppressed values are None, with the reason."""
    values = {name: row[name] for name in kind.model_fields if name in row}
    for name, value in values.items():
        if name in _COUNTS:
            values[name] = None if suppressed else published_count(value)
        elif isinstance(value, float) and name not in _NOT_MEASURED and (suppressed or not math.isfinite(value)):
            values[name] = None
        elif name == "value" and "metric" in row and row["metric"] not in SHARES_OF_COUNTS:
            values[name] = round(value, _DIGITS.get(row["metric"], 3))
        elif name == "critical_difference":
            values[name] = outward(0.0, value)[1]
    if values.get("low") is not None and values.get("high") is not None:
        values["low"], values["high"] = outward(values["low"], values["high"])
    if suppressed and "reason" in values:
        values["reason"] = SUPPRESSED
    return kind(**values, **more)


def published_count(count: float) -> int | None:
    """Return a count as a whole number, None where it is small or there is none."""
    return None if is_small(count) or not math.isfinite(count) else round(count)


def nearest_multiples(row: Mapping[Any, Any], step: float) -> dict[str, float]:
    """Return value and interval of a figure as multiples of a step, the interval outward; without what is undefined."""
    directions = (("value", 0), ("low", -1), ("high", 1))
    return {name: nearest(row[name], step, up=up) for name, up in directions if math.isfinite(row[name])}
