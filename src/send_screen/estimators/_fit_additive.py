"""Fit the additive model in stages, each hyperparameter chosen on the held-out schools of the bags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import islice
from operator import add

import numpy as np
from scipy.special import softmax

from send_screen.estimators._bagging import Bag, log_loss, make_bags, subsample_groups
from send_screen.estimators._binned_feature import BinnedFeature, bin_pair
from send_screen.estimators._boost import BinnedDataset, BoostedEnsemble, boost
from send_screen.estimators._lightgbm import BagDatasets
from send_screen.estimators._rank_interactions import rank_interactions
from send_screen.estimators._solver import MANY_ROWS, fit_rising_slope
from send_screen.estimators._training_data import AdditiveComponents, Pairs, TrainingData

C_GRID = (0.0, 0.001, 0.01, 0.1)
"""Inverse penalties of the linear component that are averaged over; 0 leaves only the intercept."""

N_REPEATS = 2
MAX_ROWS_FOR_C = 20_000
"""With more rows, a single C is chosen on a subsample of this size: averaging then adds too little."""
FEW_GROUPS = 40
"""With fewer groups, each group counts once in the weights of C, whatever the number of rows."""
_EM_STEPS = 1_000
_TEMPERATURE = 4.0  # divisor of the loss in the weights of C
_MIN_WEIGHT = 0.05  # below it, a C is dropped
_FALLBACK_C = 0.01  # of the model with too few rows to hold any out: a linear component only


@dataclass(frozen=True)
class FitResult:
    """The components of each bag, the number of its repeat, the pairs that interact, and the weight of each C."""

    bags: list[AdditiveComponents]
    repeats: list[int]
    pairs: Pairs
    C_weights: dict[float, float]


def fit_additive(data: TrainingData, groups: np.ndarray | None, *, max_pairs: int, seed: int, n_jobs: int) -> FitResult:
    """Fit the additive model: one set of components for each bag.

    1. In each bag and for each C: the linear component, and shapes boosted on its residual. The models of several C
       are averaged with weights proportional to exp(-n (loss - least loss) / 4), by held-out loss; those below .05 are
       dropped. With more than 20,000 rows, a single C is chosen on a subsample of whole groups. With fewer than 40
       groups neither is done, since errors within a group are correlated and the number of rows overstates the
       information: the weights are stacking weights over groups (:func:`_stacking_weights`).
    2. Interactions of the first ``max_pairs`` pairs of :func:`rank_interactions` are boosted on the residual, and kept
       if they lower the held-out loss.
    3. An affine map with positive slope, fitted to held-out scores, calibrates.
    """
    repeats = make_bags(data.y, groups, n_repeats=N_REPEATS, seed=seed)
    if not repeats:
        return FitResult([data.fit_linear(np.arange(len(data.y)), _FALLBACK_C)], [0], [], {_FALLBACK_C: 1.0})
    few_groups = groups if groups is not None and groups.max() + 1 < FEW_GROUPS else None
    candidates = _C_candidates(data, groups, seed=seed, n_jobs=n_jobs) if few_groups is None else C_GRID
    bags = [bag for bags_of_repeat in repeats for bag in bags_of_repeat]
    averaged, weights = _fit_repeats(data, repeats, candidates, few_groups, seed=seed, n_jobs=n_jobs)
    averaged, pairs = _add_interactions(data, bags, averaged, max_pairs, seed=seed, n_jobs=n_jobs)
    slope, shift = _calibration(data, held_out_score(data, bags, averaged, pairs))
    repeat_of = [r for r, bags_of_repeat in enumerate(repeats) for _ in bags_of_repeat]
    scaled = [components.scaled(slope) for components in averaged]
    calibrated = [replace(components, intercept=components.intercept + shift) for components in scaled]
    return FitResult(calibrated, repeat_of, pairs, weights)


def _fit_repeats(
    data: TrainingData,
    repeats: Sequence[list[Bag]],
    candidates: Sequence[float],
    few_groups: np.ndarray | None,
    *,
    seed: int,
    n_jobs: int,
) -> tuple[list[AdditiveComponents], dict[float, float]]:
    """Return the linear component and shapes of each bag, averaged over C, and the weight of each C."""
    fitted: dict[float, list[AdditiveComponents]] = {C: [] for C in candidates}
    weights: dict[float, float] = {}
    bags: list[Bag] = []
    dataset = shapes_dataset(data)
    for r, bags_of_repeat in enumerate(repeats):
        bags += bags_of_repeat
        datasets = dataset.split(bags_of_repeat)
        for C, components in fitted.items():
            components += _fit_bags(data, dataset, datasets, C, seed=seed + 100 * r, n_jobs=n_jobs)
        del datasets  # before those of the next repeat are there
        weights = _average_weights(data, bags, fitted, few_groups)
        fitted = {C: fitted[C] for C in weights}
    return [
        reduce(add, (fitted[C][b].scaled(weight) for C, weight in weights.items())) for b in range(len(bags))
    ], weights


def shapes_dataset(data: TrainingData) -> BinnedDataset:
    """Return the dataset that trees of one feature each are fitted on."""
    return BinnedDataset([(feature,) for feature in data.features], data.y, data.weight)


def _C_candidates(data: TrainingData, groups: np.ndarray | None, *, seed: int, n_jobs: int) -> tuple[float, ...]:
    """Return the C grid; with very many rows, the C with the least held-out loss on a subsample.

    With more than 100,000 rows that is not 0: a line costs no accuracy then, and spares trees that would make it up.
    """
    if len(data.y) <= MAX_ROWS_FOR_C:
        return C_GRID
    rows = subsample_groups(len(data.y), groups, MAX_ROWS_FOR_C, seed)
    part = data.take(rows)
    repeats = make_bags(part.y, None if groups is None else groups[rows], n_repeats=1, seed=seed)
    if not repeats:  # too few of either class in the subsample
        return C_GRID
    dataset, bags = shapes_dataset(part), repeats[0]
    datasets = dataset.split(bags)
    grid = C_GRID if len(data.y) <= MANY_ROWS else C_GRID[1:]
    losses = [_held_out_loss(part, bags, _fit_bags(part, dataset, datasets, C, seed=seed, n_jobs=n_jobs)) for C in grid]
    return (grid[int(np.argmin(losses))],)


def held_out_score(
    data: TrainingData, bags: Sequence[Bag], components: Sequence[AdditiveComponents], pairs: Pairs = ()
) -> np.ndarray:
    """Return each row's mean score over the bags that hold it out; NaN where none does."""
    total, n_scores = np.zeros(len(data.y)), np.zeros(len(data.y))
    for bag, of_bag in zip(bags, components, strict=True):
        total[bag.held_out] += data.score(of_bag, pairs, bag.held_out)
        n_scores[bag.held_out] += 1.0
    mean: np.ndarray = np.divide(total, n_scores, out=np.full(len(total), np.nan), where=n_scores > 0)
    return mean


