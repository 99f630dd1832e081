"""Where a version lies more than once: the run's own pages, and the model that MLflow serves."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

from send_screen.auditing._audited_version import AuditedVersion
from send_screen.auditing._results import CheckResult, Mismatch, check_result, diff_documents, truncate
from send_screen.documents import load_yaml
from send_screen.errors import TablesError
from send_screen.governance import SIGNATURE, files_sha256, sha256_of
from send_screen.reports import render_plots
from send_screen.serving import PREDICTION_COLUMNS, request_columns, served_code
from send_screen.tracking import RegistrySnapshot
from send_screen.workflows._log_version import PAGES, WATERFALL

_INSIDE = "artifacts/bundle/"
_ENVIRONMENT = ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt")
_MODEL = (*_ENVIRONMENT, "served.py", "input_example.json", "serving_input_example.json")
_NOTE = "decisions.md"
#: What python_env.yaml may say, as a pattern of its JSON with sorted keys: tools that build, and the file beside it.
_PYTHON_ENV = (
    r'\{"build_dependencies": \[(?:"(?:pip|setuptools|wheel)(?:[<=]=[\w.]+)?"(?:, )?)*\], '
    r'"dependencies": \["-r requirements.txt"\], "python": "[\w.]+"\}'
)
#: What MLmodel says of what is run and whose it is, the same in every release.
_RUN = re.compile(
    r"MLmodel: \$\.(?:run_id|model_id|model_uuid"
    r"|flavors\.(?!python_function\.)|flavors\.python_function\.(?:artifacts|code|loader_module|model_code_path|python_model|data|config))"
)


def check_copies(audited: AuditedVersion) -> CheckResult:
    """Compare the run's pages and the served model's folder with the version's, and look for strays."""
    snapshot = audited.require_snapshot()
    run, model = snapshot.run_files, snapshot.model_files
    strays = [name for name in snapshot.no_files if not name.startswith("bundle/")]
    differences = [Mismatch(name, "a link, or no file of a version's", "nothing") for name in strays]
    bundle = dict(audited.files)
    for name in PAGES:
        differences += _same(name, run.get(name), bundle.get(name))
    bundle.pop(SIGNATURE, None)  # it vouches for the served model, which so has no copy of it
    for name in sorted({*bundle, *(name.removeprefix(_INSIDE) for name in model if name.startswith(_INSIDE))}):
        differences += _same(f"model: {_INSIDE}{name}", model.get(f"{_INSIDE}{name}"), bundle.get(name))
    known = {
        *PAGES,
        WATERFALL,
        *([_NOTE] if snapshot.registered else []),
        *(render_plots(audited.require_report()) if audited.bundle else run),
    }
    unknown = [name for name in run if not name.startswith("bundle/") and name not in known]
    unknown += [f"model: {name}" for name in model if not name.startswith(_INSIDE) and name not in _MODEL]
    differences += [Mismatch(name, "a file", "no version has it") for name in unknown]
    words = f"{len(run)} files of the run and {len(model)} of the served model; where one is a copy, it is the same."
    return check_result(
        differences, words, made="A copy is another than the version's file, or a file is no version's."
    )


def _same(name: str, found: bytes | None, original: bytes | None) -> list[Mismatch]:
    if found == original:
        return []
    here, there = ("no such file" if each is None else sha256_of(each) for each in (found, original))
    return [Mismatch(name, here, f"{there}, as in the version's folder")]


def check_served(audited: AuditedVersion) -> CheckResult:
    """Look at what MLflow runs to serve the version: our one file, no pickle, and the spec's own columns."""
    snapshot = audited.require_snapshot()
    claimed = snapshot.run_tags.get("model_sha256", "no tag")
    found = files_sha256(snapshot.model_files)
    registered = snapshot.tags.get("model_sha256", "no tag")
    differences = [
        Mismatch(f"the model's files, as the {whose} has them", stated, found)
        for whose, stated in (("run", claimed), ("registered version", registered))
        if stated != found
    ]
    if differences:
        return check_result(differences, "", made="The served model's files are not those that were registered.")
    served = snapshot.model_files["served.py"]
    if served.replace(b"\r\n", b"\n") != served_code():
        differences.append(Mismatch("served.py", "other code", "this library's serving/served.py"))
    described = diff_documents(_yaml(snapshot, "MLmodel"), _mlmodel(audited), "MLmodel: $").differences
    never = [difference for difference in described if _RUN.match(difference.where)]
    if never:
        return check_result(
            never, "", made="MLflow would run or fetch something else, which no other release has done."
        )
    differences += described
    metadata = audited.require_claimed()
    number = f"send-screen=={metadata.release.partition('+')[0]}"
    needs = {number, f"mlflow=={metadata.packages['mlflow']}"}
    lines = set(snapshot.model_files["requirements.txt"].decode("utf-8").split())
    if lines != needs:
        differences.append(Mismatch("requirements.txt", truncate(", ".join(sorted(lines))), ", ".join(sorted(needs))))
    for name, wanted in (("conda.yaml", _conda(needs)), ("python_env.yaml", _PYTHON_ENV)):
        stated = json.dumps(_yaml(snapshot, name), sort_keys=True)
        if not re.fullmatch(wanted, stated):
            differences.append(Mismatch(name, truncate(stated), f"what MLflow writes for {', '.join(sorted(needs))}"))
    words = "It runs this library's own file over a verified folder; no pickle, no other code, the spec's columns."
    return check_result(differences, words, inconclusive_reason=audited.inconclusive_pages)


def _conda(needs: set[str]) -> str:
    """Return what conda.yaml may say, as a pattern of its JSON with sorted keys: Python, pip and what is needed."""
    pip = "|".join(re.escape(json.dumps(list(each))) for each in itertools.permutations(sorted(needs)))
    return (
        r'\{"channels": \["conda-forge"\], "dependencies": \["python=[\w.]+", "pip[<=]=[\w.]+", \{"pip": (?:'
        + pip
        + r')\}\], "name": "mlflow-env"\}'
    )


def _yaml(snapshot: RegistrySnapshot, name: str) -> Any:
    return load_yaml(snapshot.model_files[name], file=name, error=TablesError)


def _mlmodel(audited: AuditedVersion) -> dict[str, Any]:
    """Return what MLmodel says where training wrote it; where, when and by which Python is taken as it is."""
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
        # the lists are text of JSON: as it is written, where they are the same
        "signature": {
            name: stated["signature"][name] if json.loads(stated["signature"][name]) == found else json.dumps(found)
            for name, found in lists.items()
        },
        "type_hint_from_example": False,
    }
