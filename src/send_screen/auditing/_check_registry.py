"""Checks of the version in MLflow's database: metrics, parameters, tags, and the links between entities."""

from __future__ import annotations

from send_screen.auditing._added import added_tags, own_tags
from send_screen.auditing._audited_version import NO_TAG, AuditedVersion
from send_screen.auditing._checks import Addition, CheckResult, audit_check, check_result
from send_screen.auditing._compare import Mismatch, diff_documents
from send_screen.published._gates import recheck_gates
from send_screen.tracking import (
    EXPERIMENT,
    evidence_files,
    format_hashes,
    mlflow_metrics,
    parse_hashes,
    run_params,
    run_tags,
)

#: Hashes that other checks compare with the hashed files.
_FILE_HASHES = ("manifest_sha256", "evidence_sha256", "signed_by", "model_sha256")


@audit_check("The figures in MLflow's database are the published ones")
def check_metrics(audited: AuditedVersion) -> CheckResult:
    snapshot = audited.require_snapshot()
    found = mlflow_metrics(audited.require_report().performance)
    # MLflow's system metrics of the machine, where they are enabled
    system = [name for name in snapshot.run_metrics if name.startswith("system/")]
    ours = {name: values for name, values in snapshot.run_metrics.items() if name not in system}
    additions = [Addition("figures of the machine, in the run", ", ".join(system))] if system else []
    latest = {name: values[-1] for name, values in ours.items()}
    logged_again = [
        Mismatch(f"metric.{name}", f"logged {len(values) - 1} times", "once, as it is shown")
        for name, values in ours.items()
        if len(set(values)) > 1 or len(values) != 2  # one logged value, and the one shown
    ]
    differences = [
        *diff_documents(latest, found, "metric").differences,
        *logged_again,
        *(
            Mismatch(f"metric.{name}: step", ", ".join(map(str, sorted(steps))), "0, where training logs it")
            for name, steps in snapshot.run_steps.items()
            if name in ours and steps != {0}
        ),
        *diff_documents(snapshot.model_metrics, found, "metric of the served model").differences,
        *(
            Mismatch(f"metric of the served model: {name}", "; ".join(sorted(sources)), "step 0, and no dataset")
            for name, sources in snapshot.model_metric_sources.items()
            if sources != {"step 0"}
        ),
    ]
    for measured, value in snapshot.other_model_metrics.items():
        run, _, name = measured.partition(": ")
        if value != found.get(name, value):
            where = f"metric of the served model, as run {run} has it: {name}"
            differences.append(Mismatch(where, str(value), str(found[name])))
        else:
            additions.append(Addition(f"metric of the served model, by run {run}", f"{name}: {value!r}"))
    summary = f"{len(found)} figures, in the run and beside the served model."
    failure = "The database shows other figures than are published."
    return check_result(differences, summary, failure=failure, additions=additions)


@audit_check("The parameters in MLflow's database are those of the spec")
def check_params(audited: AuditedVersion) -> CheckResult:
    snapshot, bundle = audited.require_snapshot(), audited.require_bundle()
    found = run_params(bundle.spec, bundle.published.version.held_out_schools)
    differences = [
        *diff_documents(snapshot.run_params, found, "param").differences,
        *diff_documents(snapshot.model_params, found, "param of the served model").differences,
    ]
    return check_result(differences, f"{len(found)} parameters.")


@audit_check("The tags in MLflow's database are those of the version")
def check_tags(audited: AuditedVersion) -> CheckResult:
    snapshot, bundle = audited.require_snapshot(), audited.require_bundle()
    gates = recheck_gates(bundle.spec.gates, bundle.published)
    passed = all(gate.passed for gate in gates) and not bundle.spec.research_comparison
    found = run_tags(bundle.published.version, passed=passed)
    found["evidence_location"] = snapshot.run_tags.get("evidence_location", NO_TAG)
    claimed = parse_hashes(snapshot.run_tags)
    hashes = {name: claimed.get(name, NO_TAG) for name in (*_FILE_HASHES, *evidence_files(claimed))}
    found |= format_hashes({**hashes, "data_sha256": bundle.published.version.data_sha256})
    misleading, additions = added_tags(snapshot, mlflow_metrics(bundle.published.performance))
    differences = [
        *diff_documents(own_tags("run", snapshot.run_tags), found, "tag of the run").differences,
        *diff_documents(
            own_tags("registered version", snapshot.tags), found, "tag of the registered version"
        ).differences,
        *misleading,
    ]
    summary = f"{len(found)} tags are what the version is, as {snapshot.holders}."
    failure = "A tag is not what the version is, or could be taken for one that is."
    return check_result(differences, summary, failure=failure, additions=additions)


@audit_check("Registered version, run and served model belong together")
def check_run(audited: AuditedVersion) -> CheckResult:
    snapshot, metadata = audited.require_snapshot(), audited.require_report().version
    run, name = snapshot.version.run_id, f"{metadata.name} {metadata.id}"
    pairs = {
        "source of the registered version": (snapshot.source, f"models:/{snapshot.model_id}"),
        "run of the served model": (snapshot.model_run_id, run),
        "name of the registered model": (snapshot.version.name, metadata.name),
        "name of the run": (snapshot.run_name, name),
        "tag mlflow.runName": (snapshot.run_tags.get("mlflow.runName", NO_TAG), name),
        "status of the run": (snapshot.run_status, "FINISHED"),
        **snapshot.unexpected_metadata,
    }
    differences = [
        Mismatch(what, claimed or "nothing", found or "nothing: send_screen writes none")
        for what, (claimed, found) in pairs.items()
        if claimed != found
    ]
    additions = [Addition("dataset of the run, named after training", name) for name in snapshot.inputs]
    if snapshot.stage != "None":
        additions.append(Addition("stage of the registered version", snapshot.stage))
    if snapshot.experiment_name != EXPERIMENT:
        additions.append(Addition("name of the experiment", snapshot.experiment_name))
    if snapshot.model_description:
        additions.append(Addition("description of the registered model", snapshot.model_description))
    summary = f"{audited.registered_name}: run {run}, and model {snapshot.model_id}."
    failure = "They do not belong to each other, or MLflow shows something in their place."
    return check_result(differences, summary, failure=failure, additions=additions)
