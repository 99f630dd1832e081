"""Synthetic rows that keep a spec's contracts: the only example that a published model carries."""

from __future__ import annotations

import pandas as pd

from send_screen.contracts import Column, Contract, upn_check_letter
from send_screen.specs import ModelSpec

_DATES = ("2018-03-01", "2017-11-15")


def synthetic_rows(spec: ModelSpec, contracts: dict[str, Contract]) -> pd.DataFrame:
    """Return two rows of children who do not exist, and who are in the spec's population and eligible.

    Every value is made from the contract alone (its codes, the middle of its ranges), so that nothing of any child
    who was learnt from can be in it.

    Parameters
    ----------
    spec : ModelSpec
    contracts : dict of str to Contract
        By id; those that are there for training only are passed over.

    Returns
    -------
    pandas.DataFrame, shape (2, columns of all contracts)
        Numbers as float64, everything else as str.

    Examples
    --------
    >>> from send_screen import load_spec
    >>> from send_screen.contracts import shipped
    >>> spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    >>> len(synthetic_rows(spec, dict(spec.contracts)))
    2
    """
    training_only = {use.contract for use in spec.data if use.training_only}
    conditions = {
        str(condition.column): condition
        for condition in (*spec.population.where, *spec.eligible.where)
        if not condition.negated
    }
    refused = {str(condition.column): condition for condition in spec.eligible.where if condition.negated}
    rows = pd.DataFrame(index=[0, 1])
    for contract in contracts.values():
        if contract.id in training_only:
            continue
        for column in contract.columns.values():
            ref = f"{contract.id}.{column.name}"
            if column.name in rows:
                continue
            if ref in conditions:
                rows[column.name] = [str(conditions[ref].values[0])] * 2
            elif ref in refused and column.levels:
                kept = [code for code in column.levels if code not in map(str, refused[ref].values)]
                rows[column.name] = kept[:1] * 2
            else:
                rows[column.name] = [_value(column, child) for child in (0, 1)]
    return rows


def _value(column: Column, child: int) -> str | float:
    if column.rule("upn"):
        body = f"00000012200{child + 1}"
        return upn_check_letter(body) + body
    if column.rule("academicYear"):
        return "2022/23"
    if column.rule("establishment"):
        return "0000001"
    if column.levels:
        codes = list(column.levels)
        return codes[child * (len(codes) - 1)]
    if column.logical_type == "date":
        return _DATES[child]
    if column.logical_type in ("integer", "number"):
        low, high = column.minimum or 0.0, column.maximum or 100.0
        # A part is never above its whole.
        place = 0.1 if column.rule("notAbove") else 0.5
        return float(int(low + place * (high - low)) + child)
    pattern = column.rule("pattern")
    if pattern and "[0-9]" in str(pattern.arguments.get("pattern")):
        digits = int(str(pattern.arguments["pattern"]).partition("{")[2].rstrip("}") or 1)
        return "9" * (digits - 1) + str(child)
    if pattern:
        return "ENG"
    return f"Invented {child + 1}"
