"""Build the estimators that a spec names: candidate, baseline and challengers."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from send_screen.cohorts import Cohort
from send_screen.estimators._additive import AdditiveRiskClassifier
from send_screen.estimators._baseline import BaselineClassifier
from send_screen.estimators._boosted_trees import BoostedTreesClassifier
from send_screen.estimators._ebm import EBMClassifier, require_ebm
from send_screen.estimators._logistic import PenalisedLogisticClassifier
from send_screen.estimators._tune import SETTINGS
from send_screen.specs import GoalsNotMet, ModelSpec


def compared_models(spec: ModelSpec, cohort: Cohort, *, threads: int) -> dict[str, Callable[[], Any]]:
    """Return a factory of unfitted estimators for ``"candidate"``, ``"baseline"`` and each challenger of the spec.

    Of the cohort only the levels of categorical features are used. Raises at once where a challenger is not installed.
    """
    if "ebm" in spec.challengers:
        require_ebm()
    monotonic_cst, categorical_features = spec.monotonic_cst, cohort.categorical_features
    factories: dict[str, Callable[[], Any]] = {
        "baseline": lambda: _baseline(spec),
        "additive": lambda: AdditiveRiskClassifier(
            monotonic_cst=monotonic_cst,
            categorical_features=categorical_features,
            max_terms=spec.model_parameters.max_terms,
            n_jobs=threads,
        ),
        "all_terms": lambda: AdditiveRiskClassifier(
            monotonic_cst=monotonic_cst, categorical_features=categorical_features, n_jobs=threads
        ),
        "logistic": lambda: PenalisedLogisticClassifier(
            C=spec.model_parameters.C, monotonic_cst=monotonic_cst, categorical_features=categorical_features
        ),
        "lightgbm": lambda: BoostedTreesClassifier(
            monotonic_cst=monotonic_cst, categorical_features=categorical_features, n_jobs=threads
        ),
        "ebm": lambda: EBMClassifier(categorical_features=categorical_features),
    }
    return {
        "candidate": factories[spec.model],
        "baseline": factories["baseline"],
        **{name: factories[name] for name in spec.compared if name in factories},
    }


def describe_challenger(name: str) -> str:
    """Return a description of a challenger, as a noun phrase."""
    if name == "lightgbm":
        tuned = f"tuned inside the training schools ({len(SETTINGS)} settings)"
        return f"LightGBM, with the same monotonic constraints, {tuned}"
    if name == "all_terms":
        return "the same model without a limit on its terms"
    if name == "whole_points":
        return "its own scorecard of whole points, added up by hand"
    return f"EBM, also readable, as it comes (interpret-core {version('interpret-core')}, no monotonic constraints)"


def _baseline(spec: ModelSpec) -> BaselineClassifier:
    if isinstance(spec.baseline, GoalsNotMet):
        return BaselineClassifier(
            features=list(spec.baseline.features),
            not_met=[spec.baseline.not_met],
            expected=[spec.baseline.met],
            operating_point_features=list(spec.baseline.operating_point.any_not_met),
        )
    return BaselineClassifier(
        features=[spec.baseline.feature], operating_point_share=spec.baseline.operating_point.lowest_share
    )
