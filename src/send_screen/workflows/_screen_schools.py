"""Screen many schools: a pack for each, and one page for the trust or authority."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from send_screen.cohorts import MANUAL_REVIEW, Cohort, load_cohort
from send_screen.documents import count
from send_screen.errors import LedgerError, MachineError, SendScreenError, UsageError
from send_screen.governance import LEDGER, AnyEntry
from send_screen.reports import SchoolRow, band, render_schools, render_schools_csv
from send_screen.results import Result, Section
from send_screen.screening import Capacity, select_children
from send_screen.workflows._export import load_model
from send_screen.workflows._folders import require_empty, write_output
from send_screen.workflows._screen import ScreenedFile, screen_into

PAGE, TABLE = "schools.html", "schools.csv"
_NOT_IN_A_NAME = re.compile(r"[^\w .()-]+")
_MAX_NAME = 60  # characters of a pack's folder
_WORTH_TELLING = 60.0  # seconds that are left
_WITHOUT_SCHOOL = "school not known"
_COPY = 0.5  # of a school's children in one other pack: it is the same school again


@dataclass(frozen=True, repr=False)
class ScreenedSchools(Result):
    """Packs of many schools, and the page about all. It shows counts and no child."""

    schools: tuple[SchoolRow, ...]
    not_read: tuple[str, ...]
    """Files, folders or schools of which nothing was screened, each with the reason."""
    shared: tuple[str, ...]
    """Packs with children in common, in sentences without a child."""
    out: Path

    @property
    def ok(self) -> bool:
        """Whether every file was read, and somebody screened in each school."""
        return not self.not_read and bool(self.schools) and all(school.n_screened for school in self.schools)

    @property
    def headline(self) -> str:
        """How many packs there are."""
        schools = count(len(self.schools), "school has", "schools have")
        rows = sum(school.n_rows for school in self.schools)
        screened = sum(school.n_screened for school in self.schools)
        return f"{schools} a list. {count(rows, 'row', 'rows')} = {screened} screened + {rows - screened} set aside."

    def sections(self) -> Iterable[Section]:
        """Yield what was not screened, and the page to open."""
        nobody = [school.name for school in self.schools if not school.n_screened]
        if self.not_read:
            yield Section(self.not_read, title="NOT SCREENED")
        if nobody:
            yield Section(nobody, title="NOBODY could be screened in")
        if self.shared:
            yield Section(self.shared, title="In more than one pack")
        yield Section([f"Open {(self.out / PAGE).resolve()}"])

    def to_dict(self) -> dict[str, Any]:
        """Return the counts of each school."""
        schools = [school._asdict() for school in self.schools]
        return {"schools": schools, "not_read": list(self.not_read), "shared": list(self.shared)}


def screen_schools(
    model: str | Path,
    data: Iterable[str | Path],
    *,
    out: str | Path,
    capacity: str | None = None,
    role: str | None = None,
    academic_year: str | None = None,
    allow_synthetic_model: bool = False,
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> ScreenedSchools:
    """Screen many schools: each has a pack of its own, a folder as :func:`screen` writes it, with its own places.

    Beside the packs, ``schools.html`` and ``schools.csv`` say how many were screened and listed in each school, without
    a child, and with small counts in bands. What cannot be read is named, and the rest is screened. So is a school of
    which half of the children are in another pack already.

    Parameters
    ----------
    model : str or pathlib.Path
        See :func:`load_model`.
    data : iterable of str or pathlib.Path
        Files, and folders with one file per contract. One may hold several schools.
    out : str or pathlib.Path
        A folder that is not there yet, or is empty.
    capacity : str, optional
        ``"30"`` or ``"10%"`` of each school; by default the spec's.
    role, academic_year, allow_synthetic_model
        See :func:`screen`.
    ledger : str or pathlib.Path, optional
        One ledger for all; by default ``ledger.db`` beside ``out``.
    tracking_uri : str, optional
        See :func:`screen`.
    progress : callable, optional
        Called with a sentence before each file and school, with the pace and the time that is left.

    Returns
    -------
    ScreenedSchools
        For each school, rows = rows screened + rows excluded.

    Raises
    ------
    UsageError
        If ``out`` is not empty, or there are no data.
    PopulationError, GateError, LedgerError, MachineError
        As :func:`screen`, where it concerns the model or the machine and not one file.

    Examples
    --------
    >>> from send_screen import screen_schools
    >>> screen_schools("model", ["oak.xlsx", "elm.csv"], out="packs")  # doctest: +SKIP
    <ScreenedSchools: 2 schools have a list. 121 rows = 96 screened + 25 set aside.>
    """
    out, paths = Path(out), [Path(part) for part in data]
    require_empty(out)
    if not paths:
        raise UsageError("No data are given.", remedy="Name the files, or a folder for each school.")
    bundle = load_model(model, ledger=ledger, tracking_uri=tracking_uri)
    requested = Capacity.parse(capacity) if capacity else None
    schools: list[SchoolRow] = []
    not_read: list[str] = []
    names: set[str] = set()
    packs = _Packs()
    verified: list[AnyEntry] = []
    step = _Step(progress or (lambda _: None), len(paths))
    for number, path in enumerate(paths):
        step.read(path.name, number)
        with _named(path.name, not_read):
            cohort = load_cohort(
                bundle.spec, path, training=False, contracts=bundle.contracts, academic_year=academic_year
            )
            parts = cohort.split_by_school()
            for position, (school, part) in enumerate(parts.items()):
                step.screen(path.name, number, position, len(parts))
                name = _free_name(school if len(parts) > 1 else path.stem, names)
                with _named(f"{path.name}, {name}", not_read):
                    children = packs.require_new(part)
                    screened = screen_into(
                        select_children(bundle, part, capacity=requested),
                        model=model,
                        file=path.name,
                        out=out / name,
                        role=role,
                        allow_synthetic_model=allow_synthetic_model,
                        replace=False,
                        ledger=ledger or out.resolve().parent / LEDGER,
                        verified=verified,
                    )
                    schools.append(_row(name, school, screened))
                    packs.add(name, children)
    schools = _told_apart(schools)
    today, version = dt.date.today().isoformat(), bundle.published.version
    page = render_schools(schools, not_read, packs.shared, screened_on=today, version=version)
    write_output({out / TABLE: render_schools_csv(schools), out / PAGE: page})
    return ScreenedSchools(tuple(schools), tuple(not_read), tuple(packs.shared), out)


@contextmanager
def _named(what: str, not_read: list[str]) -> Iterator[None]:
    """Name what cannot be read or screened, and go on; what is wrong with the machine stops the run."""
    try:
        yield
    except (MachineError, LedgerError):
        raise
    except SendScreenError as error:
        text = " ".join(str(error).split())
        not_read.append(text if text.startswith(f"{what}: ") else f"{what}: {text}")


class _Packs:
    """Which children are in which pack, to find those who are in several: a copied file, or a child who moved."""

    def __init__(self) -> None:
        self.shared: list[str] = []
        """Packs with children in common."""
        self._pack_of: dict[str, str] = {}

    def require_new(self, part: Cohort) -> set[str]:
        """Return the children of a school; raise UsageError where half of them are in one pack already."""
        children = {*part.ids.astype(str), *part.excluded["child_id"].dropna().astype(str)}
        for pack, n in self._count(children).items():
            if n >= _COPY * len(children):
                raise UsageError(
                    f"Half or more of its children are in the pack {pack}, so it is not screened again.",
                    remedy="Where one is a copy or an older file, leave it out.",
                )
        return children

    def add(self, pack: str, children: Collection[str]) -> None:
        """Add a pack that was made."""
        for other, n in self._count(children).items():
            self.shared.append(f"{band(n)} children of {pack} are in {other} too, and were screened in both.")
        self._pack_of |= dict.fromkeys(children, pack)

    def _count(self, children: Collection[str]) -> Counter[str]:
        return Counter(self._pack_of[child] for child in children if child in self._pack_of)


class _Step:
    """Reports what is screened, how many schools a minute, and how much time is left."""

    def __init__(self, report: Callable[[str], None], n_files: int) -> None:
        self._report, self._n_files = report, n_files
        self._n_schools, self._began = 0, 0.0

    def read(self, file: str, number: int) -> None:
        """Report that a file is read; ``number`` counts from 0."""
        self._report(f"Reading {file} (file {number + 1} of {self._n_files})")

    def screen(self, file: str, number: int, school: int, n_schools: int) -> None:
        """Report that a school of a file begins; ``school`` counts from 0."""
        now = time.monotonic()
        pace = ""
        if not self._n_schools:
            self._began = now  # the first file is read, which takes as long for one school as for a thousand
        elif (elapsed := now - self._began) > 0:
            n_done = number + school / n_schools
            left = elapsed * (self._n_files - n_done) / n_done
            rate = 60 * self._n_schools / elapsed
            pace = f"; {rate:,.{0 if rate >= 10 else 1}f} schools a minute"
            pace += f", about {round(left / 60)} min left" if left >= _WORTH_TELLING else ""
        self._n_schools += 1
        of = f", school {school + 1:,} of {n_schools:,}" if n_schools > 1 else ""
        self._report(f"Screening {file}{of} (file {number + 1} of {self._n_files}{pace})")


def _free_name(school: str, taken: set[str]) -> str:
    """Return a folder name for a school that none has yet, whatever characters its name has."""
    plain = " ".join(_NOT_IN_A_NAME.sub(" ", school).split())[:_MAX_NAME].strip(" .") or _WITHOUT_SCHOOL
    name, number = plain, 2
    while name.casefold() in taken:
        name, number = f"{plain} ({number})", number + 1
    taken.add(name.casefold())
    return name


def _told_apart(schools: list[SchoolRow]) -> list[SchoolRow]:
    """Return the rows, with the pack in the name of those schools that have one name."""
    names = Counter(school.name for school in schools)
    return [
        school._replace(name=f"{school.name}, {school.folder}") if names[school.name] > 1 else school
        for school in schools
    ]


def _row(folder: str, school: str, screened: ScreenedFile) -> SchoolRow:
    result = screened.result
    by_hand = {child.child_id or child.row for child in result.excluded if child.kind == MANUAL_REVIEW}
    return SchoolRow(
        name=school or folder,
        folder=screened.out.name,
        n_rows=result.n_rows,
        n_screened=result.n_screened,
        n_listed=len(result.listed),
        n_by_hand=len(by_hand),
    )
