"""Hold out whole schools for external validation."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pandas as pd

from send_screen.cohorts._cohort import Cohort
from send_screen.cohorts._source import SourceData
from send_screen.contracts import check_table
from send_screen.errors import UsageError
from send_screen.specs import ModelSpec
from send_screen.specs._columns import as_code


def hold_out_schools(cohort: Cohort, schools: int) -> tuple[Cohort, Cohort]:
    """Split a cohort by school, the excluded rows included.

    Parameters
    ----------
    cohort : Cohort
    schools : int
        How many: those that come first in the order of their hashes, so that the same schools are held out whenever
        the same schools are in the data.

    Returns
    -------
    kept, held_out : Cohort
        No school is in both.

    Raises
    ------
    UsageError
        If there are not enough schools.

    Examples
    --------
    >>> from send_screen import load_cohort, load_spec
    >>> from send_screen.contracts import shipped
    >>> from send_screen.simulation import simulate_england
    >>> spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    >>> cohort = load_cohort(spec, simulate_england(children=600, schools=20).tables)
    >>> kept, held_out = hold_out_schools(cohort, 2)
    >>> held_out.school.nunique(), set(kept.school) & set(held_out.school)
    (2, set())
    """
    names = sorted(cohort.school.unique(), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    if not 0 < schools < len(names):
        raise UsageError(
            f"{schools} of {len(names)} groups cannot be held out.",
            remedy=f"Give a number from 1 to {len(names) - 1}.",
        )
    held = cohort.school.isin(names[:schools]).to_numpy()
    held_excluded = cohort.excluded["cluster"].isin(names[:schools])
    kept, held_out = cohort.excluded[~held_excluded], cohort.excluded[held_excluded]
    return (
        replace(cohort.take(~held), excluded=kept.reset_index(drop=True)),
        replace(cohort.take(held), excluded=held_out.reset_index(drop=True)),
    )


def held_out_tables(spec: ModelSpec, source: SourceData, held_out: Cohort) -> dict[str, pd.DataFrame]:
    """Return all rows of held-out schools, children without an outcome included, to be screened later.

    The keys are file names, such as ``"eyfsp.parquet"``. A table that several contracts share is returned once.
    """
    ids = {*held_out.ids, *held_out.excluded["child_id"].dropna().map(as_code)}
    schools = set(held_out.school)
    seen: set[int] = set()
    found = {}
    for name, table in source.tables.items():
        if id(table) in seen:
            continue
        checked = check_table(spec.contracts[name], table.frame, file=table.file).frame
        rows = checked[spec.child_id].map(as_code, na_action="ignore").isin(ids)
        if spec.school and name == spec.school.contract:
            rows |= checked[spec.school.column].map(as_code, na_action="ignore").isin(schools)
        found[f"{name.rpartition('/')[2]}.parquet"] = table.frame[rows.to_numpy()].reset_index(drop=True)
        seen.add(id(table))
    return found
