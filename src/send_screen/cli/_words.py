"""What the commands say when they are done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from send_screen.contracts import CheckResult, Contract
    from send_screen.readers import Reading
    from send_screen.screening import ScreeningResult
    from send_screen.workflows import Demo, TrainedVersion

MOST_SHOWN = 40


class Said(TypedDict):
    """The same facts for a person and for a script."""

    text: str
    json: dict[str, Any]


def trained_json(made: TrainedVersion) -> dict[str, Any]:
    """Return a trained version in facts."""
    return {
        "name": made.name,
        "version": made.version,
        "registered_version": made.registered_version,
        "model_uri": made.model_uri,
        "tracking_uri": made.tracking_uri,
        "run_id": made.run_id,
        "gates": list(made.gates),
        "passed": made.passed,
        "children": made.n,
        "excluded": made.n_excluded,
        "evidence": str(made.evidence),
        "evidence_sha256": made.evidence_sha256,
        "tables_sha256": made.tables_sha256,
        "performance": made.published["performance"],
        "differences": made.published["differences"],
        "named": made.published["named"],
    }


_SHOWN = (
    ("roc_auc", "ranks a child with later need above one without (ROC AUC)"),
    ("average_precision", "average precision"),
    ("recall", "of those with later need, listed"),
    ("precision", "of those listed, with later need"),
)


def trained_text(made: TrainedVersion) -> str:
    """Return a trained version in words: how well, beside the rule, for whom less well, and where it is."""
    from send_screen.published import PublishedReport
    from send_screen.reports import challengers_of, compare_challengers

    lines = [f"{made.name}, version {made.version}: {made.n:,} children learnt from, {made.n_excluded:,} set aside."]
    if made.published["version"]["trained_on"] == "synthetic":
        lines.append("These children are invented: this version cannot screen real ones.")
    report = PublishedReport.model_validate(made.published, strict=False)
    columns = {"candidate": "this version", "baseline": "the rule", **challengers_of(report)}
    lines += ["", f"{'':58}" + "".join(f"{words:>22}" for words in columns.values())]
    for metric, words in _SHOWN:
        cells = "".join(f"{_figure(made, model, metric):>22}" for model in columns)
        lines.append(f"{words:58}{cells}")
    lines += ["", *(challenger.words for challenger in compare_challengers(report))]
    lines += ["", "Whose needs it misses more:"]
    lines += [f"  {sentence}" for sentence in made.published["named"]] or [
        "  No gap beyond the tolerance was shown. That is not proof that there is none: see the report."
    ]
    lines += _withheld_beside_earlier(made.published)
    lines.append("")
    for gate in made.gates:
        measured = "not measured" if gate["measured"] is None else f"{gate['measured']:.3g}"
        lines.append(f"Gate {'passed' if gate['passed'] else 'FAILED'}: {gate['gate']}, {gate['required']}: {measured}")
    lines.append("")
    if made.registered_version:
        lines.append(f"Registered: {made.model_uri} (alias: candidate). Run {made.run_id}.")
        lines.append(f"Screen with it: send-screen screen {made.model_uri} FILE --out DIR")
        lines.append(f"Let it in: send-screen promote {made.model_uri} --by NAME --reason TEXT")
    else:
        lines.append(f"Not registered. Run {made.run_id}.")
    lines.append(f"See it: MLFLOW_DISABLE_TELEMETRY=true mlflow ui --backend-store-uri {made.tracking_uri}")
    lines.append(f"Evidence (personal data): {made.evidence}")
    return "\n".join(lines)


def _withheld_beside_earlier(published: Mapping[str, Any]) -> list[str]:
    """Return what earlier versions in the same store keep this one from telling of groups."""
    earlier = published["disclosure"]["earlier"]
    overlapping = [one["version"] for one in earlier if one.get("other_children")]
    crossed = [row for row in published["groups"] if "×" in row["attribute"]]
    if overlapping:
        what = f"groups stand without counts: version {overlapping[0]} told those of other children of the same file"
    elif earlier and crossed and all(row["n"] is None for row in crossed):
        what = "crossed groups are withheld: a version with another list did not cross them"
    else:
        return []
    return [
        f"  Beside what this store has published, {what}.",
        "  To have them, train into a store of its own (--tracking-uri), and show only one of the two.",
    ]


def _figure(made: TrainedVersion, model: str, metric: str) -> str:
    for row in made.published["performance"]:
        if row["model"] == model and row["metric"] == metric and row["value"] is not None:
            low, high = row["low"], row["high"]
            interval = f" ({low:.3f}-{high:.3f})" if low is not None and high is not None else ""
            return f"{row['value']:.3f}{interval}"
    return "-"


def after_demo(made: Demo) -> Said:
    """Return what the demonstration made, and what to open first."""
    text = "\n".join(
        [
            trained_text(made.trained),
            "",
            "Open these in a browser:",
            f"  the SENCO's list         {(made.lists / 'report.html').resolve()}",
            f"  what it does to whom     {made.report.resolve()}",
            f"  the model card           {made.card.resolve()}",
            "",
            "All children in it are invented.",
        ]
    )
    return {
        "text": text,
        "json": {
            **trained_json(made.trained),
            "lists": str(made.lists),
            "report": str(made.report),
            "card": str(made.card),
            "data": str(made.data),
        },
    }


def screened_text(result: ScreeningResult, out: Path) -> str:
    """Return a screening run in words; the children who could not be screened come first."""
    from send_screen.cohorts import EXCLUSIONS, MANUAL_REVIEW

    aside = Counter(child.kind for child in result.excluded)
    lines = [*result.banners]
    lines += [
        f"{n} child(ren): {EXCLUSIONS[kind]}."
        for kind, n in sorted(aside.items(), key=lambda item: item[0] != MANUAL_REVIEW)
    ]
    lines += [
        f"{len(result.listed)} of {result.n_screened} screened children are listed, {len(result.margin)} are just "
        "below the line. Not being listed is never 'no need'.",
        f"{result.n_rows} rows = {result.n_screened} screened + {len(result.excluded)} set aside.",
        *(f"Note: {note}" for note in result.notes),
        f"Open {(out / 'report.html').resolve()}",
    ]
    return "\n".join(lines)


def check_json(contract: Contract, reading: Reading, result: CheckResult) -> dict[str, Any]:
    """Return what a check found, as facts; values of personal columns are masked already."""
    from send_screen.contracts import header_like

    return {
        "contract": contract.ref,
        "file": reading.file,
        "rows": len(result.frame),
        "rows_with_errors": len(result.bad_rows),
        "usable": result.usable,
        "columns": {
            "matched": list(result.columns.matched),
            "aliased": result.columns.aliased,
            "not_used_but_similar": result.columns.guessed,
            "unknown": [header if header_like(header) else "(not shown)" for header in result.columns.unknown],
            "missing": result.columns.missing,
        },
        "violations": [
            {
                "rule": v.rule,
                "severity": v.severity,
                "column": v.column,
                "row": v.row,
                "value": v.value,
                "message": v.message,
                "remedy": v.remedy,
            }
            for v in result.violations
        ],
        "notes": [*reading.notes, *result.notes],
    }


def check_text(contract: Contract, reading: Reading, result: CheckResult) -> str:
    """Return what a check found, in lines: every rule with its count, and the first places of each."""
    lines = [f"{reading.file} against {contract.ref}: {len(result.frame):,} rows."]
    lines += [f"Note: {note}" for note in (*reading.notes, *result.notes)]
    lines += _column_lines(result)
    by_rule: dict[str, list[Any]] = {}
    for violation in result.violations:
        by_rule.setdefault(violation.rule, []).append(violation)
    for rule, found in by_rule.items():
        first = found[0]
        place = f"column {first.column}: " if first.column else ""
        lines.append(f"{first.severity.upper()} {rule} ({len(found):,}x). {place}{first.message} {first.remedy}")
        lines += [f"    row {v.row}: {v.value if v.value is not None else '(blank)'}" for v in _some(found)]
        if len(found) > MOST_SHOWN:
            lines.append(f"    ... and {len(found) - MOST_SHOWN:,} more (all of them with --json)")
    errors = sum(violation.severity == "error" for violation in result.violations)
    if errors:
        lines.append(f"{errors:,} error(s). {len(result.bad_rows):,} row(s) cannot be used until they are mended.")
    else:
        lines.append("The file keeps its contract.")
    return "\n".join(lines)


def _some(found: list[Any]) -> Iterable[Any]:
    return (violation for violation in found[:MOST_SHOWN] if violation.row is not None)


def _column_lines(result: CheckResult) -> list[str]:
    from send_screen.contracts import quotable

    columns = result.columns
    lines = [
        f"Note: column {quotable(header)} was not used. It looks like {name}: rename it if it is."
        for header, name in columns.guessed.items()
    ]
    if columns.unknown:
        lines.append("Note: these columns were not used: " + ", ".join(map(quotable, columns.unknown)) + ".")
    return lines
