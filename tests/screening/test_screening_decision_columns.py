"""Columns for decisions: names and labels that written lists hold, and that must not change under them."""

from __future__ import annotations

from send_screen.screening import DECISION_COLUMNS, Decision


def test_the_headings_are_those_that_written_lists_have() -> None:
    assert {column.name: column.heading for column in DECISION_COLUMNS} == {
        "what_we_decided": "What we decided",
        "decided_by": "Decided by",
        "decided_on": "Decided on",
        "review_on": "Review on",
        "note": "Note",
    }


def test_the_choices_are_those_that_written_lists_have() -> None:
    assert {decision.value: decision.label for decision in Decision} == {
        "assess": "Assess",
        "support": "Support now",
        "watch": "Watch and review",
        "already_supported": "Already supported",
        "no_need": "No need found",
    }
    assert all(decision.meaning for decision in Decision)
