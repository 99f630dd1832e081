"""Fixtures of the tests of evaluation."""

import pytest
from evaluation_factory import StandIn, synthetic_cohort, synthetic_evidence


@pytest.fixture
def evidence():
    return synthetic_evidence()


@pytest.fixture
def make_evidence():
    return synthetic_evidence


@pytest.fixture
def models():
    return {
        "candidate": lambda: StandIn(tables=True),
        "baseline": lambda: StandIn(operating_point=True),
        "lightgbm": StandIn,
    }


@pytest.fixture
def cohort():
    return synthetic_cohort()
