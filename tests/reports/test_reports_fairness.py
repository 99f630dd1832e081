"""The auditor's page and the card: what is said about groups, and how undefined figures are shown."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from typing import Any

import numpy as np
import pandas as pd
import pytest
from markdown_it import MarkdownIt
from reports_factory import PROHIBITED, make_report, render

from send_screen import evaluate
from send_screen.published import Gap
from send_screen.reports import headlines, render_summary
from send_screen.reports._curves import decision_points
from send_screen.reports._figures import Estimate
from send_screen.reports._groups import QUESTIONS, Groups, describe_verdict, plain_verdict


def _text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html[html.index("<body>") :])).split())


def test_the_first_screen_answers_four_questions_in_a_sentence_or_two_each(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    first = _text("<body>" + html[html.index("<dl") : html.index("</dl>")])
    places = [
        first.index(words)
        for words in (
            "What it does It lists 10 of 100 children whom an adult should look at first",
            "Who is missed? Missed more: Girl (62 of 100; of others 46). That is outside the tolerance of 10.",
            "Who is listed without the outcome? Nobody was shown to be listed more",
            "by 5 of 100 or more (22 groups: 20 “within tolerance”, 2 “not enough evidence”)",
            "Does a score mean the same for everyone? Nobody was shown to be scored too low or too high by 5",
            "How sure we are Of 100 children it lists, 38 (35 to 41)",
            "of 100 who did, it had listed 45 (42 to 47)",
            "What nobody should use it for",
            PROHIBITED[1],
            "A parent's or a teacher's concern always counts",
        )
    ]
    assert places == sorted(places)
    assert len(first.split()) < 220, "sentences, not a page"
    assert all(use.casefold() in _text(html).casefold() for use in PROHIBITED), "the others are named below"


def test_the_picture_has_every_group_worst_first_and_says_each_verdict_in_words(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    picture = html[html.index('<table class="gaps"') : html.index("</table>")]
    lines = re.findall(r'<tr data-description="([^"]*)"><th scope="row">([^<]*)</th>(.*?)</tr>', picture)
    used = Counter(group for _, group in {(row["attribute"], row["group"]) for row in published["groups"]})
    gaps = {
        f"{gap['attribute']}: {gap['group']}" if used[gap["group"]] > 1 else gap["group"]: gap
        for gap in published["gaps"]
        if gap["against"] == "all others" and gap["metric"] == "false_negative_rate"
    }
    drawn = [name for _, name, _ in lines]
    known = [name for name, gap in gaps.items() if gap["low"] is not None]
    assert sorted(drawn) == sorted(known)
    assert drawn[0] == "Girl"
    assert drawn[-1] == "Boy", "missed less stands last"
    for words, name, cells in lines:
        assert gaps[name]["verdict"] in cells
        assert unescape(words) == gaps[name]["description"]
    rest = _text("<body>" + html[html.index("</table>") : html.index('class="curves"')])
    assert all(name in rest for name in gaps.keys() - set(known)), "nobody is left out"


def test_a_group_that_is_published_combined_is_drawn_under_its_own_name(published: dict[str, Any]) -> None:
    gap = next(g for g in published["gaps"] if g["group"] == "Chinese" and g["metric"] == "false_negative_rate")
    group = "Asian and other small groups, combined"
    rows = [
        row | {"group": group, "group_description": group} for row in published["groups"] if row["group"] == "Chinese"
    ]
    more = gap | {
        "group": group,
        "value": 0.3,
        "low": 0.2,
        "high": 0.4,
        "verdict": "outside tolerance",
        "description": "So.",
    }
    published |= {"groups": [*published["groups"], *rows], "gaps": [*published["gaps"], more]}
    html = render("report.html", published)
    picture = html[html.index('<table class="gaps"') : html.index("</table>")]
    assert re.findall(r'<th scope="row">([^<]*)</th>', picture)[0] == group


def test_a_bin_that_is_off_is_named_beside_a_slope_that_is_right(published: dict[str, Any]) -> None:
    assert "of the 7 bins the interval" not in _text(render("report.html", published)).replace("each of", "")
    fifth = published["calibration"][4]
    fifth |= {"predicted_percent": 12.2, "observed_percent": 16.9, "low": 14.9, "high": 19.1}
    text = _text(render("report.html", published))
    assert "The slope over all scores is" in text
    assert "in 1 of 7 bins what happened is not what the scores said, most where they said 12 of 100" in text
    assert "it happened to 17 (15 to 19)" in text


def test_it_is_said_how_figures_were_measured_and_what_pooling_would_give(published: dict[str, Any]) -> None:
    row = next(r for r in published["performance"] if (r["model"], r["metric"]) == ("candidate", "average_precision"))
    pooled = row | {"metric": "average_precision_pooled", "value": 0.377, "low": 0.3, "high": 0.45}
    text = _text(render("report.html", published | {"performance": [*published["performance"], pooled]}))
    assert "scored by a model that had learned from the others" in text
    assert "ROC AUC and average precision are means over the parts" in text
    assert "0.377 (0.300 to 0.450)" in text


def test_net_benefit_is_said_where_it_was_shown_and_its_curves_add_up(published: dict[str, Any]) -> None:
    text = _text(render("report.html", published))
    assert "Of 6 thresholds, from 5 to 30 of 100, it was shown better" in text
    points = decision_points(make_report(published))
    for point, row in zip(points, published["net_benefit"], strict=False):
        assert point.net_benefit == pytest.approx(100 * row["value"])
        others = [r for r in published["net_benefit"] if r["threshold_probability"] == row["threshold_probability"]]
        assert point.treat_all == pytest.approx(100 * (row["value"] - others[1]["value"]))
        assert point.baseline == pytest.approx(100 * (row["value"] - others[2]["value"]))
        assert point.is_best == all(r["low"] > 0 for r in others)
    assert len(points) == 6, "a withheld threshold is not drawn"
    withheld = [row | {"value": None, "low": None, "high": None} for row in published["net_benefit"]]
    assert "Net benefit, of 100</figcaption>" not in render("report.html", published | {"net_benefit": withheld})


def test_a_table_is_folded_away_where_nothing_was_found(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    opened = re.findall(r"<details open>\s*<summary>(.*?)</summary>", html)
    folded = re.findall(r"<details>\s*<summary>(.*?)</summary>", html)
    assert any(words.startswith("Sex: worse for Girl") for words in opened)
    assert any(words.startswith("Birth season: ") for words in folded)
    assert not [words for words in opened if "worse for" not in words and "outside tolerance" not in words]
    assert html.count("<details") == len(opened) + len(folded)


def test_the_contents_lead_to_every_part(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    listed = re.findall(r'<li><a href="#([^"]+)">', html)
    assert listed == [name for name in re.findall(r'<h2 id="([^"]+)"', html) if name != "h-short"]


def test_what_stands_beside_a_version_in_mlflow_is_the_first_screen(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    first = _text("<body>" + html[html.index("<dl") : html.index("</dl>")])
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
        gap |= {"value": 0.1 + number / 100, "low": 0.05, "high": 0.2, "description": f"sentence {number}"}
    report = make_report(published | {"material_gaps": [gap["description"] for gap in named[:5]]})
    found = Groups(report).summaries()[0].headline
    assert [found.index(gap["group"]) for gap in named[4:1:-1]] == sorted(found.index(g["group"]) for g in named[2:5])
    assert "So are 2 groups more. Shown to be outside the tolerance of 10: Boy and Girl." in found


def _gap(published: dict[str, Any], metric: str, group: str) -> dict[str, Any]:
    return next(
        gap
        for gap in published["gaps"]
        if (gap["metric"], gap["group"], gap["against"]) == (metric, group, "all others")
    )


def test_a_group_outside_tolerance_in_any_question_is_in_the_headline(published: dict[str, Any]) -> None:
    low, high = (_gap(published, "calibration_in_the_large", group) for group in ("Boy", "Girl"))
    low |= {"value": 0.07, "low": 0.055, "high": 0.09, "verdict": "outside tolerance", "description": "boys too low"}
    high |= {
        "value": -0.07,
        "low": -0.09,
        "high": -0.055,
        "verdict": "outside tolerance",
        "description": "girls too high",
    }
    named = [*published["material_gaps"], "boys too low", "girls too high"]
    found = headlines(make_report(published | {"material_gaps": named}))[2]
    assert found.startswith(
        "Does a score mean the same for everyone? Scored too low: Boy (by 7 of 100, beside others)."
    )
    assert "Scored too high: Girl (by 7 of 100, beside others). That is outside the tolerance of 5." in found
    assert "Missed less all the same, as all share one list: Boy." in found


def test_of_no_groups_nothing_is_said(published: dict[str, Any]) -> None:
    nothing = make_report(published | {"gaps": [], "groups": [], "material_gaps": []})
    said = " ".join(headlines(nothing))
    assert said.startswith("For whom it works less well No groups were compared.")
    assert "Nobody was shown" not in said


def test_the_overview_counts_each_verdict_under_its_own_name(published: dict[str, Any]) -> None:
    table = render("report.html", published).split('id="t-overview"')[1].split("</table>")[0]
    heads = [" ".join(head.split()) for head in re.findall(r'<th scope="col">(.*?)</th>', table)]
    gaps = [gap for gap in published["gaps"] if gap["against"] == "all others"]
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", table, re.DOTALL)
    assert len(rows) == len(QUESTIONS)
    for (metric, question), (words, cells) in zip(QUESTIONS.items(), rows, strict=True):
        assert words.startswith(question)
        counted = dict(zip(heads[2:], re.findall(r"<td>(\d+)</td>", cells), strict=True))
        assert counted.pop("verdict withheld") == "0"
        for verdict in ("outside tolerance", "within tolerance", "inconclusive"):
            n = sum(gap["metric"] == metric and gap["verdict"] == verdict for gap in gaps)
            assert int(next(number for head, number in counted.items() if plain_verdict(verdict) in head)) == n


def test_nothing_named_is_not_called_fair(published: dict[str, Any]) -> None:
    text = _text(render("report.html", published | {"material_gaps": []}))
    assert "That nobody is named is not proof of fairness." in text
    assert not re.search(r"\bis fair\b", text)


def test_where_verdicts_are_withheld_it_is_not_said_that_no_group_is_missed_more(published: dict[str, Any]) -> None:
    for gap in published["gaps"]:
        if gap["metric"] == "false_negative_rate":
            gap["verdict"] = "withheld to protect small groups"
    text = _text(render("report.html", published | {"material_gaps": []}))
    n = sum(gap["metric"] == "false_negative_rate" and gap["against"] == "all others" for gap in published["gaps"])
    assert f"Who is missed? Nothing may be said of {n} groups, to protect small groups." in text
    assert "shown to be missed more by" not in text


def test_the_version_stands_beside_the_rule_at_the_same_length(published: dict[str, Any]) -> None:
    for text in (_text(render("report.html", published)), _text(render("card.html", published))):
        assert "38 (35 to 41) 27 (24 to 29)" in text or "38 (between 35 and 41)" in text
    assert "+14 (+11 to +16)" in _text(render("report.html", published))
    assert "| 38 (35 to 41) | 27 (24 to 29) |" in render("card.md", published)


def test_a_figure_whose_difference_is_not_worked_out_is_not_called_withheld(published: dict[str, Any]) -> None:
    row = re.search(r'<tr><th scope="row">Calibration slope.*?</tr>', render("report.html", published), re.DOTALL)
    assert row is not None
    assert re.findall(r"<td>(.*?)</td>", row[0])[-1] == "not compared"


def test_a_suppressed_group_is_named_with_its_reason_and_has_no_picture(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    assert html.count("Fewer than 10 children: Chinese.") >= 3, "in the picture's words, and under each question"
    assert '<th scope="row">Chinese</th>' not in html
    assert not re.search(r"\b(None|nan|null)\b", _text(html[: html.index("<script>")]))


def test_a_gap_says_in_words_which_way_it_goes(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    for group, verdict in (("Girl", "▲ outside tolerance: missed more"), ("Boy", "▼ outside tolerance: missed less")):
        row = re.search(rf'<tr class="strong"><th scope="row">{group}</th>.*?</tr>', html, re.DOTALL)
        assert row is not None
        assert verdict in row[0]
        assert "up to 3" in row[0]


def test_an_open_verdict_says_how_many_children_would_settle_it(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    missed = html[html.index('id="h-missed"') : html.index('id="h-flagged"')]
    row = re.search(r'<tr><th scope="row">Gypsy, Roma or Traveller</th>.*?</tr>', missed, re.DOTALL)
    assert row is not None
    assert "<td>○ not enough evidence</td>" in row[0]
    assert _text(f"<body>{row[0]}").endswith("2,400 in 310")


def test_a_withheld_verdict_is_counted_as_withheld_and_not_lost(published: dict[str, Any]) -> None:
    before = Groups(make_report(published)).summaries()[0]
    gap = next(g for g in published["gaps"] if g["group"] == "Chinese" and g["metric"] == "false_negative_rate")
    gap["verdict"] = "withheld to protect small groups"
    after = Groups(make_report(published)).summaries()[0]
    assert (after.n, after.suppressed, before.suppressed) == (before.n, 1, 0)
    assert "1 withheld, to protect small groups" in after.description


def test_each_question_has_its_verdicts_and_pairs_are_told_where_they_differ(published: dict[str, Any]) -> None:
    text = _text(render("card.html", published))
    groups = len({(row["attribute"], row["group"]) for row in published["groups"]})
    for question in (
        "Who is missed?",
        "Who is listed without the outcome?",
        "Does a score mean the same for everyone?",
    ):
        assert question in text
    assert f"({groups} groups: " in text
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
        row | {"group": f"group {i}", "group_description": f"group {i}"}
        for i in range(60)
        for row in published["groups"][:9]
    ]
    html = render("report.html", published | {"groups": many, "gaps": []})
    for start, end in (("h-missed", "h-flagged"), ("h-flagged", "h-source"), ("h-calibration", "h-measured")):
        part = html[html.index(f'<h2 id="{start}"') : html.index(f'<h2 id="{end}"')]
        assert {f"group {i}" for i in range(60)} <= set(re.findall(r"group \d+", part))


def test_words_for_a_group_take_the_place_of_its_code(published: dict[str, Any]) -> None:
    rows = [row | {"group_description": "girls"} if row["group"] == "Girl" else row for row in published["groups"]]
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
    published["version"]["gates"] = [
        {"gate": "roc auc", "required": "at least 0.7", "measured": None, "passed": False, "reason": "not measured"}
    ]
    assert "roc auc at least 0.7 not measured NO" in _text(render("report.html", published))


def test_a_calibration_bin_without_a_figure_is_a_row_but_not_a_dot(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    picture = re.search(r'<svg class="picture".*?</svg>', html[html.index("mean what it says?") :], re.DOTALL)
    assert picture is not None
    assert picture[0].count('class="mark"') == 7
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
    figure = Estimate(value)
    assert (figure.share.value, figure.rest.value) == (percent, rest)


def test_nearly_none_is_not_none() -> None:
    assert (Estimate(0.001).share.value, Estimate(0.001).rest.value) == ("fewer than 1", "more than 99")


def test_a_shown_gap_that_is_not_settled_is_not_called_unknown(published: dict[str, Any]) -> None:
    gap = next(gap for gap in published["gaps"] if gap["group"] == "Girl" and gap["metric"] == "false_negative_rate")
    gap |= {"verdict": "inconclusive", "low": 0.08, "required_n": 1_500}
    assert describe_verdict(Gap.model_validate(gap)) == "△ not enough evidence: missed more"


def test_no_number_of_the_scale_of_gaps_is_cut(published: dict[str, Any]) -> None:
    html = render("report.html", published)
    head = re.search(r'<svg class="gap" viewBox="0 0 (\d+) 22".*?</svg>', html, re.DOTALL)
    assert head is not None
    places = [float(x) for x in re.findall(r'<text x="([^"]+)"', head[0])]
    assert places
    assert all(18 <= x <= int(head[1]) - 18 for x in places)


@pytest.mark.parametrize("known", [[], ["girls"]])
def test_an_attribute_of_which_fewer_than_two_groups_are_known_compares_nobody(known: list[str]) -> None:
    rng = np.random.default_rng(0)
    n = 600
    scores = rng.normal(size=n)
    outcome = (rng.random(n) < 1 / (1 + np.exp(-scores))).astype(int)
    sex = rng.choice([*known, "not recorded"], n)
    found = evaluate(
        outcome, scores, sensitive_features=pd.DataFrame({"sex": sex, "meals": rng.choice(["yes", "no"], n)})
    )
    said = headlines(found.published)
    assert said[0].startswith("Who is not compared? Nobody by sex")
    assert not any("sex" in sentence for sentence in said[1:])
    assert all("3 groups" not in sentence for sentence in said), "only the two groups of meals are compared"
