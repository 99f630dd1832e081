"""Official forms, filled as far as a run can: the ATRS record, and a draft of an impact assessment.

Their questions are data (``data/*.yaml``). What only a person can answer has no value but who must answer it: a form
with open answers is not ready to be published.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from send_screen.reports._render import read_data, render_lines, render_markdown
from send_screen.reports._report_view import ReportView


@dataclass(frozen=True)
class Answer:
    """What the run knows, line by line, and who must answer what is still open; ``who`` is empty where nothing is."""

    known: tuple[str, ...]
    who: str
    question: str


def _answer(item: dict[str, Any], view: ReportView, **names: object) -> Answer:
    """Return the answer to one item of a form; open where the run has nothing to say."""

    def fill(key: str) -> tuple[str, ...]:
        source = item.get(key, "")
        return render_lines(source, view=view, version=view.version, owner=view.owner, **names)

    known, who = fill("known"), " ".join(fill("who"))
    if not known and not who:
        return Answer((), "the owner of the spec, which does not say", "This is not published.")
    return Answer(known, who, " ".join(fill("question")) if who else "")


def _atrs(view: ReportView) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the head of the record, and its sections with pairs of field and answer."""
    form = read_data("atrs.yaml")
    sections = [
        {**section, "fields": [(field, _answer(field, view)) for field in section["fields"]]}
        for section in form["sections"]
    ]
    head = {
        "standard": form["standard"],
        "standard_version": form["standard_version"],
        "version": view.version.id,
        "trained_on": view.version.trained_on,
        "open": sum(bool(answer.who) for section in sections for _, answer in section["fields"]),
    }
    return head, sections


def atrs_json(view: ReportView) -> str:
    """Render the ATRS v3.0 record as JSON.

    ``standard``, ``standard_version``, ``version``, ``trained_on``, ``open`` (how many answers) and ``fields``: each
    with the standard's ``reference``, ``attribute``, ``name``, ``tier``, ``category`` and ``required``, the ``value``
    (null where only a person can answer), ``to_be_answered_by`` and ``question`` (null where nothing is open).
    """
    record, sections = _atrs(view)
    record["fields"] = [
        {
            "reference": field["reference"],
            "attribute": re.sub("[ -]", "_", field["name"].lower()),
            "name": field["name"],
            "tier": section["tier"],
            "category": section["category"],
            "required": field.get("required", True),
            "value": "\n".join(answer.known) or None,
            "to_be_answered_by": answer.who or None,
            "question": answer.question or None,
        }
        for section in sections
        for field, answer in section["fields"]
    ]
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def atrs_markdown(view: ReportView) -> str:
    """Render the ATRS v3.0 record as Markdown, open answers marked and counted at the top."""
    record, sections = _atrs(view)
    return render_markdown("atrs.md.j2", view=view, version=view.version, record=record, sections=sections)


def impact_assessment(view: ReportView) -> str:
    """Render the draft of an impact assessment as Markdown, open answers marked and counted at the top."""
    form = read_data("impact_assessment.yaml")
    compared = view.groups.compared()
    of = {name: _of_characteristic(compared, words) for name, words in form["characteristics"].items()}
    known = {attribute for attributes in of.values() for attribute in attributes}
    groups = {"characteristics": of, "others": {name: [name] for name in compared if name not in known}}
    parts: dict[str, dict[str, list[tuple[str, Answer]]]] = {}
    for part, headings in form["parts"].items():
        parts[part] = {}
        for heading in headings:
            each = groups[heading["for_each"]] if "for_each" in heading else {"": []}
            items = heading["questions"] if each else heading["otherwise"]
            parts[part][heading["heading"]] = [
                (item["name"].replace("{{ each }}", name), _answer(item, view, each=name, attributes=attributes))
                for name, attributes in (each or {"": []}).items()
                for item in items
            ]
    n = sum(bool(answer.who) for part in parts.values() for answers in part.values() for _, answer in answers)
    return render_markdown("impact_assessment.md.j2", view=view, version=view.version, parts=parts, open=n)


def _of_characteristic(attributes: Iterable[str], words: list[str]) -> list[str]:
    """Return the attributes whose label has one of these words."""
    return [name for name in attributes if set(words) & set(name.casefold().replace("-", " ").split())]
