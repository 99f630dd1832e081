"""MLflow entities that carry a version's id or name, are linked to it, or act when the model registry changes."""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from send_screen.documents import contains_confusable, is_confusable
from send_screen.tracking._registry import LEDGER_HEAD_TAG, RegisteredVersion
from send_screen.tracking._store import all_experiments, all_pages, database_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel

Found = TypeVar("Found")
MAX_FETCHED = 10_000  # of each kind
MAX_TRACES = 200
VERSION_TAG = "version_id"
_NOT_LISTABLE = ("ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED", "FEATURE_DISABLED", "PERMISSION_DENIED")
_MLFLOW_TRIGGER = re.compile(  # MLflow's own trigger, which only refuses updates of two columns
    r"create trigger prevent_secrets_aad_mutation\s+before update on secrets\s+for each row\s+when [^;()]+\s+"
    r"begin\s+select raise\(abort, '[^']*'\);\s+end",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class OtherRun:
    """Another run that could be taken for the version's own."""

    run_id: str
    experiment_id: str
    name: str
    has_id: bool
    """Whether it carries the version's id, or what reads like it, and not the name of the model alone."""
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class RelatedEntities:
    """Entities related to a version, by kind; ``known`` are the kinds that the MLflow store can list."""

    runs: tuple[OtherRun, ...]
    """Other runs with the version's id as tag or in the name, or named as the model, or with what reads like it."""
    logged_models: tuple[str, ...]
    """Other logged models whose source is the version's run."""
    versions: tuple[str, ...]
    """Other registered versions of its run, or with its id: ``models:/name/3``."""
    models: Mapping[str, str | None]
    """Every registered model, with the hash of the last decision in the registry."""
    run_traces: tuple[str, ...]
    model_traces: tuple[str, ...]
    webhooks: tuple[str, ...]
    triggers: tuple[str, ...]
    """Triggers and views of a local database, other than MLflow's own trigger."""
    known: tuple[str, ...]
    unknown: tuple[str, ...]
    """Kinds that the MLflow store cannot list, or does not permit to list."""
    unreadable: tuple[str, ...]
    """Kinds with an entity that cannot be read."""
    too_many: tuple[str, ...]
    """Kinds with more than ``MAX_FETCHED`` entities."""


def fetch_related_entities(
    client: MlflowClient, version: RegisteredVersion, logged: LoggedModel, *, uri: str
) -> RelatedEntities:
    """Fetch the entities related to a version; traces, which could hold children's data, by id alone."""
    from mlflow.entities import ViewType
    from mlflow.exceptions import MlflowException

    known: list[str] = []
    unknown: list[str] = []
    unreadable: list[str] = []
    too_many: list[str] = []

    def fetch(kind: str, query: Callable[[], Iterable[Found]]) -> tuple[Found, ...]:
        try:
            found = tuple(itertools.islice(query(), MAX_FETCHED + 1))
        except NotImplementedError:  # the database of a server cannot be read
            unknown.append(kind)
            return ()
        except (MlflowException, sqlite3.Error, OSError) as error:
            # one unreadable row makes MLflow fail for its whole kind
            not_listable = getattr(error, "error_code", "") in _NOT_LISTABLE
            (unknown if not_listable else unreadable).append(kind)
            return ()
        known.append(kind)
        if len(found) > MAX_FETCHED:
            too_many.append(kind)
        return found[:MAX_FETCHED]

    everywhere = [experiment.experiment_id for experiment in all_experiments(client)]
    run_id, version_id, this_version = version.run_id, version.version_id, f"models:/{version.name}/{version.number}"

    def carries_id(tags: Mapping[str, str]) -> bool:
        return any(
            contains_confusable(value, version_id)
            for tag, value in tags.items()
            if tag == VERSION_TAG or is_confusable(tag, VERSION_TAG)
        )

    def runs() -> Iterator[OtherRun]:
        for run in all_pages(client.search_runs, everywhere, run_view_type=ViewType.ALL):
            info, data, name = run.info, run.data, run.info.run_name or ""
            has_id = carries_id(data.tags) or contains_confusable(name, version_id)
            if info.run_id != run_id and (has_id or name == version.name or is_confusable(name, version.name)):
                yield OtherRun(info.run_id, info.experiment_id, name, has_id, data.metrics, data.params, data.tags)

    def logged_models() -> Iterator[str]:
        of_run = f"source_run_id = '{run_id}'"
        found = all_pages(client.search_logged_models, everywhere, of_run)
        return (model.model_id for model in found if model.model_id != logged.model_id)

    def versions() -> Iterator[str]:
        for one in all_pages(client.search_model_versions):
            found = f"models:/{one.name}/{one.version}"
            if found != this_version and (one.run_id == run_id or carries_id(one.tags)):
                yield found

    def models() -> Iterator[tuple[str, str | None]]:
        return ((model.name, model.tags.get(LEDGER_HEAD_TAG)) for model in all_pages(client.search_registered_models))

    def traces(**of: str) -> list[str]:
        # one trace of the run is a difference already, and those of the served model are only counted
        found = client.search_traces(locations=everywhere, include_spans=False, max_results=MAX_TRACES, **of)
        return [trace.info.trace_id for trace in found]

    def webhooks() -> Iterator[str]:
        for hook in all_pages(client.list_webhooks):
            yield f"{hook.name}: {hook.url} ({hook.status}; {', '.join(map(str, hook.events))})"

    return RelatedEntities(
        runs=fetch("other runs", runs),
        logged_models=fetch("other models of its run", logged_models),
        versions=fetch("other versions of its run", versions),
        models=dict(fetch("other registered models", models)),
        run_traces=fetch("traces of its run", lambda: traces(run_id=run_id)),
        model_traces=fetch("traces of the served model", lambda: traces(model_id=logged.model_id)),
        webhooks=fetch("webhooks", webhooks),
        triggers=fetch("triggers and views of the database", lambda: _triggers(uri)),
        known=tuple(known),
        unknown=tuple(unknown),
        unreadable=tuple(unreadable),
        too_many=tuple(too_many),
    )


def _triggers(uri: str) -> list[str]:
    """Return a local database's triggers and views, other than MLflow's own trigger."""
    path = database_of(uri)
    if path is None:
        raise NotImplementedError
    query = "select type, name, tbl_name, sql from sqlite_master where type in ('trigger', 'view')"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        found = database.execute(query).fetchall()
    return [f"{kind} {name} on {table}" for kind, name, table, sql in found if not _MLFLOW_TRIGGER.fullmatch(sql)]
