"""Refuse a table that cannot be used as a whole, by the same rules as one that is read at once."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from send_screen.batches._run import ScreenedPieces
from send_screen.cohorts._build import MANUAL_REVIEW, OUTSIDE, raise_on_wrong_file
from send_screen.cohorts._column_errors import BrokenCells, ambiguous_years, unreadable_columns
from send_screen.cohorts._drop_rows import OTHER_YEAR
from send_screen.cohorts._link import needed_columns
from send_screen.contracts import Contract
from send_screen.contracts._violations import same_wrong_code
from send_screen.errors import DataError


def raise_on_whole_table(screened: ScreenedPieces) -> None:
    """Raise where most cells of a column cannot be read, codes mean something else, or most children are others.

    Raises
    ------
    DataError
        With every reason.
    PopulationError
        If most rows are outside the model's population.
    """
    spec, facts = screened.step.bundle.spec, screened.facts
    errors: list[DataError] = []
    for name, contract in screened.step.contracts.items():
        needed = needed_columns(spec, training=False)[name]
        broken = _broken_cells(screened, contract, needed)
        errors += unreadable_columns(contract, broken, screened.file)
        errors += ambiguous_years(contract, broken, needed, screened.file)
        most = {rule: max(texts.values(), default=0) for rule, texts in facts.broken.items()}
        errors += [
            DataError(v.message, remedy=v.remedy, file=v.file, column=v.column, rule=v.rule)
            for v in same_wrong_code(contract, most, broken.n_filled, screened.file)
            if v.column in needed
        ]
    if errors:
        lines = list(dict.fromkeys(f"  {error}" for error in errors))
        reasons = "this reason" if len(lines) == 1 else f"{len(lines)} reasons"
        raise DataError(f"The data cannot be used, for {reasons}:\n" + "\n".join(lines))
    counts: Counter[tuple[str, str, str]] = Counter()
    for path, _ in screened.parts:
        table = pq.read_table(path, columns=["kind", "rule", "reason"], filters=pc.field("kind").is_valid())
        counts.update(zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True))
    found = pd.DataFrame([(*key, n) for key, n in counts.items()], columns=["kind", "rule", "reason", "n"])
    found = found[found["rule"] != OTHER_YEAR]
    manual_review = int(found.loc[found["kind"] == MANUAL_REVIEW, "n"].sum())
    n_screened = facts.n_rows - facts.n_repeats - sum(counts.values())
    outside = found[found["kind"] == OUTSIDE].groupby(["rule", "reason"])["n"].sum()
    raise_on_wrong_file(spec, outside, n_screened + int(found["n"].sum()) - manual_review)


def _broken_cells(screened: ScreenedPieces, contract: Contract, needed: set[str]) -> BrokenCells:
    """Return how many cells of the needed columns of a contract break which rule, of all pieces."""
    facts, present = screened.facts, screened.step.whole[contract.id].headers.position
    n_filled = {name: facts.n_filled[f"{contract.id}.{name}"] for name in needed}
    counts: Counter[tuple[str, str]] = Counter()
    values: dict[str, Counter[str]] = {}
    for name in needed & present.keys():
        column = contract.columns[name]
        for rule in column.rules:
            if rule.kind == "null" and rule.severity == "error":
                counts[name, rule.id] = facts.n_rows - n_filled[name]
            elif texts := facts.broken.get(rule.id):
                counts[name, rule.id] = sum(texts.values())
                if not column.personal:
                    values[rule.id] = Counter({text: n for text, n in texts.items() if text})
    return BrokenCells(facts.n_rows, n_filled, counts, values)
