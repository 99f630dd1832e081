"""Predictions of a served version: their MLflow signature, and score, reasons and status of each row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from importlib import resources

import numpy as np
import pandas as pd

from send_screen.cohorts import Cohort, load_cohort
from send_screen.contracts import Contract
from send_screen.governance import Bundle
from send_screen.screening import (
    NOTICE,
    RoleAccess,
    check_permitted_use,
    excluded_child,
    interacting_with_hidden,
    reasons,
    role_access,
    score_cohort,
)
from send_screen.simulation._examples import synthetic_rows
from send_screen.specs import ModelSpec
from send_screen.tables import percent

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


def request_columns(spec: ModelSpec, contracts: dict[str, Contract]) -> dict[str, str]:
    """Return the MLflow type of each column of a request, by name: always ``any``.

    MLflow's stricter types would refuse a whole number or category as text, or a number as text. The contract validates
    cells and columns instead.
    """
    return {str(name): "any" for name in synthetic_rows(spec, contracts).columns}


def served_code() -> bytes:
    """Return the file that MLflow runs to serve a version, with Unix line ends."""
    return resources.files("send_screen.serving").joinpath("served.py").read_bytes().replace(b"\r\n", b"\n")


def predict_records(
    bundle: Bundle,
    rows: pd.DataFrame,
    *,
    role: str | None = None,
    allow_synthetic_model: bool = False,
    today: dt.date | None = None,
) -> pd.DataFrame:
    """Return score, reasons and status of each row, without identifiers.

    The order is that of ``rows``, and ``row`` counts from 1. ``status`` is ``"screened"``, or why the child was not
    screened; ``score`` and ``percent`` are then NaN, as they are for a role that may not see a feature, whose value
    could be derived from them. ``beyond_training`` names the features that were clipped or are an unknown category.
    Raises for a file or role that is refused, as :func:`send_screen.screening.screen_cohort` does.
    """
    return predict_children(bundle, rows, role=role, allow_synthetic_model=allow_synthetic_model, today=today)[0]


def predict_children(
    bundle: Bundle,
    rows: pd.DataFrame,
    *,
    role: str | None = None,
    allow_synthetic_model: bool = False,
    today: dt.date | None = None,
) -> tuple[pd.DataFrame, dict[int, str]]:
    """Return what :func:`predict_records` does, and the identifier of each child who has one, by ``row``."""
    access = role_access(bundle.contracts, role)
    cohort = load_cohort(bundle.spec, rows.reset_index(drop=True), training=False, contracts=bundle.contracts)
    banners = check_permitted_use(
        bundle,
        cohort.as_of_range,
        cohort.synthetic,
        today=today or dt.date.today(),
        allow_synthetic_model=allow_synthetic_model,
    )
    table = pd.DataFrame([*_screened(bundle, cohort, access), *_excluded(bundle, cohort, access)])
    table["model_version"] = bundle.published.version.id
    table["notice"] = " ".join((*banners, NOTICE))
    of_rows = pd.concat([cohort.show["row"], cohort.excluded["row"]])
    children = pd.concat([cohort.ids, cohort.excluded["child_id"]])
    known = {
        int(row) - 1: str(child) for row, child in zip(of_rows, children, strict=True) if pd.notna(child) and child
    }
    return table.sort_values("row", ignore_index=True)[list(PREDICTION_COLUMNS)], known


def _screened(bundle: Bundle, cohort: Cohort, access: RoleAccess) -> Iterator[dict[str, object]]:
    """Yield the prediction of each child who was screened."""
    features = bundle.features
    scored = score_cohort(bundle, cohort)
    beyond = scored.clipped | scored.unknown_category
    may_see_score = access.may_see_score(bundle.spec)
    may_see = [access.data_owner(feature) is None for feature in features]
    interacting = interacting_with_hidden(features, access, bundle.tables)
    row = cohort.show["row"].to_numpy(dtype=np.int64) - 1
    # tuples, since a row of a frame is slow
    for position, values in enumerate(scored.X.itertuples(index=False, name=None)):
        why = reasons(features, access, values, scored.contributions[position], interacting)
        unusual = [
            feature.label for feature, is_beyond in zip(features, beyond[position] & may_see, strict=True) if is_beyond
        ]
        yield {
            "row": int(row[position]),
            "status": "screened",
            "reason": "",
            "score": float(scored.score[position]) if may_see_score else np.nan,
            "percent": float(percent(scored.score[position])) if may_see_score else np.nan,
            "reasons_for": "; ".join(reason.text for reason in why.reasons_for),
            "reasons_against": "; ".join(reason.text for reason in why.reasons_against),
            "not_known": "; ".join(why.not_known),
            "ask": "; ".join(why.ask),
            "beyond_training": "; ".join(unusual),
        }


def _excluded(bundle: Bundle, cohort: Cohort, access: RoleAccess) -> Iterator[dict[str, object]]:
    """Yield a prediction without a score for each row that was excluded."""
    texts = ("reasons_for", "reasons_against", "not_known", "ask", "beyond_training")
    nothing = {"score": np.nan, "percent": np.nan, **dict.fromkeys(texts, "")}
    for record in cohort.excluded.to_dict("records"):
        child = excluded_child(bundle.spec, record, access)
        told = {"status": child.kind, "reason": child.reason, "ask": "; ".join(child.ask)}
        yield nothing | {"row": child.row - 1, **told}
