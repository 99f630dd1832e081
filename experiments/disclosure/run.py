"""Can a small count, or a union of small groups, be derived from what is published of random cohorts? See README.md."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import yaml

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "evaluation"))

from disclosure_attack import Attack
from evaluation_factory import synthetic_evidence

from send_screen.cohorts import load_cohort
from send_screen.contracts import MAJOR_ETHNIC_GROUPS
from send_screen.errors import DataError
from send_screen.evaluation import _measured_sections, measured_sections
from send_screen.simulation import simulate_england
from send_screen.specs import load_spec

CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))


def random_cohort(seed: int) -> tuple[pd.DataFrame, list[tuple[str, ...]]]:
    """Return out-of-fold predictions of a random cohort, and which of its attributes are crossed."""
    rng = np.random.default_rng([12, seed])
    n = int(rng.integers(*CONFIG["children"], endpoint=True))
    groups = {}
    for name, (least, most) in CONFIG["levels"].items():
        levels = [f"{name} {letter}" for letter in "ABCDEF"[: rng.integers(least, most, endpoint=True)]]
        shares = rng.dirichlet(np.full(len(levels), rng.choice(CONFIG["concentration"])))
        groups[name] = rng.choice(levels, n, p=shares)
    evidence = synthetic_evidence(
        n=n,
        schools=int(rng.integers(*CONFIG["schools"], endpoint=True)),
        seeds=1,
        folds=3,
        prevalence=rng.uniform(*CONFIG["prevalence"]),
        capacity=rng.uniform(*CONFIG["capacity"]),
        groups=groups,
        seed=seed,
    )
    crossed = CONFIG["crossed"][rng.integers(len(CONFIG["crossed"]))]
    return evidence, [tuple(names) for names in crossed]


def listed_by(
    score: pd.Series, groups: pd.DataFrame, outcome: pd.Series, school: pd.Series, capacity: float
) -> pd.DataFrame:
    """Return what out-of-fold predictions hold of real children, listed by a score that they have."""
    order = np.argsort(np.argsort(-score.fillna(score.mean()).to_numpy(), kind="stable"), kind="stable")
    listed = (order < round(capacity * len(outcome))).astype(float)
    frame = pd.DataFrame({"fold_seed": 0, "row": np.arange(len(outcome)), "school": pd.factorize(school)[0]})
    frame["fold"], frame["outcome"] = frame["school"] % 5, outcome.to_numpy().astype("int8")
    frame[[f"group.{name}" for name in groups]] = groups.to_numpy(object)
    for model in ("candidate", "baseline"):
        frame[f"score.{model}"], frame[f"flag.{model}"] = -order.astype(float), listed
    return frame.assign(**{"operating_point.baseline": listed})


def known_cohorts(data: Path) -> Iterator[tuple[str, pd.DataFrame, list[tuple[str, ...]]]]:
    """Give Project STAR, ECLS-K and the demonstration's children, with the crossings that are attacked."""
    models = HERE.parents[1] / "models"
    spec = load_spec(models / "star_special_instruction" / "spec.yaml")
    star = load_cohort(spec, data / "star" / "STAR_Students.parquet")
    numbers = star.X.select_dtypes("number").rank().mean(axis=1)
    crossed = [tuple(names) for names in spec.intersections]
    yield "STAR", listed_by(-numbers, star.sensitive, star.y, star.school, spec.capacity), crossed
    groups = star.sensitive.copy()
    groups.loc[np.random.default_rng(1).choice(len(groups), 14, replace=False), "sex"] = "not recorded"
    words = "STAR, 14 of unrecorded sex"
    yield words, listed_by(-numbers, groups, star.y, star.school, spec.capacity), crossed
    eclsk = pd.read_csv(data / "eclsk" / "eclsk_c.csv")
    groups = eclsk[["GENDER", "WKWHITE", "P1NUMSIB"]].set_axis(["sex", "white", "siblings"], axis=1)
    for name in groups:
        codes, _ = pd.factorize(groups[name], sort=True)  # no digit in a name: any digit in words is a figure
        groups[name] = [f"{name} {'ABCDEFGHIJKLMNO'[code]}" for code in codes]
    of_eclsk = listed_by(-eclsk["RIRT"], groups, eclsk["F5SPECS"] == 1, eclsk["S1_ID"], 0.1)
    yield "ECLS-K", of_eclsk, [("sex", "siblings")]
    yield "ECLS-K, crossed three ways", of_eclsk, [("sex", "white", "siblings")]
    spec = load_spec(models / "reception_sen" / "spec.yaml")
    crossed = [tuple(names) for names in spec.intersections]
    for n in (2_000, 6_000, 20_000):
        england = load_cohort(spec, simulate_england(children=n, seed=0).tables)
        goals = england.X[list(spec.baseline.features)].sum(axis=1)
        score = np.random.default_rng(0).normal(0, 0.01, n)[: len(goals)] - goals
        yield (
            f"synthetic England, {n}",
            listed_by(score, england.sensitive, england.y, england.school, spec.capacity),
            crossed,
        )


