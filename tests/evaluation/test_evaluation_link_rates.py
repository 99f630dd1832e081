"""Link rates by group: with n and an interval, and no small count behind what is published."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from send_screen.evaluation import link_rates
from send_screen.linkage import link_records

REVIEW = "health/review"


def rates(groups: dict[str, tuple[int, int]], schools: int = 30, *, publish: bool = True) -> pd.DataFrame:
    """Return the rates of groups with so many children linked and not linked."""
    of = [(name, linked) for name, (a, b) in groups.items() for linked in [True] * a + [False] * b]
    children = pd.DataFrame({"UPN": [f"U{number}" for number in range(len(of))]})
    linkage = link_records(children, {REVIEW: children[[linked for _, linked in of]]})
    frame = pd.DataFrame({"group": [name for name, _ in of]}, index=children["UPN"])
    school = pd.Series(np.random.default_rng(0).integers(0, schools, len(of)), index=children["UPN"])
    return link_rates(linkage, frame, school, publish=publish).set_index("group")


def test_rates_have_n_and_an_interval() -> None:
    found = rates({"a": (900, 100), "b": (400, 100)})
    assert found["n"].tolist() == [1_500, 1_000, 500]
    assert found["rate"].tolist() == [pytest.approx(1_300 / 1_500), 0.9, 0.8]
    assert ((found["low"] < found["rate"]) & (found["rate"] < found["high"])).all()
    assert (found["high"] - found["low"]).between(0.02, 0.12).all()
    assert (found["reason"] == "").all()


def test_with_few_schools_there_is_no_interval() -> None:
    found = rates({"a": (900, 100), "b": (400, 100)}, schools=3)
    assert found["low"].isna().all()
    assert found["reason"].str.contains("schools").all()


def test_a_small_count_is_suppressed_with_what_would_reveal_it() -> None:
    groups = {"a": (900, 100), "b": (400, 100), "c": (50, 4), "d": (0, 0)}
    found = rates({name: counts for name, counts in groups.items() if sum(counts)})
    assert found.loc["c", "reason"].startswith("suppressed")
    assert found.loc["b", "reason"].startswith("suppressed"), "c would follow from all, a and b"
    assert found.loc["a", "n"] == 1_000
    assert found.loc[["b", "c"], ["n", "rate", "low", "high"]].isna().all(axis=None)
    unsuppressed = rates(groups, publish=False)
    assert unsuppressed.loc["c", "n"] == 54


def test_two_small_groups_whose_sum_is_small_take_a_third_with_them() -> None:
    found = rates({"a": (900, 100), "b": (400, 100), "c": (50, 4), "d": (60, 3)})
    hidden = found["reason"].str.startswith("suppressed")
    assert hidden[["all", "a", "b", "c", "d"]].tolist() == [False, False, True, True, True]
    # 4 and 6 not linked are ten together
    enough = rates({"a": (900, 100), "b": (400, 100), "c": (50, 4), "d": (60, 6)})
    assert not enough.loc["b", "reason"]


def test_all_linked_but_a_few_is_suppressed_throughout() -> None:
    found = rates({"a": (900, 3), "b": (400, 2)})
    assert found["reason"].str.startswith("suppressed").all()
    assert rates({"a": (900, 0), "b": (400, 0)})["rate"].tolist() == [1.0, 1.0, 1.0]