def _fit_bags(
    data: TrainingData, dataset: BinnedDataset, bags: Sequence[BagDatasets], C: float, *, seed: int, n_jobs: int
) -> list[AdditiveComponents]:
    """Fit the linear component and the shapes of each bag."""
    linear = [data.fit_linear(datasets.bag.train, C) for datasets in bags]
    ensemble = boost(
        dataset, bags, [data.score(of_bag) for of_bag in linear], feature_fraction=0.3, seed=seed, n_jobs=n_jobs
    )
    return [of_bag + shape_components(ensemble, b, data.features) for b, of_bag in enumerate(linear)]


def shape_components(ensemble: BoostedEnsemble, bag: int, features: Sequence[BinnedFeature]) -> AdditiveComponents:
    """Return trees of one feature each as components; monotonic constraints hold exactly, not only up to rounding."""
    constant, values = ensemble.tabulate(bag)
    for steps, feature in zip(values, features, strict=True):
        if feature.sign:
            steps[:-1] = feature.sign * np.maximum.accumulate(feature.sign * steps[:-1])
    return AdditiveComponents(constant, np.zeros(len(features)), values)


def _average_weights(
    data: TrainingData,
    bags: Sequence[Bag],
    fitted: dict[float, list[AdditiveComponents]],
    few_groups: np.ndarray | None,
) -> dict[float, float]:
    """Return the weight of each C by held-out loss; with ``few_groups`` (of the rows), by stacking over groups."""
    if few_groups is None:
        losses = [_held_out_loss(data, bags, components) for components in fitted.values()]
        weights = np.exp(-len(data.y) * (np.array(losses) - min(losses)) / _TEMPERATURE)
    else:
        scores = np.column_stack([held_out_score(data, bags, components) for components in fitted.values()])
        weights = _stacking_weights(scores, data.y, data.weight, few_groups)
    weights /= weights.sum()
    kept = weights >= _MIN_WEIGHT
    weights = weights / weights[kept].sum()
    return {C: float(w) for C, w, keep in zip(fitted, weights, kept, strict=True) if keep}


