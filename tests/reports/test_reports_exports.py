"""The ATRS record and the impact assessment: no answer of a person's is made up, and every figure is published."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from reports_factory import make_published, render

GOLDEN = Path(__file__).parent / "golden"
MARKDOWN = ("atrs.md", "impact_assessment.md")
OPEN = "TO BE ANSWERED BY"
# What no run can know, whatever it publishes.
A_PERSON_S = {
    "0.1", "0.3", "0.8", "0.13", "0.14", "1.3", "2.1.4", "2.1.4.1", "2.1.4.2", "2.1.4.4", "2.2.4", "2.3.3", "2.3.5",
    "2.4.1.2", "2.4.3.7", "2.4.3.10",
}  # fmt: skip


@pytest.mark.parametrize("name", ["atrs.json", "atrs.md", "impact_assessment.md"])
def test_the_golden_files_are_what_their_recipe_makes(name: str) -> None:
    assert render(name) == (GOLDEN / name).read_text("utf-8")


def _fields(published: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {field["reference"]: field for field in json.loads(render("atrs.json", published))["fields"]}


def test_the_record_has_the_fields_of_the_standard_under_its_own_names() -> None:
    fields = _fields(make_published())
    record = json.loads(render("atrs.json", make_published()))
    assert (record["standard"], record["standard_version"]) == (
        "Algorithmic Transparency Recording Standard",
        "v3.0",
    )
    assert len(fields) == 65
    assert [number for number in fields if number.count(".") == 1] == [
        *(f"0.{i}" for i in range(1, 16)),
        *(f"1.{i}" for i in range(1, 5)),
    ]
    for number, attribute, tier in (
        ("1.2", "description", 1),
        ("2.1.3", "senior_responsible_owner", 2),
        ("2.1.4.5", "data_access_terms", 2),
        ("2.3.4", "human_decisions_and_review", 2),
        ("2.4.2.7", "model_performance", 2),
        ("2.4.3.6", "data_completeness_and_representativeness", 2),
        ("2.5.2", "risks_and_mitigations", 2),
    ):
        assert (fields[number]["attribute"], fields[number]["tier"]) == (attribute, tier)
    assert not fields["2.2.5"]["required"]
    assert fields["2.2.2"]["required"]


def test_what_only_a_person_can_say_is_null_with_who_must_say_it() -> None:
    for number in A_PERSON_S:
        field = _fields(make_published())[number]
        assert field["value"] is None, number
        assert field["to_be_answered_by"], number
        assert field["question"], number


def test_an_open_field_is_counted_and_marked_wherever_it_is_written() -> None:
    record = json.loads(render("atrs.json", make_published()))
    n = sum(field["to_be_answered_by"] is not None for field in record["fields"])
    assert record["open"] == n > len(A_PERSON_S)
    for markdown in (render("atrs.md", make_published()), render("impact_assessment.md", make_published())):
        marked = markdown.count(f"**{OPEN} ")
        assert f"{marked} answers are still open" in markdown.split("\n## ")[0]
    assert render("atrs.md", make_published()).count(f"**{OPEN} ") == n


def test_what_is_not_published_of_the_children_is_left_open_or_unsaid() -> None:
    published = make_published()
    published["cohort"] |= {"n": None, "n_outcome": None, "n_schools": None, "prevalence": None, "excluded": []}
    published |= {
        "performance": [],
        "differences": [],
        "groups": [],
        "gaps": [],
        "material_gaps": [],
        "attribution": [],
    }
    text = render("atrs.md", published) + render("impact_assessment.md", published)
    assert not re.search(r"\b(None|nan|null)\b", text)
    assert not re.search(r"\(n = |ROC AUC, out|\bchildren in \d|“outside tolerance”", text)
    field = _fields(published)["2.2.3"]
    assert field["to_be_answered_by"]
    assert "not published" in field["value"]


def test_every_published_figure_in_them_is_the_one_in_published_json() -> None:
    published = make_published()
    value = {(row["model"], row["metric"]): row for row in published["performance"]}

    def hundred(row: dict[str, Any]) -> tuple[str, str, str]:
        return tuple(f"{row[key] * 100 + 1e-9:.0f}" for key in ("value", "low", "high"))  # type: ignore[return-value]

    for text in (_fields(published)["2.4.2.7"]["value"], render("impact_assessment.md", published)):
        for model, marker in (("candidate", "This version: "), ("baseline", "as long a list: ")):
            for metric, question in (
                ("precision", r"Of 100 children it lists, (\S+) \(between (\S+) and (\S+)\) later"),
                ("recall", r"it had listed (\S+) \(between (\S+) and (\S+)\) and missed"),
                ("specificity", r"it had left off (\S+) \(between (\S+) and (\S+)\) and listed"),
            ):
                found = [match.groups() for match in re.finditer(marker + r"[^:]*?" + question, text)]
                assert found == [hundred(value[model, metric])], (model, metric)
        auc = value["candidate", "roc_auc"]
        assert f"(ROC AUC, out of school): {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f})" in text
        outside = sum(g["verdict"] == "outside tolerance" and g["against"] == "all others" for g in published["gaps"])
        assert sum(int(n) for n in re.findall(r"(\d+) “outside tolerance”", text)) == outside
        assert published["material_gaps"][0] in text.replace("\\", "")
    quantities = _fields(published)["2.4.3.4"]["value"]
    assert f"{published['cohort']['n']:,} children" in quantities
    assert f"{published['cohort']['n_outcome']:,} of them" in quantities
    aside = _fields(published)["2.4.3.9"]["value"]
    for row in published["cohort"]["excluded"]:
        assert (f"{row['n']:,} rows" if row["n"] is not None else "Fewer than 10 rows") in aside


@pytest.mark.parametrize("row", range(7))
def test_a_changed_figure_changes_both(row: int) -> None:
    """No figure is kept from somewhere else."""
    model, metric = [
        ("candidate", "precision"), ("candidate", "recall"), ("candidate", "specificity"),
        ("baseline", "precision"), ("baseline", "recall"), ("baseline", "specificity"),
        ("candidate", "roc_auc"),
    ][row]  # fmt: skip
    published, other = make_published(), copy.deepcopy(make_published())
    for each in other["performance"]:
        if (each["model"], each["metric"]) == (model, metric):
            each["value"] = 0.5
    assert _fields(published)["2.4.2.7"] != _fields(other)["2.4.2.7"]
    assert render("impact_assessment.md", published) != render("impact_assessment.md", other)


def test_each_protected_characteristic_stands_there_with_what_was_compared() -> None:
    text = render("impact_assessment.md", make_published())
    part = text.split("### The protected characteristics")[1].split("\n### ")[0]
    found = dict(re.findall(r"#### (.*?)\n\n(.*?)(?=\n\n####|\Z)", part, re.DOTALL))
    assert list(found) == [
        "Age", "Disability", "Gender reassignment", "Marriage and civil partnership", "Pregnancy and maternity", "Race",
        "Religion or belief", "Sex", "Sexual orientation",
    ]  # fmt: skip
    assert "Compared as: Ethnic group." in found["Race"]
    assert "Compared as: Sex; Sex × Free school meals." in found["Sex"]
    assert "it misses 62" in found["Sex"]
    assert "That is not proof that none is." in found["Race"]
    for characteristic in ("Disability", "Religion or belief"):
        assert "The run compared no group under that name." in found[characteristic]
    assert all(OPEN in answer for answer in found.values())
    assert "#### English as an additional language" in text


def test_a_research_comparison_is_not_said_to_leave_characteristics_out() -> None:
    published = make_published()
    said = "no column that a contract marks as a protected characteristic is a feature"
    assert said in render("atrs.md", published)
    published["version"]["research_comparison"] = "to see what sex would add"
    assert said not in render("atrs.md", published) + render("impact_assessment.md", published)


@pytest.mark.parametrize("name", MARKDOWN)
def test_synthetic_children_are_said_to_be_invented(name: str) -> None:
    published = make_published()
    assert "Invented children" in render(name, published)
    published["version"]["trained_on"] = "real"
    assert "Invented children" not in render(name, published)


@settings(max_examples=settings().max_examples // 4)
@given(text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=30) | st.just("<script>|# *x*\n\n## y"))
def test_no_text_of_a_version_becomes_markup(text: str) -> None:
    parser = MarkdownIt("commonmark", {"html": True})

    def headings(words: str) -> list[str]:
        published = make_published()
        version = published["version"]
        version |= {"title": words, "intended_use": words, "population": words, "prohibited_uses": [words]}
        version["owner"] = dict.fromkeys(version["owner"], words)
        markdown = [render(name, published) for name in MARKDOWN]
        assert not any(set("<>") & set(each) for each in markdown)
        return [token.tag for each in markdown for token in parser.parse(each) if token.type == "heading_open"]

    assert headings(text if text.strip() else "harmless") == headings("harmless")
