"""A table that is screened in batches gives the same list as one that is read at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from send_screen.batches import BatchSelection, screen_pieces, select_in_pieces, working_folder
from send_screen.batches import _pieces as pieces_module
from send_screen.cohorts import load_cohort
from send_screen.errors import SendScreenError
from send_screen.governance import Bundle
from send_screen.screening import Capacity, ScreeningResult, Selection, result_for_role, select_children


def _write(table: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    elif path.suffix == ".xlsx":
        table.to_excel(path, index=False)
    else:
        pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path, row_group_size=700)
    return path


def _in_memory(bundle: Bundle, data: Path, *, capacity: Capacity, per_school: bool) -> Selection:
    cohort = load_cohort(bundle.spec, data, training=False, contracts=bundle.contracts)
    return select_children(bundle, cohort, capacity=capacity, per_school=per_school)


def _in_batches(
    bundle: Bundle, data: Path, work: Path, *, capacity: Capacity, per_school: bool = False, processes: int = 1
) -> BatchSelection:
    with working_folder(work):
        screened = screen_pieces(bundle, data, work, processes=processes)
        return select_in_pieces(screened, capacity=capacity, per_school=per_school)


def _assert_same(found: ScreeningResult, expected: ScreeningResult, *, but: tuple[str, ...] = ("notes",)) -> None:
    """Compare every part of two lists; of those excluded, name the first who differ."""
    for child, same in zip(found.excluded, expected.excluded, strict=False):
        assert dataclasses.asdict(child) == dataclasses.asdict(same)
    for name in {field.name for field in dataclasses.fields(expected)} - {*but}:
        assert getattr(found, name) == getattr(expected, name), name


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a row group each."""
    monkeypatch.setattr(pieces_module, "_PIECE_ROWS", 500)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("per_school", [False, True])
def test_the_list_is_that_of_a_table_read_at_once(
    bundle: Bundle, children: pd.DataFrame, tmp_path: Path, small_pieces: None, suffix: str, per_school: bool
) -> None:
    data = _write(children, tmp_path / f"children{suffix}")
    capacity = Capacity.parse("5%")
    expected = result_for_role(_in_memory(bundle, data, capacity=capacity, per_school=per_school), file="children")
    found = _in_batches(bundle, data, tmp_path / "work", capacity=capacity, per_school=per_school)
    _assert_same(result_for_role(found, file="children"), expected)
    assert expected.n_rows == len(children) - 1  # one row repeats another
    assert {child.rule for child in expected.excluded} >= {"EYFSP-E01-LEVEL", "DATA-OTHER-YEAR", "CENSUS-UPN-BLANK"}


