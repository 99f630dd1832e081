"""What tests of batches share."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from send_screen.governance import Bundle, open_bundle
from send_screen.simulation import simulate_england


@pytest.fixture(scope="module")
def bundle(trained: Any) -> Bundle:
    return open_bundle(trained.exported)


@pytest.fixture(scope="module")
def children() -> pd.DataFrame:
    """Invented children of 40 schools in one table as text, with what real files have wrong."""
    tables = simulate_england(children=3_000, schools=40, seed=11).tables
    census, profile = tables["education/pupil_census"], tables["education/eyfsp"]
    table = census.merge(profile.drop(columns="AcademicYear"), on="UPN", how="left").astype(object)
    table = table.where(table.notna(), None).map(lambda cell: cell if cell is None else _as_typed(cell))
    for row, column, cell in (
        (5, "E01", "9"),
        (7, "DOB", "gibberish"),
        (9, "UPN", table.loc[9, "UPN"].lower()),
        (11, "AcademicYear", "2019/20"),
        (13, "SENprovision", None),
        (15, "UPN", None),
        (17, "UPN", "A123"),
        (19, "Ethnicity", "ZZZZ"),
        (21, "E02", "2 - Expected"),
        (23, "E03", ""),
        (25, "NCyearActual", "6"),
        (27, "SessionsAbsent", "many"),
        (29, "DOB", "2001-01-01"),
        (31, "School", "12"),
    ):
        table.loc[row, column] = cell
    again, other = table.iloc[[40]], table.iloc[[41]].assign(E05="A")
    return pd.concat([table, again, other], ignore_index=True)


def _as_typed(cell: object) -> str:
    return str(cell).removesuffix(" 00:00:00") if not isinstance(cell, bool) else str(cell).lower()
