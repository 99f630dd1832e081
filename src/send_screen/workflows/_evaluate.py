"""Evaluate any model's scores with the metrics and report of a trained version, without spec, contract or MLflow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import _safe_indexing

from send_screen.documents import CHILDREN, SCHOOLS, Noun
from send_screen.errors import UsageError
from send_screen.evaluation import measured_sections, out_of_school_folds
from send_screen.evaluation._given_scores import (
    cluster_column,
    evidence_of_scores,
    outcome_column,
    without_probabilities,
)
from send_screen.evaluation._out_of_fold import BASELINE, CANDIDATE, fit_estimator
from send_screen.published import EvaluationMetadata, EvaluationReport
from send_screen.reports import headlines, render_evaluation
from send_screen.reports._challengers import describe_challengers
from send_screen.results import Section
from send_screen.specs import TOLERANCES
from send_screen.workflows._measured_result import MeasuredResult


@dataclass(frozen=True, repr=False)
class Evaluation(MeasuredResult):
    """The evaluation of a model's scores, under disclosure control: data frames, an HTML page, a notebook view."""

    published: EvaluationReport = field(repr=False)
    """The typed report of everything measured, under disclosure control."""

    @property
    def report(self) -> str:
        """The report as one HTML page."""
        return render_evaluation(self.published)

    @property
    def headline(self) -> str:
        """Title of the model, and the number of children."""
        n, who = self.published.cohort.n, self.published.version.children.plural
        return f"{self.published.version.title}: evaluated on {'few' if n is None else f'{n:,}'} {who}."

    def sections(self) -> Iterable[Section]:
        """Yield the metrics of each model, the comparison with challengers, and the material gaps."""
        models = dict.fromkeys(row.model for row in self.published.performance)
        yield self._metrics(
            {model: {CANDIDATE: "this model", BASELINE: "the rule"}.get(model, model) for model in models}
        )
        if challengers := describe_challengers(self.published):
            yield Section(challengers)
        if self.published.gaps:
            yield Section(headlines(self.published), "For whom it works less well")

    def to_dict(self) -> dict[str, Any]:
        """Return the report as a dict for JSON."""
        return self.published.model_dump(mode="json")

    def _repr_html_(self) -> str:
        """Return the page in an iframe, so that its style sheet and the notebook's do not mix."""
        return (
            f'<iframe srcdoc="{escape(self.report)}" title="{escape(self.headline)}" sandbox="allow-scripts" '
            'style="width: 100%; height: 48rem; border: 1px solid #c4c4c4"></iframe>'
        )


