"""Parse YAML strictly: no duplicate keys, no tags, bounded size, depth and numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import yaml

from send_screen.documents._characters import CONTROL_CHARACTERS_ERROR, has_control_characters
from send_screen.errors import SendScreenError

# The largest file that comes with the library has 24 kB and 3,000 nodes, 9 deep.
MAX_YAML_BYTES = 1_000_000
_MAX_NODES = 20_000
_MAX_DEPTH = 50
_MAX_NUMBER = 10**15  # beyond, a number is no longer exact as a float
_MAX_CHARACTERS = 60  # quoted in a message


# libyaml's parser, ten times as fast, which the package has on all common systems
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_SafeLoader):  # type: ignore[misc]  # one of two
    """A safe loader that refuses duplicate keys (of which the last would win) and keeps dates as text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise _mistake("a key is not text: put it into quotation marks", key_node)
            if key in seen:
                raise _mistake(f"the key {shortened(key)} is given twice", key_node)
            seen.add(key)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Do not merge mappings: ``<<`` stays a key like any other, which no schema allows."""


def _mistake(problem: str, node: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


def _bounded_number(read: Callable[..., Any]) -> Callable[[_StrictLoader, yaml.ScalarNode], Any]:
    def construct(loader: _StrictLoader, node: yaml.ScalarNode) -> Any:
        try:
            value = read(loader, node)
        except (ValueError, OverflowError):  # more digits than Python reads
            value = math.nan
        if not abs(value) < _MAX_NUMBER:
            raise _mistake("a number is too large, or is none", node)
        return value

    return construct


def _text(loader: _StrictLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _visible_text(loader: _StrictLoader, node: yaml.ScalarNode) -> str:
    text = _text(loader, node)
    if has_control_characters(text):
        raise _mistake(f"a text {CONTROL_CHARACTERS_ERROR}", node)
    return text


_StrictLoader.add_constructor("tag:yaml.org,2002:str", _visible_text)
_StrictLoader.add_constructor("tag:yaml.org,2002:int", _bounded_number(_SafeLoader.construct_yaml_int))
_StrictLoader.add_constructor("tag:yaml.org,2002:float", _bounded_number(_SafeLoader.construct_yaml_float))
_StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)
_StrictLoader.add_constructor("tag:yaml.org,2002:merge", _text)


def load_yaml(content: bytes | str, *, file: str, error: type[SendScreenError]) -> Any:
    """Parse a YAML file into dicts with text keys, lists, texts, numbers, booleans and None.

    A date stays text. Errors, with the line as their row, are: a key given twice or that is not text, misleading
    characters, tags, nesting deeper than 50, more than a megabyte or 20,000 nodes (an alias counts as what it stands
    for), and numbers that are not finite or have more than 15 digits.

    Examples
    --------
    >>> from send_screen.errors import SpecError
    >>> load_yaml("review: 2027-01-31", file="spec.yaml", error=SpecError)
    {'review': '2027-01-31'}
    """
    if len(content) > MAX_YAML_BYTES:
        raise error(
            f"The file has more than {MAX_YAML_BYTES / 1e6:,.0f} MB.",
            file=file,
            remedy="Check that it is the file you meant.",
        )
    text = decode(content, "utf-8-sig", file=file, error=error)
    try:
        _check_size_and_depth(text)
        return yaml.load(text, Loader=_StrictLoader)  # a safe loader, made stricter
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        problem = getattr(wrong, "problem", None) or "it cannot be read"
        raise error(
            f"The file is not valid YAML: {problem}.",
            file=file,
            row=mark.line + 1 if mark else None,
            remedy="Correct the YAML at that line." if mark else "Write it as text with the characters of a keyboard.",
        ) from None


def decode(content: bytes | str, encoding: str, *, file: str | None, error: type[SendScreenError]) -> str:
    """Return the text of a file that must be UTF-8."""
    try:
        return content.decode(encoding) if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        raise error("The file is not UTF-8 text.", file=file, remedy="Save it as UTF-8.") from None


def shortened(value: object) -> str:
    """Return a value as a message quotes it, no longer than 60 characters."""
    text = repr(value)
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"


def _check_size_and_depth(text: str) -> None:
    """Raise for too many nodes, tags or too deep nesting, from the parser's events alone: nothing is built yet.

    An alias counts as many nodes as its anchor.
    """
    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = []  # anchors and the count of nodes before each collection
    nodes = 0
    for event in yaml.parse(text, Loader=_SafeLoader):
        if isinstance(event, yaml.NodeEvent):
            nodes += sizes.get(event.anchor or "", 1) if isinstance(event, yaml.AliasEvent) else 1
            if getattr(event, "tag", None):
                raise _mistake("tags (with !) are not understood", event)
        if isinstance(event, yaml.CollectionStartEvent):
            opened.append((event.anchor, nodes - 1))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = opened.pop()
            if anchor:
                sizes[anchor] = nodes - before
        if len(opened) > _MAX_DEPTH:
            raise _mistake("it nests too deeply", event)
        if isinstance(event, yaml.AliasEvent) and any(anchor == event.anchor for anchor, _ in opened):
            raise _mistake("an alias is inside its own anchor", event)
        if nodes > _MAX_NODES:
            raise _mistake(f"it holds more than {_MAX_NODES:,} values, with those that aliases stand for", event)
