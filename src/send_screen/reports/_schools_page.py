"""The page of a trust or authority: how many children were listed in each school, and no child."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import NamedTuple

from send_screen.documents import is_formula
from send_screen.published import VersionMetadata
from send_screen.reports._render import render_html
from send_screen.reports._text import version_watermarks
from send_screen.tables import MINIMUM_CHILDREN


class SchoolRow(NamedTuple):
    """Counts of one school. Those who could not be screened are few: pages show them in bands."""

    name: str
    folder: str
    """Of its pack."""
    n_rows: int
    n_screened: int
    n_listed: int
    n_by_hand: int


def band(n: int) -> str:
    """Return a count, or that it is between 1 and 9: beside what a head teacher knows, a small one tells of a child.

    Examples
    --------
    >>> band(0), band(3), band(12)
    ('0', '1 to 9', '12')
    """
    return f"{n:,}" if n == 0 or n >= MINIMUM_CHILDREN else f"1 to {MINIMUM_CHILDREN - 1}"


def render_schools(
    schools: Sequence[SchoolRow],
    not_read: Sequence[str],
    shared: Sequence[str],
    *,
    screened_on: str,
    version: VersionMetadata,
) -> str:
    """Render the page about all schools, by name."""
    return render_html(
        "schools.html.j2",
        children=version.children,
        schools=sorted(schools, key=lambda school: school.name),
        not_read=not_read,
        shared=shared,
        screened_on=screened_on,
        version=version,
        band=band,
        watermarks=version_watermarks(version.trained_on),
    )


def render_schools_csv(schools: Sequence[SchoolRow]) -> bytes:
    """Render the same table as CSV, in UTF-8 with a byte-order mark."""
    content = io.StringIO(newline="")
    writer = csv.writer(content)
    writer.writerow(["school", "pack", "children_in_file", "listed", "to_look_at_by_hand"])
    for school in sorted(schools, key=lambda school: school.name):
        texts = (f"'{text}" if is_formula(text) else text for text in (school.name, school.folder))
        writer.writerow([*texts, school.n_rows, school.n_listed, band(school.n_by_hand)])
    return content.getvalue().encode("utf-8-sig")
