"""How many children a second are explained, beside what users would pick instead? See README.md."""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import yaml

from send_screen.estimators import purify
from send_screen.tables import InteractionTerm, RiskTables, ShapeTerm

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
NAMES = [f"f{j:02d}" for j in range(CONFIG["features"])]


def synthetic_children(n: int, seed: int) -> pd.DataFrame:
    """Return columns of float32, some cells missing, that lie together in memory as a file reader leaves them."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(len(NAMES), n)).astype(np.float32)
    X[rng.random(X.shape, dtype=np.float32) < CONFIG["missing_share"]] = np.nan
    return pd.DataFrame(X.T, columns=NAMES, copy=False)


def outcome(X: pd.DataFrame, seed: int) -> np.ndarray:
    """Return a synthetic outcome that depends on every feature and on some pairs."""
    rng = np.random.default_rng(seed)
    Z = X.fillna(0.0).to_numpy()
    score = Z @ rng.normal(0, 0.3, len(NAMES)) + 0.5 * Z[:, 0] * Z[:, 1] + 0.5 * np.abs(Z[:, 2])
    return (rng.random(len(X)) < 1 / (1 + np.exp(2 - score))).astype(int)


def synthetic_tables(X: pd.DataFrame, seed: int) -> RiskTables:
    """Return tables in the additive model's form: line and shape of each feature, pure interactions, means over X."""
    rng = np.random.default_rng(seed)
    terms = []
    for name in NAMES:
        edges = np.unique(np.nanquantile(X[name], np.arange(1, CONFIG["bins"]) / CONFIG["bins"]).astype(np.float64))
        term = ShapeTerm(
            feature=name,
            edges=tuple(edges),
            values=tuple(rng.normal(0, 0.2, len(edges) + 1)),
            slope=float(rng.normal(0, 0.3)),
            low=-2.0,
            high=2.0,
            missing=0.1,
            mean=0.0,
            n=None,
            n_missing=None,
        )
        terms.append(ShapeTerm(**{**vars(term), "mean": float(term.log_odds(X[name]).mean())}))
    interactions = []
    for first, second in [(terms[2 * k], terms[2 * k + 1]) for k in range(CONFIG["pairs"])]:
        edges = (first.edges[5::6], second.edges[5::6])
        raw = rng.normal(0, 0.1, (len(edges[0]) + 2, len(edges[1]) + 2))
        bins = []
        for term, axis in zip((first, second), edges, strict=True):
            x = X[term.feature].to_numpy(dtype=np.float64)
            bins.append(np.where(np.isnan(x), len(axis) + 1, np.searchsorted(axis, x, side="right")))
        counts = (np.bincount(b, minlength=size) for b, size in zip(bins, raw.shape, strict=True))
        pure = purify(raw, *counts)[0]
        interactions.append(
            InteractionTerm(
                features=(first.feature, second.feature),
                edges=edges,
                values=tuple(map(tuple, pure)),
                mean=float(pure[bins[0], bins[1]].mean()),
            )
        )
    return RiskTables(-2.0, tuple(terms), len(X), "synthetic", tuple(interactions))


def to_tables(booster: lgb.Booster, background: pd.DataFrame) -> RiskTables:
    """Return a LightGBM of stumps as tables: the same function, its means over the same background."""
    at: dict[str, list[tuple[float, float, float]]] = {name: [] for name in NAMES}
    missing = dict.fromkeys(NAMES, 0.0)
    intercept = 0.0
    for tree in booster.dump_model()["tree_info"]:
        root = tree["tree_structure"]
        if "leaf_value" in root:
            intercept += root["leaf_value"]
            continue
        name, left, right = (
            NAMES[root["split_feature"]],
            *(root[f"{side}_child"]["leaf_value"] for side in ("left", "right")),
        )
        # LightGBM goes left up to and at the threshold, a bin of ours begins at its edge
        at[name].append((float(np.nextafter(root["threshold"], np.inf)), left, right))
        missing[name] += left if root["default_left"] else right
    terms = []
    for name in NAMES:
        edges = sorted({edge for edge, _, _ in at[name]})
        values = [
            sum(right if start >= edge else left for edge, left, right in at[name]) for start in (-np.inf, *edges)
        ]
        term = ShapeTerm(
            feature=name, edges=edges, values=values, slope=0, low=0, high=0, missing=missing[name], mean=0, n=None,
            n_missing=None,
        )  # fmt: skip
        terms.append(ShapeTerm(**{**vars(term), "mean": float(term.log_odds(background[name]).mean())}))
    return RiskTables(intercept, tuple(terms), len(background), "stumps")


