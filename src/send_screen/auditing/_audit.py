"""The audit: fetch or read a version, run each check, and collect the results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from send_screen.auditing._audited_version import AuditedVersion, open_version, with_evidence
from send_screen.auditing._check_decisions import check_aliases, check_decisions, check_ledger, describe_withdrawal
from send_screen.auditing._check_evidence import check_evidence, check_evidence_integrity
from send_screen.auditing._check_files import check_consistency, check_files, check_manifest, check_signature
from send_screen.auditing._check_pages import check_pages, check_plots, check_summary
from send_screen.auditing._check_published import (
    check_figures,
    check_gate_results,
    check_identity,
    check_metadata,
    check_model_sections,
    check_prior_releases,
)
from send_screen.auditing._check_refit import check_refit
from send_screen.auditing._check_registry import check_metrics, check_params, check_run, check_tags
from send_screen.auditing._check_related_entities import check_related_entities, describe_scope
from send_screen.auditing._check_served import check_copies, check_served
from send_screen.auditing._check_tables import check_examples, check_tables
from send_screen.auditing._checks import PASSED, AuditCheck
from send_screen.auditing._compare import truncate
from send_screen.auditing._results import Audit, make_audit_folder, write_audit
from send_screen.errors import UsageError
from send_screen.governance import MANIFEST, LedgerLocation, files_below, read_public_key, read_regular_files
from send_screen.tracking import default_uri, fetch_snapshot

#: Checks of any version, in the order of the report.
VERSION_CHECKS: tuple[AuditCheck, ...] = (
    check_signature, check_manifest, check_files, check_consistency, check_identity, check_metadata, check_evidence,
    check_evidence_integrity, check_figures, check_gate_results, check_model_sections, check_tables, check_refit,
    check_pages,
)  # fmt: skip
#: Checks of a version in an MLflow store, where it may be a run that failed its gates.
STORE_CHECKS: tuple[AuditCheck, ...] = (
    check_prior_releases, check_plots, check_summary, check_copies, check_served, check_examples, check_metrics,
    check_params, check_tags, check_run, check_related_entities,
)  # fmt: skip
#: Checks of a version in the model registry.
REGISTRY_CHECKS = (check_ledger, check_aliases, check_decisions)


def audit(
    model: str | Path,
    *,
    evidence: str | Path | None = None,
    key: str | Path | None = None,
    data: object = None,
    ledger: str | Path | None = None,
    out: str | Path | None = None,
    tracking_uri: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Audit:
    """Recompute every published figure and hash of a version, and name each difference.

    No code of the version is executed, imported or unpickled.

    Parameters
    ----------
    model : str or pathlib.Path
        ``models:/name@alias``, ``models:/name/3``, or ``runs:/id/bundle`` of a run that failed its gates; or a folder
        that ``send-screen export`` wrote, for which the checks of MLflow are left out.
    evidence : str or pathlib.Path, optional
        The evidence store (of out-of-fold predictions), or the version's folder in it; by default that of the run's tag
        ``evidence_location``.
    key : str or pathlib.Path, optional
        The public key of the person who answers for training; get it from them, not from the MLflow store.
    data : str, pathlib.Path, pandas.DataFrame, pyarrow.Table, or mapping of contract id to one of these, optional
        The training data. Then the version is fitted again with the same spec and seeds, which takes as long as
        training, and tables, bags, evidence and figures are compared.
    ledger : str or pathlib.Path, optional
        The ledger of decisions; by default beside a local MLflow database, and for a tracking server what the
        registered model's tag ``ledger_location`` names.
    out : str or pathlib.Path, optional
        Folder for ``audit.html`` and ``audit.json``, over those of an earlier audit.
    tracking_uri : str, optional
        Address of the MLflow store: ``sqlite:///path/mlflow.db``, or of a tracking server; by default ``mlflow.db`` in
        the working directory.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    Audit
        ``ok`` is whether nothing differs; ``checks`` holds each check with its differences.

    Raises
    ------
    UsageError
        If there is no such version, evidence, ledger, key or data.
    MachineError
        If the MLflow store does not answer, or ``out`` cannot be written.
    MissingExtraError
        If MLflow is not installed.

    Examples
    --------
    >>> from send_screen import audit
    >>> audit("models:/reception_sen/3", key="public.pem", out="audit")  # doctest: +SKIP
    <Audit: GREEN: nothing differs in the 27 checks that were made. Not asked for: ...>
    """
    report_progress = progress or (lambda _: None)
    public = None if key is None else read_public_key(Path(key))
    if ledger is not None and not LedgerLocation.parse(ledger).exists():
        raise UsageError(f"There is no ledger at {ledger}.", remedy="Give the one that --ledger of promote named.")
    if isinstance(data, str | Path) and not Path(data).exists():
        raise UsageError(f"There are no data at {data}.", remedy="Give the file or folder that it was trained on.")
    if out is not None:
        make_audit_folder(Path(out))
    snapshot = None
    if str(model).startswith(("models:", "runs:")):
        report_progress("Fetching everything about the version")
        snapshot = fetch_snapshot(str(model), uri=tracking_uri or default_uri())
        files = files_below("bundle", snapshot.run_files)
        irregular_files = tuple(name for name in snapshot.irregular_files if name.startswith("bundle/"))
    else:
        if not (Path(model) / MANIFEST).is_file():
            raise UsageError(
                f"There is no exported model at {model}.",
                remedy="Give models:/name@alias, models:/name/3, runs:/id/bundle, or the folder that send-screen "
                "export wrote.",
            )
        files, irregular_files = read_regular_files(Path(model))
    audited = replace(open_version(files, irregular_files, snapshot), key=public, ledger=ledger, uri=tracking_uri)
    audited = replace(audited, data=data, report_progress=report_progress)
    audited = with_evidence(audited, None if evidence is None else Path(evidence))
    audited = _with_trusted_reasons(audited)
    chosen = VERSION_CHECKS
    if snapshot is not None:
        chosen += STORE_CHECKS + (REGISTRY_CHECKS if snapshot.registered else ())
    report_progress("Recomputing what is published of it")
    checks = [check.run(audited) for check in chosen]
    metadata = audited.describe()
    if withdrawn := describe_withdrawal(audited):
        metadata["withdrawn"] = truncate(withdrawn)
    scope = tuple(describe_scope(audited))
    found = Audit(str(model), metadata, tuple(checks), scope, None if out is None else Path(out))
    if found.out is not None:
        write_audit(found, found.out)
    return found


def _with_trusted_reasons(audited: AuditedVersion) -> AuditedVersion:
    """Return the version with only those reasons for an inconclusive difference that a signature confirms.

    A figure or page may differ because other code or packages made it. Which ones did is stated in a file of the
    version itself, which is trusted only if the manifest with its hash is signed.
    """
    if audited.key is None:
        note = " That is its own word: no key from outside the MLflow store confirms it here."
        numbers, pages = (why and why + note for why in (audited.inconclusive_reason, audited.inconclusive_pages))
        return replace(audited, inconclusive_reason=numbers, inconclusive_pages=pages)
    if audited.inconclusive_pages and check_signature.run(audited).result.status != PASSED:
        return replace(audited, inconclusive_reason="", inconclusive_pages="")
    return audited
