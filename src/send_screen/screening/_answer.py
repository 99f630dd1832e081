"""Answer for rows, one by one and in their order: what a served model returns."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from send_screen.cohorts import load_cohort
from send_screen.governance import Bundle
from send_screen.screening._notice import NOTICE
from send_screen.screening._reader import reader_of
from send_screen.screening._result import Reason
from send_screen.screening._screen import of_100, refuse_or_warn
from send_screen.screening._words import reasons

SCREENED = "screened"
ANSWER_COLUMNS = {
    "row": "long",
    "status": "string",
    "reason": "string",
    "score": "double",
    "of_100": "double",
    "reasons_for": "string",
    "reasons_against": "string",
    "not_known": "string",
    "ask": "string",
    "model_version": "string",
    "notice": "string",
}


def answer(
    bundle: Bundle,
    rows: pd.DataFrame,
    *,
    reader: str | None = None,
    research: bool = False,
    today: dt.date | None = None,
) -> pd.DataFrame:
    """Score rows and say why, with no identifier in the answer.

    Parameters
    ----------
    bundle : Bundle
        A verified version.
    rows : pandas.DataFrame, shape (n, any)
        Children, under the contracts' column names.
    reader, research, today
        See :func:`send_screen.screening.screen`.

    Returns
    -------
    pandas.DataFrame, shape (n, 11)
        In the order of ``rows``; ``row`` counts from 1. ``status`` is ``"screened"``, or why the child was not
        screened, and then ``score`` and ``of_100`` are NaN.

    Raises
    ------
    DataError, PopulationError
        If the rows as a whole cannot be used.
    """
    cohort = load_cohort(bundle.spec, rows.reset_index(drop=True), training=False, contracts=bundle.contracts)
    eyes = reader_of(bundle.contracts, reader)
    banners = refuse_or_warn(bundle, cohort, today=today or dt.date.today(), research=research)
    X = cohort.X[list(bundle.tables.features)]
    score, contributions = bundle.tables.score(X), bundle.tables.contributions(X)
    bundle.tables.check_additivity(score, contributions)
    found = []
    texts = ("reasons_for", "reasons_against", "not_known", "ask")
    for position in range(len(cohort)):
        why = reasons(bundle.features, eyes, X.iloc[position], contributions[position])
        found.append(
            {
                "row": int(cohort.show["row"].iloc[position]) - 1,
                "status": SCREENED,
                "reason": "",
                "score": float(score[position]),
                "of_100": float(of_100(score[position])),
                "reasons_for": _sentence(why.speaks_for),
                "reasons_against": _sentence(why.speaks_against),
                "not_known": "; ".join(why.not_known),
                "ask": "; ".join(why.ask),
            }
        )
    for row, kind, reason in cohort.set_aside[["row", "kind", "reason"]].itertuples(index=False):
        nothing = {"score": np.nan, "of_100": np.nan, **dict.fromkeys(texts, "")}
        found.append({"row": int(row) - 1, "status": kind, "reason": reason, **nothing})
    table = pd.DataFrame(found).sort_values("row", ignore_index=True)
    table["model_version"] = str(bundle.published["version"]["id"])
    table["notice"] = " ".join((*banners, NOTICE))
    return table[list(ANSWER_COLUMNS)]


def _sentence(found: tuple[Reason, ...]) -> str:
    return "; ".join(reason.text for reason in found)
