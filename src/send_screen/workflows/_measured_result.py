"""The measured sections of a report as data frames: one row per figure, with a reason where it has no value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from send_screen.documents import Count, Document
from send_screen.published import MeasuredReport
from send_screen.results import Result, Section

_SHOWN = (
    ("roc_auc", "ROC AUC"),
    ("average_precision", "average precision"),
    ("recall", "recall: of those with the outcome, listed"),
    ("precision", "precision: of those listed, with the outcome"),
)
_COUNT = (int, int | None, Count | None)


class MeasuredResult(Result):
    """Base class of results with a report of measurements, under disclosure control."""

    published: MeasuredReport

    @property
    def performance(self) -> pd.DataFrame:
        """Each metric of each model compared: ``model``, ``metric``, ``value``, ``low``, ``high`` (95 %), ``n``."""
        return _frame(self.published.performance)

    @property
    def differences(self) -> pd.DataFrame:
        """Each metric of the model minus that of each other model, on the same children, with its interval."""
        return _frame(self.published.differences)

    @property
    def groups(self) -> pd.DataFrame:
        """Each metric of each group: ``attribute``, ``group``, ``metric``, value, interval, ``n`` and reason."""
        return _frame(self.published.groups)

    @property
    def gaps(self) -> pd.DataFrame:
        """Each gap between groups, under disclosure control: value, interval, tolerance, verdict and description."""
        return _frame(self.published.gaps)

    @property
    def calibration(self) -> pd.DataFrame:
        """The reliability diagram: predicted and observed risk, in per cent, by bins of equally many children."""
        return _frame(self.published.calibration)

    @property
    def net_benefit(self) -> pd.DataFrame:
        """The decision curve: net benefit minus that of assessing no child, of all, and of the baseline."""
        return _frame(self.published.net_benefit)

    def _metrics(self, models: Mapping[str, str]) -> Section:
        """Return a table of the main metrics, with a column for each model under its given name."""
        rows = [(label, *(self._figure(model, metric) for model in models)) for metric, label in _SHOWN]
        return Section(table=[("", *models.values()), *rows])

    def _figure(self, model: str, metric: str) -> str:
        row = self.published.metric(metric, model=model)
        if row is None or row.value is None:
            return (row and row.reason) or "not measured"
        interval = "" if row.low is None or row.high is None else f" ({row.low:.3f}-{row.high:.3f})"
        return f"{row.value:.3f}{interval}"


def _frame(rows: Sequence[Document]) -> pd.DataFrame:
    """Return a data frame with a row per document; columns of counts are nullable integers."""
    frame = pd.DataFrame([row.model_dump() for row in rows])
    counts = [name for row in rows[:1] for name, field in type(row).model_fields.items() if field.annotation in _COUNT]
    return frame.astype(dict.fromkeys(counts, "Int64"))
