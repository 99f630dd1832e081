"""The public door: two dozen names, each with a docstring, and nothing heavy behind an import."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys
from importlib import metadata

import pytest
import typer

import send_screen

LOADERS = {"load_model", "load_contract", "load_spec", "load_cohort"}
OF_ARRAYS = {"evaluate", "cross_evaluate"}
ONLY_IN_PYTHON = {"progress", "today"}


def test_the_public_names() -> None:
    assert send_screen.__all__ == [
        "init",
        "check",
        "template",
        "train",
        "evaluate",
        "cross_evaluate",
        "screen",
        "screen_schools",
        "decisions",
        "record",
        "letter",
        "erase",
        "verify_ledger",
        "outcomes",
        "audit",
        "promote",
        "withdraw",
        "history",
        "compare",
        "export",
        "kit",
        "simulate",
        "demo",
        "generate_keys",
        "load_model",
        "load_contract",
        "load_spec",
        "load_cohort",
        "AdditiveRiskClassifier",
        "BaselineClassifier",
        "PenalisedLogisticClassifier",
        "BoostedTreesClassifier",
        "RiskTables",
        "SendScreenError",
    ]
    assert dir(send_screen) == sorted([*send_screen.__all__, "__version__"])
    assert send_screen.__version__ == metadata.version("send-screen")
    for name in send_screen.__all__:
        assert getattr(send_screen, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'predict'"):
        _ = send_screen.predict


def test_every_package_says_what_it_is_and_exports_what_it_names() -> None:
    for module in pkgutil.iter_modules(send_screen.__path__):
        if module.name == "__main__":
            continue
        package = importlib.import_module(f"send_screen.{module.name}")
        assert package.__doc__
        for name in getattr(package, "__all__", []):
            assert getattr(package, name) is not None, f"{module.name}.{name}"


def test_importing_it_imports_nothing_else() -> None:
    code = "import sys, send_screen; sys.exit(bool({'numpy', 'pandas', 'sklearn', 'mlflow'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_command_is_a_function_of_the_same_name_with_the_same_parameters() -> None:
    from send_screen.cli._app import app

    commands = typer.main.get_command(app).commands
    verbs = {name.replace("-", "_"): command for name, command in commands.items()}
    functions = {n for n in send_screen.__all__ if inspect.isfunction(getattr(send_screen, n))}
    assert set(verbs) == functions - LOADERS - OF_ARRAYS
    for name, command in verbs.items():
        asked = {parameter.name for parameter in command.params} - {"json"}
        assert asked == set(inspect.signature(getattr(send_screen, name)).parameters) - ONLY_IN_PYTHON, name
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        assert options - {"--json"} <= {f"--{parameter.replace('_', '-')}" for parameter in asked}, name


def test_no_package_hides_a_verb_of_its_name() -> None:
    """A package ``send_screen.audit`` would take the place of the function as soon as it is imported."""
    assert not {module.name for module in pkgutil.iter_modules(send_screen.__path__)} & set(send_screen.__all__)
