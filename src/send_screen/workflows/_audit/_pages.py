"""Every page and picture, made again from what is published: a number that is only on a page is found."""

from __future__ import annotations

import re
from collections.abc import Mapping

from send_screen.estimators import shap_waterfall
from send_screen.governance import Difference, Finding, judge, shown
from send_screen.published import PublishedReport
from send_screen.reports import render_plots, render_summary
from send_screen.tracking import RUN_NOTE
from send_screen.workflows._audit._subject import Subject
from send_screen.workflows._enter import WATERFALL
from send_screen.workflows._version import version_files

_AROUND = 40  # characters of a page before a place that differs
_DRAWN_TEXT = re.compile(r"<text[^>]*>(.*?)</text>", re.DOTALL)
_DRAWN_BY = re.compile(r"<dc:title>(Matplotlib[^<]*)</dc:title>")


def check_pages(subject: Subject) -> Finding:
    """Write the version again from its parts and its published figures, and compare every byte."""
    bundle = subject.require_bundle()
    written = version_files(bundle.spec, bundle.contracts, bundle.tables, bundle.bags, _report(subject))
    differences = _other_bytes(subject.files, written)
    words = f"{len(written)} files were written again, and are alike to the last byte."
    return judge(differences, words, excuse=subject.excuse_pages, made="A file is not what the published figures make.")


def _other_bytes(claimed: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[Difference]:
    return [
        apart(name, claimed.get(name, b""), content)
        for name, content in sorted(found.items())
        if claimed.get(name) != content
    ]


def _report(subject: Subject) -> PublishedReport:
    return PublishedReport.model_validate(subject.require_bundle().published, strict=False)


def check_words(subject: Subject) -> Finding:
    """Say again what MLflow says of the run."""
    found = render_summary(_report(subject))
    claimed = subject.require_recorded().run_tags.get(RUN_NOTE, "")
    where = "description of the run"
    if not claimed:
        return judge([Difference(where, "nothing", f"{len(found.split())} words")], "", excuse=subject.excuse_pages)
    differences = [] if claimed == found else [apart(where, claimed.encode(), found.encode())]
    words = f"{len(found.split())} words, alike to the last."
    return judge(differences, words, excuse=subject.excuse_pages, made="What MLflow says is not what is published.")


def check_pictures(subject: Subject) -> Finding:
    """Draw every picture again from the published figures."""
    recorded, document = subject.require_recorded(), subject.require_bundle().published
    plots = render_plots(_report(subject))
    differences = _other_bytes(recorded.run_files, {name: svg.encode() for name, svg in plots.items()})
    made = "A picture is not what the published figures make."
    if differences:
        return judge(differences, "", excuse=subject.excuse_pages, made=made)
    claimed_svg, found = recorded.run_files.get(WATERFALL, b"").decode("utf-8"), shap_waterfall(document["example"])
    words = f"{len(plots) + 1} pictures were drawn again, and are alike to the last byte."
    if claimed_svg == found:
        return judge([], words)
    theirs, ours = _drawn_by(claimed_svg), _drawn_by(found)
    innocent = theirs != ours and _DRAWN_TEXT.findall(claimed_svg) == _DRAWN_TEXT.findall(found)
    excuse = f"{theirs} drew it, and here is {ours}; every word and number in it is the same." if innocent else ""
    difference = apart(WATERFALL, claimed_svg.encode(), found.encode())
    return judge([difference], words, excuse=subject.excuse_pages or excuse, made=made)


def _drawn_by(svg: str) -> str:
    found = _DRAWN_BY.search(svg)
    return found[1] if found else "something else"


def apart(name: str, claimed: bytes, found: bytes) -> Difference:
    """Return the first place where two files differ."""
    if not claimed:
        return Difference(name, "no such file", f"{len(found)} bytes")
    place = next(
        (i for i, (a, b) in enumerate(zip(claimed, found, strict=False)) if a != b), min(len(claimed), len(found))
    )
    start = max(0, place - _AROUND)
    line = claimed[:place].count(b"\n") + 1
    texts = (shown(each[start : place + _AROUND].decode("utf-8", errors="replace")) for each in (claimed, found))
    return Difference(f"{name}, line {line}", *texts)
