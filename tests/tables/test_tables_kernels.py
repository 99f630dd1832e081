"""The kernel gives the bits that numpy gives, at any thread count, and where it cannot be had numpy does it all."""

import os
import pickle
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_screen.errors import DataError, TablesError, UsageError
from send_screen.tables import InteractionTerm, LevelsTerm, LinearTerm, RiskTables, ShapeTerm
from send_screen.tables import _explain as explain
from send_screen.tables._kernels import BLOCK, kernel
from send_screen.tables._lookup import Lookup

pytest.importorskip("numba")


def shape(feature, edges, rng, slope=0.7):
    return ShapeTerm(
        feature=feature,
        edges=edges,
        values=rng.normal(size=len(edges) + 1),
        slope=slope,
        low=-1.5,
        high=2.0,
        missing=rng.normal(),
        mean=rng.normal(),
        n=None,
        n_missing=None,
    )


def interaction(features, edges, rng):
    values = rng.normal(size=(len(edges[0]) + 2, len(edges[1]) + 2))
    return InteractionTerm(features=features, edges=edges, values=values.tolist(), mean=rng.normal())


def model(rng, *, levels):
    """Every kind of axis: evenly spread edges, crowded ones that are halved, one edge, none, and levels."""
    crowded = tuple(np.sort(np.concatenate([-np.geomspace(1e-9, 1e9, 40), np.geomspace(1e-9, 1e9, 40)])))
    terms = [
        shape("even", tuple(np.linspace(-2, 2, 63)), rng),
        shape("crowded", crowded, rng, slope=0.0),
        shape("one", (0.1,), rng),
        shape("none", (), rng),
        LinearTerm(feature="line", slope=-0.3, low=-1, high=1, missing=0.2, mean=0.1, n=None, n_missing=None),
    ]
    interactions = [
        interaction(("even", "crowded"), ((-0.33, 0.1, 0.5), crowded[::7]), rng),
        interaction(("line", "even"), ((0.0, 0.25), ()), rng),
        interaction(("none", "one"), ((-1.0, 1.0), (0.1, 0.2)), rng),
    ]
    if levels:
        values = {"x": 0.3, "y": -0.4, "z": 0.0}
        terms.append(LevelsTerm(feature="level", levels=values, missing=0.1, mean=0.05, n=None, n_missing=None))
        interactions.append(interaction(("even", "level"), ((0.0,), (1.0, 2.0)), rng))
    return RiskTables(0.3, tuple(terms), 100, "synthetic", tuple(interactions))


def children(tables, n, rng, dtype):
    """Values of every kind: at an edge, next to one, missing, infinite, and anywhere."""
    X = {}
    for term in tables.terms:
        if isinstance(term, LevelsTerm):
            X[term.feature] = pd.Series(rng.choice(["x", "y", "z", "unseen", None], n), dtype=object)
            continue
        edges = np.array([*getattr(term, "edges", ()), -1.0, 0.0, 0.25, 1.0])
        near = rng.choice(edges, n)
        near = rng.choice([near, np.nextafter(near, -np.inf), np.nextafter(near, np.inf)])
        x = np.where(rng.random(n) < 0.5, near, rng.normal(0, 2, n))
        x = np.where(rng.random(n) < 0.2, rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e30], n), x)
        X[term.feature] = x.astype(dtype)
    return pd.DataFrame(X)


