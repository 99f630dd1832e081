"""Fixtures of the tests of evaluation."""

import pytest
from evaluation_factory import StandIn, synthetic_cohort, synthetic_evidence

from send_screen.evaluation import _measured_sections


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


@pytest.fixture
def uncombined(monkeypatch):
    """Small groups stay as they are, so that they have to be suppressed."""
    monkeypatch.setattr(_measured_sections, "combine_small_groups", lambda *_: ())
