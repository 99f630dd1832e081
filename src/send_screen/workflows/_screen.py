"""Screen a school's file with a version, and write the list with reasons as files."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from send_screen.cohorts import EXCLUSIONS, MANUAL_REVIEW, load_cohort
from send_screen.documents import count
from send_screen.errors import DataError, UsageError
from send_screen.governance import LEDGER, AnyEntry, OpenLedger, open_for_append, withdrawal, withdrawn_error
from send_screen.results import Result, Section
from send_screen.screening import (
    Capacity,
    ChildRecord,
    ScreeningResult,
    Selection,
    child_records,
    keep_until,
    read_decisions,
    result_for_role,
    select_children,
)
from send_screen.workflows._decisions import unentered_decisions
from send_screen.workflows._export import load_model
from send_screen.workflows._in_batches import selected_in_batches
from send_screen.workflows._last_list import compare_with_last
from send_screen.workflows._list_folder import (
    close_stopped_runs,
    files_of_list,
    free_folder,
    move_list,
    render_files,
    write_list_folder,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Engine = Literal["memory", "batches", "spark"]
_MAX_REASONS = 5  # on the console


@dataclass(frozen=True, repr=False)
class ScreenedFile(Result):
    """The result of screening a file.

    A notebook shows counts and no child; the list is in the files, for those who may read it.
    """

    result: ScreeningResult
    """The children listed, with reasons, those just below the threshold, and excluded rows."""
    summary: dict[str, Any]
    """The counts, as in ``summary.json``."""
    out: Path
    """Folder of the files."""
    stopped: tuple[str, ...] = ()
    """Notes on earlier runs in the ledger that were stopped."""
    kept: Path | None = None
    """The folder of an earlier list, which stays: the one that was asked for, or where it was moved."""
    set_aside: tuple[str, ...] = ()
    """Files, or pieces of one, that cannot be read, and why: their children are on no list."""

    @property
    def headline(self) -> str:
        """The number of rows of the file, screened and excluded."""
        found = self.result
        return f"{count(found.n_rows, 'row', 'rows')} = {found.n_screened} screened + {len(found.excluded)} set aside."

    @property
    def ok(self) -> bool:
        """Whether any child was screened, and every piece was read."""
        return self.result.n_screened > 0 and not self.set_aside

    def sections(self) -> Iterable[Section]:
        """Yield the counts and notes; the children who could not be screened come first."""
        found, who = self.result, self.result.published.version.children
        # a child with several conflicting rows counts once
        kinds = Counter(kind for kind, _ in {(child.kind, child.child_id or child.row) for child in found.excluded})
        by_hand_first = sorted(kinds.items(), key=lambda item: item[0] != MANUAL_REVIEW)
        yield Section(
            [
                *([] if found.n_screened else ["Nobody could be screened."]),
                *found.banners,
                *(f"{count(n, who.singular, who.plural)}: {EXCLUSIONS[kind]}." for kind, n in by_hand_first),
                *self._reasons(),
                *found.linked,
                f"{len(found.listed)} of {found.n_screened} screened {who.plural} are listed, {len(found.margin)} are "
                "just below the line. Not being listed is never 'no need'.",
                *self._drawn(),
                *(f"Note: {note}" for note in (*found.notes, *self.stopped)),
                *([f"{self.kept} holds an earlier list, which stays as it is."] if self.kept else []),
                f"Open {(self.out / 'report.html').resolve()}",
            ]
        )

    def _drawn(self) -> Iterator[str]:
        """Yield how many are in the review sample, where the spec asks for one."""
        if drawn := len(self.result.review_sample):
            who = self.result.published.version.children
            yield f"{count(drawn, who.singular, who.plural)} drawn at random: discuss them as those listed."

    def _reasons(self) -> Iterator[str]:
        """Yield each rule behind manual review: its commonest reason, and the number of children."""
        by_rule: dict[str, dict[str | int, str]] = {}
        who = self.result.published.version.children
        for child in self.result.excluded:
            if child.kind == MANUAL_REVIEW:
                texts = by_rule.setdefault(child.rule, {})
                texts.setdefault(child.child_id or child.row, f"{child.reason} {child.remedy}")
        commonest_first = sorted(by_rule.items(), key=lambda item: -len(item[1]))
        for rule, texts in commonest_first[:_MAX_REASONS]:
            commonest = Counter(texts.values()).most_common(1)[0][0]
            example = "" if len({*texts.values()}) == 1 else ", for example"
            yield f"  {count(len(texts), who.singular, who.plural)}, rule {rule}{example}: {commonest}"
        if len(commonest_first) > _MAX_REASONS:
            yield "  Other reasons are in excluded.csv."

    def to_dict(self) -> dict[str, Any]:
        """Return the counts."""
        return self.summary


def screen(
    model: str | Path,
    file: str | Path | DataFrame,
    *,
    out: str | Path,
    capacity: str | None = None,
    per_school: bool = False,
    role: str | None = None,
    academic_year: str | None = None,
    allow_synthetic_model: bool = False,
    replace: bool = False,
    engine: Engine = "memory",
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> ScreenedFile:
    """List the children of a file with the highest scores, up to the capacity, with reasons for each.

    Writes ``list.csv``, ``list.xlsx``, ``excluded.csv``, ``report.html`` and ``summary.json``. Where other agencies'
    files lie beside the school's, and the role may see by which identifiers they know a child, also ``linkage.csv``.

    Parameters
    ----------
    model : str or pathlib.Path
        See :func:`load_model`.
    file : str, pathlib.Path or pyspark.sql.DataFrame
        A school's file, or a folder with one file per contract. With ``engine="spark"`` also a DataFrame of Spark,
        whose rows are numbered by partition.
    out : str or pathlib.Path
        Folder for the results. If it holds a list already, that stays, and the new one is written into a folder beside
        it with the date in its name. The summary is written last, so a folder without one is incomplete.
    capacity : str, optional
        ``"30"`` or ``"10%"``; by default the spec's.
    per_school : bool, default False
        Whether the capacity is that of each school rather than of the whole file.
    role : str, optional
        The role that will read the list. For a reason that it may not see, only the agency to ask is named.
    academic_year : str, optional
        The academic year of a file that does not say it, such as ``"2025/26"``.
    allow_synthetic_model : bool, default False
        Allow a model trained on synthetic children to screen real ones; every page then says so.
    replace : bool, default False
        Write the list into ``out`` although it holds one, which is moved beside it. The decisions that people wrote
        into that must have been entered with :func:`decisions`.
    engine : {"memory", "batches", "spark"}, default "memory"
        ``"batches"`` reads one table, of a file or of a folder of files with the same columns, piece by piece on all
        cores and in bounded memory. A run that was stopped goes on where it was. ``"spark"`` does so on the machines of
        Spark: the session that is running, or what the environment names. The list is the same.
    ledger : str or pathlib.Path, optional
        The ledger in which the run is recorded, with those it listed under pseudonyms: a file, or the address of a
        PostgreSQL database; by default ``ledger.db`` beside ``out``.
    tracking_uri : str, optional
        Where the registry is, for ``models:/...``.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    ScreenedFile
        Rows of the file = rows screened + rows excluded.

    Raises
    ------
    UsageError
        If there is no such version, the capacity is invalid, or decisions in a list to be replaced were not entered.
    PopulationError
        If the children are outside the model's population, or it was trained on synthetic children.
    GateError
        If the version was withdrawn.
    LedgerError
        If the ledger was altered. Then no list is written.
    MachineError
        If the ledger, the folder or one of its files cannot be written.

    Notes
    -----
    A flag is a prompt to assess, never a diagnosis and never a decision.

    Examples
    --------
    >>> from send_screen import screen
    >>> found = screen("model", "pupils.xlsx", out="lists", capacity="10%")  # doctest: +SKIP
    >>> found.summary["n_listed"]  # doctest: +SKIP
    9
    """
    if progress is not None:
        progress("Screening")
    requested = Capacity.parse(capacity) if capacity else None
    if not str(out).strip():
        raise UsageError("No folder is given for the lists.", remedy="Give one with --out.")
    data = Path(file) if isinstance(file, str | Path) else file
    if not isinstance(data, Path) and engine != "spark":
        raise UsageError("The data are no file.", remedy="Name one; or of a DataFrame of Spark give engine='spark'.")
    bundle = load_model(model, ledger=ledger, tracking_uri=tracking_uri)
    write = partial(
        screen_into,
        model=model,
        file=data.name if isinstance(data, Path) else "Spark DataFrame",
        out=Path(out),
        role=role,
        allow_synthetic_model=allow_synthetic_model,
        replace=replace,
        ledger=ledger,
    )
    if engine != "memory":
        if academic_year:
            raise UsageError(
                "--academic-year is for data that are read at once.",
                remedy=f"Add a column AcademicYear, or leave out --engine {engine}.",
            )
        with selected_in_batches(
            bundle, data, Path(out), engine=engine, capacity=requested, per_school=per_school, progress=progress
        ) as (selection, not_selected):
            return write(selection, not_selected=not_selected)
    try:
        cohort = load_cohort(bundle.spec, file, training=False, contracts=bundle.contracts, academic_year=academic_year)
    except DataError as error:
        if not error.remedy:
            ask = f"send-screen check {model} {file} --ask"
            error.remedy = f"\nTo see what was read, and to answer what only you can: {ask}"
        raise
    return write(select_children(bundle, cohort, capacity=requested, per_school=per_school))


def screen_into(
    selection: Selection,
    *,
    model: str | Path,
    file: str,
    out: Path,
    role: str | None,
    allow_synthetic_model: bool,
    replace: bool,
    ledger: str | Path | None,
    not_selected: Iterable[tuple[str, ChildRecord]] = (),
    verified: list[AnyEntry] | None = None,
) -> ScreenedFile:
    """Enter a selection of the children in ``file`` into the ledger and write its files; see :func:`screen`.

    ``not_selected`` are the records of children who are not in the selection's cohort. ``verified``: see
    :func:`open_for_append`.
    """
    bundle, today = selection.bundle, dt.date.today()
    result = result_for_role(selection, file=file, role=role, allow_synthetic_model=allow_synthetic_model, today=today)
    records = dict(not_selected) | child_records(selection)
    with open_for_append(ledger or out.resolve().parent / LEDGER, verified=verified) as open_ledger:
        version = bundle.published.version.id
        if withdrawal(open_ledger.entries, version, manifest_sha256=bundle.manifest_sha256) is not None:
            raise withdrawn_error(str(model))
        stopped = close_stopped_runs(open_ledger)
        result = compare_with_last(result, records, open_ledger, bundle)
        contents = render_files(result)
        kept = _move_entered_list(out, result.date, open_ledger) if replace else None
        folder = free_folder(out, result.date)
        summary = write_list_folder(
            result,
            contents,
            folder,
            records=records,
            keep_until=keep_until(bundle, today),
            manifest_sha256=bundle.manifest_sha256,
            ledger=open_ledger,
        )
    return ScreenedFile(result, summary, folder, stopped, kept if folder == out else out, selection.set_aside)


def _move_entered_list(out: Path, date: str, ledger: OpenLedger) -> Path | None:
    """Move the list in a folder beside it, and return where to, None where there is none.

    Raise UsageError where the ledger lacks decisions.
    """
    if not files_of_list(out):
        return None
    for name in ("list.xlsx", "list.csv"):
        if (out / name).is_file() and (n := unentered_decisions(read_decisions(out / name), ledger)):
            raise UsageError(
                f"{out / name} holds {count(n, 'decision', 'decisions')} that the ledger does not.",
                remedy=f"Enter them first: send-screen decisions {out / name}",
            )
    aside = free_folder(out.with_name(f"{out.name} until {date}"), "more")
    move_list(out, aside)
    return aside
