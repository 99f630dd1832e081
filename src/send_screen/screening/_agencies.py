"""Which agencies knew a child by the as-of date, and how that is known, as one role may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from send_screen.cohorts._as_of import KNOWN_BY_THEN
from send_screen.contracts import Contract
from send_screen.linkage import LINKED, PROBABILISTIC, LinkageResult
from send_screen.screening._result import LinkedRow
from send_screen.screening._role import RoleAccess
from send_screen.specs import ModelSpec


@dataclass(frozen=True)
class AgencyRecords:
    """What linking agencies' rows to the children found, of the contracts whose links the role may see."""

    contracts: Mapping[str, Contract]
    described: tuple[str, ...]
    """How many rows were linked and how, for each contract."""
    rows: tuple[LinkedRow, ...]
    _by_child: Mapping[tuple[str, str], Sequence[LinkedRow]]

    def of(self, child_id: str) -> tuple[str, ...]:
        """Return in words, for each contract, whether it had a record of the child by the as-of date."""
        return tuple(
            f"{contract.title} ({contract.agency_name}): {_in_words(self._by_child.get((child_id, name), ()))}"
            for name, contract in self.contracts.items()
        )


def agency_records(linkage: LinkageResult | None, spec: ModelSpec, access: RoleAccess) -> AgencyRecords:
    """Return what the role may see of a linkage: of a contract whose identifiers it may not see, that it was asked."""
    if linkage is None:
        return AgencyRecords({}, (), (), {})
    training_only = {use.contract for use in spec.data if use.training_only}
    linked = [name for name in linkage.n_rows if name not in training_only]
    first = access.may_see_links(spec.data[0].contract, spec.child_id)
    visible = {name: access.contracts[name] for name in linked if first and access.may_see_links(name, spec.child_id)}
    hidden = dict.fromkeys(access.contracts[name].agency_name for name in linked if name not in visible)
    table = linkage.crosswalk[linkage.crosswalk["contract"].isin(list(visible))]
    names = [field.name for field in fields(LinkedRow)]
    cells = table[names].astype(object).where(table[names].notna(), None)
    rows = tuple(LinkedRow(*row) for row in cells.itertuples(index=False, name=None))
    by_child: dict[tuple[str, str], list[LinkedRow]] = {}
    for row in rows:
        by_child.setdefault((row.child_id or "", row.contract), []).append(row)
    return AgencyRecords(
        contracts=visible,
        described=(
            *(linkage.describe(name) for name in visible),
            *(f"Records were asked of {agency}. Your role may not see of whom there are any." for agency in hidden),
        ),
        rows=rows,
        _by_child=by_child,
    )


def _in_words(rows: Sequence[LinkedRow]) -> str:
    known = [row for row in rows if row.status == LINKED and row.use in KNOWN_BY_THEN]
    doubt = any(row.status != LINKED for row in rows)
    if not known:
        if doubt:
            return "a record may be this child's, and was not linked or used: see linkage.csv."
        return "no record was found, which does not mean that there is no concern."
    also = " Another record may be this child's, and was not linked or used: see linkage.csv." if doubt else ""
    if all(row.link == PROBABILISTIC for row in known):
        percent = int(100 * min(row.probability or 0 for row in known))
        sure = "more than 99" if percent >= 99 else str(percent)
        check = f"has a record, linked by name and birth date ({sure} in 100 sure): check that it is this child's."
        return check + also
    return f"has a record, linked by {known[0].link}.{also}"
