"""Exact rounds: by the child's identifier, a former one, the NHS number, and the agency's own number of a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from pandas.api.extensions import ExtensionArray

from send_screen.contracts import valid_nhs_numbers, valid_upns
from send_screen.linkage._identifiers import (
    COMPARED,
    another_pupil,
    column,
    comparable,
    other_child,
    other_forename,
    people_by_number,
    take,
    texts,
)

#: Rounds, in order, as the crosswalk names them.
ID, FORMER, NHS, PERSON = "UPN", "former UPN", "NHS number", "agency's number"
NOBODY = -1

SEVERAL = "the identifier is that of more than one child"
DISAGREE = "its identifiers, or its identifier and its details, are those of different children"
OTHER_CHILD = "the identifier is this child's, what the row says of birth date, names and sex is not"
TWO_CHILDREN = "the agency's number stands for more than one child"
_ROUNDS = (ID, FORMER, NHS, PERSON)
_REASONS = (SEVERAL, DISAGREE, OTHER_CHILD, TWO_CHILDREN)
_ID, _FORMER, _NHS, _PERSON = range(1, 1 + len(_ROUNDS))
_SEVERAL, _DISAGREE, _OTHER_CHILD, _TWO_CHILDREN = range(1, 1 + len(_REASONS))


@dataclass(frozen=True)
class ExactLinks:
    """Which child each row of a table belongs to, by exact rounds; arrays of shape (rows,)."""

    child: np.ndarray  # position among the children, or NOBODY; of a conflict, the child that it may be
    round_number: np.ndarray  # of ``_ROUNDS``, from 1; 0 without a round
    reason_number: np.ndarray  # of ``_REASONS``, from 1: why a row is not linked although an identifier is known, or 0

    @classmethod
    def of_nobody(cls, n: int) -> ExactLinks:
        """Return the links of rows of which nothing is known."""
        return cls(np.full(n, NOBODY, dtype=np.int64), np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.int8))

    @property
    def accepted(self) -> np.ndarray:
        """Which rows are linked: a child is known, and nothing contradicts it."""
        return np.asarray((self.child != NOBODY) & ~self.in_conflict)

    @property
    def in_conflict(self) -> np.ndarray:
        """Which rows contradict themselves."""
        return np.asarray(self.reason_number != 0)

    @property
    def contradicted(self) -> np.ndarray:
        """Which rows have a child's identifier and another's birth date, names or sex."""
        return np.asarray(self.reason_number == _OTHER_CHILD)

    def rule(self, rows: np.ndarray) -> ExtensionArray:
        """Return the round that linked each of these rows, missing where none did."""
        return take(_ROUNDS, np.where(self.in_conflict[rows], 0, self.round_number[rows]) - 1)

    def conflict(self, rows: np.ndarray) -> ExtensionArray:
        """Return why each of these rows is not linked although an identifier is known, or missing."""
        return take(_REASONS, self.reason_number[rows] - 1)

    def add(self, found: np.ndarray, several: np.ndarray, number: int) -> np.ndarray:
        """Add what one identifier says; return the positions of the rows that were nobody's before it."""
        new = np.flatnonzero((self.child == NOBODY) & (found != NOBODY))
        self.reason_number[several] = _SEVERAL
        self.reason_number[(self.child != NOBODY) & (found != NOBODY) & (self.child != found)] = _DISAGREE
        self.child[new], self.round_number[new] = found[new], number
        return new


