"""The children of a screening run with what became of each: the table that outcomes are counted from."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from send_screen.screening import Decision, Selection, child_kinds

_UNKNOWN = "not_known"
#: What a decision says of a child whose later record is not known, and whose record is there without support.
_DECIDED: dict[Decision, tuple[str, str]] = {
    Decision.ASSESS: ("assessed", "none_recorded"),
    Decision.SUPPORT: ("supported", "none_recorded"),
    Decision.ALREADY_SUPPORTED: ("supported", "none_recorded"),
    Decision.WATCH: (_UNKNOWN, "none_recorded"),
    Decision.NO_NEED: ("no_need", "no_need"),
}


def children_of(selection: Selection, states: pd.Series, decisions: Mapping[str, Decision]) -> pd.DataFrame:
    """Return one row for each child who was screened or could not be.

    ``states`` are those of the later record, by identifier. Columns: ``child_id``, ``school``, ``kind``, ``state``,
    ``score``, ``list_of``, ``review_probability`` and ``group.<attribute>``; those of a score are missing for children
    who were not screened.
    """
    cohort = selection.cohort
    screened = pd.DataFrame(
        {
            "child_id": cohort.ids.astype(str),
            "school": cohort.school,
            "kind": child_kinds(selection),
            "score": selection.scored.score,
            "list_of": selection.school if selection.per_school else "",
            "review_probability": selection.review.probability,
            **cohort.sensitive.add_prefix("group."),
        }
    )
    groups = [f"group.{name}" for name in cohort.sensitive]
    excluded = cohort.excluded.rename(columns={"cluster": "school", "school": "shown"})
    excluded = excluded[["child_id", "school", "kind", *groups]]
    # a child with several conflicting rows counts once
    repeated = excluded["child_id"].notna() & excluded["child_id"].duplicated()
    children = pd.concat([screened, excluded[~repeated]], ignore_index=True)
    children["school"] = children["school"].replace("", None).fillna("not recorded")
    recorded = children["child_id"].map(states).fillna(_UNKNOWN)
    decided = [decisions.get(child_id) for child_id in children["child_id"]]
    children["state"] = [_state(*both) for both in zip(recorded, decided, strict=True)]
    return children


def _state(recorded: str, decision: Decision | None) -> str:
    """Return what is known of a child: support in the record, or else what was decided."""
    if decision is None or recorded not in (_UNKNOWN, "none_recorded"):
        return recorded
    return _DECIDED[decision][recorded == "none_recorded"]
