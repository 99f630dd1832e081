"""The whole of it on invented children: simulate, train, find in MLflow, screen a school's file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from send_screen.contracts import shipped
from send_screen.simulation import simulate_england, write_england
from send_screen.workflows._models import export_model
from send_screen.workflows._screen import screen_file
from send_screen.workflows._train import TrainedVersion, train


@dataclass(frozen=True)
class Demo:
    """What the demonstration made.

    Attributes
    ----------
    trained : TrainedVersion
    data, lists : pathlib.Path
        Folder of the invented data, and of the screened school's lists.
    report, card : pathlib.Path
        The version's fairness report and card, as exported.
    tracking_uri : str
    """

    trained: TrainedVersion
    data: Path
    lists: Path
    report: Path
    card: Path
    tracking_uri: str


def demo(
    out: str | Path, *, children: int = 20_000, seed: int = 0, progress: Callable[[str], None] | None = None
) -> Demo:
    """Run the library's main job on an invented England.

    Parameters
    ----------
    out : str or pathlib.Path
        Folder for everything that is made.
    children : int, default 20000
    seed : int, default 0
    progress : callable, optional
        Told in words what is being done.

    Raises
    ------
    GateError
        If a gate of the spec stops the version.
    """
    tell = progress or (lambda _: None)
    out = Path(out)
    data, lists = out / "data", out / "lists"
    tell(f"Inventing {children:,} children")
    write_england(simulate_england(children=children, seed=seed), data)
    uri = f"sqlite:///{(out.resolve() / 'mlflow.db').as_posix()}"
    spec = shipped("models") / "reception_sen" / "spec.yaml"
    trained = train(spec, data, tracking_uri=uri, evidence=out / "evidence", progress=progress)
    trained.require_passed()
    tell("Exporting it, as for a school's laptop")
    model = out / "models" / f"{trained.name}-{trained.version}"
    if model.exists():
        shutil.rmtree(model)
    export_model(trained.model_uri, model, tracking_uri=uri)
    tell("Screening one school's file")
    screen_file(model, data / "schools" / "school_file.csv", out=lists)
    return Demo(trained, data, lists, model / "report.html", model / "card.html", uri)
