"""Hard rule 9: no published end of a range is one child's, no count of 1 to 9 can be worked out, no small level."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_screen.tables import MINIMUM_CHILDREN, merged_levels, published_counts, published_range


def test_the_range_ends_where_ten_children_are_at_or_beyond():
    values = np.concatenate([[-999.0], np.arange(1.0, 31.0), [4000.0]])
    low, high = published_range(values)
    assert (values <= low).sum() == 10
    assert (values >= high).sum() == 10
    assert published_range(values[:19]) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=20, max_size=60))
def test_at_least_ten_children_are_at_or_beyond_each_end(values):
    low, high = published_range(np.array(values))
    assert low <= high
    assert sum(v <= low for v in values) >= MINIMUM_CHILDREN
    assert sum(v >= high for v in values) >= MINIMUM_CHILDREN


@pytest.mark.parametrize(
    ("n", "n_missing", "shown"),
    [(90, 10, (90, 10)), (90, 0, (90, 0)), (99, 1, (None, None)), (9, 91, (None, None)), (0, 100, (0, 100))],
)
def test_a_small_count_hides_its_complement_too(n, n_missing, shown):
    assert published_counts(n, n_missing) == shown


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30)),
    st.booleans(),
)
def test_every_group_has_ten_children_and_no_child_is_lost(counts, ordered):
    groups = merged_levels(counts, ordered=ordered)
    total = sum(counts.values())
    if total < MINIMUM_CHILDREN:
        assert groups == []
        return
    assert all(sum(counts[level] for level in group) >= MINIMUM_CHILDREN for group in groups)
    named = [level for group in groups for level in group]
    assert sorted(named) == sorted(level for level, count in counts.items() if count)
    if ordered:
        assert named == [level for level, count in counts.items() if count]


def test_a_level_that_is_large_enough_stays_on_its_own_when_levels_are_not_ordered():
    groups = merged_levels({"a": 40, "b": 9, "c": 12, "d": 3}, ordered=False)
    assert groups == [("a",), ("c",), ("b", "d")]
    assert merged_levels({"a": 40, "b": 9, "c": 12}, ordered=False) == [("a",), ("b", "c")]


def test_ordered_levels_are_merged_with_neighbours_only():
    assert merged_levels({"1": 3, "2": 20, "3": 4, "4": 30, "5": 2}, ordered=True) == [("1", "2"), ("3", "4", "5")]
