"""Draft a commented spec and data contract from a table; both load without edits."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from send_screen.cohorts import Cohort, find_target_leakage, load_cohort
from send_screen.documents import count, first_few
from send_screen.drafting import (
    VERSION,
    ColumnProfile,
    ProjectDraft,
    draft_project,
    profile_columns,
    render_contract,
    render_spec,
    schools_are,
)
from send_screen.errors import UsageError
from send_screen.readers import read_table
from send_screen.results import Result, Section
from send_screen.specs import load_spec, open_decisions
from send_screen.workflows._folders import new_folder

AGENCY = "local"
_MAX_SHOWN = 12


@dataclass(frozen=True, repr=False)
class DraftedFiles(Result):
    """A drafted spec and contract, and the role inferred for each column of the table, by header."""

    file: Path
    """The table."""
    spec: Path
    contract: Path
    child_id: str
    school: str | None
    """None where children are not clustered."""
    outcome: str
    guessed: tuple[str, ...]
    """Those of ``"child_id"``, ``"school"``, ``"outcome"`` that were guessed."""
    features: tuple[str, ...]
    groups: tuple[str, ...]
    open_questions: dict[str, str]
    """Header -> question, for columns that become features only once it is answered."""
    left_out: dict[str, str]
    """Header -> reason, for columns that are neither feature nor group."""
    decisions: int
    """Number of places in the two files that are marked DECIDE."""
    n_rows: int
    """Of the table."""

    @property
    def headline(self) -> str:
        """The table, and its number of rows."""
        return f"{self.file.name}: {count(self.n_rows, 'row', 'rows')}."

    def sections(self) -> Iterable[Section]:
        """Yield the role of each column, and the next commands."""
        cluster = schools_are(self.school).singular if self.school else "school, course or setting"
        parts = (
            ("identifier", self.child_id, "child_id"),
            (cluster, self.school or "none: each row stands alone", "school"),
            ("what happened later", self.outcome, "outcome"),
        )
        yield Section(
            [
                *(f"  {what}: {name}" + " (a guess)" * (part in self.guessed) for what, name, part in parts),
                f"  features ({len(self.features)}): {_some(self.features)}",
                f"  compared as groups, never features ({len(self.groups)}): {_some(self.groups)}",
                f"  asked about, and kept out until then ({len(self.open_questions)}): "
                + _some(tuple(self.open_questions)),
                f"  left out ({len(self.left_out)}), each with its reason in the spec: {_some(tuple(self.left_out))}",
            ]
        )
        yield Section(
            [
                f"1. Open {self.spec} and {self.contract}:",
                f"   {count(self.decisions, 'place is', 'places are')} marked DECIDE.",
                f"2. send-screen check {_word(self.contract)} {_word(self.file)}",
                f"3. send-screen train {_word(self.spec)} --data {_word(self.file)}",
            ],
            title="Next",
        )


def _some(names: tuple[str, ...]) -> str:
    return first_few(names, _MAX_SHOWN) or "none"


def _word(path: Path) -> str:
    """Return a path quoted for a command line where it has blanks."""
    return f'"{path}"' if " " in str(path) else str(path)


def init(
    file: str | Path,
    *,
    out: str | Path,
    outcome: str | None = None,
    school: str | None = None,
    child_id: str | None = None,
    positive: Collection[str] = (),
    today: dt.date | None = None,
    progress: Callable[[str], None] | None = None,
) -> DraftedFiles:
    """Draft a commented spec and a data contract from a table, ready to be decided on and trained.

    Protected characteristics and their proxies become groups that are compared, never features. Columns that name
    children, hold no information, or are the outcome, a part of it or later are left out with the reason. A strong
    feature, or one that may be late, is a question: it is in the spec in commented lines, with its ROC AUC. No single
    child's value is written: codes are those of ten children or more, and ranges are wider than the observed ones.

    Parameters
    ----------
    file : str or pathlib.Path
        CSV, XLSX or Parquet, one row per child.
    out : str or pathlib.Path
        A folder that is not there yet, or is empty.
    outcome, school, child_id : str, optional
        Headers of outcome, school and identifier, guessed where they are not given. Other clusters, such as courses or
        clinics, may take the place of schools; without any, children are taken as independent.
    positive : collection of str, optional
        Codes of the outcome that mean that it happened. Needed where they are not yes and no.
    today : datetime.date, optional
        Date that the dates in the spec are derived from; today by default.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    DraftedFiles

    Raises
    ------
    ReadError
        If the file cannot be read.
    UsageError
        If ``out`` is not empty, or a column is needed that is not given and cannot be guessed: it names the option.
    MachineError
        If the folder cannot be written.

    Examples
    --------
    >>> from send_screen import init
    >>> drafted = init("pupils.csv", outcome="SEN_later", out="my_model")  # doctest: +SKIP
    >>> drafted.guessed  # doctest: +SKIP
    ('child_id', 'school')
    """
    report_progress = progress or (lambda _: None)
    out = Path(out)
    report_progress("Reading the file")
    reading = read_table(file)
    report_progress("Looking at each column")
    columns = profile_columns(reading.frame, reading.file)
    draft = draft_project(columns, reading.file, outcome=outcome, school=school, child_id=child_id, positive=positive)
    draft = _with_a_group(draft, reading.file)
    contract = f"{AGENCY}/{_slug(Path(file).stem, 'people', digits=False)}"
    name = _slug(out.name, "my_model", digits=True)
    with new_folder(out) as part:
        contract_path = part / "contracts" / f"{contract}-{VERSION}.odcs.yaml"
        contract_path.parent.mkdir(parents=True)

        def write(draft: ProjectDraft, baseline: ColumnProfile) -> None:
            text = render_spec(draft, contract, name, reading.file, baseline=baseline, today=today or dt.date.today())
            (part / "spec.yaml").write_text(text, encoding="utf-8", newline="\n")

        text = render_contract(draft, contract, reading.file, len(reading.frame))
        contract_path.write_text(text, encoding="utf-8", newline="\n")
        report_progress("Looking for target leakage")
        draft, baseline = _without_leaks(draft, part / "spec.yaml", reading.frame, reading.file, write)
        write(draft, baseline)
        decisions = len(open_decisions(load_spec(part / "spec.yaml")))
    return DraftedFiles(
        file=Path(file),
        spec=out / "spec.yaml",
        contract=out / contract_path.relative_to(part),
        child_id=draft.child_id.header,
        school=draft.school.header if draft.school else None,
        outcome=draft.outcome.header,
        guessed=tuple(sorted(draft.guessed)),
        features=(
            *(f"age (from {one.header})" for one in (draft.birth,) if one),
            *(one.header for one in draft.features),
        ),
        groups=tuple(f"season of birth ({one.header})" if how == "season" else one.header for one, how in draft.groups),
        open_questions=dict(_questions(draft)),
        left_out=draft.left_out,
        decisions=decisions,
        n_rows=len(reading.frame),
    )


def _slug(text: str, otherwise: str, *, digits: bool) -> str:
    """Return a valid name of a contract (no digits) or a model, made from a text."""
    slug = re.sub(r"[^a-z0-9]+" if digits else r"[^a-z]+", "_", text.lower()).strip("_0123456789")[:40].strip("_")
    return slug if len(slug) > 2 else otherwise


def _with_a_group(draft: ProjectDraft, file: str) -> ProjectDraft:
    """Return the draft with at least one group: if none was recognised, the feature with the fewest codes."""
    if draft.groups:
        return draft
    coded = [column for column in draft.features if column.codes]
    if not coded:
        raise UsageError(
            "The file has no column by which groups could be compared.",
            file=file,
            remedy="Add one, such as sex, and run send-screen init again: who is missed must be seen.",
        )
    group = min(coded, key=lambda column: len(column.codes))
    rest = tuple(column for column in draft.features if column is not group)
    return replace(draft, features=rest, groups=((group, None),))


def _without_leaks(
    draft: ProjectDraft,
    spec: Path,
    frame: pd.DataFrame,
    file: str,
    write: Callable[[ProjectDraft, ColumnProfile], None],
) -> tuple[ProjectDraft, ColumnProfile]:
    """Remove features until none is suspected of target leakage, and choose the baseline among the rest.

    A feature that is strong, but for which nothing else suggests leakage, becomes an open question. The search is
    repeated until it finds nothing, since one leaking feature can hide another.
    """
    while True:
        numbers = [column for column in draft.features if column.numeric]
        if not numbers:
            raise UsageError(
                "No column is left that a one-line rule could rank by.",
                file=file,
                remedy="Each column and its part: "
                + "; ".join(f"{h}: {why}" for h, why in [*draft.left_out.items(), *_questions(draft)])
                + ".",
            )
        write(draft, numbers[0])
        cohort = load_cohort(load_spec(spec), frame)
        assert cohort.y is not None
        leaks = find_target_leakage(
            cohort.X,
            cohort.y.rename("outcome"),
            as_of=cohort.as_of,
            recorded_on=cohort.recorded_on,
            categorical_features=cohort.categorical_features,
        )
        known = {column.name for column in draft.features}
        suspected = {feature: leak for leak in leaks for feature in leak.features if feature in known}
        if not suspected:
            return draft, max(numbers, key=lambda column: _low_value_auc(cohort, column.name) or 0.0)
        for feature, leak in suspected.items():
            alone = _low_value_auc(cohort, feature)
            auc = "" if alone is None else f"ROC AUC {max(alone, 1 - alone):.2f} alone: "
            reason = f"{auc}{leak.kind}. {leak.description}" if leak.is_question else f"{leak.kind}. {leak.description}"
            draft = draft.without(feature, reason, as_question=leak.is_question)


def _questions(draft: ProjectDraft) -> list[tuple[str, str]]:
    return [(column.header, question) for column, question in draft.open_questions]


def _low_value_auc(cohort: Cohort, feature: str) -> float | None:
    """Return the ROC AUC of low values of a numeric feature, missing ones left out; None where it is undefined."""
    assert cohort.y is not None
    if not pd.api.types.is_numeric_dtype(cohort.X[feature]):
        return None
    known = cohort.X[feature].notna()
    outcome = cohort.y[known].to_numpy()
    ranks = cohort.X.loc[known, feature].rank().to_numpy()
    positives = int(outcome.sum())
    negatives = len(outcome) - positives
    if not positives or not negatives:
        return None
    above = (ranks[outcome == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives)
    return 1.0 - float(above)
