"""What batches tell of a table as a whole, and why it cannot be used; facts of several batches add up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from send_screen.batches._plain_columns import PlainColumn
from send_screen.governance import Bundle
from send_screen.specs import ColumnRef


@dataclass
class BatchFacts:
    """Counts over rows, cells and values."""

    n_rows: int = 0
    n_repeats: int = 0
    """Rows that repeat another one, and are read once."""
    n_filled: Counter[str] = field(default_factory=Counter)
    """Cells that hold something, by column."""
    not_known: Counter[str] = field(default_factory=Counter)
    """Needed cells that are blank or cannot be read, and are taken as not known, by column."""
    n_with_not_known: int = 0
    """Rows with any."""
    broken: dict[str, Counter[str]] = field(default_factory=dict)
    """Cells that break a rule by themselves, by rule and text."""
    out_of_range: Counter[str] = field(default_factory=Counter)
    """Values beyond those that the model learnt from, by feature."""
    unknown_level: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    sample: dict[str, list[float | str | None]] = field(default_factory=dict)
    """Values of the features of some children, evenly spread over the rows."""
    groups: dict[str, Counter[str]] = field(default_factory=dict)
    """Children screened, by attribute and group."""
    as_of: tuple[str, str] | None = None
    """ISO dates of the first and the last day as of which a child is known."""
    n_synthetic: int = 0
    n_real: int = 0

    def add_column(self, ref: ColumnRef, column: PlainColumn) -> None:
        """Count the cells of a column."""
        self.n_filled[str(ref)] += column.n_filled
        for (rule, text), n in column.broken.items():
            self.broken.setdefault(rule, Counter())[text] += n

    def add_ids(self, synthetic: np.ndarray, real: np.ndarray) -> None:
        """Count the children who are synthetic, and those who are real."""
        self.n_synthetic += int(synthetic.sum())
        self.n_real += int(real.sum())

    def add_groups(self, groups: pd.DataFrame) -> None:
        """Count the children screened in each group; a column for each attribute."""
        for name in groups:
            self.groups.setdefault(str(name), Counter()).update(
                {str(group): int(n) for group, n in groups[name].value_counts().items()}
            )

    def add_as_of(self, dates: pd.Series) -> None:
        """Widen the range of the days as of which children are known."""
        if len(dates):
            ends = dates.min().date().isoformat(), dates.max().date().isoformat()
            self.as_of = ends if self.as_of is None else (min(self.as_of[0], ends[0]), max(self.as_of[1], ends[1]))

    def add_values(self, bundle: Bundle, X: pd.DataFrame, *, sampled: np.ndarray) -> None:
        """Count the values of the features, and keep those of some children."""
        tables = bundle.tables
        for name, out, unknown, missing in zip(
            tables.features,
            tables.clipped(X).sum(axis=0),
            tables.unknown_category(X).sum(axis=0),
            X.isna().sum(axis=0),
            strict=True,
        ):
            self.out_of_range[name] += int(out)
            self.unknown_level[name] += int(unknown)
            self.missing[name] += int(missing)
            values = X[name].to_numpy()[sampled].tolist()
            self.sample[name] = [None if value != value else value for value in values]

    def to_json(self) -> str:
        """Return the facts as JSON."""
        return json.dumps(vars(self), separators=(",", ":"))


def add_up(facts: Iterable[str]) -> BatchFacts:
    """Return the facts of a table from those of its batches, as JSON."""
    total = BatchFacts()
    for text in facts:
        part = json.loads(text)
        for name in ("n_filled", "not_known", "out_of_range", "unknown_level", "missing"):
            getattr(total, name).update(part[name])
        for rule, texts in part["broken"].items():
            total.broken.setdefault(rule, Counter()).update(texts)
        for name, counts in part["groups"].items():
            total.groups.setdefault(name, Counter()).update(counts)
        for name, values in part["sample"].items():
            total.sample.setdefault(name, []).extend(values)
        for name in ("n_rows", "n_repeats", "n_with_not_known", "n_synthetic", "n_real"):
            setattr(total, name, getattr(total, name) + part[name])
        if part["as_of"]:
            total.add_as_of(pd.to_datetime(pd.Series(part["as_of"])))
    return total
