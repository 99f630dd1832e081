"""JSON for people: keys sorted, one line a number, a bin, a level or a row of a grid."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


class Line(list[object]):
    """A list that is written on one line."""


class LineObject(dict[str, object]):
    """An object that is written on one line, its keys in the order given."""


def dump_lines(value: object, indent: str = "") -> str:
    """Return ``value`` as JSON, objects with their keys sorted.

    Raises
    ------
    ValueError
        If a number is not finite.

    Examples
    --------
    >>> print(dump_lines({"b": Line([1, 2.5]), "a": [LineObject(n=3)]}))
    {
      "a": [
        {"n": 3}
      ],
      "b": [1, 2.5]
    }
    """
    inner = indent + "  "
    if isinstance(value, Line | LineObject):
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    if isinstance(value, Mapping) and value:
        pairs = (f"{inner}{dump_lines(key)}: {dump_lines(value[key], inner)}" for key in sorted(value))
        return "{\n" + ",\n".join(pairs) + f"\n{indent}}}"
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return "[\n" + ",\n".join(inner + dump_lines(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
