"""What does a limit on terms cost? See README.md."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import yaml
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from send_screen import AdditiveRiskClassifier

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
sys.path.insert(0, str(HERE.parent / "accuracy"))

from tasks import Task, load  # noqa: E402 (the tasks are those of ../accuracy)


def measured(task: Task, max_terms: int | None, seed: int) -> dict[str, float]:
    """Return means over the folds; the terms are chosen inside each fit, from its training rows alone."""
    folds = StratifiedGroupKFold(CONFIG["folds"], shuffle=True, random_state=seed)
    rows = []
    for train, test in folds.split(task.X, task.y, task.schools):
        start = time.process_time()
        model = AdditiveRiskClassifier(max_terms=max_terms)
        model.fit(task.X.iloc[train], task.y[train], groups=task.schools[train])
        seconds = time.process_time() - start
        score, y = model.decision_function(task.X.iloc[test]), task.y[test]
        tables = model.risk_tables_
        rows.append(
            {
                "roc_auc": roc_auc_score(y, score),
                "average_precision": average_precision_score(y, score),
                "terms": len(tables.terms),
                "interactions": len(tables.interactions),
                "seconds": seconds,
            }
        )
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def main() -> None:
    """Run every limit on every task and fold seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    document = []
    for name in CONFIG["tasks"]:
        task = load(name, chosen.data)
        for max_terms in CONFIG["max_terms"]:
            for seed in CONFIG["fold_seeds"]:
                row = {"task": name, "max_terms": max_terms, "fold_seed": seed}
                document.append(row | measured(task, max_terms, seed))
                print(document[-1], flush=True)
    chosen.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
