"""The SENCO's page: nobody lost, the children who could not be screened first."""

from __future__ import annotations

import dataclasses
import re

import pytest
from reports_factory import OUTCOME, make_published, make_report, make_result

from send_screen.reports import render_screening
from send_screen.screening import DECISION_COLUMNS, Decision, FeatureValue, Reason, ScreenedChild, ScreeningResult


def _text(html: str) -> str:
    body = html[html.index("<body>") : html.index("<script>")]
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_the_first_line_counts_who_is_to_be_talked_about_with_links(result: ScreeningResult) -> None:
    excluded = tuple(
        dataclasses.replace(child, counted_as="already on the register") if child.kind == "not_eligible" else child
        for child in result.excluded
    )
    html = render_screening(dataclasses.replace(result, excluded=excluded))
    assert (
        "30 to discuss, 6 to look at by hand, 10 just below the line, 3 already on the register, 3 outside the "
        "population." in _text(html).replace(" ,", ",").replace(" .", ".")
    )
    line = html[html.index('<p class="tally">') : html.index('<p class="soft run">')]
    for target in re.findall('href="#([^"]+)"', line):
        assert html.count(f'id="{target}"') == 1
    few = make_result(listed=1, margin=0, excluded=0, manual_review_by_group=())
    assert "Children to talk about first 1 to discuss . 8 September" in _text(render_screening(few))


def test_children_who_could_not_be_screened_are_never_overlooked(result: ScreeningResult) -> None:
    html = render_screening(result)
    parts = ("h-list", "h-by-hand", "h-margin", "h-not-asked", "h-cards", "h-sure", "h-groups")
    order = [html.index(part) for part in ('href="#h-by-hand"', *(f'id="{part}"' for part in parts))]
    assert order == sorted(order)
    manual_review = html[html.index('id="h-by-hand"') : html.index('id="h-margin"')]
    for child in result.excluded:
        assert (child.name.replace("'", "&#39;") in manual_review) == (child.kind == "manual_review")


def test_children_not_asked_about_are_counted_not_named(result: ScreeningResult) -> None:
    text = _text(render_screening(result))
    assert "3 children, not to be asked about: Already on SEN support." in text
    assert "3 children, outside the population: Not in reception." in text


def test_those_set_aside_are_counted_by_group_or_it_says_why_not(result: ScreeningResult) -> None:
    text = _text(render_screening(result))
    assert "Ethnic group: White 12 214" in text
    text = _text(render_screening(dataclasses.replace(result, manual_review_by_group=())))
    assert "There are too few to count by group" in text
    nobody = make_result(excluded=0, manual_review_by_group=())
    assert "by group" not in _text(render_screening(nobody))


def test_every_child_to_decide_about_has_a_row_a_card_and_fields_once(result: ScreeningResult) -> None:
    result = dataclasses.replace(result, review_sample=result.margin[-1:])
    html = render_screening(result)
    by_hand = [child for child in result.excluded if child.kind == "manual_review"]
    children = [*result.listed, *by_hand, *result.margin]
    assert html.count('<article class="person"') == html.count('<fieldset class="decided"') == len(children)
    assert html.count('<td class="decide">') == len(children) + len(result.review_sample)
    for child in result.listed:
        name = (child.name or child.child_id).replace("'", "&#39;")
        assert f"{child.rank}. {name}</h3>" in html
    for child in result.margin:
        assert f'<td class="place">{child.rank}</td>' in html
    linked = set(re.findall(r'href="#((?:card|decide)-\d+)"', html))
    assert linked == {f"{what}-{number}" for what in ("card", "decide") for number in range(1, len(children) + 1)}
    assert linked <= set(re.findall(r' id="([^"]+)"', html))


def test_what_was_decided_is_typed_in_the_columns_of_the_workbook(result: ScreeningResult) -> None:
    html = render_screening(result)
    fields = html[html.index('<fieldset class="decided"') : html.index("</fieldset>", html.index('id="decide-1"'))]
    assert re.findall(r'name="([^"]+)"', fields.replace("data-name", "")) == [one.name for one in DECISION_COLUMNS]
    assert re.findall(r"<span>([^<]+)</span>", fields) == [one.heading for one in DECISION_COLUMNS]
    assert re.findall(r"<option>([^<]+)</option>", fields) == [decision.label for decision in Decision]
    first = result.listed[0]
    assert f'data-kind="listed" data-identifier="{first.child_id}" data-row="{first.row}"' in fields
    assert f'data-run="{result.run_id}"' in html


