"""One is one child, one school, one row: no page says "1 children", nor leaves it open with "(s)"."""

from __future__ import annotations

import dataclasses
import io
import re
from html import unescape
from typing import Any

import pandas as pd
import pytest
from reports_factory import make_published, make_result, render

from send_screen.reports import PAGES, render_list_xlsx, render_screening

#: A count of one before a plural, and a plural left open.
WRONG = re.compile(
    r"(?<![\d.,])1 (more )?(children|schools|courses|rows|groups|gates|things|comparisons|answers|pairs|features|folds|"
    r"parts|versions|columns|uses|places|values|warnings|decisions|differences|models)\b|\w\((s|es|ren)\)"
)


def said(html: str) -> str:
    """The text of a page, without its script and styles."""
    html = re.sub(r"<(script|style)>.*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def only_one(published: dict[str, Any]) -> dict[str, Any]:
    """One of everything that is counted."""
    published["version"] |= {"prohibited_uses": PROHIBITED, "folds": 2, "held_out_schools": 1}
    published["version"]["gates"] = published["version"]["gates"][:1]
    published["cohort"] |= {"n": 1, "n_outcome": 1}
    published["cohort"]["excluded"] = [{"reason": "no profile", "n": 1}]
    published["interactions"] = published["interactions"][:1]
    named = [
        gap for gap in published["gaps"] if gap["metric"] == "false_negative_rate" and gap["against"] == "all others"
    ]
    for number, gap in enumerate(named[:4]):
        gap |= {"value": 0.2, "low": 0.15, "high": 0.25, "description": f"gap {number}"}
    verdicts = iter(["withheld to protect small groups"])
    for gap in published["gaps"]:
        if gap["metric"] == "false_positive_rate" and gap["against"] == "all others":
            gap["verdict"] = next(verdicts, gap["verdict"])
    return published | {"material_gaps": [f"gap {number}" for number in range(4)]}


WITHHELD = "withheld to protect small groups"
PROHIBITED = ["as a diagnosis", "to refuse an assessment", "for other ages"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_a_version_counts_one_as_one(name: str) -> None:
    text = said(render(name, only_one(make_published())))
    found = WRONG.search(text)
    assert found is None, text[max(0, found.start() - 60) : found.end() + 30]


def test_a_list_of_one_child_counts_one_as_one() -> None:
    warnings = tuple(f"Goal {number}: not known for 30 of 100 children in this file." for number in range(4))
    result = make_result(listed=1, margin=1, excluded=1, capacity="1", n_rows=3, n_screened=2, banners=warnings)
    result = dataclasses.replace(result, notes=("Age: 1 value lies beyond those the model learnt from.",))
    sheets = pd.read_excel(io.BytesIO(render_list_xlsx(result)), sheet_name=None, header=None, engine="calamine")
    cells = " ".join(str(cell) for sheet in sheets.values() for cell in sheet.to_numpy().ravel())
    for text in (said(render_screening(result)), cells):
        found = WRONG.search(text)
        assert found is None, text[max(0, found.start() - 60) : found.end() + 30]


def test_at_most_two_banners_come_before_the_list_and_the_rest_is_folded() -> None:
    warnings = tuple(f"Warning {number}. Check it." for number in range(9))
    page = render_screening(make_result(banners=warnings))
    before = page[page.index("<main>") : page.index('id="h-list"')]
    for number in range(2):
        assert f"<summary>Warning {number}.</summary>\n<p>Check it.</p>" in before
    folded = before[before.index("7 more warnings about this file") :]
    assert all(words in folded for words in warnings[2:])
    short = render_screening(make_result(banners=("Warning.", "Another.")))
    assert short.count('<p class="box banner short-box">') == 2
    assert "more warning" not in short


def test_a_school_is_not_labelled_class() -> None:
    def heads(**changes: str) -> set[str]:
        result = make_result()
        of = {"listed": [*result.listed], "margin": [*result.margin], "excluded": [*result.excluded]}
        for name, children in of.items():
            of[name] = [dataclasses.replace(child, **changes) for child in children]
            if "school" not in changes:
                of[name][0] = dataclasses.replace(of[name][0], school="Another Invented School")
        page = render_screening(dataclasses.replace(result, **{name: tuple(each) for name, each in of.items()}))
        return set(re.findall(r'<th scope="col" class="of-class">([^<]*)</th>', page)) & {
            "Class",
            "School",
            "Class and school",
        }

    assert heads(class_name="") == {"School"}
    assert heads() == {"Class and school"}
    assert heads(school="Invented School") == {"Class"}
    assert heads(class_name="", school="Invented School") == set()
