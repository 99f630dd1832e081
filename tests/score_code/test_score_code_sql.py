"""The query of a model: the library's own scores and contributions, to the last bit, in engines that are run."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import re
import sqlite3
from typing import Any

import numpy as np
import pandas as pd
import pytest
from score_code_factory import HOSTILE, PROVENANCE, RUN, hostile_children, random_tables, run_duckdb, run_sqlite
from tables_factory import TABLES

from send_screen.errors import UsageError
from send_screen.score_code import DIALECTS, render_query, render_self_test
from send_screen.score_code._dialects import find_dialect
from send_screen.tables import LevelsTerm, LinearTerm, RiskTables

ENGINES = list(RUN)


def contributions(found: pd.DataFrame, tables: RiskTables) -> np.ndarray:
    return found[[f"contribution.{feature}" for feature in tables.features]].to_numpy(dtype=np.float64)


def states(found: pd.DataFrame, tables: RiskTables) -> np.ndarray:
    return found[[f"state.{feature}" for feature in tables.features]].to_numpy(dtype=object)


def same_bits(found: np.ndarray, expected: np.ndarray) -> bool:
    """Equal to the last bit, the sign of a zero among them."""
    return found.astype(np.float64).tobytes() == expected.astype(np.float64).tobytes()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_library_to_the_last_bit(engine: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    tables = random_tables(rng)
    X = hostile_children(tables, rng)
    found = RUN[engine](render_query(tables, PROVENANCE, engine), X)
    assert set(found["status"]) == {"scored"}
    assert same_bits(found["score"].to_numpy(dtype=np.float64), tables.score(X))
    assert same_bits(contributions(found, tables), np.ascontiguousarray(tables.contributions(X)))
    assert np.array_equal(states(found, tables) == "clipped", tables.clipped(X))
    assert np.array_equal(states(found, tables) == "unknown category", tables.unknown_category(X))
    missing, half = X.isna().to_numpy(), len(X) // 2
    is_number = np.array([not isinstance(term, LevelsTerm) for term in tables.terms])
    as_nan = missing & is_number & (np.arange(len(X)) >= half)[:, None] & (engine != "sqlite")
    assert np.array_equal(states(found, tables) == "missing (NaN)", as_nan)
    assert np.array_equal(states(found, tables) == "missing", missing & ~as_nan)


@pytest.mark.parametrize("engine", ENGINES)
def test_forty_features(engine: str) -> None:
    rng = np.random.default_rng(9)
    names = [f"feature_{j}" for j in range(40)]
    tables = random_tables(rng, names=names)
    X = hostile_children(tables, rng, 60)
    found = RUN[engine](render_query(tables, PROVENANCE, engine), X)
    assert same_bits(found["score"].to_numpy(dtype=np.float64), tables.score(X))
    assert same_bits(contributions(found, tables), np.ascontiguousarray(tables.contributions(X)))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("tables", [TABLES, random_tables(np.random.default_rng(5))], ids=["small", "hostile"])
def test_the_self_test_compares_every_golden_row_and_finds_an_altered_number(engine: str, tables: RiskTables) -> None:
    query, nobody = render_self_test(tables, PROVENANCE, engine), pd.DataFrame({"x": []})
    found = RUN[engine](query, nobody)
    assert set(found["quantity"]) == {"score", *tables.features}
    assert len(found) == found["child"].nunique() * (1 + len(tables.features))
    assert set(found["n_differ"]) == {0}
    seen = {*found["expected_state"]}
    assert {"known", "clipped", "unknown category", "missing", "scored"} <= seen
    literal = find_dialect(engine).double(tables.intercept)
    altered = query.replace(literal, find_dialect(engine).double(math.nextafter(tables.intercept, math.inf)))
    wrong = RUN[engine](altered, nobody)
    assert 0 < int(wrong["n_differ"].iloc[0]) == int(wrong["differs"].sum())
    lost = RUN[engine](query.replace(" AS t\n),\nexpected", " AS t\n  WHERE 1 = 0\n),\nexpected"), nobody)
    assert set(lost["n_differ"]) == {len(found)}


@pytest.mark.parametrize("engine", ENGINES)
def test_after_the_review_date_every_row_says_so_and_none_has_a_score(engine: str) -> None:
    X = pd.DataFrame({"reading": [2.0, None], "E02": ["1", "2"], "absence": [4.0, 1.0]})
    ask = f"SELECT 1 AS child, CAST({find_dialect(engine).today} AS {find_dialect(engine).text_type}) AS today"
    today = dt.date.fromisoformat(RUN[engine](ask, EMPTY)["today"].iloc[0])  # the engine's own
    for review_date, is_over in ((today - dt.timedelta(days=1), True), (today, False)):
        terms = dataclasses.replace(PROVENANCE, review_date=review_date)
        found = RUN[engine](render_query(TABLES, terms, engine), X)
        assert len(found) == 2
        assert set(found["status"]) == {terms.refusal if is_over else "scored"}
        assert found["score"].isna().all() == is_over
        assert bool(found.filter(like="contribution.").isna().all(axis=None)) == is_over
        tested = RUN[engine](render_self_test(TABLES, terms, engine), X)
        assert (tested["n_differ"] == (len(tested) if is_over else 0)).all()


@pytest.mark.parametrize("engine", ENGINES)
def test_every_row_and_the_query_say_what_they_are(engine: str) -> None:
    query = render_query(TABLES, PROVENANCE, engine)
    found = RUN[engine](query, pd.DataFrame({"reading": [2.0], "E02": ["1"], "absence": [4.0]}))
    assert found["notice"].tolist() == [PROVENANCE.notice]
    assert found["model_version"].tolist() == [PROVENANCE.version]
    head = query.partition("\nWITH ")[0]
    assert all(line.startswith("-- ") for line in head.splitlines())
    for words in (PROVENANCE.notice, PROVENANCE.version, PROVENANCE.manifest_sha256, "2999-07-31", PROVENANCE.title):
        assert words in head


@pytest.mark.parametrize("engine", ENGINES)
def test_no_text_ends_its_comment(engine: str) -> None:
    breaks = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
    text = "".join(f"x{one}DROP TABLE children; {one}" for one in breaks)
    hostile = dataclasses.replace(PROVENANCE, title=text, owner=text, population=text, notice=f"*/ {text}")
    found = RUN[engine](
        render_query(TABLES, hostile, engine), pd.DataFrame({"reading": [2.0], "E02": ["1"], "absence": [4.0]})
    )
    assert found["status"].tolist() == ["scored"]
    assert found["notice"].tolist() == [hostile.notice]


def change_source(query: str, select: str) -> str:
    """What a user does: another SELECT in the brackets of the source."""
    head, _, rest = query.partition("source_rows AS (\n")
    return f"{head}source_rows AS (\n{select}\n{rest[rest.index('),' + chr(10) + 'encoded AS') :]}"


def of_types(engine: str, **values: str) -> pd.DataFrame:
    """One row whose values are expressions of the engine's own types."""
    given = {"reading": "2", "E02": "'1'", "absence": "4", "in_population": "1"} | values
    columns = ", ".join(f'{value} AS "{name}"' for name, value in given.items())
    return RUN[engine](change_source(render_query(TABLES, PROVENANCE, engine), f"SELECT 7 AS child, {columns}"), EMPTY)


