"""Probabilistic linkage (Fellegi and Sunter) of the records that no identifier links, by splink on DuckDB."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from send_screen.errors import MissingExtraError
from send_screen.linkage._identifiers import COMPARED, comparable

PAIRS_FOR_U = 200_000  # random pairs of records, of which nearly all are of different children
MIN_LINKED = 50  # linked persons of whom random pairs are drawn; with fewer, they are drawn of all persons
PRIOR_PAIRS = 20.0  # weight of the m probabilities below beside pairs that identifiers link
_HALF = 0.5  # added to each count of random pairs, so that no agreement has the probability 0
_ROUNDS = 200  # of EM; it converges in about twenty


@dataclass(frozen=True)
class _Comparison:
    """A comparison of two records: its levels as SQL, strongest first, and how often pairs of one child have them.

    The m probabilities are assumptions: they count as so many pairs as ``PRIOR_PAIRS``, beside those that were linked.
    """

    name: str
    missing: str
    levels: tuple[str, ...]
    m: tuple[float, ...]


_COMPARISONS = (
    _Comparison(
        "names",
        " OR ".join(f"{column}_{side} IS NULL" for column in ("Forename", "Surname") for side in "lr"),
        (
            "Forename_l = Forename_r AND Surname_l = Surname_r",
            "Forename_l = Surname_r AND Surname_l = Forename_r",
            "jaro_winkler_similarity(Forename_l, Forename_r) >= 0.88"
            " AND (jaro_winkler_similarity(Surname_l, Surname_r) >= 0.88"
            " OR contains(Surname_l, Surname_r) OR contains(Surname_r, Surname_l))",
            "Forename_l = Forename_r",
            "Surname_l = Surname_r",
            "ELSE",
        ),
        (0.80, 0.02, 0.09, 0.05, 0.03, 0.01),
    ),
    _Comparison(
        "birth_date",
        "DOB_l IS NULL OR DOB_r IS NULL",
        (
            "DOB_l = DOB_r",
            "DOB_l[1:4] = DOB_r[1:4] AND DOB_l[6:7] = DOB_r[9:10] AND DOB_l[9:10] = DOB_r[6:7]",
            "levenshtein(DOB_l, DOB_r) = 1",
            "ELSE",
        ),
        (0.96, 0.01, 0.02, 0.01),
    ),
    _Comparison("sex", "Sex_l IS NULL OR Sex_r IS NULL", ("Sex_l = Sex_r", "ELSE"), (0.99, 0.01)),
    _Comparison(
        "postcode",
        "Postcode_l IS NULL OR Postcode_r IS NULL",
        ("Postcode_l = Postcode_r", "length(Postcode_l) > 4 AND Postcode_l[:-3] = Postcode_r[:-3]", "ELSE"),
        (0.80, 0.08, 0.12),
    ),
)
#: Pairs that are compared: those that agree on one of these.
_BLOCKS = (("DOB",), ("Forename", "Surname"), ("Forename", "Postcode"), ("Surname", "Postcode"))


@dataclass(frozen=True)
class Candidates:
    """Pairs of a person of the agency and a child, with the probability that they are the same.

    The probabilities of a person sum to at most 1: the person is one of the children, or none.
    """

    pairs: pd.DataFrame  # ``person``, ``child`` (positions) and ``probability``
    blocked: float  # share of the pairs linked by identifiers that would have been compared
    parameters: pd.DataFrame  # m and u probability of each level of each comparison


def candidates(
    children: pd.DataFrame,
    persons: pd.DataFrame,
    linked: pd.DataFrame,
    unlinked_children: np.ndarray,
    unlinked_persons: np.ndarray,
    *,
    seed: int,
) -> Candidates:
    """Return the pairs of unlinked children and persons that may be the same.

    The m probabilities (a level among pairs of one child) are estimated from the pairs that identifiers link
    (``linked``: positions ``child`` and ``person``), the u probabilities (among pairs of different children) from
    random pairs, and the share of matches among the unlinked by EM. Nothing is drawn without the seed.
    """
    left, right = comparable(children), comparable(persons)
    same = _levels(left.iloc[linked["child"]], right.iloc[linked["person"]])
    rng = np.random.default_rng(seed)
    # a person who is linked to one child is certainly no other
    others = linked["person"].to_numpy() if len(linked) >= MIN_LINKED else np.arange(len(right))
    n = min(PAIRS_FOR_U, len(left) * len(others))
    child, person = rng.integers(0, len(left), n), others[rng.integers(0, len(others), n)]
    of_person = np.full(len(right), -1)
    of_person[linked["person"]] = linked["child"]
    child, person = child[of_person[person] != child], person[of_person[person] != child]
    different = _levels(left.iloc[child], right.iloc[person])
    m, u = {}, {}
    for comparison in _COMPARISONS:
        k = len(comparison.levels)
        m[comparison.name] = _shares(same[comparison.name], PRIOR_PAIRS * np.array(comparison.m))
        u[comparison.name] = _shares(different[comparison.name], np.full(k, _HALF))
    found = _compared(left.iloc[unlinked_children], right.iloc[unlinked_persons], m, u)
    pairs = len(unlinked_children) * len(unlinked_persons)
    return Candidates(
        pairs=pd.DataFrame(
            {
                "person": unlinked_persons[found["person"]],
                "child": unlinked_children[found["child"]],
                "probability": _probabilities(found["bayes_factor"].to_numpy(), found["person"].to_numpy(), pairs),
            }
        ),
        blocked=_share_blocked(left.iloc[linked["child"]], right.iloc[linked["person"]]),
        parameters=pd.DataFrame(
            [
                (comparison.name, level, m[comparison.name][number], u[comparison.name][number])
                for comparison in _COMPARISONS
                for number, level in enumerate(comparison.levels)
            ],
            columns=["comparison", "level", "m", "u"],
        ),
    )


def _shares(levels: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return the share of each level among pairs in which it is known, with a prior count for each."""
    counts = np.bincount(levels[levels >= 0], minlength=len(prior)) + prior
    return np.asarray(counts / counts.sum())


