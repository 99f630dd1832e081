"""Exact linking of a million children with five agencies, beside DuckDB's join and pandas' merge. See README.md."""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml

from send_screen.linkage import link_records

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
SYSTEMS = ("send_screen", "send_screen, all rounds", "DuckDB", "pandas")


def nhs_numbers(n: int) -> np.ndarray:
    """Return NHS numbers of the test range 999; None for children beyond those that it has room for."""
    digits = np.array([list(f"999{number:06d}") for number in range(1_000_000)], dtype=np.int64)
    check = (11 - digits @ np.arange(10, 1, -1) % 11) % 11
    valid = np.flatnonzero(check < 10)
    numbers = np.array([f"999{number:06d}{check[number]}" for number in valid[:n]], dtype=object)
    return np.concatenate([numbers, np.full(max(0, n - len(numbers)), None, dtype=object)])


def tables() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Return the children, and each agency's rows: of these children in another order, and of others."""
    rng = np.random.default_rng(CONFIG["seed"])
    n = CONFIG["children"]
    upns = np.array([f"A000{number:09d}" for number in range(2 * n)], dtype=object)
    numbers = nhs_numbers(n)
    agencies = {}
    for agency in range(CONFIG["agencies"]):
        child = np.where(rng.random(n) < CONFIG["ours"], rng.permutation(n), n + np.arange(n))
        upn = np.where(rng.random(n) < CONFIG["with_upn"], upns[child], np.array(None, dtype=object))
        known = (child < n) & (rng.random(n) < CONFIG["with_nhs"])
        nhs = np.where(known, numbers[child % n], np.array(None, dtype=object))
        agencies[f"agency_{agency}/records"] = pd.DataFrame(
            {"UPN": upn, "NHSNumber": nhs, "PersonID": np.arange(n).astype(str).astype(object)}
        )
    return pd.DataFrame({"UPN": upns[:n]}), agencies


def ours(children: pd.DataFrame, agencies: dict[str, pd.DataFrame], *, rounds: bool) -> int:
    """Link with this library: by UPN alone, or in all rounds."""
    given = agencies if rounds else {name: table[["UPN", "PersonID"]] for name, table in agencies.items()}
    return len(link_records(children, given).links)


def duckdb_join(children: pd.DataFrame, agencies: dict[str, pd.DataFrame]) -> int:
    """Join by UPN in DuckDB, on two threads as by default here; the pairs come back as a frame."""
    connection = duckdb.connect(":memory:")
    connection.register("children", children)
    found = 0
    for table in agencies.values():
        connection.register("agency", table)
        found += len(connection.sql("SELECT c.UPN, a.PersonID FROM agency a JOIN children c ON a.UPN = c.UPN").df())
    return found


def pandas_merge(children: pd.DataFrame, agencies: dict[str, pd.DataFrame]) -> int:
    """Join by UPN in pandas."""
    return sum(len(table[["UPN", "PersonID"]].dropna().merge(children, on="UPN")) for table in agencies.values())


def measure(system: str) -> dict[str, float]:
    """Return the seconds, the peak memory and the number of links of a system, in this process."""
    children, agencies = tables()
    run: dict[str, Callable[[], int]] = {
        "send_screen": lambda: ours(children, agencies, rounds=False),
        "send_screen, all rounds": lambda: ours(children, agencies, rounds=True),
        "DuckDB": lambda: duckdb_join(children, agencies),
        "pandas": lambda: pandas_merge(children, agencies),
    }
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, start_processor = time.perf_counter(), time.process_time()
    links = run[system]()
    seconds, processor = time.perf_counter() - start, time.process_time() - start_processor
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "seconds": seconds,
        "processor_seconds": processor,
        "peak_mb": after / 1024,
        "data_mb": before / 1024,
        "links": links,
    }


def main() -> None:
    """Measure each system in a process of its own, in turns, and write medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--system", choices=SYSTEMS)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.system:
        print(json.dumps(measure(arguments.system)))
        return
    found: dict[str, list[dict[str, float]]] = {system: [] for system in SYSTEMS}
    for _ in range(CONFIG["repeats"]):
        for system, runs in found.items():
            done = subprocess.run(
                [sys.executable, __file__, "--system", system], capture_output=True, text=True, check=True
            )
            runs.append(json.loads(done.stdout))
    result = {
        system: {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        for system, runs in found.items()
    }
    for system in SYSTEMS[2:]:
        of_ours = result["send_screen"]["processor_seconds"]
        result[system]["ours_over_it"] = of_ours / result[system]["processor_seconds"]
    text = json.dumps({"config": CONFIG, "result": result}, indent=1)
    if arguments.out:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
