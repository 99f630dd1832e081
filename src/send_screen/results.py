"""What the verbs return: one account of a result, told alike to a console, a script and a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from send_screen.documents import printable
from send_screen.errors import ExitCode


@dataclass(frozen=True)
class Section:
    """One part of the account of a result.

    Attributes
    ----------
    lines : sequence of str
        Sentences, one a line.
    title : str
        What they are about; where there is one, the lines are indented below it.
    table : sequence of sequence of str
        Rows of cells, the first row being the header.
    """

    lines: Sequence[str] = ()
    title: str = ""
    table: Sequence[Sequence[str]] = ()

    def to_text(self) -> str:
        """Return the section as lines, with the columns of its table aligned."""
        indent = "  " if self.title else ""
        widths = [max(map(len, column)) for column in zip(*self.table, strict=True)]
        rows = [
            "  ".join(
                cell.ljust(width) if place == 0 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in self.table
        ]
        text = [*([f"{self.title}:"] if self.title else []), *(indent + line for line in (*rows, *self.lines))]
        # a document that was handed in may say anything, also what would steer a terminal
        return "\n".join(map(printable, text))

    def to_html(self) -> str:
        """Return the section as HTML, everything in it escaped."""
        title = f"<p><strong>{escape(self.title)}</strong></p>" if self.title else ""
        rows = [
            "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) + "</tr>"
            for tag, row in zip(["th", *["td"] * len(self.table)], self.table, strict=False)
        ]
        table = f"<table>{''.join(rows)}</table>" if rows else ""
        lines = f"<p>{'<br>'.join(map(escape, self.lines))}</p>" if self.lines else ""
        return f"{title}{table}{lines}"


class Result(ABC):
    """What a verb returns.

    A result tells itself in sections. The command line prints them, a notebook shows them as HTML, and ``to_dict``
    gives the values to a script.
    """

    @property
    @abstractmethod
    def headline(self) -> str:
        """The result in one line."""

    def sections(self) -> Iterable[Section]:
        """Give the account of the result, part by part; nothing where the headline says it all."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON can hold it: every field, unless a result says otherwise."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in vars(self).items()}

    @property
    def ok(self) -> bool:
        """Whether a script may go on."""
        return True

    @property
    def exit_code(self) -> ExitCode:
        """How the command line ends."""
        return ExitCode.DONE if self.ok else ExitCode.NO

    def to_text(self) -> str:
        """Return what the command line prints: parts with an empty line between, the first below the headline."""
        text = Section([self.headline]).to_text()
        for place, section in enumerate(self.sections()):
            text += ("\n\n" if place or section.title or section.table else "\n") + section.to_text()
        return text

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.headline}>"

    def _repr_html_(self) -> str:
        return Section(title=self.headline).to_html() + "".join(section.to_html() for section in self.sections())
