"""How fast is a model as a query in DuckDB, beside the library's batches, and how large is it? See README.md."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import yaml

from send_screen import RiskTables, load_model
from send_screen.score_code import DIALECTS, Provenance, render_query, render_self_test, render_workbook

HERE = Path(__file__).parent
CONFIG = yaml.safe_load((HERE / "config.yaml").read_text(encoding="utf-8"))
PROVENANCE = Provenance(
    title="A synthetic model",
    version="0" * 16,
    manifest_sha256="0" * 64,
    review_date=CONFIG["review_date"],
    owner="nobody",
    population="synthetic children",
    notice="It is a prompt to look. It is not a diagnosis, and it decides nothing.",
)
Task = Callable[[], Any]


def neighbour(name: str) -> ModuleType:
    """Return the benchmark of that name, whose children and models are taken."""
    spec = importlib.util.spec_from_file_location(name, HERE.parent / name / "run.py")
    if spec is None or spec.loader is None:
        sys.exit(f"{name} is not beside this benchmark")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def seconds(task: Task) -> float:
    """Return the processor time that a task takes, of all threads: DuckDB runs in this process."""
    start = time.process_time()
    task()
    return time.process_time() - start


def top_reasons(tables: RiskTables, n: int) -> str:
    """Return a query of the n largest contributions of each child, with their features, from a table ``scored``."""
    pairs = ", ".join(f"{{'log_odds': \"contribution.{name}\", 'feature': '{name}'}}" for name in tables.features)
    return f"SELECT child, list_reverse_sort([{pairs}])[1:{n}] AS reasons FROM scored"


def main() -> None:
    """Run the query and the library in turn, compare every number, and print the sizes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--children", type=int, default=CONFIG["children"])
    parser.add_argument("--repeats", type=int, default=CONFIG["repeats"])
    parser.add_argument("--model", action="append", default=[], help="a folder of an exported version, for its size")
    parser.add_argument("--out", type=Path, default=None)
    arguments = parser.parse_args()
    speed = neighbour("explain_speed")
    X_train = speed.synthetic_children(20_000, 0)
    tables, X = speed.synthetic_tables(X_train, 0), speed.synthetic_children(arguments.children, 1)
    result = {"threads": arguments.threads, "children": arguments.children, "repeats": arguments.repeats}
    result |= timed(tables, X, arguments.threads, arguments.repeats)
    result["synthetic_model"] = sizes(tables, PROVENANCE)
    result["models"] = {Path(folder).name: sizes_of_version(folder) for folder in arguments.model}
    print(json.dumps(result, indent=1))
    if arguments.out:
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def timed(tables: RiskTables, X: pd.DataFrame, threads: int, repeats: int) -> dict[str, Any]:
    """Return processor time of the query and of the library, in turn, and how many numbers differ."""
    connection = duckdb.connect(config={"threads": threads})
    given = X.assign(child=np.arange(len(X)), in_population=1)  # noqa: F841  # DuckDB finds it by its name
    connection.execute("CREATE TABLE children AS SELECT * FROM given")
    query = render_query(tables, PROVENANCE, "duckdb").rstrip().removesuffix(";")
    numbers = ", ".join(f'"contribution.{name}"' for name in tables.features)
    score, contributions = np.empty(len(X)), np.empty((len(tables.features), len(X)))

    def library() -> None:
        for batch in tables.explain_in_batches(X, threads=threads):
            score[batch.children], contributions[:, batch.children] = batch.score, batch.contributions.T

    def library_from_the_database() -> None:
        fetched = connection.execute("SELECT * EXCLUDE (child, in_population) FROM children").df()
        for batch in tables.explain_in_batches(fetched, threads=threads):
            score[batch.children], contributions[:, batch.children] = batch.score, batch.contributions.T
        columns = {f"contribution.{name}": each for name, each in zip(tables.features, contributions, strict=True)}
        written = pd.DataFrame({"score": score, **columns}, copy=False)  # noqa: F841  # DuckDB finds it by its name
        connection.execute("CREATE OR REPLACE TABLE written AS SELECT * FROM written")

    tasks: dict[str, Task] = {
        "query": lambda: connection.execute(f"CREATE OR REPLACE TABLE scored AS {query}"),
        "query_without_states": lambda: connection.execute(
            f"CREATE OR REPLACE TABLE numbers AS SELECT child, status, score, {numbers} FROM ({query})"
        ),
        "top_reasons": lambda: connection.execute(
            f"CREATE OR REPLACE TABLE reasons AS {top_reasons(tables, CONFIG['top'])}"
        ),
        "library": library,
        "library_from_and_into_the_database": library_from_the_database,
    }
    for task in tasks.values():
        task()
    rounds = [{name: seconds(task) for name, task in tasks.items()} for _ in range(repeats)]
    found = {name: median(each[name] for each in rounds) for name in tasks}
    differ = int(np.sum(connection.execute("SELECT score FROM scored ORDER BY child").fetchnumpy()["score"] != score))
    for name, expected in zip(tables.features, contributions, strict=True):
        column = connection.execute(f'SELECT "contribution.{name}" AS c FROM scored ORDER BY child').fetchnumpy()["c"]
        differ += int(np.sum(column != expected))
    connection.execute("DROP TABLE written")
    return {
        "processor_seconds": found,
        "query_over_library": [each["query"] / each["library"] for each in rounds],
        "query_over_library_from_and_into_the_database": [
            each["query"] / each["library_from_and_into_the_database"] for each in rounds
        ],
        "numbers_compared": len(X) * (1 + len(tables.features)),
        "numbers_that_differ": differ,
    }


def sizes(tables: RiskTables, provenance: Provenance) -> dict[str, Any]:
    """Return the bytes of the query and the self-test in each dialect, and of the model file."""
    return {
        "features": len(tables.features),
        "interactions": len(tables.interactions),
        "tables_json": len(tables.to_json()),
        "query": {name: len(render_query(tables, provenance, name).encode()) for name in DIALECTS},
        "self_test": {name: len(render_self_test(tables, provenance, name).encode()) for name in DIALECTS},
    }


def sizes_of_version(folder: str) -> dict[str, Any]:
    """Return the sizes of an exported version, with its workbook's."""
    bundle = load_model(folder)
    (workbook,) = render_workbook(bundle, allow_synthetic_model=True).values()
    found = sizes(bundle.tables, Provenance.of(bundle, allow_synthetic_model=True))
    return {**found, "workbook": len(workbook)}


if __name__ == "__main__":
    main()
