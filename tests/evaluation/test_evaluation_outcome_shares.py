"""What became of children: counted by state, with intervals, and nothing under ten to be derived."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from send_screen.errors import DataError
from send_screen.evaluation import outcome_shares
from send_screen.evaluation._outcome_suppression import merge_small_groups
from send_screen.evaluation._outcome_table import MERGED, STATES, outcome_table

KINDS = ["listed", "near", "not_listed", "review_sample", "manual_review"]


def children(n: int = 2_000, *, seed: int = 0, groups: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sizes = np.array([0.6, 0.37, 0.03][:groups])
    return pd.DataFrame(
        {
            "school": rng.integers(0, 30, n),
            "kind": rng.choice(KINDS, n, p=[0.1, 0.03, 0.77, 0.05, 0.05]),
            "state": rng.choice([*STATES], n, p=[0.01, 0.15, 0.05, 0.1, 0.59, 0.1]),
            "group.ethnicity": rng.choice(["a", "b", "c"][:groups], n, p=sizes / sizes.sum()),
        }
    )


def test_every_child_has_one_state_and_rates_are_of_all_of_the_kind() -> None:
    frame = children()
    shares = outcome_shares(frame, publish=False).set_index(["kind", "attribute", "group", "state"]).sort_index()
    listed = frame[frame["kind"] == "listed"]
    whole = shares.xs(("listed", "all", "all"), level=["kind", "attribute", "group"])
    assert whole.loc[[*STATES], "count"].sum() == whole.loc["found", "n"] == len(listed)
    assert whole.loc["found", "count"] == listed["state"].isin(["plan", "supported"]).sum()
    assert whole.loc["not_known", "rate"] == pytest.approx((listed["state"] == "not_known").mean())
    assert ((whole["low"] <= whole["rate"]) & (whole["rate"] <= whole["high"])).all()
    by_group = shares.xs(("listed", "ethnicity"), level=["kind", "attribute"])
    assert by_group.xs("found", level="state")["count"].sum() == whole.loc["found", "count"]


def test_those_just_below_count_as_not_listed_and_the_review_sample_does_not() -> None:
    shares = outcome_shares(children(), publish=False)
    n = shares[shares["state"].eq("found") & shares["attribute"].eq("all")].set_index("kind")["n"]
    kinds = children()["kind"].value_counts()
    assert n["not_listed"] == kinds["near"] + kinds["not_listed"]
    assert n["review_sample"] == kinds["review_sample"]
    assert n["not_screened"] == kinds["manual_review"]


def test_children_whom_the_list_was_not_about_are_left_out() -> None:
    frame = children(200).assign(kind="not_eligible")
    assert not len(outcome_shares(frame))


def test_what_is_not_known_is_never_no_need() -> None:
    frame = pd.DataFrame({"school": np.arange(60) % 20, "kind": "listed", "state": "not_known"})
    shares = outcome_shares(frame).set_index("state")
    assert shares.loc["not_known", "rate"] == 1
    assert shares.loc[["no_need", "none_recorded", "found"], "rate"].eq(0).all()


def test_with_few_schools_there_is_no_interval_and_a_reason() -> None:
    shares = outcome_shares(children().assign(school="one"), publish=False)
    assert shares["low"].isna().all()
    assert shares["reason"].str.contains("schools").all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.drop(columns="state"), "no column 'state'"),
        (lambda f: f.assign(state="fine"), "state that is none"),
        (lambda f: f.assign(kind="on_the_list"), "kind that is none"),
        (lambda f: f.assign(school=None), "school is missing"),
    ],
)
def test_a_table_that_is_none_is_refused(change: object, words: str) -> None:
    with pytest.raises(DataError, match=words):
        outcome_shares(change(children(50)))


def test_small_groups_are_taken_together() -> None:
    frame = children(700)
    listed = frame[frame["kind"] == "listed"]["group.ethnicity"].value_counts()
    assert listed["c"] < 10 <= listed["b"]
    groups = {*outcome_shares(frame)["group"]}
    assert groups == {"all", "a", "all other groups"}
    assert {*outcome_shares(frame, publish=False)["group"]} == {"all", "a", "b", "c"}


@pytest.mark.parametrize("seed", range(4))
def test_no_small_count_can_be_derived(seed: int) -> None:
    """An intruder solves for each small count from all that is published, by linear programming."""
    frame = children(700 + 400 * seed, seed=seed)
    shares = outcome_shares(frame)
    frame["group.ethnicity"] = merge_small_groups(outcome_table(frame)).groups["ethnicity"]
    kind = frame["kind"].replace({"near": "not_listed", "manual_review": "not_screened"})
    merged = frame["state"].map({state: name for name, states in MERGED.items() for state in states})
    by_state, by_group = pd.crosstab(kind, frame["state"]), pd.crosstab([kind, frame["group.ethnicity"]], merged)
    cells = [(k, "all", s) for k in by_state.index for s in STATES]
    cells += [(k, g, m) for k, g in by_group.index for m in MERGED]
    truth = {(k, "all", s): int(by_state.loc[k].get(s, 0)) for k in by_state.index for s in STATES}
    truth |= {(k, g, m): int(by_group.loc[(k, g)].get(m, 0)) for k, g in by_group.index for m in MERGED}
    known: list[tuple[np.ndarray, int]] = []

    def form(k: str, g: str, states: tuple[str, ...]) -> np.ndarray:
        return np.array([float(c[0] == k and c[1] == g and c[2] in states) for c in cells])

    for k in by_state.index:
        known.append((form(k, "all", (*STATES,)), int(by_state.loc[k].sum())))
        for m, states in MERGED.items():
            total = sum(form(k, g, (m,)) for g in frame["group.ethnicity"].unique())
            known.append((form(k, "all", states) - total, 0))
    for row in shares.itertuples():
        states = {**{s: (s,) for s in STATES}, **(MERGED if row.group == "all" else {m: (m,) for m in MERGED})}
        if pd.notna(row.count) and not callable(row.count):
            known.append((form(row.kind, row.group, states[row.state]), int(row.count)))
        if pd.notna(row.n):
            known.append((form(row.kind, row.group, (*STATES, *MERGED)), int(row.n)))
    equal, to = np.array([a for a, _ in known]), np.array([b for _, b in known], dtype=float)
    totals = kind.value_counts()
    small = [i for i, c in enumerate(cells) if 0 < truth[c] < 10 and totals[c[0]] >= 30]
    assert small
    for i in small:
        objective = np.eye(len(cells))[i]
        least, most = (sign * linprog(sign * objective, A_eq=equal, b_eq=to).fun for sign in (1, -1))
        assert least <= truth[cells[i]] + 1e-6
        assert min(most, 9) - max(least, 1) >= 5 - 1e-3, cells[i]
