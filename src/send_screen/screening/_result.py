"""The result of a screening run as data: who is listed and why, who is just below, who could not be screened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from functools import cached_property

from send_screen.published import PublishedReport
from send_screen.screening._decision_record import DecisionRecord

UNCERTAIN = (2, 7)
"""A selection is uncertain if so many of ten models, from two to seven, list the child."""


@dataclass(frozen=True)
class Reason:
    """The contribution of a feature to a child's score, or of all of a family with the same value, as text."""

    features: tuple[str, ...]
    text: str
    """For people, for example ``"Speaking: emerging"`` or ``"14 of 17 goals emerging"``; it quotes the file."""
    contribution: float
    """Exact Shapley value in log-odds, summed over the features: above 0 it speaks for a look, below 0 against."""
    agency: str
    """Whose data it is, for example ``"education"``."""
    areas: tuple[str, ...] = ()
    """The broad areas of need that the features point to, where the spec names any, strongest first."""


@dataclass(frozen=True)
class FeatureValue:
    """A value that the model looked at, and what it added to the child's score."""

    feature: str
    label: str
    value: str
    """For people; ``"not known"`` where it is missing."""
    contribution: float | None
    """Exact Shapley value in log-odds; None where it depends on a value that the role may not see."""
    agency: str
    family: str
    """Noun in the plural for the features that it belongs to, such as goals; empty where there is none."""


@dataclass(frozen=True)
class LastTime:
    """A child at the time of the last list of the same model for the same role."""

    date: str
    """ISO date of that list."""
    kind: str | None
    """Kind of her record then, such as ``"listed"``; None where there is none: not in that file, or erased since."""
    rank: int | None
    """Her place then, where she was listed or just below the threshold."""
    changed: tuple[str, ...]
    """Values that changed since, as text with the earlier one, those that changed the score most first."""
    decision: DecisionRecord | None
    """What was decided last."""
    due: bool
    """Whether its review is due on the day of the run."""
    is_new: bool = False
    """Whether the child is listed now and was not then."""


@dataclass(frozen=True)
class LeftChild:
    """A child who was listed last time, or about whom something was decided, and who is not shown with a place now."""

    name: str
    class_name: str
    why: str
    last_time: LastTime


@dataclass(frozen=True)
class SinceLast:
    """What changed since the last list of the same model for the same role."""

    date: str
    """ISO date of that list."""
    same_version: bool
    """Whether it was made by this version; if not, places may have moved for that alone."""
    n_new: int
    """Listed children who were not listed then."""
    left: tuple[LeftChild, ...]
    """By their places then."""
    n_erased: int
    """Children of that file of whom nothing can be read any more, since their records were erased."""


@dataclass(frozen=True)
class ScreenedChild:
    """A child on the list or just below the threshold; a text is empty where the file does not have it."""

    rank: int
    """1 is the first to look at."""
    row: int
    """Row of the child in the file, as a spreadsheet counts."""
    child_id: str
    name: str
    class_name: str
    school: str
    score: float | None
    """Log-odds. It and the figures below are None for a role that may not see a feature, which they would reveal."""
    percent: int | None
    """Of 100 children with such a score, how many the model expects to have had the outcome later."""
    reasons_for: tuple[Reason, ...]
    """Strongest first, as the reasons against."""
    reasons_against: tuple[Reason, ...]
    not_known: tuple[str, ...]
    """What was missing about this child, as text."""
    ask: tuple[str, ...] = ()
    """Agencies whose data count for this child, and that the role may not see."""
    agencies: tuple[str, ...] = ()
    """For each agency that was asked, and whose links the role may see: whether it had a record, in words."""
    values: tuple[FeatureValue, ...] = ()
    """Everything that the model looked at and the role may see, in the order of the features."""
    n_same_score: int | None = None
    """How many other children of the same list have exactly the same score; their order is arbitrary."""
    percent_interval: tuple[int, int] | None = None
    """95 % prediction interval of ``percent`` for a model trained on a new sample of schools; None without bags."""
    selections_of_10: int | None = None
    """Selection probability: of 10 models trained on new samples of schools, about how many list the child."""

    last_time: LastTime | None = None
    """What the last list said of the child; None where there was none."""

    @property
    def is_uncertain(self) -> bool:
        """Whether the selection is uncertain: two to seven of ten such models would list the child."""
        return self.selections_of_10 is not None and UNCERTAIN[0] <= self.selections_of_10 <= UNCERTAIN[1]


