"""Are the calls that people make as fast as the kernel in batches, the first of a process too? See README.md."""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from run import CONFIG, NAMES, outcome, seconds, synthetic_children

from send_screen import AdditiveRiskClassifier

CALLS = ("explain_in_batches", "contributions", "explain", "decision_function", "predict_proba", "predict")


def calls_of(model: AdditiveRiskClassifier, X: pd.DataFrame) -> dict[str, Callable[[], Any]]:
    """Return each call on all children, with as many threads as it takes by itself."""

    def in_batches() -> None:
        for _ in model.risk_tables_.explain_in_batches(X):
            pass

    of_tables = {"explain_in_batches": in_batches, "contributions": lambda: model.risk_tables_.contributions(X)}
    return of_tables | {name: lambda name=name: getattr(model, name)(X) for name in CALLS[2:]}


def first_call(name: str, folder: Path) -> None:
    """Print how long the first call of this process took, on the wall and of the processor."""
    model = pickle.loads((folder / "model.pickle").read_bytes())  # written by this benchmark a moment ago
    call = calls_of(model, pd.read_pickle(folder / "children.pickle"))[name]
    print(json.dumps(seconds(call)))


def in_new_process(name: str, folder: Path, compiled: Path) -> tuple[float, float]:
    """Return what :func:`first_call` prints, where ``compiled`` holds compiled code or nothing."""
    command = [sys.executable, __file__, "--first", name, str(folder)]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(compiled)}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    wall, processor = json.loads(done.stdout.splitlines()[-1])
    return wall, processor


def timed(taken: dict[str, list[tuple[float, float]]]) -> dict[str, dict[str, float]]:
    """Return medians in seconds, and their ratio to the kernel in batches."""
    medians = {name: [median(column) for column in zip(*both, strict=True)] for name, both in taken.items()}
    base = medians[CALLS[0]]
    return {
        name: {
            "seconds": round(wall, 4),
            "processor_seconds": round(processor, 4),
            "ratio": round(wall / base[0], 2),
            "ratio_of_processor": round(processor / base[1], 2),
        }
        for name, (wall, processor) in medians.items()
    }


def measure(dtype: Any, repeats: int, new_processes: int) -> dict[str, Any]:
    """Return the times of all calls on columns of one dtype, warm in turn, then each first in new processes."""
    few = synthetic_children(CONFIG["training_children"], CONFIG["seed"])
    y = outcome(few, CONFIG["seed"])
    model = AdditiveRiskClassifier().fit(few, y)
    children = CONFIG["children_of_a_call"]
    X = pd.DataFrame(
        synthetic_children(children, CONFIG["seed"] + 1).to_numpy().T.astype(dtype, order="C").T, columns=NAMES
    )
    booster = lgb.LGBMClassifier(**CONFIG["lightgbm"], verbose=-1, n_jobs=1).fit(few, y).booster_
    some = X[: CONFIG["peer_children"]["lightgbm"]].copy()

    calls = calls_of(model, X)
    warm: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for repeat in range(repeats + 1):
        for name, call in calls.items():
            took = seconds(call)
            if repeat:  # the first loads the kernel
                warm[name].append(took)
    # after all calls: while it runs, a virtual machine gives the memory of their results back to its host
    peer = [seconds(lambda: booster.predict(some, pred_contrib=True, num_threads=1)) for _ in range(repeats)]
    found: dict[str, Any] = {"dtype": np.dtype(dtype).name, "warm": timed(warm)}
    wall, processor = (median(column) / len(some) for column in zip(*peer, strict=True))
    for of_name in found["warm"].values():
        of_name["children_a_second"] = round(children / of_name["seconds"])
        of_name["times_pred_contrib"] = round(wall * children / of_name["seconds"])
    found["pred_contrib_children_a_second"] = round(1 / wall)
    found["pred_contrib_children_a_second_of_processor"] = round(1 / processor)

    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        (folder / "model.pickle").write_bytes(pickle.dumps(model))
        X.to_pickle(folder / "children.pickle")
        found["first_ever"] = timed({name: [in_new_process(name, folder, folder / name)] for name in calls})
        first: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
        for _ in range(new_processes):
            for name in calls:
                first[name].append(in_new_process(name, folder, folder / name))
        found["first_in_process"] = timed(first)
    return found


def main() -> None:
    """Measure float64 and float32 columns and write the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=CONFIG["repeats"])
    parser.add_argument("--new-processes", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "result_calls.json")
    parser.add_argument("--first", nargs=2, metavar=("CALL", "FOLDER"), help="one first call, printed")
    arguments = parser.parse_args()
    if arguments.first:
        first_call(arguments.first[0], Path(arguments.first[1]))
        return
    found = [measure(dtype, arguments.repeats, arguments.new_processes) for dtype in (np.float64, np.float32)]
    document = {
        "children": CONFIG["children_of_a_call"],
        "features": len(NAMES),
        "cores": os.cpu_count(),
        "calls": found,
    }
    arguments.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(arguments.out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
