"""Checks of pages and plots: each is rendered again from the published report and compared byte by byte."""

from __future__ import annotations

import re
from collections.abc import Mapping

from send_screen.auditing._added import text_added_after
from send_screen.auditing._audited_version import AuditedVersion
from send_screen.auditing._checks import CheckResult, audit_check, check_result
from send_screen.auditing._compare import Mismatch, first_difference
from send_screen.estimators._explanation import shap_waterfall
from send_screen.reports import render_plots, render_summary
from send_screen.tracking import RUN_DESCRIPTION_TAG, WATERFALL, version_files

_DRAWN_TEXT = re.compile(rb"<text[^>]*>(.*?)</text>", re.DOTALL)
_DRAWN_BY = re.compile(rb"<dc:title>(Matplotlib[^<]*)</dc:title>")


@audit_check("Every page follows from the published figures")
def check_pages(audited: AuditedVersion) -> CheckResult:
    bundle = audited.require_bundle()
    written = version_files(bundle.spec, bundle.tables, bundle.bags, bundle.published)
    return check_result(
        _different_files(audited.files, written),
        f"{len(written)} files were written again, and are alike to the last byte.",
        failure="A file is not what the published figures make.",
        inconclusive_reason=audited.inconclusive_pages,
    )


def _different_files(claimed: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[Mismatch]:
    return [
        first_difference(name, claimed.get(name, b""), content)
        for name, content in sorted(found.items())
        if claimed.get(name) != content
    ]


@audit_check("The description of the run in MLflow is the summary of its report")
def check_summary(audited: AuditedVersion) -> CheckResult:
    found = render_summary(audited.require_report())
    claimed, where = audited.require_snapshot().run_tags.get(RUN_DESCRIPTION_TAG, ""), "description of the run"
    additions = text_added_after(where, claimed, found)
    differences = [] if additions is not None else _different_files({where: claimed.encode()}, {where: found.encode()})
    return check_result(
        differences,
        f"{len(found.split())} words, alike to the last.",
        additions=additions or (),
        failure="What MLflow says is not what is published.",
        inconclusive_reason=audited.inconclusive_pages,
    )


@audit_check("Every plot follows from the published figures")
def check_plots(audited: AuditedVersion) -> CheckResult:
    files, report = audited.require_snapshot().run_files, audited.require_report()
    plots = {name: svg.encode() for name, svg in render_plots(report).items()}
    waterfall = {WATERFALL: shap_waterfall(report.example).encode()}
    differences, reason = _different_files(files, plots), audited.inconclusive_pages
    if not differences:
        differences = _different_files(files, waterfall)
        reason = reason or _drawn_by_other_matplotlib(files.get(WATERFALL, b""), waterfall[WATERFALL])
    summary = f"{len(plots) + 1} plots were drawn again, and are alike to the last byte."
    failure = "A plot is not what the published figures make."
    return check_result(differences, summary, failure=failure, inconclusive_reason=reason)


def _drawn_by_other_matplotlib(claimed: bytes, found: bytes) -> str:
    """Return a sentence where a plot differs only since another Matplotlib drew it; empty where its text differs."""
    theirs, ours = (b" ".join(_DRAWN_BY.findall(svg)).decode() or "something else" for svg in (claimed, found))
    if theirs == ours or _DRAWN_TEXT.findall(claimed) != _DRAWN_TEXT.findall(found):
        return ""
    return f"{theirs} drew it, and here is {ours}; every word and number in it is the same."
