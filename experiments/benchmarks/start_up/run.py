"""How much processor time does starting take? See README.md."""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
EYFSP = HERE.parents[2] / "data_contracts" / "examples" / "valid" / "eyfsp.csv"


def processor_seconds(command: list[str], folder: str) -> float:
    """Return the user and system time of a process and its children, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def measure(case: dict[str, Any], runs: int, folder: str) -> dict[str, Any]:
    """Start a case once to warm the file cache and the byte code, then as often as asked."""
    command = [sys.executable, *(word.format(eyfsp=EYFSP) for word in case["arguments"])]
    processor_seconds(command, folder)
    seconds = [processor_seconds(command, folder) for _ in range(runs)]
    return {
        "median": round(statistics.median(seconds), 3),
        "fastest": round(min(seconds), 3),
        "slowest": round(max(seconds), 3),
        "allowed": case.get("allowed"),
    }


def main() -> None:
    """Measure every case, print a table, and say by the exit code whether each keeps its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=CONFIG["runs"])
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {name: measure(case, arguments.runs, folder) for name, case in CONFIG["cases"].items()}
    print(f"{'processor seconds':20}{'median':>9}{'fastest':>9}{'slowest':>9}{'allowed':>9}")
    for name, row in found.items():
        allowed = "-" if row["allowed"] is None else f"{row['allowed']:.2f}"
        print(f"{name:20}{row['median']:9.3f}{row['fastest']:9.3f}{row['slowest']:9.3f}{allowed:>9}")
    if arguments.out:
        about = {"python": platform.python_version(), "system": platform.platform(), "runs": arguments.runs}
        arguments.out.write_text(json.dumps({**about, "cases": found}, indent=1) + "\n", encoding="utf-8")
    sys.exit(any(row["allowed"] is not None and row["median"] > row["allowed"] for row in found.values()))


if __name__ == "__main__":
    main()
