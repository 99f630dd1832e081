"""How long does a fit take beside LightGBM and EBM, and how do time and memory grow? See README.md."""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "accuracy"))
from tasks import load  # noqa: E402

CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))


def synthetic_children(children: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return features with a twentieth missing, an outcome that bends and interacts (one in ten), and schools."""
    rng = np.random.default_rng(0)
    p = CONFIG["features"]
    common = rng.normal(size=children)
    X = 0.6 * common[:, None] + rng.normal(size=(children, p))
    X[:, ::4] = np.round(X[:, ::4])  # a quarter are marks on a short scale
    school = rng.integers(0, max(2, children // CONFIG["children_a_school"]), children)
    effect = rng.normal(scale=0.5, size=school.max() + 1)[school]
    score = 0.5 * X[:, 0] + np.maximum(X[:, 1], 0) + 0.4 * (X[:, 2] > 1) + 0.5 * X[:, 3] * (X[:, 4] > 0) + effect
    score += X[:, 5:20] @ np.linspace(0.2, 0.0, 15)
    y = rng.random(children) < 1 / (1 + np.exp(-(score - np.quantile(score, 0.9)) * 1.2))
    X[rng.random(X.shape) < 0.05] = np.nan
    return pd.DataFrame(X, columns=[f"f{j}" for j in range(p)]), y.astype(int), school


def fit(model: str, X: pd.DataFrame, y: np.ndarray, school: np.ndarray) -> None:
    """Fit one model with its defaults, on one thread."""
    if model == "additive":
        from send_screen import AdditiveRiskClassifier

        AdditiveRiskClassifier().fit(X, y, groups=school)
    elif model == "lightgbm":
        from lightgbm import LGBMClassifier

        LGBMClassifier(n_estimators=300, n_jobs=1, verbosity=-1).fit(X, y)
    else:
        from interpret.glassbox import ExplainableBoostingClassifier

        ExplainableBoostingClassifier(n_jobs=1, random_state=0).fit(X, y)


def one(model: str, data: str, folder: Path | None) -> dict[str, Any]:
    """Fit one model in this process on a task of real children or a number of synthetic ones; return what it took."""
    if data.isdecimal():
        X, y, school = synthetic_children(int(data))
    else:
        task = load(data, folder)
        X, y, school = task.X, task.y, task.schools
    some, outcome, of = synthetic_children(2_000)
    fit(model, some.iloc[:, :5], outcome, of)  # imports and compilation are not what is asked
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, processor = time.perf_counter(), time.process_time()
    fit(model, X, y, school)
    return {
        "model": model,
        "data": data,
        "children": len(X),
        "features": X.shape[1],
        "seconds": round(time.perf_counter() - wall, 2),
        "processor_seconds": round(time.process_time() - processor, 2),
        "data_mb": round(X.to_numpy().nbytes / 1e6, 1),
        "peak_mb_before": round(before / 1e3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }


def main() -> None:
    """Fit each model on each set, one after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of real children's data; without it only synthetic ones")
    parser.add_argument("--out", type=Path, default=HERE / "result.json")
    parser.add_argument("--one", nargs=2, metavar=("MODEL", "DATA"), help="one fit, printed")
    parser.add_argument("--only", nargs="+", help="some of the sets")
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(one(*chosen.one, chosen.data)))
        return
    rows = []
    for data in [*(CONFIG["real"] if chosen.data else []), *map(str, CONFIG["children"])]:
        for model in CONFIG["models"]:
            too_many = data.isdecimal() and int(data) > CONFIG["most_of"].get(model, int(data))
            if too_many or (chosen.only and data not in chosen.only):
                continue
            command = [sys.executable, __file__, "--one", model, data]
            command += ["--data", str(chosen.data)] if chosen.data else []
            found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            rows.append(json.loads(found.splitlines()[-1]))
            print(rows[-1], flush=True)
    document = {"python": platform.python_version(), "threads": 1, "fits": rows}
    chosen.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
