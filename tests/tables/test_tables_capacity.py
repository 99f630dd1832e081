"""Exactly k children are within capacity, in an order that depends on nothing but score and identifier."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_screen.tables import k_at_capacity, ranking, tie_break_key, top_k


@pytest.mark.parametrize(
    ("rate", "n", "expected"),
    [(0.1, 25, 3), (0.1, 24, 2), (0.1, 0, 0), (0.0, 30, 0), (1.0, 30, 30), (0.5, 1, 1), (2.0, 7, 7)],
)
def test_places_round_half_up_and_never_exceed_the_children(rate, n, expected):
    assert k_at_capacity(rate, n) == expected


def test_the_order_is_the_start_of_the_sha256_of_the_identifier():
    expected = int.from_bytes(hashlib.sha256(b"synthetic-7").digest()[:8], "big")
    assert tie_break_key(["synthetic-7"])[0] == expected
    assert tie_break_key(["synthetic-7"]).dtype == np.uint64


def test_equal_scores_are_ranked_by_the_order_and_higher_scores_first():
    score = np.array([0.5, 0.9, 0.5, -1.0])
    order = np.array([7, 9, 2, 1], dtype=np.uint64)
    assert ranking(score, order).tolist() == [1, 2, 0, 3]


@given(st.lists(st.sampled_from([-1.0, 0.0, 2.5]), max_size=40), st.data())
def test_exactly_k_children_are_chosen_whatever_the_order_of_the_rows(scores, data):
    ids = [f"child-{i}" for i in range(len(scores))]
    k = data.draw(st.integers(0, len(scores)))
    shuffled = data.draw(st.permutations(range(len(scores))))
    score = np.array(scores, dtype=float)

    chosen = {ids[i] for i in np.flatnonzero(top_k(score, tie_break_key(ids), k))}
    again = top_k(score[list(shuffled)], tie_break_key([ids[i] for i in shuffled]), k)

    assert len(chosen) == k
    assert {ids[shuffled[i]] for i in np.flatnonzero(again)} == chosen
    left_out = [s for i, s in zip(ids, scores, strict=True) if i not in chosen]
    assert all(s >= max(left_out, default=-np.inf) for i, s in zip(ids, scores, strict=True) if i in chosen)
