"""The model itself: whether its parts fit each other, and whether the example is answered."""

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


@audit_check("Tables, bags and spec fit each other, and are of as many rows as the evidence")
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
        yield from _too_flat(tables, evidence.table, limited=bundle.spec.model_parameters.max_terms is not None)
    if bundle.bags is None:
        return
    with_errors = with_standard_errors(tables, bundle.bags).to_json()
    yield from diff_documents(
        json.loads(tables.to_json()), json.loads(with_errors), "tables.json, standard errors: $"
    ).differences
    # the tables are the mean of the bags, but for what keeping signs changed in each
    rows = answerable(bundle)
    scores = bundle.bags.score(rows)
    distance = np.abs(scores.mean(axis=0) - tables.score(rows))
    if (distance > bundle.bags.standard_error(scores) + 1e-9).any():
        yield Mismatch("score of an invented row", f"{distance.max():.3g} from the bags' mean", "the bags' mean")


def _too_flat(tables: RiskTables, evidence: pd.DataFrame, *, limited: bool) -> Iterator[Mismatch]:
    """Yield the features that move a score less than they did in every fold, where together they mattered.

    Each fold's model learnt from most of the children that the tables learnt from. What a term can add spans twice its
    bound (``max_abs``), so the standard deviation of its contributions is no more than that. Tables of other outcomes
    are often flat where the folds' models were not. Half the bound is left for what one more fold can change, and
    features that added less than a tenth of what all added may drop out. Where terms are ``limited``, one more fold
    can change which are kept: then less than a half.
    """
    folds = evidence.groupby(["fold_seed", "fold"])
    added = {term.feature: float(folds[f"contribution.{term.feature}"].std().min()) for term in tables.terms}
    bound = {
        term.feature: term.max_abs + sum(pair.max_abs for pair in tables.interactions if term.feature in pair.features)
        for term in tables.terms
    }
    flat = [name for name in added if added[name] > 2 * bound[name]]
    if sum(added[name] for name in flat) > sum(added.values()) * (0.5 if limited else 0.1):
        for name in flat:
            expected = f"more: in every fold it added {added[name]:.3g} or more, as a standard deviation"
            yield Mismatch(f"tables.json: {name}", f"it adds {bound[name]:.3g} at most", expected)


def answerable(bundle: Bundle) -> pd.DataFrame:
    """Return the synthetic children of a request's example, as the tables take them."""
    rows = synthetic_rows(bundle.spec, bundle.contracts)
    return load_cohort(bundle.spec, rows, training=False, contracts=bundle.contracts).X


@audit_check("The example of a request is of invented rows, and is answered")
def check_examples(audited: AuditedVersion) -> CheckResult:
    bundle, files = audited.require_bundle(), audited.require_snapshot().model_files
    examples = synthetic_rows(bundle.spec, bundle.contracts)
    found = json.loads(examples.to_json(orient="split", index=False))
    claimed = {
        "input_example.json": json.loads(files["input_example.json"]),
        "serving_input_example.json": json.loads(files["serving_input_example.json"])["dataframe_split"],
    }
    differences = [d for name in claimed for d in diff_documents(claimed[name], found, f"{name}: $").differences]
    rows = answerable(bundle)
    bundle.tables.contributions(rows)  # raises where they do not add up to the score
    summary = f"{len(examples)} rows, invented from the contracts alone; {len(rows)} are scored, and reasons add up."
    return check_result(differences, summary, inconclusive_reason=audited.inconclusive_reason)
