"""From a spec to the estimators it names."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from send_screen.cohorts import Cohort
from send_screen.estimators import (
    N_CANDIDATES,
    AdditiveRiskClassifier,
    BaselineClassifier,
    BoostedTreesClassifier,
    EBMClassifier,
    PenalisedLogisticClassifier,
    require_ebm,
)
from send_screen.specs import GoalsNotMet, ModelSpec

Maker = Callable[[], Any]


def policies(spec: ModelSpec, cohort: Cohort, *, threads: int) -> dict[str, Maker]:
    """Return a maker of unfitted estimators for each policy to be compared.

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
        ``"version"`` (the model that is registered), ``"rule"``, and each challenger of the spec.

    Raises
    ------
    MissingExtraError
        If a challenger is not installed: said before anything is fitted.
    """
    if "ebm" in spec.challengers:
        require_ebm()
    monotonic_cst, categorical_features = spec.monotonic_cst, cohort.categorical_features
    makers: dict[str, Maker] = {
        "rule": lambda: rule(spec),
        "additive": lambda: AdditiveRiskClassifier(
            monotonic_cst=monotonic_cst, categorical_features=categorical_features, n_jobs=threads
        ),
        "logistic": lambda: PenalisedLogisticClassifier(
            C=spec.penalty_c, monotonic_cst=monotonic_cst, categorical_features=categorical_features
        ),
        "lightgbm": lambda: BoostedTreesClassifier(
            monotonic_cst=monotonic_cst, categorical_features=categorical_features, n_jobs=threads
        ),
        "ebm": lambda: EBMClassifier(categorical_features=categorical_features),
    }
    return {
        "version": makers[spec.model],
        "rule": makers["rule"],
        **{name: makers[name] for name in spec.challengers},
    }


def describe_challenger(name: str) -> str:
    """Return what a challenger is, in words that stand after "beside".

    Examples
    --------
    >>> describe_challenger("lightgbm")
    'LightGBM, with the same signs, tuned inside the training schools (12 settings)'
    """
    if name == "lightgbm":
        return f"LightGBM, with the same signs, tuned inside the training schools ({N_CANDIDATES} settings)"
    return f"EBM, also readable, as it comes (interpret-core {version('interpret-core')}, no signs)"


def rule(spec: ModelSpec) -> BaselineClassifier:
    """Return the spec's one-line rule, unfitted."""
    if isinstance(spec.rule, GoalsNotMet):
        return BaselineClassifier(
            features=list(spec.rule.features),
            not_met=[spec.rule.not_met],
            expected=[spec.rule.met],
            operating_point_features=list(spec.rule.natural),
        )
    return BaselineClassifier(features=[spec.rule.feature], operating_point_share=spec.rule.natural_quantile)
