"""Which of a workbook's sheets hold the children: one, or several with the same headers that are read together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from send_screen.contracts import header_key, header_like, quotable, upn_shaped
from send_screen.errors import ReadError
from send_screen.readers._invisible_characters import InvisibleCharacters
from send_screen.readers._layout import Layout, as_frame, titles_note
from send_screen.readers._reading import Reading
from send_screen.readers._refuse import refuse_bad_headers, refuse_children_as_header, refuse_no_rows

_ALIKE = 0.5  # of the headers of the narrower of two sheets
_LOOKED_AT = 200  # rows, for UPNs


@dataclass(frozen=True)
class Sheet:
    """A sheet: its name, its place in the workbook from 1, whether it can be seen, and its cells."""

    name: str
    place: int
    visible: bool
    layout: Layout

    @property
    def called(self) -> str:
        """Its name as a message shows it."""
        return quotable(self.name) if header_like(self.name) else f"number {self.place}"

    @cached_property
    def keys(self) -> frozenset[str]:
        """Its headers, as they are compared."""
        return frozenset(header_key(header) for header in self.layout.header if header)

    @cached_property
    def has_upns(self) -> bool:
        """Whether children stand in it, by their UPNs."""
        return any(upn_shaped(cell) for row in self.layout.rows[:_LOOKED_AT] for cell in row if len(cell) > 11)

    @property
    def weight(self) -> tuple[bool, int, int]:
        """How much it looks like a table of children: UPNs, then headers, then rows."""
        return self.has_upns, sum(map(header_like, self.layout.header)), len(self.layout.rows)

    def rivals(self, other: Sheet) -> bool:
        """Tell whether children could be lost if one of two sheets were read alone."""
        alike = len(self.keys & other.keys) >= _ALIKE * min(len(self.keys), len(other.keys))
        return alike or (self.has_upns and other.has_upns) or self.weight == other.weight


def reading_of(sheets: list[Sheet], file: str, invisible: InvisibleCharacters) -> Reading:
    """Return the children of a workbook.

    The sheet that looks most like a table of children is read, together with those that have the same headers.

    Raises
    ------
    ReadError
        Where another sheet could hold children too, where all of them are hidden, or where there is no table.
    """
    visible = [sheet for sheet in sheets if sheet.visible]
    hidden = [sheet for sheet in sheets if not sheet.visible and sheet.layout.header]
    tables = [sheet for sheet in visible if sheet.layout.rows]
    if not tables and any(sheet.layout.rows for sheet in hidden):
        raise ReadError(
            "All sheets with rows are hidden.",
            file=file,
            remedy="Unhide the sheet with the children in Excel, or save it as a file of its own.",
        )
    if not any(sheet.layout.header for sheet in visible):
        raise ReadError("The workbook is empty.", file=file, remedy="Export it again.")
    refuse_no_rows(len(tables), file)
    best = max(tables, key=lambda sheet: sheet.weight)
    together = [sheet for sheet in tables if sheet.keys == best.keys]
    rivals = [sheet for sheet in tables if sheet.keys != best.keys and best.rivals(sheet)]
    if rivals:
        raise ReadError(
            f"Several sheets with different headers could hold the children: {_named([best, *rivals])}.",
            file=file,
            remedy="Give them the same headers, or save the sheet with the children as a file of its own.",
        )
    for sheet in together:
        refuse_bad_headers(sheet.layout.header, file, row=sheet.layout.row)
        refuse_children_as_header(sheet.layout, file)
    if len(together) > 1:
        refuse_bad_headers([header_key(header) for header in best.layout.header], file, row=best.layout.row)
    frame, notes = _stacked(together)
    others = [sheet for sheet in visible if sheet not in together]
    if others:
        notes.append(f"Sheet {_named(together)} was read, and not {_named(others)}.")
    if hidden:
        notes.append(f"Hidden sheets were not read: {_named(hidden)}.")
    for sheet in together:
        notes += [note for note in titles_note(sheet.layout.titles) if note not in notes]
    return Reading(frame, file, sheet=", ".join(sheet.name for sheet in together), notes=(*notes, *invisible.notes()))


def _named(sheets: list[Sheet]) -> str:
    return ", ".join(sheet.called for sheet in sheets)


def _stacked(sheets: list[Sheet]) -> tuple[pd.DataFrame, list[str]]:
    """Return the sheets below each other, the rows of each further one counted on from a round number."""
    frames = [as_frame(sheet.layout) for sheet in sheets]
    if len(sheets) == 1:
        return frames[0], []
    names = {header_key(header): header for header in frames[0].columns}
    step = 10 ** len(str(max(frame.index[-1] for frame in frames)))
    numbered = [
        frame.rename(columns=lambda header: names.get(header_key(header), header)).set_axis(frame.index + place * step)
        for place, frame in enumerate(frames)
    ]
    counted = "; ".join(
        f"{sheet.called} {place * step:,} more than in the sheet" if place else f"{sheet.called} as in the sheet"
        for place, sheet in enumerate(sheets)
    )
    stacked = pd.concat(numbered).rename_axis(index="row")
    note = f"{len(sheets)} sheets with the same headers were read together. Their rows are numbered: {counted}."
    return stacked.astype(object).where(stacked.notna(), None), [note]
