"""Does a 95 % interval hold the truth 95 times in 100, for children who sit in schools? See README.md."""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from scipy.special import expit

from send_screen.evaluation import by_group, clustered_rate, performance

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))


def rate_cell(
    rng: np.random.Generator, schools: int, expected: int, rate: float, alike: float, simulations: int
) -> dict[str, Any]:
    """Return how often the interval of a rate holds the truth, ours and one that forgets schools.

    Schools differ in size (gamma with shape 3) and in their own rate (beta with intraclass correlation ``alike``).
    """
    ours = independent = given = 0
    for _ in range(simulations):
        trials = rng.poisson(rng.gamma(3, 1 / 3, schools) * expected / schools)
        own = np.full(schools, rate)
        if alike:
            own = rng.beta(rate * (1 / alike - 1), (1 - rate) * (1 / alike - 1), schools)
        found = clustered_rate(rng.binomial(trials, own).astype(float), trials.astype(float))
        if np.isnan(found.low):
            continue
        given += 1
        ours += found.low <= rate <= found.high
        half = 1.96 * np.sqrt(found.value * (1 - found.value) / found.n)
        independent += abs(found.value - rate) <= half
    return {
        "schools": schools,
        "denominator": expected,
        "rate": rate,
        "intraclass": alike,
        "given": given / simulations,
        "coverage": ours / given if given else None,
        "independent": independent / given if given else None,
    }


def cohort(rng: np.random.Generator, schools: int, children: int, *, unequal: bool = False) -> pd.DataFrame:
    """Draw an evidence table: schools differ in level and in how well the score orders their children.

    A sixth of the children belong to a group whose need the score tells less of. ``unequal`` schools differ in size
    too (gamma with shape 2).
    """
    if unequal:
        sizes = rng.gamma(2, 1, schools)
        school = pd.factorize(rng.choice(schools, children, p=sizes / sizes.sum()))[0]
        schools = school.max() + 1
    else:
        school = rng.integers(0, schools, children)
    level, slope = rng.normal(0, 0.5, schools)[school], 1 + rng.normal(0, 0.3, schools)[school]
    score = rng.normal(size=children)
    few = rng.random(children) < 1 / 6
    outcome = (rng.random(children) < expit(-2 + level + slope * score + few * (0.4 - 0.3 * score))).astype(np.int8)
    fold = rng.permutation(np.arange(schools) % 5)[school]
    flag = np.zeros(children)
    for number in range(5):
        rows = np.flatnonzero(fold == number)
        flag[rows[np.argsort(-score[rows])[: int(0.1 * len(rows) + 0.5)]]] = 1
    group = np.where(few, "few", "many")
    columns = {"fold_seed": 0, "row": np.arange(children), "fold": fold, "school": school, "outcome": outcome}
    return pd.DataFrame({**columns, "group.kind": group, "score.candidate": score - 2, "flag.candidate": flag})


METRICS = (
    "roc_auc", "average_precision", "recall", "precision", "specificity",
    "net_benefit", "calibration_slope", "calibration_intercept",
)  # fmt: skip
OF_THE_GROUP = (
    "prevalence", "selection_rate", "recall", "specificity", "precision", "roc_auc",
    "calibration_in_the_large", "net_benefit",
)  # fmt: skip


def figures(evidence: pd.DataFrame) -> pd.DataFrame:
    """Return value, low and high of the cohort's figures, then of those of the small group."""
    whole = performance(evidence).set_index("metric").loc[list(METRICS)]
    groups = by_group(evidence)
    group = groups[groups["group"] == "few"].set_index("metric").loc[list(OF_THE_GROUP)]
    group.index = [f"{metric} of the group" for metric in group.index]
    return pd.concat([whole, group])[["value", "low", "high"]]


def cohort_cell(
    rng: np.random.Generator, schools: int, children: int, simulations: int, truth: dict[str, float], unequal: bool
) -> dict[str, Any]:
    """Return how often the interval of each figure of a cohort holds the truth.

    The truth is the figure of four million children and, beside it, what the figure comes to on average in cohorts of
    this size: an average precision in small folds lies above that of a large one.
    """
    tables = [figures(cohort(rng, schools, children, unequal=unequal)) for _ in range(simulations)]
    names = tables[0].index
    value, low, high = (np.array([table[column] for table in tables]) for column in ("value", "low", "high"))
    given = ~np.isnan(low)

    def coverage(of: np.ndarray) -> dict[str, float]:
        held = ((low <= of) & (of <= high)).sum(axis=0) / given.sum(axis=0)
        return dict(zip(names, held.tolist(), strict=True))

    return {
        "schools": schools,
        "children": children,
        "given": dict(zip(names, given.mean(axis=0).tolist(), strict=True)),
        "coverage": coverage(np.array([truth[metric] for metric in names])),
        "coverage_of_the_mean": coverage(np.nanmean(value, axis=0)),
    }


def main() -> None:
    """Run every cell, print one line each, and write all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=CONFIG["simulations"])
    parser.add_argument("--part", choices=["rates", "cohorts"], required=True)
    parser.add_argument("--unequal", action="store_true", help="cohorts of schools that differ in size")
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    cells = []
    if arguments.part == "rates":
        grid = itertools.product(*(CONFIG[key] for key in ("schools", "denominators", "rates", "intraclass")))
        for number, (schools, expected, rate, alike) in enumerate(grid):
            if expected < 100 * schools:
                rng = np.random.default_rng([CONFIG["seed"], number])
                cells.append(rate_cell(rng, schools, expected, rate, alike, arguments.simulations))
                print(json.dumps(cells[-1]), flush=True)
    else:
        rng = np.random.default_rng(CONFIG["seed"])
        truth = figures(cohort(rng, 40_000, 4_000_000, unequal=arguments.unequal))["value"].to_dict()
        print(json.dumps(truth), flush=True)
        for schools, children in CONFIG["cohorts"]["sizes"]:
            cells.append(cohort_cell(rng, schools, children, arguments.simulations, truth, arguments.unequal))
            print(json.dumps(cells[-1]), flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(cells, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
