"""Checks of the published report: recomputed from spec, tables and evidence (out-of-fold predictions), and compared."""

from __future__ import annotations

from collections.abc import Sequence

from send_screen.auditing._audited_version import AuditedVersion, CannotCheck
from send_screen.auditing._check_files import check_signature
from send_screen.auditing._checks import PASSED, CheckResult, audit_check, check_result, not_checked
from send_screen.auditing._compare import Mismatch, diff_documents, mismatches
from send_screen.documents import Document
from send_screen.errors import DataError
from send_screen.estimators._compared_models import describe_challenger
from send_screen.evaluation._report import build_report
from send_screen.governance import MANIFEST, parse_manifest, version_id, version_metadata
from send_screen.published import PriorRelease, model_sections
from send_screen.published._gates import recheck_gates
from send_screen.tracking import PriorRun, default_uri, prior_runs
from send_screen.workflows._evidence_store import EvidenceComparison, with_children
from send_screen.workflows._revealed import prior_releases

#: Sections of ``published.json`` that follow from spec and tables, not from the evidence.
MODEL_SECTIONS = ("shapes", "interactions", "example", "scorecard")


@audit_check("The version's id is the hash of what determines it")
def check_identity(audited: AuditedVersion) -> CheckResult:
    bundle, metadata = audited.require_bundle(), audited.require_report().version
    hashes = {contract.ref: contract.sha256 for contract in bundle.contracts.values()}
    ingredients = (metadata.data_sha256, hashes, metadata.code_version, metadata.packages, metadata.held_out_schools)
    found = version_id(bundle.spec.sha256, *ingredients)
    claims = {"$.version.id": metadata.id, f"{MANIFEST}: version": parse_manifest(audited.files[MANIFEST]).version}
    differences = mismatches({where: (claimed, found) for where, claimed in claims.items()})
    return check_result(
        differences, f"{found} is the hash of what made it.", failure="The id is of other things than these."
    )


@audit_check("The version's metadata follow from its spec")
def check_metadata(audited: AuditedVersion) -> CheckResult:
    bundle, claimed = audited.require_bundle(), audited.require_report().version
    found = version_metadata(
        bundle.spec,
        bundle.tables,
        bundle.bags,
        challengers={name: describe_challenger(name) for name in bundle.spec.compared},
        trained_on=claimed.trained_on,
        as_of=claimed.as_of,
        data_sha256=claimed.data_sha256,
        held_out_schools=claimed.held_out_schools,
        code=claimed.code_version,
        release=claimed.release,
        packages=claimed.packages,
    )
    compared = diff_documents(_without(claimed, "gates"), _without(found, "gates"), "$.version")
    summary = (
        f"{compared.summary} Taken from it as they are: the data's hash, the as-of date, trained_on and the release."
    )
    return check_result(compared.differences, summary, inconclusive_reason=audited.inconclusive_reason)


@audit_check("The gate results follow from the figures")
def check_gate_results(audited: AuditedVersion) -> CheckResult:
    bundle = audited.require_bundle()
    found = recheck_gates(bundle.spec.gates, bundle.published)
    differences = diff_documents(bundle.published.version.gates, found, "$.version.gates").differences
    passed = all(gate.passed for gate in found) and not bundle.spec.research_comparison
    if audited.snapshot is not None and audited.snapshot.registered and not passed:
        registered = "is registered, and does not pass its gates"
        differences.append(Mismatch("registered version", registered, "no version that misses a gate is registered"))
    summary = f"{len(found)} gates, {sum(gate.passed for gate in found)} passed."
    if hidden := sum(gate.measured is None for gate in found):
        summary += f" {hidden} of them on figures that are not shown: only the evidence can tell."
    return check_result(differences, summary, failure="The gates are not what the figures say.")


@audit_check("The plots' numbers, the points and the invented example follow from the tables")
def check_model_sections(audited: AuditedVersion) -> CheckResult:
    bundle = audited.require_bundle()
    found = model_sections(bundle.spec, bundle.contracts, bundle.tables, bundle.bags)
    compared = diff_documents(bundle.published.model_dump(include=set(MODEL_SECTIONS)), found)
    return check_result(compared.differences, compared.summary, inconclusive_reason=audited.inconclusive_reason)


