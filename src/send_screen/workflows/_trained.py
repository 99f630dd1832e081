"""The result of training: out-of-fold predictions, metrics, gaps, gates, and the registered version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from send_screen.documents import count
from send_screen.errors import GateError
from send_screen.published import PublishedReport, failed_gates
from send_screen.reports import challengers_of, headlines, render_page
from send_screen.reports._challengers import describe_challengers
from send_screen.results import Section
from send_screen.tables import RiskTables
from send_screen.workflows._measured_result import MeasuredResult


@dataclass(frozen=True, repr=False)
class TrainedVersion(MeasuredResult):
    """A trained version of a model, with its metrics and its location in MLflow."""

    name: str
    version: str
    """Id of the version: a hash of spec, data, contracts, code and packages."""
    tables: RiskTables = field(repr=False)
    """The fitted model as data."""
    out_of_fold: pd.DataFrame = field(repr=False)
    """One row per child and fold seed, scored by models that saw no child of the same school: ``fold``, ``school``,
    ``outcome``, ``group.<attribute>``, ``score.<model>`` and ``contribution.<feature>`` (log-odds), ``flag.<model>``.
    Schools are serial numbers. Personal data.
    """
    published: PublishedReport = field(repr=False)
    """The published report, with the gate results in its section ``version``."""
    passed: bool
    """Whether every gate was passed; otherwise the version is not registered."""
    undecided: tuple[str, ...]
    """Open DECIDE marks of spec and contracts; while there are any, the version is not registered."""
    evidence: Path
    """Its folder in the evidence store, with the out-of-fold predictions."""
    evidence_sha256: str
    tables_sha256: str
    n: int
    """Number of training children."""
    n_excluded: int
    """Number of excluded rows."""
    notes: tuple[str, ...]
    """How the files were read, and what was not used."""
    run_id: str
    model_uri: str
    report_location: str
    """Path of ``report.html``, or its address on a server."""
    tracking_uri: str
    registered_version: str | None

    @property
    def term_importances(self) -> pd.Series:
        """Mean absolute out-of-fold Shapley value of each feature in log-odds, the largest first."""
        contributions = self.out_of_fold.filter(regex=r"^contribution\.")
        means = contributions.abs().mean().rename(lambda name: name.removeprefix("contribution."))
        return means.sort_values(ascending=False, kind="stable").rename("mean |contribution|")

    @property
    def report(self) -> str:
        """The fairness report as one HTML page."""
        return render_page("report.html", self.published)

    def require_passed(self) -> None:
        """Raise where a gate failed, naming each failed gate, its threshold and what was measured."""
        failed = [f"  {gate}\n" for gate in failed_gates(self.published.version.gates)]
        if failed:
            raise GateError(
                "The version was not registered, because of its gates:\n" + "".join(failed),
                remedy=f"Its run stays in MLflow ({self.run_id}), marked as failed.",
            )
        if not self.passed:
            raise GateError(
                "The version was not registered: its spec is a research comparison.",
                remedy=f"Its run stays in MLflow ({self.run_id}).",
            )

    @property
    def ok(self) -> bool:
        """Whether every gate was passed."""
        return self.passed

    @property
    def headline(self) -> str:
        """Name and id of the version, and the number of training children."""
        who = self.published.version.children
        n = count(self.n, who.singular, who.plural)
        return f"{self.name}, version {self.version}: trained on {n}, {self.n_excluded:,} excluded."

    def sections(self) -> Iterable[Section]:
        """Yield notes on the files, the metrics, the gaps, the gates, and the location in MLflow."""
        if self.published.version.trained_on == "synthetic":
            who = self.published.version.children.plural
            yield Section([f"These {who} are invented: this version cannot screen real ones."])
        if self.notes:
            yield Section([f"Note: {note}" for note in self.notes])
        models = {"candidate": "this version", "baseline": "the rule", **challengers_of(self.published)}
        yield self._metrics(models)
        yield Section(describe_challengers(self.published))
        yield Section(
            [*headlines(self.published), *suppressed_by_earlier(self.published)], "For whom it works less well"
        )
        yield Section(
            [
                f"Gate {'passed' if gate.passed else 'FAILED'}: {gate.gate}, {gate.required}: "
                + (gate.reason if gate.measured is None else f"{gate.measured:.3g}")
                for gate in self.published.version.gates
            ]
        )
        if self.registered_version:
            next_steps = [
                f"Registered: {self.model_uri} (alias: candidate). Run {self.run_id}.",
                f"Screen with it: send-screen screen {self.model_uri} FILE --out DIR",
                f"Let it in: send-screen promote {self.model_uri} --by NAME --reason TEXT",
            ]
        else:
            next_steps = [f"Not registered. Run {self.run_id}."]
        if self.undecided:
            yield Section(
                [*self.undecided, "Answer them, take each mark away, and train again: then the version is registered."],
                f"A draft: {count(len(self.undecided), 'decision is', 'decisions are')} open, so nothing is registered",
            )
        yield Section(
            [
                *next_steps,
                f"Its report: {self.report_location}",
                f"See it in MLflow: MLFLOW_DISABLE_TELEMETRY=true mlflow ui --backend-store-uri {self.tracking_uri}",
                f"Evidence (personal data): {self.evidence}",
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the metadata of the version, and its published metrics."""
        inside = ("tables", "out_of_fold", "published")
        return {
            **{name: value for name, value in super().to_dict().items() if name not in inside},
            **self.published.version.model_dump(mode="json", include={"gates"}),
            **self.published.model_dump(mode="json", include={"performance", "differences", "material_gaps"}),
        }


def suppressed_by_earlier(published: PublishedReport) -> list[str]:
    """Return sentences on figures of groups that are suppressed because of prior releases in the same store."""
    earlier = published.disclosure.prior_releases
    overlapping = [one.version for one in earlier if one.different_cohort]
    crossed = [row for row in published.groups if "×" in row.attribute]
    if overlapping:
        what = f"groups stand without counts: version {overlapping[0]} published those of others of this file"
    elif earlier and crossed and all(row.n is None for row in crossed):
        what = "crossed groups are suppressed: a version with another list did not cross them"
    elif exposed := [one for one in earlier if one.exposed]:
        less = exposed[0].version
        what = f"some figures of groups are suppressed: subtracting those of version {less} would leave a few"
    else:
        return []
    return [
        f"Beside what this MLflow store has published, {what}.",
        "To have them, train into an MLflow store of its own (--tracking-uri), and show only one of the two.",
    ]
