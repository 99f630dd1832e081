"""Small synthetic evidence, and a synthetic cohort with stand-in estimators, for every test of evaluation."""

import numpy as np
import pandas as pd

from send_screen.cohorts import Cohort
from send_screen.evaluation import measured_sections, revealed_counts
from send_screen.published import GroupFigure, PriorRelease


def measured(evidence, *, prior_releases=(), **options):
    """The measured sections as they are read from ``published.json``; prior releases are given as they stand there."""
    unused = {"version": "1", "model": "m", "published_sha256": "0" * 64, "n": 100}
    releases = [{**unused, **release} for release in prior_releases]
    releases = [PriorRelease.model_validate(release, strict=False) for release in releases]
    return measured_sections(evidence, prior_releases=releases, **options).model_dump(mode="json")


def revealed_by(document):
    """The counts that the section ``groups`` of a document reveals."""
    rows = [GroupFigure.model_validate(row, strict=False) for row in document["groups"]]
    return [counts.model_dump(mode="json") for counts in revealed_counts(rows)]


def synthetic_evidence(
    *, n=600, schools=30, seeds=2, folds=5, prevalence=0.3, capacity=0.2, groups=None, seed=0, noise=1.0, icc=0.3
):
    """Evidence drawn directly: whole schools in a fold, a score that knows something, three models."""
    rng = np.random.default_rng(seed)
    school = rng.permutation(np.arange(n) % schools)
    latent = rng.normal(size=n) + rng.normal(0, icc, schools)[school]
    outcome = np.zeros(n, dtype=np.int8)
    outcome[np.argsort(-(latent + rng.normal(0, noise, n)))[: round(prevalence * n)]] = 1
    columns = {
        name: rng.choice(levels, n) if isinstance(levels, list) else levels
        for name, levels in (groups or {"sex": ["F", "M"], "fsm": ["no", "yes", "not recorded"]}).items()
    }
    parts = []
    for fold_seed in range(seeds):
        fold = np.random.default_rng([seed, fold_seed]).permutation(np.arange(schools) % folds)[school]
        scores = {
            "candidate": latent + rng.normal(0, 0.2, n),
            "baseline": np.floor(2 * latent),
            "lightgbm": latent + rng.normal(0, 0.4, n),
        }
        part = pd.DataFrame(
            {"fold_seed": fold_seed, "row": np.arange(n), "fold": fold, "school": school, "outcome": outcome}
        )
        for name, values in columns.items():
            part[f"group.{name}"] = values
        for name, score in scores.items():
            part[f"score.{name}"] = score
        for name, score in scores.items():
            flag = np.zeros(n)
            for number in range(folds):
                rows = np.flatnonzero(fold == number)
                flag[rows[np.argsort(-score[rows], kind="stable")[: int(capacity * len(rows) + 0.5)]]] = 1
            part[f"flag.{name}"] = flag
        part["operating_point.baseline"] = (scores["baseline"] > 0).astype(float)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


class StandInTables:
    features = ("a", "b")

    def __init__(self, means):
        self.means = means

    def contributions(self, X):
        return X.to_numpy() - self.means


class StandIn:
    """An additive model without a library: the sum of its features, centred on its training rows."""

    def __init__(self, operating_point=False, tables=False):
        self.operating_point, self.tables = operating_point, tables

    def fit(self, X, y):
        assert len(X) == len(y)
        self.means = X.to_numpy().mean(axis=0)
        self.trained_on = len(X)
        if self.tables:
            self.risk_tables_ = StandInTables(self.means)
        if self.operating_point:
            self.operating_point_flag = lambda X: X["a"].to_numpy() > 1
        return self

    def decision_function(self, X):
        return X.to_numpy().sum(axis=1) - self.means.sum()


def synthetic_cohort():
    rng = np.random.default_rng(3)
    n = 240
    X = pd.DataFrame({"a": rng.integers(0, 4, n).astype(float), "b": rng.integers(0, 3, n).astype(float)})
    y = pd.Series((X["a"] + rng.normal(0, 1.5, n) > 2.5).astype("int8"))
    return Cohort(
        ids=pd.Series([f"child-{i:04d}" for i in range(n)]),
        X=X,
        y=y,
        sensitive=pd.DataFrame({"sex": rng.choice(["F", "M"], n)}, dtype=object),
        school=pd.Series([f"school-{i % 24:02d}" for i in range(n)]),
        as_of=pd.Series(pd.Timestamp(2023, 7, 31), index=range(n)),
        synthetic=True,
    )
