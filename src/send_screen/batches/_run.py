"""Screen every piece of a table on all cores.

What each became is kept in a folder, from which a run that was stopped goes on.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from send_screen.batches._facts import BatchFacts, add_up
from send_screen.batches._pieces import Piece, Pieces, find_pieces
from send_screen.batches._scan import TableColumns, TableScan, id_hashes, used_columns
from send_screen.batches._step import ROW, Step
from send_screen.cohorts._drop_rows import repeats_note
from send_screen.cohorts._notes import not_known_note
from send_screen.contracts._check import header_notes
from send_screen.contracts._quote import quotable
from send_screen.documents import file_name, first_few, locked, write_atomically
from send_screen.errors import MachineError, ReadError, UsageError
from send_screen.governance import Bundle

#: Applies a function to pieces, and yields each with what was returned, in any order.
Run = Callable[[Callable[[Piece], Any], Sequence[Piece]], Iterator[tuple[Piece, Any]]]
_PLAN, _LOCK = "plan.json", "lock"
_SAMPLE = 50_000  # children whose values are kept, to compare a column with that of training
_ROWS_TOGETHER = 100_000  # rows of children with several, who are looked at together


@dataclass(frozen=True)
class ScreenedPieces:
    """What became of every row of a table."""

    step: Step
    pieces: Pieces
    columns: TableColumns
    parts: tuple[tuple[Path, Piece | None], ...]
    """Parquet files with the columns of ``Step.schema``: of each piece, and (None) of children with several rows."""
    several: tuple[Path, ...]
    """Parquet files with the rows of children who have several."""
    facts: BatchFacts
    set_aside: tuple[str, ...]
    """Pieces that cannot be read, and why."""
    file: str
    """Name of the file or the folder, for messages."""

    @property
    def notes(self) -> tuple[str, ...]:
        """How the file was read."""
        unused = self.columns.unused
        not_used = [f"These columns were not used: {first_few(map(quotable, unused), 5)}."] if unused else []
        aliased = [note for whole in self.step.whole.values() for note in header_notes(whole.headers)]
        repeats = [repeats_note(self.file, self.facts.n_repeats)] if self.facts.n_repeats else []
        return tuple(dict.fromkeys([*self.pieces.notes, *aliased, *repeats, *not_used, *self._not_known()]))

    def _not_known(self) -> list[str]:
        """Return the note, if any, on values that are taken as missing."""
        counts = +self.facts.not_known
        names = list(dict.fromkeys(name.rpartition(".")[2] for name in counts))
        return [not_known_note(self.file, counts.total(), self.facts.n_with_not_known, names)] if counts else []


@contextmanager
def working_folder(folder: Path) -> Iterator[Path]:
    """Hold a folder against other runs; raise UsageError where another run has it."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(folder / _LOCK, timeout=0):
            yield folder
    except TimeoutError:
        raise UsageError(
            f"Another run is writing into {folder.parent}.", remedy="Wait for it, or give another folder with --out."
        ) from None


