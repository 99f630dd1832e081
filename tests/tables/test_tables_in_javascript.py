"""The scorer in docs/howto/score_elsewhere.md, in JavaScript: the same scores and contributions as the library's."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tables_factory import TABLES

from send_screen.tables import InteractionTerm, LevelsTerm, RiskTables, ShapeTerm

CALL = """
const { model, children } = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(children.map((child) => explain(model, child))));
"""


def random_tables(rng: np.random.Generator) -> RiskTables:
    edges = tuple(np.sort(rng.normal(size=7)).tolist())
    shape = ShapeTerm(
        feature="a",
        edges=edges,
        values=tuple(rng.normal(size=8).tolist()),
        slope=float(rng.normal()),
        low=-1.5,
        high=1.5,
        missing=float(rng.normal()),
        mean=float(rng.normal()),
        n=None,
        n_missing=None,
    )
    levels = LevelsTerm(
        feature="b",
        levels={name: float(rng.normal()) for name in "xyzwv"},
        missing=float(rng.normal()),
        mean=float(rng.normal()),
        n=None,
        n_missing=None,
    )
    interaction = InteractionTerm(
        features=("a", "b"),
        edges=(edges[1:4], (2.0, 3.0)),
        values=tuple(map(tuple, rng.normal(size=(5, 4)).tolist())),
        mean=float(rng.normal()),
    )
    return RiskTables(
        intercept=float(rng.normal()), terms=(shape, levels), n_training=100, name="r", interactions=(interaction,)
    )


def children_of(tables: RiskTables, rng: np.random.Generator) -> pd.DataFrame:
    """Values within and beyond the range, at every edge, missing, and of a level that the model does not know."""
    columns = {}
    for term in tables.terms:
        if isinstance(term, LevelsTerm):
            columns[term.feature] = rng.choice([*term.levels, "unknown", None], 60)
        else:
            known = [*getattr(term, "edges", ()), term.low, term.high, term.low - 1, term.high + 1, np.nan]
            columns[term.feature] = rng.choice([*known, *rng.uniform(term.low, term.high, 30)], 60)
    return pd.DataFrame(columns)


@pytest.mark.parametrize("tables", [TABLES, *(random_tables(np.random.default_rng(seed)) for seed in range(5))])
def test_it_gives_the_same_scores_and_contributions(tables: RiskTables, repository: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    page = (repository / "docs" / "howto" / "score_elsewhere.md").read_text("utf-8")
    (code,) = re.findall(r"^```javascript\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    X = children_of(tables, np.random.default_rng(1))
    rows = [{name: None if pd.isna(value) else value for name, value in row.items()} for row in X.to_dict("records")]
    request = json.dumps({"model": json.loads(tables.to_json()), "children": rows})
    done = subprocess.run(
        [node, "-e", code + CALL], input=request, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    found = json.loads(done.stdout)
    np.testing.assert_allclose([one["score"] for one in found], tables.score(X), rtol=0, atol=1e-12)
    contributions = [[one["contributions"][term.feature] for term in tables.terms] for one in found]
    np.testing.assert_allclose(contributions, tables.contributions(X), rtol=0, atol=1e-12)
