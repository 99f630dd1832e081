"""Check of other MLflow entities: runs, models and traces that could be taken for the version; triggers, webhooks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from send_screen.auditing._added import DECISION_TAGS, TRAINING_TAGS
from send_screen.auditing._audited_version import AuditedVersion
from send_screen.auditing._checks import Addition, CheckResult, audit_check, check_result
from send_screen.auditing._compare import Mismatch, isclose
from send_screen.documents import contains_confusable, is_confusable
from send_screen.tracking import MAX_FETCHED, RUN_DESCRIPTION_TAG, OtherRun, RegistrySnapshot, folder_of, mlflow_metrics

#: Tags of training that differ between two runs of the same version.
_RUN_SPECIFIC_TAGS = ("hashes", "evidence_location")


@audit_check("No other entity in the MLflow store can be taken for this version")
def check_related_entities(audited: AuditedVersion) -> CheckResult:
    snapshot = audited.require_snapshot()
    related, name = snapshot.related_entities, snapshot.version.name
    figures = mlflow_metrics(audited.require_report().performance)
    differences = [
        Mismatch(f"the MLflow store: {kind}", f"more than {MAX_FETCHED:,}", "few enough to be looked through")
        for kind in related.too_many
    ]
    differences += [
        Mismatch(
            f"the MLflow store: {kind}", "something that MLflow cannot read, and behind which others are hidden", "rows"
        )
        for kind in related.unreadable
    ]
    additions = []
    for run in related.runs:
        other = _contradictions(run, snapshot, figures)
        # as for a registered model, a colleague's run elsewhere may have the model's name, in plain letters
        if other and (run.has_id or run.experiment_id == snapshot.experiment_id or not run.name.isascii()):
            differences += other
        else:
            where = "another run with this version's id" if run.has_id else "another run with this model's name"
            said = "other figures, parameters or tags" if other else "no other figures, parameters or tags of a version"
            additions.append(Addition(where, f"{run.run_id}, named {run.name}: {said}"))
    for model in sorted(related.models):
        if is_confusable(model, name):
            said = "its name could be read as this one's"
            if model.isascii():
                additions.append(Addition(f"registered model {model}", said))
            else:
                differences.append(Mismatch(f"registered model {model!a}", said, f"no name like {name}"))
    for model_id in related.logged_models:
        differences.append(Mismatch(f"model {model_id}", "says that this version's run made it", "one model of a run"))
    for trace in related.run_traces:
        what = "a trace in the run, which can show a person"
        differences.append(Mismatch(f"trace {trace}", what, "no trace: training leaves none"))
    for trigger in related.triggers:
        differences.append(Mismatch("the database", trigger, "tables alone, which change nothing by themselves"))
    additions += [Addition("registered again", version) for version in related.versions]
    if related.model_traces:
        said = f"{len(related.model_traces)}: whoever asked the model left them, and they can show people"
        additions.append(Addition("traces of the served model", said))
    additions += [Addition("webhook", hook) for hook in related.webhooks]
    if writable := _world_writable(audited):
        said = f"{len(writable)} can be written by everyone on the machine, among them {writable[0]}"
        additions.append(Addition("files and folders", said))
    summary = f"Looked at: {', '.join(related.known)}."
    failure = "An entity in the MLflow store could be taken for this version, or acts by itself."
    return check_result(differences, summary, failure=failure, additions=additions)


def _contradictions(run: OtherRun, snapshot: RegistrySnapshot, figures: Mapping[str, float]) -> list[Mismatch]:
    """Return where a run that could be taken for the version's own contradicts it."""
    carries = "carries this version's id" if run.has_id else "is named as this model"
    where = f"run {run.run_id}, which {carries}"
    differences = [
        Mismatch(f"{where}: metric.{metric}", str(value), str(figures.get(metric, "no such figure")))
        for metric, value in run.metrics.items()
        if not metric.startswith("system/") and not (metric in figures and isclose(value, figures[metric]))
    ]
    compared = {"tag": (run.tags, snapshot.run_tags)}
    if "version_id" in run.tags or contains_confusable(run.name, snapshot.run_name):
        compared["param"] = run.params, snapshot.run_params  # a run of another model has other parameters
    names = {*TRAINING_TAGS, *DECISION_TAGS, *snapshot.run_params, *figures} - {*_RUN_SPECIFIC_TAGS}
    for kind, (other, own) in compared.items():
        differences += [
            Mismatch(f"{where}: {kind} {name}", value, own.get(name, "none that reads like one of the version's"))
            for name, value in sorted(other.items())
            if value != own.get(name) and any(name == each or is_confusable(name, each) for each in names)
        ]
    note = run.tags.get(RUN_DESCRIPTION_TAG, "")
    if note and not note.startswith(snapshot.run_tags.get(RUN_DESCRIPTION_TAG, "").rstrip()):
        differences.append(Mismatch(f"{where}: description", note, "the words of this version's run"))
    return differences


def _world_writable(audited: AuditedVersion) -> list[str]:
    """Return files and folders of a local MLflow store, and their parents, that everyone on the machine may write."""
    snapshot, store = audited.require_snapshot(), folder_of(audited.tracking_uri)
    if store is None or os.name != "posix":
        return []
    evidence = [] if audited.evidence is None else [audited.evidence.path.parent]
    roots = [*snapshot.folders, *evidence]
    files = [*store.glob("*.db"), *(path for root in roots for path in root.rglob("*"))]
    above = {parent for path in (*roots, *files) for parent in (path, *path.parents)}
    return sorted(str(path) for path in above if _is_world_writable(path))


def _is_world_writable(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    # in a sticky folder, such as /tmp, only its owner can rename a file
    return bool(mode & stat.S_IWOTH) and not stat.S_ISLNK(mode) and not mode & stat.S_ISVTX


def describe_scope(audited: AuditedVersion) -> Iterable[str]:
    """Yield a sentence for each thing that an audit of this version does not check."""
    if audited.key is not None:
        yield "Whether the key is that of the person who answers for training: get it from that person."
    yield "Lists that were made, the schools' ledgers of them, exported folders, and servers that run already."
    snapshot = audited.snapshot
    if snapshot is None:
        yield "MLflow: a folder knows of no run, no registered version, no served model and no decision."
        return
    yield "What stands in additions: who made them, whether it is true, and what a trace or a webhook sends on."
    yield (
        "Runs, models and experiments that carry neither this version's id nor a name like this model's; and the "
        "artefacts of others that carry it."
    )
    yield "When, by whom and from where it was trained: only MLflow records that."
    yield "Entries of the ledger about other models, but for their hashes and whether the registry records them."
    local = folder_of(audited.tracking_uri) is not None
    yield (
        "Who may write to the MLflow store, "
        + (
            "but for files and folders that everyone on this machine may write."
            if local and os.name == "posix"
            else "and how it is protected."
        )
    )
    yield "Where on the disk, or through which links, the files lie: they are read where the MLflow store says."
    yield "MLflow's program and plugins, and the pages by which it shows all this."
    if snapshot.related_entities.unknown:
        yield f"What the MLflow store did not list: {', '.join(snapshot.related_entities.unknown)}."
