"""Synthetic look-alikes of data on which the model was behind, and which are not ours to keep."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit
from tasks import Task


def lookalike(name: str) -> Task:
    """Return the task of a name such as ``courses-linear-1`` or ``game-1``, which ends in the seed."""
    kind, *of_courses, seed = name.split("-")
    return courses(*of_courses, int(seed)) if kind == "courses" else game(int(seed))


def courses(kind: str, seed: int, n: int = 32_000, n_courses: int = 22) -> Task:
    """Return students of few courses of unequal size; levels, rates and slopes differ by course.

    ``linear``: a strong linear signal, the score. ``curved``: steps and a logarithm too. ``relative``: only what lies
    above or below the course's own level matters. ``course_features``: three features of the course, and large
    differences between courses. ``weak``: background alone.
    """
    rng = np.random.default_rng([seed, 22])
    share = rng.lognormal(0.0, 0.55, n_courses)
    course = np.sort(rng.choice(n_courses, n, p=share / share.sum()))
    of_module, of_course = rng.normal(size=(7, 8)), rng.normal(size=(n_courses, 8))
    level = 0.8 * of_module[np.arange(n_courses) * 7 // n_courses] + 0.6 * of_course
    e = level[course]
    z = rng.normal(size=(n, 6))
    education = np.clip(np.round(2 + 0.4 * e[:, 0] + z[:, 0]), 0, 4)
    deprivation = np.clip(np.round(4.5 + 0.3 * z[:, 0] + 2.7 * rng.normal(size=n)), 0, 9)
    attempts = rng.poisson(np.exp(-1.8 + 0.3 * e[:, 1]))
    credit = 30 * (1 + rng.binomial(4, expit(0.5 * e[:, 2] - 0.9)))
    registered = -np.round(np.exp(4.0 + 0.5 * z[:, 1] + 0.2 * e[:, 3]))
    engaged = z[:, 2]
    clicks = np.round(np.exp(4.2 + 0.8 * e[:, 4] + 0.9 * engaged))
    days = np.round(np.clip(7 + 2.5 * engaged + e[:, 5] + 2 * rng.normal(size=n), 0, 14))
    score = np.clip(np.round(70 + 7 * e[:, 6] + 14 * (0.5 * engaged + 0.87 * z[:, 3])), 0, 100)
    missing = rng.random(n) < 0.12
    age = rng.choice(3, n, p=[0.7, 0.29, 0.01])
    region = rng.integers(0, 13, n)
    gender, disability = rng.integers(0, 2, n), (rng.random(n) < 0.1).astype(int)
    X = pd.DataFrame(
        {
            "education": education,
            "deprivation": np.where(rng.random(n) < 0.03, np.nan, deprivation),
            "attempts": attempts,
            "credits": credit,
            "registered": registered,
            "clicks": clicks,
            "days": days,
            "score": np.where(missing, np.nan, score),
            "age": age,
            "gender": gender,
            "disability": disability,
            **{f"region_{r}": region >= r for r in range(1, 13, 3)},
        }
    ).astype(float)
    offset = rng.normal(0.0, 0.45, n_courses)[course]
    slope = 1 + 0.3 * rng.normal(size=(n_courses, 4))[course]
    marks = (score - 70) / 14
    background = -0.06 * slope[:, 2] * (deprivation - 4.5) + 0.35 * slope[:, 3] * attempts
    logit = background - 0.85 * slope[:, 0] * marks - 0.25 * slope[:, 1] * (education - 2) + 0.006 * (credit - 75)
    logit += 0.003 * registered - 0.12 * (days - 7) + 0.25 * disability + 0.15 * gender + 0.5 * missing
    if kind == "curved":
        logit += -0.25 * (np.log1p(clicks) - 4.2) + 0.6 * (score < 50) + 0.4 * (credit >= 120)
    elif kind == "relative":
        own = 1 + 0.6 * rng.normal(size=(n_courses, 8))[course]
        logit = -0.7 * own[:, 0] * (marks - e[:, 6] / 2) - 0.35 * own[:, 1] * (np.log1p(clicks) - 4.2 - 0.8 * e[:, 4])
        logit += -0.1 * own[:, 2] * (days - 7 - e[:, 5]) - 0.25 * own[:, 3] * (education - 2)
        logit += -0.06 * own[:, 4] * (deprivation - 4.5) + 0.35 * own[:, 5] * attempts
        logit += 0.008 * own[:, 6] * (credit - 75) + 0.006 * own[:, 7] * registered
        X["clicks"] = np.log1p(clicks)
    elif kind == "course_features":
        X["length"] = (240 + 14 * level[:, 7].round())[course]
        X["size"] = np.bincount(course, minlength=n_courses)[course].astype(float)
        X["assessments"] = np.round(6 + 2 * level[:, 5])[course]
        logit = -0.85 * slope[:, 0] * marks - 0.3 * (np.log1p(clicks) - 4.2 - 0.8 * e[:, 4])
        offset = 2.0 * offset
    elif kind == "weak":
        X = X.drop(columns=["score", "days", "clicks", "registered"])
        logit = -0.3 * slope[:, 1] * (education - 2) - 0.07 * slope[:, 2] * (deprivation - 4.5)
        logit += 0.35 * slope[:, 3] * attempts + 0.007 * (credit - 75) + 0.25 * disability + 0.15 * gender - 0.1 * age
    return Task(X, (rng.random(n) < expit(logit + offset - 0.1)).astype(int), course)


def game(seed: int, n: int = 3644, device: str = "desktop") -> Task:
    """Return children who played 32 exercises, six nearly redundant counts each; one in nine has the outcome.

    On a tablet the same children would tap more and miss more, some exercises more than others.
    """
    tablet = device == "tablet"
    rng, exercise = np.random.default_rng([seed, 194, tablet]), np.random.default_rng([seed, 194])
    y = (rng.random(n) < 0.107).astype(int)
    age = rng.integers(7, 18, n)
    ability = rng.normal(size=n) - 0.55 * y + 0.12 * (age - 12)
    speed = rng.normal(size=n)
    difficulty, loading = exercise.normal(0, 0.7, 32), exercise.gamma(2, 0.5, 32)
    columns = {"gender": rng.integers(0, 2, n), "age": age}
    more_taps, more_misses = exercise.normal(0.25, 0.25, 32) * tablet, exercise.normal(0.4, 0.5, 32) * tablet
    for i in range(32):
        special = 0.35 * exercise.normal() * (rng.normal(size=n) * 0.3 - y)
        rate = 1.8 + 0.35 * speed + 0.08 * ability + 0.3 * difficulty[i] + more_taps[i]
        clicks = rng.poisson(np.exp(rate))
        hit = 0.9 + loading[i] * 0.5 * ability + special - 0.5 * difficulty[i] - more_misses[i]
        hits = rng.binomial(clicks, expit(hit + 0.4 * rng.normal(size=n)))
        misses = rng.binomial(clicks - hits, 0.8)
        ones = np.maximum(clicks, 1)
        counts = (clicks, hits, misses, hits, hits / ones, misses / ones)
        names = ("clicks", "hits", "misses", "score", "accuracy", "miss_rate")
        columns |= {f"{name}_{i}": own for name, own in zip(names, counts, strict=True)}
    return Task(pd.DataFrame(columns).astype(float), y, np.arange(n))
