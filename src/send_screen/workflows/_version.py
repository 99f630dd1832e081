"""A trained version as a folder of plain files: spec, contracts, tables, what was measured, and the pages."""

from __future__ import annotations

from typing import Any

from send_screen.contracts import Contract
from send_screen.governance import BAGS, sha256_of, version_id
from send_screen.published import PublishedReport
from send_screen.reports import render_pages
from send_screen.specs import ModelSpec
from send_screen.tables import BaggedTables, RiskTables
from send_screen.workflows._compared_models import describe_challenger


def version_metadata(
    spec: ModelSpec,
    contracts: dict[str, Contract],
    tables: RiskTables,
    bags: BaggedTables | None,
    *,
    trained_on: str,
    as_of: str,
    data_sha256: str,
    hold_out: int,
    code: str,
    release: str,
    packages: dict[str, str],
) -> dict[str, Any]:
    """Return the section ``version`` of ``published.json``: what the version is, and what it is for.

    Parameters
    ----------
    spec : ModelSpec
    contracts : dict of str to Contract
        By id.
    tables : RiskTables
    bags : BaggedTables or None
    trained_on : str
        ``"synthetic"`` or ``"real"``.
    as_of : str
        The latest day on which something was known of a child, as an ISO date.
    data_sha256 : str
    hold_out : int
        How many whole schools were kept aside.
    code : str
        From :func:`~send_screen.governance.code_version`.
    release : str
        From :func:`~send_screen.governance.release`.
    packages : dict of str to str
        From :func:`~send_screen.governance.package_versions`.
    """
    looks_at = {ref for feature in spec.features for ref in feature.sources}
    never = [
        column.label
        for contract in contracts.values()
        for column in contract.columns.values()
        if column.characteristic == "protected" and not any(ref.column == column.name for ref in looks_at)
    ]
    hashes = {contract.ref: contract.sha256 for contract in contracts.values()}
    return {
        "id": version_id(spec.sha256, data_sha256, hashes, code, packages, hold_out),
        "name": spec.name,
        "title": spec.title,
        "model": spec.model,
        "challengers": {name: describe_challenger(name) for name in spec.challengers},
        "outcome_words": spec.outcome.description,
        "horizon_months": spec.outcome.horizon_months,
        "trained_on": trained_on,
        "as_of": as_of,
        "review_date": spec.review_date.isoformat(),
        "spec_sha256": spec.sha256,
        "data_sha256": data_sha256,
        "tables_sha256": sha256_of(tables.to_json().encode()),
        "bags_sha256": None if bags is None else sha256_of(bags.to_json().encode()),
        "contracts": hashes,
        "code_version": code,
        "release": release,
        "packages": packages,
        "data": [
            {
                "contract": contracts[use.contract].ref,
                "title": contracts[use.contract].title,
                "agency": contracts[use.contract].agency,
                "purpose": use.purpose or contracts[use.contract].purpose,
                "lawful_basis": contracts[use.contract].lawful_basis,
                "essential": use.essential,
                "training_only": use.training_only,
            }
            for use in spec.data
        ],
        "folds": spec.validation.folds,
        "fold_seeds": list(spec.validation.seeds),
        "held_out_schools": hold_out,
        "intended_use": spec.intended_use,
        "prohibited_uses": list(spec.prohibited_uses),
        "owner": spec.owner.model_dump(),
        "population": spec.population.description,
        "eligible_words": spec.eligible.description,
        "capacity": spec.capacity,
        "baseline_words": spec.baseline.description,
        "operating_point_words": spec.baseline.operating_point.description,
        "never_looks_at": sorted(set(never)),
        "research_comparison": spec.research_comparison or None,
    }


def version_files(
    spec: ModelSpec,
    contracts: dict[str, Contract],
    tables: RiskTables,
    bags: BaggedTables | None,
    report: PublishedReport,
) -> dict[str, bytes]:
    """Return every file of a version but its manifest, by name."""
    files = {
        "spec.yaml": spec.text,
        **{f"contracts/{contract.path.name}": contract.text for contract in contracts.values()},
        "tables.json": tables.to_json(),
        **({} if bags is None else {BAGS: bags.to_json()}),
        "published.json": report.to_json(),
        **render_pages(report),
    }
    return {name: text.encode() for name, text in files.items()}
