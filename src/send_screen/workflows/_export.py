"""Load a version from the registry or a folder, verifying the hash of every file, and export one in several forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from send_screen.errors import UsageError
from send_screen.governance import Bundle, ExportEntry, find_withdrawal, named_ledger, open_bundle, withdrawn_error
from send_screen.results import Result, Section
from send_screen.score_code import SCORE_SQL, SCORE_XLSX, SELF_TEST_SQL, DialectName, render_sql, render_workbook
from send_screen.workflows._export_entry import NOT_ENTERED, enter_export
from send_screen.workflows._folders import new_folder

if TYPE_CHECKING:
    from send_screen.tracking import RegisteredVersion

Form = Literal["folder", "sql", "xlsx"]


@dataclass(frozen=True, repr=False)
class ExportedVersion(Result):
    """A version as a folder of plain files, as an SQL query or as a workbook."""

    out: Path
    """The folder."""
    to: Form
    entry: ExportEntry | None
    """Its entry in the ledger of decisions; None where no ledger was named or found."""

    @property
    def headline(self) -> str:
        """What was written, and what to do with it."""
        if self.to == "sql":
            return (
                f"The query is {self.out / SCORE_SQL}. First run {self.out / SELF_TEST_SQL} in the same database: "
                "n_differ must be 0."
            )
        if self.to == "xlsx":
            return f"The workbook is {self.out / SCORE_XLSX}."
        return f"The version is in {self.out}. Screen with it: send-screen screen {self.out} FILE --out DIR"

    def sections(self) -> Iterable[Section]:
        """Yield a warning where no ledger has the export."""
        if self.entry is None:
            yield Section([NOT_ENTERED])

    def to_dict(self) -> dict[str, Any]:
        """Return the folder, the form, and the entry of the ledger."""
        return {"out": str(self.out), "to": self.to, "entry": self.entry and self.entry.model_dump(mode="json")}


def load_model(
    model: str | Path,
    *,
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
    allow_withdrawn: bool = False,
) -> Bundle:
    """Load a version: spec, contracts, risk tables and published report, with the hash of every file verified.

    Parameters
    ----------
    model : str or pathlib.Path
        ``models:/name@alias``, ``models:/name/3``, or a folder that ``send-screen export`` wrote.
    ledger : str or pathlib.Path, optional
        A ledger of decisions to ask whether the version was withdrawn; by default that of the environment variable
        ``SEND_SCREEN_LEDGER``. For a registered version, the ledger beside a local database and the one that the
        registry names are asked, too.
    tracking_uri : str, optional
        Where the registry is; only for the first two.
    allow_withdrawn : bool, default False
        Whether to load a version that was withdrawn, to inspect it.

    Returns
    -------
    Bundle
        ``spec``, ``contracts``, ``tables`` (:class:`~send_screen.RiskTables`) and ``published``.

    Raises
    ------
    UsageError
        If there is no such version.
    GateError
        If it was withdrawn.
    LedgerError
        If a ledger that is asked was altered.
    TablesError
        If a file was changed.

    Notes
    -----
    A folder has no record of withdrawals: without a ledger, nobody can know of them.

    Examples
    --------
    >>> from send_screen import load_model
    >>> version = load_model("models:/reception_sen@champion")  # doctest: +SKIP
    >>> version.tables.decision_function(cohort.X)  # doctest: +SKIP
    array([-1.93, ...])
    """
    return open_version(model, ledger=ledger, tracking_uri=tracking_uri, allow_withdrawn=allow_withdrawn)[0]


def open_version(
    model: str | Path, *, ledger: str | Path | None, tracking_uri: str | None, allow_withdrawn: bool = False
) -> tuple[Bundle, RegisteredVersion | None]:
    """Load a version as :func:`load_model` does, and return it with its place in the registry, None for a folder."""
    if not str(model).startswith("models:"):
        if not Path(model).is_dir():
            raise UsageError(
                f"There is no exported model at {model}.",
                remedy="Give models:/name@alias, models:/name/3, or the folder that send-screen export wrote.",
            )
        bundle = open_bundle(model)
        if not allow_withdrawn and was_withdrawn(bundle, model, ledger=ledger, tracking_uri=tracking_uri):
            raise withdrawn_error(str(model))
        return bundle, None
    from send_screen.tracking import default_uri, open_registered

    version, bundle = open_registered(str(model), uri=tracking_uri or default_uri(), allow_withdrawn=allow_withdrawn)
    if not allow_withdrawn and was_withdrawn(bundle, model, ledger=ledger, tracking_uri=tracking_uri):
        raise withdrawn_error(str(model))
    return bundle, version


def was_withdrawn(bundle: Bundle, model: str | Path, *, ledger: str | Path | None, tracking_uri: str | None) -> bool:
    """Return whether a ledger says that a version was withdrawn: the named one, and for ``models:/`` the registry's."""
    ledgers = [named_ledger(ledger), named_ledger()]  # one that is given is of runs, perhaps
    if str(model).startswith("models:"):
        from send_screen.tracking import default_uri
        from send_screen.workflows._decision_ledger import decision_ledgers

        ledgers = [*decision_ledgers(ledger, tracking_uri or default_uri())]
    version, manifest_sha256 = bundle.published.version.id, bundle.manifest_sha256
    return find_withdrawal(ledgers, version=version, manifest_sha256=manifest_sha256) is not None


