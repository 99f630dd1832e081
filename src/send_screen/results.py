"""The results of the commands, for a console, a script and a notebook."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from send_screen.documents import replace_unprintable
from send_screen.errors import ExitCode


@dataclass(frozen=True)
class Section:
    """One part of a printed result.

    Attributes
    ----------
    lines : sequence of str
        Sentences, one to a line.
    title : str
        Its heading, below which the lines are indented; empty for none.
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
                cell.ljust(width) if index == 0 else cell.rjust(width)
                for index, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in self.table
        ]
        text = [*([f"{self.title}:"] if self.title else []), *(indent + line for line in (*rows, *self.lines))]
        # texts from files can hold characters that control a terminal
        return "\n".join(map(replace_unprintable, text))

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
    """Base class of what the commands return.

    A result consists of a headline and sections. The command line prints them, a notebook shows them as HTML, and
    ``to_dict`` returns the values for a script.
    """

    @property
    @abstractmethod
    def headline(self) -> str:
        """The result in one line."""

    def sections(self) -> Iterable[Section]:
        """Yield the sections below the headline."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields of the result in types of JSON."""
        return {name: str(value) if isinstance(value, Path) else value for name, value in vars(self).items()}

    @property
    def ok(self) -> bool:
        """Whether the result is a success."""
        return True

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the command."""
        return ExitCode.DONE if self.ok else ExitCode.NO

    def to_text(self) -> str:
        """Return what the command line prints: the headline, and the sections with an empty line between."""
        text = Section([self.headline]).to_text()
        for index, section in enumerate(self.sections()):
            text += ("\n\n" if index or section.title or section.table else "\n") + section.to_text()
        return text

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.headline}>"

    def _repr_html_(self) -> str:
        return Section(title=self.headline).to_html() + "".join(section.to_html() for section in self.sections())
