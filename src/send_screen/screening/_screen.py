"""Score a cohort and list the top k children, with reasons."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from send_screen.cohorts import MANUAL_REVIEW, Cohort
from send_screen.governance import Bundle
from send_screen.screening._agencies import agency_records
from send_screen.screening._capacity import Capacity
from send_screen.screening._group_counts import group_counts
from send_screen.screening._limits import check_permitted_use
from send_screen.screening._reasons import interacting_with_hidden, reasons
from send_screen.screening._result import ExcludedChild, ScreenedChild, ScreeningResult
from send_screen.screening._role import RoleAccess, role_access
from send_screen.screening._selection import Selection, select_children
from send_screen.specs import ColumnRef, ModelSpec
from send_screen.tables import percent

#: Shown instead of a rule on a column that the role may not see.
NOT_SHOWN = "NOT-SHOWN-TO-THIS-ROLE"


def screen_cohort(
    bundle: Bundle,
    cohort: Cohort,
    *,
    file: str,
    capacity: Capacity | None = None,
    per_school: bool = False,
    role: str | None = None,
    allow_synthetic_model: bool = False,
    today: dt.date | None = None,
) -> ScreeningResult:
    """Screen a cohort, loaded with ``training=False`` from ``file``, with a verified version.

    The capacity is the spec's unless another is given. The role is that of whoever will read the list.
    """
    selection = select_children(bundle, cohort, capacity=capacity, per_school=per_school)
    return result_for_role(selection, file=file, role=role, allow_synthetic_model=allow_synthetic_model, today=today)


def result_for_role(
    selection: Selection,
    *,
    file: str,
    role: str | None = None,
    allow_synthetic_model: bool = False,
    today: dt.date | None = None,
) -> ScreeningResult:
    """Return a selection as a role may see it, with reasons; raise PopulationError for a use that is not permitted."""
    today = today or dt.date.today()
    bundle, cohort, scored = selection.bundle, selection.cohort, selection.scored
    access = role_access(bundle.contracts, role)
    banners = check_permitted_use(
        bundle, selection.as_of, cohort.synthetic, today=today, allow_synthetic_model=allow_synthetic_model
    )
    visible = _visible(bundle, access, cohort.show)
    agencies = agency_records(cohort.linkage, bundle.spec, access)
    may_see_score = access.may_see_score(bundle.spec)
    interacting = interacting_with_hidden(scored.features, access, bundle.tables)
    shown_stability = selection.stability if may_see_score else None

    def child(position: int) -> ScreenedChild:
        """Return the child at a position, as the role may see it."""
        why = reasons(scored.features, access, scored.X.iloc[position], scored.contributions[position], interacting)
        shown = visible.iloc[position]
        return ScreenedChild(
            rank=selection.rank[position],
            row=int(shown["row"]),
            child_id=str(cohort.ids.iloc[position]),
            name=shown["name"],
            class_name=shown["class_name"],
            school=shown["school"],
            score=float(scored.score[position]) if may_see_score else None,
            percent=percent(scored.score[position]) if may_see_score else None,
            reasons_for=why.reasons_for,
            reasons_against=why.reasons_against,
            not_known=why.not_known,
            ask=why.ask,
            agencies=agencies.of(str(cohort.ids.iloc[position])),
            values=why.values,
            n_same_score=int(selection.same_score[position]) if may_see_score else None,
            percent_interval=shown_stability.percent_interval(position) if shown_stability else None,
            selections_of_10=shown_stability.selections_of_10(position) if shown_stability else None,
        )

    rows = _visible(bundle, access, cohort.excluded).to_dict("records")
    excluded = tuple(excluded_child(bundle.spec, row, access) for row in rows)
    return ScreeningResult(
        published=bundle.published,
        file=file,
        date=today.isoformat(),
        as_of=(selection.as_of[0].isoformat(), selection.as_of[1].isoformat()) if selection.as_of else None,
        capacity=str(selection.capacity),
        per_school=selection.per_school,
        role=access.role,
        listed=tuple(map(child, selection.listed.tolist())),
        margin=tuple(map(child, selection.margin.tolist())),
        review_sample=tuple(map(child, selection.review.drawn.tolist())),
        excluded=excluded,
        manual_review_by_group=_by_group(selection, access, excluded),
        n_rows=selection.n_screened + len(excluded),
        n_screened=selection.n_screened,
        linked=agencies.described,
        linked_rows=agencies.rows,
        banners=(*banners, *access.visible_notes(selection.banners)),
        notes=access.visible_notes(selection.notes),
    )


def _visible(bundle: Bundle, access: RoleAccess, shown: pd.DataFrame) -> pd.DataFrame:
    """Blank the name, class or school where the role may not see it."""
    spec = bundle.spec
    sources = {
        "name": spec.show.name,
        "class_name": (spec.show.class_name,) if spec.show.class_name else (),
        "school": (spec.shown_school,) if spec.shown_school else (),
    }
    hidden = [column for column, refs in sources.items() if not all(map(access.may_see, refs))]
    return shown.assign(**dict.fromkeys(hidden, ""))


def excluded_child(spec: ModelSpec, row: Mapping[Any, Any], access: RoleAccess) -> ExcludedChild:
    """Return an excluded row as a role may see it.

    Where the role may not see a column that decided it, only the agency to ask is named, and all such rows are alike:
    kind, rule or remedy would reveal what the column holds. An identifier that only a hidden column has is blank.
    """
    names = ("child_id", "name", "class_name", "school", "kind", "rule", "reason", "remedy")
    shown = {name: "" if pd.isna(row[name]) else str(row[name]) for name in names}
    ask = access.data_owners(sorted(row["columns"]))
    if ask:
        reason = "This row could not be screened."
        shown |= {"kind": MANUAL_REVIEW, "rule": NOT_SHOWN, "reason": reason, "remedy": f"Ask {'; '.join(ask)}."}
    if not access.may_see(ColumnRef(row["contract"], spec.child_id)):
        shown["child_id"] = ""
    conditions = (*spec.population.where, *spec.eligible.where)
    counted_as = next((one.counted_as for one in conditions if one.rule == shown["rule"]), "")
    return ExcludedChild(row=int(row["row"]), ask=ask, counted_as=counted_as, **shown)


def _by_group(
    selection: Selection, access: RoleAccess, shown: Sequence[ExcludedChild]
) -> tuple[dict[str, object], ...]:
    """Count the children for manual review in each group, and all rows of the group, without small numbers.

    Only by columns that the role may see.
    """
    table = selection.cohort.excluded
    manual_review = table[np.array([child.kind == MANUAL_REVIEW for child in shown], dtype=bool)]
    rows: list[dict[str, object]] = []
    for group in filter(lambda group: access.may_see(group.column), selection.bundle.spec.groups):
        by_group = Counter(manual_review[f"group.{group.name}"])
        everyone = selection.n_in_groups(group) + Counter(table[f"group.{group.name}"])
        rows += [{"attribute": group.label, **found._asdict()} for found in group_counts(by_group, everyone)]
    return tuple(rows)
