"""The golden exports of the invented version of ``reports_factory``: ``python tests/reports/golden/recipe.py``."""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent))

from reports_factory import make_published  # noqa: E402 - only now can it be found

from send_screen.reports import render_atrs_json, render_atrs_markdown, render_impact_assessment  # noqa: E402

GOLDEN = {
    "atrs.json": render_atrs_json,
    "atrs.md": render_atrs_markdown,
    "impact_assessment.md": render_impact_assessment,
}


def main() -> None:
    """Write every golden file."""
    for name, render in GOLDEN.items():
        (FOLDER / name).write_text(render(make_published()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
