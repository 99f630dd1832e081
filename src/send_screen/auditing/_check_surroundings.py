"""What else the store holds: other runs, models and traces that pass for the version, and what acts on changes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from send_screen.auditing._added import OF_DECISIONS, OF_TRAINING
from send_screen.auditing._audited_version import AuditedVersion
from send_screen.auditing._checks import Addition, CheckResult, check_result, question
from send_screen.auditing._compare import Mismatch, isclose
from send_screen.auditing._lookalikes import reads_like
from send_screen.tracking import MAX_FETCHED, RUN_NOTE, OtherRun, RegistrySnapshot, folder_of, mlflow_metrics

#: Tags of training that differ where the same version was trained twice.
_OF_ONE_RUN = ("hashes", "evidence_location")


@question("Nothing else in the store passes for this version")
def check_surroundings(audited: AuditedVersion) -> CheckResult:
    snapshot = audited.require_snapshot()
    beside, name = snapshot.surroundings, snapshot.version.name
    figures = mlflow_metrics(audited.require_report().performance)
    differences = [
        Mismatch(f"the store: {kind}", f"more than {MAX_FETCHED:,}", "few enough to be looked through")
        for kind in beside.too_many
    ]
    differences += [
        Mismatch(f"the store: {kind}", "something that MLflow cannot read, and behind which others are hidden", "rows")
        for kind in beside.unreadable
    ]
    additions = []
    for run in beside.runs:
        if other := _says_otherwise(run, snapshot, figures):
            differences += other
        else:
            said = f"{run.run_id}, named {run.name}: no other figures, parameters or tags of a version"
            additions.append(Addition("another run with this version's id", said))
    for model in sorted(beside.models):
        if reads_like(model, name):
            said = "its name could be read as this one's"
            if model.isascii():
                additions.append(Addition(f"registered model {model}", said))
            else:
                differences.append(Mismatch(f"registered model {model!a}", said, f"no name like {name}"))
    for model_id in beside.logged_models:
        differences.append(Mismatch(f"model {model_id}", "says that this version's run made it", "one model of a run"))
    for trace in beside.run_traces:
        what = "a trace in the run, which can show a child"
        differences.append(Mismatch(f"trace {trace}", what, "no trace: training leaves none"))
    for trigger in beside.triggers:
        differences.append(Mismatch("the database", trigger, "tables alone, which change nothing by themselves"))
    additions += [Addition("registered again", version) for version in beside.versions]
    if beside.model_traces:
        said = f"{len(beside.model_traces)}: whoever asked the model left them, and they can show children"
        additions.append(Addition("traces of the served model", said))
    additions += [Addition("webhook", hook) for hook in beside.webhooks]
    if writable := _open_to_everyone(audited):
        said = f"{len(writable)} can be written by everyone on the machine, among them {writable[0]}"
        additions.append(Addition("files and folders", said))
    summary = f"Looked at: {', '.join(beside.known)}."
    failure = "Something in the store could be taken for this version, or acts by itself."
    return check_result(differences, summary, failure=failure, additions=additions)


def _says_otherwise(run: OtherRun, snapshot: RegistrySnapshot, figures: Mapping[str, float]) -> list[Mismatch]:
    """Return what a run that carries this version's id shows otherwise than the version's own."""
    where = f"run {run.run_id}, which carries this version's id"
    differences = [
        Mismatch(f"{where}: metric.{metric}", str(value), str(figures.get(metric, "no such figure")))
        for metric, value in run.metrics.items()
        if not metric.startswith("system/") and not (metric in figures and isclose(value, figures[metric]))
    ]
    told = {"tag": (run.tags, snapshot.run_tags)}
    if run.name == snapshot.run_name or run.tags.get("version_id") == snapshot.version.version_id:
        told["param"] = run.params, snapshot.run_params  # of a run that is about the version they are its own
    names = {*OF_TRAINING, *OF_DECISIONS, *snapshot.run_params, *figures} - {*_OF_ONE_RUN}
    for kind, (other, own) in told.items():
        differences += [
            Mismatch(f"{where}: {kind} {name}", value, own.get(name, "none that reads like one of the version's"))
            for name, value in sorted(other.items())
            if value != own.get(name) and any(name == each or reads_like(name, each) for each in names)
        ]
    note = run.tags.get(RUN_NOTE, "")
    if note and not note.startswith(snapshot.run_tags.get(RUN_NOTE, "").rstrip()):
        differences.append(Mismatch(f"{where}: description", note, "the words of this version's run"))
    return differences


def _open_to_everyone(audited: AuditedVersion) -> list[str]:
    """Return the files and folders of a local store, and folders above them, that everyone on the machine may write."""
    snapshot, store = audited.require_snapshot(), folder_of(audited.store_uri)
    if store is None or os.name != "posix":
        return []
    evidence = [] if audited.evidence is None else [audited.evidence.path.parent]
    roots = [*snapshot.folders, *evidence]
    files = [*store.glob("*.db"), *store.glob("*.jsonl"), *(path for root in roots for path in root.rglob("*"))]
    above = {parent for path in (*roots, *files) for parent in (path, *path.parents)}
    return sorted(str(path) for path in above if _open(path))


def _open(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return False
    # what is in a sticky folder, as /tmp is, only its owner can rename
    return bool(mode & stat.S_IWOTH) and not stat.S_ISLNK(mode) and not mode & stat.S_ISVTX


def describe_scope(audited: AuditedVersion) -> Iterable[str]:
    """Yield what an audit of this version does not look at, a sentence each."""
    if audited.key is not None:
        yield "Whether the key is that of the person who answers for training: get it from that person."
    yield "Lists that were made, the schools' ledgers of them, exported folders, and servers that run already."
    snapshot = audited.snapshot
    if snapshot is None:
        yield "MLflow: a folder knows of no run, no registered version, no served model and no decision."
        return
    yield "What stands in additions: who made them, whether it is true, and what a trace or a webhook sends on."
    yield (
        "Runs, models and experiments that neither carry this version's id nor a name like this model's; and the "
        "artefacts of others that carry it."
    )
    yield "When, by whom and from where it was trained: that is MLflow's word alone."
    yield "Entries of the ledger about other models, but for their hashes and whether the registry was told."
    local = folder_of(audited.store_uri) is not None
    yield (
        "Who may write to the store, "
        + (
            "but for files and folders that everyone on this machine may write."
            if local and os.name == "posix"
            else "and how it is protected."
        )
    )
    yield "Where on the disk, or through which links, the files lie: they are read where the store says."
    yield "MLflow's program and plugins, and the pages by which it shows all this."
    if snapshot.surroundings.unknown:
        yield f"What the store did not tell of: {', '.join(snapshot.surroundings.unknown)}."