def seconds(call: Callable[[], Any]) -> tuple[float, float]:
    """Return how long a call took on the wall, and of all cores' time."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def beside(peer: Callable[[], Any], n_peer: int, ours: Callable[[], Any], n: int, repeats: int) -> dict[str, float]:
    """Time a peer and the tables in turn and return the medians, in children a second, and the ratio."""
    taken = [(*seconds(peer), *seconds(ours)) for _ in range(repeats)]
    peer_wall, peer_cpu, wall, cpu = (median(column) for column in zip(*taken, strict=True))
    return {
        "peer": n_peer / peer_wall,
        "tables": n / wall,
        "ratio": (n / wall) / (n_peer / peer_wall),
        "lowest_ratio": min((n / w) / (n_peer / p) for p, _, w, _ in taken),
        "peer_a_second_of_cpu": n_peer / peer_cpu,
        "tables_a_second_of_cpu": n / cpu,
        "ratio_of_cpu": (n / cpu) / (n_peer / peer_cpu),
    }


def main() -> None:
    """Run every comparison and print the result as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2, help="of each peer and of the tables")
    parser.add_argument("--children", type=int, default=CONFIG["children"])
    parser.add_argument("--repeats", type=int, default=CONFIG["repeats"])
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    threads, repeats, n = arguments.threads, arguments.repeats, arguments.children
    X_train = synthetic_children(CONFIG["training_children"], CONFIG["seed"])
    y = outcome(X_train, CONFIG["seed"])
    X = synthetic_children(n, CONFIG["seed"] + 1)
    tables = synthetic_tables(X_train, CONFIG["seed"])
    out = np.empty((n, len(NAMES)), order="F")
    result: dict[str, Any] = {"threads": threads, "children": n, "repeats": repeats}

    text = tables.to_json()
    few = X[:400].copy()
    result["400_children_loaded_scored_explained_seconds"] = median(
        seconds(lambda: RiskTables.from_json(text).contributions(few))[0] for _ in range(repeats)
    )
    result["first_call_seconds"] = seconds(lambda: tables.contributions(X, out=out, threads=threads))[0]

    def explain() -> None:
        tables.contributions(X, out=out, threads=threads)

    def in_batches() -> None:
        for _ in tables.explain_in_batches(X, threads=threads):
            pass

    model = lgb.LGBMClassifier(**CONFIG["lightgbm"], verbose=-1, n_jobs=threads).fit(X_train, y)
    rows = CONFIG["peer_children"]["lightgbm"]
    few = X[:rows].copy()
    contrib = lambda: model.booster_.predict(few, pred_contrib=True, num_threads=threads)  # noqa: E731
    result["lightgbm"] = beside(contrib, rows, explain, n, repeats)
    result["lightgbm_against_batches"] = beside(contrib, rows, in_batches, n, repeats)

    result["treeshap"] = against_treeshap(X_train, y, X, out, threads, repeats)
    result["ebm"] = against_ebm(X_train, y, X, explain, threads, repeats)
    result["met"] = {
        peer: bool(result[peer] is not None and result[peer]["ratio"] >= target)
        for peer, target in CONFIG["targets"].items()
    }
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def against_treeshap(
    X_train: pd.DataFrame, y: np.ndarray, X: pd.DataFrame, out: np.ndarray, threads: int, repeats: int
) -> dict[str, float]:
    """Compare with shap.TreeExplainer on stumps, and show that with its background the tables give its values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap
    stumps = lgb.LGBMClassifier(**CONFIG["additive_lightgbm"], verbose=-1, n_jobs=threads).fit(X_train, y).booster_
    background = X_train[: CONFIG["background"]].astype(np.float64)
    rows = CONFIG["peer_children"]["treeshap"]
    few = X[:rows].astype(np.float64)
    explainer = shap.TreeExplainer(stumps, background, feature_perturbation="interventional")
    tables = to_tables(stumps, background)
    values = np.asarray(explainer.shap_values(few, check_additivity=False))
    gap = float(np.abs(values - tables.contributions(few)).max())
    found = beside(
        lambda: explainer.shap_values(few, check_additivity=False),
        rows,
        lambda: tables.contributions(X, out=out, threads=threads),
        len(X),
        repeats,
    )
    return {
        "largest_difference_of_a_value": gap,
        "largest_difference_of_a_score": float(np.abs(tables.score(few) - stumps.predict(few, raw_score=True)).max()),
        "largest_value": float(np.abs(values).max()),
        **found,
    }


def against_ebm(
    X_train: pd.DataFrame, y: np.ndarray, X: pd.DataFrame, explain: Callable[[], None], threads: int, repeats: int
) -> dict[str, float] | None:
    """Compare with the terms of an EBM with as many pairs, where interpret-core is installed."""
    try:
        from interpret.glassbox import ExplainableBoostingClassifier
    except ImportError:
        return None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Missing values detected")  # its pictures do not show them
        model = ExplainableBoostingClassifier(**CONFIG["ebm"], n_jobs=1, random_state=0).fit(X_train, y)
    rows = CONFIG["peer_children"]["ebm"]
    few = X[:rows].to_numpy(dtype=np.float64, copy=True)
    found = beside(lambda: model.eval_terms(few), rows, explain, len(X), repeats)
    return {"terms": len(model.term_features_), **found}


if __name__ == "__main__":
    main()
