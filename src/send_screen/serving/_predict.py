"""Predict rows one by one and in their order: score, reasons and status of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import pandas as pd

from send_screen.cohorts import Cohort, load_cohort
from send_screen.governance import Bundle
from send_screen.screening import (
    NOTICE,
    Reason,
    RoleAccess,
    excluded_child,
    reasons,
    refuse_or_warn,
    role_access,
    score_cohort,
)
from send_screen.tables import percent

SCREENED = "screened"
PREDICTION_COLUMNS = {
    "row": "long",
    "status": "string",
    "reason": "string",
    "score": "double",
    "percent": "double",
    "reasons_for": "string",
    "reasons_against": "string",
    "not_known": "string",
    "ask": "string",
    "beyond_training": "string",
    "model_version": "string",
    "notice": "string",
}


def predict_records(
    bundle: Bundle,
    rows: pd.DataFrame,
    *,
    role: str | None = None,
    allow_synthetic_model: bool = False,
    today: dt.date | None = None,
) -> pd.DataFrame:
    """Return score, reasons and status of each row, with no identifier among them.

    Parameters
    ----------
    bundle : Bundle
        A verified version.
    rows : pandas.DataFrame, shape (n, any)
        Children, under the contracts' column names.
    role, allow_synthetic_model, today
        See :func:`send_screen.screening.screen_cohort`.

    Returns
    -------
    pandas.DataFrame, shape (n, 12)
        In the order of ``rows``; ``row`` counts from 1. ``status`` is ``"screened"``, or why the child was not
        screened, and then ``score`` and ``percent`` are NaN. ``beyond_training`` names what lies beyond anything the
        version has seen, and so was taken as the nearest that it has, or as not known.

    Raises
    ------
    DataError, PopulationError
        If the rows as a whole cannot be used.
    UsageError
        If no contract knows the role.
    """
    access = role_access(bundle.contracts, role)
    cohort = load_cohort(bundle.spec, rows.reset_index(drop=True), training=False, contracts=bundle.contracts)
    banners = refuse_or_warn(
        bundle, cohort, today=today or dt.date.today(), allow_synthetic_model=allow_synthetic_model
    )
    found = [*_screened(bundle, cohort, access), *_not_screened(bundle, cohort, access)]
    table = pd.DataFrame(found).sort_values("row", ignore_index=True)
    table["model_version"] = str(bundle.published["version"]["id"])
    table["notice"] = " ".join((*banners, NOTICE))
    return table[list(PREDICTION_COLUMNS)]


def _screened(bundle: Bundle, cohort: Cohort, access: RoleAccess) -> Iterator[dict[str, object]]:
    features = bundle.features
    scored = score_cohort(bundle, cohort)
    beyond = scored.clipped | scored.unknown_category
    may_see = [access.data_owner(feature) is None for feature in features]
    row = cohort.show["row"].to_numpy(dtype=np.int64) - 1
    # Plain tuples: a row taken out of a frame costs as much as everything else that is done for a child.
    for position, values in enumerate(scored.X.itertuples(index=False, name=None)):
        why = reasons(features, access, values, scored.contributions[position])
        unusual = [feature.label for feature, told in zip(features, beyond[position] & may_see, strict=True) if told]
        yield {
            "row": int(row[position]),
            "status": SCREENED,
            "reason": "",
            "score": float(scored.score[position]),
            "percent": float(percent(scored.score[position])),
            "reasons_for": _sentence(why.speaks_for),
            "reasons_against": _sentence(why.speaks_against),
            "not_known": "; ".join(why.not_known),
            "ask": "; ".join(why.ask),
            "beyond_training": "; ".join(unusual),
        }


def _not_screened(bundle: Bundle, cohort: Cohort, access: RoleAccess) -> Iterator[dict[str, object]]:
    texts = ("reasons_for", "reasons_against", "not_known", "ask", "beyond_training")
    for record in cohort.excluded.to_dict("records"):
        child = excluded_child({str(key): value for key, value in record.items()}, bundle, access)
        nothing = {"score": np.nan, "percent": np.nan, **dict.fromkeys(texts, "")}
        yield {"row": child.row - 1, "status": child.kind, "reason": child.reason, **nothing}


def _sentence(found: tuple[Reason, ...]) -> str:
    return "; ".join(reason.text for reason in found)
