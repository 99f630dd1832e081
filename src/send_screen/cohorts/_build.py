"""Build a cohort: link the tables, apply population and eligibility, and compute features, outcome and groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from send_screen.cohorts._cohort import Cohort
from send_screen.cohorts._drop_rows import OTHER_YEAR
from send_screen.cohorts._features import (
    as_of_dates,
    column_of,
    evaluate_condition,
    feature_values,
    group_values,
    known_codes,
    recorded_dates,
)
from send_screen.cohorts._join import NO_RECORD
from send_screen.cohorts._link import LinkedTables, link
from send_screen.contracts import SYNTHETIC_AUTHORITY, SYNTHETIC_RANGE, Column, Contract, valid_nhs_numbers, valid_upns
from send_screen.contracts._predicates import recording_dates
from send_screen.documents import count, first_few
from send_screen.errors import DataError, PopulationError
from send_screen.specs import ColumnRef, Condition, ModelSpec
from send_screen.specs._columns import as_code

MANUAL_REVIEW = "manual_review"
NOT_ELIGIBLE = "not_eligible"
OUTSIDE = "outside_population"
NO_OUTCOME = "outcome_unknown"
#: Why a row is excluded, as pages and lists say it.
EXCLUSIONS = {
    MANUAL_REVIEW: "look at by hand",
    NOT_ELIGIBLE: "not to be asked about",
    OUTSIDE: "outside the population",
    NO_OUTCOME: "outcome not known",
}
# With a larger share of rows outside the population, the file is the wrong one.
WRONG_FILE_SHARE = 0.5


def load_cohort(
    spec: ModelSpec,
    data: object,
    *,
    training: bool = True,
    contracts: Mapping[str, Contract] | None = None,
    academic_year: str | None = None,
) -> Cohort:
    """Read the data a spec names and build its cohort.

    Parameters
    ----------
    spec : ModelSpec
        States population, eligibility, outcome, features and groups.
    data : str, pathlib.Path, pandas.DataFrame, pyarrow.Table, or mapping of contract id to one of these
        A folder with one file per contract, a single file (CSV, XLSX, Parquet) or frame with the columns of all
        contracts, or one of these for each contract.
    training : bool, default True
        Whether to keep only children whose outcome is known; otherwise the children to be screened, without outcome.
    contracts : mapping of contract id to Contract, optional
        By default those that the spec was read with.
    academic_year : str, optional
        The academic year of tables that do not say theirs, such as ``"2025/26"``.

    Returns
    -------
    Cohort
        ``len(cohort) + len(cohort.excluded)`` is the number of rows in the data; rows of a file that repeat another one
        are read once, and a note counts them.

    Raises
    ------
    DataError
        If the files cannot be used, or no child is left to train on.
    PopulationError
        If the data are of other children than the model is for.

    Examples
    --------
    >>> from send_screen import load_cohort, load_spec
    >>> from send_screen.contracts import shipped
    >>> from send_screen.simulation import simulate_england
    >>> spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    >>> cohort = load_cohort(spec, simulate_england(children=600, schools=20).tables)
    >>> len(cohort) + len(cohort.excluded)
    600
    """
    linked = link(spec, data, training=training, contracts=contracts, academic_year=academic_year)
    return cohort_of(spec, linked, training=training)


def cohort_of(spec: ModelSpec, linked: LinkedTables, *, training: bool, whole_file: bool = True) -> Cohort:
    """Return the cohort of linked tables; with ``whole_file``, raise where these are the wrong file to screen."""
    excluded = linked.problem.assign(kind=pd.Series(MANUAL_REVIEW, index=linked.frame.index, dtype=object))
    excluded.loc[excluded["rule"].isin([OTHER_YEAR, *_year_rules(linked)]), "kind"] = OUTSIDE
    # Eligibility is applied before a missing record counts: whoever is not eligible needs no manual review.
    no_record = (excluded["rule"] == NO_RECORD).to_numpy()
    excluded.loc[excluded["rule"].isna() | no_record, "kind"] = None
    as_of = as_of_dates(linked, spec)
    moved_on = _apply_population(spec, linked, excluded, as_of)
    _apply_years(spec, linked, excluded)
    if not training and whole_file:
        _raise_on_wrong_file(spec, excluded)
    remedy = "Nothing to do here: what is already in place goes on."
    _apply_conditions(spec, spec.eligible.where, linked, excluded, as_of, NOT_ELIGIBLE, remedy)
    excluded.loc[no_record & excluded["kind"].isna().to_numpy(), "kind"] = MANUAL_REVIEW
    X = pd.DataFrame({feature.name: feature_values(linked, feature, as_of) for feature in spec.features})
    _exclude_without_essentials(spec, linked, X, excluded)
    ids = _codes(linked.origin["child_id"])
    # Without schools each child is a cluster of one; a child without an identifier is excluded anyway.
    school = _text(linked, spec.school) if spec.school else ids.fillna("(no identifier)")
    outcome = None
    if training:
        outcome = _outcomes(spec, linked, as_of)
        _exclude(
            excluded,
            outcome.isna(),
            {spec.outcome.column},
            NO_OUTCOME,
            "OUTCOME-KNOWN",
            "What happened later is not known, so nothing can be learnt from this row.",
            "Nothing to do: it is only left out of training.",
        )
        _exclude(
            excluded,
            school == "",
            {spec.school} if spec.school else (),
            MANUAL_REVIEW,
            "SCHOOL-KNOWN",
            f"The {spec.schools_are.singular} is not recorded, so the row cannot be kept on one side of a split.",
            f"Add the {spec.schools_are.singular}, or leave the row out of training.",
        )
    keep = excluded["kind"].isna().to_numpy()
    if training and not keep.any():
        counts = (excluded["kind"].map(EXCLUSIONS) + " (" + excluded["rule"] + ")").value_counts()
        reasons = "; ".join(f"{n} {reason}" for reason, n in counts.items())
        raise DataError(
            f"None of the {len(excluded)} rows can be used: {reasons}.", remedy="Check that this is the file you meant."
        )
    if training and (unknown := [feature.label for feature in spec.features if X.loc[keep, feature.name].isna().all()]):
        raise DataError(
            f"Not known of anybody: {first_few(unknown, 5)}. Nothing can be learnt from it, nor measured.",
            remedy="Add what it is made of to the files, or take the feature out of the spec.",
            rule="DATA-FEATURE",
        )
    name = pd.Series("", index=linked.frame.index, dtype=object)
    for ref in spec.show.name:
        name = (name + " " + _text(linked, ref)).str.strip()
    show = pd.DataFrame(
        {
            "row": linked.origin["row"],
            "name": name,
            "class_name": _text(linked, spec.show.class_name),
            "school": _text(linked, spec.shown_school),
        }
    )
    sensitive = pd.DataFrame({group.name: group_values(linked, group) for group in spec.groups})
    columns = [  # what is kept of an excluded row
        linked.origin,
        show[["name", "class_name", "school"]],
        school.rename("cluster"),
        excluded,
        sensitive.add_prefix("group."),
    ]
    return Cohort(
        ids=ids,
        X=X,
        y=None if outcome is None else outcome.fillna(0).astype("int8"),
        sensitive=sensitive,
        school=school,
        as_of=as_of,
        categorical_features={
            feature.name: tuple(column_of(linked, feature.sources[0]).levels or ())
            for feature in spec.features
            if feature.kind == "category"
        },
        show=show,
        recorded_on=recorded_dates(linked, spec.features),
        excluded=pd.concat(columns, axis=1)[~keep].reset_index(drop=True),
        linkage=linked.linkage,
        conflicts=linked.conflicts,
        notes=(*linked.notes, *_moved_on_note(spec, int((moved_on.to_numpy() & keep).sum()))),
        synthetic=_is_synthetic(spec, linked, keep, training=training),
    ).take(keep)


def _exclude(
    excluded: pd.DataFrame,
    where: pd.Series,
    columns: Iterable[ColumnRef],
    kind: str,
    rule: str,
    reason: str,
    remedy: str,
) -> None:
    """Exclude rows, by what some columns hold, that are not excluded already."""
    rows = where.to_numpy(dtype=bool) & excluded["kind"].isna().to_numpy()
    excluded.loc[rows, ["kind", "rule", "reason", "remedy"]] = [kind, rule, reason, remedy]
    excluded.loc[rows, "columns"] = pd.Series([frozenset(columns)] * rows.sum(), excluded.index[rows], object)


def _apply_conditions(
    spec: ModelSpec,
    conditions: tuple[Condition, ...],
    linked: LinkedTables,
    excluded: pd.DataFrame,
    as_of: pd.Series,
    kind: str,
    remedy: str,
) -> pd.Series:
    """Exclude rows that do not meet a condition of the spec; where it is undecided, for manual review.

    Return which rows meet one only because their value may have moved on since the as-of date.
    """
    later = pd.Series(False, index=linked.frame.index)
    for condition in conditions:
        met, moved_on, unknown = evaluate_condition(linked, condition, as_of)
        later |= moved_on
        _exclude(
            excluded, ~met & ~unknown, condition.columns, kind, condition.rule, _sentence(condition.description), remedy
        )
        label = column_of(linked, condition.column).label
        _exclude(
            excluded,
            unknown & (linked.problem["rule"] != NO_RECORD),
            condition.columns,
            MANUAL_REVIEW,
            f"{condition.rule}-NOT-KNOWN",
            f"{label} is not recorded, so it cannot be told whether the model may be asked.",
            f"Look at the {spec.children_are.singular} by hand, and add {condition.column.column} to the file.",
        )
    return later


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


def _apply_population(spec: ModelSpec, linked: LinkedTables, excluded: pd.DataFrame, as_of: pd.Series) -> pd.Series:
    remedy = f"Look at the {spec.children_are.singular} by hand: this model was made for {spec.population.description}."
    return _apply_conditions(spec, spec.population.where, linked, excluded, as_of, OUTSIDE, remedy)


def _moved_on_note(spec: ModelSpec, n: int) -> list[str]:
    who = count(n, f"{spec.children_are.singular} has", f"{spec.children_are.plural} have")
    return (
        [f"{who} moved on since the as-of date, and {'is' if n == 1 else 'are'} taken as they were then."] if n else []
    )


def _year_rules(linked: LinkedTables) -> list[str]:
    """Return the rules that limit the academic years of a table."""
    columns = [column for contract in linked.contracts.values() for column in contract.columns.values()]
    rules = [column.rule("academicYear") for column in columns]
    return [rule.id for rule in rules if rule and rule.arguments]


def _apply_years(spec: ModelSpec, linked: LinkedTables, excluded: pd.DataFrame) -> None:
    """Exclude a child whose records are of different academic years."""
    columns = [
        ColumnRef(contract.id, column.name)
        for contract in linked.contracts.values()
        for column in contract.columns.values()
        if column.rule("academicYear") and f"{contract.id}.{column.name}" in linked.frame
    ]
    if not columns:
        return
    years = [linked.frame[str(ref)].astype(object) for ref in columns]
    first = years[0]
    for year in years[1:]:
        first = first.where(first.notna(), year)
    _exclude(
        excluded,
        pd.concat([year.notna() & (year != first) for year in years], axis=1).any(axis=1),
        columns,
        MANUAL_REVIEW,
        "DATA-YEARS-DIFFER",
        "The records are of different academic years.",
        f"Look at the {spec.children_are.singular} by hand, and ask for the records of one year.",
    )


def _raise_on_wrong_file(spec: ModelSpec, excluded: pd.DataFrame) -> None:
    """Raise where most children are outside the population: the file is the wrong one."""
    excluded = excluded[excluded["rule"] != OTHER_YEAR]
    outside = excluded[excluded["kind"] == OUTSIDE]
    usable = int((excluded["kind"] != MANUAL_REVIEW).sum())
    raise_on_wrong_file(spec, outside.groupby(["rule", "reason"]).size(), usable)


def raise_on_wrong_file(spec: ModelSpec, outside: pd.Series, usable: int) -> None:
    """Raise where most of the usable rows are outside the population; ``outside`` counts them by rule and reason."""
    n = int(outside.sum())
    if n > WRONG_FILE_SHARE * usable:
        rule, reason = map(str, outside.index[int(outside.to_numpy().argmax())])
        raise PopulationError(
            f"{n} of {usable} {spec.children_are.plural} are outside the population of this model, which is "
            f"for {spec.population.description}. The commonest reason: {reason[:1].lower()}{reason[1:]}",
            rule=rule,
            remedy="Screen those the model was made for, or look at these by hand.",
        )


def _exclude_without_essentials(spec: ModelSpec, linked: LinkedTables, X: pd.DataFrame, excluded: pd.DataFrame) -> None:
    """Exclude each child without a record of a contract that the spec calls essential: no record is not "no need"."""
    for use in spec.data:
        features = [f for f in spec.features if any(ref.contract == use.contract for ref in f.sources)]
        if use.essential and features:
            contract = linked.contracts[use.contract]
            _exclude(
                excluded,
                X[[feature.name for feature in features]].isna().all(axis=1),
                {ref for feature in features for ref in feature.sources},
                MANUAL_REVIEW,
                "DATA-ESSENTIAL",
                f"Nothing that the model looks at is known from {contract.title}.",
                f"Look at the {spec.children_are.singular} by hand, and ask {contract.agency_name} for the record.",
            )


def _outcomes(spec: ModelSpec, linked: LinkedTables, as_of: pd.Series) -> pd.Series:
    """Return 1.0, 0.0 or NaN: whether the outcome happened within the horizon after the as-of date.

    A child without it is 0 only if followed up until ``followed_months`` after that date; otherwise censored (NaN).
    """
    ref = spec.outcome.column
    positive, negative = ({as_code(v) for v in values} for values in (spec.outcome.positive, spec.outcome.negative))
    if linked.outcome is None:
        codes = known_codes(linked, ref)
        return codes.isin(positive).astype("float64").where(codes.isin(positive | negative))
    table = linked.outcome
    codes = table[ref.column].map(as_code, na_action="ignore")
    child, outcome_child = linked.origin["child_id"], table[spec.child_id]
    inside = codes.isin(positive | negative)
    followed = inside
    recorded_on = column_of(linked, ref).recorded_on or ""
    if ":" in recorded_on:  # a date of its own for each record
        when = recording_dates(recorded_on, table)
        first_row = child.notna() & ~child.duplicated()
        start = outcome_child.map(as_of[first_row].set_axis(child[first_row]))
        inside &= (when > start) & (when <= start + pd.DateOffset(months=spec.outcome.horizon_months))
        followed = inside & (when >= start + pd.DateOffset(months=spec.outcome.followed_months))
    happened = codes[inside].isin(positive).groupby(outcome_child[inside]).max()
    followed_up = set(outcome_child[followed])
    outcome = happened[happened | happened.index.isin(followed_up)].astype("float64")
    return child.map(outcome).astype("float64")


def _text(linked: LinkedTables, ref: ColumnRef | None) -> pd.Series:
    """Return a column as text, empty where it is missing."""
    values = linked.frame.get(str(ref))
    if values is None:
        return pd.Series("", index=linked.frame.index, dtype=object)
    return _codes(values).astype(object).where(values.notna(), "").astype(str)


def _codes(values: pd.Series) -> pd.Series:
    """Return values as codes of a contract, missing ones as they are; texts are codes already."""
    return values.astype(object) if pd.api.types.is_string_dtype(values) else values.map(as_code, na_action="ignore")


def _is_synthetic(spec: ModelSpec, linked: LinkedTables, keep: np.ndarray, *, training: bool) -> bool:
    """Return whether the children are synthetic.

    One synthetic child in training makes a version synthetic. One real child among those to be screened makes a file
    real. A mistyped identifier is neither.
    """
    column = linked.contracts[spec.data[0].contract].columns[spec.child_id]
    synthetic, real = synthetic_and_real(column, linked.origin["child_id"])
    return bool((synthetic & keep).any()) if training else bool(synthetic.any() and not real.any())


def synthetic_and_real(column: Column, ids: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return which children are synthetic, and which are real, by a valid identifier: bool, shape (n,).

    No real child has a UPN of authority 000, or an NHS number of the range 999. Other identifiers tell neither.
    """
    texts = ids.astype("string")
    if column.rule("upn"):
        valid, invented = valid_upns(texts), texts.str.slice(1, 4) == SYNTHETIC_AUTHORITY
    elif column.rule("nhsNumber"):
        valid, invented = valid_nhs_numbers(texts), texts.str.startswith(SYNTHETIC_RANGE)
    else:
        return np.zeros(len(ids), dtype=bool), np.zeros(len(ids), dtype=bool)
    is_invented = invented.fillna(False).to_numpy(dtype=bool)
    return valid.to_numpy() & is_invented, valid.to_numpy() & ~is_invented
