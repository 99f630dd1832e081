"""MLflow entities that carry a version's id or name, are linked to it, or act when the model registry changes."""

from __future__ import annotations

import itertools
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from send_screen.tracking._registry import HEAD, Registered
from send_screen.tracking._store import all_experiments, database_of, every

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel

Found = TypeVar("Found")
MAX_FETCHED = 10_000  # of a kind that are fetched: where there are more, that is a difference
MAX_TRACES = 200
_CANNOT_TELL = ("ENDPOINT_NOT_FOUND", "NOT_IMPLEMENTED", "FEATURE_DISABLED", "PERMISSION_DENIED")
_OF_MLFLOW = re.compile(  # the one trigger that MLflow makes: it refuses a change of two columns, and does nothing else
    r"create trigger prevent_secrets_aad_mutation\s+before update on secrets\s+for each row\s+when [^;()]+\s+"
    r"begin\s+select raise\(abort, '[^']*'\);\s+end",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class OtherRun:
    """Another run that carries the version's id."""

    run_id: str
    name: str
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class RelatedEntities:
    """Entities related to a version, by kind: ``known`` if the MLflow store can list the kind, else ``unknown``."""

    runs: tuple[OtherRun, ...]
    """Other runs with the version's id, as tag or in the name."""
    logged_models: tuple[str, ...]
    """Other models that say they are of the version's run."""
    versions: tuple[str, ...]
    """Other registered versions of its run, or with its id: ``models:/name/3``."""
    models: Mapping[str, str | None]
    """Every registered model, with the hash of the last decision in the registry."""
    run_traces: tuple[str, ...]
    model_traces: tuple[str, ...]
    webhooks: tuple[str, ...]
    triggers: tuple[str, ...]
    """Of a local database: triggers and views, by kind and name, but for the one trigger that MLflow makes."""
    known: tuple[str, ...]
    unknown: tuple[str, ...]
    """Kinds that the MLflow store cannot list, or may not."""
    unreadable: tuple[str, ...]
    """Kinds of which an entity cannot be read."""
    too_many: tuple[str, ...]
    """Kinds of which there are more than were fetched."""


def fetch_related_entities(
    client: MlflowClient, version: Registered, logged: LoggedModel, *, uri: str
) -> RelatedEntities:
    """Fetch the entities related to a version; traces, which could hold children's data, by id alone."""
    from mlflow.entities import ViewType
    from mlflow.exceptions import MlflowException

    known: list[str] = []
    unknown: list[str] = []
    unreadable: list[str] = []
    too_many: list[str] = []

    def ask(kind: str, query: Callable[[], Iterable[Found]]) -> tuple[Found, ...]:
        try:
            found = tuple(itertools.islice(query(), MAX_FETCHED + 1))
        except NotImplementedError:  # the database of a server cannot be looked into
            unknown.append(kind)
            return ()
        except (MlflowException, sqlite3.Error, OSError) as error:
            # a row that breaks MLflow's reading hides all others of its kind
            cannot = getattr(error, "error_code", "") in _CANNOT_TELL
            (unknown if cannot else unreadable).append(kind)
            return ()
        known.append(kind)
        if len(found) > MAX_FETCHED:
            too_many.append(kind)
        return found[:MAX_FETCHED]

    everywhere = [experiment.experiment_id for experiment in all_experiments(client)]
    run_id, version_id, itself = version.run_id, version.version_id, f"models:/{version.name}/{version.number}"

    def runs() -> Iterator[OtherRun]:
        seen = {run_id}
        for carries in (f"tags.version_id = '{version_id}'", f"attributes.run_name LIKE '%{version_id}%'"):
            if not version_id.isalnum():
                continue
            for run in every(client.search_runs, everywhere, carries, run_view_type=ViewType.ALL):
                if run.info.run_id not in seen:
                    data, name = run.data, run.info.run_name or ""
                    yield OtherRun(run.info.run_id, name, data.metrics, data.params, data.tags)
                seen.add(run.info.run_id)

    def logged_models() -> Iterator[str]:
        of_run = f"source_run_id = '{run_id}'"
        found = every(client.search_logged_models, everywhere, of_run)
        return (model.model_id for model in found if model.model_id != logged.model_id)

    def versions() -> Iterator[str]:
        seen = {itself}
        for of in (f"run_id = '{run_id}'", f"tag.version_id = '{version_id}'"):
            if not version_id.isalnum():
                continue
            for one in every(client.search_model_versions, of):
                found = f"models:/{one.name}/{one.version}"
                if found not in seen:
                    yield found
                seen.add(found)

    def models() -> Iterator[tuple[str, str | None]]:
        return ((model.name, model.tags.get(HEAD)) for model in every(client.search_registered_models))

    def traces(**of: str) -> list[str]:
        # any one in the run is a difference, and how many the served model has is only said
        found = client.search_traces(locations=everywhere, include_spans=False, max_results=MAX_TRACES, **of)
        return [trace.info.trace_id for trace in found]

    def webhooks() -> Iterator[str]:
        for hook in every(client.list_webhooks):
            yield f"{hook.name}: {hook.url} ({hook.status}; {', '.join(map(str, hook.events))})"

    return RelatedEntities(
        runs=ask("other runs", runs),
        logged_models=ask("other models of its run", logged_models),
        versions=ask("other versions of its run", versions),
        models=dict(ask("other registered models", models)),
        run_traces=ask("traces of its run", lambda: traces(run_id=run_id)),
        model_traces=ask("traces of the served model", lambda: traces(model_id=logged.model_id)),
        webhooks=ask("webhooks", webhooks),
        triggers=ask("triggers and views of the database", lambda: _triggers(uri)),
        known=tuple(known),
        unknown=tuple(unknown),
        unreadable=tuple(unreadable),
        too_many=tuple(too_many),
    )


def _triggers(uri: str) -> list[str]:
    """Return a local database's triggers and views, but for the trigger that MLflow makes."""
    path = database_of(uri)
    if path is None:
        raise NotImplementedError
    query = "select type, name, tbl_name, sql from sqlite_master where type in ('trigger', 'view')"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        found = database.execute(query).fetchall()
    return [f"{kind} {name} on {table}" for kind, name, table, sql in found if not _OF_MLFLOW.fullmatch(sql)]