def test_a_card_says_all_that_was_known_with_the_sum_of_a_family(result: ScreeningResult) -> None:
    first = result.listed[0]
    values = (
        FeatureValue("E02", "Speaking", "emerging", 0.31, "education", "goals"),
        FeatureValue("E10", "Writing", "emerging", 0.111, "education", "goals"),
        FeatureValue("E11", "Number", "expected", -0.2, "education", "goals"),
        FeatureValue("absence", "Share of sessions missed", "11 %", 0.02, "education", ""),
    )
    reason = Reason(("E02", "E10"), "2 of 3 goals emerging", 0.421, "education")
    child = dataclasses.replace(first, values=values, reasons_for=(reason,), n_same_score=81)
    text = _text(render_screening(dataclasses.replace(result, listed=(child, *result.listed[1:]))))
    card = text[text.index(f"1. {first.name}") : text.index(f"2. {result.listed[1].name}")]
    assert "+0.4 2 of 3 goals emerging, together (education)" in card
    assert "Goals emerging: 2 Speaking (+0.31); Writing (+0.11). Together +0.42 points" in card
    assert "Goals expected: 1 Number (−0.20)" in card
    assert "Share of sessions missed 11 % (+0.02)" in card
    assert "Same score as 81 others." in card
    hidden = dataclasses.replace(child, percent=None, score=None)
    only = make_result(listed=0, margin=0, excluded=0)
    assert "Writing (+" not in _text(render_screening(dataclasses.replace(only, listed=(hidden,))))


def test_children_with_the_same_main_reasons_are_told_apart(result: ScreeningResult) -> None:
    first, second, *rest = result.listed
    reason = Reason(("E01", "E02", "E03", "E04"), "4 of 17 goals emerging", 0.9, "education")

    def child(one: ScreenedChild, missed: str) -> ScreenedChild:
        values = (
            FeatureValue("E01", "Speaking", "emerging", 0.4, "education", "goals"),
            FeatureValue("age", "Age", "5 years 1 month", 0.01, "education", ""),
            FeatureValue("absence", "Sessions missed", missed, 0.04, "education", ""),
        )
        return dataclasses.replace(one, reasons_for=(reason,), values=values)

    listed = child(first, "8.4 %"), child(second, "9 %"), *rest
    text = _text(render_screening(dataclasses.replace(result, listed=listed)))
    assert "4 of 17 goals emerging. Also known: Sessions missed: 8.4 %; Age: 5 years 1 month. Write" in text
    assert "Also known: Sessions missed: 9 %; Age: 5 years 1 month." in text
    text = _text(render_screening(dataclasses.replace(result, listed=(listed[0], second, *rest))))
    assert "Also known" not in text


def test_equal_scores_at_the_line_are_said(result: ScreeningResult) -> None:
    *listed, last = result.listed
    next_one, *margin = result.margin
    tied = (
        dataclasses.replace(last, score=0.7, n_same_score=81),
        dataclasses.replace(next_one, score=0.7, n_same_score=81),
    )
    result = dataclasses.replace(result, listed=(*listed, tied[0]), margin=(tied[1], *margin))
    text = _text(render_screening(result))
    assert (
        "82 children have the score of the last on the list, and 1 has a place. An arbitrary order decided which."
        in text
    )
    assert text.count("Same score as 81 others.") == 2 * 2, "in the rows and on the cards"


def test_what_is_known_is_dated_by_the_file_not_by_the_training(result: ScreeningResult) -> None:
    assert "Children as known on 31 July 2025" in _text(render_screening(result))
    two = dataclasses.replace(result, as_of=("2024-07-31", "2025-07-31"))
    assert "Children as known on 31 July 2024 to 31 July 2025" in _text(render_screening(two))


def test_a_card_says_how_many_of_100_why_and_what_speaks_against(result: ScreeningResult) -> None:
    text = _text(render_screening(result))
    first = result.listed[0]
    card = text[text.index(f"1. {first.name}") : text.index(f"2. {result.listed[1].name}")]
    assert (
        f"The model expects that of 100 children with such a score, {first.percent} later {OUTCOME}, and "
        f"{100 - first.percent} did not." in card
    )
    for reason in (*first.reasons_for, *first.reasons_against):
        assert f"{abs(reason.contribution):.1f} {reason.text} ({reason.agency})" in card
    assert "What we decided" in card
    assert "Invented children. A prompt to look, not a diagnosis." in card


