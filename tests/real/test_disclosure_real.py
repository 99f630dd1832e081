"""On real children no small group can be worked out, nor any set of small groups: groups crossed in several ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from disclosure_attack import Attack
from evaluation_factory import measured


def evidence_of(
    groups: pd.DataFrame, outcome: pd.Series, score: pd.Series, school: pd.Series, capacity: float
) -> pd.DataFrame:
    """What out-of-fold predictions hold of these children, listed by a score that they have."""
    order = np.argsort(np.argsort(-score.fillna(score.mean()).to_numpy(), kind="stable"), kind="stable")
    listed = (order < round(capacity * len(outcome))).astype(float)
    frame = pd.DataFrame({"fold_seed": 0, "row": np.arange(len(outcome)), "school": pd.factorize(school)[0]})
    frame["fold"] = frame["school"] % 5
    frame["outcome"] = outcome.to_numpy().astype("int8")
    for name in groups:
        codes, _ = pd.factorize(groups[name], sort=True)  # no digit in a name, so that any digit in words is a figure
        frame[f"group.{name}"] = np.array([f"{name} {'ABCDEFGHIJKLMNO'[code]}" for code in codes])
    for model in ("candidate", "baseline"):
        frame[f"score.{model}"], frame[f"flag.{model}"] = -order.astype(float), listed
    return frame.assign(**{"operating_point.baseline": listed})


@pytest.fixture(scope="module")
def star(real_data: Path) -> pd.DataFrame:
    frame = pd.read_parquet(real_data / "star" / "STAR_Students.parquet")
    kept = (frame["flagsgk"] == 1) & frame["g1specin"].notna() & (frame["gkspeced"] != 1) & (frame["gkspecin"] != 1)
    return frame[kept].reset_index(drop=True)


def test_eight_girls_of_star_are_no_longer_what_is_left_of_all_girls(star: pd.DataFrame) -> None:
    girls = star[star["gender"] == 2]
    assert len(girls) - girls["race"].isin([1, 2]).sum() == 8
    groups = star[["gender", "race", "gkfreelunch"]].rename(columns={"gkfreelunch": "lunch"})
    for crossed in ([("gender", "race")], [("gender", "race"), ("race", "lunch")], [("gender", "race", "lunch")]):
        evidence = evidence_of(groups, star["g1specin"] == 1, -star["gktreadss"], star["g1schid"], 0.1)
        published = measured(evidence, intersections=crossed, replicates=20)
        attack = Attack(evidence, [{"published": published, "evidence": evidence}])
        assert attack.narrowed_down() == []
        said = {(row["attribute"], row["group"]) for row in published["groups"] if row["value"] is not None}
        assert {("gender", "gender A"), ("gender", "gender B"), ("race", "race A")} <= said


@pytest.mark.parametrize("capacity", [0.03, 0.1])
def test_small_families_of_ecls_k(real_data: Path, capacity: float) -> None:
    frame = pd.read_csv(real_data / "eclsk" / "eclsk_c.csv")
    groups = frame[["GENDER", "WKWHITE", "P1NUMSIB"]].set_axis(["sex", "white", "siblings"], axis=1)
    assert (groups["siblings"].value_counts() < 10).any()
    for crossed in ([("sex", "siblings")], [("sex", "white", "siblings")]):
        evidence = evidence_of(groups, frame["F5SPECS"] == 1, -frame["RIRT"], frame["S1_ID"], capacity)
        published = measured(evidence, intersections=crossed, replicates=20)
        assert Attack(evidence, [{"published": published, "evidence": evidence}]).narrowed_down() == []