def evaluate(
    y_true: Any,
    y_score: Any,
    *,
    sensitive_features: Any = None,
    groups: Any = None,
    capacity: float = 0.1,
    baseline: Any = None,
    challengers: Mapping[str, Any] | None = None,
    fold: Any = None,
    intersections: Sequence[tuple[str, ...]] = (),
    tolerances: Mapping[str, float] = TOLERANCES,
    title: str = "Scores",
    outcome_description: str = "had the outcome",
    children: tuple[str, str] = (CHILDREN.singular, CHILDREN.plural),
    clusters: tuple[str, str] = (SCHOOLS.singular, SCHOOLS.plural),
    random_state: int = 0,
) -> Evaluation:
    """Measure any model's scores: metrics, groups, gaps with verdicts, calibration and a decision curve.

    The figures are those that :func:`train` publishes for the same scores, from the same code with the same disclosure
    control. The model must not have been trained on these children: :func:`cross_evaluate` computes such out-of-fold
    scores.

    Parameters
    ----------
    y_true : array-like of {0, 1}, shape (n,)
        1 where the outcome happened. Ties of scores are broken by a hash of its index, for a pandas Series, otherwise
        of the row number.
    y_score : array-like of float, shape (n,) or (n, repeats)
        Probability of the outcome, as ``predict_proba(X)[:, 1]``. Scores outside 0 to 1 are used by their ranks, and
        metrics of probabilities are undefined.
    sensitive_features : Series, DataFrame, dict or array-like, optional
        Groups to compare, one column per attribute.
    groups : array-like, shape (n,), optional
        The school (cluster) of each child. Without it intervals take children as independent, and the report says so.
    capacity : float, default 0.1
        Share of children that can be assessed: the length of the list.
    baseline : array-like of float, optional
        Scores of the baseline, a simple rule. Of tied children each has the expected share of the places left.
    challengers : mapping of str to array-like, optional
        Name -> scores of another model on the same children.
    fold : array-like of int, shape (n,) or (n, repeats), optional
        Fold in which each child was held out. Children are ranked within a fold, since each fold has its own model.
    intersections : sequence of tuple of str
        Sensitive features to cross, for example ``[("sex", "fsm")]``.
    tolerances : mapping of str to float
        Largest gap, as a share, in each metric: ``false_negative_rate``, ``false_positive_rate`` and
        ``calibration_in_the_large``.
    title : str
        What the model is called.
    outcome_description : str
        What is predicted, as a verb phrase after "who later", for example ``"failed the course"``.
    children, clusters : tuple of (str, str)
        What the people are called, and what ``groups`` are: singular and plural, for example ``("course", "courses")``.
    random_state : int, default 0
        Random seed of the order of rows, on which the bootstrap replicates depend.

    Returns
    -------
    Evaluation
        Its page is :attr:`Evaluation.report`; a notebook shows it.

    Raises
    ------
    UsageError
        If the arguments do not fit together.
    DataError
        If something is missing, or there are too few children for figures by group.

    Examples
    --------
    >>> import numpy as np
    >>> from send_screen import evaluate
    >>> rng = np.random.default_rng(0)
    >>> risk = rng.beta(1, 4, 2_000)
    >>> found = evaluate(rng.random(2_000) < risk, risk, groups=rng.integers(0, 40, 2_000))
    >>> found
    <Evaluation: Scores: evaluated on 2,000 children.>
    >>> found.performance.set_index("metric").loc["roc_auc", ["low", "value", "high"]].astype(float).round(2).tolist()
    [0.74, 0.76, 0.79]
    """
    scores = _by_name(y_score, baseline, challengers)
    child_noun, cluster_noun = _noun("children", children), _noun("clusters", clusters)
    evidence, not_probabilities = evidence_of_scores(
        y_true,
        scores,
        sensitive_features=sensitive_features,
        groups=groups,
        fold=fold,
        capacity=capacity,
        seed=random_state,
    )
    measured = measured_sections(
        evidence,
        outcome_description=outcome_description,
        children=child_noun,
        clusters=cluster_noun,
        intersections=intersections,
        tolerances=tolerances,
    )
    metadata = EvaluationMetadata(
        title=title,
        outcome_description=outcome_description,
        capacity=capacity,
        children=child_noun,
        clusters=None if groups is None else cluster_noun,
        folds=int(evidence["fold"].nunique()),
        fold_seeds=(),
        challengers={name: name for name in scores if name not in (CANDIDATE, BASELINE)},
        probabilities=CANDIDATE not in not_probabilities,
    )
    return Evaluation(EvaluationReport(version=metadata, **dict(without_probabilities(measured, not_probabilities))))


