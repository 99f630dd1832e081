"""From a spec to the estimators it names."""

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
    """Return a maker of unfitted estimators for each model to be compared.

    Parameters
    ----------
    spec : ModelSpec
    cohort : Cohort
        Only its levels of categorical features are used.
    threads : int
        Threads of LightGBM; no figure depends on it.

    Returns
    -------
    dict of str to callable
        ``"candidate"`` (the model that is registered), ``"baseline"``, and each challenger of the spec.

    Raises
    ------
    MissingExtraError
        If a challenger is not installed: said before anything is fitted.

    Examples
    --------
    >>> from send_screen.estimators import compared_models
    >>> models = compared_models(spec, cohort, threads=1)  # doctest: +SKIP
    >>> models["candidate"]()  # doctest: +SKIP
    AdditiveRiskClassifier(...)
    """
    if "ebm" in spec.challengers:
        require_ebm()
    monotonic_cst, categorical_features = spec.monotonic_cst, cohort.categorical_features
    makers: dict[str, Callable[[], Any]] = {
        "baseline": lambda: _baseline(spec),
        "additive": lambda: AdditiveRiskClassifier(
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
        "candidate": makers[spec.model],
        "baseline": makers["baseline"],
        **{name: makers[name] for name in spec.challengers},
    }


def describe_challenger(name: str) -> str:
    """Return what a challenger is, in words that stand after "beside".

    Parameters
    ----------
    name : str
        ``"lightgbm"`` or ``"ebm"``.

    Returns
    -------
    str

    Examples
    --------
    >>> describe_challenger("lightgbm")
    'LightGBM, with the same signs, tuned inside the training schools (12 settings)'
    """
    if name == "lightgbm":
        return f"LightGBM, with the same signs, tuned inside the training schools ({len(SETTINGS)} settings)"
    return f"EBM, also readable, as it comes (interpret-core {version('interpret-core')}, no signs)"


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
