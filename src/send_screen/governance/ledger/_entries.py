"""Ledger entries as typed documents: a class for each kind, with a canonical form and a hash."""

from __future__ import annotations

import datetime as dt
import getpass
import json
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError, field_serializer

from send_screen.contracts._quote import holds_identifier
from send_screen.documents import Count, Document, replace_surrogates
from send_screen.errors import UsageError
from send_screen.governance._identity import sha256_of
from send_screen.published import GateResult

NO_PREVIOUS_HASH = "0" * 64  # ``previous`` of the first entry
_MAX_VALUES = 2_000_000  # of an entry: a million listed children
_MAX_LENGTH = 1000  # characters; MLflow's tags hold a few thousand


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


class Entry(Document):
    """One entry of a ledger. Number, hashes and what is said of records are set when it is appended."""

    format: Literal["send_screen.ledger/2"] = "send_screen.ledger/2"
    kind: str
    number: Count = 0
    when: AwareDatetime = Field(default_factory=_now)
    """In UTC, to the second."""
    previous: str = NO_PREVIOUS_HASH
    """Hash of the entry before it."""
    n_records: Count = 0
    """How many children have a sealed record in it."""
    records_sha256: str = ""
    """Hash over the pseudonyms and sealed records, by pseudonym; empty where there are none."""
    sha256: str = ""

    @field_serializer("when")
    def _iso(self, when: dt.datetime) -> str:
        return when.isoformat(timespec="seconds")

    def canonical(self, *, without: frozenset[str] = frozenset()) -> bytes:
        """Return the stored form of the entry: JSON with sorted keys and no blanks, in UTF-8."""
        content = self.model_dump(mode="json", exclude=set(without))
        return json.dumps(content, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()

    def compute_sha256(self) -> str:
        """Return the hash of the entry without its field ``sha256``."""
        return sha256_of(self.canonical(without=frozenset({"sha256"})))


class DecisionEntry(Entry):
    """A decision about a registered version: by whom, and why."""

    model: str
    registered: str
    """Number of the version in the model registry."""
    version: str
    """Id of the version: :func:`version_id`."""
    manifest_sha256: str
    by: str
    reason: str

    def is_same_decision(self, other: DecisionEntry) -> bool:
        """Return whether two entries record the same decision, whatever its time and the version it replaced."""
        circumstances = frozenset({"number", "when", "previous", "sha256", "replaces"})
        return self.canonical(without=circumstances) == other.canonical(without=circumstances)


class PromotionEntry(DecisionEntry):
    """A version that was promoted to an alias."""

    kind: Literal["promoted"] = "promoted"
    alias: str
    override: str | None
    """Why it was promoted although a gate failed."""
    gates: tuple[GateResult, ...]
    trained_on: Literal["synthetic", "real"]
    replaces: str | None
    """Number of the version that the alias pointed to."""

    @property
    def tags(self) -> dict[str, str]:
        """The MLflow tags of the promoted version."""
        return {
            "promoted_by": self.by,
            "promoted_on": self.when.isoformat(),
            "promoted_because": self.reason,
            "gates_overridden_because": self.override or "",
        }


class WithdrawalEntry(DecisionEntry):
    """A version that was withdrawn, for good."""

    kind: Literal["withdrawn"] = "withdrawn"

    @property
    def description(self) -> str:
        """When it was withdrawn, by whom and why: the text of the MLflow tag."""
        return f"on {self.when.date().isoformat()} by {self.by}: {self.reason}"


class ExportEntry(Entry):
    """A version that was given out in one of four forms, recorded before anything of it stands under its name."""

    kind: Literal["exported"] = "exported"
    by: str
    model: str
    registered: str | None
    """Number of the version in the model registry; None where it came from an exported folder."""
    version: str
    manifest_sha256: str
    what: Literal["folder", "sql", "xlsx", "kit"]
    file_name: str
    """Name of the folder or zip, without the folders above it."""


class ServedEntry(Entry):
    """A request that a served version is about to answer; its records say what of each child with an identifier."""

    kind: Literal["served"] = "served"
    version: str
    manifest_sha256: str
    role: str | None
    """The role that the request named; None for the default."""
    answered: Count
    """Rows with a prediction."""
    refused: Count
    """Rows without one."""
    keep_until: str | None
    """ISO date until which its records may be kept; None where no contract says it."""


class ListedChild(Document):
    """A child whom a screening run listed, by pseudonym."""

    rank: Count
    child: str


class ScreeningEntry(Entry):
    """A screening run and the children it lists, recorded before any of its files is written.

    Its records are of every child of the file who has an identifier, listed or not.
    """

    kind: Literal["screening"] = "screening"
    by: str
    run: str
    """Id of the run in its files."""
    role: str
    """The role that the list is for."""
    title: str
    outcome: str
    """What happened later to those whom the model learnt to list, as text."""
    owner: str
    """Who answers for the version, and how to reach them."""
    watermarks: tuple[str, ...]
    """What every page of the run is marked with."""
    keep_until: str | None
    """ISO date until which the records of the run may be kept; None where no contract says it."""
    model: str
    version: str
    manifest_sha256: str
    file: str
    folder: str
    """Where its files are written, as seen from the folder of the ledger, or the whole path for one on a server."""
    list_sha256: str
    capacity: str
    per_school: bool
    n_rows: Count
    excluded: Count
    machine: str
    """Name of the computer: where the ledger is on a server, its folder is looked at from there alone."""
    listed: tuple[ListedChild, ...]


class ScreeningEndEntry(Entry):
    """The end of a screening run: its own, or recorded by a later run that found it stopped."""

    kind: Literal["screening_ended"] = "screening_ended"
    screening: Count
    """Number of the run's entry."""
    files: tuple[str, ...]
    """Files in its folder; a complete run has its summary among them, one without a list has none."""


class DecisionsEntry(Entry):
    """What people decided about children of a screening run, from a list that came back; its records say about whom."""

    kind: Literal["decisions"] = "decisions"
    by: str
    """Who entered them."""
    screening: Count
    """Number of the run's entry."""
    file_sha256: str
    """Of the file that came back; its name could be a child's."""
    counts: dict[str, Count]
    """Decision -> number of children; ``"note_only"`` where none was chosen."""


class DisclosureEntry(Entry):
    """Somebody who asked for what is held on a child, or for a letter to the parents, and got it."""

    kind: Literal["disclosed"] = "disclosed"
    by: str
    what: Literal["record", "letter"]
    child: str
    """Her pseudonym."""


class ExpiryEntry(Entry):
    """Screening runs whose records were past their date: they can no longer be read, of any child."""

    kind: Literal["expired"] = "expired"
    by: str
    reason: str
    entries: tuple[Count, ...]
    """Numbers of the entries whose records were made unreadable."""


class ErasureEntry(Entry):
    """A child whose row was deleted: her records can no longer be read, and no identifier leads to her pseudonym."""

    kind: Literal["erased"] = "erased"
    by: str
    reason: str
    child: str
    """The pseudonym that she had."""


AnyEntry = (
    PromotionEntry
    | WithdrawalEntry
    | ExportEntry
    | ServedEntry
    | ScreeningEntry
    | ScreeningEndEntry
    | DecisionsEntry
    | DisclosureEntry
    | ExpiryEntry
    | ErasureEntry
)
_ANY_ENTRY: TypeAdapter[AnyEntry] = TypeAdapter(Annotated[AnyEntry, Field(discriminator="kind")])


def parse_entry(content: bytes) -> AnyEntry | None:
    """Return an entry, or None where the bytes are not what :meth:`Entry.canonical` writes."""
    if content.count(b",") > _MAX_VALUES:
        return None
    try:
        entry = _ANY_ENTRY.validate_json(content)
    except ValidationError:
        return None
    return entry if entry.canonical() == content else None


def validate_free_text(option: str, text: str) -> str:
    """Validate a name or a reason, and return it without surrounding blanks.

    Raises
    ------
    UsageError
        If it has no letter or digit, is too long, or holds what looks like somebody's identifier.
    """
    text = " ".join(replace_surrogates(text).split())
    if not any(character.isalnum() for character in text):
        raise UsageError(
            f"{option} is empty: it has no letter or digit.",
            remedy="Every decision has a name and a reason. Give both in words.",
        )
    if len(text) > _MAX_LENGTH:
        raise UsageError(f"{option} is longer than {_MAX_LENGTH} characters.", remedy="Say it in fewer words.")
    if holds_identifier(text):
        raise UsageError(
            f"{option} holds what looks like somebody's identifier.",
            remedy="All who can open the registry can read it: leave people out.",
        )
    return text


def current_user() -> str:
    """Return the name of the user of this process."""
    try:
        return replace_surrogates(getpass.getuser())
    except (ImportError, KeyError, OSError):
        return "not known"