@pytest.mark.parametrize("percent", [0, 1, 50, 100])
def test_the_squares_are_as_many_as_the_words_say(percent: int) -> None:
    result = make_result(listed=1, margin=0)
    html = render_screening(
        dataclasses.replace(result, listed=(dataclasses.replace(result.listed[0], percent=percent),))
    )
    filled, hollow = re.findall(r'<path class="(?:ink|hollow)" d="([^"]*)"/>', html)[:2]
    assert (filled.count("M"), hollow.count("M")) == (percent, 100 - percent)


def test_rows_in_are_rows_out(result: ScreeningResult) -> None:
    assert "312 = 300 screened + 12 set aside" in _text(render_screening(result))


def test_real_children_before_a_synthetic_version_are_research_only(result: ScreeningResult) -> None:
    banner = "RESEARCH ONLY: this model learnt from invented children."
    html = render_screening(dataclasses.replace(result, banners=(banner,)))
    assert html.index(banner) < html.index('id="h-list"')
    assert '<aside class="watermark" aria-label="Watermark">Research only</aside>' in html
    assert "Invented children" not in html


def test_a_forgotten_banner_does_not_make_a_list_look_real(result: ScreeningResult) -> None:
    html = render_screening(dataclasses.replace(result, banners=()))
    assert '<aside class="watermark" aria-label="Watermark">Research only</aside>' in html


@pytest.mark.parametrize(
    ("clusters", "others"), [({"singular": "course", "plural": "courses"}, "courses"), (None, "children")]
)
def test_a_list_speaks_of_other_schools_only_where_there_are_schools(
    result: ScreeningResult, clusters: dict[str, str] | None, others: str
) -> None:
    published = make_published()
    published["version"]["clusters"] = clusters
    listed = [dataclasses.replace(one, percent_interval=(3, 90), selections_of_10=7) for one in result.listed]
    result = dataclasses.replace(result, published=make_report(published), listed=tuple(listed), per_school=True)
    page = _text(render_screening(result))
    for words in (
        "each learnt from other {}, would list",
        "models learnt from other {} would",
        "Had it learnt from other {},",
    ):
        assert words.format(others) in page
    assert "other schools" not in page
    assert f"in each {'course' if clusters else 'school'}" in page


def test_a_version_trained_on_real_children_has_no_watermark(result: ScreeningResult) -> None:
    published = make_published()
    published["version"]["trained_on"] = "real"
    real = dataclasses.replace(result, published=make_report(published), banners=())
    html = render_screening(real)
    assert '<aside class="watermark"' not in html
    assert "@top-center" not in html


def test_an_empty_run_is_a_page(result: ScreeningResult) -> None:
    nobody = make_result(listed=0, margin=0, excluded=0, manual_review_by_group=(), banners=(), notes=())
    text = _text(render_screening(nobody))
    assert "No child is listed." in text
    assert "could be screened" in text


def test_the_school_is_shown_where_there_are_several(result: ScreeningResult) -> None:
    assert "Robins, Invented Primary School" not in _text(render_screening(result))
    elsewhere = dataclasses.replace(result.listed[0], school="Another Invented School")
    text = _text(render_screening(dataclasses.replace(result, listed=(elsewhere, *result.listed[1:]))))
    assert "Robins, Another Invented School" in text


def test_the_page_says_how_often_it_is_right_and_for_whom_less(result: ScreeningResult) -> None:
    text = _text(render_screening(result))
    assert "38 (35 to 41) 27 (24 to 29)" in text
    assert "Who is missed? Missed more: Girl (62 of 100; of others 46)." in text
    assert "Who is listed without the outcome? Nobody was shown" in text
    assert "early.years@invented.example" in text


def test_a_name_cannot_turn_the_direction_of_writing(result: ScreeningResult) -> None:
    first, *others = result.listed
    turned = dataclasses.replace(first, name="Ann \u202egnik")
    html = render_screening(dataclasses.replace(result, listed=(turned, *others)))
    assert "\u202e" not in html
    assert f"{first.rank}. Ann \ufffdgnik</h3>" in html
