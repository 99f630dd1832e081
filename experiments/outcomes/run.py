"""Is accuracy estimated rightly although being listed changes what is found? See README.md."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from send_screen import PenalisedLogisticClassifier, load_cohort, load_spec
from send_screen.contracts import shipped
from send_screen.evaluation import distance_to_line, regression_discontinuity, review_estimates
from send_screen.screening import draw_review_sample
from send_screen.simulation import simulate_england
from send_screen.specs import ReviewSampleSize

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
RATES = ("precision", "recall", "specificity", "false_omission_rate", "prevalence", "effect_of_review")


@dataclass(frozen=True)
class Pool:
    """Children of schools that the model has not seen, school by school; each replication draws whole schools."""

    score: np.ndarray
    chance: np.ndarray
    """Of support: if the child is not discussed, and if she is; shape (n, 2)."""
    schools: list[np.ndarray]
    """Rows of each school."""


def pool(children: int) -> Pool:
    """Simulate an England, fit a model on every second school, and score the others."""
    spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    england = simulate_england(children, seed=CONFIG["seed"])
    cohort = load_cohort(spec, england.tables)
    _, school = np.unique(cohort.school, return_inverse=True)
    X = cohort.X.astype(float)
    model = PenalisedLogisticClassifier().fit(X[school % 2 == 0], cohort.y[school % 2 == 0])
    score = logit(model.predict_proba(X)[:, 1])
    truth = england.truth.set_index("UPN").loc[cohort.ids]
    practice = truth["school_effect"].to_numpy()
    # a smooth chance of need, so that each replication draws need anew and the effect at the line is known exactly
    curve = np.column_stack([score, score**2])
    need = LogisticRegression(C=np.inf).fit(curve, truth["true_need"].astype(int)).predict_proba(curve)[:, 1]
    without, adds = (
        need * CONFIG[key]["need"] + (1 - need) * CONFIG[key]["no_need"] for key in ("undiscussed", "discussion_adds")
    )
    undiscussed = np.minimum(expit(logit(without) + practice), 1 - adds)
    rows = [np.flatnonzero(school == one) for one in range(1, school.max() + 1, 2)]
    return Pool(score, np.column_stack([undiscussed, undiscussed + adds]), rows)


def take_list(score: np.ndarray, list_of: np.ndarray) -> np.ndarray:
    """Return whether each child is listed: of each list, as many as the capacity, the highest scores first."""
    listed = np.zeros(len(score), dtype=bool)
    for one in np.unique(list_of):
        rows = np.flatnonzero(list_of == one)
        places = int(CONFIG["capacity"] * len(rows) + 0.5)
        listed[rows[np.argsort(-score[rows], kind="stable")[:places]]] = True
    return listed


def truths(of: Pool, per_school: bool) -> dict[str, float]:
    """Return each figure in the whole pool: if every child were discussed, and as ``undiscussed_...`` if none were."""
    rows = np.concatenate(of.schools)
    list_of = np.repeat(np.arange(len(of.schools)), [len(one) for one in of.schools])
    list_of = list_of if per_school else np.zeros(len(rows), dtype=int)
    listed = take_list(of.score[rows], list_of)
    chance, at_line = of.chance[rows], np.abs(distance_to_line(of.score[rows], listed, list_of)) < 0.1
    undiscussed, discussed = chance.T
    return {
        "precision": float(discussed[listed].mean()),
        "recall": float(discussed[listed].sum() / discussed.sum()),
        "specificity": float((1 - discussed)[~listed].sum() / (1 - discussed).sum()),
        "false_omission_rate": float(discussed[~listed].mean()),
        "prevalence": float(discussed.mean()),
        "effect_of_review": float((discussed - undiscussed)[~listed].mean()),
        "effect_at_line": float((discussed - undiscussed)[at_line].mean()),
        "undiscussed_precision": float(undiscussed[listed].mean()),
        "undiscussed_recall": float(undiscussed[listed].sum() / undiscussed.sum()),
    }


def replicate(rng: np.random.Generator, of: Pool, setting: dict[str, Any]) -> dict[str, tuple[float, float, float]]:
    """Draw schools, list and review, let adults find what they find, and return value and interval of each figure."""
    drawn = rng.integers(0, len(of.schools), setting["schools"])
    rows = np.concatenate([of.schools[one] for one in drawn])
    school = np.repeat(np.arange(len(drawn)), [len(of.schools[one]) for one in drawn])
    score, n = of.score[rows], len(rows)
    list_of = school if setting["per_school"] else np.zeros(n, dtype=int)
    listed = take_list(score, list_of)
    sample = draw_review_sample(
        pd.Series(np.arange(n)),
        np.flatnonzero(listed),
        size=ReviewSampleSize(n=setting["review"]),
        key=rng.bytes(32),
        school=pd.Series(school) if setting["per_school"] else None,
    )
    reviewed = np.isin(np.arange(n), sample.drawn)
    supported = rng.random(n)[:, None] < of.chance[rows]
    found = np.where(listed | reviewed, supported[:, 1], supported[:, 0])
    known = rng.random(n) >= CONFIG["not_known"]
    children = pd.DataFrame(
        {
            "school": school,
            "kind": np.select([listed, reviewed], ["listed", "review_sample"], "not_listed"),
            "state": np.select([~known, found], ["not_known", "supported"], "none_recorded"),
            "review_probability": sample.probability,
        }
    )
    estimates = review_estimates(children, publish=False).set_index("metric")
    result = {name: tuple(estimates.loc[name, ["value", "low", "high"]].astype(float)) for name in (*RATES, "missed")}
    use = ~reviewed
    effect = regression_discontinuity(
        np.where(known, found, np.nan)[use], distance_to_line(score, listed, list_of)[use], listed[use], school[use]
    )
    result["effect_at_line"] = (effect.value, effect.low, effect.high)
    # as the record has it: what a count without a review sample would say
    positive = float((found & known).sum())
    counted = float((found & known & listed).sum())
    result["counted_precision"] = (counted / max(float((known & listed).sum()), 1.0), np.nan, np.nan)
    result["counted_recall"] = (counted / positive if positive else np.nan, np.nan, np.nan)
    result["true_missed"] = (float(supported[~listed, 1].sum()), np.nan, np.nan)
    return result


def run(of: Pool, setting: dict[str, Any], replications: int) -> dict[str, Any]:
    """Return of each figure its truth, the mean of the estimates, and how often the interval holds the truth."""
    true = truths(of, setting["per_school"])
    found = [
        replicate(np.random.default_rng([CONFIG["seed"], setting["schools"], number]), of, setting)
        for number in range(replications)
    ]
    table: dict[str, Any] = {}
    for name in (*RATES, "effect_at_line", "missed"):
        values, low, high = np.array([one[name] for one in found]).T
        truth = (
            np.array([one["true_missed"][0] for one in found]) if name == "missed" else np.full(len(found), true[name])
        )
        given = ~np.isnan(low)
        table[name] = {
            "truth": round(float(truth.mean()), 4),
            "mean": round(float(np.nanmean(values)), 4) if (~np.isnan(values)).any() else None,
            "standard_error_of_mean": round(float(np.nanstd(values - truth) / np.sqrt(max(len(values), 1))), 4)
            if (~np.isnan(values)).any()
            else None,
            "coverage": round(float(((low <= truth) & (truth <= high))[given].mean()), 4) if given.any() else None,
            "intervals": int(given.sum()),
            "mean_width": round(float((high - low)[given].mean()), 4) if given.any() else None,
        }
    for name in ("counted_precision", "counted_recall"):
        metric = name.removeprefix("counted_")
        table[name] = {
            "mean": round(float(np.nanmean([one[name][0] for one in found])), 4),
            "if_all_were_discussed": round(true[metric], 4),
            "if_none_were_discussed": round(true[f"undiscussed_{metric}"], 4),
        }
    return {**setting, "replications": replications, "figures": table}


def main() -> None:
    """Run every setting, print it, and write all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=CONFIG["replications"])
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    of, results = pool(CONFIG["children"]), []
    for setting in CONFIG["settings"]:
        results.append(run(of, setting, arguments.replications))
        print(json.dumps(results[-1]), flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
