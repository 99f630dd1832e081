"""Can a small count, or a union of small groups, be derived from what is published of random cohorts? See README.md."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "evaluation"))

from disclosure_attack import Attack
from evaluation_factory import synthetic_evidence

from send_screen.errors import DataError
from send_screen.evaluation import measured_sections

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


def attacked(evidence: pd.DataFrame, crossed: list[tuple[str, ...]]) -> dict[str, Any]:
    """Publish the figures of a cohort, attack them, and return what was found and withheld, and how long it took."""
    begins = time.process_time()
    try:
        published = measured_sections(evidence, intersections=crossed, replicates=20).model_dump(mode="json")
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=CONFIG["cohorts"])
    parser.add_argument("--out", type=Path, default=HERE / "result.json")
    arguments = parser.parse_args()
    results = []
    for one in run(range(arguments.cohorts)):
        results.append(one)
        if len(results) % 20 == 0:
            print({name: value for name, value in summary(results).items() if name != "found"}, flush=True)
    arguments.out.write_text(json.dumps(summary(results), indent=1) + "\n", encoding="utf-8")
