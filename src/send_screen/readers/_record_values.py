"""Read the values of one element of a record: texts at paths, the newest of several, numbers added, results by year."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable

from send_screen.contracts._dates import read_date
from send_screen.documents import replace_surrogates
from send_screen.errors import ReadError
from send_screen.readers._formats import Paths, Repeated, Results
from send_screen.readers._text import InvisibleCharacters
from send_screen.readers._xml import Element

YEAR = "AcademicYear"
CALENDAR_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_MAX_DIGITS = 9  # of a number that is added
_CODE = re.compile(r"[A-Za-z0-9]{1,2}")  # short enough to be shown


def academic_year(start: int) -> str:
    """Return the academic year that begins in a year."""
    return f"{start}/{(start + 1) % 100:02d}"


def texts_at(element: Element, columns: dict[str, Paths], joined: Callable[[str], ReadError]) -> dict[str, str]:
    """Return the texts at paths; raise where a path has two, since damage joins an element to the next."""
    row = {}
    for column, paths in columns.items():
        for path in [paths] if isinstance(paths, str) else paths:
            if len({found.text.strip() for found in element.find_all(path)}) > 1:
                raise joined(column)
        if text := _first(element, paths):
            row[column] = text
    return row


def repeated_texts(
    element: Element, repeated: list[Repeated], year: str | None, counts: Counter[str]
) -> dict[str, str]:
    """Return the texts of the newest elements that fit, or of those of the academic year, and count the others."""
    row: dict[str, str] = {}
    for part in repeated:
        matching = [found for found in element.find_all(part.path) if _fits(found, part.where)]
        if part.start_year and year:
            of_year = [found for found in matching if found.find(part.start_year) == year[:4]]
            if others := len(matching) - len(of_year):
                what = part.path if part.path != "." else ", ".join(part.columns)
                counts[f"{what} of other academic years than that of the row are left out"] += others
            row |= _added(of_year, part, counts)
            continue
        if matching:
            newest = max(matching, key=_date_at(part.newest))
            row |= texts_of(newest, part.columns)
        if len(matching) > 1:
            counts[f"Where there are several {part.path}, one was read; the others are left out"] += len(matching) - 1
    return row


def _added(elements: list[Element], part: Repeated, counts: Counter[str]) -> dict[str, str]:
    """Return the texts of one element; of several, the sums of those columns of which each has a number."""
    rows = [_with_derived(texts_of(element, part.columns), part) for element in elements]
    if len(rows) < 2:
        return rows[0] if rows else {}
    counts[f"Records with several {part.path} of one year, whose numbers were added"] += 1
    names = dict.fromkeys(name for row in rows for name in row)
    added = {
        name: str(sum(int(row[name]) for row in rows)) for name in names if all(_is_number(row, name) for row in rows)
    }
    for name in names:
        if name not in added:
            counts[
                f"Records with several {part.path} of one year that do not each give {name}, which is not known"
            ] += 1
    return added


def _with_derived(row: dict[str, str], part: Repeated) -> dict[str, str]:
    """Return the columns of an element, with those that follow from two others of its numbers."""
    derived = {}
    for sign, pairs in ((1, part.sums), (-1, part.differences)):
        for name, (first, second) in pairs.items():
            if name not in derived and _is_number(row, first) and _is_number(row, second):
                derived[name] = str(int(row[first]) + sign * int(row[second]))
    return derived | row


def _is_number(row: dict[str, str], name: str) -> bool:
    text = row.get(name, "").strip()
    return text.isdecimal() and len(text) <= _MAX_DIGITS


def texts_of(element: Element, columns: dict[str, Paths]) -> dict[str, str]:
    """Return the columns of which an element has a text."""
    return {column: text for column, paths in columns.items() if (text := _first(element, paths))}


def _first(element: Element, paths: Paths) -> str | None:
    """Return the text at the first path that has one."""
    return next((text for path in ([paths] if isinstance(paths, str) else paths) if (text := element.find(path))), None)


def cleaned(row: dict[str, str]) -> dict[str, str]:
    invisible = InvisibleCharacters()
    return {column: invisible.clean(replace_surrogates(text)).strip() for column, text in row.items()}


def results_by_year(element: Element, results: Results, counts: Counter[str]) -> list[dict[str, str]]:
    """Return the newest results of each component as a row for each academic year, oldest first, or the newest only.

    A component of which there are several newest results, or others without a date, that differ is not known.
    """
    above, _, tag = results.path.rpartition("/")
    stages = [stage for stage in element.find_all(above) if _fits(stage, results.stage)]
    found: dict[str, dict[str, list[tuple[dt.date | None, str]]]] = {}
    for result in (each for stage in stages for each in stage.find_all(tag) if _fits(each, results.where)):
        column, value = results.components.get(result.find(results.component) or ""), result.find(results.value)
        if not column or not value:
            continue
        status = (result.find(results.status) or "") if results.status else None
        if status is not None and status != results.valid:
            shown = status if _CODE.fullmatch(status) else "another code" if status else "nothing"
            counts[f"Results whose {results.status} is {shown} and not {results.valid} are left out"] += 1
            continue
        year = result.find(results.end_year) or ""
        year = year if CALENDAR_YEAR.fullmatch(year) else ""
        date = read_date(result.find(results.newest) or "") if results.newest else None
        found.setdefault(year, {}).setdefault(column, []).append((date, value))
    years = sorted(found)
    if results.newest_year and years[1:] and not years[0]:
        undated = sum(map(len, found[years.pop(0)].values()))
        counts["Results without a year that can be read are left out, beside others that have one"] += undated
    if results.newest_year and len(years) > 1:
        earlier = [each for year in years[:-1] for each in found[year].values()]
        counts["Results of earlier years than the newest are left out"] += sum(map(len, earlier))
        years = years[-1:]
    rows = []
    for year in years:
        row = {column: text for column, each in found[year].items() if (text := _newest(each, column, counts))}
        rows.append(row | ({YEAR: academic_year(int(year) - 1)} if year else {}))
    return rows


def _newest(found: list[tuple[dt.date | None, str]], column: str, counts: Counter[str]) -> str | None:
    """Return the newest of the dated values of a component; None where another of its date, or without one, differs."""
    newest = max((date for date, _ in found if date), default=None)
    values = [value for date, value in found if date in (newest, None)]
    if len(found) > len(values):
        counts["Earlier results of the same assessment and year are left out"] += len(found) - len(values)
    if len(set(values)) > 1:
        counts[
            f"Records whose {column} is not known, since results of one date, or without one, contradict each other"
        ] += 1
        return None
    return values[0]


def _date_at(path: str | None) -> Callable[[Element], str]:
    """Return a sort key by the ISO date at a path; without a path or date the order is kept."""
    return lambda element: (element.find(path) or "") if path else ""


def _fits(element: Element, where: dict[str, str]) -> bool:
    return all(element.find(path) == text for path, text in where.items())
