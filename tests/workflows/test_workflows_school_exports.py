"""One school's file, the report of its pupil system and its Common Transfer File give the same list."""

from pathlib import Path
from typing import Any

import pandas as pd

from send_screen import screen
from send_screen.simulation._school_exports import common_transfer_file, pupil_system_report


def test_three_ways_to_give_the_same_children_give_one_list(trained: Any, tmp_path: Path) -> None:
    school = pd.read_csv(trained.school_file, dtype=str).astype(object)
    school = school.where(school.notna(), None)
    report, ctf = tmp_path / "report" / "pupils.csv", tmp_path / "ctf" / "pupils.xml"
    for path in (report, ctf):
        path.parent.mkdir()
    report.write_text(pupil_system_report(school), "utf-8")
    (tmp_path / "report" / "mapping.yaml").write_text(
        "format: send_screen.mapping/1\nblanks: {SENprovision: N}\n", "utf-8"
    )
    ctf.write_bytes(common_transfer_file(school))
    lists = {}
    for name, file in {"file": trained.school_file, "report": report, "ctf": ctf}.items():
        found = screen(trained.exported, file, out=tmp_path / "out" / name, ledger=tmp_path / f"{name}.db")
        rows = pd.read_csv(tmp_path / "out" / name / "list.csv", dtype=str, keep_default_na=False)
        assert found.result.n_screened + len(found.result.excluded) == len(school), name
        # a CTF has no class, and rows and the run are of each file
        lists[name] = rows.drop(columns=["row_in_file", "class", "run"])
    pd.testing.assert_frame_equal(lists["report"], lists["file"])
    pd.testing.assert_frame_equal(lists["ctf"], lists["file"])