def test_two_processes_and_batches_of_any_size_give_the_same(
    bundle: Bundle, children: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = _write(children, tmp_path / "children.parquet")
    capacity = Capacity.parse("7")
    results = []
    for rows, processes in ((131_072, 1), (97, 1), (131_072, 2)):
        monkeypatch.setattr(pieces_module, "_PIECE_ROWS", 700 if processes > 1 else rows)
        monkeypatch.setattr(pieces_module, "BATCH_ROWS", rows)
        work = tmp_path / f"work {rows} {processes}"
        found = _in_batches(bundle, data, work, capacity=capacity, processes=processes)
        results.append(result_for_role(found, file="children"))
    for result in results[1:]:
        _assert_same(result, results[0], but=())


def test_typed_columns_give_the_same_scores_as_text(
    bundle: Bundle, children: pd.DataFrame, tmp_path: Path, small_pieces: None
) -> None:
    as_text = children[children["UPN"].notna()].iloc[40:].copy()
    typed = as_text.copy()
    for name in ("SessionsPossible", "SessionsAbsent"):
        typed[name] = pd.to_numeric(typed[name]).astype("Int16")
    typed["DOB"] = pd.to_datetime(typed["DOB"]).dt.date
    for name in ("School", "NCyearActual", "AcademicYear", *(f"E{goal:02}" for goal in range(1, 18))):
        typed[name] = typed[name].astype("category")
    typed["FSMeligible"] = typed["FSMeligible"] == "true"
    capacity = Capacity.parse("5%")
    expected = result_for_role(
        _in_batches(bundle, _write(as_text, tmp_path / "text.csv"), tmp_path / "w1", capacity=capacity), file="x"
    )
    found = _in_batches(bundle, _write(typed, tmp_path / "typed.parquet"), tmp_path / "w2", capacity=capacity)
    _assert_same(result_for_role(found, file="x"), expected)


def test_files_of_a_folder_are_pieces_of_one_table(bundle: Bundle, children: pd.DataFrame, tmp_path: Path) -> None:
    folder = tmp_path / "schools"
    folder.mkdir()
    _write(children.iloc[:1000], folder / "a.csv")
    _write(children.iloc[1000:2000][list(reversed(children.columns))], folder / "b.parquet")
    _write(children.iloc[2000:], folder / "c.xlsx")
    whole = _in_memory(bundle, _write(children, tmp_path / "all.csv"), capacity=Capacity.parse("5%"), per_school=False)
    found = _in_batches(bundle, folder, tmp_path / "work", capacity=Capacity.parse("5%"))
    of_both = [
        [(child.child_id, child.score, child.reasons_for) for child in result_for_role(s, file="x").listed]
        for s in (whole, found)
    ]
    assert of_both[0] == of_both[1]


def test_nothing_but_the_selected_children_is_held(bundle: Bundle, children: pd.DataFrame, tmp_path: Path) -> None:
    data = _write(children, tmp_path / "children.parquet")
    found = _in_batches(bundle, data, tmp_path / "work", capacity=Capacity.parse("10"))
    assert len(found.cohort) == 10 + len(found.margin)
    assert found.n_screened > 2_000


def _wrong_files(children: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield "goals coded from 0", children.assign(E01=children["E01"].map({"1": "0", "2": "1"}))
    yield "a column of another kind", children.assign(DOB="yes")
    yield "another year group", children.assign(NCyearActual="5")
    yield "without the identifier", children.drop(columns="UPN")
    yield "a year that may be two", children.assign(AcademicYear="2026")


@pytest.mark.parametrize("wrong", range(5))
def test_what_is_refused_at_once_is_refused_in_batches(
    bundle: Bundle, children: pd.DataFrame, tmp_path: Path, wrong: int
) -> None:
    from send_screen.batches import raise_on_whole_table

    _, table = list(_wrong_files(children.iloc[50:]))[wrong]
    data = _write(table, tmp_path / "children.csv")
    with pytest.raises(SendScreenError) as at_once:
        load_cohort(bundle.spec, data, training=False, contracts=bundle.contracts)
    with pytest.raises(SendScreenError) as in_batches, working_folder(tmp_path / "work"):
        raise_on_whole_table(screen_pieces(bundle, data, tmp_path / "work", processes=1))
    assert type(in_batches.value) is type(at_once.value)
    reasons = {*str(in_batches.value).splitlines()[1:]}
    assert reasons <= {*str(at_once.value).splitlines()[1:]}


@pytest.mark.parametrize("seed", range(3))
def test_random_damage_changes_nothing_of_the_same_list(
    bundle: Bundle, children: pd.DataFrame, tmp_path: Path, small_pieces: None, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    table = children.copy()
    texts = ["", "n/a", "?", "1", "01", "-1", "2.0", "1e3", "É", " 2 ", "=1+1", "Expected", "2022/23", "31/12/2017"]
    for _ in range(400):
        row, column = rng.integers(len(table)), rng.integers(table.shape[1])
        table.iat[row, column] = texts[rng.integers(len(texts))]
    data = _write(table, tmp_path / "children.parquet")
    capacity = Capacity.parse("5%")
    expected = result_for_role(_in_memory(bundle, data, capacity=capacity, per_school=False), file="x")
    found = result_for_role(_in_batches(bundle, data, tmp_path / "work", capacity=capacity), file="x")
    _assert_same(found, expected)