def attacked(evidence: pd.DataFrame, crossed: list[tuple[str, ...]]) -> dict[str, Any]:
    """Publish the figures of a cohort, attack them, and return what was found and withheld, and how long it took."""
    begins = time.process_time()
    try:
        published = measured_sections(
            evidence, intersections=crossed, hierarchies={"ethnicity": MAJOR_ETHNIC_GROUPS}, replicates=20
        ).model_dump(mode="json")
    except DataError:
        return {"refused": True}
    ends = time.process_time()
    attack = Attack(evidence, [{"published": published, "evidence": evidence}])
    unions = attack.unions_narrowed_down()
    narrowed = attack.narrowed_down(unions=False)
    return {"refused": False, "cells": narrowed, "unions": unions, "seconds": ends - begins, **withheld(published)}


def withheld(published: dict[str, Any]) -> dict[str, int]:
    """Return how many figures of groups there are, how many are withheld, and how many stand rounded."""
    figures = published["groups"]
    return {
        "groups": sum(row["metric"] == "prevalence" for row in figures),
        "groups with counts": sum(row["metric"] == "prevalence" and row["n"] is not None for row in figures),
        "figures": len(figures),
        "withheld": sum(row["reason"].startswith("withheld") for row in figures),
        "rounded": sum(row["rounded_to"] is not None for row in figures),
        "combined": len(published["combined"]),
    }


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of the README."""
    made = [one for one in found if not one["refused"]]
    total = {name: sum(one[name] for one in made) for name in ("figures", "withheld", "rounded", "combined")}
    seconds = np.array([one["seconds"] for one in made])
    return {
        "cohorts": len(found),
        "refused": len(found) - len(made),
        "cells exposed": sum(len(one["cells"]) for one in made),
        "unions exposed": sum(len(one["unions"]) for one in made),
        **total,
        "seconds, median": float(np.median(seconds)),
        "seconds, most": float(seconds.max()),
        "found": [words for one in made for words in (*one["cells"], *one["unions"])],
    }


def run(seeds: range) -> Iterator[dict[str, Any]]:
    """Attack the cohorts of some seeds."""
    for seed in seeds:
        yield {"seed": seed, **attacked(*random_cohort(seed))}


def main() -> None:
    """Run one part and write what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("random", "known"), default="random")
    parser.add_argument("--cohorts", type=int, default=CONFIG["cohorts"])
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    results = []
    if arguments.part == "random":
        for one in run(range(arguments.cohorts)):
            results.append(one)
            if len(results) % 20 == 0:
                print({name: value for name, value in summary(results).items() if name != "found"}, flush=True)
        found: Any = summary(results)
    else:
        for name, *cohort in known_cohorts(Path(os.environ["SEND_SCREEN_DATA"])):
            with patch.object(_measured_sections, "combine_small_groups", lambda *_: ()):
                results.append({"cohort": name, "small groups": "as they are", **attacked(*cohort)})
            results.append({"cohort": name, "small groups": "combined", **attacked(*cohort)})
            print(*results[-2:], sep="\n", flush=True)
        found = results
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
