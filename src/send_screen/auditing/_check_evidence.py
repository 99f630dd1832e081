"""Check that the evidence, a version's table of out-of-fold predictions, is registered and as training writes it.

It has one row per child and fold seed: the seed of one of the repeated cross-validations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import pandas as pd

from send_screen.auditing._audited_version import AuditedVersion, NotAskedFor
from send_screen.auditing._checks import CheckResult, audit_check, check_result
from send_screen.auditing._compare import Mismatch
from send_screen.errors import LeakageError
from send_screen.evaluation import verify_folds
from send_screen.evaluation._evidence import expected_share
from send_screen.specs import ModelSpec
from send_screen.tables import RiskTables, k_at_capacity
from send_screen.tracking import evidence_files, parse_hashes

_ROUNDING = 1e-8  # relative: floating-point error of a sum of contributions


@audit_check("The evidence is the one that was registered")
def check_evidence(audited: AuditedVersion) -> CheckResult:
    evidence = audited.require_evidence()
    sha256 = evidence.sha256
    if audited.snapshot is None:
        raise NotAskedFor(f"An exported folder has no registry entry. The evidence's SHA-256 is {sha256}.")
    differences = audited.hash_mismatches("evidence_sha256", sha256, "the evidence's SHA-256")
    # files registered with the table: the identifiers behind serial numbers, and the rows of held-out schools
    folder, absent = evidence.path.parent, []
    for name in evidence_files(parse_hashes(audited.snapshot.run_tags)):
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            differences += audited.hash_mismatches(name, found, f"the SHA-256 of {name}")
        else:
            absent.append(name)
    note = f" Registered, and not beside it: {', '.join(absent)}." if absent else ""
    # holders: "registered version and run have it", or the run alone
    return check_result(differences, f"Its SHA-256 is {sha256}, as {audited.snapshot.holders}.{note}")


@audit_check("The evidence is complete, and its flags follow from its scores")
def check_evidence_integrity(audited: AuditedVersion) -> CheckResult:
    evidence = audited.require_evidence()
    if evidence.table is None:  # the file cannot be read as a table
        return check_result([Mismatch("evidence.parquet", evidence.unreadable_reason, "an evidence table")], "")
    bundle = audited.require_bundle()
    differences = list(_find_faults(evidence.table, bundle.spec, bundle.tables))
    summary = (
        f"{len(evidence.table):,} rows: everybody once per fold seed, no school in two folds, and listed as the scores "
        "say."
    )
    return check_result(differences, summary, failure="The evidence is not as training writes it.")


def _find_faults(table: pd.DataFrame, spec: ModelSpec, tables: RiskTables) -> Iterator[Mismatch]:
    """Yield the faults of an evidence table: where, and in how many rows, without any child's data."""
    allowed, found = _allowed_columns(spec, tables), list(table.columns)
    missing = [name for name, optional in allowed.items() if not optional and name not in found]
    extra = [str(name) for name in found if name not in allowed]
    if missing or extra:
        yield Mismatch("columns", f"lacks {missing}, has {extra} beside", "the columns that the spec makes")
        return
    numbers = [name for name in found if name not in _columns_with_prefix(table, "group.")]
    if not all(pd.api.types.is_numeric_dtype(table[name]) for name in numbers) or table[numbers].isna().any(axis=None):
        yield Mismatch("columns", "a number is missing, or is none", "numbers, all of them known")
        return
    yield from _check_rows(table, spec, tables)
    yield from _check_ranges(table)
    for (seed, fold), part in table.groupby(["fold_seed", "fold"], sort=True):
        yield from _check_lists(part, spec, f"fold seed {seed}, fold {fold}")


def _allowed_columns(spec: ModelSpec, tables: RiskTables) -> dict[str, bool]:
    """Return the columns that an evidence table of a spec can have, and whether each may be absent."""
    models = ["candidate", "baseline", *spec.compared]  # the last are the comparators
    return {
        **dict.fromkeys(("fold_seed", "row", "fold", "school", "outcome"), False),
        **{f"group.{group.name}": False for group in spec.groups},
        **{f"{kind}.{model}": False for kind in ("score", "flag") for model in models},
        "operating_point.baseline": True,  # whom the baseline flags by its own cut-off, whatever the capacity
        **{f"contribution.{feature}": False for feature in tables.features},
        "selection_probability.candidate": True,
    }