def export(
    model: str | Path,
    out: str | Path,
    *,
    to: Form = "folder",
    dialect: DialectName | None = None,
    allow_synthetic_model: bool = False,
    ledger: str | Path | None = None,
    tracking_uri: str | None = None,
) -> ExportedVersion:
    """Write a version into a folder: plain files to screen with, an SQL query, or a workbook.

    The ledger of decisions has an entry of it before the folder is there.

    Parameters
    ----------
    model : str or pathlib.Path
        ``models:/name@alias``, ``models:/name/3``, or a folder that ``send-screen export`` wrote.
    out : str or pathlib.Path
        A folder that is not there yet, or is empty.
    to : {"folder", "sql", "xlsx"}
        ``"folder"``: the version itself, to screen with where there is no MLflow. ``"sql"``: ``score.sql``, a query
        that gives the score and every contribution, and ``self_test.sql``, which compares it with the library.
        ``"xlsx"``: ``score.xlsx``, into which a person types the values of one child.
    dialect : {"postgres", "duckdb", "sqlite", "tsql", "spark"}, optional
        Of the query; only with ``"sql"``, and needed there.
    allow_synthetic_model : bool, default False
        Whether to write a query or workbook of a model that was trained on synthetic children; every row then says so.
    ledger : str or pathlib.Path, optional
        The ledger of decisions; by default that of ``SEND_SCREEN_LEDGER``, or ``ledger.db`` beside a local MLflow
        store. Where there is none of these, nothing is entered, and the result says so.
    tracking_uri : str, optional
        Where the registry is; by default ``mlflow.db`` in the working directory.

    Returns
    -------
    ExportedVersion
        ``out`` is the folder, ``entry`` what the ledger has of it.

    Raises
    ------
    UsageError
        If there is no such version, the folder is not empty, or ``dialect`` does not fit ``to``.
    GateError
        If the version was withdrawn.
    PopulationError
        If the model was trained on synthetic children, and a query or workbook of it was not allowed.
    LedgerError, MachineError
        If the ledger was altered or cannot be written, or the folder cannot. Then there is no folder.
    TablesError
        If a file was changed.

    Examples
    --------
    >>> from send_screen import export, screen
    >>> export("models:/reception_sen@champion", "model")  # doctest: +SKIP
    <ExportedVersion: The version is in model. Screen with it: ...>
    >>> export("models:/reception_sen@champion", "query", to="sql", dialect="postgres")  # doctest: +SKIP
    <ExportedVersion: The query is query/score.sql. First run query/self_test.sql ...>
    """
    out = Path(out)
    if to not in get_args(Form):
        raise UsageError(f"There is no form {to!r}.", remedy=f"Give --to as one of: {', '.join(get_args(Form))}.")
    if dialect is not None and to != "sql":
        raise UsageError("Only a query has a dialect.", remedy="Give --dialect with --to sql, or leave it out.")
    bundle, version = open_version(model, ledger=ledger, tracking_uri=tracking_uri)
    files: Mapping[str, bytes] = bundle.files
    if to == "sql":
        files = render_sql(bundle, dialect, allow_synthetic_model=allow_synthetic_model)
    elif to == "xlsx":
        files = render_workbook(bundle, allow_synthetic_model=allow_synthetic_model)
    with new_folder(out) as part:
        for name, content in files.items():
            (part / name).parent.mkdir(parents=True, exist_ok=True)
            (part / name).write_bytes(content)
        # last before the folder gets its name: no export without an entry
        entry = enter_export(bundle, version, out, what=to, ledger=ledger, tracking_uri=tracking_uri)
    return ExportedVersion(out, to, entry)
