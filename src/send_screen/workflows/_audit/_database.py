"""What MLflow's database says beside the files: figures, parameters, tags, and what belongs to what."""

from __future__ import annotations

from send_screen.evaluation import mlflow_metrics
from send_screen.governance import Difference, Finding, compare, judge
from send_screen.workflows._audit._figures import gates_of
from send_screen.workflows._audit._subject import Subject
from send_screen.workflows._enter import run_params, run_tags

#: Tags that say where something is or what its hash is: other checks hold them against the thing itself.
_OF_THINGS = ("manifest_sha256", "evidence_sha256", "evidence_place", "signed_by", "model_sha256")
#: Tags of a registered version that follow from decisions: see the check of those.
OF_DECISIONS = ("promoted_by", "promoted_on", "promoted_because", "gates_overridden_because", "withdrawn")


def check_metrics(subject: Subject) -> Finding:
    """Hold every metric of the run, and of the served model, against the published figures."""
    recorded = subject.require_recorded()
    found = mlflow_metrics(subject.require_bundle().published)
    shown = {name: values[-1] for name, values in recorded.run_metrics.items()}
    compared = compare(shown, found, "metric")
    differences = list(compared.differences)
    for name, values in recorded.run_metrics.items():
        if len(set(values)) > 1 or len(values) != 2:  # logged once, and shown
            differences.append(Difference(f"metric.{name}", f"logged {len(values) - 1} times", "once, as it is shown"))
    differences += compare(recorded.model_metrics, found, "metric of the served model").differences
    words = f"{len(found)} figures, in the run and beside the served model."
    return judge(differences, words, made="The database shows other figures than are published.")


def check_params(subject: Subject) -> Finding:
    """Hold every parameter of the run, and of the served model, against the spec."""
    recorded, bundle = subject.require_recorded(), subject.require_bundle()
    found = run_params(bundle.spec, subject.claims["held_out_schools"])
    differences = [
        *compare(recorded.run_params, found, "param").differences,
        *compare(recorded.model_params, found, "param of the served model").differences,
    ]
    return judge(differences, f"{len(found)} parameters.")


def check_tags(subject: Subject) -> Finding:
    """Hold every tag of the run and of the registered version against the version."""
    recorded, bundle = subject.require_recorded(), subject.require_bundle()
    gates = gates_of(bundle.spec.gates, subject.document)
    passed = all(gate["passed"] for gate in gates) and not bundle.spec.research_comparison
    found = run_tags(subject.claims, passed=passed)
    found |= {name: recorded.run_tags.get(name, "no tag") for name in _OF_THINGS}
    # MLflow's own say who ran what and where, of which only the run's name is ours
    ours = {name: value for name, value in recorded.run_tags.items() if not name.startswith("mlflow.")}
    registered = {name: value for name, value in recorded.tags.items() if name not in OF_DECISIONS}
    differences = [
        *compare(ours, found, "tag of the run").differences,
        *compare(registered, found, "tag of the registered version").differences,
    ]
    words = f"{len(found)} tags are what the version is, as {recorded.holders}."
    return judge(differences, words, made="A tag is not what the version is.")


def check_run(subject: Subject) -> Finding:
    """Look whether registered version, run and served model are one and the same, and nothing else is shown of them."""
    recorded = subject.require_recorded()
    version = recorded.version
    name, status = f"{subject.claims['name']} {subject.claims['id']}", "FINISHED"
    wanted = {
        "source of the registered version": (recorded.source, f"models:/{recorded.model_id}"),
        "run of the served model": (recorded.model_run_id, version.run_id),
        "name of the registered model": (version.name, subject.claims["name"]),
        "name of the run": (recorded.run_name, name),
        "tag mlflow.runName": (recorded.run_tags.get("mlflow.runName", "no tag"), name),
        "status of the run": (recorded.run_status, status),
        **recorded.beside,
    }
    differences = [
        difference
        for what, (claimed, found) in wanted.items()
        for difference in compare(claimed or "nothing", found or "nothing: send_screen writes none", what).differences
        if claimed != found
    ]
    words = (
        f"{subject.facts['registered']}: run {version.run_id}, and model {recorded.model_id}. MLflow shows no other "
        "words, tags or data beside them. When it was run, by which user and from where is MLflow's word alone."
    )
    return judge(differences, words, made="They do not belong to each other, or something else is shown beside them.")
