"""A model as a workbook: a person types one child's values, and formulas add up the score.

No text of the model stands in a formula. Texts are written as texts, and formulas name only cells and numbers. Every
cell has the value that it has while nothing is filled in, so that a viewer that does not calculate shows no score.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_range_abs, xl_rowcol_to_cell

from send_screen.reports._list_workbook import row_height
from send_screen.score_code._inputs import Input
from send_screen.score_code._provenance import Provenance
from send_screen.tables import LevelsTerm, RiskTables, Term

CHILD, WORKING, TABLES = "Child", "Working", "Tables"
SCORED = "scored"
_LOWEST = -1e300  # in place of minus infinity: the first edge
_LARGEST_INPUT = 1e15
_FIRST = 9  # row of the first feature
_POPULATION, _STATUS, _SCORE, _RISK, _BASE = range(3, 8)
_VALUE, _NOTE, _CONTRIBUTION = 1, 3, 4  # columns of the sheet to fill in
_X, _OK, _BIN, _LINE, _STEP, _LOG_ODDS, _MEAN, _TERM = range(1, 9)  # columns of the working
_SLOPE, _LOW, _HIGH = range(9, 12)
_ROW, _COLUMN, _CELL, _PAIR_MEAN, _HALF = range(1, 6)
_WIDTHS = (42, 18, 48, 42, 22)  # of the sheet to fill in
_ASK = "Say first whether the child is one whom the model is for."
_NOT_IN = "No score: the child is none of those whom the model is for."
_NOT_A_NUMBER = "No score: a value is not a number."
_WRONG = {"error_title": "Not a value of this cell"}


def render_xlsx(tables: RiskTables, inputs: Sequence[Input], provenance: Provenance) -> bytes:
    """Return a workbook into which a person types one child's values.

    Parameters
    ----------
    tables : RiskTables
    inputs : sequence of Input, length p
        One for each feature.
    provenance : Provenance

    Returns
    -------
    bytes
    """
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(content, options) as workbook:
        workbook.set_properties({"title": "One child", "created": dt.datetime(2000, 1, 1)})
        _Book(workbook, tables, inputs, provenance).write()
    return content.getvalue()


@dataclass
class _Book:
    workbook: Any
    tables: RiskTables
    inputs: Sequence[Input]
    provenance: Provenance
    column: int = field(default=0, init=False)
    """The next free column of the sheet of tables."""

    def __post_init__(self) -> None:
        names = (CHILD, WORKING, TABLES)
        self.child, self.working, self.sheet = (self.workbook.add_worksheet(name) for name in names)
        add = self.workbook.add_format
        self.wrap = add({"text_wrap": True, "valign": "top"})
        self.bold = add({"bold": True, "text_wrap": True, "valign": "top"})
        self.number = add({"num_format": "0.000", "valign": "top"})
        self.whole = add({"num_format": "0%", "valign": "top", "bold": True})
        entry = {"locked": False, "border": 1, "valign": "top", "bg_color": "#FFF9E5"}
        self.entry, self.text_entry = add(entry), add({**entry, "num_format": "@"})
        self.rows = {feature: _FIRST + j for j, feature in enumerate(self.tables.features)}
        self.first_pair = _FIRST + len(self.rows) + 2
        self.is_scored = f'{CHILD}!{xl_rowcol_to_cell(_STATUS, 1, True, True)}="{SCORED}"'

    def write(self) -> None:
        """Write the three sheets."""
        self._head()
        halves: dict[str, list[str]] = {feature: [] for feature in self.rows}
        for k, pair in enumerate(self.tables.interactions):
            for feature in pair.features:
                halves[feature].append(self._cell(WORKING, self.first_pair + k, _HALF))
        for term, each in zip(self.tables.terms, self.inputs, strict=True):
            self._feature(term, each, halves[term.feature])
        for k in range(len(self.tables.interactions)):
            self._interaction(k)
        self._sums()
        for sheet, widths in ((self.child, _WIDTHS), (self.working, (42, *(13,) * 11)), (self.sheet, ())):
            for x, width in enumerate(widths):
                sheet.set_column(x, x, width)
            sheet.protect("", {"format_columns": True, "format_rows": True})
        self.child.freeze_panes(_FIRST, 1)
        self.child.set_landscape()
        self.child.fit_to_pages(1, 0)

    def _head(self) -> None:
        """Write what the workbook says of itself, and the question whether the child is one of the population."""
        p, text = self.provenance, self.child.write_string
        about = (
            f"Version {p.version}. SHA-256 of its manifest: {p.manifest_sha256}. To be reviewed by "
            f"{p.review_date.isoformat()}: no score after that day. Who answers for it: {p.owner}."
        )
        notice = " ".join([p.notice, *(f"Must not be used: {use}." for use in p.prohibited_uses)])
        for y, (words, form) in enumerate(((p.title, self.bold), (notice, self.bold), (about, self.wrap))):
            self._across(y, 0, words, form)
        text(_POPULATION, 0, "Is the child one whom the model is for?", self.bold)
        self.child.write_blank(_POPULATION, 1, None, self.text_entry)
        answers = {"validate": "list", "source": ["yes", "no"], **_WRONG}
        self.child.data_validation(_POPULATION, 1, _POPULATION, 1, answers)
        self._across(_POPULATION, 2, f"{p.population}.", self.wrap)
        self._across(_STATUS, 1, "", self.bold)
        for y, words in ((_STATUS, "Status"), (_SCORE, "Score (log-odds)"), (_RISK, "Risk"), (_BASE, "Base value")):
            text(y, 0, words, self.bold)
        for x, words in enumerate(("What", "Value", "How it is written", "Note", "Contribution (log-odds)")):
            text(_FIRST - 1, x, words, self.bold)
        of_terms = ("Term", "Value", "Given", "Bin", "Line", "Step", "Log-odds", "Mean", "Less mean")
        of_pairs = ("Interaction", "Row", "Column", "Log-odds", "Mean", "Half")
        for y, titles in ((_FIRST - 1, (*of_terms, "Slope", "Low", "High")), (self.first_pair - 1, of_pairs)):
            for x, words in enumerate(titles):
                self.working.write_string(y, x, words, self.bold)

    def _across(self, y: int, x: int, words: str, form: Any) -> None:
        """Write a text from a column to the last, in a row that is high enough."""
        self.child.merge_range(y, x, y, len(_WIDTHS) - 1, "", form)
        self.child.write_string(y, x, words, form)
        self.child.set_row(y, row_height([(words, sum(_WIDTHS[x:]))]))

    def _feature(self, term: Term, each: Input, halves: Sequence[str]) -> None:
        """Write the row of a feature: the cell to fill in, the steps of its term, and its contribution."""
        y, is_levels = self.rows[term.feature], isinstance(term, LevelsTerm)
        self.child.write_string(y, 0, each.label, self.wrap)
        self.child.write_string(y, 2, each.how, self.wrap)
        self.child.set_row(y, row_height([(each.label, _WIDTHS[0]), (each.how, _WIDTHS[2])]))
        self.child.write_blank(y, _VALUE, None, self.text_entry if is_levels else self.entry)
        self._validate(y, each)
        self.working.write_string(y, 0, term.feature)
        value, x = self._cell(CHILD, y, _VALUE), self._cell(WORKING, y, _X)
        given = "IF(ISNUMBER({0}),1,2)" if not is_levels else "1"
        self._formula(WORKING, y, _OK, f'IF({value}="",0,{given.format(value)})', 0)
        of_type = f"{self._cell(WORKING, y, _OK)}=1"
        found = value
        if isinstance(term, LevelsTerm):
            at = self._column(term.levels, term.feature)
            positions = self._column(range(1, len(term.levels) + 1), term.feature)
            place = f'SUMPRODUCT(EXACT({at},{value}&"")*{positions})' if term.levels else "0"
            found = f'IF({place}=0,"",{place}-1)'
        self._formula(WORKING, y, _X, f'IF({of_type},{found},"")', "")
        edges = self._axis(term.cut_points, term.feature)
        steps = self._column([*term.step_values.tolist(), term.missing], term.feature)
        n = len(term.cut_points) + 1
        self._formula(WORKING, y, _BIN, self._bin(x, edges, n), n + 1)
        slope, low, high = (0.0, 0.0, 0.0) if isinstance(term, LevelsTerm) else (term.slope, term.low, term.high)
        for column, number in ((_SLOPE, slope), (_LOW, low), (_HIGH, high), (_MEAN, term.mean)):
            self.working.write_number(y, column, number)
        a, b, c = (self._cell(WORKING, y, column) for column in (_SLOPE, _LOW, _HIGH))
        self._formula(WORKING, y, _LINE, f'IF({x}="",0,{a}*MIN(MAX({x},{b}),{c}))', 0)
        self._formula(WORKING, y, _STEP, f"INDEX({steps},{self._cell(WORKING, y, _BIN)})", term.missing)
        line, step, mean = (self._cell(WORKING, y, column) for column in (_LINE, _STEP, _MEAN))
        self._if_scored(WORKING, y, _LOG_ODDS, f"{line}+{step}")
        self._if_scored(WORKING, y, _TERM, f"{self._cell(WORKING, y, _LOG_ODDS)}-{mean}")
        self._if_scored(CHILD, y, _CONTRIBUTION, "+".join([self._cell(WORKING, y, _TERM), *halves]))
        unknown = "unknown code: counts as not known"
        beyond = f'IF(AND({a}<>0,OR({x}<{b},{x}>{c})),"beyond the training range: counts as its end","")'
        note = f'IF({x}="","{unknown}",{beyond})'
        given_note = f'IF({self._cell(WORKING, y, _OK)}=2,"not a number",{note})'
        self._formula(CHILD, y, _NOTE, f'IF({self._cell(WORKING, y, _OK)}=0,"not known",{given_note})', "not known")

    def _validate(self, y: int, each: Input) -> None:
        """Offer the choices, or check the number."""
        low, high = each.minimum, each.maximum
        rule: dict[str, object] = {
            "validate": "decimal",
            "criteria": "between",
            "minimum": -_LARGEST_INPUT if low is None else low,
            "maximum": _LARGEST_INPUT if high is None else high,
            "error_message": "Give a number within the limits, or leave the cell empty if it is not known.",
        }
        if each.choices:
            rule = {"validate": "list", "source": f"={self._column(each.choices, each.label)}"}
            rule["error_message"] = "Choose one from the list, or leave the cell empty if it is not known."
        self.child.data_validation(y, _VALUE, y, _VALUE, {**rule, **_WRONG})

    def _interaction(self, k: int) -> None:
        """Write the row of an interaction: where its two features are on the grid, and the value there."""
        pair, y = self.tables.interactions[k], self.first_pair + k
        self.working.write_string(y, 0, pair.name)
        for feature, edges, column in zip(pair.features, pair.edges, (_ROW, _COLUMN), strict=True):
            n = len(edges) + 1
            x = self._cell(WORKING, self.rows[feature], _X)
            self._formula(WORKING, y, column, self._bin(x, self._axis(edges, pair.name), n), n + 1)
        left = self.column
        for of_column in zip(*pair.values, strict=True):
            self._column(of_column, pair.name)
        grid = f"{TABLES}!{xl_range_abs(1, left, len(pair.values), self.column - 1)}"
        self.working.write_number(y, _PAIR_MEAN, pair.mean)
        i, j, cell, mean = (self._cell(WORKING, y, place) for place in (_ROW, _COLUMN, _CELL, _PAIR_MEAN))
        self._if_scored(WORKING, y, _CELL, f"INDEX({grid},{i},{j})")
        self._if_scored(WORKING, y, _HALF, f"0.5*({cell}-{mean})")

    def _sums(self) -> None:
        """Write status, score, risk and base value."""
        p, last = self.provenance, _FIRST + len(self.rows) - 1
        refusal = self._column([p.refusal], "After the review date")
        day = f"DATE({p.review_date.year},{p.review_date.month},{p.review_date.day})"
        wrong = f"COUNTIF({WORKING}!{xl_range_abs(_FIRST, _OK, last, _OK)},2)>0"
        answer = self._cell(CHILD, _POPULATION, _VALUE)
        rest = f'IF({answer}="yes",IF({wrong},"{_NOT_A_NUMBER}","{SCORED}"),IF({answer}="no","{_NOT_IN}","{_ASK}"))'
        self._formula(CHILD, _STATUS, 1, f"IF(TODAY()>{day},{refusal},{rest})", _ASK, self.bold)
        intercept = self._column([self.tables.intercept], "Intercept")
        parts = [intercept, f"SUM({WORKING}!{xl_range_abs(_FIRST, _LOG_ODDS, last, _LOG_ODDS)})"]
        if self.tables.interactions:
            last_pair = self.first_pair + len(self.tables.interactions) - 1
            parts.append(f"SUM({WORKING}!{xl_range_abs(self.first_pair, _CELL, last_pair, _CELL)})")
        self._if_scored(CHILD, _SCORE, 1, "+".join(parts), self.number)
        self._if_scored(CHILD, _RISK, 1, f"1/(1+EXP(-{self._cell(CHILD, _SCORE, 1)}))", self.whole)
        self._if_scored(CHILD, _BASE, 1, self._column([self.tables.base_value], "Base value"), self.number)

    def _bin(self, x: str, edges: str, n: int) -> str:
        """Return the formula of the bin of a value, from 1; the one after the last is for a missing value."""
        return f'IF({x}="",{n + 1},MATCH({x},{edges},1))'

    def _axis(self, edges: Sequence[float], title: str) -> str:
        return self._column([_LOWEST, *edges], title)

    def _column(self, values: Iterable[str | float], title: str) -> str:
        """Write values into the next column of the sheet of tables, and return their range."""
        x, self.column = self.column, self.column + 1
        self.sheet.write_string(0, x, title)
        last = 1
        for last, value in enumerate(values, start=1):
            if isinstance(value, str):
                self.sheet.write_string(last, x, value)
            else:
                self.sheet.write_number(last, x, value)
        return f"{TABLES}!{xl_range_abs(1, x, last, x)}"

    def _cell(self, sheet: str, y: int, x: int) -> str:
        return f"{sheet}!{xl_rowcol_to_cell(y, x, True, True)}"

    def _if_scored(self, sheet: str, y: int, x: int, formula: str, form: Any = None) -> None:
        self._formula(sheet, y, x, f'IF({self.is_scored},{formula},"")', "", form or self.number)

    def _formula(self, sheet: str, y: int, x: int, formula: str, value: str | float, form: Any = None) -> None:
        """Write a formula with the value that it has while nothing is filled in."""
        target = self.child if sheet == CHILD else self.working
        target.write_formula(y, x, f"={formula}", form or self.wrap, value)