def screen_pieces(
    bundle: Bundle,
    data: Path,
    work: Path,
    *,
    processes: int | None = None,
    run: Run | None = None,
    progress: Callable[[str], None] | None = None,
) -> ScreenedPieces:
    """Screen a table piece by piece; what an earlier run with the same data and version did is kept.

    ``run`` applies a function to pieces elsewhere than in ``processes`` of this machine.

    Raises
    ------
    DataError, ReadError
        If the table cannot be used at all.
    UsageError
        If files of a folder have different columns.
    """
    tell = progress or (lambda _: None)
    tell("Reading")
    pieces = find_pieces(data, copies=work / "copies")
    uses = [use.contract for use in bundle.spec.data if not use.training_only]
    contracts = {name: bundle.contracts[name] for name in uses}
    first = _first_rows(pieces)
    columns = used_columns(contracts, first.select(list(pieces.headers)))
    _keep_or_begin(
        work,
        {
            "version": version("send-screen"),
            "model": bundle.manifest_sha256,
            "data": pieces.sha256,
            "pieces": [[piece.file, piece.first_row, piece.n_rows] for piece in pieces.pieces],
        },
    )
    with _pool(processes) if run is None else nullcontext(run) as on_each:
        set_aside = list(pieces.set_aside)
        scan = TableScan(contracts, columns, (uses[0], bundle.spec.child_id))
        readable: list[Piece] = []
        for piece, found in on_each(partial(_scan_piece, scan), pieces.pieces):
            if isinstance(found, str):
                set_aside.append(found)
                continue
            scan.merge(found)
            readable.append(piece)
            tell(f"Reading ({len(readable)} of {len(pieces.pieces)} pieces)")
        readable.sort(key=lambda piece: piece.number)
        n_rows = sum(piece.n_rows for piece in readable)
        step = Step(bundle, scan.whole(), sample_every=max(1, n_rows // _SAMPLE))
        step.cohort(first.select([*columns.names, ROW]), file=pieces.files[0])  # raises where columns are missing
        repeated = scan.repeated()
        parts: list[tuple[Path, Piece | None]] = []
        several: list[Path] = []
        done = 0
        screen = partial(_screen_piece, step=step, columns=columns.names, repeated=repeated, work=work)
        for piece, found in on_each(screen, readable):
            if isinstance(found, str):
                set_aside.append(found)
                continue
            parts.append((found[0], piece))
            several += found[1:]
            done += piece.n_rows
            tell(f"Screening ({done:,} of {n_rows:,} rows)")
    parts.sort(key=lambda part: part[0])
    several.sort()
    name = file_name(data)
    parts += [(part, None) for part in _screen_several(step, several, work, file=name)]
    told = (pq.read_table(part, columns=["facts"])["facts"].drop_null().to_pylist() for part, _ in parts)
    facts = add_up(text for texts in told for text in texts)
    return ScreenedPieces(step, pieces, columns, tuple(parts), tuple(several), facts, tuple(set_aside), name)


def _first_rows(pieces: Pieces) -> pa.RecordBatch:
    """Return some rows of the first piece that can be read; raise ReadError where none can."""
    for piece in pieces.pieces:
        try:
            return next(piece.batches(pieces.headers, rows=1_000))
        except ReadError as error:
            wrong = error
    raise wrong


def _keep_or_begin(work: Path, plan: dict[str, object]) -> None:
    """Keep the parts of an earlier run with the same plan, and delete those of another."""
    text = json.dumps(plan, sort_keys=True)
    path = work / _PLAN
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        for part in work.glob("part-*"):
            part.unlink()
        write_atomically(text, path)


@contextmanager
def _pool(processes: int | None) -> Iterator[Run]:
    """Yield a function that applies another to pieces, in one process or in several, in the order in which they end."""
    n = processes or os.cpu_count() or 1
    if n == 1:
        yield lambda function, pieces: ((piece, function(piece)) for piece in pieces)
        return
    with ProcessPoolExecutor(n, mp_context=multiprocessing.get_context("spawn")) as pool:

        def run(function: Callable[[Piece], Any], pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Any]]:
            futures = {pool.submit(function, piece): piece for piece in pieces}
            try:
                for future in as_completed(futures):
                    yield futures.pop(future), future.result()
            except BrokenProcessPool:
                raise MachineError(
                    "A process was ended from outside, most often for want of memory.",
                    remedy="Run it again with less running beside it: it goes on where it was.",
                ) from None

        yield run


def _scan_piece(scan: TableScan, piece: Piece) -> TableScan | str:
    """Return what a piece tells of the table, or why it cannot be read."""
    scan = scan.of_nothing()
    try:
        for batch in piece.batches(scan.names):
            scan.add(batch)
    except ReadError as error:
        return str(error)
    return scan


def _screen_piece(
    piece: Piece, *, step: Step, columns: tuple[str, ...], repeated: np.ndarray, work: Path
) -> tuple[Path, ...] | str:
    """Write what becomes of a piece, and the rows of children with several; return the files, or what is wrong."""
    name = f"part-{piece.number:06}"
    part, several = work / f"{name}.parquet", work / f"{name}.several.parquet"
    if _is_whole(part):
        return (part, several) if several.exists() else (part,)
    child_id = columns[step.position_of_id]
    try:
        outcomes, apart = [], []
        for batch in piece.batches(columns):
            here = np.isin(id_hashes(batch.column(child_id), step.id_column), repeated)
            if here.any():
                apart.append(batch.filter(pa.array(here)))
                batch = batch.filter(pa.array(~here))
            if batch.num_rows:
                outcomes.append(step.screen(batch, file=piece.file))
    except ReadError as error:
        return str(error)
    if apart:
        write_table(pa.Table.from_batches(apart), several)
    write_table(pa.Table.from_batches(outcomes, step.schema), part)
    return (part, several) if apart else (part,)


def _screen_several(step: Step, files: list[Path], work: Path, *, file: str) -> list[Path]:
    """Screen the rows of children who have several, those of each child together."""
    if not files:
        return []
    table = pa.concat_tables([pq.read_table(file) for file in files], promote_options="permissive").combine_chunks()
    child_id = table.column(step.position_of_id)
    hashes = id_hashes(child_id.combine_chunks(), step.id_column)
    table = table.take(pa.array(np.argsort(hashes, kind="stable")))
    ordered = np.sort(hashes)
    parts: list[Path] = []
    start = 0
    while start < len(ordered):
        stop = int(np.searchsorted(ordered, ordered[min(start + _ROWS_TOGETHER, len(ordered)) - 1], side="right"))
        part = work / f"part-several-{len(parts):06}.parquet"
        if not _is_whole(part):
            in_order = table.slice(start, stop - start).sort_by(ROW).combine_chunks().to_batches()[0]
            write_table(pa.Table.from_batches([step.screen(in_order, file=file, whole_children=True)]), part)
        parts.append(part)
        start = stop
    return parts


def write_table(table: pa.Table, path: Path) -> None:
    """Write a file that is there whole or not at all."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="lz4")
    write_atomically(sink.getvalue().to_pybytes(), path)


def _is_whole(path: Path) -> bool:
    """Return whether a part is there and can be read to its end."""
    try:
        pq.read_table(path)
    except (OSError, pa.ArrowException):
        path.unlink(missing_ok=True)
        return False
    return True


def remove_work(work: Path) -> None:
    """Delete the folder of a run that is complete: it holds children's data."""
    shutil.rmtree(work, ignore_errors=True)
