"""Exact rounds: by the child's identifier, a former one, the NHS number, and the agency's own number of a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.contracts import valid_nhs_numbers, valid_upns
from send_screen.linkage._identifiers import column, comparable

#: Rounds, in order, as the crosswalk names them.
ID, FORMER, NHS, PERSON = "UPN", "former UPN", "NHS number", "agency's number"
NOBODY = -1

SEVERAL = "the identifier is that of more than one child"
DISAGREE = "its identifiers are those of different children"
OTHER_CHILD = "the identifier is this child's, name and date of birth are not"
TWO_CHILDREN = "the agency's number stands for more than one child"


@dataclass(frozen=True)
class ExactLinks:
    """Which child each row of a table belongs to, by exact rounds; arrays of shape (rows,)."""

    child: np.ndarray  # position among the children, or NOBODY
    rule: np.ndarray  # the round, or None
    conflict: np.ndarray  # why a row is not linked although an identifier is known, or None


class _Lookup:
    """Positions of children by an identifier, which may stand for one child, for several or for none."""

    def __init__(self, keys: pd.Series, positions: np.ndarray) -> None:
        pairs = pd.DataFrame({"key": keys.to_numpy(dtype=object), "child": positions}).dropna().drop_duplicates()
        twice = pairs["key"].duplicated(keep=False)
        self._children = pairs.loc[~twice, "child"].to_numpy(dtype=np.int64)
        self._index = pd.Index(pairs.loc[~twice, "key"], dtype=object)
        self._several = pd.Index(pairs.loc[twice, "key"].unique(), dtype=object)

    def find(self, keys: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """Return the position of each key, and whether it stands for several children."""
        child, several = np.full(len(keys), NOBODY, dtype=np.int64), np.zeros(len(keys), dtype=bool)
        rows = np.flatnonzero(keys.notna())
        if len(rows) and len(self._index):
            found = self._index.get_indexer(pd.Index(keys.to_numpy(dtype=object)[rows], dtype=object))
            child[rows[found >= 0]] = self._children[found[found >= 0]]
        if len(rows) and len(self._several):
            several = keys.isin(self._several).to_numpy()
        return child, several


def link_exactly(children: pd.DataFrame, tables: Mapping[str, pd.DataFrame], *, child_id: str) -> dict[str, ExactLinks]:
    """Return the exact links of each table's rows to the children, who are told apart by ``child_id``.

    NHS numbers of the children are learnt from every table whose rows hold both. The children's own table comes first.
    """
    everyone = np.arange(len(children))
    by_id = _Lookup(column(children, child_id), everyone)
    by_former = _Lookup(_valid_upns(column(children, "FormerUPN")), everyone)
    pupil_numbers = {name: _by_pupil_number(table, child_id, by_id, by_former) for name, table in tables.items()}
    own = column(children, "NHSNumber")
    bridge = [pd.DataFrame({"nhs": own.to_numpy(dtype=object), "child": everyone})]
    for name, table in tables.items():
        numbers, child = column(table, "NHSNumber"), pupil_numbers[name].child
        learnt = (child != NOBODY) & ~numbers.isin(own.dropna()).to_numpy()
        bridge.append(pd.DataFrame({"nhs": numbers.to_numpy(dtype=object), "child": child})[learnt])
    pairs = pd.concat(bridge).dropna().drop_duplicates()
    pairs = pairs[valid_nhs_numbers(pairs["nhs"]).to_numpy()]  # a row with another number finds nobody here
    by_nhs = _Lookup(pairs["nhs"], pairs["child"].to_numpy())
    return {
        name: _checked(children, tables[name], _with_nhs(tables[name], links, by_nhs))
        for name, links in pupil_numbers.items()
    }


def _valid_upns(upns: pd.Series) -> pd.Series:
    """Return the valid ones of unique pupil numbers, each distinct one checked once."""
    codes, texts = pd.factorize(upns)
    valid = np.append(valid_upns(pd.Series(texts, dtype=object)).to_numpy(), False)
    return upns.where(valid[codes], None)


def _by_pupil_number(table: pd.DataFrame, child_id: str, by_id: _Lookup, by_former: _Lookup) -> ExactLinks:
    """Return the links by the child's identifier, and then by former ones on either side."""
    own, former = column(table, child_id), column(table, "FormerUPN")
    child, several = by_id.find(own)
    rule, conflict = np.full(len(table), None, dtype=object), np.full(len(table), None, dtype=object)
    rule[child != NOBODY], conflict[several] = ID, SEVERAL
    if former.notna().any():
        former = _valid_upns(former)
    for keys, lookup in ((own, by_former), (former, by_id), (former, by_former)):
        found, several = lookup.find(keys)
        new = (child == NOBODY) & (found != NOBODY)
        conflict[(child == NOBODY) & several] = SEVERAL
        conflict[(child != NOBODY) & (found != NOBODY) & (child != found)] = DISAGREE
        child[new], rule[new] = found[new], FORMER
    return ExactLinks(child, rule, conflict)


def _with_nhs(table: pd.DataFrame, links: ExactLinks, by_nhs: _Lookup) -> ExactLinks:
    """Add the links by NHS number, and then those of other rows of the same person."""
    child, rule, conflict = links.child.copy(), links.rule.copy(), links.conflict.copy()
    numbers = column(table, "NHSNumber")
    if numbers.notna().any():
        found, several = by_nhs.find(numbers)
        new = (child == NOBODY) & (found != NOBODY)
        conflict[several] = SEVERAL
        conflict[(child != NOBODY) & (found != NOBODY) & (child != found)] = DISAGREE
        child[new], rule[new] = found[new], NHS
    person = column(table, "PersonID")
    if person.notna().any() and person.duplicated().any():
        of_person = pd.Series(child).where(child != NOBODY).groupby(person.to_numpy(dtype=object))
        lowest, highest = of_person.transform("min").to_numpy(), of_person.transform("max").to_numpy()
        conflict[(lowest != highest) & ~np.isnan(lowest)] = TWO_CHILDREN
        new = (child == NOBODY) & (lowest == highest)
        child[new], rule[new] = lowest[new].astype(np.int64), PERSON
    return ExactLinks(child, rule, conflict)


def _checked(children: pd.DataFrame, table: pd.DataFrame, links: ExactLinks) -> ExactLinks:
    """Unlink what is in conflict, and rows whose birth date and both names are another child's."""
    child, rule, conflict = links.child, links.rule, links.conflict
    linked = np.flatnonzero(child != NOBODY) if "DOB" in children and "DOB" in table else np.empty(0, dtype=np.int64)
    born = [pd.to_datetime(column(frame, "DOB"), errors="coerce").to_numpy() for frame in (children, table)]
    there, here = born[0][child[linked]], born[1][linked]
    differ = linked[(there != here) & ~np.isnat(there) & ~np.isnat(here)]
    if len(differ):
        left, right = comparable(children.iloc[child[differ]]), comparable(table.iloc[differ])
        other = np.ones(len(differ), dtype=bool)
        for name in ("Forename", "Surname"):
            a, b = left[name].to_numpy(), right[name].to_numpy()
            other &= (a != b) & left[name].notna().to_numpy() & right[name].notna().to_numpy()
        conflict[differ[other]] = OTHER_CHILD
    in_conflict = pd.notna(conflict)
    child[in_conflict], rule[in_conflict] = NOBODY, None
    return ExactLinks(child, rule, conflict)
