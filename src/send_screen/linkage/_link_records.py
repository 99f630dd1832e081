"""Link the rows of agencies' tables to the children: exact rounds, and a probabilistic one where it is asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from send_screen.documents import count
from send_screen.linkage._exact import NOBODY, ExactLinks, link_exactly
from send_screen.linkage._expected_errors import ExpectedErrors, expected_errors
from send_screen.linkage._identifiers import (
    column,
    comparable,
    other_child,
    other_forename,
    people_by_number,
    take,
)
from send_screen.linkage._result import CLERICAL, CONFLICT, LINKED, PROBABILISTIC, LinkageResult
from send_screen.specs import Linkage

SEVERAL_CHILDREN = "more than one child fits"
SEVERAL_PERSONS = "more than one person of the agency fits the child"
OTHER_DETAILS = "likely by probability, but forename, birth date or sex is another's"
_COLUMNS = ["child_id", "contract", "file", "row", "person_id", "status", "link", "probability", "reason"]


def link_records(
    children: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    *,
    child_id: str = "UPN",
    linkage: Linkage | None = None,
    files: Mapping[str, str] | None = None,
    seed: int = 0,
) -> LinkageResult:
    """Link the rows of agencies' tables to children.

    Parameters
    ----------
    children : pandas.DataFrame, shape (n, any)
        One row per child. ``child_id`` and, as far as they are known, ``FormerUPN``, ``NHSNumber``, ``Surname``,
        ``Forename``, ``DOB``, ``Sex`` and ``Postcode``.
    tables : mapping of str to pandas.DataFrame
        Each agency's rows by contract id, with the same columns as far as they are known, and ``PersonID``, the
        agency's own number of a person. The index is the row number of the file. Where several files were read as one,
        ``file`` tells them apart: the same number in two files is not the same person.
    child_id : str
        The column that tells children apart.
    linkage : Linkage, optional
        Whether probabilistic linkage is used, and its thresholds; by default identifiers alone.
    files : mapping of str to str, optional
        File names by contract, for the crosswalk.
    seed : int
        Of the random pairs that probabilistic linkage draws. The same seed gives the same result.

    Returns
    -------
    LinkageResult

    Raises
    ------
    MissingExtraError
        If probabilistic linkage is asked for and splink is not installed.

    Notes
    -----
    Rounds, in order: ``child_id``; former UPN on either side; NHS number, where some table holds it beside a UPN; the
    agency's own number, where another row of the same person is linked. A link that birth date, names and sex of the
    row contradict is a conflict, and teaches no other row. So is a link by another identifier where the row's own valid
    number is another pupil's and its forename not the same: a twin has all else in common. Then, for what is left, the
    probability that two records are of one child [1]_, from names, birth date, sex and postcode. A clearly different
    forename is never linked by it, nor another pupil's number without the same forename.
    The m probabilities are estimated from pairs that the exact rounds link, with a prior worth 20 pairs; the u
    probabilities from 200,000 random pairs; the number of matches by EM, in which a child is one person of the agency
    or none, and a person one child or none.
    Names agree by spelling alone: how common a name is does not count.

    References
    ----------
    .. [1] Fellegi, I. P. and Sunter, A. B. (1969). A theory for record linkage. Journal of the American Statistical
       Association 64.

    Examples
    --------
    >>> import pandas as pd
    >>> children = pd.DataFrame({"UPN": ["A1", "B2"]})
    >>> reviews = pd.DataFrame({"UPN": ["B2", "C3"], "PersonID": ["7", "8"]})
    >>> linked = link_records(children, {"health/review": reviews})
    >>> linked.crosswalk[["child_id", "row", "person_id", "link"]].to_dict("records")
    [{'child_id': 'B2', 'row': 0, 'person_id': '7', 'link': 'UPN'}]
    """
    linkage = linkage or Linkage()
    known = children[children[child_id].notna() & ~children[child_id].duplicated()]
    ids = known[child_id]
    crosswalks, expected, parameters = [], dict[str, ExpectedErrors](), dict[str, pd.DataFrame]()
    exact_links, several = link_exactly(known, tables, child_id=child_id)
    for name, exact in exact_links.items():
        table = tables[name]
        found = _exact_rows(exact)
        if linkage.probabilistic:
            found, expected[name], parameters[name] = _add_probable(
                known, table, found, exact, linkage, child_id=child_id, seed=seed
            )
        rows, of_all = found.index.to_numpy(), np.zeros(len(found), dtype=np.int64)
        crosswalks.append(
            pd.DataFrame(
                {
                    "child_id": pd.api.extensions.take(ids.array, found["child"].to_numpy(), allow_fill=True),
                    "contract": take([name], of_all),
                    "file": take([(files or {}).get(name, "")], of_all),
                    "row": table.index.to_numpy()[rows],
                    "person_id": column(table, "PersonID").array[rows],
                    **{part: found[part].array for part in ("status", "link", "probability", "reason")},
                }
            )
        )
    return LinkageResult(
        crosswalk=pd.concat(crosswalks, ignore_index=True) if crosswalks else pd.DataFrame(columns=_COLUMNS),
        n_children=len(known),
        n_rows={name: len(table) for name, table in tables.items()},
        linkage=linkage,
        expected=expected,
        parameters=parameters,
        notes=_several_nhs_numbers(several),
    )


def _several_nhs_numbers(n: int) -> tuple[str, ...]:
    have = count(n, "child has", "children have")
    note = f"{have} more than one NHS number in the files: those that the agencies gave linked no other row."
    return (note,) if n else ()


def _exact_rows(exact: ExactLinks) -> pd.DataFrame:
    """Return the rows that the exact rounds link, or that contradict themselves, by position."""
    at = np.flatnonzero((exact.child != NOBODY) | exact.in_conflict)
    status = take([LINKED, CONFLICT], exact.in_conflict[at].astype(np.int64))
    parts = {"child": exact.child[at], "link": exact.rule(at), "reason": exact.conflict(at), "status": status}
    return pd.DataFrame(parts, index=at).assign(probability=np.nan)


def _add_probable(
    children: pd.DataFrame,
    table: pd.DataFrame,
    found: pd.DataFrame,
    exact: ExactLinks,
    linkage: Linkage,
    *,
    child_id: str,
    seed: int,
) -> tuple[pd.DataFrame, ExpectedErrors, pd.DataFrame]:
    """Add the rows that probability links or leaves in doubt; return them, the expected errors, and m and u."""
    from send_screen.linkage._probabilistic import candidates

    linked = np.flatnonzero(exact.accepted)
    linked = linked[~pd.Series(exact.child[linked]).duplicated()]  # one row of each child
    left = np.flatnonzero((exact.child == NOBODY) & ~exact.in_conflict)
    person = _persons(table.iloc[left])
    first = left[~pd.Series(person).duplicated()]  # one row of each person, in order of their numbers
    persons = table.iloc[np.concatenate([linked, first])]
    result = candidates(
        children,
        persons,
        pd.DataFrame({"child": exact.child[linked], "person": np.arange(len(linked))}),
        np.setdiff1d(np.arange(len(children)), exact.child[linked]),
        len(linked) + np.arange(len(first)),
        child_id=child_id,
        seed=seed,
    )
    pairs = result.pairs.assign(person=result.pairs["person"] - len(linked))
    decided = _decide(pairs, linkage)
    number = pd.Series(person, index=left)
    rows = number[number.isin(decided.index)]
    added = decided.loc[rows].set_axis(rows.index)
    sides = comparable(children.iloc[added["child"].to_numpy()]), comparable(table.iloc[added.index])
    other = (added["status"] == LINKED).to_numpy() & (other_child(*sides) | other_forename(*sides))
    added.loc[other, ["status", "reason"]] = [CLERICAL, OTHER_DETAILS]
    is_linked = added["status"] == LINKED
    child = added.loc[is_linked, "child"].groupby(rows[is_linked]).first()
    is_link = (pairs["person"].map(child) == pairs["child"]).to_numpy()
    sides = comparable(children.iloc[exact.child[linked]]), comparable(table.iloc[linked])
    identified = (result.identified >= linkage.match) & ~(other_child(*sides) | other_forename(*sides))
    # what its identifier says is a child's and its details are not, probability would have missed
    contradicted = len(np.setdiff1d(exact.child[exact.contradicted], exact.child[linked]))
    identified = np.append(identified, np.zeros(contradicted, dtype=bool))
    errors = expected_errors(pairs["probability"].to_numpy(), is_link, identified=identified)
    return pd.concat([found, added]).sort_index(), errors, result.parameters


def _persons(rows: pd.DataFrame) -> np.ndarray:
    """Return a number for each person: of rows with one agency's number, else one NHS number, else equal contents."""
    compared = comparable(rows).fillna("").agg("|".join, axis=1) if len(rows) else pd.Series(dtype=object)
    key = "=" + compared.astype(object)
    for name in ("NHSNumber", "PersonID"):
        person = people_by_number(rows, name)
        key = key.where(person.isna(), person)
    return pd.factorize(key)[0]


def _decide(pairs: pd.DataFrame, linkage: Linkage) -> pd.DataFrame:
    """Return, by person, the child and the status of the links and of what is in doubt.

    Where it is all but sure that somebody fits and not who, several children or several persons fit: a conflict.
    """
    best = pairs.loc[pairs.groupby("person")["probability"].idxmax()].set_index("person")
    of_person = pairs.groupby("person")["probability"].sum()
    of_child = best["child"].map(pairs.groupby("child")["probability"].sum())
    best = best.assign(status=None, link=PROBABILISTIC, reason=None).astype({"status": object, "reason": object})
    fits = best["probability"] >= linkage.match
    best.loc[best["probability"] >= linkage.clerical, "status"] = CLERICAL
    persons = (of_child >= linkage.match) & (best["probability"] >= 1 - linkage.match) & ~fits
    best.loc[persons, ["status", "reason"]] = [CONFLICT, SEVERAL_PERSONS]
    best.loc[(of_person >= linkage.match) & ~fits, ["status", "reason"]] = [CONFLICT, SEVERAL_CHILDREN]
    best.loc[fits, "status"] = LINKED
    decided: pd.DataFrame = best[best["status"].notna()]
    return decided
