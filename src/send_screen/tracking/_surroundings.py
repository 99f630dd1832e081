"""What else a store holds that carries a version's id or name, is linked to it, or acts when the registry changes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from send_screen.tracking._registry import HEAD, RUN_NOTE, Registered
from send_screen.tracking._store import database_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run

Found = TypeVar("Found")
MAX_FETCHED = 200  # of a kind that are fetched: who enters more hides nothing by it


@dataclass(frozen=True)
class OtherRun:
    """Another run that carries the version's id."""

    run_id: str
    metrics: Mapping[str, float]
    note: str


@dataclass(frozen=True)
class Surroundings:
    """What else a store holds beside a version, by kind: ``known`` to the store, or ``unknown``."""

    runs: tuple[OtherRun, ...]
    """Other runs with the version's id, as tag or in the name."""
    logged_models: tuple[str, ...]
    """Other models that say they are of the version's run."""
    versions: tuple[str, ...]
    """Other registered versions of its run, or with its id: ``models:/name/3``."""
    models: Mapping[str, str | None]
    """Every registered model, with the last decision that the registry was told of."""
    run_traces: tuple[str, ...]
    model_traces: tuple[str, ...]
    webhooks: tuple[str, ...]
    triggers: tuple[str, ...]
    """Of a local database: triggers and views, by kind and name. MLflow makes one trigger, which protects secrets."""
    known: tuple[str, ...]
    unknown: tuple[str, ...]
    """Kinds that the store would not tell of."""


def fetch_surroundings(client: MlflowClient, version: Registered, logged: LoggedModel, *, uri: str) -> Surroundings:
    """Fetch what else the store holds beside a version. The content of traces, which could be a child's, is not."""
    from mlflow.entities import ViewType
    from mlflow.exceptions import MlflowException

    known: list[str] = []
    unknown: list[str] = []

    def ask(kind: str, query: Callable[[], Iterable[Found]]) -> tuple[Found, ...]:
        try:
            found = tuple(query())
        except (MlflowException, sqlite3.Error, OSError, NotImplementedError):
            unknown.append(kind)
            return ()
        known.append(kind)
        return found

    everywhere = [one.experiment_id for one in client.search_experiments(view_type=ViewType.ALL)]
    run_id, version_id, itself = version.run_id, version.version_id, f"models:/{version.name}/{version.number}"

    def runs() -> Iterable[OtherRun]:
        found: dict[str, Run] = {}
        for carries in (f"tags.version_id = '{version_id}'", f"attributes.run_name LIKE '%{version_id}%'"):
            if version_id.isalnum():
                page = client.search_runs(everywhere, carries, run_view_type=ViewType.ALL, max_results=MAX_FETCHED)
                found |= {run.info.run_id: run for run in page}
        found.pop(run_id, None)
        return [OtherRun(id, run.data.metrics, run.data.tags.get(RUN_NOTE, "")) for id, run in found.items()]

    def logged_models() -> Iterable[str]:
        found = client.search_logged_models(everywhere, f"source_run_id = '{run_id}'", max_results=MAX_FETCHED)
        return sorted({model.model_id for model in found} - {logged.model_id})

    def versions() -> Iterable[str]:
        found = list(client.search_model_versions(f"run_id = '{run_id}'"))
        if version_id.isalnum():
            found += client.search_model_versions(f"tag.version_id = '{version_id}'")
        return sorted({f"models:/{one.name}/{one.version}" for one in found} - {itself})

    def models() -> Iterable[tuple[str, str | None]]:
        token: str | None = ""
        while token is not None:
            page = client.search_registered_models(max_results=1000, page_token=token or None)
            yield from ((model.name, model.tags.get(HEAD)) for model in page)
            token = page.token or None

    def traces(**of: str) -> Iterable[str]:
        found = client.search_traces(locations=everywhere, include_spans=False, max_results=MAX_FETCHED, **of)
        return [trace.info.trace_id for trace in found]

    def webhooks() -> Iterable[str]:
        return [
            f"{hook.name}: {hook.url} ({hook.status}; {', '.join(map(str, hook.events))})"
            for hook in client.list_webhooks(max_results=MAX_FETCHED)
        ]

    return Surroundings(
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
    )


def _triggers(uri: str) -> list[str]:
    """Return what a local database does by itself, or shows in place of a table, but for the trigger that MLflow makes.

    That one stands on the table of secrets, in which this library keeps nothing.
    """
    path = database_of(uri)
    if path is None:
        raise NotImplementedError
    query = "select type, name, tbl_name from sqlite_master where type in ('trigger', 'view') and tbl_name != 'secrets'"
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
        return [f"{kind} {name} on {table}" for kind, name, table in database.execute(query)]
