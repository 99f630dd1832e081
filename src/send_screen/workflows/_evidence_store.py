"""The evidence store: a folder that few may read, one place a version, written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from send_screen.errors import DataError, GateError, MissingExtraError
from send_screen.evaluation import EvidenceKeys
from send_screen.governance import EVIDENCE, sha256_of

_EXCLUDED = b"send_screen.excluded"  # inside the file, so that the file's hash holds it too
_MOST_CELLS = 2**29  # of 8 bytes each; nine million children with fifty columns are fewer
LARGEST = 8 * _MOST_CELLS  # bytes of the file


def store_evidence(
    store: Path,
    name: str,
    version: str,
    evidence: pd.DataFrame,
    excluded: pd.DataFrame,
    keys: EvidenceKeys,
    *,
    held_out: Mapping[str, pd.DataFrame],
) -> tuple[Path, dict[str, str]]:
    """Write the evidence of a version, and what its serial numbers stand for, in one step.

    Parameters
    ----------
    store : pathlib.Path
        The store's folder, made (for its owner alone) where it is not there.
    name, version : str
        The model's name and the version's id: the place inside the store.
    evidence : pandas.DataFrame
    excluded : pandas.DataFrame
        Rows that could not be used: how many there were for each ``reason`` is kept inside the evidence's file.
    keys : EvidenceKeys
    held_out : mapping of str to pandas.DataFrame
        Rows of held-out schools by the name of their file, such as ``eyfsp.parquet``.

    Returns
    -------
    place : pathlib.Path
    sha256 : dict of str to str
        Hash of each file that was written, by its name inside the place.
    """
    place = store / name / version
    part = place.with_name(f".{version}.part-{os.getpid()}")
    hashes: dict[str, str] = {}

    def write(name: str, content: bytes) -> None:
        (part / name).parent.mkdir(mode=stat.S_IRWXU, exist_ok=True)
        (part / name).write_bytes(content)
        hashes[name] = sha256_of(content)

    try:
        store.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        (store / name).mkdir(mode=stat.S_IRWXU, exist_ok=True)
        part.mkdir(mode=stat.S_IRWXU)
        write(EVIDENCE, evidence_bytes(evidence, excluded))
        write("children.parquet", keys.children.to_parquet(index=False))
        write("schools.parquet", keys.schools.to_parquet(index=False))
        for name, frame in held_out.items():
            write(f"held_out/{name}", frame.to_parquet())
        if place.exists():
            _refuse_other(place, part)
            shutil.rmtree(place)
        part.rename(place)
    except OSError as error:
        raise MissingExtraError(
            f"The evidence store {store} cannot be written ({error.strerror}).",
            remedy="Give another folder with --evidence.",
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return place, hashes


def evidence_bytes(evidence: pd.DataFrame, excluded: pd.DataFrame) -> bytes:
    """Return an evidence table as a Parquet file, with how many rows were excluded for each reason."""
    counts = {str(reason): int(n) for reason, n in excluded["reason"].value_counts().items()}
    table = pa.Table.from_pandas(evidence, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), _EXCLUDED: json.dumps(counts, sort_keys=True).encode()}
    content = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(metadata), content)
    return bytes(content.getvalue())


def read_evidence(content: bytes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return an evidence table, and the excluded rows: their ``reason`` and nothing else of them.

    Raises
    ------
    DataError
        If it is not what :func:`evidence_bytes` returns.
    """
    try:
        with pq.ParquetFile(pa.BufferReader(content)) as file:
            shape = file.metadata.num_rows, file.metadata.num_columns
            if shape[0] * shape[1] > _MOST_CELLS:
                raise DataError("The evidence is far larger than any evidence of ours.", file=EVIDENCE)
            table = file.read()
        counts: dict[str, int] = json.loads((table.schema.metadata or {}).get(_EXCLUDED, b"{}"))
        if sum(counts.values()) > _MOST_CELLS or min(counts.values(), default=0) < 0:
            raise ValueError
        reasons = [reason for reason, n in counts.items() for _ in range(n)]
        evidence = table.to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError, TypeError, AttributeError, RecursionError):
        # what the library says of it can quote the table
        raise DataError("It cannot be read as an evidence table.", file=EVIDENCE) from None
    return evidence, pd.DataFrame({"reason": pd.Series(reasons, dtype=object)})


def _refuse_other(place: Path, part: Path) -> None:
    """Raise where a version's evidence is there already and is not the same: a registered run may rest on it."""
    old = place / EVIDENCE
    if old.exists() and old.read_bytes() != (part / EVIDENCE).read_bytes():
        raise GateError(
            f"The evidence store holds other evidence under the same version ({place.name}).",
            remedy="Keep it for the auditor, give another folder with --evidence, and report it: the same spec, data "
            "and code gave other figures.",
        )
