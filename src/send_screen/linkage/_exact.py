"""Exact rounds: by the child's identifier, a former one, the NHS number, and the agency's own number of a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from send_screen.contracts import valid_nhs_numbers, valid_upns
from send_screen.linkage._identifiers import column, comparable, other_child, people_by_number

#: Rounds, in order, as the crosswalk names them.
ID, FORMER, NHS, PERSON = "UPN", "former UPN", "NHS number", "agency's number"
NOBODY = -1

SEVERAL = "the identifier is that of more than one child"
DISAGREE = "its identifiers, or its identifier and its details, are those of different children"
OTHER_CHILD = "the identifier is this child's, what the row says of birth date, names and sex is not"
TWO_CHILDREN = "the agency's number stands for more than one child"


@dataclass(frozen=True)
class ExactLinks:
    """Which child each row of a table belongs to, by exact rounds; arrays of shape (rows,)."""

    child: np.ndarray  # position among the children, or NOBODY; of a conflict, the child that it may be
    rule: np.ndarray  # the round, or None
    conflict: np.ndarray  # why a row is not linked although an identifier is known, or None

    @property
    def accepted(self) -> np.ndarray:
        """Which rows are linked: a child is known, and nothing contradicts it."""
        return np.asarray((self.child != NOBODY) & pd.isna(self.conflict))


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


def link_exactly(
    children: pd.DataFrame, tables: Mapping[str, pd.DataFrame], *, child_id: str
) -> tuple[dict[str, ExactLinks], int]:
    """Return the exact links of each table's rows to the children, who are told apart by ``child_id``.

    NHS numbers of the children are learnt from every table whose linked rows hold both. The children's own table comes
    first. The second value is the number of children under whom tables hold several, of which none is learnt.
    """
    everyone = np.arange(len(children))
    by_id = _Lookup(column(children, child_id), everyone)
    by_former = _Lookup(_valid_upns(column(children, "FormerUPN")), everyone)
    links = {
        name: _checked(children, table, _by_pupil_number(table, child_id, by_id, by_former))
        for name, table in tables.items()
    }
    by_nhs, several = _nhs_numbers(children, tables, links)
    for name, table in tables.items():
        links[name] = _checked(children, table, _with_nhs(table, links[name], by_nhs))
        links[name] = _checked(children, table, _with_person(table, links[name]))
    return links, several


def _nhs_numbers(
    children: pd.DataFrame, tables: Mapping[str, pd.DataFrame], links: Mapping[str, ExactLinks]
) -> tuple[_Lookup, int]:
    """Return whose each NHS number is, and of how many children there are several in the tables."""
    own = pd.DataFrame({"nhs": column(children, "NHSNumber").to_numpy(dtype=object), "child": np.arange(len(children))})
    said = [
        pd.DataFrame({"nhs": column(table, "NHSNumber").to_numpy(dtype=object), "child": links[name].child})[
            links[name].accepted
        ]
        for name, table in tables.items()
    ]
    own, learnt = (
        pairs[valid_nhs_numbers(pairs["nhs"]).to_numpy()]  # a row with another number finds nobody here
        for pairs in (frame.dropna().drop_duplicates() for frame in (own, pd.concat([own.iloc[:0], *said])))
    )
    learnt = learnt[~learnt["nhs"].isin(own["nhs"])]
    numbers = pd.concat([own, learnt])["child"].value_counts()
    several = numbers.index[numbers > 1]
    pairs = pd.concat([own, learnt[~learnt["child"].isin(several)]])
    return _Lookup(pairs["nhs"], pairs["child"].to_numpy(dtype=np.int64)), len(several)


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
    """Add the links by NHS number."""
    child, rule, conflict = links.child.copy(), links.rule.copy(), links.conflict.copy()
    found, several = by_nhs.find(column(table, "NHSNumber"))
    new = (child == NOBODY) & (found != NOBODY)
    conflict[several] = SEVERAL
    conflict[(child != NOBODY) & (found != NOBODY) & (child != found)] = DISAGREE
    child[new], rule[new] = found[new], NHS
    return ExactLinks(child, rule, conflict)


def _with_person(table: pd.DataFrame, links: ExactLinks) -> ExactLinks:
    """Add the links of further rows of a person who is linked."""
    child, rule, conflict = links.child.copy(), links.rule.copy(), links.conflict.copy()
    person = people_by_number(table, "PersonID")
    if person.notna().any() and person.duplicated().any():
        of_person = pd.Series(child).where(links.accepted).groupby(person.to_numpy(dtype=object))
        lowest, highest = of_person.transform("min").to_numpy(), of_person.transform("max").to_numpy()
        conflict[(lowest != highest) & ~np.isnan(lowest)] = TWO_CHILDREN
        new = (child == NOBODY) & (lowest == highest)
        child[new], rule[new] = lowest[new].astype(np.int64), PERSON
    return ExactLinks(child, rule, conflict)


def _checked(children: pd.DataFrame, table: pd.DataFrame, links: ExactLinks) -> ExactLinks:
    """Mark the rows whose birth date, names and sex are another child's as conflicts, which have no rule."""
    rule, conflict = links.rule.copy(), links.conflict.copy()
    linked = np.flatnonzero(links.accepted)
    other = other_child(comparable(children.iloc[links.child[linked]]), comparable(table.iloc[linked]))
    conflict[linked[other]] = OTHER_CHILD
    by_details, _ = _Lookup(_details(children), np.arange(len(children))).find(_details(table))
    conflict[links.accepted & (by_details != NOBODY) & (by_details != links.child)] = DISAGREE
    rule[pd.notna(conflict)] = None
    return ExactLinks(links.child, rule, conflict)


def _details(frame: pd.DataFrame) -> pd.Series:
    """Return forename, surname and birth date as one key, None where one of them is not known."""
    details = comparable(frame)[["Forename", "Surname", "DOB"]]
    known = details.notna().all(axis=1)
    return details.fillna("").agg("|".join, axis=1).astype(object).where(known, None)
