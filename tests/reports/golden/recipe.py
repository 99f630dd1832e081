"""The golden exports of the invented version of ``reports_factory``: ``python tests/reports/golden/recipe.py``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))

from reports_factory import make_published  # noqa: E402 - only now can it be found

from send_screen.reports import PAGES  # noqa: E402

GOLDEN = {name: PAGES[name] for name in ("atrs.json", "atrs.md", "impact_assessment.md")}


def main() -> None:
    """Write every golden file."""
    for name, render in GOLDEN.items():
        (FOLDER / name).write_text(render(make_published()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
