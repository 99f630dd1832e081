"""How long do intervals for every group take, beside Fairlearn's bootstrap? See README.md."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from fairlearn.metrics import MetricFrame, selection_rate, true_negative_rate, true_positive_rate
from sklearn.metrics import precision_score

from send_screen.evaluation import cluster_bootstrap, gaps, measured_sections, performance

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
FAIRLEARNS = {
    "selection_rate": selection_rate,
    "recall": true_positive_rate,
    "specificity": true_negative_rate,
    "precision": lambda y_true, y_pred: precision_score(y_true, y_pred, zero_division=0),
}


def children(rng: np.random.Generator, n: int, schools: int) -> dict[str, Any]:
    """Draw outcomes, flags, 18 groups and schools."""
    outcome = (rng.random(n) < 0.12).astype(np.int8)
    names = [f"group {i:02d}" for i in range(CONFIG["groups"])]
    weight = rng.dirichlet(np.full(CONFIG["groups"], 2.0))
    return {
        "outcome": outcome,
        "flag": (rng.random(n) < np.where(outcome == 1, 0.4, 0.06)).astype(np.int8),
        "group": pd.Categorical.from_codes(rng.choice(CONFIG["groups"], n, p=weight), names),
        "school": rng.integers(0, schools, n),
    }


def timed(task: Callable[[], object], repeats: int = 1) -> dict[str, float]:
    """Return the least wall-clock and processor seconds of some runs."""
    wall, processor = [], []
    for _ in range(repeats):
        began, used = time.perf_counter(), time.process_time()
        task()
        wall.append(time.perf_counter() - began)
        processor.append(time.process_time() - used)
    return {"wall": min(wall), "processor": min(processor)}


def replicates_of(sample: dict[str, Any]) -> Callable[[], object]:
    """Return the task of ours: count, and replicate."""
    return lambda: cluster_bootstrap(
        sample["outcome"],
        sample["flag"],
        groups=sample["group"],
        schools=sample["school"],
        replicates=CONFIG["replicates"],
    )


def evidence_of(sample: dict[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    """Return the children as an evidence table of five folds."""
    n = len(sample["outcome"])
    score = -2 + 0.9 * rng.normal(size=n) + 0.8 * sample["outcome"]
    return pd.DataFrame(
        {
            "fold_seed": 0,
            "row": np.arange(n),
            "fold": sample["school"] % 5,
            "school": sample["school"],
            "outcome": sample["outcome"],
            "group.ethnic": sample["group"],
            "group.sex": rng.choice(["F", "M"], n),
            "score.candidate": score,
            "flag.candidate": sample["flag"].astype(float),
        }
    )


def main() -> None:
    """Time everything in one run, and print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--evidence", type=Path, help="evidence.parquet of a trained version, to publish as well")
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    rng = np.random.default_rng(CONFIG["seed"])
    sample = children(rng, CONFIG["children"], CONFIG["schools"])
    ours = timed(replicates_of(sample), CONFIG["repeats"])
    theirs = timed(
        lambda: MetricFrame(
            metrics=FAIRLEARNS,
            y_true=sample["outcome"],
            y_pred=sample["flag"],
            sensitive_features=sample["group"],
            n_boot=CONFIG["fairlearn_n_boot"],
            ci_quantiles=[0.025, 0.975],
            random_state=0,
        )
    )
    scaled = {clock: s * CONFIG["replicates"] / CONFIG["fairlearn_n_boot"] for clock, s in theirs.items()}
    evidence = evidence_of(sample, rng)
    many = children(rng, CONFIG["many"]["children"], CONFIG["many"]["schools"])
    result: dict[str, Any] = {
        "ours": ours,
        "fairlearn_scaled": scaled,
        "ratio": {clock: scaled[clock] / ours[clock] for clock in ours},
        "nine_million": timed(replicates_of(many)),
        "performance_200000": timed(lambda: performance(evidence), 3),
        "gaps_200000": timed(lambda: gaps(evidence), 3),
    }
    if arguments.evidence:
        demo = pd.read_parquet(arguments.evidence)
        result["publish"] = {"rows": len(demo), **timed(lambda: measured_sections(demo), 3)}
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
