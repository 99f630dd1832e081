"""The page of an audit: green or red in words, whatever stands in what was audited."""

from __future__ import annotations

from reports_factory import make_audit

from send_screen.auditing import render_audit


def test_red_says_what_differs_where_and_what_to_do() -> None:
    page = render_audit(make_audit())
    assert "<title>Audit of models:/reception_sen/3: RED</title>" in page
    assert "✗ RED: something differs" in page
    assert "RED: 1 of the 2 checks that were made found a difference." in page
    assert "Do not use the version until somebody who answers for it has said why." in page
    assert page.index("What differs") < page.index("What could not be checked") < page.index("derived again and is")
    for words in ("$.performance[3].value", "0.71", "0.69", "And 41 more.", "There is no right to read it"):
        assert words in page
    assert "WITHDRAWN" in page
    assert "Invented children" in page


def test_green_is_said_in_words_too_and_not_as_praise() -> None:
    page = render_audit(make_audit(green=True))
    assert "✓ Green: nothing differs" in page
    assert "RED" not in page.split("</style>")[1]
    assert "It does not say that the model is good, or fair" in page


def test_what_is_audited_cannot_write_the_page() -> None:
    page = render_audit(make_audit(value="<script>alert(1)</script>"))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_it_needs_nothing_from_elsewhere() -> None:
    page = render_audit(make_audit())
    assert "default-src &#39;none&#39;" in page
    assert "http://" not in page
    assert "https://" not in page
