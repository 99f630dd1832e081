"""Fixtures of the tests of evaluation."""

import pytest
from evaluation_factory import StandIn, invent_cohort, invent_evidence


@pytest.fixture
def evidence():
    return invent_evidence()


@pytest.fixture
def make_evidence():
    return invent_evidence


@pytest.fixture
def models():
    return {
        "candidate": lambda: StandIn(tables=True),
        "baseline": lambda: StandIn(operating_point=True),
        "lightgbm": StandIn,
    }


@pytest.fixture
def cohort():
    return invent_cohort()