EMPTY = pd.DataFrame({"x": []})


@pytest.mark.parametrize("engine", ENGINES)
def test_whole_numbers_are_numbers_and_codes(engine: str) -> None:
    found = of_types(engine, reading="CAST(3 AS INTEGER)", E02="CAST(2 AS INTEGER)")
    expected = TABLES.score(pd.DataFrame({"reading": [3], "E02": ["2"], "absence": [4.0]}))
    assert found["status"].tolist() == ["scored"]
    assert found["score"].tolist() == expected.tolist()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"reading": "'12'"}, "excluded: reading is not a number"),
        ({"reading": "'twelve'"}, "excluded: reading is not a number"),
        ({"E02": "CAST(1.5 AS {double})"}, "excluded: E02 is not a text or whole number"),
        ({"E02": "CAST(1 AS {double})"}, "excluded: E02 is not a text or whole number"),
        ({"in_population": "0"}, "excluded: not in the population of the model"),
        ({"in_population": "2"}, "excluded: not in the population of the model"),
        ({"in_population": "CAST(NULL AS INTEGER)"}, "excluded, look at by hand: not known whether in the population"),
    ],
)
def test_what_cannot_be_scored_is_a_row_that_says_why(engine: str, values: dict[str, str], status: str) -> None:
    if engine == "postgres" and values.get("reading"):
        values = {"reading": f"CAST({values['reading']} AS TEXT)"}
    double = find_dialect(engine).double_type
    found = of_types(engine, **{name: value.format(double=double) for name, value in values.items()})
    assert found["status"].tolist() == [status]
    assert found["score"].isna().all()
    assert bool(found.filter(like="contribution.").isna().all(axis=None))
    assert found["child"].tolist() == [7]


