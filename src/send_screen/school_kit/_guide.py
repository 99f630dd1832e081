"""The one-page guide: what to do, what comes out, what it is not, and what to ask the IT department."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from send_screen.published import VersionMetadata
from send_screen.screening import NOT_THIS


def either(items: Sequence[str]) -> str:
    """Return items in words.

    Examples
    --------
    >>> either(["3.14", "3.13", "3.11"])
    '3.14, 3.13 or 3.11'
    """
    return " or ".join([*([", ".join(items[:-1])] if items[:-1] else []), items[-1]])


def render_guide(version: VersionMetadata, *, pythons: Sequence[str], with_python: bool, made: date) -> str:
    """Render the guide that is in the zip.

    Parameters
    ----------
    version : VersionMetadata
        The section ``version`` of ``published.json``.
    pythons : sequence of str
        The Pythons that the kit has packages for, newest first.
    with_python : bool
        Whether the kit brings its own.
    made : datetime.date

    Returns
    -------
    str
        One HTML page that needs nothing else, and prints on one sheet.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("send_screen.school_kit"), PackageLoader("send_screen.reports")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("guide.html.j2").render(
        version=version,
        owner=version.owner,
        synthetic=version.trained_on == "synthetic",
        review=_in_words(date.fromisoformat(version.review_date)),
        made=_in_words(made),
        pythons=either(pythons),
        with_python=with_python,
        NOT_THIS=NOT_THIS,
    )


def _in_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
