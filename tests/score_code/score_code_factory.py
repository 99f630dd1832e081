"""Hostile models and children for score code, and engines that run a query on them."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from send_screen.score_code import Provenance
from send_screen.tables import InteractionTerm, LevelsTerm, LinearTerm, RiskTables, ShapeTerm, Term
from send_screen.tables._interaction import all_edges

HOSTILE = "a\"b'c`d]e*/f--g\\h{}i;%s:x$(j)"
LEVELS = (
    *("x", "X", "x ", "it's", 'say "no"', "*/ --", "two\nlines", "back\\slash\\"),
    *("=1+1", "5", "5.0", "ü", "{}", "$(q)", ""),
)
PROVENANCE = Provenance(
    title="A title */ -- DROP TABLE",
    version="0123456789abcdef",
    manifest_sha256="f" * 64,
    review_date=dt.date(2999, 7, 31),
    owner="A. Board",
    population="children in reception; without support",
    notice="It is a prompt to look. It's not a diagnosis.",
)


def random_tables(rng: np.random.Generator, features: int = 6, *, names: Sequence[str] = ()) -> RiskTables:
    """A model with every kind of term and interactions between all kinds, numbers of every size."""
    names = names or [HOSTILE, *(f"f{j}" for j in range(1, features))]

    def numbers(size: int) -> tuple[float, ...]:
        return tuple((rng.normal(size=size) * 10.0 ** rng.integers(-4, 2, size)).tolist())

    terms: list[Term] = []
    for j, name in enumerate(names):
        mean, missing, slope = numbers(3)
        common: dict[str, Any] = {"feature": name, "mean": mean, "missing": missing, "n_missing": None, "n": None}
        low, high = sorted(numbers(2))
        if j % 3 == 0:
            edges = tuple(sorted({*numbers(12), 0.0, low}))
            values = numbers(len(edges) + 1)
            terms.append(ShapeTerm(edges=edges, values=values, slope=slope if j else 0.0, low=low, high=high, **common))
        elif j % 3 == 1:
            levels = dict(zip(LEVELS[: 3 + 2 * j], numbers(15), strict=False))
            terms.append(LevelsTerm(levels=levels, **common))
        else:
            terms.append(LinearTerm(slope=slope / 1e3, low=low, high=high, **common))
    axes = [_axis(term, rng) for term in terms]
    pairs = [(0, 1), (1, 4), (0, 2), (5, 4)] if len(terms) >= 6 else [(0, 1)]
    interactions = tuple(
        InteractionTerm(
            features=(names[a], names[b]),
            edges=(axes[a], axes[b]),
            values=tuple(numbers(len(axes[b]) + 2) for _ in range(len(axes[a]) + 2)),
            mean=numbers(1)[0],
        )
        for a, b in pairs
    )
    return RiskTables(
        intercept=numbers(1)[0], terms=tuple(terms), n_training=100, name="random", interactions=interactions
    )


def _axis(term: Term, rng: np.random.Generator) -> tuple[float, ...]:
    if isinstance(term, LevelsTerm):
        return (1.0, float(len(term.levels) - 1))
    return tuple(sorted({*term.cut_points[2:5], float(rng.normal()), term.high}))


def hostile_children(tables: RiskTables, rng: np.random.Generator, n: int = 400) -> pd.DataFrame:
    """Values at, just below and between cut points, beyond the range, infinite, zero with a sign, and not known."""
    columns: dict[str, pd.Series] = {}
    for term in tables.terms:
        if isinstance(term, LevelsTerm):
            values: list[Any] = [*term.levels, *map(str.swapcase, term.levels), "unknown", "NaN", "NULL", None]
            columns[term.feature] = pd.Series([values[i] for i in rng.integers(0, len(values), n)], dtype=object)
        else:
            edges = np.array([*all_edges(term, tables.interactions), term.low, term.high])
            some = [*edges, *np.nextafter(edges, -np.inf), *np.nextafter(edges, np.inf), *rng.normal(size=20)]
            some += [np.nan, np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -1e-310, 1.7e308, -1.7e308]
            columns[term.feature] = pd.Series(rng.choice(np.array(some), n), dtype=np.float64)
    return pd.DataFrame(columns)


Run = Callable[[str, pd.DataFrame], pd.DataFrame]


def with_nulls(X: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Rows for a database: the first half of the missing numbers as NULL, the others as NaN."""
    half = len(X) // 2
    return [
        tuple(None if value is None or (value != value and i < half) else value for value in row)
        for i, row in enumerate(X.itertuples(index=False, name=None))
    ]


def run_sqlite(query: str, X: pd.DataFrame) -> pd.DataFrame:
    connection = sqlite3.connect(":memory:")
    types = ("REAL" if X[name].dtype == np.float64 else "TEXT COLLATE NOCASE" for name in X)
    return _run(connection, query, X, types, "?")


def run_duckdb(query: str, X: pd.DataFrame) -> pd.DataFrame:
    duckdb = pytest.importorskip("duckdb")
    types = ("DOUBLE" if X[name].dtype == np.float64 else "VARCHAR COLLATE NOCASE" for name in X)
    return _run(duckdb.connect(), query, X, types, "?")


def run_postgres(query: str, X: pd.DataFrame) -> pd.DataFrame:
    psycopg = pytest.importorskip("psycopg")
    address = os.environ.get("SEND_SCREEN_POSTGRES")
    if not address:
        pytest.skip("SEND_SCREEN_POSTGRES is unset: it names a PostgreSQL database in which tests may make tables")
    types = ("DOUBLE PRECISION" if X[name].dtype == np.float64 else "TEXT" for name in X)
    connection = psycopg.connect(address.replace("+psycopg", ""))  # closed without a commit: nothing is left
    return _run(connection, query, X, types, "%s", kind="TEMPORARY TABLE")


RUN: dict[str, Run] = {"sqlite": run_sqlite, "duckdb": run_duckdb, "postgres": run_postgres}


def _run(connection: Any, query: str, X: pd.DataFrame, types: Any, mark: str, kind: str = "TABLE") -> pd.DataFrame:
    try:
        cursor = connection.cursor()
        quoted = ['"' + name.replace('"', '""') + '"' for name in X]
        columns = ", ".join(f"{name} {type_name}" for name, type_name in zip(quoted, types, strict=True))
        cursor.execute(f"CREATE {kind} children (child INTEGER, in_population INTEGER, {columns})")
        rows = [(i, 1, *row) for i, row in enumerate(with_nulls(X))]
        marks = ", ".join([mark] * (len(quoted) + 2))
        if rows:
            cursor.executemany(f"INSERT INTO children VALUES ({marks})", rows)
        cursor.execute(query)
        names = [column[0] for column in cursor.description]
        found = pd.DataFrame(cursor.fetchall(), columns=names)
        return found.sort_values("child", kind="stable", ignore_index=True)
    finally:
        connection.close()
