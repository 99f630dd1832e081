"""A stranger's tool accepts our contracts: the standard's JSON schema, and ``datacontract lint`` without a network."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator, validators

from send_screen.contracts import shipped

CONTRACTS = sorted(shipped("data_contracts").glob("*/*.odcs.yaml"))


class TextDates(yaml.SafeLoader):
    """YAML as JSON has it: a date is text."""


TextDates.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def mistakes(text: str) -> list[str]:
    schema = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    validator = validators.validator_for(schema, default=Draft201909Validator)(schema)
    return [f"{e.json_path}: {e.message}" for e in validator.iter_errors(yaml.load(text, Loader=TextDates))]


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_it_follows_the_standards_own_schema(path: Path) -> None:
    text = path.read_text("utf-8")
    assert mistakes(text) == []
    assert mistakes(text.replace("logicalType: string", "logicalType: words", 1))


@pytest.fixture(scope="module")
def linter(environment: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In an environment of its own, since it holds typer back."""
    return environment(tmp_path_factory.mktemp("linter"), "datacontract-cli>=1.2") / "datacontract"


@pytest.fixture(scope="module")
def offline(call: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """What to put before a command so that it has no network, where this machine lets us take it away."""
    folder = tmp_path_factory.mktemp("offline")
    if shutil.which("unshare") and call("unshare", "-rn", "true", cwd=folder).returncode == 0:
        return ("unshare", "-rn")
    return ("env", "http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9")


@pytest.mark.slow
@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.name)
def test_datacontract_lint_is_clean_without_a_network(
    linter: Path, offline: tuple[str, ...], call: Callable[..., Any], tmp_path: Path, path: Path
) -> None:
    done = call(*offline, linter, "lint", "--no-inline-references", path, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Data contract is valid" in done.stdout


@pytest.mark.slow
def test_datacontract_lint_finds_what_is_wrong(
    linter: Path, offline: tuple[str, ...], call: Callable[..., Any], tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.odcs.yaml"
    wrong.write_text(CONTRACTS[0].read_text("utf-8").replace("\nid: ", "\nidentity: ", 1), encoding="utf-8")
    done = call(*offline, linter, "lint", "--no-inline-references", wrong, cwd=tmp_path)
    assert done.returncode == 1
