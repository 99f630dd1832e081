"""Every page of a version, made from what it publishes and nothing else, so that anybody can make it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from send_screen.reports._atrs import render_atrs_json, render_atrs_markdown
from send_screen.reports._card import render_card
from send_screen.reports._fairness import render_fairness
from send_screen.reports._impact import render_impact_assessment
from send_screen.reports._markdown import render_card_markdown
from send_screen.reports._scorecard import render_scorecard

PAGES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "report.html": render_fairness,
    "card.html": render_card,
    "card.md": render_card_markdown,
    "scorecard.html": render_scorecard,
    "atrs.json": render_atrs_json,
    "atrs.md": render_atrs_markdown,
    "impact_assessment.md": render_impact_assessment,
}
"""Name of the file -> what makes it of ``published.json``."""
