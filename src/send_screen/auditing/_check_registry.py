"""What MLflow's database says beside the files: metrics, parameters, tags, and what belongs to what."""

from __future__ import annotations

from send_screen.auditing._audited_version import NO_TAG, AuditedVersion
from send_screen.auditing._checks import CheckResult, check_result, question
from send_screen.auditing._compare import Mismatch, diff_documents
from send_screen.published import check_gates
from send_screen.tracking import mlflow_metrics, run_params, run_tags

#: Tags that say where something is or what its hash is: other checks hold them against the thing itself.
_OF_THINGS = ("manifest_sha256", "evidence_sha256", "evidence_place", "signed_by", "model_sha256")
#: Tags of a registered version that follow from decisions: see the check of those.
OF_DECISIONS = ("promoted_by", "promoted_on", "promoted_because", "gates_overridden_because", "withdrawn")


@question("The figures in MLflow's database are the published ones")
def check_metrics(audited: AuditedVersion) -> CheckResult:
    snapshot = audited.require_snapshot()
    found = mlflow_metrics(audited.require_report().performance)
    latest = {name: values[-1] for name, values in snapshot.run_metrics.items()}
    again = [
        Mismatch(f"metric.{name}", f"logged {len(values) - 1} times", "once, as it is shown")
        for name, values in snapshot.run_metrics.items()
        if len(set(values)) > 1 or len(values) != 2  # logged once, and shown
    ]
    differences = [
        *diff_documents(latest, found, "metric").differences,
        *again,
        *diff_documents(snapshot.model_metrics, found, "metric of the served model").differences,
    ]
    words = f"{len(found)} figures, in the run and beside the served model."
    return check_result(differences, words, made="The database shows other figures than are published.")


@question("The parameters in MLflow's database are those of the spec")
def check_params(audited: AuditedVersion) -> CheckResult:
    snapshot, bundle = audited.require_snapshot(), audited.require_bundle()
    found = run_params(bundle.spec, bundle.published.version.held_out_schools)
    differences = [
        *diff_documents(snapshot.run_params, found, "param").differences,
        *diff_documents(snapshot.model_params, found, "param of the served model").differences,
    ]
    return check_result(differences, f"{len(found)} parameters.")


@question("The tags in MLflow's database are those of the version")
def check_tags(audited: AuditedVersion) -> CheckResult:
    snapshot, bundle = audited.require_snapshot(), audited.require_bundle()
    gates = check_gates(bundle.spec.gates, bundle.published)
    passed = all(gate.passed for gate in gates) and not bundle.spec.research_comparison
    found = run_tags(bundle.published.version, passed=passed)
    found |= {name: snapshot.run_tags.get(name, NO_TAG) for name in _OF_THINGS}
    # MLflow's own say who ran what and where, of which only the run's name is ours
    ours = {name: value for name, value in snapshot.run_tags.items() if not name.startswith("mlflow.")}
    registered = {name: value for name, value in snapshot.tags.items() if name not in OF_DECISIONS}
    differences = [
        *diff_documents(ours, found, "tag of the run").differences,
        *diff_documents(registered, found, "tag of the registered version").differences,
    ]
    words = f"{len(found)} tags are what the version is, as {snapshot.holders}."
    return check_result(differences, words, made="A tag is not what the version is.")


@question("Registered version, run and served model belong together, and nothing is shown beside")
def check_run(audited: AuditedVersion) -> CheckResult:
    snapshot, metadata = audited.require_snapshot(), audited.require_report().version
    run, name = snapshot.version.run_id, f"{metadata.name} {metadata.id}"
    wanted = {
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
        for what, (claimed, found) in wanted.items()
        if claimed != found
    ]
    words = (
        f"{audited.registered_name}: run {run}, and model {snapshot.model_id}. MLflow shows no other words, tags or "
        "data beside them. When it was run, by which user and from where is MLflow's word alone."
    )
    made = "They do not belong to each other, or something else is shown beside them."
    return check_result(differences, words, made=made)
