"""The evidence: the table of out-of-fold predictions, one row per child and fold seed, that all figures rest on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
import pandas as pd

from send_screen.cohorts import Cohort
from send_screen.errors import DataError, UsageError
from send_screen.evaluation._out_of_fold import BASELINE, CANDIDATE, verify_folds
from send_screen.tables import k_at_capacity, tie_break_key, top_k


@dataclass(frozen=True)
class EvidenceKeys:
    """Identifiers behind the serial numbers of an evidence table: personal data that never leaves the evidence store.

    Attributes
    ----------
    children : pandas.DataFrame
        ``row`` and ``child_id``.
    schools : pandas.DataFrame
        ``school`` (serial number) and ``school_id``.
    """

    children: pd.DataFrame
    schools: pd.DataFrame


def build_evidence(
    cohort: Cohort, scored: pd.DataFrame, *, capacity: float, seed: int
) -> tuple[pd.DataFrame, EvidenceKeys]:
    """Return the evidence table of out-of-fold scores, with the children that each model flags at capacity.

    Within each fold k = floor(capacity x n + 1/2) children are flagged under every model. Equal scores of a model are
    ordered by the tie-break key of the child's identifier. The baseline has many ties: each tied child gets the
    expected share over random orders.

    Parameters
    ----------
    cohort : Cohort
        n children with their outcome.
    scored : pandas.DataFrame
        From :func:`out_of_fold` on the same cohort.
    capacity : float
        Share of children that can be assessed, above 0 and below 1.
    seed : int
        Random seed of the serial numbers that replace identifiers.

    Returns
    -------
    evidence : pandas.DataFrame
        ``fold_seed``, ``row``, ``fold``, ``school``, ``outcome``, ``group.<attribute>``, ``score.<model>``,
        ``flag.<model>``, ``operating_point.baseline``, ``contribution.<feature>``,
        ``selection_probability.candidate``; sorted by ``fold_seed`` and ``row``. It holds no identifier, but a row for
        each child, so it is personal data.
    keys : EvidenceKeys
        The identifiers behind the serial numbers.

    Raises
    ------
    UsageError
        When the cohort has no outcome, ``scored`` is of other children, or ``capacity`` is not between 0 and 1.
    LeakageError
        When a school is in two folds.

    Examples
    --------
    >>> from send_screen import PenalisedLogisticClassifier, load_cohort, load_spec
    >>> from send_screen.contracts import shipped
    >>> from send_screen.simulation import simulate_england
    >>> spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    >>> cohort = load_cohort(spec, simulate_england(children=600, schools=20, seed=0).tables)
    >>> from send_screen.evaluation import build_evidence, out_of_fold
    >>> scored = out_of_fold(cohort, {"candidate": PenalisedLogisticClassifier}, folds=4)
    >>> evidence, keys = build_evidence(cohort, scored, capacity=0.1, seed=0)
    >>> "child_id" in evidence.columns, "child_id" in keys.children.columns
    (False, True)
    """
    n = len(cohort)
    if cohort.y is None:
        raise UsageError("No outcome is known yet, so there is no evidence.")
    if not 0 < capacity < 1:
        raise UsageError(f"A capacity is a share between 0 and 1, not {capacity}.")
    for _, scores in scored.groupby("fold_seed"):
        if not np.array_equal(np.sort(scores["position"].to_numpy()), np.arange(n)):
            raise UsageError("The scores are not of this cohort: each row needs one score per fold seed.")
    rng = np.random.default_rng(seed)
    row_of = rng.permutation(n)
    school_codes, school_ids = pd.factorize(cohort.school.to_numpy(), sort=True)
    school_serial = rng.permutation(len(school_ids))

    position = scored["position"].to_numpy()
    order = tie_break_key(cohort.ids.tolist())[position]
    evidence = pd.DataFrame(
        {
            "fold_seed": scored["fold_seed"].to_numpy(np.int64),
            "row": row_of[position],
            "fold": scored["fold"].to_numpy(np.int64),
            "school": school_serial[school_codes][position],
            "outcome": cohort.y.to_numpy(np.int8)[position],
            **{f"group.{name}": cohort.sensitive[name].to_numpy(object)[position] for name in cohort.sensitive},
        }
    )
    columns = [str(column) for column in scored.columns]
    score_columns = [column for column in columns if column.startswith("score.")]
    # collected first, and joined once: there may be hundreds of columns
    added = {column: scored[column].to_numpy(np.float64) for column in score_columns}
    fold_index = evidence.groupby(["fold_seed", "fold"], sort=False).indices
    for column in score_columns:
        model = column.removeprefix("score.")
        score, flag = added[column], np.zeros(len(evidence))
        for rows in fold_index.values():
            k = k_at_capacity(capacity, len(rows))
            flag[rows] = expected_share(score[rows], k) if model == BASELINE else top_k(score[rows], order[rows], k)
        added[f"flag.{model}"] = flag
    for column in columns:
        if column.startswith(("operating_point.", "contribution.", "selection_probability.")):
            added[column] = scored[column].to_numpy(np.float64)
    evidence = pd.concat([evidence, pd.DataFrame(added)], axis=1)
    evidence = evidence.sort_values(["fold_seed", "row"], ignore_index=True)
    for _, part in evidence.groupby("fold_seed"):
        verify_folds(part["fold"], part["school"])
    children = pd.DataFrame({"row": row_of, "child_id": cohort.ids.to_numpy(object)}).sort_values("row")
    schools = pd.DataFrame({"school": school_serial, "school_id": school_ids}).sort_values("school")
    return evidence, EvidenceKeys(children.reset_index(drop=True), schools.reset_index(drop=True))


def expected_share(score: np.ndarray, k: int) -> np.ndarray:
    """Return each child's probability of being in the top k when tied scores are put in random order; the sum is k.

    >>> expected_share(np.array([3.0, 1.0, 1.0, 0.0]), 2).tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    if k == 0:
        return np.zeros(len(score))
    threshold = np.sort(score)[::-1][k - 1]
    above, tied = score > threshold, score == threshold
    return np.where(above, 1.0, np.where(tied, (k - above.sum()) / tied.sum(), 0.0))