def test_a_product_too_small_for_a_double_is_no_error_for_everybody() -> None:
    """PostgreSQL raises where a product underflows to 0: one child's value must not take the query down."""
    term = LinearTerm(feature="a", slope=1e-3, low=-1.0, high=1.0, missing=0.5, mean=0.1, n=None, n_missing=None)
    tables = RiskTables(intercept=0.0, terms=(term,), n_training=10, name="small")
    X = pd.DataFrame({"a": [5e-324, -5e-324, 3e-322, 2.4e-321, 1e-310, 0.5, np.nan]})
    for engine in ENGINES:
        found = RUN[engine](render_query(tables, PROVENANCE, engine), X)
        assert found["score"].tolist() == tables.score(X).tolist(), engine


def test_a_column_that_the_table_has_not_is_an_error_and_no_text() -> None:
    """SQLite takes a name in quotes that it does not know for a text, which would be an unknown category."""
    query = render_query(TABLES, PROVENANCE, "sqlite")
    with pytest.raises(Exception, match="no such column"):
        run_sqlite(query, pd.DataFrame({"reading": [2.0], "absence": [4.0]}))


def test_numbers_of_sqlite_are_exact_where_its_decimals_are_not() -> None:
    d = find_dialect("sqlite")
    rng = np.random.default_rng(0)
    some = [*rng.normal(size=300), *(rng.normal(size=300) * 10.0 ** rng.integers(-250, 250, 300)), 0.1, 1e22, 2.0**80]
    connection = sqlite3.connect(":memory:")
    for value in map(float, some):
        assert connection.execute(f"SELECT {d.double(value)}").fetchone() == (value,), value
    connection.close()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_it_is_one_statement_of_its_dialect_whatever_the_names(dialect: str) -> None:
    sqlglot = pytest.importorskip("sqlglot")
    tables = random_tables(np.random.default_rng(2))
    for query in (render_query(tables, PROVENANCE, dialect), render_self_test(tables, PROVENANCE, dialect)):
        (statement,) = sqlglot.parse(query, read=dialect)
        assert isinstance(statement, sqlglot.exp.Select)
        names = {column.name for column in statement.find_all(sqlglot.exp.Identifier)} | {
            alias.alias for alias in statement.find_all(sqlglot.exp.Alias)
        }
        assert HOSTILE in names
        strings = {literal.this for literal in statement.find_all(sqlglot.exp.Literal) if literal.is_string}
        strings |= {national.this for national in statement.find_all(sqlglot.exp.National)}
        end = find_dialect(dialect).text_end
        assert {"it's" + end, 'say "no"' + end, "*/ --" + end} <= strings