def _stacking_weights(scores: np.ndarray, y: np.ndarray, weight: np.ndarray, groups: np.ndarray) -> np.ndarray:
    r"""Return stacking weights of k models from held-out scores, shape (n, k): float64, shape (k,).

    .. math:: \max_w \sum_g \log \sum_k w_k e^{-L_{gk}}, \qquad w_k \ge 0, \; \sum_k w_k = 1,

    with the held-out log loss :math:`L_{gk}` summed over group g: stacking of predictive distributions (Yao, Vehtari,
    Simpson and Gelman, 2018, Bayesian Analysis 13) with a group, not a row, as the unit of prediction. By EM.
    """
    known = ~np.isnan(scores).any(axis=1)
    scores, y, weight, groups = scores[known], y[known], weight[known], groups[known]
    losses = (np.logaddexp(0.0, scores) - y[:, None] * scores) * (weight / weight.mean())[:, None]
    _, group = np.unique(groups, return_inverse=True)
    group_losses = np.column_stack([np.bincount(group, loss) for loss in losses.T])
    weights = np.full(scores.shape[1], 1.0 / scores.shape[1])
    for _ in range(_EM_STEPS):
        with np.errstate(divide="ignore"):  # a weight may become 0
            weights = softmax(np.log(weights) - group_losses, axis=1).mean(axis=0)
    return weights


def _held_out_loss(data: TrainingData, bags: Sequence[Bag], components: Sequence[AdditiveComponents]) -> float:
    score = held_out_score(data, bags, components)
    known = ~np.isnan(score)
    return log_loss(score[known], data.y[known], data.weight[known])


def _add_interactions(
    data: TrainingData,
    bags: Sequence[Bag],
    components: list[AdditiveComponents],
    max_pairs: int,
    *,
    seed: int,
    n_jobs: int,
) -> tuple[list[AdditiveComponents], Pairs]:
    """Return the components with boosted interactions, and the pairs; without any if they do not help."""
    if max_pairs == 0 or len(data.features) < 2:
        return components, []
    init_scores = [data.score(of_bag) for of_bag in components]
    ranked = rank_interactions(data.features, data.y, data.weight, bags, init_scores)
    binned = (bin_pair(data.features[j], data.features[k]) for j, k in ranked)
    pairs = list(islice(filter(None, binned), max_pairs))
    if not pairs:
        return components, []
    dataset = BinnedDataset(pairs, data.y, data.weight)
    ensemble = boost(dataset, dataset.split(bags), init_scores, feature_fraction=0.8, seed=seed, n_jobs=n_jobs)
    if ensemble.n_rounds == 0:
        return components, []
    tabulated = [ensemble.tabulate(b) for b in range(len(bags))]
    return [
        replace(of_bag, intercept=of_bag.intercept + constant, grids=grids)
        for of_bag, (constant, grids) in zip(components, tabulated, strict=True)
    ], pairs


def _calibration(data: TrainingData, score: np.ndarray) -> tuple[float, float]:
    """Return slope (0 or more) and intercept of the logistic regression of the target on held-out scores."""
    known = ~np.isnan(score)
    if len(np.unique(data.y[known])) < 2:  # one school has all children of one class
        return 1.0, 0.0
    slope, shift = fit_rising_slope(score[known], data.y[known], data.weight[known], C=1e6)
    # a slope of about 0, of a score without held-out skill, would remove the score
    return (slope, shift) if slope > 0.05 else (1.0, 0.0)
