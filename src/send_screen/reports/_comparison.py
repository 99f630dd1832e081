"""Two versions of a model beside each other: what changed, and for whom, as far as published figures can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from send_screen.errors import UsageError
from send_screen.reports._changes import Change, Changes, changes, spec_changes
from send_screen.reports._metrics import METRICS, Cell
from send_screen.reports._published import Figure, Row, find, rows
from send_screen.reports._render import render
from send_screen.reports._shift import BETTER, NOT_COMPARABLE, WORSE, Loss, Shift, less, more, nearer, shift
from send_screen.reports._verdicts import OTHERS, QUESTIONS, SIGNS, against_others, answers, group_words, verdict_words
from send_screen.reports._words import INVENTED, said, sentence

# What a group's own figure is better by: less missed, less listed without need, nearer to what the score said.
_GROUP_LOSS: dict[str, Loss] = {
    "false_negative_rate": less,
    "false_positive_rate": less,
    "calibration_in_the_large": nearer(0.0),
}
_HEADLINE_LOSS: dict[str, Loss] = {
    "recall": more,
    "precision": more,
    "specificity": more,
    "number_needed_to_screen": less,
    "net_benefit": more,
    "roc_auc": more,
    "average_precision": more,
    "calibration_slope": nearer(1.0),
    "calibration_intercept": nearer(0.0),
}

CAUTION = (
    "“Better” and “worse” are said only where the two intervals have nothing in common. That holds however closely the "
    "two figures move together: at least 90 times in 100 for one figure by itself, and for all gaps of a question "
    "together. “Cannot be told” is not “no change”: whoever may read the evidence of both can know more."
)
SAME_DATA = (
    "Both versions were measured on the same data, so their figures move together: two intervals that overlap can "
    "still hide a difference."
)
OTHER_DATA = "The two versions were measured on different data: what changed can be the children, and not the model."


@dataclass(frozen=True)
class FigureChange:
    """One headline figure of both versions, and what can be said of its change."""

    words: str
    first: Cell
    second: Cell
    shift: Shift


@dataclass(frozen=True)
class GroupChange:
    """One group and one question: each version's figure, gap from all others and verdict, and what can be said."""

    question: str
    attribute: str
    group: str
    figures: tuple[Cell, Cell]
    gaps: tuple[Cell, Cell]
    verdicts: tuple[str, str]
    shift: Shift
    gap_shift: Shift