def _share_blocked(left: pd.DataFrame, right: pd.DataFrame) -> float:
    if not len(left):
        return 1.0
    agree = {
        name: left[name].notna().to_numpy() & (left[name].to_numpy() == right[name].to_numpy()) for name in COMPARED
    }
    together = [np.all([agree[name] for name in block], axis=0) for block in _BLOCKS]
    return float(np.any(together, axis=0).mean())


def _probabilities(bayes_factor: np.ndarray, person: np.ndarray, pairs: int) -> np.ndarray:
    """Return the probability of each pair, with the share of matches estimated by EM.

    With prior odds o, a person who is compared with children j is child i with probability o B_i / (1 + sum_j o B_j).
    The share of matches is the mean of these over all pairs; pairs that were not compared count as 0.
    """
    if not len(bayes_factor):
        return np.empty(0)
    share = 1 / pairs
    probability = np.zeros(len(bayes_factor))
    for _ in range(_ROUNDS):
        weight = share / (1 - share) * bayes_factor
        of_person = np.bincount(person, weights=weight)
        probability = weight / (1 + of_person[person])
        new = min(max(probability.sum() / pairs, 1e-12), 0.5)
        if abs(new - share) <= 1e-9 * share:
            break
        share = new
    return probability


def _levels(left: pd.DataFrame, right: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the level of each comparison (0 is the strongest; -1 not known) of rows that stand beside each other."""
    pair = np.arange(len(left))
    prior = {comparison.name: np.array(comparison.m) for comparison in _COMPARISONS}  # levels do not depend on it
    rows = (left.assign(pair=pair), right.assign(pair=pair))
    found = _predict(*rows, [("pair",)], prior, prior) if len(left) else None
    return {comparison.name: _level_of(found, comparison) for comparison in _COMPARISONS}


def _level_of(found: pd.DataFrame | None, comparison: _Comparison) -> np.ndarray:
    """Return splink's gamma, which counts from the weakest level, as the number of the level."""
    if found is None:
        return np.empty(0, dtype=np.int64)
    gamma = found[f"gamma_{comparison.name}"].to_numpy()
    return np.where(gamma < 0, -1, len(comparison.levels) - 1 - gamma)


def _compared(
    left: pd.DataFrame, right: pd.DataFrame, m: dict[str, np.ndarray], u: dict[str, np.ndarray]
) -> pd.DataFrame:
    """Return the pairs in a block: positions of ``child`` and ``person``, and the product of their m/u."""
    if not len(left) or not len(right):
        return pd.DataFrame({"child": [], "person": [], "bayes_factor": []}).astype({"child": int, "person": int})
    found = _predict(left, right, _BLOCKS, m, u).sort_values(["unique_id_r", "unique_id_l"], kind="stable")
    return pd.DataFrame(
        {
            "child": found["unique_id_l"].to_numpy(),
            "person": found["unique_id_r"].to_numpy(),
            # splink's weight has its prior in it, which is 1/2 here: odds of 1
            "bayes_factor": 2.0 ** found["match_weight"].to_numpy(),
        }
    )


def _predict(
    left: pd.DataFrame,
    right: pd.DataFrame,
    blocks: Sequence[Sequence[str]],
    m: Mapping[str, np.ndarray],
    u: Mapping[str, np.ndarray],
) -> pd.DataFrame:
    """Return splink's comparison of the pairs that agree on a block, in the memory of this process alone."""
    duckdb, splink = _splink()
    tables = [
        frame.reset_index(drop=True).assign(unique_id=np.arange(len(frame)), source_dataset=name)
        for name, frame in (("child", left), ("person", right))
    ]
    settings = {
        "link_type": "link_only",
        "probability_two_random_records_match": 0.5,
        "blocking_rules_to_generate_predictions": [
            " AND ".join(f"l.{column} = r.{column}" for column in block) for block in blocks
        ],
        "comparisons": [
            _settings_of(comparison, m[comparison.name], u[comparison.name]) for comparison in _COMPARISONS
        ],
        "retain_intermediate_calculation_columns": True,
    }
    # one thread, since sums over several have no fixed order; no file and no extension from elsewhere
    config = {"threads": 1, "temp_directory": "", "autoinstall_known_extensions": "false"}
    connection = duckdb.connect(":memory:", config=config)
    try:
        with _quiet():
            api = splink.DuckDBAPI(connection)
            aliases = ["child", "person"]
            linker = splink.Linker(tables, settings, api, set_up_basic_logging=False, input_table_aliases=aliases)
            found: pd.DataFrame = linker.inference.predict().as_pandas_dataframe()
            return found
    finally:
        connection.close()


def _settings_of(comparison: _Comparison, m: np.ndarray, u: np.ndarray) -> dict[str, Any]:
    """Return a comparison as splink's settings."""
    levels: list[dict[str, Any]] = [
        {"sql_condition": comparison.missing, "label_for_charts": "not known", "is_null_level": True}
    ]
    for number, condition in enumerate(comparison.levels):
        level = {"sql_condition": condition, "label_for_charts": condition}
        levels.append(level | {"m_probability": float(m[number]), "u_probability": float(u[number])})
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def _splink() -> tuple[Any, Any]:
    try:
        import duckdb
        import splink
    except ImportError:
        raise MissingExtraError(
            "The spec asks for probabilistic linkage, and splink is not installed.",
            remedy="Install it with: pip install 'send-screen[linkage]', or write `probabilistic: false`.",
        ) from None
    return duckdb, splink


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep splink's progress out of the log."""
    logger = logging.getLogger("splink")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
