"""Whatever a file says, reading it takes bounded time and memory, and ends in a result or one sentence of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.posix
pytest.importorskip("resource")

from bounded_worker import CALLS  # noqa: E402
from hostile_files import FILES, NO_FILES  # noqa: E402

SECONDS = 30  # of the processor: three times what the slowest takes on a slow machine
HANGS = 120  # seconds
MEGABYTES = 900  # some 90 of them for the interpreter and its packages
ADDRESS = 8 * 2**30
#: These say nothing that is wrong, or nothing that a reader can know to be: they are read.
READ = {
    "a_row_far_wider_than_the_others",
    "one_emoji_in_twenty_megabytes",
    "ten_thousand_headers_that_look_like_columns",
    "a_hundred_thousand_rows_that_break_every_rule",
    "dimensions_of_excel_97_beyond_its_cells",
    "a_count_of_shared_texts_that_are_not_there",
    "a_formula_of_excel_97_that_is_opened_again_and_again",
    "a_ledger_of_many_wrong_entries",
    "a_ledger_of_one_long_entry",
    "a_ledger_of_many_records_of_nobody",
    "a_pattern_that_backtracks",
    "a_pattern_of_alternatives",
}


@pytest.fixture(scope="module")
def worker() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(Path(__file__).with_name("bounded_worker.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def measure(worker: subprocess.Popen[str], call: str, path: Path, seconds: int = HANGS) -> dict[str, Any]:
    assert worker.stdin is not None
    assert worker.stdout is not None
    task = {"call": call, "path": str(path), "seconds": seconds, "address": ADDRESS}
    worker.stdin.write(json.dumps(task) + "\n")
    worker.stdin.flush()
    found: dict[str, Any] = json.loads(worker.stdout.readline())
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_takes_bounded_time_and_memory(worker, tmp_path, name):
    call, make = FILES[name]
    found = measure(worker, call, make(tmp_path))
    assert not found["said"].startswith("not ours"), found
    assert found["seconds"] < SECONDS, found
    assert found["megabytes"] < MEGABYTES, found
    assert bool(found["said"]) == (name not in READ), found
    assert len(found["said"]) < 2_500


@pytest.mark.parametrize("kind", NO_FILES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("call", sorted(CALLS))
def test_what_is_no_plain_file_is_refused_at_once(worker, tmp_path, call, kind):
    path = tmp_path / ("a" + CALLS[call])
    kind(path)
    found = measure(worker, call, path, seconds=30)
    assert found["said"], "nothing was said"
    assert not found["said"].startswith("not ours"), found
    assert found["megabytes"] < 300, found
