"""The auditor's page and the card: what is said about groups, and how undefined figures are shown."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from markdown_it import MarkdownIt
from reports_factory import PROHIBITED, make_report, render

from send_screen.published import Gap
from send_screen.reports import render_summary
from send_screen.reports._figures import Figure
from send_screen.reports._groups import QUESTIONS, Groups, verdict_words


def _text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html[html.index("<body>") :])).split())


def test_the_first_screen_answers_four_questions_in_words(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    first = _text("<body>" + html[html.index('aria-labelledby="h-short"') - 9 : html.index("</section>")])
    places = [
        first.index(words)
        for words in (
            "What it does It lists 10 of 100 children whom an adult should look at first",
            "For whom it works less well",
            "Girl: 62 of 100; of others, 46 (gap +16, +12 to +20): outside tolerance.",
            "How sure we are Of 100 children it lists, 38 (35 to 41)",
            "of 100 who did, it had listed 45 (42 to 47)",
            "2 “outside tolerance”",
            "What nobody should use it for",
            *PROHIBITED[1:],
            "A parent's or a teacher's concern always counts",
        )
    ]
    assert places == sorted(places)
    assert len(first.split()) < 280, "a screen, not a page"


def test_what_stands_beside_a_version_in_mlflow_is_the_first_screen(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    first = _text("<body>" + html[html.index("<dl") : html.index("</section>")])
    note = MarkdownIt("commonmark", {"html": True}).render(render_summary(make_report(published)))
    words = _text(f"<body>{note[note.index('<strong>What it does') :].replace('.</strong>', '</strong>')}")
    assert words.split(" All of it,")[0] == first


def test_a_title_cannot_become_markup_in_mlflow(published: dict[str, Any]) -> None:
    published["version"]["title"] = "<img src=x onerror=alert(1)> [a](javascript:b)"
    html = MarkdownIt("commonmark", {"html": True}).render(render_summary(make_report(published)))
    assert "<img" not in html
    assert "<a " not in html


def test_more_groups_than_fit_on_a_screen_are_counted(published: dict[str, Any]) -> None:
    named = [
        gap for gap in published["gaps"] if gap["metric"] == "false_negative_rate" and gap["against"] == "all others"
    ]
    for number, gap in enumerate(named[:5]):
        gap |= {"value": 0.1 + number / 100, "low": 0.05, "high": 0.2, "words": f"sentence {number}"}
    found = Groups(make_report(published | {"material_gaps": [gap["words"] for gap in named[:5]]})).worst()
    assert [words.split(":")[0] for words in found[:3]] == [gap["group"] for gap in named[4:1:-1]]
    assert found[3] == "And 2 groups more: see the tables."


def test_the_overview_counts_each_verdict_under_its_own_name(published: dict[str, Any]) -> None:
    table = render("report.html", published).split('id="t-overview"')[1].split("</table>")[0]
    heads = [" ".join(head.split()) for head in re.findall(r'<th scope="col">(.*?)</th>', table)]
    gaps = [gap for gap in published["gaps"] if gap["against"] == "all others"]
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", table, re.DOTALL)
    assert len(rows) == len(QUESTIONS)
    for (metric, question), (words, cells) in zip(QUESTIONS.items(), rows, strict=True):
        assert words.startswith(question)
        counted = dict(zip(heads[2:], re.findall(r"<td>(\d+)</td>", cells), strict=True))
        assert counted.pop("withheld") == "0"
        for verdict in ("outside tolerance", "within tolerance", "not enough evidence"):
            n = sum(gap["metric"] == metric and gap["verdict"] == verdict for gap in gaps)
            assert int(next(number for head, number in counted.items() if verdict in head)) == n


def test_nothing_named_is_not_called_fair(published: dict[str, Any]) -> None:
    text = _text(render("report.html", published | {"material_gaps": []}))
    assert "That is not proof of fairness" in text
    assert not re.search(r"\bis fair\b", text)


def test_where_verdicts_are_withheld_it_is_not_said_that_no_group_is_missed_more(published: dict[str, Any]) -> None:
    for gap in published["gaps"]:
        if gap["metric"] == "false_negative_rate":
            gap["verdict"] = "withheld to protect small groups"
    text = _text(render("report.html", published | {"material_gaps": []}))
    n = sum(gap["metric"] == "false_negative_rate" and gap["against"] == "all others" for gap in published["gaps"])
    assert f"of {n} groups nothing may be said, to protect small groups" in text
    assert "No group was shown" not in text


def test_the_version_stands_beside_the_rule_at_the_same_length(published: dict[str, Any]) -> None:
    for text in (_text(render("report.html", published)), _text(render("card.html", published))):
        assert "38 (35 to 41) 27 (24 to 29)" in text or "38 (between 35 and 41)" in text
    assert "+14 (+11 to +16)" in _text(render("report.html", published))
    assert "| 38 (35 to 41) | 27 (24 to 29) |" in render("card.md", published)


def test_a_figure_whose_difference_is_not_worked_out_is_not_called_withheld(published: dict[str, Any]) -> None:
    row = re.search(r'<tr><th scope="row">Calibration slope.*?</tr>', render("report.html", published), re.DOTALL)
    assert row is not None
    assert re.findall(r"<td>(.*?)</td>", row[0])[-1] == "not compared"


def test_a_suppressed_group_shows_its_reason_and_no_picture(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    row = re.search(r'<tr><th scope="row">Chinese</th>.*?</tr>', html)
    assert row is not None
    assert "fewer than 10 children" in row[0]
    assert "? not enough evidence" in row[0]
    assert "<svg" not in row[0]
    assert not re.search(r"\b(None|nan|null)\b", _text(html))


def test_a_gap_says_in_words_which_way_it_goes(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    for group, verdict in (("Girl", "▲ outside tolerance: missed more"), ("Boy", "▼ outside tolerance: missed less")):
        row = re.search(rf'<tr class="strong"><th scope="row">{group}</th>.*?</tr>', html)
        assert row is not None
        assert verdict in row[0]
        assert "up to 3" in row[0]


def test_an_open_verdict_says_how_many_children_would_settle_it(published: dict[str, Any]) -> None:
    row = re.search(r'<tr><th scope="row">Gypsy, Roma or Traveller</th>.*?</tr>', render("report.html", published))
    assert row is not None
    assert "? not enough evidence; about 2,400 such children would settle it" in row[0]


def test_a_withheld_verdict_is_counted_as_withheld_and_not_lost(published: dict[str, Any]) -> None:
    before = Groups(make_report(published)).summaries()[0]
    gap = next(g for g in published["gaps"] if g["group"] == "Chinese" and g["metric"] == "false_negative_rate")
    gap["verdict"] = "withheld to protect small groups"
    after = Groups(make_report(published)).summaries()[0]
    assert (after.n, after.suppressed, before.suppressed) == (before.n, 1, 0)
    assert "1 withheld, to protect small groups" in after.words


def test_each_question_has_its_verdicts_and_pairs_are_told_where_they_differ(published: dict[str, Any]) -> None:
    text = _text(render("card.html", published))
    groups = len({(row["attribute"], row["group"]) for row in published["groups"]})
    for question in (
        "Whose needs are missed?",
        "Who is listed without need?",
        "Does a score mean the same for everyone?",
    ):
        assert f"{question} Of {groups} groups, each against all others:" in text
    assert "none showed a difference" in _text(render("report.html", published))
    pair = next(gap for gap in published["gaps"] if gap["against"] not in ("all others", "Chinese"))
    pair |= {"value": 0.2, "low": 0.15, "high": 0.25, "verdict": "outside tolerance"}
    text = _text(render("report.html", published))
    assert f"{pair['group']}, beside {pair['against']} +20 (+15 to +25) ▲ outside tolerance: missed more" in text


def test_one_group_only_has_nothing_to_compare_with(published: dict[str, Any]) -> None:
    published["groups"] = [row for row in published["groups"] if row["group"] == "Girl"]
    published["gaps"] = []
    text = _text(render("report.html", published))
    assert "There is one group only" in text
    assert "not compared" in text


def test_every_group_has_its_row(published: dict[str, Any]) -> None:
    groups = {(row["attribute"], row["group"]) for row in published["groups"]}
    tables = Groups(make_report(published)).tables
    assert {(attribute, group) for attribute, rows in tables.items() for group in rows} == groups
    many = [
        row | {"group": f"group {i}", "group_words": f"group {i}"} for i in range(60) for row in published["groups"][:9]
    ]
    assert render("report.html", published | {"groups": many, "gaps": []}).count('<th scope="row">group ') == 240


def test_words_for_a_group_take_the_place_of_its_code(published: dict[str, Any]) -> None:
    rows = [row | {"group_words": "girls"} if row["group"] == "Girl" else row for row in published["groups"]]
    html = render("report.html", published | {"groups": rows})
    assert '<th scope="row">girls</th>' in html
    assert '<th scope="row">Girl</th>' not in html


def test_every_hash_seed_and_gate_is_there(published: dict[str, Any]) -> None:
    text = _text(render("report.html", published))
    version = published["version"]
    for value in (
        version["spec_sha256"],
        version["data_sha256"],
        version["tables_sha256"],
        *version["contracts"].values(),
    ):
        assert value in text
    for gate in version["gates"]:
        assert gate["gate"] in text
    assert "send-screen train models/reception_sen/spec.yaml --data PATH" in text


def test_a_gate_that_failed_or_could_not_be_measured_says_no(published: dict[str, Any]) -> None:
    published["version"]["gates"] = [{"gate": "roc auc", "required": "at least 0.7", "measured": None, "passed": False}]
    assert "roc auc at least 0.7 not recorded NO" in _text(render("report.html", published))


def test_a_calibration_bin_without_a_figure_is_a_row_but_not_a_dot(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    picture = re.search(r'<svg class="picture".*?</svg>', html[html.index('id="h-calibration"') :], re.DOTALL)
    assert picture is not None
    assert picture[0].count("<circle") == 7
    assert "<tr><td>66</td><td>fewer than 10 children</td>" in html


def test_the_card_lists_what_it_looks_at_and_never_looks_at(published: dict[str, Any]) -> None:
    html, markdown = render("card.html", published), render("card.md", published)
    for text in (_text(html), markdown):
        for words in (*published["version"]["never_looks_at"], *(shape["label"] for shape in published["shapes"])):
            assert words in text
    assert html.count('<svg class="picture"') == len(published["shapes"]) + 1, "and the synthetic child's steps"
    assert html.count('<svg class="map') == len(published["interactions"])


@pytest.mark.parametrize(("value", "percent", "rest"), [(0.384, "38", "62"), (0.0, "0", "100"), (1.0, "100", "0")])
def test_right_and_wrong_add_up_to_a_hundred(value: float, percent: str, rest: str) -> None:
    figure = Figure(value)
    assert (figure.share.value, figure.rest.value) == (percent, rest)


def test_nearly_none_is_not_none() -> None:
    assert (Figure(0.001).share.value, Figure(0.001).rest.value) == ("fewer than 1", "more than 99")


def test_a_shown_gap_that_is_not_settled_is_not_called_unknown(published: dict[str, Any]) -> None:
    gap = next(gap for gap in published["gaps"] if gap["group"] == "Girl" and gap["metric"] == "false_negative_rate")
    gap |= {"verdict": "not enough evidence", "low": 0.08, "required_n": 1_500}
    words = (
        "? missed more, not enough evidence to say by more than is tolerated; about 1,500 such children would settle it"
    )
    assert verdict_words(Gap.model_validate(gap)) == words
