"""Enter a version in MLflow: its folder with a manifest, its pages and figures, and a model that can be served."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from send_screen.contracts import Contract
from send_screen.evaluation import headline
from send_screen.governance import write_manifest
from send_screen.pictures import shap_waterfall
from send_screen.reports import PAGES as VERSION_PAGES
from send_screen.reports import shape_svg, surface_svg
from send_screen.simulation import invented_rows
from send_screen.specs import ModelSpec
from send_screen.tables import BagTables, RiskTables
from send_screen.tracking import LoggedVersion, log_version
from send_screen.workflows._signature import signature
from send_screen.workflows._version import write_version

HASHES = ("spec_sha256", "data_sha256", "tables_sha256", "code_version", "trained_on")
PAGES = (*VERSION_PAGES, "published.json")


def enter(
    spec: ModelSpec,
    contracts: dict[str, Contract],
    tables: RiskTables,
    bags: BagTables | None,
    document: dict[str, Any],
    *,
    uri: str,
    tags: dict[str, str],
    register: bool,
) -> LoggedVersion:
    """Log a version as one run.

    Parameters
    ----------
    spec : ModelSpec
    contracts : dict of str to Contract
    tables : RiskTables
    bags : BagTables or None
        The models whose mean the tables are.
    document : dict
        ``published.json``.
    uri : str
        Tracking URI.
    tags : dict of str to str
        Beside the hashes: where the evidence is, and whether the gates were passed.
    register : bool
        Whether to register it under its alias.
    """
    facts = document["version"]
    with tempfile.TemporaryDirectory() as staging:
        folder = Path(staging) / "bundle"
        folder.mkdir()
        write_version(folder, spec, contracts, tables, bags, document)
        manifest_sha256 = write_manifest(folder, version=facts["id"])
        return log_version(
            uri,
            name=spec.name,
            bundle=folder,
            pages={
                **{name: (folder / name).read_text("utf-8") for name in PAGES},
                **{f"plots/{shape['feature']}.svg": shape_svg(shape) for shape in document["shapes"]},
                **{f"plots/{'_x_'.join(s['features'])}.svg": surface_svg(s) for s in document["surfaces"]},
                "plots/invented_child.svg": shap_waterfall(document["example"]),
            },
            metrics=headline(document),
            params=_params(spec, facts["held_out_schools"]),
            tags={
                "version_id": facts["id"],
                "manifest_sha256": manifest_sha256,
                **{key: facts[key] for key in HASHES},
                **tags,
                **{f"contract.{ref.replace('@', ':')}": sha256 for ref, sha256 in facts["contracts"].items()},
                **{f"package.{package}": number for package, number in facts["packages"].items()},
            },
            columns=signature(spec, contracts),
            example=invented_rows(spec, contracts),
            register=register,
        )


def _params(spec: ModelSpec, hold_out: int) -> dict[str, str]:
    return {
        "spec": spec.name,
        "model": spec.model,
        **({"C": f"{spec.penalty_c:g}"} if spec.model == "logistic" else {}),
        "capacity": f"{spec.capacity:g}",
        "folds": str(spec.folds),
        "fold_seeds": ", ".join(map(str, spec.seeds)),
        "held_out_schools": str(hold_out),
        "challengers": ", ".join(spec.challengers),
    }
