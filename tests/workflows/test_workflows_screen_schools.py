"""Many schools in one command: a pack for each, one page about all, and nothing of one school in another's pack."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from send_screen import decisions, screen, screen_schools
from send_screen.errors import UsageError
from send_screen.governance import read_ledger, screening_runs
from send_screen.workflows._screen_schools import _free_name, _Step


@pytest.fixture(scope="module")
def trust(trained: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three schools' files; one of them cannot be read."""
    folder = tmp_path_factory.mktemp("trust")
    rows = pd.read_csv(trained.school_file, dtype=str, keep_default_na=False)
    for name, part in {"oak": rows.iloc[::2], "elm": rows.iloc[1::2].assign(School="0001012")}.items():
        part.to_csv(folder / f"{name}.csv", index=False)
    (folder / "ash.csv").write_text("a letter, not a table", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def packs(trained: Any, trust: Path) -> Any:
    return screen_schools(trained.exported, sorted(trust.glob("*.csv")), out=trust / "packs", capacity="10%")


def test_each_school_has_a_pack_and_what_cannot_be_read_is_named(packs: Any, trust: Path) -> None:
    assert {path.name for path in packs.out.iterdir()} == {"oak", "elm", "schools.html", "schools.csv"}
    assert not packs.ok
    assert packs.exit_code == 1
    (named,) = packs.not_read
    assert named.startswith("ash.csv: ")
    assert [school.name for school in packs.schools] == ["0001012", "0001011"]
    for school in packs.schools:
        file = trust / f"{school.folder}.csv"
        assert school.n_rows == len(pd.read_csv(file))
        assert (packs.out / school.folder / "summary.json").is_file()
    assert "NOT SCREENED" in packs.to_text()


def test_a_pack_is_the_list_of_the_school_alone(packs: Any, trained: Any, trust: Path, tmp_path: Path) -> None:
    alone = screen(trained.exported, trust / "oak.csv", out=tmp_path / "oak", capacity="10%")
    assert [c.child_id for c in alone.result.listed] == [
        *pd.read_csv(packs.out / "oak" / "list.csv", dtype=str)["child_id"]
    ]
    assert (packs.out / "oak" / "list.csv").read_bytes() == (tmp_path / "oak" / "list.csv").read_bytes()


def test_one_file_of_many_schools_is_split_and_no_pack_holds_anothers_child(
    trained: Any, trust: Path, tmp_path: Path
) -> None:
    both = pd.concat([pd.read_csv(trust / f"{name}.csv", dtype=str, keep_default_na=False) for name in ("oak", "elm")])
    both.to_csv(tmp_path / "authority.csv", index=False)
    found = screen_schools(trained.exported, [tmp_path / "authority.csv"], out=tmp_path / "packs", capacity="10%")
    assert found.ok, found.to_text()
    assert sum(school.n_rows for school in found.schools) == len(both)
    for school in found.schools:
        others = both[both["School"] != school.name]
        for path in (found.out / school.folder).iterdir():
            text = path.read_bytes().decode("utf-8", errors="replace")
            assert not [upn for upn in others["UPN"] if upn in text], path
    runs = screening_runs(read_ledger(tmp_path / "ledger.db").entries)
    assert [entry.folder for entry, _ in runs] == [f"packs/{school.folder}" for school in found.schools]
    # what a school decides comes back to the one ledger
    assert decisions(found.out / found.schools[0].folder / "list.xlsx", ledger=tmp_path / "ledger.db").ok


def test_the_page_about_all_holds_no_child_and_no_small_count(packs: Any, trust: Path) -> None:
    page = (packs.out / "schools.html").read_text("utf-8")
    table = (packs.out / "schools.csv").read_text("utf-8-sig")
    shown = page + table + packs.to_text() + json.dumps(packs.to_dict())
    for path in trust.glob("???.csv"):
        if path.stem != "ash":
            rows = pd.read_csv(path, dtype=str, keep_default_na=False)
            assert not [text for text in (*rows["UPN"], *rows["Surname"]) if text in shown]
    assert all(0 < school.n_by_hand < 10 for school in packs.schools if school.n_by_hand)
    assert "1 to 9" in page
    assert "ash.csv" in page
    assert re.search(r'href="oak/report.html"', page)


def test_a_folder_that_is_not_empty_is_refused(trained: Any, trust: Path, packs: Any) -> None:
    with pytest.raises(UsageError, match="not empty"):
        screen_schools(trained.exported, [trust / "oak.csv"], out=packs.out)
    with pytest.raises(UsageError, match="No data"):
        screen_schools(trained.exported, [], out=trust / "none")


def test_a_copy_of_a_file_is_named_and_not_screened_again(trained: Any, trust: Path, tmp_path: Path) -> None:
    rows = pd.read_csv(trust / "oak.csv", dtype=str, keep_default_na=False)
    rows.iloc[3:].to_csv(tmp_path / "oak older.csv", index=False)
    found = screen_schools(trained.exported, [trust / "oak.csv", tmp_path / "oak older.csv"], out=tmp_path / "packs")
    assert not found.ok
    assert [school.folder for school in found.schools] == ["oak"]
    (named,) = found.not_read
    assert named.startswith("oak older.csv, oak older: Half or more of its children are in the pack oak")
    assert not (tmp_path / "packs" / "oak older").exists()


def test_a_child_in_two_files_is_told_without_naming_her(trained: Any, trust: Path, tmp_path: Path) -> None:
    oak, elm = (pd.read_csv(trust / f"{name}.csv", dtype=str, keep_default_na=False) for name in ("oak", "elm"))
    pd.concat([elm, oak.head(1)]).assign(School=oak["School"][0]).to_csv(tmp_path / "elm.csv", index=False)
    found = screen_schools(trained.exported, [trust / "oak.csv", tmp_path / "elm.csv"], out=tmp_path / "packs")
    assert found.ok
    assert found.shared == ("1 to 9 children of elm are in oak too, and were screened in both.",)
    page, text = (found.out / "schools.html").read_text("utf-8"), found.to_text()
    assert found.shared[0] in page
    assert found.shared[0] in " ".join(text.split())
    assert oak["UPN"][0] not in page + text
    # two schools of one number, as of two authorities where the number lacks theirs, can be told apart
    assert [school.name for school in found.schools] == [f"{oak['School'][0]}, {pack}" for pack in ("oak", "elm")]


def test_names_of_schools_are_names_of_folders() -> None:
    taken: set[str] = set()
    names = [_free_name(name, taken) for name in ("St. Mary's", "st. mary s", "../../etc", "", "a/b:c*?", "x" * 200)]
    assert names == ["St. Mary s", "st. mary s (2)", ".. .. etc".strip(" ."), "school not known", "a b c", "x" * 60]


def test_the_pace_and_the_time_that_is_left_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    clock = iter([1000.0, 1300.0, 1330.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    step = _Step(told.append, 4)
    step.read("a.csv", 0)
    step.screen("a.csv", 0, 0, 1)
    step.screen("b.csv", 1, 0, 2)
    step.screen("b.csv", 3, 1, 2)
    assert told == [
        "Reading a.csv (file 1 of 4)",
        "Screening a.csv (file 1 of 4)",
        "Screening b.csv, school 1 of 2 (file 2 of 4; 0.2 schools a minute, about 15 min left)",
        "Screening b.csv, school 2 of 2 (file 4 of 4; 0.4 schools a minute)",
    ]