def _check_rows(table: pd.DataFrame, spec: ModelSpec, tables: RiskTables) -> Iterator[Mismatch]:
    """Check that each child has one row per fold seed, in order, and that no school is in two folds of a seed."""
    seeds, n = sorted(table["fold_seed"].unique().tolist()), tables.n_training  # training children
    if seeds != sorted(spec.validation.seeds):
        yield Mismatch("fold_seed", f"seeds {seeds}", f"seeds {sorted(spec.validation.seeds)}, as the spec says")
    for seed, part in table.groupby("fold_seed"):
        where = f"fold seed {seed}"
        if not np.array_equal(np.sort(part["row"].to_numpy()), np.arange(n)):
            yield Mismatch(f"{where}: rows", f"{len(part)}, numbered otherwise", f"{n} rows, each once")
        if sorted(part["fold"].unique().tolist()) != list(range(spec.validation.folds)):
            yield Mismatch(
                f"{where}: folds", f"{part['fold'].nunique()} or other numbers", f"{spec.validation.folds} folds"
            )
        try:
            verify_folds(part["fold"], part["school"])
        except LeakageError as error:
            yield Mismatch(f"{where}: schools", error.message, "each school in one fold")
    in_order = table[["fold_seed", "row"]].equals(table[["fold_seed", "row"]].sort_values(["fold_seed", "row"]))
    if not in_order:
        yield Mismatch("rows", "in another order", "by fold seed and row")
    same = ["row", "school", "outcome", *_columns_with_prefix(table, "group.")]
    if len(table[same].drop_duplicates()) != table["row"].nunique():
        yield Mismatch("rows", "somebody has another school, outcome or group under another fold seed", "the same")


def _check_ranges(table: pd.DataFrame) -> Iterator[Mismatch]:
    """Check that outcomes and flags are 0 or 1, and shares and probabilities between 0 and 1."""
    for name in ["outcome", *_columns_with_prefix(table, "flag.", "operating_point.", "selection_probability.")]:
        share = name == "flag.baseline" or name.startswith("selection_probability.")
        wrong = ~table[name].between(0, 1) if share else ~table[name].isin([0, 1])
        if wrong.any():
            yield Mismatch(name, f"{int(wrong.sum())} rows are not", "between 0 and 1" if share else "0 or 1")


def _columns_with_prefix(table: pd.DataFrame, *prefixes: str) -> list[str]:
    """Return the names of the columns with one of the prefixes."""
    return [str(name) for name in table if str(name).startswith(prefixes)]


def _check_lists(part: pd.DataFrame, spec: ModelSpec, where: str) -> Iterator[Mismatch]:
    """Check that each model flags in one fold the k = floor(capacity x n + 1/2) children with the highest scores.

    Children whose baseline scores tie at the threshold share the remaining places equally.
    """
    k = k_at_capacity(spec.capacity, len(part))
    for column in _columns_with_prefix(part, "flag."):
        model = column.removeprefix("flag.")
        score, flag = part[f"score.{model}"].to_numpy(float), part[column].to_numpy(float)
        if model == "baseline":
            wrong = int((np.abs(flag - expected_share(score, k)) > 1e-12).sum())
            if wrong:
                yield Mismatch(f"{where}: {column}", f"{wrong} rows have another share", f"their share of {k} places")
            continue
        if flag.sum() != k:
            yield Mismatch(f"{where}: {column}", f"{flag.sum():g} listed", f"{k} listed")
        listed, others = score[flag == 1], score[flag == 0]
        if len(listed) and len(others) and listed.min() < others.max():
            yield Mismatch(
                f"{where}: {column}", "somebody is passed over for one with a lower score", "the highest scores"
            )
    base = part["score.candidate"] - part[_columns_with_prefix(part, "contribution.")].sum(axis=1)
    if np.ptp(base.to_numpy()) > _ROUNDING * (1 + np.abs(base.to_numpy()).max()):
        yield Mismatch(f"{where}: contributions", "do not add up to the score", "the score less one base value")
