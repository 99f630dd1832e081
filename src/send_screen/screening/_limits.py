"""Permitted use of a version: errors, banners that its use must display, and disclaimers of every list."""

from __future__ import annotations

import datetime as dt

from send_screen.documents import reword
from send_screen.errors import PopulationError
from send_screen.governance import Bundle

# Shown with every score, list and version.
DISCLAIMERS = (
    "It is a prompt to look. It is not a diagnosis, and it decides nothing.",
    "It must not be used to refuse, delay or ration an assessment.",
    "A parent's or a teacher's concern always counts, listed or not.",
    "Not being listed never means “no need”.",
)
NOTICE = " ".join(DISCLAIMERS)
RESEARCH_BANNER = (
    "RESEARCH ONLY: this model learnt from invented children. Nothing here may be used to decide anything about a "
    "real child."
)
SYNTHETIC_BANNER = "The children in this file are invented."
# The as-of date is the last day of a school year. Records are made up to four months before it, and later go stale.
LATEST_AHEAD, OLDEST = dt.timedelta(days=120), dt.timedelta(days=500)


def check_permitted_use(
    bundle: Bundle,
    as_of: tuple[dt.date, dt.date] | None,
    synthetic: bool,
    *,
    today: dt.date,
    allow_synthetic_model: bool,
) -> tuple[str, ...]:
    """Raise PopulationError for a use that is not permitted; return the banners that its use must display.

    ``as_of`` are the first and the last day as of which the children are known, and ``synthetic`` whether they are.
    """
    spec = bundle.spec
    if today > spec.review_date:
        raise PopulationError(
            f"The model was to be reviewed by {spec.review_date.isoformat()}, and may not be used after that date.",
            rule="REVIEW-DATE",
            remedy=f"Ask {spec.owner.team} ({spec.owner.organisation}) for a reviewed version.",
        )
    if as_of and as_of[1] > today + LATEST_AHEAD:
        raise PopulationError(
            f"The records are of {as_of[1].isoformat()}, which has not come yet.",
            rule="POPULATION-AS-OF",
            remedy="Check the academic year in the file.",
        )
    banners = []
    if as_of and as_of[0] < today - OLDEST:
        banners.append(
            f"These records are as of {as_of[0].isoformat()}. Much can have changed since: ask first "
            "what is known today."
        )
    if bundle.trained_on_synthetic and not synthetic:
        if not allow_synthetic_model:
            raise PopulationError(
                f"The model learnt from invented {spec.children_are.plural}, so it cannot screen real ones.",
                rule="TRAINED-ON-SYNTHETIC",
                remedy="Train a version on real data. To look at how the software works, and for nothing else, "
                "add --allow-synthetic-model: every page then says so.",
            )
        banners.append(reword(RESEARCH_BANNER, spec.children_are))
    if synthetic:
        banners.append(reword(SYNTHETIC_BANNER, spec.children_are))
    return tuple(banners)
