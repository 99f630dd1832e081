"""Read, check and link a million children's files of five agencies, beside pandas reading them. See README.md."""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

from send_screen import load_cohort, load_spec
from send_screen.contracts import check_table, load_contract, shipped
from send_screen.readers import read_table
from send_screen.simulation import simulate_agencies, simulate_england

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
SYSTEMS = ("pandas.read_csv", "read", "read and check", "read, check and link")
PROBABILISTIC, EXACT = "linkage: {probabilistic: true, match: 0.95, clerical: 0.5}", "linkage: {}"


def write_files(folder: Path) -> None:
    """Write the census, the profile, and the records of health, early years and social care as CSV files."""
    england = simulate_england(CONFIG["children"], CONFIG["schools"], CONFIG["seed"])
    agencies = simulate_agencies(england)
    tables = {"education/pupil_census": agencies.pupil_census, "education/eyfsp": england.eyfsp, **agencies.tables}
    for contract, table in tables.items():
        table.to_csv(folder / f"{contract.replace('/', '.')}.csv", index=False)


def measure(system: str, folder: Path, spec: Path) -> dict[str, float]:
    """Return seconds of wall clock and processor, peak memory in MB, and rows, of a system in this process."""
    files = {path.stem.replace(".", "/"): path for path in sorted(folder.glob("*.csv"))}
    load_spec(spec)  # contracts are read once, and not measured
    started, processor = time.perf_counter(), time.process_time()
    rows = 0
    if system == "read, check and link":
        cohort = load_cohort(load_spec(spec), folder, training=False)
        rows = len(cohort) + len(cohort.excluded)
    for contract, path in files.items() if system != "read, check and link" else ():
        if system == "pandas.read_csv":
            rows += len(pd.read_csv(path, dtype=str))
            continue
        reading = read_table(path)
        rows += len(reading.frame)
        if system == "read and check":
            check_table(load_contract(contract), reading.frame, file=path.name)
    return {
        "seconds": time.perf_counter() - started,
        "processor_seconds": time.process_time() - processor,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        "rows": rows,
    }


def main() -> None:
    """Run every system in a process of its own, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--write", type=Path, metavar="FOLDER")
    parser.add_argument("--measure", nargs=3, metavar=("SYSTEM", "FOLDER", "SPEC"))
    arguments = parser.parse_args()
    if arguments.write:
        write_files(arguments.write)
        return
    if arguments.measure:
        system, folder, spec = arguments.measure
        print(json.dumps(measure(system, Path(folder), Path(spec))))
        return
    results = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "files"
        folder.mkdir()
        # in a process of its own: those that are measured begin with the memory of this one
        subprocess.run([sys.executable, __file__, "--write", str(folder)], check=True)
        spec = Path(temporary) / "spec.yaml"
        text = (shipped("models") / "reception_sen_agencies" / "spec.yaml").read_text("utf-8")
        spec.write_text(text.replace(PROBABILISTIC, EXACT), "utf-8")
        size = sum(path.stat().st_size for path in folder.glob("*.csv")) / 1e6
        for system in SYSTEMS:
            command = [sys.executable, __file__, "--measure", system, str(folder), str(spec)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            results[system] = json.loads(done.stdout.splitlines()[-1])
            print(system, results[system], flush=True)
    found = {"config": CONFIG, "files_mb": size, "results": results}
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
