"""Every page and picture, made again from what is published: a number that is only on a page is found."""

from __future__ import annotations

import re
from collections.abc import Mapping

from send_screen.auditing._audited_version import AuditedVersion
from send_screen.auditing._results import CheckResult, Mismatch, check_result, truncate
from send_screen.estimators._explanation import shap_waterfall
from send_screen.reports import render_plots, render_summary
from send_screen.tracking import RUN_NOTE
from send_screen.workflows._log_version import WATERFALL, version_files

_AROUND = 40  # characters of a page before a place that differs
_DRAWN_TEXT = re.compile(r"<text[^>]*>(.*?)</text>", re.DOTALL)
_DRAWN_BY = re.compile(r"<dc:title>(Matplotlib[^<]*)</dc:title>")


def check_pages(audited: AuditedVersion) -> CheckResult:
    """Write the version again from its parts and its published figures, and compare every byte."""
    bundle = audited.require_bundle()
    written = version_files(bundle.spec, bundle.contracts, bundle.tables, bundle.bags, audited.require_report())
    differences = _other_bytes(audited.files, written)
    words = f"{len(written)} files were written again, and are alike to the last byte."
    return check_result(
        differences,
        words,
        inconclusive_reason=audited.inconclusive_pages,
        made="A file is not what the published figures make.",
    )


def _other_bytes(claimed: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[Mismatch]:
    return [
        first_difference(name, claimed.get(name, b""), content)
        for name, content in sorted(found.items())
        if claimed.get(name) != content
    ]


def check_summary(audited: AuditedVersion) -> CheckResult:
    """Say again what MLflow says of the run."""
    found = render_summary(audited.require_report())
    claimed = audited.require_snapshot().run_tags.get(RUN_NOTE, "")
    where = "description of the run"
    if not claimed:
        return check_result(
            [Mismatch(where, "nothing", f"{len(found.split())} words")],
            "",
            inconclusive_reason=audited.inconclusive_pages,
        )
    differences = [] if claimed == found else [first_difference(where, claimed.encode(), found.encode())]
    words = f"{len(found.split())} words, alike to the last."
    return check_result(
        differences,
        words,
        inconclusive_reason=audited.inconclusive_pages,
        made="What MLflow says is not what is published.",
    )


def check_plots(audited: AuditedVersion) -> CheckResult:
    """Draw every picture again from the published figures."""
    snapshot, report = audited.require_snapshot(), audited.require_report()
    plots = render_plots(report)
    differences = _other_bytes(snapshot.run_files, {name: svg.encode() for name, svg in plots.items()})
    made = "A picture is not what the published figures make."
    if differences:
        return check_result(differences, "", inconclusive_reason=audited.inconclusive_pages, made=made)
    claimed_svg, found = snapshot.run_files.get(WATERFALL, b"").decode("utf-8"), shap_waterfall(report.example)
    words = f"{len(plots) + 1} pictures were drawn again, and are alike to the last byte."
    if claimed_svg == found:
        return check_result([], words)
    theirs, ours = _drawn_by(claimed_svg), _drawn_by(found)
    innocent = theirs != ours and _DRAWN_TEXT.findall(claimed_svg) == _DRAWN_TEXT.findall(found)
    inconclusive_reason = (
        f"{theirs} drew it, and here is {ours}; every word and number in it is the same." if innocent else ""
    )
    difference = first_difference(WATERFALL, claimed_svg.encode(), found.encode())
    return check_result(
        [difference], words, inconclusive_reason=audited.inconclusive_pages or inconclusive_reason, made=made
    )


def _drawn_by(svg: str) -> str:
    found = _DRAWN_BY.search(svg)
    return found[1] if found else "something else"


def first_difference(name: str, claimed: bytes, found: bytes) -> Mismatch:
    """Return the first place where two files differ."""
    if not claimed:
        return Mismatch(name, "no such file", f"{len(found)} bytes")
    place = next(
        (i for i, (a, b) in enumerate(zip(claimed, found, strict=False)) if a != b), min(len(claimed), len(found))
    )
    start = max(0, place - _AROUND)
    line = claimed[:place].count(b"\n") + 1
    texts = (truncate(each[start : place + _AROUND].decode("utf-8", errors="replace")) for each in (claimed, found))
    return Mismatch(f"{name}, line {line}", *texts)
