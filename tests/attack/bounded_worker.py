"""Runs calls for a test, each in a process of its own that is measured: reads a call a line, writes what came of it.

The parent process has everything imported, so that a call costs its own time and memory alone.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from pathlib import Path

#: Calls that take a path, and how its name ends.
CALLS = {
    "read_table": ".csv",
    "cohort": ".parquet",
    "load_spec": ".yaml",
    "load_contract": ".yaml",
    "load_model": "",
    "load_tables": ".json",
    "read_ledger": ".db",
    "append": ".db",
    "published": ".json",
    "public_key": ".pem",
    "private_key": ".pem",
    "ledger_key": ".key",
}


def _cohort(path: Path) -> object:
    from send_screen.cohorts import load_cohort
    from send_screen.contracts import shipped
    from send_screen.specs import load_spec

    return load_cohort(load_spec(shipped("models") / "reception_sen" / "spec.yaml"), path, training=False)


def _check(path: Path) -> object:
    from send_screen.workflows import check

    return str(check("outcomes/sen_status", path))


def _request(path: Path) -> object:
    from send_screen.serving._requests import read_request

    return read_request(path.read_bytes(), "application/json" if path.suffix == ".json" else "text/csv")


def _pattern(path: Path) -> object:
    import pandas as pd

    from send_screen.contracts import check_table, load_contract

    contract = load_contract(path)
    frame = pd.DataFrame({name: ["a" * 40 + str(i) for i in range(3)] for name in contract.columns})
    return check_table(contract, frame, file="a.csv")


def _published(path: Path) -> object:
    from send_screen.workflows import compare

    return compare(path, path)


def _calls() -> dict[str, object]:
    from send_screen import load_model, load_spec
    from send_screen.contracts import load_contract
    from send_screen.governance import LedgerLocation, open_for_append, read_ledger, read_private_key, read_public_key
    from send_screen.governance.ledger._key import LedgerKey
    from send_screen.readers import read_table
    from send_screen.tables import RiskTables

    return {
        "read_table": read_table,
        "cohort": _cohort,
        "check": _check,
        "load_spec": load_spec,
        "load_contract": load_contract,
        "load_model": load_model,
        "load_tables": RiskTables.load,
        "read_ledger": read_ledger,
        "append": lambda path: open_for_append(path).__enter__(),
        "public_key": read_public_key,
        "private_key": read_private_key,
        "ledger_key": lambda path: LedgerKey(LedgerLocation(path.with_suffix(".db")), may_create=True),
        "request": _request,
        "pattern": _pattern,
        "published": _published,
    }


def _run(call: object, path: str, seconds: int, address: int, answer: int) -> None:
    """Make a call in this process, which ends with it; say in one line how."""
    from send_screen.errors import SendScreenError

    signal.alarm(seconds)
    resource.setrlimit(resource.RLIMIT_AS, (address, address))
    try:
        call(Path(path))  # type: ignore[operator]
        said = ""
    except SendScreenError as error:
        said = f"{type(error).__name__}: {error}"
    except BaseException as error:
        said = f"not ours: {type(error).__name__}: {error}"
    os.write(answer, said[:4_000].encode("utf-8", "replace"))
    os._exit(0)


def main() -> None:
    calls = _calls()
    for line in sys.stdin:
        task = json.loads(line)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            _run(calls[task["call"]], task["path"], task["seconds"], task["address"], write)
        os.close(write)
        with os.fdopen(read, "rb") as stream:
            said = stream.read().decode()
        _, status, usage = os.wait4(child, 0)
        if status:
            said = f"not ours: ended by signal {os.WTERMSIG(status)}"
        found = {"said": said, "seconds": usage.ru_utime + usage.ru_stime, "megabytes": usage.ru_maxrss / 1024}
        print(json.dumps(found), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
