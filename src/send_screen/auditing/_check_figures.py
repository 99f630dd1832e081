"""The figures: from the evidence to ``published.json``, its gates, and what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Sequence

from send_screen.auditing._audited_version import AuditedVersion
from send_screen.auditing._results import CheckResult, Mismatch, check_result, diff_documents, not_checked
from send_screen.documents import Document
from send_screen.estimators import describe_challenger
from send_screen.evaluation import build_report
from send_screen.governance import MANIFEST, version_id, version_metadata
from send_screen.published import PriorRelease, check_gates
from send_screen.tracking import PriorRun, default_uri, prior_runs
from send_screen.workflows._earlier import prior_releases

#: Sections of ``published.json`` that follow from spec and tables, not from the evidence.
MODEL_SECTIONS = ("shapes", "interactions", "example", "scorecard")


def check_identity(audited: AuditedVersion) -> CheckResult:
    """Derive the version's id from the hashes of spec, contracts and data, code and packages."""
    bundle, metadata = audited.require_bundle(), audited.require_claimed()
    hashes = {contract.ref: contract.sha256 for contract in bundle.contracts.values()}
    made_of = (metadata.data_sha256, hashes, metadata.code_version, metadata.packages, metadata.held_out_schools)
    found = version_id(bundle.spec.sha256, *made_of)
    claims = {
        "$.version.id": metadata.id,
        f"{MANIFEST}: version": json.loads(audited.files[MANIFEST])["version"],
    }
    if audited.snapshot is not None:
        claims["tag version_id of the registered version"] = audited.snapshot.tags.get("version_id", "no tag")
        claims["tag version_id of the run"] = audited.snapshot.run_tags.get("version_id", "no tag")
    differences = [Mismatch(where, str(claimed), found) for where, claimed in claims.items() if claimed != found]
    return check_result(
        differences, f"{found} is the hash of what made it.", made="The id is of other things than these."
    )


def check_metadata(audited: AuditedVersion) -> CheckResult:
    """Derive again what the version says of itself, but for what only the data can tell."""
    bundle, claimed = audited.require_bundle(), audited.require_claimed()
    found = version_metadata(
        bundle.spec,
        bundle.contracts,
        bundle.tables,
        bundle.bags,
        challengers={name: describe_challenger(name) for name in bundle.spec.challengers},
        trained_on=claimed.trained_on,
        as_of=claimed.as_of,
        data_sha256=claimed.data_sha256,
        held_out_schools=claimed.held_out_schools,
        code=claimed.code_version,
        release=claimed.release,
        packages=claimed.packages,
    )
    compared = diff_documents(_dumped(claimed, "gates"), _dumped(found, "gates"), "$.version")
    words = f"{compared.words} Taken from it as they are: the data's hash, the as-of date, trained_on and the release."
    return check_result(compared.differences, words, inconclusive_reason=audited.inconclusive_reason)


def check_figures(audited: AuditedVersion) -> CheckResult:
    """Derive every figure, interval, verdict and sentence again from the evidence, by what training calls."""
    if audited.evidence is None:
        return not_checked(audited.no_evidence)
    if audited.evidence.table is None:
        return not_checked("The evidence cannot be read.")
    bundle = audited.require_bundle()
    knew = bundle.published.disclosure
    report = build_report(
        bundle.spec,
        bundle.contracts,
        bundle.tables,
        audited.evidence.table,
        audited.evidence.excluded,
        bundle.published.version,
        bundle.bags,
        prior_releases=knew.prior_releases,
        revealed_by_tables=knew.revealed_by_tables,
    )
    skipped = (*MODEL_SECTIONS, "version")  # these are other checks
    compared = diff_documents(_dumped(bundle.published, *skipped), _dumped(report, *skipped))
    n_revealed = len(knew.revealed_by_tables)
    taken = (
        f" Taken as they are, since only the data can tell: the {n_revealed} counts of the "
        "tables that are said to be of the same children as a group ($.disclosure.revealed_by_tables), and how many "
        "rows were set aside for each reason (inside the evidence's file)."
    )
    return check_result(
        [*_earlier(audited, knew.prior_releases), *compared.differences],
        compared.words + taken,
        inconclusive_reason=audited.inconclusive_reason,
        made=f"{compared.n:,} values were compared: what is published is not what the evidence says.",
    )


def _dumped(document: Document, *skipped: str) -> dict[str, object]:
    """Return a document as JSON has it, without some of its sections."""
    return document.model_dump(mode="json", exclude=set(skipped))


def _earlier(audited: AuditedVersion, claimed: Sequence[PriorRelease]) -> list[Mismatch]:
    """Hold what earlier versions are said to have told against what the store's runs have published.

    What an earlier version withheld is withheld again: an invented one could silence any finding. One that is left out
    could give single children away.
    """
    if audited.snapshot is None:
        return []  # a folder knows of no other version
    metadata = audited.require_claimed()
    runs = prior_runs(audited.uri or default_uri(), data_sha256=metadata.data_sha256, name=metadata.name)
    first = next((place for place, run in enumerate(runs) if run.version_id == metadata.id), len(runs))
    known, before = ({one.published_sha256: one for one in _told(audited, part)} for part in (runs, runs[:first]))
    differences: list[Mismatch] = []
    for i, one in enumerate(claimed):
        where = f"$.disclosure.prior_releases[{i}]"
        if one.published_sha256 not in known:
            said = f"version {one.version}, {one.published_sha256[:12]}"
            differences.append(Mismatch(where, said, "no other run has published that"))
        else:
            differences += diff_documents(_dumped(one), _dumped(known[one.published_sha256]), where).differences
    left_out = set(before) - {one.published_sha256 for one in claimed}
    return differences + [
        Mismatch("$.disclosure.prior_releases", "nothing of it", f"version {before[sha256].version}, published before")
        for sha256 in sorted(left_out)
    ]


def _told(audited: AuditedVersion, runs: Sequence[PriorRun]) -> list[PriorRelease]:
    """Return what other versions told, as training reckons with it."""
    version, n = audited.require_claimed().id, audited.require_report().cohort.n
    others = [run for run in runs if run.version_id != version]
    return prior_releases(audited.require_bundle().spec, others, version=version, n=n or 0)


def check_gate_results(audited: AuditedVersion) -> CheckResult:
    """Hold the spec's gates against the published figures, and whether it was registered against them."""
    bundle, claimed = audited.require_bundle(), audited.require_claimed().gates
    found = check_gates(bundle.spec.gates, bundle.published)
    compared = diff_documents([_dumped(gate) for gate in claimed], [_dumped(gate) for gate in found], "$.version.gates")
    differences = list(compared.differences)
    passed = all(gate.passed for gate in found) and not bundle.spec.research_comparison
    if audited.snapshot is not None and audited.snapshot.registered and not passed:
        words = "is registered, and does not pass its gates"
        differences.append(Mismatch("registered version", words, "no version that misses a gate is registered"))
    words = f"{len(found)} gates, {sum(gate.passed for gate in found)} passed."
    return check_result(differences, words, made="The gates are not what the figures say.")
