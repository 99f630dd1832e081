import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm

from send_screen.evaluation import clustered_rate
from send_screen.evaluation._estimate import clopper_pearson, t_interval, wilson


@pytest.mark.parametrize("x", [0, 1, 7, 20])
def test_without_a_design_effect_the_intervals_are_scipys(x):
    exact = binomtest(x, 20).proportion_ci(0.95, "exact")
    assert clopper_pearson(x / 20, 20, 0.05) == pytest.approx((exact.low, exact.high))
    score = binomtest(x, 20).proportion_ci(0.95, "wilson")
    assert wilson(x / 20, 20, norm.ppf(0.975)) == pytest.approx((score.low, score.high), abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=40))
def test_an_interval_holds_its_value_or_has_a_reason(schools):
    successes = np.array([min(a, b) for a, b in schools], float)
    trials = np.array([b for _, b in schools], float)
    rate = clustered_rate(successes, trials)
    if rate.reason:
        assert np.isnan(rate.low)
        assert np.isnan(rate.high)
    else:
        assert 0 <= rate.low <= rate.value <= rate.high <= 1
        assert rate.high - rate.low > 0
    assert np.isnan(rate.value) == (trials.sum() == 0)


def test_no_denominator_is_not_a_number():
    rate = clustered_rate(np.zeros(30), np.zeros(30), undefined_reason="nobody")
    assert np.isnan(rate.value)
    assert rate.reason == "nobody"


def test_schools_that_differ_widen_the_interval_and_alike_ones_never_narrow_it():
    trials = np.full(40, 10.0)
    alike = clustered_rate(np.full(40, 5.0), trials)
    mixed = clustered_rate(np.tile([0.0, 10.0], 20), trials)
    binomial = wilson(0.5, 400, norm.ppf(0.975))
    assert alike.high - alike.low >= binomial[1] - binomial[0]
    assert mixed.high - mixed.low > 2 * (alike.high - alike.low)


def coverage(rng, schools, expected, rate, icc, replicates=300):
    """Share of replicates whose interval holds the rate: ours, and one that takes children as independent."""
    ours = independent = total = 0
    concentration = (1 - icc) / icc
    for _ in range(replicates):
        trials = rng.poisson(rng.gamma(3, 1 / 3, schools) * expected / schools)
        successes = rng.binomial(trials, rng.beta(rate * concentration, (1 - rate) * concentration, schools))
        found = clustered_rate(successes.astype(float), trials.astype(float))
        if np.isnan(found.low):
            continue
        total += 1
        ours += found.low <= rate <= found.high
        half = 1.96 * np.sqrt(found.value * (1 - found.value) / found.n)
        independent += abs(found.value - rate) <= half
    return ours / total, independent / total


@pytest.mark.parametrize(
    ("schools", "expected", "rate", "icc"),
    [(20, 35, 0.2, 0.1), (40, 35, 0.8, 0.05), (40, 400, 0.5, 0.1), (100, 2000, 0.3, 0.1), (12, 400, 0.4, 0.1)],
)
def test_clustered_intervals_cover(schools, expected, rate, icc):
    ours, _ = coverage(np.random.default_rng(5), schools, expected, rate, icc)
    # 93 % less what 300 replicates can be out by
    assert ours >= 0.93 - 0.03


def test_intervals_that_forget_schools_undercover():
    ours, independent = coverage(np.random.default_rng(6), 40, 2000, 0.3, 0.1)
    assert ours >= 0.90
    assert independent < 0.70


def test_a_figure_that_does_not_vary_has_no_interval():
    found = t_interval(0.5, 0.0, n=10, schools=20, smallest_cell=10, alpha=0.05)
    assert np.isnan(found.low)
    assert found.reason.startswith("no interval")
    assert t_interval(0.99, 0.05, n=10, schools=20, smallest_cell=10, alpha=0.05, logit_scale=True).high < 1
