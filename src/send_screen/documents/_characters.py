"""Characters that make a text look like another one."""

from __future__ import annotations

import re

MISLEADING = (
    "holds a control character, or one that turns the direction of writing: it would be shown as something else"
)
_MISLEADING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # not tab and line breaks


def is_misleading(text: str) -> bool:
    """Return whether a text would be shown, on a page or a terminal, as something that it is not."""
    return _MISLEADING.search(text) is not None
