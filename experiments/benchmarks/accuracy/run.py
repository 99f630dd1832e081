"""Is the additive model as accurate as what users would pick instead? See README.md."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import peers
import stability
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from tasks import Task, load

from send_screen import AdditiveRiskClassifier

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
OURS = "additive"
MODELS: dict[str, Callable[[], Any]] = {
    "logistic": peers.Logistic,
    "lightgbm_default": peers.LightGBMDefault,
    "lightgbm_tuned": partial(peers.LightGBMTuned, CONFIG["tuned_budget"]),
    "ebm": peers.EBM,
    "catboost": peers.CatBoost,
    "realmlp": peers.REALMLP,
    "tabm": peers.TABM,
    OURS: AdditiveRiskClassifier,
}


def scored(task: Task, make: Callable[[], Any], seed: int, kept: Path) -> dict[str, np.ndarray]:
    """Return out-of-fold scores, folds and seconds a fit; from ``kept`` where they were computed before."""
    if kept.is_file():
        return dict(np.load(kept))
    score, fold, seconds = np.zeros(len(task.y)), np.zeros(len(task.y), dtype=int), []
    splitter = StratifiedGroupKFold(CONFIG["folds"], shuffle=True, random_state=seed)
    for number, (train, test) in enumerate(splitter.split(task.X, task.y, task.schools)):
        start = time.perf_counter()
        model = make().fit(task.X.iloc[train], task.y[train], groups=task.schools[train])
        seconds.append(time.perf_counter() - start)
        score[test], fold[test] = model.decision_function(task.X.iloc[test]), number
    answer = {"score": score, "fold": fold, "seconds": np.array(seconds)}
    np.savez(kept, **answer)
    return answer


def resampled_schools(task: Task) -> np.ndarray:
    """Return how often each child is in a bootstrap of schools: (bootstraps + 1, n), the first row all 1."""
    _, school = np.unique(task.schools, return_inverse=True)
    n = int(school.max()) + 1
    rng = np.random.default_rng(0)
    times = [np.bincount(rng.integers(0, n, n), minlength=n)[school] for _ in range(CONFIG["bootstraps"])]
    return np.array([np.ones(len(school)), *times])


def over_folds(y: np.ndarray, answer: dict[str, np.ndarray], times: np.ndarray) -> dict[str, np.ndarray]:
    """Return mean ROC AUC and average precision over folds, for each row of ``times``: float64, shape (draws,)."""
    values: dict[str, list[np.ndarray]] = {"roc_auc": [], "average_precision": []}
    for k in range(CONFIG["folds"]):
        rows = np.flatnonzero(answer["fold"] == k)
        rows = rows[np.argsort(-answer["score"][rows], kind="stable")]
        score = answer["score"][rows]
        starts = np.flatnonzero(np.r_[True, score[1:] != score[:-1]])  # equal scores count together
        w = times[:, rows]
        positive = np.add.reduceat(w * y[rows], starts, axis=1)
        negative = np.add.reduceat(w * (1 - y[rows]), starts, axis=1)
        found, alarms = positive.cumsum(axis=1), negative.cumsum(axis=1)
        # a draw that leaves out all of a fold's few courses says nothing of that fold
        n_positive, n_negative = (np.where(own[:, -1] > 0, own[:, -1], np.nan) for own in (found, alarms))
        values["roc_auc"].append((negative * (found - positive / 2)).sum(axis=1) / (n_positive * n_negative))
        precision = np.divide(found, found + alarms, out=np.zeros_like(found), where=found + alarms > 0)
        values["average_precision"].append((positive * precision).sum(axis=1) / n_positive)
    return {metric: np.nanmean(folds, axis=0) for metric, folds in values.items()}


def calibration_slope(y: np.ndarray, answer: dict[str, np.ndarray]) -> float:
    """Return the slope of the logistic regression of the outcome on the out-of-fold score."""
    return float(LogisticRegression(C=1e12).fit(answer["score"][:, None], y).coef_[0, 0])


def compared(task: Task, answers: dict[str, dict[int, dict[str, np.ndarray]]]) -> dict[str, Any]:
    """Return each model's figures, and the paired differences with 95 % intervals.

    An interval is that of a bootstrap of schools: each draw re-weighs the children of every fold of every seed, and the
    difference is averaged over folds, then over fold seeds.
    """
    times = resampled_schools(task)
    metrics = {
        model: {seed: over_folds(task.y, answer, times) for seed, answer in of_seed.items()}
        for model, of_seed in answers.items()
    }
    table: dict[str, Any] = {"n": len(task.y), "schools": len(np.unique(task.schools)), "models": {}}
    for model, of_seed in answers.items():
        seeds = list(of_seed)
        row: dict[str, Any] = {"seeds": seeds}
        row |= {name: float(np.mean([metrics[model][s][name][0] for s in seeds])) for name in metrics[model][seeds[0]]}
        row["seconds"] = float(np.median([answer["seconds"] for answer in of_seed.values()]))
        row["calibration_slope"] = float(np.mean([calibration_slope(task.y, answer) for answer in of_seed.values()]))
        if model != OURS:
            row["ours_minus_theirs"] = {}
            for name in ("roc_auc", "average_precision"):
                draws = np.mean([metrics[OURS][s][name] - metrics[model][s][name] for s in seeds], axis=0)
                low, high = np.quantile(draws[1:], [0.025, 0.975])
                row["ours_minus_theirs"][name] = {"value": float(draws[0]), "low": float(low), "high": float(high)}
        table["models"][model] = row
    return table


def verdicts(table: dict[str, Any]) -> dict[str, Any]:
    """Return for AUC and AP the best peer, the difference, and whether the target is met."""
    peers_of = {model: row for model, row in table["models"].items() if model != OURS}
    answer = {}
    for metric in ("roc_auc", "average_precision") if peers_of else ():  # all peers may be skipped
        # the peer that is furthest ahead of us on the seeds that both were run on
        best = min(peers_of, key=lambda model: peers_of[model]["ours_minus_theirs"][metric]["value"])
        gap = peers_of[best]["ours_minus_theirs"][metric]
        met = gap["value"] >= -0.003 or (gap["low"] > -0.01 and gap["low"] <= 0.0 <= gap["high"])
        answer[metric] = {"best_peer": best, **gap, "ahead": gap["value"] > 0, "met": met}
    return answer


def main() -> None:
    """Run what is asked for; scores of children stay in the folder ``--scores``, never in the repository."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True, help="folder outside the repository")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=CONFIG["fold_seeds"])
    parser.add_argument("--tasks", nargs="+", default=CONFIG["tasks"], help="or look-alikes, such as courses-linear-1")
    parser.add_argument("--models", nargs="+", choices=MODELS, help="with ours; without interactions and stability")
    parser.add_argument("--only-kept", action="store_true", help="leave out what has not been computed before")
    chosen = parser.parse_args()
    chosen.scores.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {"fold_seeds": chosen.seeds, "skipped": [], "tasks": {}, "stability": {}}
    models = {}
    for model in [*chosen.models, OURS] if chosen.models else MODELS:
        reason = peers.reason_to_skip(model)
        if reason:
            print(reason)
            document["skipped"].append(reason)
        else:
            models[model] = MODELS[model]
    for name in chosen.tasks:
        task = load(name, chosen.data)
        answers: dict[str, dict[int, dict[str, np.ndarray]]] = {}
        for model, make in models.items():
            for seed in chosen.seeds:
                kept = chosen.scores / f"{name}-{model}-{seed}.npz"
                wanted = 0 in chosen.seeds or seed in CONFIG["seeds_of"].get(model, CONFIG["fold_seeds"])
                if wanted and (kept.is_file() or not chosen.only_kept):
                    answers.setdefault(model, {})[seed] = scored(task, make, seed, kept)
        document["tasks"][name] = compared(task, answers)
        document["tasks"][name]["verdicts"] = verdicts(document["tasks"][name])
        if not chosen.models:
            document["tasks"][name]["by_pairs"] = by_pairs(name, task, chosen.scores, only_kept=chosen.only_kept)
    for name in chosen.tasks if not chosen.models else []:
        document["stability"][name] = stable(load(name, chosen.data), chosen.scores / f"{name}-stability.json")
    chosen.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def stable(task: Task, kept: Path) -> dict[str, Any]:
    """Return how far lists change from refit to refit, and whether what is said of that comes true."""
    if not kept.is_file():
        models = (OURS, "logistic", "lightgbm_default")
        found = {
            "jaccard": {model: stability.over_rows(task, MODELS[model]) for model in models},
            "said_and_found": stability.over_schools(task, MODELS[OURS]),
            "values": stability.of_values(task, MODELS[OURS]),
        }
        kept.write_text(json.dumps(found), encoding="utf-8")
    answer: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return answer


def by_pairs(name: str, task: Task, scores: Path, *, only_kept: bool) -> list[dict[str, Any]]:
    """Return the accuracy against the most interactions that were allowed."""
    once = np.ones((1, len(task.y)))
    rows = []
    for most in CONFIG["pairs"]["max_pairs"]:
        # the default has been run already
        label = OURS if most == AdditiveRiskClassifier().max_pairs else f"pairs{most}"
        kept = {seed: scores / f"{name}-{label}-{seed}.npz" for seed in CONFIG["pairs"]["seeds"]}
        if only_kept and not all(path.is_file() for path in kept.values()):
            continue
        make = partial(AdditiveRiskClassifier, max_pairs=most)
        values = [over_folds(task.y, scored(task, make, seed, path), once) for seed, path in kept.items()]
        rows.append({"max_pairs": most, **{m: float(np.mean([v[m][0] for v in values])) for m in values[0]}})
    return rows


if __name__ == "__main__":
    main()
