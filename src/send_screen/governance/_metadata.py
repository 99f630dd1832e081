"""Build the metadata of a version: identity, provenance and intended use."""

from __future__ import annotations

from typing import Literal

from send_screen.governance._identity import sha256_of, version_id
from send_screen.published import DataSource, Owner, VersionMetadata
from send_screen.specs import ModelSpec
from send_screen.tables import BaggedTables, RiskTables


def version_metadata(
    spec: ModelSpec,
    tables: RiskTables,
    bags: BaggedTables | None,
    *,
    challengers: dict[str, str],
    trained_on: Literal["synthetic", "real"],
    as_of: str,
    data_sha256: str,
    held_out_schools: int,
    code: str,
    release: str,
    packages: dict[str, str],
) -> VersionMetadata:
    """Return the section ``version`` of ``published.json``, whose gates are checked once the figures are known.

    ``challengers`` are descriptions by name; ``as_of`` is the latest date of a feature of any child (ISO). ``code``,
    ``release`` and ``packages`` are those that trained the version; an audit passes the ones that the version claims.
    """
    contracts, outcome = spec.contracts, spec.outcome.column
    hashes = {contract.ref: contract.sha256 for contract in contracts.values()}
    return VersionMetadata(
        id=version_id(spec.sha256, data_sha256, hashes, code, packages, held_out_schools),
        name=spec.name,
        title=spec.title,
        model=spec.model,
        challengers=challengers,
        outcome_description=spec.outcome.description,
        outcome_kind=spec.outcome.kind,
        outcome_limits=contracts[outcome.contract].columns[outcome.column].outcome_limits,
        horizon_months=spec.outcome.horizon_months,
        trained_on=trained_on,
        as_of=as_of,
        review_date=spec.review_date.isoformat(),
        spec_sha256=spec.sha256,
        data_sha256=data_sha256,
        tables_sha256=sha256_of(tables.to_json().encode()),
        bags_sha256=None if bags is None else sha256_of(bags.to_json().encode()),
        contracts=hashes,
        code_version=code,
        release=release,
        packages=packages,
        data=tuple(
            DataSource(
                contract=contracts[use.contract].ref,
                title=contracts[use.contract].title,
                agency=contracts[use.contract].agency,
                purpose=use.purpose or contracts[use.contract].purpose,
                lawful_basis=contracts[use.contract].lawful_basis,
                essential=use.essential,
                training_only=use.training_only,
            )
            for use in spec.data
        ),
        folds=spec.validation.folds,
        fold_seeds=spec.validation.seeds,
        children=spec.children_are,
        clusters=spec.schools_are if spec.school else None,
        held_out_schools=held_out_schools,
        intended_use=spec.intended_use,
        prohibited_uses=spec.prohibited_uses,
        owner=Owner(**spec.owner.model_dump()),
        population=spec.population.description,
        eligible_description=spec.eligible.description,
        capacity=spec.capacity,
        baseline_description=spec.baseline.description,
        operating_point_description=spec.baseline.operating_point.description,
        never_looks_at=_never_looks_at(spec),
        research_comparison=spec.research_comparison or None,
        gates=(),
    )


def _never_looks_at(spec: ModelSpec) -> tuple[str, ...]:
    """Return the protected columns, their proxies and the columns of groups that no feature uses.

    Columns of the same name in two contracts are taken as the same, so a column that a feature uses in one is left out.
    """
    used = {ref.column for feature in spec.features for ref in feature.sources}
    labels = {
        column.name: column.label
        for contract in spec.contracts.values()
        for column in contract.columns.values()
        if column.characteristic in ("protected", "proxy")
    }
    labels |= {group.column.column: group.label for group in spec.groups}
    return tuple(sorted({label for column, label in labels.items() if column not in used}))
