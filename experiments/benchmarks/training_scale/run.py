"""How do time and memory of a fit grow with the number of children? See README.md."""

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
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))


def invented(children: int) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
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


def one(model: str, children: int) -> dict[str, Any]:
    """Fit one model in this process and return what it took, with what the data alone take."""
    X, y, school = invented(children)
    fit(model, *invented(2_000))  # imports and compilation are not what is asked
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wall, processor = time.perf_counter(), time.process_time()
    fit(model, X, y, school)
    return {
        "model": model,
        "children": children,
        "seconds": time.perf_counter() - wall,
        "processor_seconds": time.process_time() - processor,
        "data_mb": X.to_numpy().nbytes / 1e6,
        "peak_mb_before": before / 1e3,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
    }


def main() -> None:
    """Fit each model at each size, in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE / "result.json")
    parser.add_argument("--one", nargs=2, metavar=("MODEL", "CHILDREN"))
    parser.add_argument("--largest", type=int, default=max(CONFIG["children"]))
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(one(chosen.one[0], int(chosen.one[1]))))
        return
    rows = []
    for children in CONFIG["children"]:
        for model in CONFIG["models"]:
            if children <= min(chosen.largest, CONFIG["most_of"].get(model, children)):
                command = [sys.executable, __file__, "--one", model, str(children)]
                found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                rows.append(json.loads(found.splitlines()[-1]))
                print(rows[-1], flush=True)
    document = {"python": platform.python_version(), "features": CONFIG["features"], "threads": 1, "fits": rows}
    chosen.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
