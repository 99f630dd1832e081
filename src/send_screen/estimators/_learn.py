"""The additive model, learnt in stages, each choice made on children of schools that the bag has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from send_screen.estimators._axes import Axis, pair_axes
from send_screen.estimators._bags import Bag, drawn, log_loss, make_bags
from send_screen.estimators._boost import Boosted, Boosting, Columns, Grounds, boost, interactions_of, shapes_of
from send_screen.estimators._pairs import worthwhile_pairs
from send_screen.estimators._parts import Block, Parts, linear_parts, penalised_columns, score_of
from send_screen.estimators._solver import fit_bounded_logistic

STRENGTHS: tuple[float | None, ...] = (None, 0.001, 0.01, 0.1)
"""Strengths C of the backbone that are weighed against each other; None is no backbone."""

SHAPES = Boosting(rounds=1000, learning_rate=0.1, feature_fraction=0.3)
SURFACES = Boosting(rounds=1000, learning_rate=0.1, feature_fraction=0.8)
ROUNDS = 2
MOST_WEIGHED = 20_000
"""Children on whom strengths are weighed; of more, the best on so many is learnt alone, since others add too little."""
_TEMPERATURE = 4.0
_NEGLIGIBLE = 0.05
_LONE_STRENGTH = 0.01  # with too few children to hold any out there is a backbone only


@dataclass(frozen=True)
class Learnt:
    """What was learnt: one score a bag, over the same axes and pairs, the round of each bag, and the choices made."""

    bags: list[Parts]
    rounds: list[int]
    pairs: list[tuple[Axis, Axis]]
    strengths: dict[float | None, float]


@dataclass(frozen=True)
class Children:
    """Training children: the columns of their linear part, their bins, target, weights."""

    blocks: list[Block]
    axes: list[Axis]
    y: np.ndarray
    weight: np.ndarray
    share: float = 1.0
    """Which part of all the children they are: a backbone bends as little as that of all would."""

    def of(self, rows: np.ndarray) -> Children:
        """Return some of the children."""
        return Children(
            [block.of(rows) for block in self.blocks],
            [axis.of(rows) for axis in self.axes],
            self.y[rows],
            self.weight[rows],
            self.share * len(rows) / len(self.y),
        )

    def backbone(self, rows: np.ndarray, strength: float | None) -> Parts:
        """Return the penalised logistic regression of some of the children."""
        k = sum(len(block.A) for block in self.blocks)
        if strength is None or k == 0:
            rate = float(np.average(self.y[rows], weights=self.weight[rows]))
            return linear_parts(self.blocks, self.axes, np.zeros(k), float(np.log(rate / (1.0 - rate))))
        w, intercept = fit_bounded_logistic(
            penalised_columns(self.blocks, rows),
            self.y[rows],
            self.weight[rows],
            maps=[block.A for block in self.blocks],
            bounded=[block.bounded for block in self.blocks],
            C=strength / self.share,
        )
        return linear_parts(self.blocks, self.axes, w, intercept)

    def columns(self) -> Columns:
        """Return what trees of one feature each are grown on."""
        return Columns.build(self.axes, [[j] for j in range(len(self.axes))], self.y, self.weight)

    def score(self, parts: Parts, pairs: Sequence[tuple[Axis, Axis]] = ()) -> np.ndarray:
        """Return the score of all of the children."""
        return score_of(parts, self.blocks, self.axes, list(pairs))


def learn(children: Children, groups: np.ndarray | None, *, max_pairs: int, seed: int, n_jobs: int) -> Learnt:
    """Return what the children teach.

    1. Every strength of the backbone, with shapes on what it leaves over, in every bag. Strengths are weighed by the
       held-out loss: w is proportional to exp(-n (loss - least loss) / 4), and those below .05 are dropped. Of more
       than 20,000 children only one strength is learnt: that of the least loss on 20,000 of them, schools drawn whole.
    2. Interactions of the first ``max_pairs`` of :func:`worthwhile_pairs` are learnt on what is left over, and kept if
    they
       lower the held-out loss.
    3. An affine map with positive slope, fitted on held-out scores, calibrates.
    """
    rounds = make_bags(children.y, groups, rounds=ROUNDS, seed=seed)
    if not rounds:
        return Learnt([children.backbone(np.arange(len(children.y)), _LONE_STRENGTH)], [0], [], {_LONE_STRENGTH: 1.0})
    candidates: dict[float | None, list[Parts]] = {
        strength: [] for strength in _worth_trying(children, groups, seed=seed, n_jobs=n_jobs)
    }
    weights: dict[float | None, float] = {}
    bags: list[Bag] = []
    columns = children.columns()
    for r, some in enumerate(rounds):
        bags += some
        grounds = columns.divided(some)
        for strength, own in candidates.items():
            backbones = [children.backbone(bag.learn, strength) for bag in some]
            own += _with_shapes(children, columns, grounds, backbones, seed=seed + 100 * r, n_jobs=n_jobs)
        weights = _weigh(children, bags, candidates)
        candidates = {strength: candidates[strength] for strength in weights}
    parts = [_weighted([own[b] for own in candidates.values()], list(weights.values())) for b in range(len(bags))]
    parts, pairs = _with_surfaces(children, bags, parts, max_pairs, seed=seed, n_jobs=n_jobs)
    slope, shift = _calibration(children, held_out_score(children, bags, parts, pairs))
    round_of = [r for r, some in enumerate(rounds) for _ in some]
    return Learnt([part.recalibrated(slope, shift) for part in parts], round_of, pairs, weights)


def _worth_trying(children: Children, groups: np.ndarray | None, *, seed: int, n_jobs: int) -> tuple[float | None, ...]:
    """Return every strength; of very many children, the one that does best on a part of them."""
    if len(children.y) <= MOST_WEIGHED:
        return STRENGTHS
    rows = drawn(len(children.y), groups, MOST_WEIGHED, seed)
    part = children.of(rows)
    rounds = make_bags(part.y, None if groups is None else groups[rows], rounds=1, seed=seed)
    if not rounds:  # too few of either class in the part
        return STRENGTHS
    columns, bags = part.columns(), rounds[0]
    grounds = columns.divided(bags)
    losses = []
    for strength in STRENGTHS:
        backbones = [part.backbone(bag.learn, strength) for bag in bags]
        own = _with_shapes(part, columns, grounds, backbones, seed=seed, n_jobs=n_jobs)
        losses.append(_held_out_loss(part, bags, own))
    return (STRENGTHS[int(np.argmin(losses))],)


def held_out_score(
    children: Children, bags: Sequence[Bag], parts: Sequence[Parts], pairs: Sequence[tuple[Axis, Axis]] = ()
) -> np.ndarray:
    """Return each child's mean score by the bags that did not learn from it; NaN where there is none."""
    total, times = np.zeros(len(children.y)), np.zeros(len(children.y))
    for bag, part in zip(bags, parts, strict=True):
        total[bag.held_out] += children.score(part, pairs)[bag.held_out]
        times[bag.held_out] += 1.0
    mean: np.ndarray = np.divide(total, times, out=np.full(len(total), np.nan), where=times > 0)
    return mean


