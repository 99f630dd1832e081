"""Data are read once: what is hashed is what was parsed, whatever happens to the file afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from send_screen.cohorts._source import read_source
from send_screen.contracts import load_contract
from send_screen.errors import UsageError
from send_screen.readers import read_table

ONE = {"education/eyfsp": load_contract("education/eyfsp")}
TWO = ONE | {"education/pupil_census": load_contract("education/pupil_census")}
FRAME = pd.DataFrame({"UPN": ["A1", "A2"], "E01": ["1", "2"]})
OTHER = pd.DataFrame({"UPN": ["A1", "A2"], "E01": ["2", "2"]})


def write(frame: pd.DataFrame, path: Path) -> Path:
    {
        ".csv": lambda: frame.to_csv(path, index=False),
        ".xlsx": lambda: frame.to_excel(path, index=False, engine="xlsxwriter"),
        ".parquet": lambda: frame.to_parquet(path),
    }[path.suffix]()
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_a_file_is_hashed_as_it_was_parsed(tmp_path: Path, suffix: str) -> None:
    path = write(FRAME, tmp_path / f"a{suffix}")
    before = sha256(path)
    assert read_table(path).sha256 == before
    source = read_source(path, ONE)
    write(OTHER, path)
    assert source.sha256 == before
    assert source.tables["education/eyfsp"].frame["E01"].tolist() == ["1", "2"]


def test_a_folder_is_hashed_as_sha256sum_lists_its_tables(tmp_path: Path) -> None:
    path = write(FRAME, tmp_path / "eyfsp.csv")
    (tmp_path / "README.txt").write_text("not a table", encoding="utf-8")
    other = write(OTHER, tmp_path / "attendance.parquet")  # which no contract asks for
    listed = f"{sha256(other)}  attendance.parquet\n{sha256(path)}  eyfsp.csv\n"
    source = read_source(tmp_path, TWO)
    assert list(source.tables) == ["education/eyfsp"]
    write(OTHER, path)
    assert source.sha256 == hashlib.sha256(listed.encode()).hexdigest()
    assert source.sha256 != read_source(tmp_path, TWO).sha256


def spoil(frame: pd.DataFrame) -> None:
    frame.loc[0, "E01"] = "2"
    frame["E02"] = "1"


@pytest.mark.parametrize(
    "given", [lambda frame: frame, lambda frame: {"education/eyfsp": frame}], ids=["frame", "mapping"]
)
def test_a_frame_is_kept_as_it_was_given(given: Callable[[pd.DataFrame], object]) -> None:
    frame = FRAME.copy()
    source = read_source(given(frame), ONE)
    spoil(frame)
    assert source.sha256 == read_source(given(FRAME), ONE).sha256 != read_source(given(frame), ONE).sha256
    pd.testing.assert_frame_equal(source.tables["education/eyfsp"].frame, FRAME)


def test_data_are_known_by_their_content(tmp_path: Path) -> None:
    def of(data: object) -> str:
        return read_source(data, ONE).sha256

    assert of(FRAME) == of(FRAME.copy()) == of(pa.Table.from_pandas(FRAME))
    assert len({of(FRAME), of(OTHER), of(FRAME.rename(columns={"E01": "E02"})), of({"education/eyfsp": FRAME})}) == 4
    path = write(FRAME, tmp_path / "a.csv")
    assert of({"education/eyfsp": path}) != of(path) == sha256(path)


def test_one_frame_for_two_contracts_is_one_table() -> None:
    tables = read_source(dict.fromkeys(TWO, FRAME), TWO).tables
    assert tables["education/eyfsp"] is tables["education/pupil_census"]
    with pytest.raises(UsageError, match="'health/none'"):
        read_source({"health/none": FRAME}, TWO)
