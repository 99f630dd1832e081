"""Screen pieces on the executors of Spark, which read and write folders that all machines share."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from send_screen.batches._pieces import Piece
from send_screen.batches._run import Run, write_table
from send_screen.errors import DataError, MachineError, MissingExtraError, SendScreenError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_PYTHON = "PYSPARK_PYTHON"
_SHARE = "Every machine of Spark must see the data and the folder of --out at the same path, under the same account."
_INSTALL = "Install the same release of send_screen and of Python on each machine of Spark, and see Spark's own log."


@contextmanager
def on_spark(session: SparkSession | None = None) -> Iterator[Run]:
    """Yield a function that applies another to pieces, each in a task of its own.

    Without a session it is the one that is running, or one that the environment names, which is stopped afterwards.
    """
    if session is not None:
        yield _run_in(session)
        return
    with _session() as found:
        yield _run_in(found)


@contextmanager
def _session() -> Iterator[SparkSession]:
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise MissingExtraError(
            "The engine spark needs pyspark, which is not installed.",
            remedy="Install it with: pip install 'send-screen[spark]', and Java 17 or later.",
        ) from None
    running = SparkSession.getActiveSession()
    if running is not None:
        yield running
        return
    named = os.environ.get(_PYTHON)
    os.environ.setdefault(_PYTHON, sys.executable)  # python3 of a machine may be another one
    try:
        builder = SparkSession.builder.appName("send_screen")
        try:
            with _quiet():
                started = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
        except (PySparkException, Py4JError) as error:
            raise MachineError(
                "Spark could not be started.",
                remedy="Install Java 17 or later (openjdk-17-jre-headless) and let JAVA_HOME name it; or name a "
                "cluster that answers, by MASTER, or by SPARK_REMOTE with pyspark[connect] installed.",
            ) from error
        try:
            yield started
        finally:
            started.stop()
    finally:
        if named is None:
            del os.environ[_PYTHON]


def _run_in(session: SparkSession) -> Run:
    def run(function: Callable[[Piece], Any], pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Any]]:
        def apply(batches):  # type: ignore[no-untyped-def]  # Spark would take types for those of its columns
            for batch in batches:
                for number in batch.column(0).to_pylist():
                    # what this library found goes back to it; no model, nor anything of a file
                    found = pickle.dumps(_applied(function, pieces[number]))
                    yield pa.RecordBatch.from_pydict({"number": [number], "found": [found]})

        if not pieces:
            return
        numbers = session.range(0, len(pieces), 1, len(pieces))
        for row in _collected(numbers, apply, "number long, found binary"):
            found = pickle.loads(row["found"])
            if isinstance(found, SendScreenError):
                raise found
            yield pieces[row["number"]], found

    return run


def _applied(function: Callable[[Piece], Any], piece: Piece) -> Any:
    """Return what a function says of a piece, or the error; on an executor."""
    try:
        if not piece.path.is_file():
            return MachineError(f"A machine of Spark does not see {piece.path}.", remedy=_SHARE)
        return function(piece)
    except SendScreenError as error:
        return error
    except OSError as error:
        return MachineError(f"A machine of Spark cannot use {error.filename} ({error.strerror}).", remedy=_SHARE)


def write_frame(frame: DataFrame, work: Path) -> Path:
    """Write each partition of a DataFrame as a Parquet file, and return their folder; names are in their order."""
    from pyspark import TaskContext

    folder = work / "Spark DataFrame"  # its name in messages
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()

    def write(batches):  # type: ignore[no-untyped-def]  # as above
        rows = [batch for batch in batches if batch.num_rows]
        if rows:
            path = folder / f"partition-{TaskContext.get().partitionId():06}.parquet"
            write_table(pa.Table.from_batches(rows), path)
            yield pa.RecordBatch.from_pydict({"file": [path.name]})

    files = [row["file"] for row in _collected(frame, write, "file string")]
    if not files:
        raise DataError("The Spark DataFrame has no row.", remedy="See how it was made.")
    if not all((folder / file).is_file() for file in files):
        raise MachineError(f"What Spark wrote is not in {folder}.", remedy=_SHARE)
    return folder


def _collected(frame: DataFrame, function: Callable[..., Any], schema: str) -> list[Any]:
    """Return the rows that a function makes of the partitions; raise MachineError where Spark gave up."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        with _quiet():
            rows: list[Any] = frame.mapInArrow(function, schema).collect()
    except (PySparkException, Py4JError) as error:
        raise MachineError(f"Spark gave up ({type(error).__name__}).", remedy=_INSTALL) from error
    return rows


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what Spark says of pandas: only Arrow goes to it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        yield
