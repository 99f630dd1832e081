"""Does the fairness report name a harm that was planted, and keep quiet where there is none? See README.md."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from send_screen.cohorts import Cohort, load_cohort
from send_screen.estimators import PenalisedLogisticClassifier
from send_screen.evaluation import build_evidence, by_group, gaps, material_gaps, out_of_fold
from send_screen.simulation import SyntheticEngland, replace_goals_by_noise, simulate_england
from send_screen.specs import ModelSpec, load_spec

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))


def cohort_of(england: SyntheticEngland, spec: ModelSpec) -> Cohort:
    """Return the cohort of a synthetic England."""
    return load_cohort(
        spec,
        {
            "education/pupil_census": england.pupil_census,
            "education/eyfsp": england.eyfsp,
            "outcomes/sen_status": england.sen_status,
        },
    )


def evidence_of(cohort: Cohort, spec: ModelSpec) -> pd.DataFrame:
    """Return the evidence of the logistic regression alone: what is asked is of the report, not of the model."""
    models = {"candidate": lambda: PenalisedLogisticClassifier(monotonic_cst=spec.monotonic_cst)}
    scored = out_of_fold(cohort, models, folds=spec.validation.folds, seeds=CONFIG["fold_seeds"])
    return build_evidence(cohort, scored, capacity=spec.capacity, seed=0)[0]


def recall_of(evidence: pd.DataFrame) -> dict[str, float]:
    """Return the recall of each sex."""
    table = by_group(evidence)
    rows = table[(table["attribute"] == "sex") & (table["metric"] == "recall")]
    return dict(zip(rows["group"], rows["value"], strict=True))


def planted(seed: int, spec: ModelSpec, *, share: float, children: int) -> dict[str, Any]:
    """Replace the goals of one sex by noise and return what the report says of it."""
    england = replace_goals_by_noise(simulate_england(children, seed=seed), CONFIG["sex"], seed=seed, share=share)
    evidence = evidence_of(cohort_of(england, spec), spec)
    table = gaps(evidence, tolerances=spec.tolerance.model_dump())
    asked = (table["metric"] == "false_negative_rate") & (table["against"] == "all others")
    harmed = table[asked & (table["attribute"] == "sex") & (table["group"] == CONFIG["group"])].iloc[0]
    words = {"sex": {"girls": "girls", "boys": "boys"}}
    said = material_gaps(
        table[table["attribute"] == "sex"], outcome_description=spec.outcome.description, group_descriptions=words
    )
    return {
        "seed": seed,
        "recall": recall_of(evidence),
        "gap": float(harmed["value"]),
        "low": float(harmed["low"]),
        "high": float(harmed["high"]),
        "sentences": said,
        "named": any(sentence.startswith(f"Of 100 {CONFIG['group']} ") for sentence in said),
    }


def planted_until(seed: int, spec: ModelSpec, *, children: int) -> dict[str, Any]:
    """Raise the share of noise, step by step, until recall is as much lower as is asked."""
    for share in CONFIG["shares"]:
        found = planted(seed, spec, share=share, children=children)
        if found["gap"] >= CONFIG["gap"]:
            break
    return {**found, "share": share}


def quiet(cohort: Cohort, seed: int, spec: ModelSpec) -> dict[str, Any]:
    """Replace the groups by others that have nothing to do with anything and return what the report names."""
    groups = {}
    for i, levels in enumerate(CONFIG["random_groups"]):
        codes = np.random.default_rng(seed * 100 + i).integers(0, levels, len(cohort))
        groups[f"random_{i}"] = np.array([f"group {chr(97 + j)}" for j in range(levels)], dtype=object)[codes]
    sensitive = pd.DataFrame(groups)
    table = gaps(evidence_of(replace(cohort, sensitive=sensitive), spec), tolerances=spec.tolerance.model_dump())
    table = table[table["metric"] == "false_negative_rate"]
    shown = (table["low"] > 0) | (table["high"] < 0)
    return {
        "seed": seed,
        "named": material_gaps(table),
        "shown": int(shown.sum()),
        "largest": float(table["value"].abs().max()),
    }


def main() -> None:
    """Run all seeds and print one line each; the last line is the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=CONFIG["seeds"])
    parser.add_argument("--children", type=int, default=CONFIG["children"])
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    spec = load_spec(HERE.parents[1] / "models" / "reception_sen" / "spec.yaml")
    results = []
    for seed in range(1, arguments.seeds + 1):
        england = simulate_england(arguments.children, seed=seed)
        cohort = cohort_of(england, spec)
        untouched = recall_of(evidence_of(cohort, spec))
        found = {
            "untouched": untouched,
            "planted": planted(seed, spec, share=CONFIG["share"], children=arguments.children),
            "planted_until": planted_until(seed, spec, children=arguments.children),
            "quiet": quiet(cohort, seed, spec),
        }
        results.append(found)
        print(json.dumps(found), flush=True)
    sex = CONFIG["group"]
    summary = {
        "planted_named": sum(result["planted"]["named"] for result in results),
        "planted_until_named": sum(result["planted_until"]["named"] for result in results),
        "quiet_silent": sum(not result["quiet"]["named"] for result in results),
        "quiet_no_gap_shown": sum(result["quiet"]["shown"] == 0 for result in results),
        "seeds": len(results),
        "mean_gap": float(np.mean([result["planted"]["gap"] for result in results])),
        "mean_recall_lost": float(
            np.mean([result["untouched"][sex] - result["planted"]["recall"][sex] for result in results])
        ),
    }
    print(json.dumps(summary))
    if arguments.out:
        arguments.out.write_text(json.dumps({"summary": summary, "seeds": results}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