@dataclass(frozen=True)
class Comparison:
    """Two versions beside each other.

    Attributes
    ----------
    names : tuple of str
        What each was asked for as.
    ids : tuple of str
        What each is.
    title : str
    notes : tuple of str
        What a reader must know before any figure.
    parts : tuple of Changes
    spec : tuple of Change, or None
        Line by line; None where a spec is not at hand.
    headline : tuple of FigureChange
    groups : tuple of GroupChange
    better, worse : tuple of str
        Whom it was shown to become better or worse for, a short sentence each.
    verdicts : tuple of str
        Verdicts that are not the same, a short sentence each. That alone does not show that the gap changed.
    marks : tuple of str
        Watermarks.
    """

    names: tuple[str, str]
    ids: tuple[str, str]
    title: str
    notes: tuple[str, ...]
    parts: tuple[Changes, ...]
    spec: tuple[Change, ...] | None
    headline: tuple[FigureChange, ...]
    groups: tuple[GroupChange, ...]
    better: tuple[str, ...]
    worse: tuple[str, ...]
    verdicts: tuple[str, ...]
    marks: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return everything that the page says, for a script."""
        return {"format": "send_screen.comparison/1", "caution": CAUTION, **asdict(self)}


def compare_versions(
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    *,
    names: tuple[str, str],
    specs: tuple[Any, Any] = (None, None),
    notes: Sequence[str] = (),
) -> Comparison:
    """Compare what two versions publish.

    Parameters
    ----------
    first, second : mapping
        ``published.json`` of each.
    names : tuple of str
        What each is called on the page.
    specs : tuple
        Each version's spec as parsed YAML, or None where it is not at hand.
    notes : sequence of str
        What is known of them from elsewhere.

    Raises
    ------
    UsageError
        If the two do not foresee the same, or one learnt from invented children: their figures then have nothing to say
        to each other.
    """
    versions: tuple[Mapping[str, Any], Mapping[str, Any]] = (first.get("version") or {}, second.get("version") or {})
    _refuse_other_questions(versions, names)
    groups = _groups(first, second)
    synthetic = any(version.get("trained_on") != "real" for version in versions)
    return Comparison(
        names=names,
        ids=(said(versions[0], "id"), said(versions[1], "id")),
        title=said(versions[1], "title", "A screening model"),
        notes=(*notes, *_notes(first, second)),
        parts=changes(first, second),
        spec=None if None in specs else spec_changes(*specs),
        headline=_headline(first, second),
        groups=groups,
        better=_told(groups, BETTER),
        worse=_told(groups, WORSE),
        verdicts=_changed_verdicts(first, second),
        marks=(INVENTED,) if synthetic else (),
    )


def _refuse_other_questions(versions: tuple[Mapping[str, Any], Mapping[str, Any]], names: tuple[str, str]) -> None:
    for key, what in (
        ("outcome_words", "foresee different things"),
        ("horizon_months", "look ahead over different times (months)"),
        ("trained_on", "learnt from different kinds of children"),
    ):
        one, other = (said(version, key) for version in versions)
        if one != other:
            raise UsageError(
                f"{names[0]} and {names[1]} cannot be compared: they {what}, “{one}” and “{other}”. A figure of one "
                "says nothing about the other.",
                remedy="Give two versions of one model.",
            )


def _notes(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    one: Mapping[str, Any] = first.get("version") or {}
    other: Mapping[str, Any] = second.get("version") or {}
    notes = []
    if one.get("id") is not None and one.get("id") == other.get("id"):
        notes.append("Both are the same version.")
    if one.get("name") != other.get("name"):
        notes.append(f"They are versions of two models: {said(one, 'name')} and {said(other, 'name')}.")
    if any(one.get(key) != other.get(key) for key in ("population", "eligible_words")):
        notes.append(
            "They may be asked about different children: what looks like a change of the model can be one of whom it "
            "is asked about."
        )
    if one.get("capacity") != other.get("capacity"):
        notes.append("They list different shares of children: a longer list misses fewer, whatever the model.")
    if _tolerances(first) != _tolerances(second):
        notes.append("They hold gaps against different tolerances: a verdict can change although the gap did not.")
    same_data = one.get("data_sha256") == other.get("data_sha256") is not None
    return [*notes, SAME_DATA if same_data else OTHER_DATA]


def _headline(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[FigureChange, ...]:
    outcome = said(second.get("version") or {}, "outcome_words", "had the outcome")
    one_price = len({(each.get("version") or {}).get("capacity") for each in (first, second)}) == 1
    found = []
    for name, metric in METRICS.items():
        pair = [find(rows(each, "performance"), model="candidate", metric=name) for each in (first, second)]
        if pair == [None, None]:
            continue
        one, other = Figure.of(pair[0]), Figure.of(pair[1])
        words = metric.words.format(outcome=outcome)
        # the price of a child listed without need follows from the length of the list
        comparable = one_price or name != "net_benefit"
        told = shift(one, other, _HEADLINE_LOSS[name]) if comparable else NOT_COMPARABLE
        found.append(FigureChange(words, metric.write(one), metric.write(other), told))
    return tuple(found)


def _groups(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[GroupChange, ...]:
    """Return every group that either version compares with all others, question by question."""
    keys = dict.fromkeys(
        (said(gap, "metric"), said(gap, "attribute"), said(gap, "group"))
        for metric in QUESTIONS
        for each in (first, second)
        for gap in rows(each, "gaps")
        if gap.get("metric") == metric and gap.get("against") == OTHERS
    )
    return tuple(_group(first, second, *key) for key in keys)


def _group(first: Mapping[str, Any], second: Mapping[str, Any], metric: str, attribute: str, group: str) -> GroupChange:
    where = {"attribute": attribute, "group": group, "metric": metric}
    gaps = [find(rows(each, "gaps"), against=OTHERS, **where) for each in (first, second)]
    own = [Figure.of(find(rows(each, "groups"), **where)) for each in (first, second)]
    gap_figures = [Figure.of(gap) for gap in gaps]
    signed = METRICS["recall"]
    write = signed.difference if metric == "calibration_in_the_large" else signed.write
    named = next((each for each, gap in zip((second, first), reversed(gaps), strict=True) if gap is not None), second)
    return GroupChange(
        question=QUESTIONS[metric],
        attribute=attribute,
        group=group_words(named, where),
        figures=(write(own[0]), write(own[1])),
        gaps=(signed.difference(gap_figures[0]), signed.difference(gap_figures[1])),
        verdicts=(_short_verdict(gaps[0]), _short_verdict(gaps[1])),
        shift=shift(own[0], own[1], _GROUP_LOSS[metric]),
        gap_shift=shift(gap_figures[0], gap_figures[1], nearer(0.0)),
    )


def _tolerances(published: Mapping[str, Any]) -> dict[str, str]:
    return {answer.question: answer.tolerance for answer in answers(published)}


def _changed_verdicts(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[str, ...]:
    """Return each verdict on a gap from all others that differs, of groups that both versions compare."""
    found = []
    for metric, question in QUESTIONS.items():
        before = {(said(gap, "attribute"), said(gap, "group")): gap for gap in against_others(first, metric)}
        for gap in against_others(second, metric):
            was = before.get((said(gap, "attribute"), said(gap, "group")))
            # what is withheld is no verdict: that one version withholds more says nothing about the gap
            verdicts = {each.get("verdict") for each in (was, gap) if each is not None}
            if was is not None and len(verdicts) > 1 and verdicts <= set(SIGNS):
                who = group_words(second, gap)
                found.append(f"{question} {_named(who)}: “{said(was, 'verdict')}”, then “{said(gap, 'verdict')}”.")
    return tuple(found)


def _named(who: str) -> str:
    return sentence(who)[:-1]


def _short_verdict(gap: Row | None) -> str:
    return verdict_words(None if gap is None else {**gap, "required_n": None})


def _told(groups: Sequence[GroupChange], wanted: Shift) -> tuple[str, ...]:
    """Return each change that was shown, of a group's own figure and of its gap from all others."""
    found = []
    for row in groups:
        if row.shift == wanted:
            found.append(
                f"{row.question} {_named(row.group)}: {row.figures[0].in_brackets}, then {row.figures[1].in_brackets}."
            )
        if row.gap_shift == wanted:
            size = "smaller" if wanted == BETTER else "larger"
            found.append(
                f"{row.question} {_named(row.group)}: a {size} gap from all others, {row.gaps[0].in_brackets}, then "
                f"{row.gaps[1].in_brackets}."
            )
    return tuple(found)


def render_comparison(comparison: Comparison) -> str:
    """Render two versions beside each other as one HTML page that needs nothing else."""
    return render(
        "comparison.html.j2",
        marks=comparison.marks,
        found=comparison,
        questions=[(question, _by_attribute(comparison.groups, question)) for question in QUESTIONS.values()],
        caution=CAUTION,
    )


def _by_attribute(groups: Sequence[GroupChange], question: str) -> dict[str, list[GroupChange]]:
    found: dict[str, list[GroupChange]] = {}
    for row in groups:
        if row.question == question:
            found.setdefault(row.attribute, []).append(row)
    return found
