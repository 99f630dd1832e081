"""How many times faster than peers, in a minute: a check for CI. See README.md."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import numpy as np
import yaml
from fairlearn.metrics import MetricFrame
from lightgbm import LGBMClassifier

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
Task = Callable[[], Any]


def neighbour(name: str) -> ModuleType:
    """Return the benchmark of that name, whose children and models are taken."""
    spec = importlib.util.spec_from_file_location(name, HERE.parent / name / "run.py")
    if spec is None or spec.loader is None:
        sys.exit(f"{name} is not beside this benchmark")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def processor_seconds(task: Task) -> float:
    """Return the processor time that a task takes, of all its threads."""
    before = time.process_time()
    task()
    return max(time.process_time() - before, 1e-6)


def explaining() -> tuple[Task, Task, float]:
    """Return: exact contributions of every child, beside LightGBM's for one in a hundred."""
    speed = neighbour("explain_speed")
    n, some = CONFIG["children"]["explain"], CONFIG["children"]["explain"] // 100
    X_train, X = speed.synthetic_children(2_000, 0), speed.synthetic_children(n, 1)
    tables = speed.synthetic_tables(X_train, 0)
    booster = LGBMClassifier(n_estimators=300, num_leaves=31, n_jobs=1, verbosity=-1)
    booster = booster.fit(X_train, speed.outcome(X_train, 0)).booster_
    few = X[:some].copy()
    peer = lambda: booster.predict(few, pred_contrib=True, num_threads=1)  # noqa: E731
    return peer, lambda: tables.contributions(X, threads=1), n / some


def intervals() -> tuple[Task, Task, float]:
    """Return: a thousand replicates of four rates in 18 groups, beside five of Fairlearn's."""
    groups = neighbour("group_intervals")
    sample = groups.children(np.random.default_rng(0), CONFIG["children"]["intervals"], 200)
    flags = {"y_true": sample["outcome"], "y_pred": sample["flag"], "sensitive_features": sample["group"]}
    boot = {"n_boot": 5, "ci_quantiles": [0.025, 0.975], "random_state": 0}
    peer = lambda: MetricFrame(metrics=groups.FAIRLEARNS, **flags, **boot)  # noqa: E731
    return peer, groups.replicates_of(sample), groups.CONFIG["replicates"] / boot["n_boot"]


def fitting() -> tuple[Task, Task, float]:
    """Return: the additive model on a few thousand children, beside 300 trees as they come."""
    fits = neighbour("fit_time")
    X, y, school = fits.synthetic_children(CONFIG["children"]["fit"])
    X = X.iloc[:, : CONFIG["features_fitted"]]
    return lambda: fits.fit("lightgbm", X, y, school), lambda: fits.fit("additive", X, y, school), 1.0


def ratios(peer: Task, ours: Task, scale: float) -> Iterator[float]:
    """Run both in turn, after once to warm up, and yield how many times faster ours was in each repeat."""
    ours()
    for _ in range(CONFIG["repeats"]):
        yield processor_seconds(peer) * scale / processor_seconds(ours)


def main() -> None:
    """Print every ratio beside the one that was recorded; fail where all repeats are off by ten times."""
    slow = []
    print(f"{'times faster than the peer':44}{'lowest':>10}{'median':>10}{'highest':>10}{'recorded':>10}")
    for (name, recorded), make in zip(CONFIG["times_faster"].items(), (explaining, intervals, fitting), strict=True):
        found = list(ratios(*make()))
        print(f"{name:44}" + "".join(f"{r:10,.2f}" for r in (min(found), median(found), max(found), recorded)))
        if max(found) < recorded / 10:
            slow.append(name)
    if slow:
        sys.exit(f"less than a tenth of what was recorded, in every repeat: {'; '.join(slow)}")


if __name__ == "__main__":
    main()
