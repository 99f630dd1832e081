"""Screen a table in batches, and select its children: the working folder, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from send_screen.cohorts._column_mapping import MAPPING_FILE
from send_screen.errors import MachineError, SendScreenError, UsageError
from send_screen.governance import Bundle
from send_screen.screening import Capacity, ChildRecord

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from send_screen.batches import BatchSelection

MAX_RECORDS = 1_000_000  # children; of more, the ledger has records of those selected and excluded alone


@contextmanager
def selected_in_batches(
    bundle: Bundle,
    data: Path | DataFrame,
    out: Path,
    *,
    engine: str,
    capacity: Capacity | None,
    per_school: bool,
    progress: Callable[[str], None] | None,
) -> Iterator[tuple[BatchSelection, Iterator[tuple[str, ChildRecord]]]]:
    """Yield the selection, and the records of those not selected; what the run needs beside ``out`` is then deleted.

    What a stopped run leaves there, the next run into ``out`` with the same data and version goes on from.
    """
    # only here: other commands need neither Parquet nor processes
    from send_screen.batches import (
        on_spark,
        raise_on_whole_table,
        remove_work,
        screen_pieces,
        select_in_pieces,
        working_folder,
        write_frame,
    )

    if isinstance(data, Path) and (answers := (data if data.is_dir() else data.parent) / MAPPING_FILE).exists():
        raise UsageError(
            f"The answers in {answers} are for data that are read at once.",
            remedy=f"Leave out --engine {engine}, or move that file away if the columns have the contract's names.",
        )
    session = None if isinstance(data, Path) else data.sparkSession
    work = out.resolve().with_name(f".{out.resolve().name}.screening")
    try:
        with working_folder(work):
            try:
                with on_spark(session) if engine == "spark" else nullcontext() as run:
                    table = data.absolute() if isinstance(data, Path) else write_frame(data, work)
                    screened = screen_pieces(bundle, table, work, run=run, progress=progress)
                raise_on_whole_table(screened)
                if progress is not None:
                    progress("Selecting")
                selection = select_in_pieces(screened, capacity=capacity, per_school=per_school)
                yield selection, selection.not_selected() if selection.n_screened <= MAX_RECORDS else iter(())
            except MachineError:
                raise  # the next run goes on
            except SendScreenError:
                remove_work(work)  # nothing to go on with
                raise
        remove_work(work)
    except OSError as error:
        raise MachineError(
            f"{work} cannot be written ({error.strerror}).", remedy="Make room, or give another folder with --out."
        ) from None
