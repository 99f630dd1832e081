"""The evidence store: a folder that few may read, one place a version, written whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from send_screen.errors import GateError, MissingExtraError
from send_screen.evaluation import EvidenceKeys
from send_screen.governance import sha256_of

EVIDENCE = "evidence.parquet"


def store_evidence(
    store: Path,
    name: str,
    version: str,
    evidence: pd.DataFrame,
    keys: EvidenceKeys,
    *,
    held_out: Callable[[Path], object] | None = None,
) -> tuple[Path, str]:
    """Write the evidence of a version, and what its serial numbers stand for, in one step.

    Parameters
    ----------
    store : pathlib.Path
        The store's folder, made (for its owner alone) where it is not there.
    name, version : str
        The model's name and the version's id: the place inside the store.
    evidence : pandas.DataFrame
    keys : EvidenceKeys
    held_out : callable, optional
        Writes the rows of held-out schools into the folder it is given.

    Returns
    -------
    place : pathlib.Path
    sha256 : str
        Hash of ``evidence.parquet``.
    """
    place = store / name / version
    part = place.with_name(f".{version}.part-{os.getpid()}")
    try:
        store.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        (store / name).mkdir(mode=stat.S_IRWXU, exist_ok=True)
        part.mkdir(mode=stat.S_IRWXU)
        evidence.to_parquet(part / EVIDENCE, index=False)
        keys.children.to_parquet(part / "children.parquet", index=False)
        keys.schools.to_parquet(part / "schools.parquet", index=False)
        if held_out is not None:
            held_out(part / "held_out")
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
    return place, sha256_of((place / EVIDENCE).read_bytes())


def _refuse_other(place: Path, part: Path) -> None:
    """Raise where a version's evidence is there already and is not the same: a registered run may rest on it."""
    old = place / EVIDENCE
    if old.exists() and old.read_bytes() != (part / EVIDENCE).read_bytes():
        raise GateError(
            f"The evidence store holds other evidence under the same version ({place.name}).",
            remedy="Keep it for the auditor, give another folder with --evidence, and report it: the same spec, data "
            "and code gave other figures.",
        )
