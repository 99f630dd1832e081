"""What a screening run made of each child, for the ledger: whether she was listed or not, and from what.

A role may see less; the record is sealed under a key of the child's own, and opened for the child, her parents, and
those who must answer for the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from send_screen.contracts import Contract
from send_screen.documents import Document
from send_screen.screening._selection import Selection
from send_screen.specs import Feature
from send_screen.specs._columns import describe_value
from send_screen.tables import percent

ScreenedKind = Literal["listed", "review_sample", "near", "not_listed"]
_DIGITS = 4  # of a contribution in log-odds


class ChildRecord(Document):
    """What a screening run made of one child."""

    kind: ScreenedKind | Literal["manual_review", "not_eligible", "outside_population"]
    """``"review_sample"`` was drawn at random of those not listed, ``"near"`` is just below the threshold, and the last
    three are kinds of exclusion."""
    row: int
    """Row of the child in the file, as a spreadsheet counts."""
    name: str
    class_name: str
    school: str
    rank: int | None = None
    """Of a listed child, or one just below the threshold."""
    score: float | None = None
    """Log-odds; None for a child who was not screened, as all that follows but the last two."""
    percent: int | None = None
    """Of 100 children with such a score, how many the model expects to have had the outcome later."""
    percent_interval: tuple[int, int] | None = None
    selections_of_10: int | None = None
    review_probability: float | None = None
    """With which a child not listed could be drawn for the review sample; None where there is none."""
    values: dict[str, str] = Field(default_factory=dict)
    """Feature -> its label and value, as text; features that were not known are left out."""
    contributions: dict[str, float] = Field(default_factory=dict)
    """Feature -> exact Shapley value in log-odds."""
    not_known: tuple[str, ...] = ()
    """Labels of the features that were not known."""
    rule: str = ""
    """Id of the rule that excluded the child."""
    reason: str = ""


def child_records(selection: Selection) -> dict[str, ChildRecord]:
    """Return child id -> record, of every child that was screened or excluded; rows without an identifier have none."""
    records: dict[str, ChildRecord] = {}
    for child_id, record in _excluded(selection.cohort.excluded):
        before = records.get(child_id)
        if before is not None and before.name != record.name:
            # two persons under one identifier: neither is named on what is kept under it
            record = record.model_copy(update={"name": "", "class_name": "", "school": ""})
        records[child_id] = record
    records.update(_screened(selection))
    return records


def child_kinds(selection: Selection) -> list[ScreenedKind]:
    """Return what a run made of each screened child, in the order of the cohort."""
    kinds: list[ScreenedKind] = ["not_listed"] * len(selection.cohort)
    of: tuple[tuple[ScreenedKind, np.ndarray], ...] = (
        ("listed", selection.listed),
        ("near", selection.margin),
        ("review_sample", selection.review.drawn),
    )
    for kind, positions in of:
        for position in positions.tolist():
            kinds[position] = kind
    return kinds


def _screened(selection: Selection) -> Iterator[tuple[str, ChildRecord]]:
    scored, stability = selection.scored, selection.stability
    describe = _Describe(scored.features, selection.bundle.contracts)
    kinds = child_kinds(selection)
    rank, review_probability = selection.rank, selection.review.probability
    names = [feature.name for feature in scored.features]
    known = scored.X.notna().to_numpy()
    columns = [scored.X[name].tolist() for name in names]
    contributions = np.round(scored.contributions, _DIGITS).tolist()
    children = zip(selection.cohort.ids.tolist(), selection.cohort.show.to_dict("records"), strict=True)
    for position, (child_id, shown) in enumerate(children):
        which = [i for i, is_known in enumerate(known[position].tolist()) if is_known]
        yield (
            str(child_id),
            ChildRecord(
                kind=kinds[position],
                **_who(shown),
                rank=rank.get(position),
                score=float(scored.score[position]),
                percent=percent(scored.score[position]),
                percent_interval=stability.percent_interval(position) if stability else None,
                selections_of_10=stability.selections_of_10(position) if stability else None,
                review_probability=None
                if np.isnan(review_probability[position])
                else float(review_probability[position]),
                values={names[i]: describe(i, columns[i][position]) for i in which},
                contributions=dict(zip(names, contributions[position], strict=True)),
                not_known=tuple(f.label for i, f in enumerate(scored.features) if not known[position, i]),
            ),
        )


def _excluded(excluded: pd.DataFrame) -> Iterator[tuple[str, ChildRecord]]:
    for row in excluded.to_dict("records"):
        if child_id := _text(row["child_id"]):
            yield (
                child_id,
                ChildRecord(kind=row["kind"], **_who(row), rule=_text(row["rule"]), reason=_text(row["reason"])),
            )


def _who(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {"row": int(row["row"]), **{name: _text(row[name]) for name in ("name", "class_name", "school")}}


def _text(value: Any) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)


class _Describe:
    """:func:`describe_value` of each distinct value once."""

    def __init__(self, features: tuple[Feature, ...], contracts: Mapping[str, Contract]) -> None:
        self._features, self._contracts = features, contracts
        self._texts: dict[tuple[int, object], str] = {}

    def __call__(self, feature: int, value: object) -> str:
        key = feature, value
        if key not in self._texts:
            self._texts[key] = describe_value(self._features[feature], self._contracts, value)
        return self._texts[key]
