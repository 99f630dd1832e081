"""The evidence store: a folder with restricted access for the out-of-fold predictions (the evidence) of versions."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from send_screen.errors import DataError, GateError
from send_screen.evaluation import EvidenceKeys
from send_screen.evaluation._evidence import OutOfFoldPredictions
from send_screen.evaluation._report import ethnic_hierarchies
from send_screen.evaluation.disclosure import exposed_by_differencing
from send_screen.governance import EVIDENCE, sha256_of
from send_screen.specs import ModelSpec
from send_screen.tracking import Overlap, local_path
from send_screen.workflows._folders import atomic_folder

_CHILDREN = "children.parquet"
_SALT = b"send_screen.salt"
_EXCLUDED = b"send_screen.excluded"  # metadata inside the Parquet file, so that its hash covers them
_MAX_CELLS = 2**29  # more than nine million children with fifty columns have
MAX_FILE_BYTES = 8 * _MAX_CELLS  # bytes of the file


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
    """Write the evidence of a version, and the identifiers behind its serial numbers, in one atomic step.

    Return the folder inside the store, and the hash of each file by its name there. Only the owner may read them.
    ``held_out`` are the rows of held-out schools by file.
    """
    folder = store / name / version
    content = evidence_bytes(evidence, excluded)
    # the hashes of these files are published: without a secret salt, guessed names could be tested against them
    salt = {_SALT: sha256_of(_SALT + content).encode()}
    others = {_CHILDREN: keys.children, "schools.parquet": keys.schools}
    others |= {f"held_out/{file}": frame for file, frame in held_out.items()}
    files = {EVIDENCE: content, **{file: _to_parquet(frame, salt) for file, frame in others.items()}}
    with atomic_folder(folder, option="--evidence", mode=stat.S_IRWXU) as part:
        for file, content in files.items():
            (part / file).parent.mkdir(mode=stat.S_IRWXU, exist_ok=True)
            (part / file).write_bytes(content)
        _require_same_evidence(folder, files[EVIDENCE])
    return folder, {file: sha256_of(content) for file, content in files.items()}


class EvidenceComparison:
    """Compares the cohort in the evidence of a version with those of earlier versions, by child identifier."""

    def __init__(self, spec: ModelSpec, evidence: pd.DataFrame) -> None:
        self._this = evidence  # with the column child_id
        self._intersections = spec.intersections
        self._hierarchies = ethnic_hierarchies(spec)
        self._overlaps: dict[str, Overlap | None] = {}
        self.unreadable: list[str] = []
        """Locations of evidence that could not be read."""

    def __call__(self, location: str) -> Overlap | None:
        """Return the overlap of the cohort of the evidence at a location with this one.

        None where no child is in both, or that evidence cannot be read.
        """
        if location not in self._overlaps:
            folder = local_path(location)
            earlier = None if folder is None else read_with_children(folder)
            if location and earlier is None:
                self.unreadable.append(location)
            self._overlaps[location] = None if earlier is None else self._overlap(earlier)
        return self._overlaps[location]

    def _overlap(self, earlier: pd.DataFrame) -> Overlap | None:
        ours, theirs = set(self._this["child_id"]), set(earlier["child_id"])
        if ours.isdisjoint(theirs):
            return None
        exposed = exposed_by_differencing(
            self._this, earlier, intersections=self._intersections, hierarchies=self._hierarchies
        )
        return Overlap(max(len(ours - theirs), len(theirs - ours)), exposed)


def read_with_children(folder: Path) -> pd.DataFrame | None:
    """Return a version's evidence with the column ``child_id``; None where it cannot be read."""
    try:
        return with_children(read_evidence((folder / EVIDENCE).read_bytes())[0], folder)
    except (OSError, DataError):
        return None


def with_children(evidence: pd.DataFrame, folder: Path) -> pd.DataFrame | None:
    """Return evidence with the column ``child_id`` from its folder added; None where that is not possible."""
    try:
        children = pq.read_table(folder / _CHILDREN, columns=["row", "child_id"]).to_pandas()
        return OutOfFoldPredictions(evidence).frame.merge(children, on="row")
    except (pa.ArrowException, OSError, ValueError, KeyError, DataError):
        return None


def evidence_bytes(evidence: pd.DataFrame, excluded: pd.DataFrame) -> bytes:
    """Return an evidence table as a Parquet file, with the number of excluded rows by reason as metadata."""
    counts = {str(reason): int(n) for reason, n in excluded["reason"].value_counts().items()}
    return _to_parquet(evidence, {_EXCLUDED: json.dumps(counts, sort_keys=True).encode()})


def _to_parquet(frame: pd.DataFrame, metadata: Mapping[bytes, bytes]) -> bytes:
    """Return a table as a Parquet file with added metadata."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    content = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **metadata}), content)
    return bytes(content.getvalue())


def read_evidence(content: bytes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the evidence table in a Parquet file, and the excluded rows, with their ``reason`` alone."""
    try:
        with pq.ParquetFile(pa.BufferReader(content)) as file:
            shape = file.metadata.num_rows, file.metadata.num_columns
            if shape[0] * shape[1] > _MAX_CELLS:
                raise DataError("The evidence is far larger than any that send_screen writes.", file=EVIDENCE)
            table = file.read()
        counts: dict[str, int] = json.loads((table.schema.metadata or {}).get(_EXCLUDED, b"{}"))
        if sum(counts.values()) > _MAX_CELLS or min(counts.values(), default=0) < 0:
            raise ValueError
        reasons = [reason for reason, n in counts.items() for _ in range(n)]
        evidence = table.to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError, ValueError, TypeError, AttributeError, RecursionError):
        # the message of the exception is left out, since it could quote the table
        raise DataError("It cannot be read as an evidence table.", file=EVIDENCE) from None
    return evidence, pd.DataFrame({"reason": pd.Series(reasons, dtype=object)})


def _require_same_evidence(folder: Path, evidence: bytes) -> None:
    """Raise where other evidence of the version is stored already, which a registered run may refer to."""
    old = folder / EVIDENCE
    if old.exists() and old.read_bytes() != evidence:
        raise GateError(
            f"The evidence store holds other evidence under the same version ({folder.name}).",
            remedy="Keep it for the auditor, give another folder with --evidence, and report it: the same spec, data "
            "and code gave other figures.",
        )
