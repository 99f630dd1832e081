"""The contract of Project STAR holds on the real file."""

import os
from pathlib import Path

import pytest

from send_screen.contracts import check_table, load_contract
from send_screen.readers import read_table

DATA = os.environ.get("SEND_SCREEN_DATA")
pytestmark = pytest.mark.skipif(
    DATA is None, reason="SEND_SCREEN_DATA is unset; the file is public at hdl:1902.1/10766 (Harvard Dataverse)"
)


@pytest.fixture(scope="module")
def star():
    reading = read_table(Path(DATA or "") / "star" / "STAR_Students.parquet")
    return check_table(load_contract("research/project_star"), reading.frame, file=reading.file)


def test_every_child_is_read_and_no_rule_is_broken(star):
    assert len(star.frame) == 11_601
    assert star.violations == ()
    assert star.columns.missing == {}


def test_children_said_to_repeat_kindergarten_are_the_older_ones(star):
    age = (1985 - star.frame["birthyear"]) * 12 + (9 - star.frame["birthmonth"])
    mean = age.groupby(star.frame["gkrepeat"]).mean()
    assert mean["2"] - mean["1"] > 6
