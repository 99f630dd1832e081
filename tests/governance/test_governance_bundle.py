"""A version is known by its hashes, and a file that was touched is never read."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tables_factory import TABLES

from send_screen.errors import TablesError
from send_screen.governance import (
    MANIFEST,
    code_version,
    open_bundle,
    sha256_of,
    version_id,
    version_metadata,
)
from send_screen.published import Difference, Performance, PublishedReport, VersionMetadata, check_gates
from send_screen.specs import Gate, load_spec
from send_screen.tables import RiskTables


@pytest.fixture
def exported(trained: Any, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.exported, tmp_path / "exported"))


def test_an_exported_version_opens(exported: Path, trained: Any) -> None:
    bundle = open_bundle(exported)
    assert bundle.spec.name == "reception_sen"
    assert bundle.trained_on_synthetic
    assert bundle.published.version.id == trained.made.version
    assert bundle.published.version.tables_sha256 == sha256_of((exported / "tables.json").read_bytes())
    assert [feature.name for feature in bundle.features] == list(bundle.tables.features)
    assert open_bundle(exported, manifest_sha256=bundle.manifest_sha256) == bundle


def test_the_schema_of_the_tables_travels_with_them(exported: Path) -> None:
    schema = json.loads((exported / "tables.schema.json").read_text("utf-8"))
    assert schema == RiskTables.json_schema()
    tables = json.loads((exported / "tables.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(tables)
    del tables["terms"][0]["feature"]
    assert not jsonschema.Draft202012Validator(schema).is_valid(tables)


def test_it_never_looks_at_what_it_compares_or_what_is_protected_and_is_no_feature(repository: Path) -> None:
    listed = {
        path.parent.name: version_metadata_of(path).never_looks_at for path in repository.glob("models/*/spec.yaml")
    }
    assert {"Language", "Free school meals", "Ethnic group", "Sex"} < set(listed["reception_sen"])
    assert listed["star_special_instruction"] == ("Race", "Sex"), "free lunch and the birth month are looked at"
    for name, labels in listed.items():
        spec = load_spec(repository / "models" / name / "spec.yaml")
        features = {ref.column for feature in spec.features for ref in feature.sources}
        for group in spec.groups:
            assert (group.label in labels) == (group.column.column not in features), (name, group.name)
        for column in (column for contract in spec.contracts.values() for column in contract.columns.values()):
            if column.characteristic == "protected" and column.name not in features:
                compared = [group.label for group in spec.groups if group.column.column == column.name]
                assert {column.label, *compared} & set(labels), (name, column.name)


def version_metadata_of(path: Path) -> VersionMetadata:
    return version_metadata(
        load_spec(path),
        TABLES,
        None,
        challengers={},
        trained_on="synthetic",
        as_of="2024-07-31",
        data_sha256="0" * 64,
        held_out_schools=0,
        code="0",
        release="0",
        packages={},
    )


@pytest.mark.parametrize("name", ["tables.json", "spec.yaml", "published.json", "contracts/eyfsp-1.0.0.odcs.yaml"])
def test_a_changed_file_is_refused_before_it_is_read(exported: Path, name: str) -> None:
    path = exported / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(TablesError, match="was changed") as caught:
        open_bundle(exported)
    assert caught.value.file == name


def test_a_changed_file_with_a_new_manifest_is_caught_by_the_registered_hash(exported: Path) -> None:
    registered = sha256_of((exported / MANIFEST).read_bytes())
    tables = exported / "tables.json"
    tables.write_text(tables.read_text("utf-8").replace("-", "", 1), encoding="utf-8")
    manifest = json.loads((exported / MANIFEST).read_text("utf-8"))
    manifest["files"]["tables.json"] = sha256_of(tables.read_bytes())
    (exported / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(TablesError, match="changed after registration"):
        open_bundle(exported, manifest_sha256=registered)


@pytest.mark.parametrize("name", ["tables.json", "spec.yaml", MANIFEST])
def test_a_missing_file_is_named(exported: Path, name: str) -> None:
    (exported / name).unlink()
    with pytest.raises(TablesError) as caught:
        open_bundle(exported)
    assert caught.value.file == name


def test_a_file_left_out_of_the_manifest_is_named(exported: Path) -> None:
    manifest = json.loads((exported / MANIFEST).read_text("utf-8"))
    del manifest["files"]["tables.json"]
    (exported / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(TablesError, match="not part of the version"):
        open_bundle(exported)
    (exported / "tables.json").unlink()
    with pytest.raises(TablesError, match="missing"):
        open_bundle(exported)


def test_a_stray_file_is_refused(exported: Path) -> None:
    (exported / "more.py").write_text("raise SystemExit", encoding="utf-8")
    with pytest.raises(TablesError, match="not part"):
        open_bundle(exported)


def test_a_manifest_cannot_reach_outside_its_folder(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    manifest = json.loads((exported / MANIFEST).read_text("utf-8"))
    manifest["files"]["../secret.txt"] = sha256_of(b"secret")
    (exported / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(TablesError, match="is missing"):
        open_bundle(exported)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"format": "x", "files": {}}', b'{"files": 1}', b"[" * 100_000])
def test_what_is_no_manifest(exported: Path, content: bytes) -> None:
    (exported / MANIFEST).write_bytes(content)
    with pytest.raises(TablesError, match="not the manifest"):
        open_bundle(exported)


def test_a_version_is_its_making() -> None:
    base = {
        "spec": "s",
        "data": "d",
        "contracts": {"c@1.0.0": "h"},
        "code": "v",
        "packages": {"a": "2"},
        "hold_out": 0,
    }
    made = version_id(**base)
    assert made == version_id(**base)
    assert len(made) == 16
    others = {"spec": "t", "data": "e", "contracts": {}, "code": "w", "packages": {}, "hold_out": 1}
    for key, other in others.items():
        assert version_id(**{**base, key: other}) != made
    assert code_version() == code_version()


def figure(value: float | None, low: float | None, high: float | None) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": 1000, "reason": ""}


PUBLISHED = PublishedReport.model_construct(
    performance=(
        Performance(model="candidate", metric="roc_auc", **figure(0.75, 0.70, 0.80)),
        Performance(model="baseline", metric="roc_auc", **figure(0.95, 0.90, 0.99)),
        Performance(model="candidate", metric="average_precision", **figure(None, None, None)),
    ),
    differences=(Difference(model="candidate", against="baseline", metric="roc_auc", **figure(-0.2, -0.3, -0.1)),),
)


@pytest.mark.parametrize(
    ("gate", "passed"),
    [
        (Gate(metric="roc_auc", at_least=0.75), True),
        (Gate(metric="roc_auc", end="low", at_least=0.75), False),
        (Gate(metric="roc_auc", end="high", at_most=0.79), False),
        (Gate(metric="roc_auc", against="baseline", at_least=0.0), False),
        (Gate(metric="roc_auc", against="baseline", at_least=-0.25, at_most=-0.1), True),
        # what could not be measured passes no gate
        (Gate(metric="average_precision", at_least=0.0), False),
        (Gate(metric="recall", at_least=0.0), False),
        (Gate(metric="roc_auc", against="lightgbm", at_least=-1.0), False),
    ],
)
def test_gates(gate: Gate, passed: bool) -> None:
    (result,) = check_gates((gate,), PUBLISHED)
    assert result.passed is passed


def rehash(folder: Path) -> None:
    """Make the manifest agree with whatever the files hold now, as someone who controls the folder could."""
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    manifest["files"] = {
        path.relative_to(folder).as_posix(): sha256_of(path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


@pytest.mark.parametrize(
    "content", [b"", b"null", b"[]", b"{}", b"[" * 100_000, b"1" * 10_000, b'{"version": 1}', b"\xff"]
)
@pytest.mark.parametrize("name", ["published.json", "tables.json", "spec.yaml"])
def test_files_made_anew_with_a_new_manifest_end_in_words(exported: Path, name: str, content: bytes) -> None:
    (exported / name).write_bytes(content)
    rehash(exported)
    with pytest.raises(TablesError):
        open_bundle(exported)


def change(exported: Path, edit: Any) -> None:
    published = json.loads((exported / "published.json").read_text("utf-8"))
    edit(published)
    (exported / "published.json").write_text(json.dumps(published), encoding="utf-8")
    rehash(exported)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: d["version"].update(id="other"), "another version"),
        (lambda d: d["version"].update(spec_sha256="other"), "another spec"),
        (lambda d: d["version"].pop("trained_on"), r"\$\.version\.trained_on"),
        (lambda d: d["version"].update(trained_on="both"), r"\$\.version\.trained_on"),
        (lambda d: d.update(performance=[]), "figures are missing"),
        (lambda d: d.update(material_gaps=3), r"\$\.material_gaps"),
        (lambda d: d["version"].update(as_of=None), r"\$\.version\.as_of"),
    ],
)
def test_parts_that_do_not_belong_together(exported: Path, edit: Any, words: str) -> None:
    change(exported, edit)
    with pytest.raises(TablesError, match=words):
        open_bundle(exported)


def test_tables_of_other_features(exported: Path) -> None:
    path = exported / "tables.json"
    path.write_text(path.read_text("utf-8").replace('"E01"', '"G99"'), encoding="utf-8")
    rehash(exported)
    with pytest.raises(TablesError, match="other features"):
        open_bundle(exported)


def test_a_contract_less(exported: Path) -> None:
    (exported / "contracts" / "sen_status-1.0.0.odcs.yaml").unlink()
    rehash(exported)
    with pytest.raises(TablesError):
        open_bundle(exported)


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of POSIX")
@pytest.mark.parametrize("kind", ["link", "loop", "folder", "pipe"])
@pytest.mark.posix
def test_what_is_no_plain_file_is_refused(exported: Path, tmp_path: Path, kind: str) -> None:
    if kind == "link":
        (exported / "card.md").unlink()
        (tmp_path / "card.md").write_text("other", encoding="utf-8")
        (exported / "card.md").symlink_to(tmp_path / "card.md")
    elif kind == "loop":
        (exported / "card.md").unlink()
        (exported / "card.md").symlink_to(exported / "card.md")
    elif kind == "folder":
        (exported / "more").symlink_to(tmp_path)
    else:
        os.mkfifo(exported / "pipe")
    with pytest.raises(TablesError):
        open_bundle(exported)
