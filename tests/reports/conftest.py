"""Fixtures of the reports' tests."""

from __future__ import annotations

from typing import Any

import pytest
from reports_factory import make_published, make_result

from send_screen.screening import ScreeningResult


@pytest.fixture
def result() -> ScreeningResult:
    return make_result()


@pytest.fixture
def published() -> dict[str, Any]:
    return make_published()