def by_numpy(tables, X, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(explain, "kernel", _none)
        return tables.score(X), tables.contributions(X)


def _none():
    return None


_none.cache_info = kernel.cache_info


@pytest.fixture
def always(monkeypatch):
    """Use the kernel for any number of children."""
    monkeypatch.setattr(explain, "LOAD_FROM", 0)
    monkeypatch.setattr(explain, "KERNEL_FROM", 0)
    monkeypatch.setattr(explain, "BATCH", 1_000)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("levels", [False, True])
@pytest.mark.usefixtures("always")
def test_the_kernel_gives_the_bits_of_numpy(levels, dtype, threads, monkeypatch):
    rng = np.random.default_rng(7)
    tables = model(rng, levels=levels)
    X = children(tables, 2 * BLOCK + 517, rng, dtype)
    if not levels:  # in one block of memory, which is read in place
        X = pd.DataFrame(X.to_numpy(dtype=dtype), columns=X.columns)
    score, contributions = by_numpy(tables, X, monkeypatch)
    assert np.array_equal(tables.score(X, threads=threads), score)
    assert np.array_equal(tables.contributions(X, threads=threads), contributions)
    assert not np.isnan(contributions).any()


@pytest.mark.usefixtures("always")
def test_frames_of_any_make_give_the_same_bits(monkeypatch):
    rng = np.random.default_rng(8)
    tables = model(rng, levels=False)
    X = children(tables, 1_500, rng, np.float32)
    expected = by_numpy(tables, X, monkeypatch)[1]
    whole = X.to_numpy()
    frames = [
        X,  # column by column
        X.copy(),
        X.astype(np.float64),
        X.astype({"line": np.float64}),
        pd.DataFrame(np.ascontiguousarray(whole), columns=X.columns, copy=False),  # row by row
        pd.DataFrame(np.asfortranarray(whole), columns=X.columns, copy=False),
        X.set_axis(range(5, 1_505)),
    ]
    for frame in frames:
        assert np.array_equal(tables.contributions(frame, threads=2), expected)
    assert np.array_equal(tables.contributions(X[::2]), expected[::2])
    assert np.array_equal(tables.contributions(frames[5][100:900]), expected[100:900])
    whole_numbers = X.assign(line=1)
    assert np.array_equal(tables.contributions(whole_numbers)[:, 4], tables.contributions(X.assign(line=1.0))[:, 4])


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=70, unique=True).map(sorted),
    st.lists(st.floats(), min_size=1, max_size=30),
    st.sampled_from([np.float32, np.float64]),
)
def test_every_value_is_in_its_bin_whatever_the_edges(edges, values, dtype):
    bins = range(len(edges) + 1)
    term = ShapeTerm(
        feature="x", edges=edges, values=bins, slope=0, low=0, high=0, missing=-1, mean=0, n=None, n_missing=None
    )
    with np.errstate(over="ignore"):
        x = np.array([*values, *edges], dtype=np.float64).astype(dtype)
    lookup = Lookup.build((term,), (), np.dtype(dtype))
    score, out = np.empty(len(x)), np.empty((1, len(x)))
    assert kernel()(x[None, :].copy(), 0, len(x), score, out, 0, 0.0, 0.0, 1e-9, lookup) == 0
    exact = [-1 if np.isnan(v) else sum(edge <= float(v) for edge in edges) for v in x]
    assert score.tolist() == exact


@pytest.mark.usefixtures("always")
def test_batches_are_the_whole_and_use_their_memory_again():
    rng = np.random.default_rng(9)
    tables = model(rng, levels=True)
    X = children(tables, 3_100, rng, np.float64)
    seen, memory = [], set()
    for batch in tables.explain_in_batches(X, children=1_000, threads=2):
        memory.add(batch.contributions.__array_interface__["data"][0])
        seen.append((batch.score.copy(), batch.contributions.copy()))
    assert np.array_equal(np.concatenate([s for s, _ in seen]), tables.score(X))
    assert np.array_equal(np.concatenate([c for _, c in seen]), tables.contributions(X))
    assert len(memory) <= 2
    with pytest.raises(UsageError, match="at least one row"):
        next(tables.explain_in_batches(X, children=0))


@pytest.mark.usefixtures("always")
def test_batches_take_no_memory_beyond_a_batch():
    rng = np.random.default_rng(15)
    tables = model(rng, levels=False)
    X = pd.DataFrame(rng.normal(size=(100_000, 5)), columns=tables.features)
    list(tables.explain_in_batches(X[:10], threads=1))  # the kernel is loaded
    tracemalloc.start()
    for _ in tables.explain_in_batches(X, children=1_000, threads=2):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000  # the whole result would be 4,800,000 bytes


