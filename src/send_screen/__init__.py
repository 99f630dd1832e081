"""Flag children who may need early support, with interpretable models whose every figure an auditor can recompute.

The pipeline, in the order of the data:

1. :func:`init` drafts two files from a table. The **data contract** (:mod:`~send_screen.contracts`) is the table's
   schema. The **model spec** (:mod:`~send_screen.specs`) states the model's population, features and outcome, and its
   acceptance thresholds (gates). :func:`check` validates a file against a contract, or a model's files.
2. :func:`load_cohort` reads the files (:mod:`~send_screen.readers`), validates and links them, and keeps identifiers,
   features, outcome and sensitive features apart (:mod:`~send_screen.cohorts`).
3. :func:`train` fits an additive model (:mod:`~send_screen.estimators`), and a :class:`BaselineClassifier` that ranks
   by a count of goals not met or by one score. It predicts every child out of fold, by models that saw no child of the
   same school. From these predictions it computes metrics, gaps between groups (levels of a sensitive feature) and
   confidence intervals, under disclosure control (:mod:`~send_screen.evaluation`), and writes them into a typed report
   (:mod:`~send_screen.published`). The fitted model is data, not code: :class:`RiskTables`
   (:mod:`~send_screen.tables`). A model version that passes its gates is registered in MLflow
   (:mod:`~send_screen.tracking`).
4. :func:`audit` recomputes every published figure (:mod:`~send_screen.auditing`). :func:`compare` reports what changed
   between two versions. :func:`promote` and :func:`withdraw` write who decided what, and why, to a ledger
   (:mod:`~send_screen.governance`), which :func:`history` reads back. :func:`generate_keys` makes the keys that sign
   versions.
5. :func:`screen` lists the children of a school's file with reasons (:mod:`~send_screen.screening`,
   :mod:`~send_screen.reports`). :func:`export` writes a version to a folder, from which it screens without MLflow, and
   :func:`kit` packs that folder with the library for a school's laptop.
6. :func:`outcomes` reports what became of the children of a screening run, and what a random review sample says of
   the list.
7. :func:`evaluate` reports on the scores of any model, and :func:`cross_evaluate` on any scikit-learn classifier:
   metrics, and gaps between groups with a verdict on each (within tolerance, outside it, or inconclusive), without a
   spec, a contract or MLflow.

Each function that takes files is also a command: ``send-screen train`` is :func:`train`. :func:`demo` runs the whole
pipeline on synthetic children from :func:`simulate`.

A flag is a prompt to assess, never a diagnosis and never an automatic decision.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from send_screen.auditing import audit
    from send_screen.cohorts import load_cohort
    from send_screen.contracts import load_contract
    from send_screen.errors import SendScreenError
    from send_screen.estimators import (
        AdditiveRiskClassifier,
        BaselineClassifier,
        BoostedTreesClassifier,
        PenalisedLogisticClassifier,
    )
    from send_screen.specs import load_spec
    from send_screen.tables import RiskTables
    from send_screen.workflows import (
        check,
        compare,
        cross_evaluate,
        decisions,
        demo,
        erase,
        evaluate,
        export,
        generate_keys,
        history,
        init,
        kit,
        letter,
        load_model,
        outcomes,
        promote,
        record,
        screen,
        screen_schools,
        simulate,
        template,
        train,
        verify_ledger,
        withdraw,
    )

__version__ = "0.1.0"

__all__ = [
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

# Public names that are defined outside send_screen.workflows.
_MODULE_OF = {
    "audit": "auditing",
    "load_contract": "contracts",
    "load_spec": "specs",
    "load_cohort": "cohorts",
    "AdditiveRiskClassifier": "estimators",
    "BaselineClassifier": "estimators",
    "PenalisedLogisticClassifier": "estimators",
    "BoostedTreesClassifier": "estimators",
    "RiskTables": "tables",
    "SendScreenError": "errors",
}


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"send_screen.{_MODULE_OF.get(name, 'workflows')}"), name)
    raise AttributeError(f"module 'send_screen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
