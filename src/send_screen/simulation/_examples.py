"""Small synthetic examples: rows that conform to a spec's contracts, and an evidence table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from send_screen.contracts import Column, Contract, nhs_check_digit, upn_check_letter
from send_screen.contracts._pattern import fullmatches
from send_screen.specs import ModelSpec

_MAX_DIGITS = 12
_DATES = ("2018-03-01", "2017-11-15")


def synthetic_rows(spec: ModelSpec, contracts: dict[str, Contract]) -> pd.DataFrame:
    """Return two rows of synthetic children who are in the spec's population and eligible.

    They are the only example in a published model. Every value follows from the contract alone (its codes, the middle
    of its ranges), so no training child's data can be in it.

    Numbers are float64, and everything else is text. Training-only contracts are left out, and so are optional columns
    from which others are derived.
    """
    training_only = {use.contract for use in spec.data if use.training_only}
    conditions = (*spec.population.where, *spec.eligible.where)
    required = {str(condition.column): str(condition.values[0]) for condition in conditions if not condition.negated}
    refused = {str(condition.column): condition.values for condition in spec.eligible.where if condition.negated}
    rows: dict[str, list[str | float]] = {}
    for contract in contracts.values():
        if contract.id in training_only:
            continue
        parts = {
            name for column in contract.columns.values() for derivation in column.derived for name in derivation.columns
        }
        parts = {name for name in parts if not contract.columns[name].required}
        for column in contract.columns.values():
            if column.name in parts:
                continue
            ref = f"{contract.id}.{column.name}"
            if column.name in rows:
                continue
            if ref in required:
                number = column.logical_type in ("integer", "number") and not column.levels
                rows[column.name] = [float(required[ref]) if number else required[ref]] * 2
            elif ref in refused and column.levels:
                kept = [code for code in column.levels if code not in map(str, refused[ref])]
                rows[column.name] = [kept[0], kept[0]]
            else:
                rows[column.name] = [_value(column, child) for child in (0, 1)]
    return pd.DataFrame(rows)


def _value(column: Column, child: int) -> str | float:
    """Return a valid value of a column for the first or the second child."""
    if column.rule("upn"):
        body = f"00000012200{child + 1}"
        return upn_check_letter(body) + body
    if column.rule("nhsNumber"):
        body = f"99900000{child + 1}"
        return f"{body}{nhs_check_digit(body)}"
    if column.rule("academicYear"):
        return "2022/23"
    if column.rule("establishment"):
        return "0000001"
    if column.levels:
        codes = [code for code in column.levels if code not in column.level_dates] or list(column.levels)
        return codes[child * (len(codes) - 1)]
    if column.logical_type == "date":
        return _DATES[child]
    if column.logical_type in ("integer", "number"):
        low, high = column.minimum or 0.0, column.maximum or 100.0
        # a part is at most the whole
        fraction = 0.1 if column.rule("notAbove") else 0.5
        return float(int(low + fraction * (high - low)) + child)
    pattern = column.rule("pattern")
    if pattern:
        texts = [*("9" * n + str(child) for n in range(_MAX_DIGITS)), "ENG", "ZZ99 9ZZ"]
        return texts[int(fullmatches(pattern.arguments["pattern"], texts).argmax())]
    return f"Invented {child + 1}"


def simulate_evidence(children: int = 1_000, *, seed: int = 0) -> pd.DataFrame:
    """Return an evidence table of synthetic children, with a calibrated candidate and a weaker baseline.

    Parameters
    ----------
    children : int, default 1000
        In five folds, and in schools of 25.
    seed : int, default 0

    Returns
    -------
    pandas.DataFrame, shape (children, 11)
        One group attribute, ``group.sex``, and one feature, ``contribution.reading``, which is all of the score.

    Examples
    --------
    >>> simulate_evidence(50)["flag.candidate"].sum()
    np.float64(5.0)
    """
    rng = np.random.default_rng(seed)
    row = np.arange(children)
    score = rng.normal(-1.5, 1.0, children)
    evidence = pd.DataFrame(
        {
            "fold_seed": 0,
            "row": row,
            "fold": row * 5 // children,
            "school": row // 25,
            "outcome": (rng.random(children) < 1 / (1 + np.exp(-score))).astype(np.int8),
            "group.sex": np.where(rng.random(children) < 0.5, "F", "M"),
            "score.candidate": score,
            "score.baseline": score + rng.normal(0.0, 1.0, children),
            "contribution.reading": score + 1.5,
        }
    )
    for model in ("candidate", "baseline"):
        rank = evidence.groupby("fold")[f"score.{model}"].rank(ascending=False)
        evidence[f"flag.{model}"] = (rank <= round(children / 50)).astype(np.float64)
    return evidence