def test_a_place_for_the_result_is_used_or_refused():
    rng = np.random.default_rng(10)
    tables = model(rng, levels=False)
    X = children(tables, 50, rng, np.float64)
    out = np.empty((50, 5), order="F")
    assert tables.contributions(X, out=out) is out
    assert np.array_equal(out, tables.contributions(X))
    for wrong in (np.empty((50, 5)), np.empty((5, 50)), np.empty((50, 5), dtype=np.float32, order="F")):
        with pytest.raises(UsageError, match="Fortran order"):
            tables.contributions(X, out=wrong)


@pytest.mark.usefixtures("always")
def test_the_kernel_finds_what_does_not_add_up(monkeypatch):
    rng = np.random.default_rng(11)
    tables = model(rng, levels=False)
    X = children(tables, 100, rng, np.float64)
    base_value = tables.base_value
    monkeypatch.setattr(RiskTables, "base_value", property(lambda self: base_value + 1e-6))
    for call in (tables.contributions, lambda X: list(tables.explain_in_batches(X))):
        with pytest.raises(TablesError, match="do not add up"):
            call(X)


@pytest.mark.usefixtures("always")
def test_cells_of_the_wrong_type_are_refused_before_the_kernel_sees_them():
    rng = np.random.default_rng(12)
    tables = model(rng, levels=True)
    X = children(tables, 20, rng, np.float64)
    with pytest.raises(DataError, match="levels as text") as caught:
        tables.score(X.assign(level=1.0))
    assert caught.value.column == "level"
    with pytest.raises(DataError, match="needs numbers") as caught:
        tables.score(X.assign(line="Ada Example"))
    assert caught.value.column == "line"


@pytest.mark.usefixtures("always")
def test_tables_that_have_scored_can_be_pickled_and_copied():
    rng = np.random.default_rng(13)
    tables = model(rng, levels=False)
    X = children(tables, 20, rng, np.float64)
    score = tables.score(X)
    again = pickle.loads(pickle.dumps(tables))
    assert again == tables
    assert np.array_equal(again.score(X), score)


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


LARGE = """
import sys, numpy as np, pandas as pd
from send_screen.tables import LinearTerm, RiskTables, _explain
_explain.LOAD_FROM = 0
term = LinearTerm(feature="x", slope=1.0, low=0.0, high=1.0, missing=0.5, mean=0.5, n=None, n_missing=None)
score = RiskTables(0.0, (term,), 1, "").score(pd.DataFrame({"x": [0.25, np.nan, 2.0]}))
assert score.tolist() == [0.25, 0.5, 1.0]
"""


def test_without_numba_numpy_does_it_all():
    done = run("import sys; sys.modules['numba'] = None" + LARGE)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_folder_that_compiled_code_cannot_be_written_to_is_no_failure():
    # root may write to any folder, so numba is made to find none
    blocked = """
from numba.core.caching import CacheImpl
for place in CacheImpl._locator_classes:
    place.from_function = classmethod(lambda *_: None)
"""
    refused = run(blocked + "import numba; numba.njit(cache=True)(lambda x: x)")
    assert "cannot cache function" in refused.stderr
    done = run(blocked + LARGE + "assert 'numba' in sys.modules")
    assert done.returncode == 0, done.stderr


def test_a_small_file_is_scored_without_numba_and_at_once(tmp_path):
    rng = np.random.default_rng(14)
    terms = tuple(shape(f"f{j}", tuple(np.sort(rng.normal(size=63))), rng) for j in range(40))
    pairs = [(terms[2 * k], terms[2 * k + 1]) for k in range(10)]
    interactions = tuple(interaction((a.feature, b.feature), (a.edges[::6], b.edges[::6]), rng) for a, b in pairs)
    path = tmp_path / "tables.json"
    path.write_text(RiskTables(0.0, terms, 100, "synthetic", interactions).to_json(), encoding="utf-8")
    X = pd.DataFrame(rng.normal(size=(400, 40)), columns=[f"f{j}" for j in range(40)])
    took = []
    for _ in range(5):
        start = time.process_time()
        RiskTables.load(path).contributions(X)
        took.append(time.process_time() - start)
    assert min(took) < 0.1
    code = f"import sys, send_screen.tables as t; t.RiskTables.load({str(path)!r}); sys.exit('numba' in sys.modules)"
    assert run(code).returncode == 0
