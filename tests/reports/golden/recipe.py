"""The golden exports of the synthetic version of ``reports_factory``: ``python tests/reports/golden/recipe.py``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))

from reports_factory import render  # noqa: E402 - only now can it be found

GOLDEN = ("atrs.json", "atrs.md", "impact_assessment.md")


def main() -> None:
    """Write every golden file."""
    for name in GOLDEN:
        (FOLDER / name).write_text(render(name), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
