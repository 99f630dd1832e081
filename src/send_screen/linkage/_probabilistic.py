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
from send_screen.linkage._identifiers import COMPARED, another_pupil, comparable

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

    The probabilities of a person sum to at most 1, as do those of a child.
    """

    pairs: pd.DataFrame  # ``person``, ``child`` (positions) and ``probability``
    identified: np.ndarray  # the probability that the pairs which identifiers link would have had without them
    parameters: pd.DataFrame  # m and u probability of each level of each comparison


def candidates(
    children: pd.DataFrame,
    persons: pd.DataFrame,
    linked: pd.DataFrame,
    unlinked_children: np.ndarray,
    unlinked_persons: np.ndarray,
    *,
    child_id: str,
    seed: int,
) -> Candidates:
    """Return the pairs of unlinked children and persons that may be the same; none with the number of another pupil.

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
    if child_id in persons:  # a twin has all but the forename in common, and may have a number of his or her own
        sides = children.iloc[unlinked_children[found["child"]]], persons.iloc[unlinked_persons[found["person"]]]
        found = found[~another_pupil(*sides, child_id)]
    factor, child, person = (found[name].to_numpy() for name in ("bayes_factor", "child", "person"))
    prior, probability = _estimate_matches(factor, child, person, len(unlinked_children), len(unlinked_persons))
    return Candidates(
        pairs=pd.DataFrame(
            {"person": unlinked_persons[person], "child": unlinked_children[child], "probability": probability}
        ),
        identified=_alone(prior * _bayes_factors(same, m, u))
        * _is_blocked(left.iloc[linked["child"]], right.iloc[linked["person"]]),
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


def _is_blocked(left: pd.DataFrame, right: pd.DataFrame) -> np.ndarray:
    """Return which rows that stand beside each other agree on a block, and so would be compared."""
    agree = {
        name: left[name].notna().to_numpy() & (left[name].to_numpy() == right[name].to_numpy()) for name in COMPARED
    }
    return np.asarray(np.any([np.all([agree[name] for name in block], axis=0) for block in _BLOCKS], axis=0))


def _bayes_factors(
    levels: Mapping[str, np.ndarray], m: Mapping[str, np.ndarray], u: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Return the product of m/u over the comparisons, in which a level that is not known counts as 1."""
    ratios = [np.append(m[name] / u[name], 1.0)[found] for name, found in levels.items()]
    return np.asarray(np.prod(ratios, axis=0))


def _alone(odds: np.ndarray) -> np.ndarray:
    return np.asarray(odds / (1 + odds))


def _estimate_matches(
    bayes_factor: np.ndarray, child: np.ndarray, person: np.ndarray, n_children: int, n_persons: int
) -> tuple[float, np.ndarray]:
    """Return the prior odds of a pair that competes with no other, and the probability of each pair, by EM.

    A child is one person of the agency or none, and a person one child or none. With M matches among n children and m
    persons, a pair alone has the odds M B / ((n - M) (m - M)) of being one; others compete with the pairs of their
    child and of their person. M is the sum of the probabilities; pairs that were not compared count as 0.
    """
    most = min(n_children, n_persons)
    matches, prior, probability = most / 2, 0.0, np.zeros(len(bayes_factor))
    for _ in range(_ROUNDS if len(bayes_factor) else 0):
        prior = matches / (max(n_children - matches, 1.0) * max(n_persons - matches, 1.0))
        odds = prior * bayes_factor
        of_child, of_person = np.bincount(child, weights=odds), np.bincount(person, weights=odds)
        probability = odds / (1 + of_child[child] + of_person[person] - odds)
        new = min(max(float(probability.sum()), 1e-9), most)
        if abs(new - matches) <= 1e-9 * matches:
            break
        matches = new
    return prior, probability


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
    tables = [frame.reset_index(drop=True).assign(unique_id=np.arange(len(frame))) for frame in (left, right)]
    settings = {
        "link_type": "link_only",
        "probability_two_random_records_match": 0.5,
        "blocking_rules_to_generate_predictions": [
            " AND ".join(f"l.{column} = r.{column}" for column in block) for block in blocks
        ],
        "comparisons": [
            _settings_of(comparison, m[comparison.name], u[comparison.name]) for comparison in _COMPARISONS
        ],
        "retain_intermediate_calculation_columns": True,  # the levels
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
