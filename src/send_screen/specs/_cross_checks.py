"""Checks across keys of a spec: names and codes that do not exist, and columns that must not be features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from send_screen.contracts import Column, Contract
from send_screen.documents import closest
from send_screen.specs._columns import ColumnRef, Equals, Feature, Scalar, Share, as_code, column_refs
from send_screen.specs._model_spec import GoalsNotMet, SpecDocument

#: Metrics that gates can bound as a difference from another model.
COMPARED = ("roc_auc", "average_precision", "recall", "precision")
#: The keys of a spec with which a version is compared with itself in another form.
_COMPARED_BY = {"all_terms": "model_parameters.max_terms", "whole_points": "scorecard_points"}


def find_contradictions(spec: SpecDocument, contracts: Mapping[str, Contract]) -> Iterator[str]:
    """Yield each contradiction within a spec, or between it and the given contracts, with its path."""
    used = [use.contract for use in spec.data]
    for path, ref in column_refs(spec):
        if ref.contract not in used:
            yield f"{path}: the contract {ref.contract!r} is not under `data`{closest(ref.contract, used)}"
        elif ref.contract in contracts and ref.column not in contracts[ref.contract].columns:
            known = contracts[ref.contract].columns
            yield f"{path}: {ref.contract} has no column {ref.column!r}{closest(ref.column, known)}"
    yield from _code_mistakes(spec, contracts)
    yield from _feature_mistakes(spec, contracts)
    yield from _family_mistakes(spec, contracts)
    yield from _name_mistakes(spec)
    yield from _parameter_mistakes(spec)
    yield from _gate_mistakes(spec)
    yield from _outcome_mistakes(spec, contracts)


def _code_references(spec: SpecDocument) -> Iterator[tuple[str, ColumnRef, tuple[Scalar, ...]]]:
    """Yield path, column and codes of each part of a spec that names codes of a column."""
    for part, where in (("population", spec.population.where), ("eligible", spec.eligible.where)):
        for position, condition in enumerate(where):
            key = "not_in" if condition.negated else "in"
            yield f"$.{part}.where[{position}].{key}", condition.column, condition.values
            if condition.moved_on:
                yield f"$.{part}.where[{position}].moved_on.in", condition.column, condition.moved_on.values
    yield "$.outcome.positive", spec.outcome.column, spec.outcome.positive
    yield "$.outcome.negative", spec.outcome.column, spec.outcome.negative
    for position, group in enumerate(spec.groups):
        if group.derive is None:
            yield f"$.groups[{position}].levels", group.column, tuple(group.levels)
    for position, feature in enumerate(spec.features):
        if isinstance(feature.source, Equals):
            yield f"$.features[{position}].derive.equals.value", feature.source.column, (feature.source.value,)


def _code_mistakes(spec: SpecDocument, contracts: Mapping[str, Contract]) -> Iterator[str]:
    for path, ref, values in _code_references(spec):
        column = _column(contracts, ref)
        known = column.levels if column else None
        for value in values:
            if known and as_code(value) not in known:
                yield f"{path}: {ref} has no code {value!r}; it has {', '.join(known)}"


def _column(contracts: Mapping[str, Contract], ref: ColumnRef) -> Column | None:
    return contracts[ref.contract].columns.get(ref.column) if ref.contract in contracts else None


def _feature_mistakes(spec: SpecDocument, contracts: Mapping[str, Contract]) -> Iterator[str]:
    training_only = {use.contract for use in spec.data if use.training_only}
    seen: set[str] = set()
    for position, feature in enumerate(spec.features):
        path = f"$.features[{position}]"
        if feature.name in seen:
            yield f"{path}.name: {feature.name!r} stands twice"
        seen.add(feature.name)
        for ref in feature.sources:
            if ref == spec.outcome.column:
                yield f"{path}: {ref} is the outcome, and cannot be a feature"
            elif ref.contract in training_only:
                yield f"{path}: {ref} is there for training only: nobody to be screened has it"
            column = _column(contracts, ref)
            if column is not None:
                yield from _column_mistakes(path, ref, column, feature, research=bool(spec.research_comparison))
        if feature.kind == "category" and feature.monotonic != "none":
            yield f"{path}.monotonic: a category has no order, so it has no monotonic constraint"


def _family_mistakes(spec: SpecDocument, contracts: Mapping[str, Contract]) -> Iterator[str]:
    """Yield each feature of a family that has other levels than its first, or is of another contract."""
    first: dict[str, tuple[str, dict[str, str]]] = {}
    for position, feature in enumerate(spec.features):
        if not feature.family:
            continue
        path, column = f"$.features[{position}].family", _column(contracts, feature.column) if feature.column else None
        if feature.column is None or (column is not None and not column.levels):
            yield f"{path}: a feature of a family needs a column with levels, which the sentence about them counts"
        elif column is not None and column.levels:
            own = feature.column.contract, column.levels
            if first.setdefault(feature.family, own) != own:
                yield f"{path}: all {feature.family} must be columns of one contract with the same levels"


def _column_mistakes(path: str, ref: ColumnRef, column: Column, feature: Feature, *, research: bool) -> Iterator[str]:
    """Yield each reason why a column may not be used by a feature."""
    numeric = column.logical_type in ("integer", "number") or all(map(str.isdigit, column.levels or ["x"]))
    if feature.column and feature.kind == "category" and not column.levels:
        yield f"{path}: {ref} has no codes, so it cannot be a category: it could name somebody"
    if feature.column and feature.kind == "number" and not numeric:
        yield f"{path}: {ref} does not hold numbers"
    # a code in the key, such as the type of an involvement, tells rows of a child apart and names nobody
    if column.unique or (column.primary_key and not column.levels) or column.classification == "identifier":
        yield f"{path}: {ref} names somebody, and cannot be a feature"
    if column.characteristic == "protected" and not research:
        yield (
            f"{path}: {ref} is a protected characteristic: compare it under `groups`, never as a feature "
            "(only a spec marked `research_comparison`, which cannot be promoted, may)"
        )
    if column.characteristic == "proxy":
        if not feature.justification:
            yield f"{path}: {ref} stands close to a protected characteristic: give a written `justification`"
        if feature.monotonic != "increasing" or not isinstance(feature.source, Equals):
            yield (
                f"{path}: {ref} must never lower the risk: write `derive: {{equals: ...}}` and `monotonic: increasing`"
            )
    wanted = {"absence": "increasing", "attendance": "decreasing"}.get(column.characteristic or "")
    whole = isinstance(feature.source, Share) and ref == feature.source.out_of
    if wanted and feature.monotonic != wanted and not whole:
        yield f"{path}.monotonic: absence must never lower the risk, so {ref} needs `monotonic: {wanted}`"


def _name_mistakes(spec: SpecDocument) -> Iterator[str]:
    features = [feature.name for feature in spec.features]
    baseline = spec.baseline
    if isinstance(baseline, GoalsNotMet):
        references = {
            "features": baseline.features,
            "operating_point.any_not_met": baseline.operating_point.any_not_met,
        }
        named = {f"{key}[{position}]": name for key, names in references.items() for position, name in enumerate(names)}
    else:
        named = {"feature": baseline.feature}
    for path, name in named.items():
        if name not in features:
            yield f"$.baseline.{path}: no feature is called {name!r}{closest(name, features)}"
    groups = [group.name for group in spec.groups]
    for name in sorted({name for name in groups if groups.count(name) > 1}):
        yield f"$.groups: {name!r} stands twice"
    yield from _group_mistakes(spec)
    for position, pair in enumerate(spec.intersections):
        for name in pair:
            if name not in groups:
                yield f"$.intersections[{position}]: no group is called {name!r}{closest(name, groups)}"
    for value in sorted(set(map(as_code, spec.outcome.positive)) & set(map(as_code, spec.outcome.negative))):
        yield f"$.outcome: {value!r} is both positive and negative"


def _group_mistakes(spec: SpecDocument) -> Iterator[str]:
    """Yield groups that could not be distinguished, or whose counts together could reveal small groups."""
    for position, group in enumerate(spec.groups):
        for other in spec.groups[:position]:
            if group.name != other.name and group.column == other.column:
                yield (
                    f"$.groups[{position}].column: {group.column} is compared as {other.name!r} already: counts of "
                    "both together could give away groups of a few children"
                )
            if group.name != other.name and group.label == other.label:
                yield f"$.groups[{position}].label: {other.name!r} has the same"
        for words in (group.label, *group.levels.values()):
            if "×" in words:
                yield f"$.groups[{position}]: {words!r} holds ×, which stands between groups that are crossed: write x"


def _parameter_mistakes(spec: SpecDocument) -> Iterator[str]:
    for name in sorted(spec.model_parameters.model_fields_set):
        if spec.model != (of := {"C": "logistic", "max_terms": "additive"}[name]):
            yield f"$.model_parameters.{name}: is of `model: {of}`, not of `model: {spec.model}`: take it out"


def _gate_mistakes(spec: SpecDocument) -> Iterator[str]:
    for position, gate in enumerate(spec.gates):
        if gate.against and gate.against not in ("baseline", *spec.compared):
            key = _COMPARED_BY.get(gate.against)
            why = f"is compared with where there are `{key}`" if key else "is not under `challengers`"
            yield f"$.gates[{position}].against: {gate.against!r} {why}"
        if gate.against and gate.metric not in COMPARED:
            yield f"$.gates[{position}].metric: {gate.metric} is not compared with a model; {', '.join(COMPARED)} are"


def _outcome_mistakes(spec: SpecDocument, contracts: Mapping[str, Contract]) -> Iterator[str]:
    outcome = spec.outcome
    column = _column(contracts, outcome.column)
    dated = column is not None and (column.recorded_on or "").startswith("column:")
    if dated and "followed_months" not in outcome.model_fields_set:
        yield (
            "$.outcome: 'followed_months' missing: a child without the outcome counts only with a record at least so "
            "many months after the as-of date (a child who moved away is not a child without need)"
        )
    if outcome.followed_months > outcome.horizon_months:
        yield "$.outcome.followed_months: it is beyond the horizon, so no child could count"