def cross_evaluate(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    sensitive_features: Any = None,
    groups: Any = None,
    capacity: float = 0.1,
    baseline: Any = None,
    challengers: Mapping[str, Any] | None = None,
    folds: int = 5,
    seeds: Sequence[int] = (0,),
    intersections: Sequence[tuple[str, ...]] = (),
    tolerances: Mapping[str, float] = TOLERANCES,
    title: str | None = None,
    outcome_description: str = "had the outcome",
    children: tuple[str, str] = (CHILDREN.singular, CHILDREN.plural),
    clusters: tuple[str, str] = (SCHOOLS.singular, SCHOOLS.plural),
    random_state: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Evaluation:
    """Evaluate any classifier, and others beside it, on children of schools that they have not seen.

    Each estimator is cloned, fitted on all folds but one, and scores the children of that fold. Schools are never split
    between folds. An estimator whose ``fit`` takes ``groups`` is given the schools.

    Parameters
    ----------
    estimator : classifier
        With ``fit(X, y)`` and ``predict_proba(X)``, or ``decision_function(X)``, which is used by its ranks.
    X : array-like, DataFrame or list, shape (n, p)
        Whatever the estimators take.
    y : array-like of {0, 1}, shape (n,)
        1 where the outcome happened.
    sensitive_features, groups, capacity
        As in :func:`evaluate`.
    baseline : classifier, optional
        A simple rule to compare with. Of tied children each has the expected share of the places left.
    challengers : mapping of str to classifier, optional
        Name -> another estimator, fitted and measured on the same folds.
    folds : int
        Number of folds.
    seeds : sequence of int
        Fold seeds; the cross-validation is repeated with each.
    intersections, tolerances
        As in :func:`evaluate`.
    title : str, optional
        What the model is called; by default the name of its class.
    outcome_description, children, clusters, random_state
        As in :func:`evaluate`.
    progress : callable, optional
        Called with a message before each fit.

    Returns
    -------
    Evaluation

    Raises
    ------
    UsageError
        If the arguments do not fit together.
    DataError
        If something is missing, or there are too few schools or children to fill the folds.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from send_screen import cross_evaluate
    >>> X, y = make_classification(800, weights=[0.8], random_state=0)
    >>> found = cross_evaluate(LogisticRegression(), X, y, challengers={"Bayes": GaussianNB()})
    >>> int(found.differences.set_index(["against", "metric"]).loc[("Bayes", "roc_auc"), "n"])
    800
    """
    outcome = outcome_column(y)
    schools = np.arange(len(outcome)) if groups is None else cluster_column(groups, len(outcome))
    if not seeds or len(set(seeds)) != len(seeds):
        raise UsageError("Give at least one fold seed, and each only once.")
    estimators = _by_name(estimator, baseline, challengers)
    fold = np.column_stack([out_of_school_folds(outcome, schools, folds=folds, seed=seed) for seed in seeds])
    scores = {name: np.empty(fold.shape) for name in estimators}
    for repeat, seed in enumerate(seeds):
        for number in range(folds):
            held_out = np.flatnonzero(fold[:, repeat] == number)
            training = np.flatnonzero(fold[:, repeat] != number)
            for name, each in estimators.items():
                if progress is not None:
                    progress(f"fold seed {seed}, fold {number + 1} of {folds}: {name}")
                data = _safe_indexing(X, training), outcome[training].astype(np.int64), schools[training]
                fitted = fit_estimator(clone(each, safe=False), *data)
                scores[name][held_out, repeat] = _scores(fitted, _safe_indexing(X, held_out))
    evaluation = evaluate(
        y,
        scores.pop(CANDIDATE),
        baseline=scores.pop(BASELINE, None),
        challengers=scores,
        sensitive_features=sensitive_features,
        groups=groups,
        capacity=capacity,
        fold=fold,
        intersections=intersections,
        tolerances=tolerances,
        title=type(estimator).__name__ if title is None else title,
        outcome_description=outcome_description,
        children=children,
        clusters=clusters,
        random_state=random_state,
    )
    version = evaluation.published.version.model_copy(update={"fold_seeds": tuple(seeds)})
    return Evaluation(evaluation.published.model_copy(update={"version": version}))


def _by_name(candidate: Any, baseline: Any, challengers: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return models, or their scores, by the names that they have in an evidence table."""
    named = {CANDIDATE: candidate, **({} if baseline is None else {BASELINE: baseline})}
    if taken := {CANDIDATE, BASELINE} & set(challengers or {}):
        raise UsageError(f"A challenger cannot be called {taken.pop()!r}.", remedy="Give it another name.")
    return {**named, **{str(name): model for name, model in (challengers or {}).items()}}


def _noun(name: str, words: tuple[str, str]) -> Noun:
    """Return a pair (singular, plural) as a noun."""
    try:
        singular, plural = words
        return Noun(singular=singular, plural=plural)
    except ValueError:
        raise UsageError(
            f"{name} must be two words of letters, singular and plural.",
            remedy=f'Give {name}=("student", "students").',
        ) from None


def _scores(fitted: Any, X: Any) -> np.ndarray:
    """Return the probability of the outcome, or the decision function."""
    if hasattr(fitted, "predict_proba"):
        return np.asarray(fitted.predict_proba(X))[:, 1]
    if hasattr(fitted, "decision_function"):
        return np.asarray(fitted.decision_function(X))
    raise UsageError(f"{type(fitted).__name__} has no predict_proba, so it gives no score to evaluate.")
