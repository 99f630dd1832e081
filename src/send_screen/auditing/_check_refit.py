"""Check by refitting: if the auditor has the data, the version is trained again and compared."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd

from send_screen.auditing._audited_version import AuditedVersion, NotAskedFor
from send_screen.auditing._checks import CheckResult, audit_check, check_result
from send_screen.auditing._compare import DocumentDiff, Mismatch, diff_documents, mismatches
from send_screen.cohorts._source import read_source
from send_screen.governance import BAGS, sha256_of
from send_screen.tracking import parse_hashes
from send_screen.workflows._evidence_store import evidence_bytes
from send_screen.workflows._train_fit import FittedVersion, fit_version

_NO_DATA = (
    "No data were given, so it was not checked that the tables were learnt from this evidence: tables learnt from "
    "other outcomes could pass every other check. Nor was it checked that the evidence's scores, outcomes and groups "
    "and the data's hash come from the data, that the data are invented where it says so, which rows were "
    "excluded, and the as-of date. Give the data with --data: the version is then fitted again and compared."
)
_OTHER_DATA = (
    "These are not the data that the version names, so nothing was fitted again. Either other data were given, or it "
    "was trained on others than it says."
)
_TOLERANCE = 1e-6  # relative: linear algebra on another processor was seen to change a fitted number by 5e-8
_LAST_DIGITS = f"None differs by more than {_TOLERANCE:g} of its size."


@audit_check("Refitting on the data reproduces tables, evidence and figures")
def check_refit(audited: AuditedVersion) -> CheckResult:
    if audited.data is None:
        raise NotAskedFor(_NO_DATA)
    bundle = audited.require_bundle()
    version = bundle.published.version
    source = read_source(audited.data, bundle.spec.contracts)
    if source.sha256 != version.data_sha256:
        return check_result(
            [Mismatch("SHA-256 of the data", source.sha256, version.data_sha256)], "", failure=_OTHER_DATA
        )
    refitted = fit_version(
        bundle.spec, source, hold_out=version.held_out_schools, threads=None, progress=audited.report_progress
    )
    audited.report_progress("Measuring it again")
    documents = _compare_documents(audited, refitted)
    evidence = list(_evidence_mismatches(audited, refitted))
    exact = _LAST_DIGITS if documents.rounded else "They are the same to the last digit."
    return check_result(
        [*documents.differences, *evidence],
        f"{documents.summary} {exact} The evidence is {_describe_evidence(audited, refitted)}.",
        failure="The data make another version than this one.",
        inconclusive_reason=audited.inconclusive_reason,
    )


def _compare_documents(audited: AuditedVersion, refitted: FittedVersion) -> DocumentDiff:
    """Compare tables, bags and published report; prior releases are taken as claimed."""
    bundle = audited.require_bundle()
    published = bundle.published
    report = refitted.report(published.version, prior_releases=published.disclosure.prior_releases)
    bags = None if refitted.bags is None else json.loads(refitted.bags.to_json())
    claimed = {
        "tables.json": json.loads(audited.files["tables.json"]),
        BAGS: json.loads(audited.files[BAGS]) if BAGS in audited.files else None,
        "published.json": published.model_dump(),
        "trained_on": published.version.trained_on,
        "as_of": published.version.as_of,
    }
    found = {
        "tables.json": json.loads(refitted.tables.to_json()),
        BAGS: bags,
        "published.json": report.model_dump(),
        "trained_on": refitted.trained_on,
        "as_of": refitted.as_of,
    }
    return diff_documents(claimed, found, "from the data: $", tolerance=_TOLERANCE)


def _describe_evidence(audited: AuditedVersion, refitted: FittedVersion) -> str:
    """Return how the evidence (out-of-fold predictions) was compared, where no difference was found."""
    if audited.evidence is not None:
        return "the same, row by row"
    registered = None if audited.snapshot is None else parse_hashes(audited.snapshot.run_tags).get("evidence_sha256")
    if registered == sha256_of(evidence_bytes(refitted.evidence, refitted.excluded)):
        return "not here, and the registered hash is that of what the data make"
    return "not here, so no row of it was compared"


def _evidence_mismatches(audited: AuditedVersion, refitted: FittedVersion) -> Iterator[Mismatch]:
    """Yield the columns in which the evidence differs, and in how many rows, without any child's data."""
    evidence = audited.evidence
    if evidence is None:
        return
    if evidence.table is None:
        yield Mismatch("evidence.parquet", evidence.unreadable_reason, "the evidence that the data make")
        return
    claimed, found = (table["reason"].value_counts().to_dict() for table in (evidence.excluded, refitted.excluded))
    yield from diff_documents(claimed, found, "evidence, excluded rows by reason").differences
    yield from _column_mismatches(evidence.table, refitted.evidence)


def _column_mismatches(claimed: pd.DataFrame, found: pd.DataFrame) -> Iterator[Mismatch]:
    columns = ", ".join(map(str, claimed)), ", ".join(map(str, found))
    if different := mismatches({"evidence, columns": columns, "evidence, rows": (len(claimed), len(found))}):
        yield from different
        return
    for name in found:
        one, other = claimed[name].to_numpy(), found[name].to_numpy()
        if pd.api.types.is_numeric_dtype(found[name]):
            same = np.isclose(one.astype(float), other.astype(float), rtol=_TOLERANCE, atol=_TOLERANCE)
        else:
            same = one == other
        if wrong := int((~same).sum()):
            yield Mismatch(f"evidence, {name}", f"{wrong:,} of {len(found):,} rows are others", "what the data make")
