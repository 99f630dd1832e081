"""A result tells itself: aligned text, escaped HTML, a short repr, and nothing that would steer a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from send_screen.results import Result, Section


class Told(Result):
    @property
    def headline(self) -> str:
        return "3 <rows>"

    def sections(self) -> Iterable[Section]:
        yield Section(["red\x1b[31m"])
        yield Section(table=[("", "AUC"), ("this one", "0.7")], title="Metrics")

    def to_dict(self) -> dict[str, Any]:
        return {}


def test_text_is_aligned_and_steers_no_terminal() -> None:
    assert Told().to_text() == "3 <rows>\nred\ufffd[31m\n\nMetrics:\n            AUC\n  this one  0.7"


def test_html_is_escaped_and_the_repr_is_short() -> None:
    html = Told()._repr_html_()
    assert "3 &lt;rows&gt;" in html
    assert "<tr><th></th><th>AUC</th></tr><tr><td>this one</td><td>0.7</td></tr>" in html
    assert repr(Told()) == "<Told: 3 <rows>>"
