"""Check the files that a model is to screen: whether a list could be made, what was not read, and what to do."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from send_screen.cohorts import EXCLUSIONS, Cohort, load_cohort
from send_screen.cohorts._column_mapping import MAPPING_FILE, mapping_path
from send_screen.cohorts._draft_mapping import draft_mapping
from send_screen.cohorts._inspect import InspectedTable, Inspection, Question, inspect_data
from send_screen.contracts._quote import quotable
from send_screen.documents import count, first_few, write_atomically
from send_screen.errors import SendScreenError
from send_screen.governance import Bundle
from send_screen.results import Result, Section
from send_screen.screening import check_permitted_use
from send_screen.specs import ModelSpec

_MAX_SHOWN = 6


@dataclass(frozen=True, repr=False)
class CheckedData(Result):
    """What checking the files for a model found."""

    file: str
    spec: ModelSpec
    inspection: Inspection
    """The tables, and the questions that only a person can answer."""
    cohort: Cohort | None
    """Those who could be screened; None where the files cannot be used."""
    error: SendScreenError | None
    """Why the files cannot be used."""
    mapping: Path | None
    """The file that the questions were written to."""

    @property
    def ok(self) -> bool:
        """Whether a list could be made."""
        return self.error is None and self.cohort is not None and len(self.cohort) > 0

    @property
    def headline(self) -> str:
        """Whether a list could be made, and of how many."""
        if self.error:
            return f"{self.file}: no list can be made yet."
        n = 0 if self.cohort is None else len(self.cohort)
        who = count(n, self.spec.children_are.singular, self.spec.children_are.plural)
        return f"{self.file}: {'a list can be made' if n else 'no list can be made'}; {who} can be screened."

    def sections(self) -> Iterable[Section]:
        """Yield each table, what it does not say, why a list cannot be made, and the questions."""
        by_table: dict[int, list[InspectedTable]] = {}
        for one in self.inspection.tables:
            by_table.setdefault(id(one.table), []).append(one)
        for of_table in by_table.values():
            contracts = " and ".join(one.contract.id for one in of_table)
            rows = count(len(of_table[0].table.frame), "row", "rows")
            yield Section(list(_table_lines(of_table)), title=f"{of_table[0].table.file}, {rows}, read as {contracts}")
        lacking = [f"There is no table for {contract.title} ({contract.id})." for contract in self.inspection.lacking]
        lacking += [f"{table.file} is of none of this model's contracts." for table in self.inspection.source.unused]
        if lacking:
            yield Section(lacking)
        if self.error:
            yield Section([line.strip() for line in str(self.error).splitlines()], title="Why no list can be made")
        if self.cohort is not None:
            kinds = Counter(map(str, self.cohort.excluded["kind"]))
            who = self.spec.children_are
            lines = [f"{count(n, who.singular, who.plural)}: {EXCLUSIONS[kind]}." for kind, n in kinds.most_common()]
            if lines or self.cohort.notes:
                yield Section([*lines, *(f"Note: {note}" for note in self.cohort.notes)])
        if questions := list(_question_lines(self.inspection.questions)):
            where = (
                f"They are in {self.mapping}: write the answers there, and run this again."
                if self.mapping
                else f"Add --ask to write them into a file, {MAPPING_FILE}, that is read from then on."
            )
            yield Section([*questions, where], title="Questions that only you can answer")

    def to_dict(self) -> dict[str, Any]:
        """Return the counts, what was not read, and the questions; no cell that may be personal."""
        return {
            "file": self.file,
            "usable": self.ok,
            "n_screened": 0 if self.cohort is None else len(self.cohort),
            "n_excluded": 0 if self.cohort is None else len(self.cohort.excluded),
            "error": str(self.error) if self.error else None,
            "tables": [
                {
                    "file": table.table.file,
                    "contract": table.contract.ref,
                    "n_rows": len(table.table.frame),
                    "aliased": table.check.columns.aliased,
                    "missing": sorted(table.needed & table.check.columns.missing.keys()),
                    "not_read": {
                        column: {text if text is not None else "(not shown)": n for text, n in texts.items()}
                        for column, texts in sorted(table.texts.items())
                    },
                }
                for table in self.inspection.tables
            ],
            "lacking": [contract.ref for contract in self.inspection.lacking],
            "questions": [
                {"kind": each.kind, "columns": [c.name for c in each.columns], "choices": list(each.choices)}
                for each in self.inspection.questions
            ],
        }


def _table_lines(of_table: list[InspectedTable]) -> Iterator[str]:
    """Yield how the headers of a table were read, by one or more contracts, and the distinct texts that were not."""
    reports = [one.check.columns for one in of_table]
    matched = {name for report in reports for name in report.matched}
    aliased = {header: name for report in reports for header, name in report.aliased.items()}
    unused = set.intersection(*({*report.unknown, *report.guessed} for report in reports))
    guessed = {header: name for report in reports for header, name in report.guessed.items() if header in unused}
    mapped = f" or by {MAPPING_FILE}" if any(MAPPING_FILE in note for note in of_table[0].table.notes) else ""
    yield f"{count(len(matched), 'column', 'columns')} by name{mapped}, {len(aliased)} by another header or spelling."
    if aliased:
        yield f"Read by another: {first_few([f'{quotable(h)} as {name}' for h, name in aliased.items()], _MAX_SHOWN)}."
    if unused:
        likely = [f"{quotable(header)} (perhaps {name})" for header, name in guessed.items()]
        headers = map(str, of_table[0].table.frame.columns)
        rest = [quotable(header) for header in headers if header in unused - guessed.keys()]
        yield f"Not used: {first_few([*likely, *rest], _MAX_SHOWN)}."
    for one in of_table:
        names = list(one.contract.columns)
        if missing := [name for name in names if name in one.needed & one.check.columns.missing.keys()]:
            yield f"Missing: {first_few(missing, _MAX_SHOWN)}."
        same: dict[str, list[str]] = {}
        for name in (name for name in names if name in one.texts):
            texts = one.texts[name]
            shown = [repr(text) for text, _ in texts.most_common() if text is not None]
            masked = ["what may be personal"] if None in texts else []
            same.setdefault(first_few([*shown, *masked], _MAX_SHOWN), []).append(name)
        yield from (f"Not read in {first_few(columns, _MAX_SHOWN)}: {texts}." for texts, columns in same.items())


def _question_lines(questions: Iterable[Question]) -> Iterator[str]:
    columns: dict[tuple[str, ...], list[str]] = {}
    for question in questions:
        names = [f"{column.name} ({column.label.removeprefix(column.name).strip()})" for column in question.columns]
        if question.kind == "column":
            columns.setdefault(question.choices, []).extend(names)
        elif question.kind == "codes":
            texts = first_few(map(repr, question.choices), _MAX_SHOWN)
            yield f"What do {texts} mean in {first_few([column.name for column in question.columns], _MAX_SHOWN)}?"
        elif question.kind == "blank":
            yield f"What does a blank cell of {names[0]} mean?"
        else:
            yield "Which academic year are the files of?"
    for choices, names in columns.items():
        left = f"not used so far: {first_few(map(quotable, choices), _MAX_SHOWN)}" if choices else "no header is left"
        yield f"Which column is {first_few(names, _MAX_SHOWN)}? ({left})"


def check_data(bundle: Bundle, file: str | Path, *, academic_year: str | None = None, ask: bool = False) -> CheckedData:
    """Check the files that a model is to screen, without screening anybody; see :func:`send_screen.check`."""
    spec = bundle.spec
    inspection = inspect_data(spec, file, contracts=bundle.contracts, academic_year=academic_year)
    cohort, error = None, None
    try:
        cohort = load_cohort(
            spec, inspection.source, training=False, contracts=bundle.contracts, academic_year=academic_year
        )
        check_permitted_use(
            bundle, cohort.as_of_range, cohort.synthetic, today=dt.date.today(), allow_synthetic_model=False
        )
    except SendScreenError as problem:
        error = problem
    written = None
    if ask and inspection.questions:
        written = mapping_path(file)
        write_atomically(draft_mapping(inspection.questions, inspection.mapping), written)
    return CheckedData(Path(file).name, spec, inspection, cohort, error, written)
