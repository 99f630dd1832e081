"""Write what an audit found: a page for people, and the same for scripts."""

from __future__ import annotations

import json
from pathlib import Path

from send_screen.errors import MissingExtraError
from send_screen.governance import Audit
from send_screen.reports import render_audit, write_page


def write_audit(found: Audit, out: str | Path) -> Path:
    """Write ``audit.html`` and ``audit.json`` into a folder, over those of an earlier audit.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    MissingExtraError
        If the folder cannot be written.
    """
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_page(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) + "\n", folder / "audit.json")
        write_page(render_audit(found), folder / "audit.html")
    except OSError as error:
        raise MissingExtraError(
            f"{folder} cannot be written ({error.strerror}).", remedy="Give another folder with --out."
        ) from None
    return folder / "audit.html"