@dataclass(frozen=True)
class LinkedRow:
    """A row of an agency's file that was linked to a child, or may be a child's; a line of ``linkage.csv``."""

    child_id: str | None
    """Of the child, or of the one whose it may be; None where an identifier is that of several children."""
    contract: str
    file: str
    row: int
    """Row of the file, as a spreadsheet counts."""
    person_id: str | None
    """The agency's number of the child."""
    status: str
    """``"linked"``; ``"in doubt"`` and ``"conflict"`` are not linked."""
    link: str | None
    """The identifier by which it was linked, or ``"match probability"``."""
    probability: float | None
    """That the record is the child's, where no identifier says so."""
    use: str | None
    """Whether a linked row was used, or why not."""
    reason: str | None
    """Of a conflict, or why a likely record is in doubt."""


@dataclass(frozen=True)
class ExcludedChild:
    """A row that was not screened: for manual review, or outside what the model is for."""

    row: int
    child_id: str
    name: str
    class_name: str
    school: str
    kind: str
    """``"manual_review"`` (could not be screened), ``"not_eligible"`` or ``"outside_population"``."""
    rule: str
    """Id of the rule that excluded the row."""
    reason: str
    remedy: str
    ask: tuple[str, ...] = ()
    """Agencies whose data excluded the row, and that the role may not see; kind and rule are then not told."""
    counted_as: str = ""
    """How the spec counts children whom this rule excludes, such as "already on the register"."""


@dataclass(frozen=True)
class ScreeningResult:
    """Everything the pages and files of one screening run are rendered from."""

    published: PublishedReport
    """The published report of the version."""
    file: str
    """Name of the screened file, without its folder."""
    date: str
    """ISO date of the run."""
    as_of: tuple[str, str] | None
    """ISO dates of the earliest and the latest day as of which the file's children are known; None without any."""
    capacity: str
    """As asked for, for example ``"10%"`` or ``"30"``."""
    per_school: bool
    """Whether each school has its own list."""
    role: str
    """The role that the list is for."""
    listed: tuple[ScreenedChild, ...]
    """As many as the capacity (or as there are children)."""
    margin: tuple[ScreenedChild, ...]
    """The next few below the top-k threshold."""
    review_sample: tuple[ScreenedChild, ...]
    """Children not listed who were drawn at random to be discussed as those listed are; ``margin`` leaves them out."""
    excluded: tuple[ExcludedChild, ...]
    """Every row that was not screened."""
    manual_review_by_group: tuple[dict[str, object], ...]
    """Children for manual review by group: ``attribute``, ``group``, ``n_manual_review``, ``n_rows``; none is small."""
    n_rows: int
    """``n_screened + len(excluded)``, always."""
    n_screened: int
    linked: tuple[str, ...]
    """How many children were linked to each agency's rows, and how."""
    linked_rows: tuple[LinkedRow, ...]
    """The rows of agencies that were linked or are in doubt, as far as the role may see them."""
    banners: tuple[str, ...]
    """Warnings that pages display first, most serious first."""
    notes: tuple[str, ...]
    """How the file was interpreted, and which values were clipped."""
    since: SinceLast | None = None
    """What changed since the last list; None where the ledger has none of these children."""

    @cached_property
    def run_id(self) -> str:
        """Id of the run in its files and in the ledger: r and 12 hexadecimal digits, a hash of what the role may see.

        The same version, file, date, capacity, role and last list give the same id.
        """
        seen = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "published"}
        # a letter first, so that no spreadsheet takes it for a number
        return (
            "r"
            + hashlib.sha256(repr([self.published.version.id, seen]).encode("utf-8", "surrogatepass")).hexdigest()[:12]
        )
