"""Draft ``mapping.yaml``: the open questions on a file, and what was answered before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from send_screen.cohorts._column_mapping import ColumnMapping
from send_screen.cohorts._inspect import Question
from send_screen.contracts import Column

_INTRODUCTION = """\
# How send_screen is to read your files. Write what is asked after each colon, save, and run the command again.
# This file is read whenever it lies beside the files. Leave nothing to a guess: ask whoever exported them.
format: send_screen.mapping/1
"""


def draft_mapping(questions: Iterable[Question], answered: ColumnMapping) -> str:
    """Return the text of a mapping with earlier answers kept and each open question as a blank to fill in."""
    by_kind: dict[str, list[Question]] = {}
    for question in questions:
        by_kind.setdefault(question.kind, []).append(question)
    lines = [
        *_year(answered, asked="academic_year" in by_kind),
        *_columns(by_kind.get("column", []), answered),
        *_codes(by_kind.get("codes", []), answered),
        *_blanks(by_kind.get("blank", []), answered),
    ]
    return _INTRODUCTION + "\n".join([*lines, ""])


def _year(answered: ColumnMapping, *, asked: bool) -> Iterator[str]:
    if answered.academic_year or asked:
        yield '\n# The academic year of files that do not say it, as "2025/26".'
        yield f"academic_year: {_quoted(answered.academic_year)}".rstrip()


def _columns(questions: list[Question], answered: ColumnMapping) -> Iterator[str]:
    given = {name: header for name, header in answered.columns.items() if header}
    open_questions = [question for question in questions if question.columns[0].name not in given]
    if not given and not open_questions:
        return
    yield "\n# The header of each column in your file."
    if open_questions:
        yield f"# Headers not used so far: {', '.join(map(_quoted, open_questions[0].choices)) or 'none'}."
    yield "columns:"
    yield from (f"  {_quoted(name)}: {_quoted(header)}" for name, header in given.items())
    for question in open_questions:
        column = question.columns[0]
        yield f"  # {_one_line(column)}"
        yield f"  {column.name}:"


def _codes(questions: list[Question], answered: ColumnMapping) -> Iterator[str]:
    groups = [(group.columns, dict(group.codes), "") for group in answered.codes]
    for question in questions:
        names = tuple(column.name for column in question.columns)
        known = {text.casefold() for columns, codes, _ in groups if set(names) <= set(columns) for text in codes}
        if texts := [text for text in question.choices if text.casefold() not in known]:
            codes = "; ".join(f"{code} {label}" for code, label in question.columns[0].codes.items())
            groups.append((names, dict.fromkeys(texts), codes))
    if groups:
        yield "\n# What each text means, as a code of the column."
        yield "codes:"
    for names, codes_of, words in groups:
        if words:
            yield f"  # The codes: {words}."
        yield f"  - columns: [{', '.join(map(_quoted, names))}]"
        yield "    codes:"
        yield from (f"      {_quoted(text)}: {_quoted(code)}".rstrip() for text, code in codes_of.items())


def _blanks(questions: list[Question], answered: ColumnMapping) -> Iterator[str]:
    given = {name: code for name, code in answered.blanks.items() if code}
    columns = [question.columns[0] for question in questions if question.columns[0].name not in given]
    if given or columns:
        yield "\n# The code that a blank cell stands for, where the system writes nothing for it."
        yield "blanks:"
    yield from (f"  {_quoted(name)}: {_quoted(code)}" for name, code in given.items())
    for column in columns:
        yield f"  # {_one_line(column)} The codes: {'; '.join(f'{c} {label}' for c, label in column.codes.items())}."
        yield f"  {column.name}:"


def _one_line(column: Column) -> str:
    return f"{column.label}: {column.description}"


def _quoted(text: str | None) -> str:
    return "" if text is None else json.dumps(text, ensure_ascii=False)
