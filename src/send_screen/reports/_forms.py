"""Official forms, filled in from the published report: the ATRS record, and a draft of an impact assessment.

ATRS is the UK's Algorithmic Transparency Recording Standard. The questions are data (``data/*.yaml``). An answer that
only a person can give has no value, but says who must give it; a form with open answers must not be published.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from send_screen.documents import reword
from send_screen.reports._render import read_data, render_lines, render_markdown
from send_screen.reports._report_view import ReportView

Answer = dict[str, str | None]


def _answer(item: dict[str, Any], view: ReportView, **names: object) -> Answer:
    """Return the known answer, a statement per line, and the open question with who must answer it, if any."""

    def fill(key: str) -> str | None:
        source = item.get(key, "")
        return "\n".join(render_lines(source, view=view, version=view.version, owner=view.owner, **names)) or None

    value, who, question = fill("known"), fill("who"), fill("question")
    if value is None and who is None:
        who, question = "the owner of the spec, which does not say", "This is not published."
    return {"value": value, "to_be_answered_by": who, "question": question if who else None}


def _n_open(answers: Iterable[Mapping[str, Any]]) -> int:
    return sum(answer["to_be_answered_by"] is not None for answer in answers)


def _atrs(view: ReportView) -> dict[str, Any]:
    form = read_data("atrs.yaml")
    fields = []
    for category, items in form["sections"].items():
        for item in items:
            reference, name = item["field"].split(" ", 1)
            what = {
                "reference": reference,
                "attribute": re.sub("[ -]", "_", name.lower()),
                "name": name,
                "tier": int(reference[0]) or None,
                "category": category,
                "required": item.get("required", True),
            }
            fields.append({**what, **_answer(item, view)})
    return {
        "standard": form["standard"],
        "standard_version": form["standard_version"],
        "version": view.version.id,
        "trained_on": view.version.trained_on,
        "open": _n_open(fields),
        "fields": fields,
    }


def atrs_json(view: ReportView) -> str:
    """Render the ATRS v3.0 record as JSON.

    ``standard``, ``standard_version``, ``version``, ``trained_on``, ``open`` (how many answers) and ``fields``: each
    with the standard's ``reference``, ``attribute``, ``name``, ``tier``, ``category`` and ``required``, the ``value``
    (null where only a person can answer), ``to_be_answered_by`` and ``question`` (null where nothing is open).
    """
    record = json.dumps(_atrs(view), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return reword(record, view.children)


def atrs_markdown(view: ReportView) -> str:
    """Render the ATRS v3.0 record as Markdown, with open answers marked and counted at the top."""
    return render_markdown("atrs.md.j2", children=view.children, view=view, record=_atrs(view))


def impact_assessment(view: ReportView) -> str:
    """Render the draft of an impact assessment as Markdown, open answers marked and counted at the top."""
    form = read_data("impact_assessment.yaml")
    compared = view.groups.compared()
    of = {name: _of_characteristic(compared, words) for name, words in form["characteristics"].items()}
    known = {attribute for attributes in of.values() for attribute in attributes}
    groups = {"characteristics": of, "others": {name: [name] for name in compared if name not in known}}

    def answers(item: dict[str, Any]) -> list[tuple[str, Answer]]:
        if groups.get(item.get("without", "")):
            return []
        asked = groups[item["for_each"]] if "for_each" in item else {item["name"]: []}
        return [(name, _answer(item, view, each=name, attributes=attributes)) for name, attributes in asked.items()]

    parts = {
        part: {heading: [each for item in items for each in answers(item)] for heading, items in headings.items()}
        for part, headings in form["parts"].items()
    }
    n = _n_open(answer for headings in parts.values() for each in headings.values() for _, answer in each)
    return render_markdown("impact_assessment.md.j2", children=view.children, view=view, parts=parts, open=n)


def _of_characteristic(attributes: Iterable[str], words: list[str]) -> list[str]:
    """Return the attributes whose label has one of these words."""
    return [name for name in attributes if set(words) & set(name.casefold().replace("-", " ").split())]
