"""Notice children who may need early support, and let anyone who must answer for it check how it was done.

The way the data go is the way the package reads. Each agency's table is held against its data contract
(:mod:`~send_screen.contracts`). A model spec (:mod:`~send_screen.specs`) says for whom a model is, what it looks at and
what it predicts: :func:`load_spec`. Tables are read (:mod:`~send_screen.readers`) and linked into a cohort in which
identifiers, features, labels and groups are kept apart (:mod:`~send_screen.cohorts`): :func:`load_cohort`. Estimators
(:mod:`~send_screen.estimators`) learn from it; the additive ones become :class:`RiskTables`, a model as data
(:mod:`~send_screen.tables`). Everything that is claimed of a version comes from one evidence table
(:mod:`~send_screen.evaluation`), is held against the spec's gates (:mod:`~send_screen.governance`) and entered in
MLflow (:mod:`~send_screen.tracking`): :func:`train` does all of that. :func:`screen_file` runs a version over a
school's file and writes a list with reasons (:mod:`~send_screen.screening`, :mod:`~send_screen.reports`).

A flag is a prompt to look, never a diagnosis and never an automatic decision.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from send_screen.cohorts import Cohort, load_cohort
    from send_screen.contracts import load_contract
    from send_screen.errors import SendScreenError
    from send_screen.estimators import (
        AdditiveRiskClassifier,
        BaselineClassifier,
        BoostedTreesClassifier,
        PenalisedLogisticClassifier,
    )
    from send_screen.simulation import simulate_england
    from send_screen.specs import load_spec
    from send_screen.tables import RiskTables
    from send_screen.workflows import screen_file, train

_HOME = {
    "load_contract": "contracts",
    "load_spec": "specs",
    "load_cohort": "cohorts",
    "Cohort": "cohorts",
    "simulate_england": "simulation",
    "AdditiveRiskClassifier": "estimators",
    "BaselineClassifier": "estimators",
    "PenalisedLogisticClassifier": "estimators",
    "BoostedTreesClassifier": "estimators",
    "RiskTables": "tables",
    "train": "workflows",
    "screen_file": "workflows",
    "SendScreenError": "errors",
}

__all__ = [
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


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"send_screen.{_HOME[name]}"), name)
    raise AttributeError(f"module 'send_screen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