class _Lookup:
    """Positions of children by an identifier, which may stand for one child, for several or for none."""

    def __init__(self, keys: pd.Series, positions: np.ndarray) -> None:
        known = np.flatnonzero(keys.notna())
        self._index, self._children = texts(keys.iloc[known]), positions[known]
        self._several = self._index[:0]
        if len(self._index.unique()) < len(known):
            pairs = pd.DataFrame({"key": self._index.to_pandas(), "child": self._children}).drop_duplicates()
            twice = pairs["key"].duplicated(keep=False)
            self._children = pairs.loc[~twice, "child"].to_numpy(dtype=np.int64)
            self._index, self._several = texts(pairs.loc[~twice, "key"]), texts(pairs.loc[twice, "key"]).unique()

    def find(self, keys: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        """Return the position of each key, and whether it stands for several children."""
        child, several = np.full(len(keys), NOBODY, dtype=np.int64), np.zeros(len(keys), dtype=bool)
        searched = texts(keys) if len(self._index) or len(self._several) else None
        if searched is not None and len(self._index):
            found = pc.index_in(searched, value_set=self._index).fill_null(NOBODY).to_numpy(zero_copy_only=False)
            child[found != NOBODY] = self._children[found[found != NOBODY]]
        if searched is not None and len(self._several):
            several = pc.is_in(searched, value_set=self._several).to_numpy(zero_copy_only=False)
            several &= keys.notna().to_numpy()
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
    details = _Details(children, child_id)
    links = {name: _by_pupil_number(table, child_id, by_id, by_former, details) for name, table in tables.items()}
    by_nhs, several = _nhs_numbers(children, tables, links)
    for name, table in tables.items():
        if "NHSNumber" in table:
            details.check(table, links[name], links[name].add(*by_nhs.find(table["NHSNumber"]), _NHS))
        if "PersonID" in table:
            details.check(table, links[name], _add_persons(table, links[name]))
    return links, several


def _nhs_numbers(
    children: pd.DataFrame, tables: Mapping[str, pd.DataFrame], links: Mapping[str, ExactLinks]
) -> tuple[_Lookup, int]:
    """Return whose each NHS number is, and of how many children there are several in the tables."""
    own = pd.DataFrame({"nhs": column(children, "NHSNumber").to_numpy(dtype=object), "child": np.arange(len(children))})
    said = [
        pd.DataFrame({"nhs": table["NHSNumber"].to_numpy(dtype=object), "child": links[name].child})[
            links[name].accepted & table["NHSNumber"].notna().to_numpy()
        ]
        for name, table in tables.items()
        if "NHSNumber" in table
    ]
    own, learnt = (_valid_pairs(frame) for frame in (own.dropna(), pd.concat([own.iloc[:0], *said])))
    learnt = learnt[~learnt["nhs"].isin(own["nhs"])]
    numbers = pd.concat([own, learnt])["child"].value_counts()
    several = numbers.index[numbers > 1]
    pairs = pd.concat([own, learnt[~learnt["child"].isin(several)]])
    return _Lookup(pairs["nhs"], pairs["child"].to_numpy(dtype=np.int64)), len(several)


def _valid_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the distinct pairs of a valid NHS number and a child; a row with another number finds nobody here."""
    codes, numbers = pd.factorize(pairs["nhs"])
    valid = valid_nhs_numbers(pd.Series(numbers, dtype=object)).to_numpy()
    again = pd.DataFrame({"code": codes, "child": pairs["child"].to_numpy()}).duplicated().to_numpy()
    return pairs[valid[codes] & ~again] if len(pairs) else pairs


def _valid_upns(upns: pd.Series) -> pd.Series:
    """Return the valid ones of unique pupil numbers, each distinct one checked once."""
    codes, texts = pd.factorize(upns)
    valid = np.append(valid_upns(pd.Series(texts, dtype=object)).to_numpy(), False)
    return upns.where(valid[codes], None)


def _by_pupil_number(
    table: pd.DataFrame, child_id: str, by_id: _Lookup, by_former: _Lookup, details: _Details
) -> ExactLinks:
    """Return the links by the child's identifier, and then by former ones on either side."""
    links, new = ExactLinks.of_nobody(len(table)), list[np.ndarray]()
    former = _valid_upns(column(table, "FormerUPN")) if "FormerUPN" in table else None
    own = column(table, child_id)
    for keys, lookup, number in ((own, by_id, _ID), (own, by_former, _FORMER), (former, by_id, _FORMER),
                                 (former, by_former, _FORMER)):  # fmt: skip
        if keys is not None:
            child, several = lookup.find(keys)
            new.append(links.add(child, several & (links.child == NOBODY), number))
    details.check(table, links, np.concatenate(new))
    return links


def _add_persons(table: pd.DataFrame, links: ExactLinks) -> np.ndarray:
    """Add the links of further rows of a person who is linked; return the positions of these rows."""
    numbers = texts(table["PersonID"]).drop_null()
    if len(numbers.unique()) == len(numbers):
        return np.empty(0, dtype=np.int64)
    person = people_by_number(table, "PersonID")
    of_person = pd.Series(links.child).where(links.accepted).groupby(person.to_numpy(dtype=object))
    lowest, highest = of_person.transform("min").to_numpy(), of_person.transform("max").to_numpy()
    links.reason_number[(lowest != highest) & ~np.isnan(lowest)] = _TWO_CHILDREN
    new = np.flatnonzero((links.child == NOBODY) & (lowest == highest))
    links.child[new], links.round_number[new] = lowest[new].astype(np.int64), _PERSON
    return new


class _Details:
    """What the children's table says of birth date, names and sex, against which each link is checked."""

    def __init__(self, children: pd.DataFrame, child_id: str) -> None:
        self._children, self._child_id = children, child_id

    @cached_property
    def _comparable(self) -> pd.DataFrame:
        return comparable(self._children)

    @cached_property
    def _by_details(self) -> _Lookup:
        return _Lookup(_key(self._comparable), np.arange(len(self._children)))

    def check(self, table: pd.DataFrame, links: ExactLinks, rows: np.ndarray) -> None:
        """Mark those of the rows, which are newly linked, that are another child's by what they say as conflicts."""
        rows = rows[links.accepted[rows]]
        if len(rows) and set(COMPARED) & set(table.columns):
            here, there = self._comparable.iloc[links.child[rows]], comparable(table.iloc[rows])
            links.reason_number[rows[other_child(here, there)]] = _OTHER_CHILD
            by_details, _ = self._by_details.find(_key(there))
            links.reason_number[rows[(by_details != NOBODY) & (by_details != links.child[rows])]] = _DISAGREE
        if self._child_id in table:
            # of rows that another identifier linked: it may be a twin's, mistyped
            rows = rows[(links.round_number[rows] != _ID) & table[self._child_id].notna().to_numpy()[rows]]
            here, there = self._children.iloc[links.child[rows]], table.iloc[rows]
            another = another_pupil(here, there, self._child_id)
            # a row that states a former number says itself that it has two
            another &= (links.round_number[rows] != _FORMER) | other_forename(comparable(here), comparable(there))
            links.reason_number[rows[another]] = _DISAGREE


def _key(details: pd.DataFrame) -> pd.Series:
    """Return forename, surname and birth date as one key, None where one of them is not known."""
    parts = [details[name] for name in ("Forename", "Surname", "DOB")]
    key = pd.Series(None, index=details.index, dtype=object)
    known = np.logical_and.reduce([part.notna().to_numpy() for part in parts])
    texts = [part.to_numpy(dtype=object)[known] for part in parts]
    key[known] = texts[0] + "|" + texts[1] + "|" + texts[2]
    return key
