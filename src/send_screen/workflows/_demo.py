"""The whole pipeline on synthetic children: simulate, train, register, export, screen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from send_screen.contracts import shipped
from send_screen.results import Result, Section
from send_screen.simulation import simulate_england, write_england
from send_screen.workflows._export import export
from send_screen.workflows._screen import screen
from send_screen.workflows._train import train
from send_screen.workflows._trained import TrainedVersion


@dataclass(frozen=True, repr=False)
class Demo(Result):
    """The trained version of the demo, and the paths of its files."""

    trained: TrainedVersion
    data: Path
    """Folder of the synthetic data."""
    lists: Path
    """Folder of the screened school's lists."""
    report: Path
    """The version's fairness report, as exported."""
    card: Path
    tracking_uri: str

    @property
    def headline(self) -> str:
        """The version that was trained."""
        return self.trained.headline

    def sections(self) -> Iterable[Section]:
        """Yield the sections of the version, and the pages to open."""
        yield from self.trained.sections()
        pages = [
            ("the SENCO's list", (self.lists / "report.html").resolve()),
            ("what it does to whom", self.report.resolve()),
            ("the model card", self.card.resolve()),
        ]
        yield Section([f"{what:24} {page}" for what, page in pages], "Open these in a browser")
        yield Section(["All children in it are invented."])

    def to_dict(self) -> dict[str, Any]:
        """Return the metadata of the version, and the paths."""
        paths = {"lists": self.lists, "report": self.report, "card": self.card, "data": self.data}
        return {**self.trained.to_dict(), **{what: str(path) for what, path in paths.items()}}


def demo(
    out: str | Path, *, children: int = 20_000, seed: int = 0, progress: Callable[[str], None] | None = None
) -> Demo:
    """Run the whole pipeline on synthetic children: simulate, train, export, screen.

    Parameters
    ----------
    out : str or pathlib.Path
        Folder of all results.
    children : int, default 20000
        Number of synthetic children, at least 2,000.
    seed : int, default 0
        Random seed of the simulation.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    Demo

    Raises
    ------
    GateError
        If the version fails a gate of the spec.

    Examples
    --------
    >>> from send_screen import demo
    >>> made = demo("demo")  # doctest: +SKIP
    >>> made.trained.term_importances.head(1)  # doctest: +SKIP
    E01    0.29
    Name: mean |contribution|, dtype: float64
    """
    report_progress = progress or (lambda _: None)
    out = Path(out)
    data = out / "data"
    report_progress(f"Inventing {children:,} children")
    write_england(simulate_england(children=children, seed=seed), data)
    uri = f"sqlite:///{(out.resolve() / 'mlflow.db').as_posix()}"
    spec = shipped("models") / "reception_sen" / "spec.yaml"
    trained = train(spec, data, tracking_uri=uri, evidence=out / "evidence", progress=progress)
    trained.require_passed()
    report_progress("Exporting it, as for a school's laptop")
    model = out / "models" / f"{trained.name}-{trained.version}"
    if model.exists():
        shutil.rmtree(model)
    export(trained.model_uri, model, tracking_uri=uri)
    report_progress("Screening one school's file")
    names = ("lists", *(f"lists-{number}" for number in range(2, 1000)))
    lists = next(out / name for name in names if not (out / name).exists())
    screen(model, data / "schools" / "school_file.csv", out=lists)
    return Demo(trained, data, lists, model / "report.html", model / "card.html", uri)
