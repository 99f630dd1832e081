"""Tune LightGBM by successive halving on held-out schools inside the training data."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from scipy.special import logit

from send_screen.estimators._bagging import Bag, log_loss
from send_screen.estimators._lightgbm import mean_and_standard_error, pad_curves, split, train_with_early_stopping


@dataclass(frozen=True)
class Setting:
    """LightGBM's hyperparameters: leaves per tree, rows per leaf, columns per tree, penalty."""

    num_leaves: int
    min_data_in_leaf: int
    feature_fraction: float
    lambda_l2: float


#: All settings that are tried. The first, the default, did best on small real data; others must be significantly
#: better.
SETTINGS = (
    Setting(7, 40, 0.5, 5.0),
    Setting(3, 40, 0.5, 5.0),
    Setting(15, 40, 0.5, 5.0),
    Setting(31, 80, 0.5, 20.0),
    Setting(3, 20, 0.3, 1.0),
    Setting(3, 80, 0.8, 20.0),
    Setting(5, 20, 0.8, 1.0),
    Setting(5, 80, 0.3, 5.0),
    Setting(7, 20, 0.8, 20.0),
    Setting(15, 80, 0.3, 1.0),
    Setting(15, 20, 0.3, 20.0),
    Setting(31, 20, 0.3, 5.0),
)
RATE, ROUNDS = 0.03, 150  # learning rate, and rounds where no children can be held out
_SEARCH_RATE = 0.1  # learning rate of the search: a third of the rounds, and about the same ranking of settings
_MAX_ROUNDS, _PATIENCE = 400, 15


def tune(
    data: Any, y: np.ndarray, weight: np.ndarray, bags: Sequence[Bag], parameters: dict[str, Any], *, n_jobs: int
) -> tuple[Setting, int]:
    """Return a setting and its number of rounds, chosen by held-out log loss.

    Successive halving (Jamieson and Talwalkar, 2016, AISTATS): all settings are trained on the first bag, the better
    half of them on the next, and so on, judged by the minimum of the mean loss curve over the bags so far. The default
    setting stays to the end, and is replaced only by one that is better by more than a standard error of the
    difference: with few children the best of many is often best by chance. The number of rounds is that of the minimum,
    converted to the learning rate ``RATE``. ``n_jobs`` boosters are trained at the same time; no figure depends on it.
    """
    datasets = split(data, bags)
    held_out_weight = np.array([weight[bag.held_out].sum() for bag in bags])

    def curve(setting: Setting, b: int) -> list[float]:
        bag = bags[b]
        prior = float(logit(np.average(y[bag.train], weights=weight[bag.train])))
        before = log_loss(np.full(len(bag.held_out), prior), y[bag.held_out], weight[bag.held_out])
        settings = {**parameters, **asdict(setting), "learning_rate": _SEARCH_RATE}
        return train_with_early_stopping(settings, datasets[b], before, max_rounds=_MAX_ROUNDS, patience=_PATIENCE)[1]

    default = SETTINGS[0]
    curves: dict[Setting, list[list[float]]] = {setting: [] for setting in SETTINGS}
    running = list(SETTINGS)
    with ThreadPoolExecutor(n_jobs) as pool:
        for b in range(len(bags)):
            for setting, losses in zip(running, pool.map(curve, running, repeat(b)), strict=True):
                curves[setting].append(losses)
            best = {setting: _best(curves[setting], held_out_weight[: b + 1]) for setting in running}
            order = sorted(running, key=lambda setting: best[setting].loss)
            running = list(dict.fromkeys([default, *order[: (len(order) + 1) // 2]]))
    chosen = order[0]
    gain, error = mean_and_standard_error(best[default].losses - best[chosen].losses, held_out_weight)
    if gain <= error:
        chosen = default
    return chosen, max(1, round(best[chosen].n_rounds * _SEARCH_RATE / RATE))


class _Best(NamedTuple):
    """The minimum of a mean loss curve, its round, and the losses of the bags there, shape (bags,)."""

    loss: float
    n_rounds: int
    losses: np.ndarray


def _best(curves: Sequence[Sequence[float]], weight: np.ndarray) -> _Best:
    """Return the minimum of the mean of these loss curves."""
    padded = pad_curves(curves)
    mean, _ = mean_and_standard_error(padded, weight)
    n_rounds = int(mean.argmin())
    return _Best(float(mean[n_rounds]), n_rounds, padded[:, n_rounds])
