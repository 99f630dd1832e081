"""Screen many schools in one run: processor time, memory, and the size of packs and ledger. See README.md."""

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

from send_screen import screen_schools
from send_screen.simulation import simulate_england

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))


def write_file(children: int, schools: int, path: Path) -> None:
    """Write census and profile of all schools as one file, of children who are in reception this year."""
    england = simulate_england(children, schools, CONFIG["seed"])
    rows = england.pupil_census.merge(england.eyfsp.drop(columns="AcademicYear"), on="UPN", how="left")
    first_year = rows["AcademicYear"].str[:4].astype(int)
    born = pd.to_datetime(rows["DOB"])
    later = CONFIG["academic_year"] - first_year
    rows["DOB"] = [
        (day + pd.DateOffset(years=years)).date().isoformat() for day, years in zip(born, later, strict=True)
    ]
    rows["AcademicYear"] = f"{CONFIG['academic_year']}/{(CONFIG['academic_year'] + 1) % 100}"
    rows.to_csv(path, index=False)


def measure(model: Path, folder: Path) -> dict[str, float]:
    """Return seconds of wall clock and processor, peak memory, and the megabytes of packs and ledger."""
    started, times = time.perf_counter(), []
    found = screen_schools(
        model,
        [folder / "schools.csv"],
        out=folder / "packs",
        capacity=CONFIG["capacity"],
        progress=lambda _: times.append(time.process_time()),
    )
    n = len(times) // 10
    return {
        "seconds": time.perf_counter() - started,
        "processor_seconds": time.process_time(),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        "packs_mb": sum(path.stat().st_size for path in found.out.rglob("*") if path.is_file()) / 1e6,
        "ledger_mb": (folder / "ledger.db").stat().st_size / 1e6,
        "rows": sum(school.n_rows for school in found.schools),
        "processor_seconds_a_school_first_tenth": (times[n] - times[1]) / (n - 1),
        "processor_seconds_a_school_last_tenth": (times[-1] - times[-n]) / (n - 1),
    }


def main() -> None:
    """Measure each size in a process of its own, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="an exported folder, as `send-screen demo` writes")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--write", nargs=3, metavar=("CHILDREN", "SCHOOLS", "FILE"))
    parser.add_argument("--measure", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    if arguments.write:
        children, schools, path = arguments.write
        write_file(int(children), int(schools), Path(path))
        return
    if arguments.measure:
        print(json.dumps(measure(arguments.model, arguments.measure)))
        return
    again = [sys.executable, __file__, "--model", str(arguments.model)]
    results = []
    for children, schools in CONFIG["sizes"]:
        with tempfile.TemporaryDirectory() as temporary:
            # in processes of their own: what is measured begins with little memory
            subprocess.run([*again, "--write", str(children), str(schools), f"{temporary}/schools.csv"], check=True)
            done = subprocess.run([*again, "--measure", temporary], check=True, capture_output=True, text=True)
        results.append({"children": children, "schools": schools, **json.loads(done.stdout.splitlines()[-1])})
        print(results[-1], flush=True)
    if arguments.out:
        arguments.out.write_text(json.dumps({"config": CONFIG, "results": results}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
