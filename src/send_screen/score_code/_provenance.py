"""What an export says of the version that it came from, and on which conditions it gives a score."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from send_screen.documents import reword
from send_screen.errors import PopulationError
from send_screen.governance import Bundle
from send_screen.reports import format_owner
from send_screen.score_code._inputs import describe_source
from send_screen.screening import NOTICE
from send_screen.screening._limits import RESEARCH_BANNER


@dataclass(frozen=True)
class Provenance:
    """The version, its hash, and the conditions of its use."""

    title: str
    version: str
    manifest_sha256: str
    review_date: dt.date
    owner: str
    population: str
    notice: str
    """What every row says; it begins with the research banner where the model was trained on synthetic children."""
    prohibited_uses: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    """What each feature is, and from which columns of the contracts it follows."""

    @classmethod
    def of(cls, bundle: Bundle, *, allow_synthetic_model: bool) -> Self:
        """Return the provenance of a version; raise where it was trained on synthetic children, unless that is allowed.

        Raises
        ------
        PopulationError
        """
        spec, version = bundle.spec, bundle.published.version
        notice = reword(NOTICE, spec.children_are)
        if bundle.trained_on_synthetic:
            if not allow_synthetic_model:
                raise PopulationError(
                    f"The model learnt from invented {spec.children_are.plural}, so it may not score real ones, and an "
                    "export cannot tell the two apart.",
                    rule="TRAINED-ON-SYNTHETIC",
                    remedy="Train a version on real data. To look at how the software works, and for nothing else, "
                    "add --allow-synthetic-model: every row then says so.",
                )
            notice = f"{reword(RESEARCH_BANNER, spec.children_are)} {notice}"
        return cls(
            title=version.title,
            version=version.id,
            manifest_sha256=bundle.manifest_sha256,
            review_date=spec.review_date,
            owner=format_owner(version.owner),
            population=f"{version.population}; {version.eligible_description}",
            notice=notice,
            prohibited_uses=version.prohibited_uses,
            sources={feature.name: describe_source(bundle, feature) for feature in bundle.features},
        )

    @property
    def refusal(self) -> str:
        """What is said in place of a score after the review date."""
        date = self.review_date.isoformat()
        return f"refused: the model was to be reviewed by {date}, and may not be used after that date"
