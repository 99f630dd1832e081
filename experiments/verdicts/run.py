"""How often is a verdict about a gap wrong, and how often is it given where it could be? See README.md."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from scipy.special import expit, logit

from send_screen.evaluation import gaps

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
#: The group of each attribute whose needs are missed more, where a gap is planted.
HARMED = {"sex": "F", "fsm": "yes", "season": "summer", "ethnic": "Black"}

#: Share of children with the outcome, and share listed of those without it.
OUTCOME, LISTED_WITHOUT = 0.12, 0.06


def evidence(rng: np.random.Generator, schools: int, children: int, attributes: list[str], gap: float) -> pd.DataFrame:
    """Draw evidence in which each harmed group's needs are missed by ``gap`` more, school by school more or less.

    A child's chance of being missed is linear in the groups, so that the gap of each attribute is what was planted
    whatever the other attributes are; what schools do to it averages out over schools. Every fold lists as many
    children as chance would on average, those with the highest scores, so that the list has a fixed length and a line
    that moves.
    """
    school = rng.integers(0, schools, children)
    frame = pd.DataFrame({"fold_seed": 0, "row": np.arange(children), "fold": school % 5, "school": school})
    level = expit(logit(CONFIG["missed"]) + rng.normal(0, CONFIG["school_sd"], schools)) - CONFIG["missed"]
    missed = CONFIG["missed"] + (level - _mean_level())[school]
    for attribute in attributes:
        names, shares = zip(*CONFIG["attributes"][attribute].items(), strict=True)
        frame[f"group.{attribute}"] = rng.choice(names, children, p=np.array(shares) / sum(shares))
        inside = frame[f"group.{attribute}"] == HARMED[attribute]
        own = rng.normal(0, CONFIG["interaction"] / 4, schools)[school]
        missed += np.where(inside, gap + own, 0.0)
    # half up, half down, so that chances stay between 0 and 1
    missed -= gap * len(attributes) / 3
    frame["outcome"] = (rng.random(children) < OUTCOME).astype(np.int8)
    chance = np.where(frame["outcome"] == 1, 1 - np.clip(missed, 0.01, 0.99), LISTED_WITHOUT)
    # above 0 with that chance; as log-odds all scores say the share with the outcome
    place = logit(chance) + rng.logistic(size=children)
    frame["score.candidate"] = logit(OUTCOME) + 1e-4 * place
    harmed = sum(CONFIG["attributes"][name][HARMED[name]] for name in attributes)
    found = 1 - CONFIG["missed"] - gap * (harmed - len(attributes) / 3)
    share = OUTCOME * found + (1 - OUTCOME) * LISTED_WITHOUT
    place_in_fold = (-frame["score.candidate"]).groupby(frame["fold"]).rank(method="first")
    places = np.floor(share * frame.groupby("fold")["row"].transform("size") + 0.5)
    frame["flag.candidate"] = (place_in_fold <= places).astype(float)
    return frame


def _mean_level() -> float:
    """Return the mean of what schools add, by a fine grid of the normal distribution."""
    from scipy.stats import norm

    grid = norm.ppf((np.arange(4000) + 0.5) / 4000)
    return float(expit(logit(CONFIG["missed"]) + CONFIG["school_sd"] * grid).mean() - CONFIG["missed"])


def is_wrong(row: dict[str, Any], gap: float) -> bool:
    """Tell whether a verdict on the false negative rate is wrong, given the planted gaps."""
    true = _true_gap(row, gap)
    tolerance = CONFIG["tolerance"]
    within, outside = row["verdict"] == "within tolerance", row["verdict"] == "outside tolerance"
    if abs(abs(true) - tolerance) < 1e-9:
        return within or outside
    return outside if abs(true) < tolerance else within


def _true_gap(row: dict[str, Any], gap: float) -> float:
    """Return the planted gap of a comparison."""
    harmed = HARMED[row["attribute"]]
    ours = 1.0 if row["group"] == harmed else 0.0
    if row["against"] != "all others":
        return gap * (ours - (row["against"] == harmed))
    if ours:
        return gap
    shares = CONFIG["attributes"][row["attribute"]]
    return -gap * shares[harmed] / (sum(shares.values()) - shares[row["group"]])


def run(
    rng: np.random.Generator, schools: int, children: int, gap: float, simulations: int, attributes: list[str]
) -> dict[str, Any]:
    """Return how often any verdict of a question was wrong, and how often each was given for the harmed groups."""
    wrong, quiet, given, asked = 0, 0, Counter[str](), 0
    for _ in range(simulations):
        table = gaps(evidence(rng, schools, children, attributes, gap))
        missed = table[table["metric"] == "false_negative_rate"].to_dict("records")
        wrong += any(is_wrong(row, gap) for row in missed)
        # the two other questions have no gap, whatever was planted
        others = table[table["metric"] != "false_negative_rate"]
        quiet += bool((others.groupby("metric")["verdict"].apply(lambda v: (v == "outside tolerance").any())).any())
        for row in missed:
            if row["against"] == "all others" and row["group"] == HARMED[row["attribute"]]:
                given[row["verdict"]] += 1
                asked += 1
    return {
        "schools": schools,
        "children": children,
        "gap": gap,
        "simulations": simulations,
        "any_wrong": wrong / simulations,
        "any_wrong_in_the_other_questions": quiet / simulations,
        "given": {verdict: count / asked for verdict, count in sorted(given.items())},
    }


def main() -> None:
    """Run every cell, print one line each, and write all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=None, help="instead of the configured numbers")
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    rng, cells = np.random.default_rng(CONFIG["seed"]), []
    wrong, power = CONFIG["wrong"], CONFIG["power"]
    for schools, children in wrong["sizes"]:
        for gap in (0.0, CONFIG["tolerance"]):
            n = arguments.simulations or wrong["simulations"]
            cells.append(run(rng, schools, children, gap, n, list(CONFIG["attributes"])))
            print(json.dumps(cells[-1]), flush=True)
    for gap in power["gaps"]:
        n = arguments.simulations or power["simulations"]
        cells.append(run(rng, *power["size"], gap, n, ["sex", "fsm"]))
        print(json.dumps(cells[-1]), flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps(cells, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
