"""Link rates by group: of the children of each group, how many were linked to a row of each agency."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from send_screen.evaluation._estimate import clustered_rate
from send_screen.evaluation.disclosure import is_small
from send_screen.linkage import LinkageResult

ALL = "all"
SUPPRESSED = "suppressed: a count of 1 to 9 could be derived"
_COLUMNS = ["contract", "attribute", "group", "n", "rate", "low", "high", "reason"]


def link_rates(
    linkage: LinkageResult, groups: pd.DataFrame, school: pd.Series, *, publish: bool = True
) -> pd.DataFrame:
    """Return the share of the children of each group that were linked to a row of each agency.

    A child without a link may be unknown to the agency, or known and not found: the rate is of both.

    Parameters
    ----------
    linkage : LinkageResult
    groups : pandas.DataFrame, shape (n, a)
        The group of each child, one column per attribute; the index is the child's identifier.
    school : pandas.Series, shape (n,)
        The cluster of each child, with the same index.
    publish : bool, default True
        Whether to suppress rates from which a count of 1 to 9 children could be derived, those that would reveal a
        suppressed one by subtraction included. Earlier releases are not accounted for.

    Returns
    -------
    pandas.DataFrame
        ``contract``, ``attribute``, ``group``, ``n`` (children), ``rate``, its 95 % interval ``low`` to ``high``, which
        knows that children sit in schools, and ``reason`` where one of them is missing. The first row of each contract
        is of all children.

    Examples
    --------
    >>> import pandas as pd
    >>> from send_screen.linkage import link_records
    >>> children = pd.DataFrame({"UPN": [f"U{number}" for number in range(40)]})
    >>> linked = link_records(children, {"health/review": children.iloc[:20]})
    >>> groups = pd.DataFrame({"sex": ["girls", "boys"] * 20}, index=children["UPN"])
    >>> link_rates(linked, groups, groups["sex"])[["group", "n", "rate"]].to_numpy().tolist()
    [['all', 40, 0.5], ['boys', 20, 0.5], ['girls', 20, 0.5]]
    """
    cluster, schools = pd.factorize(school.reindex(groups.index))
    rows = []
    for contract in linkage.n_rows:
        links = linkage.links
        linked = groups.index.isin(links.loc[links["contract"] == contract, "child_id"])
        whole = _row(contract, ALL, ALL, linked, np.ones(len(groups), dtype=bool), cluster, len(schools))
        rows.append(whole | _suppressed(whole, publish=publish and _is_sensitive(whole)))
        for attribute in groups.columns:
            found = [
                _row(contract, attribute, name, linked, (groups[attribute] == name).to_numpy(), cluster, len(schools))
                for name in sorted(groups[attribute].unique())
            ]
            hidden = _hidden(found) if publish else set()
            rows += [row | _suppressed(row, publish=row["group"] in hidden) for row in found]
    return pd.DataFrame(rows)[_COLUMNS] if rows else pd.DataFrame(columns=_COLUMNS)


def _row(
    contract: str,
    attribute: str,
    group: str,
    linked: np.ndarray,
    members: np.ndarray,
    cluster: np.ndarray,
    schools: int,
) -> dict[str, object]:
    here = members & (cluster >= 0)
    trials = np.bincount(cluster[here], minlength=schools).astype(float)
    successes = np.bincount(cluster[here & linked], minlength=schools).astype(float)
    estimate = clustered_rate(successes, trials)
    return {
        "contract": contract,
        "attribute": attribute,
        "group": group,
        "n": int(members.sum()),
        "linked": int((members & linked).sum()),
        "rate": float(linked[members].mean()) if members.any() else math.nan,
        "low": estimate.low,
        "high": estimate.high,
        "reason": estimate.reason,
    }


def _counts(row: dict[str, object]) -> np.ndarray:
    """Return the children of a group who are linked, and who are not."""
    n, linked = int(str(row["n"])), int(str(row["linked"]))
    return np.array([linked, n - linked])


def _is_sensitive(row: dict[str, object]) -> bool:
    linked, other = _counts(row)
    return bool(is_small(linked) or is_small(other) or is_small(linked + other))


def _hidden(rows: list[dict[str, object]]) -> set[object]:
    """Return the groups of an attribute to suppress: the sensitive, and more until their sum is not sensitive.

    The sum follows from that of all children by subtraction.
    """
    hidden = [row for row in rows if _is_sensitive(row)]
    rest = sorted((row for row in rows if not _is_sensitive(row)), key=lambda row: int(_counts(row).sum()))
    while hidden and rest:
        linked, other = np.sum([_counts(row) for row in hidden], axis=0)
        if len(hidden) > 1 and not (is_small(linked) or is_small(other) or is_small(linked + other)):
            break
        hidden.append(rest.pop(0))
    return {row["group"] for row in hidden}


def _suppressed(row: dict[str, object], *, publish: bool) -> dict[str, object]:
    """Return what replaces a row where it is suppressed."""
    if not publish:
        return {}
    return {"n": None, "rate": math.nan, "low": math.nan, "high": math.nan, "reason": SUPPRESSED}
