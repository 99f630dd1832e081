"""Parse XML as a stream, within limits of depth and size; entities and document types are refused."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from send_screen.errors import ReadError
from send_screen.readers._size_limits import MAX_CELL_LENGTH, raise_long_cell, raise_too_large

_SEPARATOR = "/"  # of elements in a path of XML
_MAX_DEPTH = 40
_MAX_HELD = 1_000_000  # elements in memory: of one record, or outside the records
_DECLARATION = re.compile(rb"<\?xml[^>]*\?>\s*")
_ENCODING = re.compile(r"""(<\?xml[^>]*?)\s+encoding\s*=\s*["'][^"']*["']""")
_UTF16_DECLARED = re.compile(
    rb"""(?:\xef\xbb\xbf)?\s*(<\?xml[^>]*?)\s+encoding\s*=\s*["']utf-?16(?:-?[lb]e)?["']""", re.IGNORECASE
)
_UTF16_STARTS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
_ROOT = re.compile(rb"\s*(?:<\?[^>]*\?>\s*|<!--.*?-->\s*)*<(?:[\w.-]+:)?([\w.-]+)", re.DOTALL)
_CHUNK = 1_000_000  # bytes


@dataclass
class Element:
    """An element of XML without its namespace: its text, its attributes and the elements in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find(self, path: str) -> str | None:
        """Return the text of the first element on a path; None where there is none, or no text in it."""
        return next((text for element in self.find_all(path) if (text := element.text.strip())), None)

    def find_all(self, path: str) -> list[Element]:
        """Return the elements on a path; ``.`` is the element itself."""
        found = [self]
        for tag in path.split("/") if path != "." else ():
            found = [child for element in found for child in element.children if child.tag == tag]
        return found

    def descendants(self) -> Iterator[Element]:
        """Yield the elements in this one, at any depth."""
        for child in self.children:
            yield child
            yield from child.descendants()


def xml_as_utf8(data: bytes, file: str) -> bytes:
    """Return XML in UTF-16 as UTF-8, and other files as they are.

    What the bytes are counts, not what the declaration says: programs write that of UTF-16 above UTF-8.

    Raises
    ------
    ReadError
        If a file that begins as XML in UTF-16 is no UTF-16.
    """
    encoding = _UTF16_STARTS.get(data[:2])
    if encoding is None:
        return _UTF16_DECLARED.sub(rb"\1", data, count=1) if _UTF16_DECLARED.match(data[:_CHUNK]) else data
    if not data[:_CHUNK].decode(encoding, "ignore").lstrip().startswith("<"):
        return data
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ReadError(
            "The XML begins in UTF-16, and not all of it is.", file=file, remedy="Export it again."
        ) from error
    return _ENCODING.sub(r"\1", text.lstrip(), count=1).encode()


def root_of(start: bytes) -> str | None:
    """Return the name of the root element, from the first bytes of a file; None if they are no XML."""
    match = _ROOT.match(start.removeprefix(b"\xef\xbb\xbf"))
    return match[1].decode("ascii", "replace") if match else None


def parse_xml(data: bytes, file: str, record: str, take: Callable[[Element, Element], None]) -> tuple[Element, int]:
    """Parse a file and call ``take`` with each record; return the root without records, and the repeated declarations.

    ``record`` is the path of a record below the root. ``take`` is given the record, and the root with what stands
    before it and is no record. The second value is the number of further XML declarations, which some systems write and
    which are ignored.

    Raises
    ------
    ReadError
        If the file is not well formed, or has a document type, entities, or more than is read.
    """
    data, doubled = _with_one_declaration(data)
    builder = _Builder(file, record.split("/"), take)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.EntityDeclHandler = builder.refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    try:
        for start in range(0, len(data), _CHUNK):
            parser.Parse(data[start : start + _CHUNK], False)
        parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # LookupError: an unknown encoding
        raise ReadError(
            "The XML is not well formed, or the file is not complete.",
            file=file,
            row=getattr(error, "lineno", None),
            remedy="Export it again.",
        ) from error
    if builder.root is None:
        raise ReadError("The file is empty.", file=file, remedy="Export it again.")
    return builder.root, doubled


def first_path(data: bytes, paths: Collection[str]) -> str | None:
    """Return the path, below the root, of the first element of a file that is on one of the paths; None without one.

    A file that is not well formed is read up to there.
    """
    open_tags: list[str] = []
    found: list[str] = []

    def start(name: str, _: object) -> None:
        open_tags.append(_local(name))
        if len(open_tags) > _MAX_DEPTH:
            raise ValueError("Elements are too deep in each other.")
        if not found and (path := _SEPARATOR.join(open_tags[1:])) in paths:
            found.append(path)

    def stop(*_: object) -> None:
        raise ValueError("The XML has a document type.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = stop
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: open_tags.pop()
    data, _ = _with_one_declaration(data)
    with contextlib.suppress(expat.ExpatError, LookupError, ValueError):
        for place in range(0, len(data), _CHUNK):
            parser.Parse(data[place : place + _CHUNK], False)
            if found:
                break
    return found[0] if found else None


def _with_one_declaration(data: bytes) -> tuple[bytes, int]:
    """Return the file with the first of its XML declarations only, and how many others it had."""
    data_after_mark = data.removeprefix(b"\xef\xbb\xbf")
    first = _DECLARATION.match(data_after_mark)
    if not first:
        return data, 0
    body, doubled = _DECLARATION.subn(b"", data_after_mark[first.end() :])
    return first[0] + body, doubled


class _Builder:
    """Callbacks of the parser."""

    def __init__(self, file: str, record: list[str], take: Callable[[Element, Element], None]) -> None:
        self.root: Element | None = None
        self._file, self._record, self._take = file, record, take
        self._open: list[Element] = []
        self._held = 0

    def refuse(self, *_: object) -> None:
        raise ReadError(
            "The XML has a document type or defines entities, which are not read.",
            file=self._file,
            remedy="Export it again, or save the table as .csv or .xlsx.",
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._held += 1
        if self._held > _MAX_HELD:
            raise_too_large(f"The file, or a record in it, has more than {_MAX_HELD:,} elements.", self._file)
        if len(self._open) >= _MAX_DEPTH:
            raise_too_large(f"Elements are more than {_MAX_DEPTH} deep in each other.", self._file)
        element = Element(_local(name), {_local(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def characters(self, text: str) -> None:
        element = self._open[-1]
        element.text += text
        if len(element.text) > MAX_CELL_LENGTH:
            if not element.text.isspace():
                raise_long_cell(self._file)
            element.text = ""

    def end(self, name: str) -> None:
        element = self._open.pop()
        if [parent.tag for parent in self._open[1:]] + [element.tag] == self._record and self._open:
            self._open[-1].children.pop()
            self._held = 0
            self._take(element, self._open[0])


def _local(name: str) -> str:
    return name.rpartition(":")[2]