@audit_check("Every figure, interval, verdict and sentence follows from the evidence")
def check_figures(audited: AuditedVersion) -> CheckResult:
    evidence, bundle = audited.require_evidence(), audited.require_bundle()
    if evidence.table is None:
        raise CannotCheck("The evidence cannot be read.")
    disclosure = bundle.published.disclosure
    report = build_report(
        bundle.spec,
        bundle.tables,
        evidence.table,
        evidence.excluded,
        bundle.published.version,
        bundle.bags,
        prior_releases=disclosure.prior_releases,
        revealed_by_tables=disclosure.revealed_by_tables,
    )
    others = (*MODEL_SECTIONS, "version")  # compared by other checks
    compared = diff_documents(
        _without(bundle.published, *others) | {"version": {"gates": bundle.published.version.gates}},
        _without(report, *others) | {"version": {"gates": report.version.gates}},
    )
    summary = (
        f"{compared.summary} Taken as they are, since only the data can tell: the {len(disclosure.revealed_by_tables)} "
        "counts of the tables that are said to be of the same people as a group ($.disclosure.revealed_by_tables), "
        "and how many rows were excluded for each reason (inside the evidence's file)."
    )
    return check_result(
        compared.differences,
        summary,
        failure=f"{compared.n:,} values were compared: what is published is not what the evidence says.",
        inconclusive_reason=audited.inconclusive_reason,
    )


def _without(document: Document, *sections: str) -> dict[str, object]:
    return document.model_dump(exclude=set(sections))


@audit_check("It accounts for every prior release on its data, and for nothing else")
def check_prior_releases(audited: AuditedVersion) -> CheckResult:
    """Compare the prior releases that the version accounts for with the published reports in the MLflow store.

    What a prior release suppressed is suppressed again, so a fabricated one could suppress any finding. One that is
    left out could reveal single children. One that is no longer in the MLflow store cannot be verified.
    """
    bundle, metadata = audited.require_bundle(), audited.require_report().version
    claimed = bundle.published.disclosure.prior_releases
    found = audited.evidence
    evidence = None if found is None or found.table is None else with_children(found.table, found.path.parent)
    compare = None if evidence is None else EvidenceComparison(bundle.spec, evidence)

    def published_by(runs: Sequence[PriorRun]) -> dict[str, PriorRelease]:
        others = [run for run in runs if run.version_id != metadata.id]
        releases = prior_releases(bundle.spec, others, version=metadata.id, n=bundle.published.cohort.n or 0)
        return {release.published_sha256: release for release in releases}

    try:
        runs = prior_runs(uri=audited.uri or default_uri(), data_sha256=metadata.data_sha256, compare_evidence=compare)
        known, where = published_by(runs), "$.disclosure.prior_releases"
    except DataError as error:  # of another run, perhaps a later one
        return not_checked(str(error))
    first = next((position for position, run in enumerate(runs) if run.version_id == metadata.id), len(runs))
    differences: list[Mismatch] = []
    gone: list[str] = []
    unverified: list[str] = []
    for position, release in enumerate(claimed):
        if release.published_sha256 in known:
            actual = known[release.published_sha256]
            if (release.exposed is None) != (actual.exposed is None):
                if release.exposed != ():
                    unverified.append(f"version {release.version}")
                actual = actual.model_copy(update={"exposed": release.exposed})
            differences += diff_documents(release, actual, f"{where}[{position}]").differences
        else:
            gone.append(f"version {release.version} (its published.json has the SHA-256 {release.published_sha256})")
    named = {release.published_sha256 for release in claimed}
    differences += [
        Mismatch(where, "nothing of it", f"version {release.version}, published before")
        for sha256, release in sorted(published_by(runs[:first]).items())
        if sha256 not in named
    ]
    if differences or not (gone or unverified):
        return check_result(
            differences, f"{len(claimed)} earlier publications of these data, as the MLflow store has them."
        )
    parts = []
    if gone:
        parts.append(
            f"The MLflow store no longer has {'; '.join(gone)}"
            + (", or it was of another file, and the evidence is not here to tell" if evidence is None else "")
            + ". What was published there is taken from this version itself."
        )
    if unverified:
        parts.append(
            f"What subtracting the figures of {', '.join(unverified)} would reveal is taken from this version itself: "
            "it takes the evidence of both."
        )
    summary = " ".join(parts)
    if audited.key is not None and check_signature.run(audited).result.status == PASSED:
        return check_result([], f"{summary} It is signed.")
    return not_checked(f"{summary} To be sure of it, give --key of a signed version, or ask for that file.")
