"""Spark gives the list of the local engine, though a machine of the cluster fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from send_screen import screen
from send_screen.batches import on_spark
from send_screen.batches._pieces import Piece
from send_screen.errors import MachineError, MissingExtraError, UsageError
from send_screen.governance import read_ledger, records_of_entry

#: Screens as the command line does, piece by small piece; then the same table as a notebook has it.
DRIVER = """
import json, sys
from send_screen.batches import _pieces

_pieces._PIECE_ROWS = 50
model, data, out, frame_out = sys.argv[1:]
from send_screen.cli import main

sys.argv = ["send-screen", "screen", model, data, "--out", out, "--engine", "spark", "--capacity", "50"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
from pyspark.sql import SparkSession
from send_screen import screen

assert SparkSession.getActiveSession() is None
spark = SparkSession.builder.getOrCreate()
found = screen(model, spark.read.parquet(data).repartition(3), out=frame_out, engine="spark", capacity="50")
assert spark.range(3).count() == 3
spark.stop()
listed = [(child.child_id, child.score, list(child.reasons_for)) for child in found.result.listed]
told = {"listed": listed, "n_rows": found.result.n_rows, "n_screened": found.result.n_screened}
print(json.dumps(told, default=vars))
"""


@contextmanager
def _program(name: str, *arguments: str, log: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a class of Spark in a process group of its own, which is then killed."""
    home = Path(str(find_spec("pyspark").submodule_search_locations[0]))  # type: ignore[union-attr,index]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *arguments],
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _wait(for_what: Any, *, process: subprocess.Popen[bytes], log: Path) -> Any:
    """Return what a function finds, once it does, while a process runs."""
    deadline = time.monotonic() + 240
    while not (found := for_what()):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
    return found


def _records(ledger: Path) -> dict[int, dict[str, Any]]:
    """Return what the ledger holds of each child, by row."""
    (number,) = (entry.number for entry in read_ledger(ledger).entries if entry.kind == "screening")
    return {record["row"]: record for _, record in records_of_entry(ledger, number) if record is not None}


def _lists(folder: Path) -> list[pd.DataFrame]:
    names = ("list.csv", "excluded.csv")
    return [pd.read_csv(folder / name, dtype=str).drop(columns="run", errors="ignore") for name in names]


@pytest.mark.slow
@pytest.mark.posix
@pytest.mark.skipif(find_spec("pyspark") is None, reason="the extra [spark] is not installed")
@pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")
def test_the_list_of_two_machines_of_which_one_fails(
    trained: Any, children: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # here, one process is sooner
    data = tmp_path / "children.parquet"
    pq.write_table(pa.Table.from_pandas(children, preserve_index=False), data, row_group_size=150)
    expected = screen(trained.exported, data, out=tmp_path / "local" / "list", engine="batches", capacity="50")
    conf = tmp_path / "conf"
    conf.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # they start sooner
    }
    with ExitStack() as running:

        def start(name: str, *arguments: str) -> tuple[subprocess.Popen[bytes], Path]:
            log = tmp_path / f"{len(list(tmp_path.glob('*.log')))}.log"
            at = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
            program = _program(name, *at, *arguments, log=log, environment=environment)
            return running.enter_context(program), log

        process, log = start("master.Master")
        address = _wait(lambda: re.search(r"spark://127.0.0.1:[0-9]+", log.read_text()), process=process, log=log)[0]
        options = (f"spark.master {address}", "spark.executor.memory 512m", "spark.ui.enabled false")
        (conf / "spark-defaults.conf").write_text("\n".join(options), encoding="utf-8")
        folders = [tmp_path / "worker 0", tmp_path / "worker 1"]
        workers = [start("worker.Worker", "-c", "1", "-m", "1g", "-d", str(folder), address) for folder in folders]
        for worker, log in workers:
            _wait(lambda log=log: "Successfully registered" in log.read_text(), process=worker, log=log)
        out, errors = tmp_path / "spark" / "list", tmp_path / "errors"
        paths = (trained.exported, data, out, tmp_path / "frame" / "list")
        code = [sys.executable, "-c", DRIVER, *map(str, paths)]
        with errors.open("wb") as to:
            driver = subprocess.Popen(code, env=environment, stdout=subprocess.PIPE, stderr=to, start_new_session=True)
        running.callback(_kill, driver)

        def parts() -> int:
            return len(list((out.parent / ".list.screening").glob("part-*.parquet")))

        def both_work() -> bool:
            logs = ["".join(log.read_text() for log in folder.glob("app-*/*/stderr")) for folder in folders]
            return parts() > 0 and all("Running task" in log for log in logs)

        _wait(both_work, process=driver, log=errors)
        _kill(workers[0][0])
        assert parts() < len(children) // 150
        told, _ = driver.communicate(timeout=240)
        assert driver.returncode == 0, errors.read_text()
    for found, same in zip(_lists(out), _lists(expected.out), strict=True):
        pd.testing.assert_frame_equal(found, same)
    assert _records(out.parent / "ledger.db") == _records(tmp_path / "local" / "ledger.db")
    assert [path.name for path in out.parent.glob(".*.screening")] == []
    of_frame = json.loads(told.splitlines()[-1])
    listed = [(child.child_id, child.score, list(child.reasons_for)) for child in expected.result.listed]
    assert of_frame["listed"] == json.loads(json.dumps(listed, default=vars))
    assert of_frame["n_rows"] == expected.result.n_rows
    assert of_frame["n_screened"] == expected.result.n_screened


def test_without_pyspark_it_says_what_to_install(
    trained: Any, children: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "children.parquet"
    children.to_parquet(data)
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyspark"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(MissingExtraError, match=r"send-screen\[spark\].*Java 17"):
        screen(trained.exported, data, out=tmp_path / "list", engine="spark")


def test_a_table_that_is_no_file_is_for_spark(trained: Any, children: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="engine='spark'"):
        screen(trained.exported, children, out=tmp_path / "list")  # type: ignore[arg-type]


class _InThisProcess:
    """What the engine asks of a session of Spark, without one."""

    def range(self, first: int, stop: int, step: int, partitions: int) -> _InThisProcess:
        self.numbers = [*range(first, stop, step)]
        return self

    def mapInArrow(self, function: Any, schema: str) -> _InThisProcess:
        batches = (pa.RecordBatch.from_pydict({"id": [number]}) for number in self.numbers)
        self.rows = [row for batch in function(batches) for row in batch.to_pylist()]
        return self

    def collect(self) -> list[dict[str, Any]]:
        return self.rows


@pytest.mark.skipif(find_spec("pyspark") is None, reason="the extra [spark] is not installed")
def test_a_machine_that_does_not_see_the_data_is_one_error(tmp_path: Path) -> None:
    here, elsewhere = (Piece(0, "a.parquet", path, (0,), 2, 1) for path in (tmp_path / "a", tmp_path / "b"))
    here.path.touch()
    with on_spark(_InThisProcess()) as run:
        assert list(run(lambda piece: piece.n_rows, [here])) == [(here, 1)]
        with pytest.raises(MachineError, match=r"does not see .*b\. Every machine of Spark must see the data"):
            list(run(lambda piece: piece.n_rows, [here, elsewhere]))
        with pytest.raises(MachineError, match=r"cannot use .*c \(No such file"):
            list(run(lambda piece: (tmp_path / "c").read_bytes(), [here]))
