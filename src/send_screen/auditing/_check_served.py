"""Checks of copies: the pages of the run, and the model that MLflow serves."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from send_screen.auditing._audited_version import AuditedVersion
from send_screen.auditing._check_files import NO_FILE, NOT_A_VERSION_FILE
from send_screen.auditing._checks import Addition, CheckResult, audit_check, check_result
from send_screen.auditing._compare import Mismatch, diff_documents, mismatches
from send_screen.documents import load_yaml
from send_screen.errors import TablesError
from send_screen.governance import SIGNATURE, files_sha256, sha256_of
from send_screen.reports import render_plots
from send_screen.serving import PREDICTION_COLUMNS, request_columns, served_code
from send_screen.tracking import PAGES, REGISTERED_META, WATERFALL, RegistrySnapshot

_INSIDE = "artifacts/bundle/"
_MODEL_FILES = (
    "MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "served.py", "input_example.json",
    "serving_input_example.json",
)  # fmt: skip
#: Pattern of python_env.yaml, as JSON with sorted keys: build tools, and requirements.txt beside it.
_PYTHON_ENV = (
    r'\{"build_dependencies": \[(?:"(?:pip|setuptools|wheel)(?:[<=]=[\w.]+)?"(?:, )?)*\], '
    r'"dependencies": \["-r requirements.txt"\], "python": "[\w.]+"\}'
)
#: Keys of MLmodel that determine what is executed and whose model it is: the same in every release.
_EXECUTED_KEYS = re.compile(
    r"MLmodel: \$\.(?:run_id|model_id|model_uuid|flavors\.(?!python_function\.)|flavors\.python_function\."
    r"(?:artifacts|code|loader_module|model_code_path|python_model|data|config))"
)


@audit_check("All copies of the files are alike")
def check_copies(audited: AuditedVersion) -> CheckResult:
    snapshot = audited.require_snapshot()
    run, model, bundle = snapshot.run_files, snapshot.model_files, dict(audited.files)
    strays = [name for name in snapshot.irregular_files if not name.startswith("bundle/")]
    differences = [Mismatch(name, NOT_A_VERSION_FILE, "nothing") for name in strays]
    copies = {name: (run.get(name), bundle.get(name)) for name in PAGES}
    bundle.pop(SIGNATURE, None)  # the signature covers the served model, which therefore has no copy of it
    for name in sorted({*bundle, *(name.removeprefix(_INSIDE) for name in model if name.startswith(_INSIDE))}):
        copies[f"model: {_INSIDE}{name}"] = (model.get(f"{_INSIDE}{name}"), bundle.get(name))
    differences += mismatches(
        {
            name: (_hash(copy), f"{_hash(original)}, as in the version's folder")
            for name, (copy, original) in copies.items()
            if copy != original
        }
    )
    plots = render_plots(audited.require_report()) if audited.bundle else run
    known = {*PAGES, WATERFALL, *plots, *(["decisions.md"] if snapshot.registered else [])}
    unknown = [name for name in run if not name.startswith("bundle/") and name not in known]
    unknown += [f"model: {name}" for name in model if not name.startswith(_INSIDE) and name not in _MODEL_FILES]
    differences += [Mismatch(name, "a file", "no version has it") for name in unknown]
    additions = []
    if snapshot.registered_meta is not None:
        requested = _requested_as(snapshot)
        if requested:
            additions.append(Addition(f"{REGISTERED_META}, beside the served model", f"asked for as {requested}"))
        else:
            differences.append(
                Mismatch(f"model: {REGISTERED_META}", "a file", "what MLflow writes of a model it serves")
            )
    summary = f"{len(run)} files of the run and {len(model)} of the served model; where one is a copy, it is the same."
    failure = "A copy is another than the version's file, or a file is no version's."
    return check_result(differences, summary, failure=failure, additions=additions)


def _requested_as(snapshot: RegistrySnapshot) -> str | None:
    """Return the URI by which MLflow last fetched the served model; None where its file holds anything else.

    MLflow writes this file into the folder of the model itself where the MLflow store is on the same machine.
    """
    note = load_yaml(snapshot.registered_meta or b"", file=REGISTERED_META, error=TablesError)
    if not isinstance(note, dict) or set(note) != {"model_name", "model_version"}:
        return None
    return f"models:/{note['model_name']}/{note['model_version']}"


def _hash(content: bytes | None) -> str:
    return NO_FILE if content is None else sha256_of(content)


@audit_check("MLflow serves this model, and runs no other code")
def check_served(audited: AuditedVersion) -> CheckResult:
    snapshot, metadata = audited.require_snapshot(), audited.require_report().version
    files = snapshot.model_files
    if differences := audited.hash_mismatches("model_sha256", files_sha256(files), "the model's files"):
        return check_result(differences, "", failure="The served model's files are not those that were registered.")
    mlmodel = diff_documents(_yaml(snapshot, "MLmodel"), _mlmodel(audited), "MLmodel: $").differences
    if never := [difference for difference in mlmodel if _EXECUTED_KEYS.match(difference.where)]:
        failure = "MLflow would run or fetch something else, which no other release has done."
        return check_result(never, "", failure=failure)
    if files["served.py"].replace(b"\r\n", b"\n") != served_code():
        differences.append(Mismatch("served.py", "other code", "this library's serving/served.py"))
    differences += mlmodel
    requirements = sorted(
        [f"send-screen=={metadata.release.partition('+')[0]}", f"mlflow=={metadata.packages['mlflow']}"]
    )
    lines = sorted(set(files["requirements.txt"].decode("utf-8").split()))
    differences += mismatches({"requirements.txt": (", ".join(lines), ", ".join(requirements))})
    for name, pattern in (("conda.yaml", _conda(requirements)), ("python_env.yaml", _PYTHON_ENV)):
        stated = json.dumps(_yaml(snapshot, name), sort_keys=True)
        if not re.fullmatch(pattern, stated):
            differences.append(Mismatch(name, stated, f"what MLflow writes for {', '.join(requirements)}"))
    summary = "It runs this library's own file over a verified folder; no pickle, no other code, the spec's columns."
    return check_result(differences, summary, inconclusive_reason=audited.inconclusive_pages)


def _conda(requirements: list[str]) -> str:
    """Return the pattern of conda.yaml, as JSON with sorted keys: Python, pip and the requirements."""
    pip = "|".join(re.escape(json.dumps(list(each))) for each in itertools.permutations(requirements))
    return (
        r'\{"channels": \["conda-forge"\], "dependencies": \["python=[\w.]+", "pip[<=]=[\w.]+", \{"pip": (?:'
        + pip
        + r')\}\], "name": "mlflow-env"\}'
    )


def _yaml(snapshot: RegistrySnapshot, name: str) -> Any:
    return load_yaml(snapshot.model_files[name], file=name, error=TablesError)


def _mlmodel(audited: AuditedVersion) -> dict[str, Any]:
    """Return the MLmodel that training writes, with the claimed path, time and Python version."""
    snapshot, bundle = audited.require_snapshot(), audited.require_bundle()
    stated = _yaml(snapshot, "MLmodel")
    flavor = stated["flavors"]["python_function"]
    inputs = [
        {"type": kind, "name": name, "required": False}
        for name, kind in request_columns(bundle.spec, bundle.contracts).items()
    ]
    outputs = [{"type": kind, "name": name, "required": True} for name, kind in PREDICTION_COLUMNS.items()]
    role = {"name": "role", "type": "string", "default": None, "shape": None}
    lists = {"inputs": inputs, "outputs": outputs, "params": [role]}
    return {
        **{name: str(stated[name]) for name in ("artifact_path", "utc_time_created")},
        "model_size_bytes": int(stated["model_size_bytes"]),
        "flavors": {
            "python_function": {
                **{name: str(flavor[name]) for name in ("cloudpickle_version", "python_version")},
                "artifacts": {"bundle": {"path": "artifacts/bundle", "uri": "bundle"}},
                "code": None,
                "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
                "loader_module": "mlflow.pyfunc.loaders.code_model",
                "model_code_path": "served.py",
                "streamable": False,
            }
        },
        "is_signature_from_type_hint": False,
        "mlflow_version": bundle.published.version.packages["mlflow"],
        "model_id": snapshot.model_id,
        "model_uuid": snapshot.model_id,
        "prompts": None,
        "run_id": snapshot.version.run_id,
        "saved_input_example_info": {
            "artifact_path": "input_example.json",
            "pandas_orient": "split",
            "serving_input_path": "serving_input_example.json",
            "type": "dataframe",
        },
        # JSON inside a string: the claimed string is taken where it has the same content
        "signature": {
            name: stated["signature"][name] if json.loads(stated["signature"][name]) == found else json.dumps(found)
            for name, found in lists.items()
        },
        "type_hint_from_example": False,
    }
