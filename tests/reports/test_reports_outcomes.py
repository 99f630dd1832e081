"""What became of children, in words: frequencies with intervals, and a reason where there is none."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from reports_factory import make_outcomes, outcome_effect

from send_screen.reports import OutcomeFigures, render_outcomes


@pytest.fixture(scope="module")
def figures() -> OutcomeFigures:
    return make_outcomes()


def test_each_kind_is_told_as_a_frequency(figures: OutcomeFigures) -> None:
    told = figures.outcomes()
    assert told[0].startswith("Of 100 children listed, ")
    assert "(95 %: " in told[0]
    assert "; n = " in told[0]
    assert "are not known of" in told[1]
    assert sum(line.startswith("Of 100 ") for line in told) == 4


def test_the_review_sample_is_told_with_what_is_not_known(figures: OutcomeFigures) -> None:
    told = " ".join(figures.accuracy())
    assert "had they been discussed in the same way" in told
    assert "Were all outcomes known that are not, the recall could be anything from " in told
    assert "not enough evidence of any change" in told


def test_without_a_sample_or_a_line_it_gives_the_reason(figures: OutcomeFigures) -> None:
    nothing = figures.estimates.assign(value=math.nan, low=math.nan, high=math.nan, lowest=math.nan, highest=math.nan)
    nothing["reason"] = "not enough evidence: no sample"
    empty = replace(
        figures, estimates=nothing, effect=outcome_effect(math.nan, math.nan, math.nan, "not enough evidence: no line")
    )
    assert empty.accuracy() == ["Not given: not enough evidence: no sample."]
    assert empty.at_the_line() == ["Effect of being listed: not enough evidence: no line."]


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (0.11, 0.02, 0.2, "raised the number supported of 100 by 11 (95 %: 2 to 20). 900 children"),
        (-0.05, -0.12, 0.02, "lowered the number supported of 100 by 5 (95 %: −2 to 12): not enough evidence"),
    ],
)
def test_an_effect_is_told_with_its_sign(
    figures: OutcomeFigures, value: float, low: float, high: float, words: str
) -> None:
    assert words in replace(figures, effect=outcome_effect(value, low, high)).at_the_line()[0]


def test_outcomes_that_are_known_more_often_above_the_line_are_named(figures: OutcomeFigures) -> None:
    told = replace(figures, effect=outcome_effect(0.1, 0.05, 0.15, known=0.2)).at_the_line()
    assert "do not read this as an effect" in told[1]


def test_the_page_escapes_and_says_what_it_is_not(figures: OutcomeFigures) -> None:
    page = render_outcomes(figures, unsuppressed=False)
    assert "&lt;b&gt;boys" in page
    assert "Not known is not “no need”" in page
    assert "never" in page
    assert "Small counts are shown" not in page
