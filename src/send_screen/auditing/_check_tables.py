"""Checks of the model: whether its files are consistent, and whether it scores the example request."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd

from send_screen.auditing._audited_version import AuditedVersion
from send_screen.auditing._checks import CheckResult, audit_check, check_result
from send_screen.auditing._compare import Mismatch, diff_documents, mismatches
from send_screen.cohorts import load_cohort
from send_screen.governance import Bundle, sha256_of
from send_screen.simulation._examples import synthetic_rows
from send_screen.tables import RiskTables, monotonicity_violations, with_standard_errors


@audit_check("Tables, bags and spec are consistent, and have as many rows as the evidence")
def check_tables(audited: AuditedVersion) -> CheckResult:
    bundle = audited.require_bundle()
    bags = f"their {len(bundle.bags.tables)} bags" if bundle.bags else "no bags"
    of = "as many as in the evidence" if audited.evidence else "as they say themselves"
    summary = f"Trained on {bundle.tables.n_training:,} rows, {of}; they fit the spec and {bags}."
    return check_result(list(_faults(audited, bundle)), summary, failure="The model's parts do not fit each other.")


def _faults(audited: AuditedVersion, bundle: Bundle) -> Iterator[Mismatch]:
    tables, spec, evidence = bundle.tables, bundle.spec, audited.evidence
    features = ", ".join(feature.name for feature in spec.features)
    sha256 = sha256_of(audited.files["tables.json"])
    yield from mismatches(
        {
            "$.version.tables_sha256": (bundle.published.version.tables_sha256, sha256),
            "features": (", ".join(tables.features), features),
            "tables.json: name": (tables.name, spec.title),
        }
    )
    monotonic_cst = {name: 1 if sign == "increasing" else -1 for name, sign in spec.monotonic_cst.items()}
    for name in monotonicity_violations(tables.terms, tables.interactions, monotonic_cst):
        yield Mismatch(
            f"tables.json: {name}", "the score moves against the sign", f"{spec.monotonic_cst[name]}, as the spec says"
        )
    if evidence is not None and evidence.table is not None:
        n = evidence.table["row"].nunique()
        if n != tables.n_training:
            yield Mismatch("training rows", f"{tables.n_training} in tables.json", f"{n} in the evidence")
        yield from _flat_terms(tables, evidence.table, limited=bundle.spec.model_parameters.max_terms is not None)
    if bundle.bags is None:
        return
    with_errors = with_standard_errors(tables, bundle.bags).to_json()
    yield from diff_documents(
        json.loads(tables.to_json()), json.loads(with_errors), "tables.json, standard errors: $"
    ).differences
    # the tables are the mean of the bags, other than for monotonicity, which is enforced in each
    rows = example_features(bundle)
    scores = bundle.bags.score(rows)
    distance = np.abs(scores.mean(axis=0) - tables.score(rows))
    if (distance > bundle.bags.standard_error(scores) + 1e-9).any():
        yield Mismatch("score of an invented row", f"{distance.max():.3g} from the bags' mean", "the bags' mean")


def _flat_terms(tables: RiskTables, evidence: pd.DataFrame, *, limited: bool) -> Iterator[Mismatch]:
    """Yield features whose terms are too flat for their contributions in the evidence (out-of-fold predictions).

    The model of each fold was trained on most of the tables' training children, so contributions should be similar.
    Tables trained on other outcomes are often flat where the folds' models were not. The standard deviation of a term's
    contributions is at most its bound, ``max_abs``; twice that is allowed, for what one more fold can change. Features
    that make up less than a tenth of all contributions may drop out; less than a half where terms are ``limited``,
    since one more fold can change which terms are kept.
    """
    folds = evidence.groupby(["fold_seed", "fold"])
    spread = {term.feature: float(folds[f"contribution.{term.feature}"].std().min()) for term in tables.terms}
    bound = {
        term.feature: term.max_abs + sum(pair.max_abs for pair in tables.interactions if term.feature in pair.features)
        for term in tables.terms
    }
    flat = [name for name in spread if spread[name] > 2 * bound[name]]
    if sum(spread[name] for name in flat) > sum(spread.values()) * (0.5 if limited else 0.1):
        for name in flat:
            expected = f"more: in every fold it added {spread[name]:.3g} or more, as a standard deviation"
            yield Mismatch(f"tables.json: {name}", f"it adds {bound[name]:.3g} at most", expected)


def example_features(bundle: Bundle) -> pd.DataFrame:
    """Return the features of the synthetic children in the example request."""
    rows = synthetic_rows(bundle.spec, bundle.contracts)
    return load_cohort(bundle.spec, rows, training=False, contracts=bundle.contracts).X


@audit_check("The example request has invented rows, and is scored")
def check_examples(audited: AuditedVersion) -> CheckResult:
    bundle, files = audited.require_bundle(), audited.require_snapshot().model_files
    examples = synthetic_rows(bundle.spec, bundle.contracts)
    found = json.loads(examples.to_json(orient="split", index=False))
    claimed = {
        "input_example.json": json.loads(files["input_example.json"]),
        "serving_input_example.json": json.loads(files["serving_input_example.json"])["dataframe_split"],
    }
    differences = [d for name in claimed for d in diff_documents(claimed[name], found, f"{name}: $").differences]
    rows = example_features(bundle)
    bundle.tables.contributions(rows)  # raises where they do not add up to the score
    summary = f"{len(examples)} rows, invented from the contracts alone; {len(rows)} are scored, and reasons add up."
    return check_result(differences, summary, inconclusive_reason=audited.inconclusive_reason)
