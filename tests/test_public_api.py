"""The public door: a dozen names, each with a docstring, and nothing heavy behind an import."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

import send_screen


def test_the_public_names() -> None:
    assert send_screen.__all__ == [
        "load_contract",
        "load_spec",
        "load_cohort",
        "Cohort",
        "simulate_england",
        "AdditiveRiskClassifier",
        "BaselineClassifier",
        "PenalisedLogisticClassifier",
        "BoostedTreesClassifier",
        "RiskTables",
        "train",
        "screen_file",
        "SendScreenError",
    ]
    assert dir(send_screen) == sorted(send_screen.__all__)
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
