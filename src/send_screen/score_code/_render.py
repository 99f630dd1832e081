"""The files of an export as score code."""

from __future__ import annotations

from send_screen.governance import Bundle
from send_screen.score_code._dialects import DialectName, find_dialect
from send_screen.score_code._inputs import inputs_of
from send_screen.score_code._provenance import Provenance
from send_screen.score_code._query import render_query
from send_screen.score_code._self_test import render_self_test

SCORE_SQL, SELF_TEST_SQL, SCORE_XLSX = "score.sql", "self_test.sql", "score.xlsx"


def render_sql(bundle: Bundle, dialect: DialectName | None, *, allow_synthetic_model: bool = False) -> dict[str, bytes]:
    """Return the query of a version and its self-test, by file name.

    Parameters
    ----------
    bundle : Bundle
    dialect : {"postgres", "duckdb", "sqlite", "tsql", "spark"}
    allow_synthetic_model : bool, default False
        Whether a model that was trained on synthetic children may become a query.

    Returns
    -------
    dict of str to bytes

    Raises
    ------
    UsageError
        If there is no such dialect, or it cannot have a feature's name.
    PopulationError
        If the model was trained on synthetic children, and that was not allowed.
    """
    name, provenance = find_dialect(dialect).name, Provenance.of(bundle, allow_synthetic_model=allow_synthetic_model)
    texts = {
        SCORE_SQL: render_query(bundle.tables, provenance, name),
        SELF_TEST_SQL: render_self_test(bundle.tables, provenance, name),
    }
    return {file: text.encode("utf-8") for file, text in texts.items()}


def render_workbook(bundle: Bundle, *, allow_synthetic_model: bool = False) -> dict[str, bytes]:
    """Return the workbook of a version, by file name.

    Parameters
    ----------
    bundle : Bundle
    allow_synthetic_model : bool, default False
        As for :func:`render_sql`.

    Returns
    -------
    dict of str to bytes

    Raises
    ------
    PopulationError
        As :func:`render_sql`.
    """
    from send_screen.score_code._workbook import render_xlsx  # imports XlsxWriter

    provenance = Provenance.of(bundle, allow_synthetic_model=allow_synthetic_model)
    return {SCORE_XLSX: render_xlsx(bundle.tables, inputs_of(bundle), provenance)}