def _with_shapes(
    children: Children,
    columns: Columns,
    grounds: Sequence[Grounds],
    backbones: Sequence[Parts],
    *,
    seed: int,
    n_jobs: int,
) -> list[Parts]:
    starts = [children.score(part) for part in backbones]
    boosted = boost(columns, grounds, starts, SHAPES, seed=seed, n_jobs=n_jobs)
    return [part + shape_parts(boosted, b, children.axes) for b, part in enumerate(backbones)]


def shape_parts(boosted: Boosted, bag: int, axes: Sequence[Axis]) -> Parts:
    """Return trees of one feature each as parts of a score."""
    constant, values = shapes_of(boosted, bag, axes)
    return Parts(constant, np.zeros(len(axes)), values)


def _weigh(
    children: Children, bags: Sequence[Bag], candidates: dict[float | None, list[Parts]]
) -> dict[float | None, float]:
    losses = [_held_out_loss(children, bags, own) for own in candidates.values()]
    weights = np.exp(-len(children.y) * (np.array(losses) - min(losses)) / _TEMPERATURE)
    weights /= weights.sum()
    kept = weights >= _NEGLIGIBLE
    weights = weights / weights[kept].sum()
    return {s: float(w) for s, w, keep in zip(candidates, weights, kept, strict=True) if keep}


def _held_out_loss(children: Children, bags: Sequence[Bag], parts: Sequence[Parts]) -> float:
    score = held_out_score(children, bags, parts)
    seen = ~np.isnan(score)
    return log_loss(score[seen], children.y[seen], children.weight[seen])


def _weighted(parts: Sequence[Parts], weights: Sequence[float]) -> Parts:
    total = parts[0].times(weights[0])
    for part, weight in zip(parts[1:], weights[1:], strict=True):
        total = total + part.times(weight)
    return total


def _with_surfaces(
    children: Children, bags: Sequence[Bag], parts: list[Parts], max_pairs: int, *, seed: int, n_jobs: int
) -> tuple[list[Parts], list[tuple[Axis, Axis]]]:
    if max_pairs == 0 or len(children.axes) < 2:
        return parts, []
    starts = [children.score(part) for part in parts]
    y, weight, axes = children.y, children.weight, children.axes
    pairs: list[tuple[Axis, Axis]] = []
    for j, k in worthwhile_pairs(axes, y, weight, bags, starts):
        if len(pairs) < max_pairs and (pair := pair_axes(axes[j], axes[k])) is not None:
            pairs.append(pair)
    if not pairs:
        return parts, []
    together = [[2 * k, 2 * k + 1] for k in range(len(pairs))]
    columns = Columns.build([axis for pair in pairs for axis in pair], together, y, weight)
    boosted = boost(columns, columns.divided(bags), starts, SURFACES, seed=seed, n_jobs=n_jobs)
    if boosted.rounds == 0:
        return parts, []
    finished = []
    for b, part in enumerate(parts):
        constant, grids = interactions_of(boosted, b, pairs)
        finished.append(replace(part, intercept=part.intercept + constant, grids=grids))
    return finished, pairs


def _calibration(children: Children, score: np.ndarray) -> tuple[float, float]:
    """Return slope (0 or more) and shift of the logistic regression of the target on held-out scores."""
    seen = ~np.isnan(score)
    if len(np.unique(children.y[seen])) < 2:  # one school has all who had it: nothing to calibrate on
        return 1.0, 0.0
    w, shift = fit_bounded_logistic(
        score[seen][:, None],
        children.y[seen],
        children.weight[seen],
        maps=[np.eye(1)],
        bounded=[np.array([True])],
        C=1e6,
    )
    # held-out children of no use at all would turn the score off: then it stays as it is
    return (float(w[0]), shift) if w[0] > 0.05 else (1.0, 0.0)
