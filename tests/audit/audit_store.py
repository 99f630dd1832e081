"""A store that a test may alter, and what somebody who controls it can do: write files, the database, every hash."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from folder_hashes import folder_sha256, write_manifest

from send_screen.auditing import Audit, audit
from send_screen.estimators._explanation import shap_waterfall
from send_screen.evaluation._report import build_report
from send_screen.governance import code_version, open_bundle, package_versions, sha256_of
from send_screen.published import PublishedReport
from send_screen.reports import render_plots, render_summary
from send_screen.tables import RiskTables
from send_screen.tracking import PAGES, WATERFALL, format_hashes, mlflow_metrics, version_files
from send_screen.workflows._evidence_store import evidence_bytes, read_evidence

_PLACES = (
    ("runs", "artifact_uri"),
    ("experiments", "artifact_location"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
    ("tags", "value"),
    ("model_version_tags", "value"),
    ("registered_model_tags", "value"),
)


@dataclass(frozen=True)
class Store:
    """A database, artefacts, evidence and a ledger; version ``number`` of it is looked at."""

    folder: Path
    keys: Path
    number: int = 1

    @property
    def uri(self) -> str:
        return f"sqlite:///{(self.folder / 'mlflow.db').as_posix()}"

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.db"

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.folder / "mlflow.db")) as connection:
            yield connection
            connection.commit()

    def one(self, query: str, *values: object) -> Any:
        with self.database() as connection:
            return connection.execute(query, values).fetchone()[0]

    def execute(self, statement: str, *values: object) -> None:
        with self.database() as connection:
            done = connection.execute(statement, values)
            assert done.rowcount, f"nothing was altered by {statement}"

    def of(self, number: int) -> Store:
        return replace(self, number=number)

    @property
    def run_id(self) -> str:
        return str(self.one("select run_id from model_versions where version = ?", self.number))

    @property
    def model_id(self) -> str:
        return str(self.one("select source from model_versions where version = ?", self.number)).removeprefix(
            "models:/"
        )

    @property
    def run(self) -> Path:
        return self.folder / "mlartifacts" / "send_screen" / self.run_id / "artifacts"

    @property
    def bundle(self) -> Path:
        return self.run / "bundle"

    @property
    def model(self) -> Path:
        return self.folder / "mlartifacts" / "send_screen" / "models" / self.model_id / "artifacts"

    @property
    def evidence(self) -> Path:
        return self.folder / "evidence" / "reception_sen" / self.version_id / "evidence.parquet"

    @property
    def hashes(self) -> dict[str, str]:
        found = self.one("select value from tags where key = 'hashes' and run_uuid = ?", self.run_id)
        return dict(json.loads(found))

    @property
    def version_id(self) -> str:
        return str(self.one("select value from tags where key = 'version_id' and run_uuid = ?", self.run_id))

    def rewrite_hash(self, name: str, value: str) -> None:
        """Set one hash in the tag of the run and in that of the registered version."""
        for tag, hashes in format_hashes({**self.hashes, name: value}).items():
            self.retag(tag, hashes)

    def retag(self, name: str, value: str) -> None:
        self.execute("update tags set value = ? where key = ? and run_uuid = ?", value, name, self.run_id)
        self.execute("update model_version_tags set value = ? where key = ? and version = ?", value, name, self.number)

    def audit(self, **how: Any) -> Audit:
        return audit(f"models:/reception_sen/{self.number}", tracking_uri=self.uri, **how)

    # What somebody who controls the store can do.

    def rehash(self, *, tags: bool = True, pages: bool = True) -> None:
        """Make the manifest of the version's folder anew, copy it wherever it lies, and set the tags."""
        manifest = write_manifest(self.bundle, version=self.version_id)
        if pages:
            for name in PAGES:
                shutil.copy(self.bundle / name, self.run / name)
        shutil.rmtree(self.model / "artifacts" / "bundle")
        shutil.copytree(
            self.bundle, self.model / "artifacts" / "bundle", ignore=shutil.ignore_patterns("signature.json")
        )
        if tags:
            self.rewrite_hash("manifest_sha256", manifest)
            self.rewrite_hash("model_sha256", folder_sha256(self.model))

    def rewrite_evidence(self, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        """Change the evidence, and its hash wherever that is."""
        table, excluded = read_evidence(self.evidence.read_bytes())
        self.evidence.write_bytes(evidence_bytes(change(table), excluded))
        self.rewrite_hash("evidence_sha256", sha256_of(self.evidence.read_bytes()))

    def republish(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change what is published, and make every page, picture, hash and metric of it anew."""
        opened = open_bundle(self.bundle)
        document = opened.published.model_dump(mode="json")
        change(document)
        report = PublishedReport.model_validate(document, strict=False)
        files = version_files(opened.spec, opened.tables, opened.bags, report)
        for name, content in files.items():
            (self.bundle / name).write_bytes(content)
        for name, svg in render_plots(report).items():
            (self.run / name).write_bytes(svg.encode())
        (self.run / WATERFALL).write_bytes(shap_waterfall(report.example).encode())
        self.rehash()
        self._metrics(mlflow_metrics(report.performance))
        self._retell(render_summary(report))

    def replace_tables(self, tables: RiskTables) -> None:
        """Put other tables in the place of the version's, and derive everything from them anew, the evidence apart."""
        (self.bundle / "tables.json").write_text(tables.to_json(), encoding="utf-8", newline="\n")
        self.rehash()
        opened = open_bundle(self.bundle)
        sha256 = sha256_of(tables.to_json().encode())
        metadata = opened.published.version.model_copy(update={"tables_sha256": sha256})
        table, excluded = read_evidence(self.evidence.read_bytes())
        again = build_report(opened.spec, tables, table, excluded, metadata, opened.bags).model_dump(mode="json")
        self.republish(lambda document: document.update(again))

    def _retell(self, words: str) -> None:
        """Have MLflow say other words of the run, and in the place of the same words of the registered version."""
        with self.database() as connection:
            mine = "from tags where key = 'mlflow.note.content' and run_uuid = ?"
            (before,) = connection.execute(f"select value {mine}", (self.run_id,)).fetchone()
            statement = "update model_versions set description = replace(description, ?, ?) where run_id = ?"
            connection.execute(statement, (before, words, self.run_id))
            written = "update tags set value = ? where key = 'mlflow.note.content' and run_uuid = ?"
            connection.execute(written, (words, self.run_id))

    def _metrics(self, figures: dict[str, float]) -> None:
        with self.database() as connection:
            for table, name, value, whose in (
                ("latest_metrics", "key", "value", "run_uuid"),
                ("metrics", "key", "value", "run_uuid"),
                ("logged_model_metrics", "metric_name", "metric_value", "run_id"),
            ):
                for figure, number in figures.items():
                    connection.execute(
                        f"update {table} set {value} = ? where {name} = ? and {whose} = ?",
                        (number, figure, self.run_id),
                    )

    def remake(self, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        """Change the evidence, and derive everything from it anew, as this library does: nothing is left but a key."""
        self.rewrite_evidence(change)
        opened = open_bundle(self.bundle)
        table, excluded = read_evidence(self.evidence.read_bytes())
        metadata = opened.published.version
        assert (metadata.code_version, metadata.packages) == (code_version(), package_versions())
        made = build_report(opened.spec, opened.tables, table, excluded, metadata, opened.bags)
        again = made.model_dump(mode="json")

        def put(document: dict[str, Any]) -> None:
            document.clear()
            document.update(again)

        self.republish(put)


def derive_once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which gives for arguments that are the same to the byte what it gave the first time."""
    known: dict[bytes, bytes] = {}

    def derive(*arguments: object, **named: object) -> Any:
        key = hashlib.sha256(pickle.dumps((arguments, named))).digest()
        if key not in known:
            known[key] = pickle.dumps(function(*arguments, **named))
        return pickle.loads(known[key])

    return derive


def copy_store(store: Store, target: Path) -> Store:
    """Return a copy of a store in a folder that is not there yet."""
    target.mkdir(parents=True)
    for name in ("mlartifacts", "evidence"):
        # what MLflow adds where a version is loaded, by whichever test came before
        shutil.copytree(store.folder / name, target / name, ignore=shutil.ignore_patterns("registered_model_meta"))
    for name in ("mlflow.db", "ledger.db"):
        if (store.folder / name).exists():
            shutil.copy(store.folder / name, target)
    copy = replace(store, folder=target)
    with copy.database() as connection:
        for table, column in _PLACES:
            words = f"update {table} set {column} = replace({column}, ?, ?)"
            connection.execute(words, (store.folder.as_uri(), target.as_uri()))
    return copy
