"""What is held on a child: a page for the parents, and a letter to them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from send_screen.documents import replace_control_characters
from send_screen.errors import ReadError
from send_screen.reports._last_time import describe_decision
from send_screen.reports._render import render_html
from send_screen.reports._text import format_date, join_list
from send_screen.screening import DISCLAIMERS, MIN_CONTRIBUTION, ChildRecord, Decision, DecisionRecord

LETTER = "letter.html.j2"
_KINDS = {
    "listed": "on the list",
    "near": "not on the list, and just below its line",
    "review_sample": "not on the list, and drawn at random to be looked at all the same",
    "not_listed": "not on the list",
    "manual_review": "not screened: to be looked at by hand",
    "not_eligible": "not screened: the list is not about such children",
    "outside_population": "not screened: the list is not about such children",
}


@dataclass(frozen=True)
class EnteredDecision:
    """A decision about a child, as it was entered."""

    number: int
    """Of its entry in the ledger."""
    entered_on: str
    """ISO date."""
    entered_by: str
    decision: DecisionRecord

    @property
    def text(self) -> str:
        """What was decided, as a sentence."""
        return describe_decision(self.decision)


@dataclass(frozen=True)
class HeldList:
    """A list that a child stood on or did not, and what was decided after it."""

    made_on: str
    """ISO date."""
    by: str
    role: str
    """The role that could read it."""
    file: str
    title: str
    version: str
    outcome: str
    owner: str
    capacity: str
    n_listed: int
    n_rows: int
    keep_until: str | None
    withdrawn_on: str | None
    """ISO date on which the version was withdrawn; None where nobody knows of that."""
    watermarks: tuple[str, ...]
    record: ChildRecord
    decisions: tuple[EnteredDecision, ...]

    @property
    def place(self) -> str:
        """Where the child stood, as text."""
        place = f", place {self.record.rank} of {self.n_listed}" if self.record.kind == "listed" else ""
        return f"{_KINDS[self.record.kind]}{place}"

    @property
    def reasons_for(self) -> tuple[str, ...]:
        """What spoke for a look, as text, strongest first."""
        return self._reasons(1)

    @property
    def reasons_against(self) -> tuple[str, ...]:
        """What spoke against, as text, strongest first."""
        return self._reasons(-1)

    @property
    def of_little_weight(self) -> tuple[str, ...]:
        """What was known and changed the score little, as text."""
        weighty = {*self.reasons_for, *self.reasons_against}
        return tuple(text for text in self.record.values.values() if text not in weighty)

    def _reasons(self, sign: int) -> tuple[str, ...]:
        weights = {name: sign * weight for name, weight in self.record.contributions.items()}
        names = [name for name in self.record.values if weights[name] >= MIN_CONTRIBUTION]
        return tuple(self.record.values[name] for name in sorted(names, key=lambda name: (-weights[name], name)))


@dataclass(frozen=True)
class HeldAnswer:
    """What a served version answered about the child."""

    answered_on: str
    """ISO date."""
    version: str
    role: str | None
    """The role that the request named; None for the default."""
    status: str
    reason: str
    score: float | None
    percent: float | None
    reasons_for: str
    reasons_against: str
    not_known: str
    ask: str


@dataclass(frozen=True)
class HeldRecord:
    """Everything that a ledger holds on a child."""

    child_id: str
    made_on: str
    """ISO date of the page."""
    lists: tuple[HeldList, ...]
    """Oldest first."""
    disclosed: tuple[tuple[str, str, str], ...]
    """Each time that this record or a letter was made before: ISO date, by whom, and which."""
    served: tuple[HeldAnswer, ...] = ()
    """Oldest first."""

    @property
    def decision(self) -> Decision | None:
        """What was chosen last for the child, after whichever list; None where nothing was."""
        entered = sorted(
            (each for one in self.lists for each in one.decisions if each.decision.decision),
            key=lambda each: each.number,
        )
        return entered[-1].decision.decision if entered else None

    @property
    def name(self) -> str:
        """The child's name on the last list that had one; else the identifier."""
        return next((held.record.name for held in reversed(self.lists) if held.record.name), self.child_id)


def render_held_record(held: HeldRecord) -> str:
    """Render the page of everything that is held on a child, for the child and the parents."""
    watermarks = tuple(dict.fromkeys(mark for each in held.lists for mark in each.watermarks))
    return render_html("held_record.html.j2", held=held, watermarks=watermarks)


def letter_template() -> str:
    """Return the template of the letter that comes with the library, to be edited."""
    return (resources.files("send_screen.reports") / "templates" / LETTER).read_text("utf-8")


def render_letter(held: HeldRecord, *, template: str | None = None, file: str = LETTER) -> str:
    """Render a letter to the parents about the last list that the child stood on, without score or place.

    Parameters
    ----------
    held : HeldRecord
        With at least one list on which the child stood.
    template : str, optional
        The text of another template; by default the library's. It runs in a sandbox, and its values are escaped.
    file : str
        Its name, for messages.

    Raises
    ------
    ReadError
        If the template has a mistake, with its line.
    """
    last = next(held for held in reversed(held.lists) if held.record.kind == "listed")
    environment = ImmutableSandboxedEnvironment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_clean
    )
    names = {
        "child": held.name,
        "date": format_date(held.made_on),
        "school": last.record.school,
        "list_date": format_date(last.made_on),
        "reasons": list(last.reasons_for),
        "reasons_in_words": join_list(last.reasons_for),
        "decision": held.decision.label if held.decision else "",
        "contact": last.owner,
        "withdrawn_on": format_date(last.withdrawn_on) if last.withdrawn_on else "",
        "watermarks": list(last.watermarks),
        "disclaimers": DISCLAIMERS,
    }
    try:
        return environment.from_string(letter_template() if template is None else template).render(**names)
    except (
        TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RuntimeError, MemoryError,
    ) as error:  # fmt: skip
        line = getattr(error, "lineno", None)
        raise ReadError(
            f"The template of the letter has a mistake{f' in line {line}' if line else ''}: {error}.",
            file=file,
            remedy=f"Its names are {', '.join(sorted(names))}. Compare it with the library's own.",
        ) from None


def _clean(value: object) -> object:
    return replace_control_characters(value) if isinstance(value, str) else value
