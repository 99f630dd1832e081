"""A version exported as a query and as a workbook: the same scores as the version, entered, and named on withdrawal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from registry_store import WHO, Store, run
from score_code_factory import RUN, hostile_children

from send_screen import export, load_model
from send_screen.errors import UsageError
from send_screen.governance import ExportEntry, read_ledger

VERSION = "models:/reception_sen/1"
ALLOWED = "--allow-synthetic-model"


@pytest.mark.parametrize("engine", RUN)
def test_a_version_as_a_query_is_the_version(engine: Any, trained: Any, tmp_path: Path) -> None:
    code, said, err = run(
        *("export", trained.exported, "--to", "sql", "--dialect", engine, ALLOWED, "--out", tmp_path / "query")
    )
    assert code == 0, said + err
    assert "self_test.sql" in said
    assert sorted(path.name for path in (tmp_path / "query").iterdir()) == ["score.sql", "self_test.sql"]
    bundle = load_model(trained.exported)
    X = hostile_children(bundle.tables, np.random.default_rng(0), 200)
    found = RUN[engine]((tmp_path / "query" / "score.sql").read_text("utf-8"), X)
    assert found["score"].tolist() == bundle.tables.score(X).tolist()
    columns = [f"contribution.{feature}" for feature in bundle.tables.features]
    assert np.array_equal(found[columns].to_numpy(dtype=np.float64), bundle.tables.contributions(X))
    assert set(found["model_version"]) == {bundle.published.version.id}
    assert found["notice"].str.startswith("RESEARCH ONLY: this model learnt from invented children.").all()
    test = (tmp_path / "query" / "self_test.sql").read_text("utf-8")
    assert set(RUN[engine](test, pd.DataFrame({"x": []}))["n_differ"]) == {0}
    assert bundle.manifest_sha256 in test
    assert all(f"-- Must not be used: {use}." in test for use in bundle.spec.prohibited_uses)


def test_a_query_says_where_each_column_comes_from(trained: Any, tmp_path: Path) -> None:
    export(trained.exported, tmp_path / "query", to="sql", dialect="duckdb", allow_synthetic_model=True)
    lines = (tmp_path / "query" / "score.sql").read_text("utf-8").splitlines()
    comments = dict(line.strip().removeprefix('c."').split("  -- ") for line in lines if "  -- " in line.strip())
    assert set(comments) == {
        f'{feature}"' + (feature != "absence") * "," for feature in load_model(trained.exported).tables.features
    }
    assert comments['E02",'] == "Speaking: education/eyfsp.E02, NULL where it is A"
    assert comments['absence"'].endswith("education/pupil_census.SessionsPossible, NULL where that is 0 or not known")
    assert comments['age_months",'].endswith("whole months from education/pupil_census.DOB to the as-of date")


def test_a_version_as_a_workbook_asks_for_its_features(trained: Any, tmp_path: Path) -> None:
    made = export(trained.exported, tmp_path / "book", to="xlsx", allow_synthetic_model=True)
    assert "score.xlsx" in made.headline
    bundle = load_model(trained.exported)
    book = openpyxl.load_workbook(tmp_path / "book" / "score.xlsx")
    rows = list(book["Child"].iter_rows(min_row=10, values_only=True))
    assert [row[0] for row in rows] == [feature.label for feature in bundle.features]
    how = {feature.name: row[2] for feature, row in zip(bundle.features, rows, strict=True)}
    assert how["E02"].startswith("1 ")
    assert (how["age_months"], how["absence"]) == ("whole months", "a share, from 0 to 1")
    said = book["Child"]["A2"].value
    assert "RESEARCH ONLY" in said
    assert all(use in said for use in bundle.spec.prohibited_uses)


@pytest.mark.parametrize(("to", "dialect"), [("sql", "sqlite"), ("xlsx", None)])
def test_an_auditor_can_export_again_and_compare(to: Any, dialect: Any, trained: Any, tmp_path: Path) -> None:
    made = [
        export(trained.exported, tmp_path / name, to=to, dialect=dialect, allow_synthetic_model=True).out
        for name in ("first", "second")
    ]
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in made)
    assert first == second


def test_exports_are_entered_and_a_withdrawal_names_them(store: Store, tmp_path: Path) -> None:
    for form in (("sql", "--dialect", "duckdb"), ("xlsx",)):
        code, said, err = store.run("export", VERSION, "--to", *form, ALLOWED, "--out", tmp_path / f"as_{form[0]}")
        assert code == 0, said + err
    entries = [entry for entry in read_ledger(store.ledger).entries if isinstance(entry, ExportEntry)]
    assert [(entry.what, entry.file_name, entry.registered) for entry in entries] == [
        ("sql", "as_sql", "1"),
        ("xlsx", "as_xlsx", "1"),
    ]
    code, said, err = store.run("withdraw", VERSION, *WHO)
    assert code == 0, said + err
    assert "It was exported 2 times: tell who has one" in said
    assert "A query, a workbook or a model that is served already still answers" in said
    assert "sql as_sql of reception_sen/1" in said
    assert "xlsx as_xlsx of reception_sen/1" in said
    code, said, err = store.run("export", VERSION, "--to", "xlsx", ALLOWED, "--out", tmp_path / "again")
    assert code != 0
    assert "withdrawn" in said + err
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"to": "sql"}, "--dialect as one of: postgres"),
        ({"to": "sql", "dialect": "oracle"}, "--dialect as one of: postgres"),
        ({"dialect": "duckdb"}, "with --to sql"),
        ({"to": "pmml"}, "one of: folder, sql, xlsx"),
    ],
)
def test_what_does_not_fit_is_refused(options: Any, remedy: str, trained: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        export(trained.exported, tmp_path / "out", allow_synthetic_model=True, **options)
    assert remedy in str(refused.value.remedy)
    assert not (tmp_path / "out").exists()