class OutOfFoldPredictions:
    """An evidence table as arrays, with sums by school, from which rates and intervals are computed.

    Counts are averages over fold seeds: each child counts once, however many seeds there are. An empty table, or one
    without a needed column, raises a DataError.
    """

    def __init__(self, evidence: pd.DataFrame) -> None:
        needed = ("fold_seed", "fold", "school", "outcome", f"score.{CANDIDATE}", f"flag.{CANDIDATE}")
        missing = [column for column in needed if column not in evidence]
        if missing or evidence.empty:
            raise DataError(
                f"This is not an evidence table: {'it has no ' + ', '.join(missing) if missing else 'it is empty'}.",
                remedy="Build it with build_evidence.",
            )
        self.frame = evidence
        self.outcome = evidence["outcome"].to_numpy(np.float64)
        self.school, schools = pd.factorize(evidence["school"].to_numpy())
        self.n_schools = len(schools)
        #: Whether children are not clustered: each is a school of its own, as where no schools are known.
        self.unclustered = self.n_schools * int(evidence["fold_seed"].nunique()) == len(evidence)
        self.n_seeds = int(evidence["fold_seed"].nunique())
        self.n_folds = int(evidence["fold"].nunique())
        #: Children, and those with the outcome.
        self.n, self.n_outcome = len(self.outcome) / self.n_seeds, float(self.outcome.sum()) / self.n_seeds
        #: Number of the fold that each row is in, distinct over fold seeds, shape (rows,).
        self.fold_id = evidence.groupby(["fold_seed", "fold"], sort=True).ngroup().to_numpy()

    @cached_property
    def models(self) -> tuple[str, ...]:
        """Names of the models compared, in the table's order."""
        return tuple(c.removeprefix("score.") for c in self.frame.columns if c.startswith("score."))

    @cached_property
    def attributes(self) -> tuple[str, ...]:
        """Attributes by which groups are compared."""
        return tuple(c.removeprefix("group.") for c in self.frame.columns if c.startswith("group."))

    @cached_property
    def contributions(self) -> dict[str, np.ndarray]:
        """Contributions of each feature to the candidate's score in log-odds, each of shape (rows,)."""
        prefix = "contribution."
        columns = [column for column in self.frame.columns if column.startswith(prefix)]
        return {column.removeprefix(prefix): self.frame[column].to_numpy(np.float64) for column in columns}

    def score(self, model: str) -> np.ndarray:
        """Return the log-odds of a model, shape (rows,)."""
        return self.frame[f"score.{model}"].to_numpy(np.float64)

    def flag(self, model: str) -> np.ndarray:
        """Return the share of each row that is flagged at capacity, shape (rows,)."""
        return self.frame[f"flag.{model}"].to_numpy(np.float64)

    def group(self, attribute: str) -> np.ndarray:
        """Return the group of each row, shape (rows,), such as ``"F"``; of attribute ``"sex × fsm"``, ``"F × yes"``."""
        parts = (self.frame[f"group.{name}"].astype(str) for name in attribute.split(" × "))
        return reduce(lambda left, right: left + " × " + right, parts).to_numpy(object)

    def by_school(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of ``values`` (rows,) in each school, averaged over fold seeds; shape (schools,)."""
        return np.bincount(self.school, weights=values, minlength=self.n_schools) / self.n_seeds
