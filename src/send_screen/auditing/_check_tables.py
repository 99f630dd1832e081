"""The model itself: what is drawn of it, and whether its parts fit each other and the evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd

from send_screen.auditing._audited_version import AuditedVersion
from send_screen.auditing._check_figures import MODEL_SECTIONS
from send_screen.auditing._results import CheckResult, Mismatch, check_result, diff_documents
from send_screen.cohorts import load_cohort
from send_screen.governance import Bundle, sha256_of
from send_screen.published import model_sections
from send_screen.simulation._examples import synthetic_rows
from send_screen.tables import BaggedTables, monotonicity_violations, with_standard_errors


def check_model_sections(audited: AuditedVersion) -> CheckResult:
    """Derive the shapes, interactions and points again from the tables, and score the invented child."""
    bundle = audited.require_bundle()
    found = model_sections(bundle.spec, bundle.contracts, bundle.tables, bundle.bags).model_dump(mode="json")
    claimed = bundle.published.model_dump(mode="json", include=set(MODEL_SECTIONS))
    compared = diff_documents(claimed, found)
    return check_result(compared.differences, compared.words, inconclusive_reason=audited.inconclusive_reason)


def check_tables(audited: AuditedVersion) -> CheckResult:
    """Hold the tables against their hash, the spec, the bags whose mean they are, and the evidence."""
    bundle = audited.require_bundle()
    differences = list(_faults(audited, bundle))
    bags = f"their {len(bundle.bags.tables)} bags" if bundle.bags else "no bags"
    words = f"Trained on {bundle.tables.n_background:,} children; they fit the spec, {bags} and the evidence."
    return check_result(differences, words, made="The model's parts do not fit each other.")


def _faults(audited: AuditedVersion, bundle: Bundle) -> Iterator[Mismatch]:
    tables, spec = bundle.tables, bundle.spec
    claimed, found = bundle.published.version.tables_sha256, sha256_of(audited.files["tables.json"])
    if claimed != found:
        yield Mismatch("$.version.tables_sha256", claimed, found)
    if list(tables.features) != [feature.name for feature in spec.features]:
        yield Mismatch("features", ", ".join(tables.features), "those of the spec, in its order")
    if tables.name != spec.title:
        yield Mismatch("tables.json: name", tables.name, spec.title)
    monotonic_cst = {name: 1 if sign == "increasing" else -1 for name, sign in spec.monotonic_cst.items()}
    for name in monotonicity_violations(tables.terms, tables.interactions, monotonic_cst):
        yield Mismatch(
            f"tables.json: {name}", "the score moves against the sign", f"{spec.monotonic_cst[name]}, as the spec says"
        )
    evidence = audited.evidence
    if evidence is not None and evidence.table is not None:
        n = evidence.table["row"].nunique()
        if n != tables.n_background:
            yield Mismatch("training children", f"{tables.n_background} in tables.json", f"{n} in the evidence")
    if bundle.bags is None:
        return
    sure = with_standard_errors(tables, bundle.bags).to_json()
    yield from diff_documents(json.loads(tables.to_json()), json.loads(sure), "tables.json, how sure: $").differences
    yield from _bags_mean(bundle, bundle.bags)


def _bags_mean(bundle: Bundle, bags: BaggedTables) -> Iterator[Mismatch]:
    """Hold the tables against the mean of the bags, which they are but for what keeping signs changed in each."""
    tables, rows = bundle.tables, answerable(bundle)
    distance = np.abs(bags.score(rows).mean(axis=0) - tables.score(rows))
    error = bags.standard_error(bags.score(rows))
    if (distance > error + 1e-9).any():
        yield Mismatch("score of an invented child", f"{distance.max():.3g} from the bags' mean", "the bags' mean")


def answerable(bundle: Bundle) -> pd.DataFrame:
    """Return the invented children of a request's example, as the tables take them."""
    rows = synthetic_rows(bundle.spec, bundle.contracts)
    return load_cohort(bundle.spec, rows, training=False, contracts=bundle.contracts).X


def check_examples(audited: AuditedVersion) -> CheckResult:
    """Invent the example of a request again from the contracts, and score it with the tables."""
    bundle, snapshot = audited.require_bundle(), audited.require_snapshot()
    examples = synthetic_rows(bundle.spec, bundle.contracts)
    found = json.loads(examples.to_json(orient="split", index=False))
    differences: list[Mismatch] = []
    for name, inside in (("input_example.json", None), ("serving_input_example.json", "dataframe_split")):
        claimed = json.loads(snapshot.model_files[name])
        claimed = claimed[inside] if inside else claimed
        differences += diff_documents(claimed, found, f"{name}: $").differences
    rows = answerable(bundle)
    bundle.tables.contributions(rows)  # raises where they do not add up to the score
    words = f"{len(examples)} children, invented from the contracts alone; {len(rows)} are scored, and reasons add up."
    return check_result(differences, words, inconclusive_reason=audited.inconclusive_reason)
