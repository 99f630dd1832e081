"""Keep whole schools aside, so that a model can be tried on schools it has never seen."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd

from send_screen.cohorts._cohort import Cohort
from send_screen.errors import UsageError
from send_screen.readers import read_table


def hold_out_schools(cohort: Cohort, schools: int) -> tuple[Cohort, Cohort]:
    """Split a cohort by school.

    Parameters
    ----------
    cohort : Cohort
    schools : int
        How many whole schools to keep aside: those that come first in hash order, so that the same schools are kept
        aside whenever the same schools are in the data.

    Returns
    -------
    kept, held_out : Cohort
        No school is in both.

    Raises
    ------
    UsageError
        If there are not enough schools.
    """
    names = sorted(cohort.school.unique(), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    if not 0 < schools < len(names):
        raise UsageError(
            f"{schools} of {len(names)} schools cannot be kept aside.",
            remedy=f"Give a number from 1 to {len(names) - 1}.",
        )
    held = cohort.school.isin(names[:schools]).to_numpy()
    return cohort.take(~held), cohort.take(held)


def write_held_out(data: Path, ids: pd.Series, id_column: str, folder: Path) -> list[Path]:
    """Copy the rows of held-out children out of the files they came in, to be screened later.

    Parameters
    ----------
    data : pathlib.Path
        The file or folder that the cohort was read from.
    ids : pandas.Series of str
        Identifiers of the children of held-out schools.
    id_column : str
        The identifier's column.
    folder : pathlib.Path
        Where to write; it is personal data, so a place that few may read.

    Returns
    -------
    list of pathlib.Path
        The files written: CSV, or Parquet where the source is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = set(ids)
    written = []
    files = sorted(data.iterdir()) if data.is_dir() else [data]
    for file in files:
        if file.suffix.lower() not in (".csv", ".xlsx", ".parquet"):
            continue
        frame = read_table(file).frame
        if id_column not in frame.columns:
            continue
        rows = frame[frame[id_column].map(_plain, na_action="ignore").isin(wanted)]
        if file.suffix.lower() == ".parquet":
            target = folder / file.name
            rows.reset_index(drop=True).to_parquet(target)
        else:
            target = folder / f"{file.stem}.csv"
            rows.to_csv(target, index=False)
        written.append(target)
    return written


def _plain(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
