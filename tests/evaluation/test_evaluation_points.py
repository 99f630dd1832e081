"""The price of whole points is measured on the evidence, and where few children differ their number is not said."""

import numpy as np
import pytest

from send_screen.evaluation import measured_sections
from send_screen.simulation import simulate_evidence


def with_points(swapped):
    """Evidence of 1,000 children, beside the candidate a card of whole points that lists so many others."""
    evidence = simulate_evidence()
    flag = evidence["flag.candidate"].to_numpy().copy()
    flag[np.flatnonzero(flag == 1)[:swapped]] = 0
    flag[np.flatnonzero(evidence["flag.candidate"] == 0)[:swapped]] = 1
    return evidence.assign(**{"score.whole_points": evidence["score.candidate"] + 0.25, "flag.whole_points": flag})


@pytest.mark.parametrize(("swapped", "said"), [(0, True), (1, False), (9, False), (10, True), (40, True)])
def test_how_many_places_differ_is_said_of_none_or_ten(swapped, said):
    evidence = with_points(swapped)
    found = measured_sections(evidence, replicates=20).points
    listed = evidence["flag.candidate"].sum()
    assert found.n == evidence["row"].nunique()
    assert found.mean_error == pytest.approx(0.25)
    assert found.same_list == (pytest.approx(1 - swapped / listed) if said else None)
    assert found.reason == ("" if said else "withheld to protect small groups")


def test_without_whole_points_there_is_no_price():
    assert measured_sections(simulate_evidence(), replicates=20).points is None
