"""Screen tables of growing size in batches, beside the table read at once and LightGBM with shap. See README.md."""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from make_children import base_children, write_children

from send_screen.batches import raise_on_whole_table, screen_pieces, select_in_pieces, working_folder
from send_screen.cohorts import load_cohort
from send_screen.governance import Bundle, open_bundle
from send_screen.screening import Capacity, result_for_role, select_children

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))


def in_batches(bundle: Bundle, data: Path) -> dict[str, float]:
    """Check, score, select and give reasons, in batches."""
    work = data.with_suffix(".work")
    with working_folder(work):
        started = time.perf_counter()
        screened = screen_pieces(bundle, data, work, processes=CONFIG["processes"])
        raise_on_whole_table(screened)
        scored = time.perf_counter() - started
        selection = select_in_pieces(screened, capacity=Capacity.parse(CONFIG["capacity"]), per_school=False)
        result = result_for_role(selection, file=data.name)
        assert result.n_rows == screened.facts.n_rows
    shutil.rmtree(work)
    return {"rows": result.n_rows, "listed": len(result.listed), "seconds_to_scores": scored}


def at_once(bundle: Bundle, data: Path) -> dict[str, float]:
    """Do the same with the table in memory."""
    cohort = load_cohort(bundle.spec, data, training=False, contracts=bundle.contracts)
    selection = select_children(bundle, cohort, capacity=Capacity.parse(CONFIG["capacity"]))
    result = result_for_role(selection, file=data.name)
    return {"rows": result.n_rows, "listed": len(result.listed)}


def lightgbm_with_shap(bundle: Bundle, data: Path) -> dict[str, float]:
    """Score and explain with LightGBM (300 trees of 31 leaves) and shap; checking and reading are not counted."""
    import lightgbm as lgb
    import numpy as np
    import shap

    cohort = load_cohort(bundle.spec, data, training=False, contracts=bundle.contracts)
    X = cohort.X.astype("float64")
    y = np.random.default_rng(CONFIG["seed"]).integers(0, 2, len(X))
    model = lgb.LGBMClassifier(n_estimators=300, num_leaves=31, n_jobs=1, verbose=-1).fit(X, y)
    started = time.perf_counter()
    shap.TreeExplainer(model).shap_values(X)
    return {"rows": len(X), "seconds_of_shap": time.perf_counter() - started}


SYSTEMS = {"in batches": in_batches, "at once": at_once, "LightGBM and shap": lightgbm_with_shap}


def measure(system: str, model: Path, data: Path) -> dict[str, float]:
    """Return wall clock, processor seconds of this process and its children, and the highest memory of one of them."""
    bundle = open_bundle(model)
    started = time.perf_counter()
    found = SYSTEMS[system](bundle, data)
    seconds = time.perf_counter() - started
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        **found,
        "seconds": seconds,
        "processor_seconds": sum(one.ru_utime + one.ru_stime for one in used),
        "peak_mb": max(one.ru_maxrss for one in used) / 1000,
    }


def main() -> None:
    """Write the files, measure each system in a process of its own, and write what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="An exported version of reception_sen.")
    parser.add_argument("--out", type=Path, default=HERE / "result.json")
    parser.add_argument("--sizes", type=int, nargs="*", default=CONFIG["sizes"])
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        system, data = arguments.measure
        print(json.dumps(measure(system, arguments.model, Path(data))))
        return
    base = base_children(CONFIG["base"], CONFIG["seed"])
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for n in arguments.sizes:
            data = Path(folder) / f"{n}.parquet"
            write_children(data, n, base=base, per_school=CONFIG["children_per_school"], row_group=CONFIG["row_group"])
            for system in SYSTEMS if n <= CONFIG["peers"] else ["in batches"]:
                command = [sys.executable, __file__, "--model", str(arguments.model), "--measure", system, str(data)]
                done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ})
                results[f"{system}, {n:,}"] = json.loads(done.stdout)
                print(f"{system}, {n:,}: {done.stdout.strip()}", flush=True)
            data.unlink()
    arguments.out.write_text(json.dumps({"config": CONFIG, "results": results}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