def test_what_spark_is_told_is_the_library_too() -> None:
    """Translated by sqlglot, and run in DuckDB: what is not run in Spark itself."""
    sqlglot = pytest.importorskip("sqlglot")
    rng = np.random.default_rng(3)
    tables = random_tables(rng)
    X = hostile_children(tables, rng)
    query = sqlglot.transpile(render_query(tables, PROVENANCE, "spark"), read="spark", write="duckdb")[0]
    query = query.replace("'double'", "'DOUBLE'").replace("'string'", "'VARCHAR'")  # what typeof says there
    found = run_duckdb(query.replace(" AS TEXT)", ' AS TEXT) COLLATE "binary"'), X)
    assert same_bits(found["score"].to_numpy(dtype=np.float64), tables.score(X))
    assert same_bits(contributions(found, tables), np.ascontiguousarray(tables.contributions(X)))


@pytest.mark.parametrize("value", [0.1, -1 / 3, 5e-324, 1.7976931348623157e308, 1e22, 2.0**53 + 2, -0.0, 123456.789])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_number_is_written_so_that_it_is_read_back(dialect: str, value: float) -> None:
    written = find_dialect(dialect).double(value)
    if dialect == "sqlite":
        # no decimals: only whole numbers and powers of two
        assert re.fullmatch(r"-?\d+\.0|\(CAST\(-?\d+ AS REAL\)( [*/] \(1 << \d+\))*\)", written)
        ((found,),) = sqlite3.connect(":memory:").execute(f"SELECT {written}").fetchall()
        assert found == value
    else:
        assert re.fullmatch(r"CAST\('(.+)' AS [A-Z]+.*\)", written)
        assert float(written.split("'")[1]).hex() == value.hex()


def linear(*features: str) -> RiskTables:
    terms = tuple(
        LinearTerm(feature=name, slope=1.0, low=0.0, high=1.0, missing=0.0, mean=0.0, n=None, n_missing=None)
        for name in features
    )
    return RiskTables(intercept=0.0, terms=terms, n_training=1, name="linear")


@pytest.mark.parametrize("features", [("Age", "age"), ("child",), ("IN_POPULATION",)])
def test_columns_that_sql_cannot_tell_apart_are_refused(features: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="are one"):
        render_query(linear(*features), PROVENANCE, "duckdb")


def test_a_name_that_would_be_cut_off_is_refused() -> None:
    name = "é" * 26  # with "contribution." 65 bytes
    with pytest.raises(UsageError, match="63 bytes"):
        render_query(linear(name), PROVENANCE, "postgres")
    assert name in render_query(linear(name), PROVENANCE, "duckdb")


@pytest.mark.parametrize("dialect", [None, "oracle", "Postgres"])
def test_a_dialect_must_be_one_of_five(dialect: Any) -> None:
    with pytest.raises(UsageError, match="dialect"):
        render_query(TABLES, PROVENANCE, dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_case_is_nested_no_deeper_than_t_sql_allows(dialect: str) -> None:
    depth = deepest = 0
    for word in re.findall(
        r"\b(CASE|END)\b", render_query(random_tables(np.random.default_rng(1)), PROVENANCE, dialect)
    ):
        depth += 1 if word == "CASE" else -1
        deepest = max(deepest, depth)
    assert depth == 0
    assert 2 <= deepest <= 4


def test_the_model_file_of_golden_rows_is_enough() -> None:
    """Golden rows follow from the tables alone: a model that was saved and loaded has the same ones."""
    loaded = RiskTables.from_json(TABLES.to_json())
    assert json.loads(loaded.to_json()) == json.loads(TABLES.to_json())
    assert render_self_test(loaded, PROVENANCE, "duckdb") == render_self_test(TABLES, PROVENANCE, "duckdb")
