"""The bagged ensemble behind a model: standard errors, prediction intervals and selection probabilities."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from send_screen.errors import TablesError
from send_screen.tables._document import BaggedDocument, parse
from send_screen.tables._interaction import InteractionTerm
from send_screen.tables._tables import RiskTables
from send_screen.tables._terms import LevelsTerm, LinearTerm, ShapeTerm, Term
from send_screen.tables._top_k import margin_to_threshold

FORMAT = "send_screen.bagged_tables/1"


@dataclass(frozen=True)
class BaggedTables:
    r"""The bagged ensemble whose mean a model is, each bag fitted without a share of the schools.

    In each of R repeats the schools are split into G parts and each bag leaves out one of them, so the standard error
    of a statistic :math:`v` is that of the delete-a-group jackknife [Shao1995]_, averaged over repeats:

    .. math:: \mathrm{se}^2(v) = \frac1R \sum_r \frac{G - 1}{G} \sum_g \left( v_{rg} - \bar v_r \right)^2 .

    A few bags estimate one child's variance badly, so it is moderated, half and half, by the mean variance over the
    training children [Smyth2004]_: :math:`s^2 = (\mathrm{se}^2 + s_0^2) / 2`, with twice the :math:`R (G - 1)` degrees
    of freedom. The statistic of another model, trained on as many other schools, has the same variance again: it
    differs from this one with variance :math:`2 s^2`.

    Parameters
    ----------
    tables : sequence of RiskTables
        One per bag.
    repeats : sequence of int
        The repeat of each bag.
    typical_variance : float
        :math:`s_0^2`, the mean of the squared standard errors of the training children's scores.

    Raises
    ------
    TablesError
        If there are no bags, they are of different features, or a repeat has only one.

    References
    ----------
    .. [Shao1995] Shao and Tu (1995), The Jackknife and Bootstrap, Springer, chapter 2.
    .. [Smyth2004] Smyth (2004), Linear models and empirical Bayes methods for assessing differential expression in
       microarray experiments, Statistical Applications in Genetics and Molecular Biology 3(1).
    """

    tables: tuple[RiskTables, ...]
    repeats: tuple[int, ...]
    typical_variance: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", tuple(self.tables))
        object.__setattr__(self, "repeats", tuple(map(int, self.repeats)))
        if not self.tables or len(self.repeats) != len(self.tables):
            raise TablesError("Bags must be one or more, each with its repeat.")
        if any(tables.features != self.features for tables in self.tables):
            raise TablesError("Bags must be models of the same features.")
        if any(self.repeats.count(r) < 2 for r in self.repeats):
            raise TablesError("A repeat must have two bags or more.")
        if not 0.0 <= self.typical_variance < math.inf:
            raise TablesError("'typical_variance' must be a number, 0 or more.")

    @classmethod
    def from_training(cls, X: pd.DataFrame, tables: Sequence[RiskTables], repeats: Sequence[int]) -> BaggedTables:
        """Return bagged tables with the mean variance over the training children ``X``.

        Parameters
        ----------
        X : pandas.DataFrame, shape (n, p)
        tables, repeats
            As for the class.

        Returns
        -------
        BaggedTables
        """
        bags = cls(tuple(tables), tuple(repeats), 0.0)
        return replace(bags, typical_variance=float(np.mean(bags.standard_error(bags.score(X)) ** 2)))

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns that every bag needs, in order."""
        return self.tables[0].features

    def score(self, X: pd.DataFrame) -> np.ndarray:
        """Return the log-odds that each bag gives to each child.

        Parameters
        ----------
        X : pandas.DataFrame, shape (n, p)
            As for :meth:`RiskTables.score`.

        Returns
        -------
        numpy.ndarray of float64, shape (bags, n)
        """
        return np.array([tables.score(X) for tables in self.tables])

    def standard_error(self, values: np.ndarray) -> np.ndarray:
        """Return the standard error of statistics, from their value in each bag.

        Parameters
        ----------
        values : numpy.ndarray of float64, shape (bags, ...)

        Returns
        -------
        numpy.ndarray of float64, shape (...)
        """
        total = np.zeros(np.shape(values)[1:])
        for repeat in sorted(set(self.repeats)):
            of_repeat = values[np.array(self.repeats) == repeat]
            total += (len(of_repeat) - 1) * of_repeat.var(axis=0)
        error: np.ndarray = np.sqrt(total / len(set(self.repeats)))
        return error

    def prediction_interval(self, score: np.ndarray, bag_scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the 95 % prediction interval of the score of a model trained on a new sample of schools.

        Parameters
        ----------
        score : numpy.ndarray of float64, shape (n,)
            Of the version, in log-odds.
        bag_scores : numpy.ndarray of float64, shape (bags, n)
            From :meth:`score`.

        Returns
        -------
        low, high : numpy.ndarray of float64, shape (n,)
        """
        width = student_t_quantile(0.975, self._degrees) * self._prediction_error(bag_scores)
        return score - width, score + width

    def selection_probability(self, score: np.ndarray, bag_scores: np.ndarray, k: int) -> np.ndarray:
        """Return the probability that a model trained on a new sample of schools has a child in its top ``k``.

        Parameters
        ----------
        score : numpy.ndarray of float64, shape (n,)
            Of the version, in log-odds.
        bag_scores : numpy.ndarray of float64, shape (bags, n)
            From :meth:`score`.
        k : int
            Length of the list.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            0 to 1.
        """
        if not 0 < k < len(score):
            return np.full(len(score), float(k > 0))
        return self.probability_above(margin_to_threshold(score, k), margin_to_threshold(bag_scores, k))

    def probability_above(self, margin: np.ndarray, bag_margins: np.ndarray) -> np.ndarray:
        """Return the probability that a model trained on a new sample of schools has a child above its threshold.

        Parameters
        ----------
        margin : numpy.ndarray of float64, shape (n,)
            How far the score lies above the threshold of the list.
        bag_margins : numpy.ndarray of float64, shape (bags, n)
            The same of the scores and thresholds of the bags.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            0 to 1.
        """
        error = self._prediction_error(bag_margins)
        certain = np.where(margin == 0.0, 0.0, np.copysign(math.inf, margin))
        t = np.divide(margin, error, out=certain, where=error > 0)
        return student_t_cdf(t, self._degrees)

    def term_error(self, term: Term, x: np.ndarray) -> np.ndarray:
        """Return the standard error of a term less its mean, at encoded values.

        It is moderated by the mean variance over the training children, as the error of a score is. An interval of two
        standard errors covers the term of a model trained on other schools about nine times in ten (on real data).

        Parameters
        ----------
        term : LinearTerm, LevelsTerm or ShapeTerm
            Of the model; its bins and counts give the distribution of the training children.
        x : numpy.ndarray of float64, shape (m,)
            From the term's ``encode``.

        Returns
        -------
        numpy.ndarray of float64, shape (m,)
        """
        bag_terms = [tables.terms[self.features.index(term.feature)] for tables in self.tables]
        at, children = _training_values(term)
        errors = self.standard_error(
            np.array([bag_term.evaluate(np.append(x, at)) - bag_term.mean for bag_term in bag_terms])
        )
        given, typical = errors[: len(x)], errors[len(x) :]
        moderated: np.ndarray = np.sqrt((given**2 + np.average(typical**2, weights=children)) / 2.0)
        return moderated

    @property
    def _degrees(self) -> int:
        return 2 * (len(self.tables) - len(set(self.repeats)))

    def _prediction_error(self, bag_scores: np.ndarray) -> np.ndarray:
        error: np.ndarray = np.sqrt(self.standard_error(bag_scores) ** 2 + self.typical_variance)
        return error

    def to_json(self) -> str:
        """Return the bags as JSON, format ``send_screen.bagged_tables/1``: each as in :meth:`RiskTables.to_json`."""
        bags = ",\n".join(tables.to_json().rstrip() for tables in self.tables)
        head = {"format": FORMAT, "repeats": list(self.repeats), "typical_variance": self.typical_variance}
        return f'{json.dumps(head)[:-1]}, "bags": [\n{bags}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> BaggedTables:
        """Return the bags written in ``text``.

        Parameters
        ----------
        text : str
            From :meth:`to_json`.

        Raises
        ------
        TablesError
            With each mistake and its path.
        """
        document = parse(BaggedDocument, text)
        tables = [RiskTables._from_document(bag, f"$.bags[{b}]") for b, bag in enumerate(document.bags)]
        return cls(tuple(tables), tuple(document.repeats), document.typical_variance)


def with_standard_errors(tables: RiskTables, bags: BaggedTables) -> RiskTables:
    """Return tables with the standard error of each bin, level and cell.

    They are of the term less its mean, including its linear part, at the middle of each bin.

    Parameters
    ----------
    tables : RiskTables
        The model.
    bags : BaggedTables
        The models of its bagged ensemble, of the same features.

    Returns
    -------
    RiskTables

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from send_screen import PenalisedLogisticClassifier
    >>> X = pd.DataFrame({"reading": np.tile([1.0, 2.0, 3.0, np.nan], 100)})
    >>> need = np.tile([1, 0, 0, 0, 1, 1, 0, 0], 50)
    >>> tables = PenalisedLogisticClassifier().fit(X, need).risk_tables_
    >>> bags = BaggedTables.from_training(X, [tables, tables], [0, 0])
    >>> with_standard_errors(tables, bags).features
    ('reading',)
    """

    def with_error(term: Term, bag_terms: tuple[Term, ...]) -> Term:
        if isinstance(term, LinearTerm) or (isinstance(term, LevelsTerm) and not term.levels):
            return term
        middles = np.append(_middles(term.cut_points, term), np.nan)
        values = np.array([bag_term.evaluate(middles) - bag_term.mean for bag_term in bag_terms])
        return replace(term, standard_error=tuple(bags.standard_error(values).tolist()))

    def interaction_with_error(interaction: InteractionTerm) -> InteractionTerm:
        terms = [tables.terms[tables.features.index(feature)] for feature in interaction.features]
        middles = [
            np.append(_middles(edges, term), np.nan) for edges, term in zip(interaction.edges, terms, strict=True)
        ]
        first, second = (axis.ravel() for axis in np.meshgrid(*middles, indexing="ij"))
        values = np.zeros((len(bags.tables), *interaction.shape))
        for b, bag in enumerate(bags.tables):
            for other in bag.interactions:  # an interaction that a bag lacks is 0
                if other.features == interaction.features:
                    values[b] = (other.evaluate(first, second) - other.mean).reshape(interaction.shape)
        return replace(interaction, standard_error=tuple(map(tuple, bags.standard_error(values).tolist())))

    terms = map(with_error, tables.terms, zip(*(bag.terms for bag in bags.tables), strict=True))
    return replace(tables, terms=tuple(terms), interactions=tuple(map(interaction_with_error, tables.interactions)))


def _training_values(term: Term) -> tuple[np.ndarray, np.ndarray]:
    """Return encoded values that stand for the training children, and the count of each, where published.

    A bin of numbers has two (Gauss-Legendre nodes), exact for the mean square of a linear function; a level has one.
    """
    if isinstance(term, LevelsTerm):
        at, counts, n_values = np.arange(len(term.levels), dtype=np.float64), term.counts, 1
    else:
        ends = _ends(term.cut_points, term)
        middles, halves = (ends[:-1] + ends[1:]) / 2.0, np.diff(ends) / 2.0
        at = np.concatenate([middles - halves / math.sqrt(3.0), middles + halves / math.sqrt(3.0)])
        counts, n_values = term.n if isinstance(term, ShapeTerm) else None, 2
    missing = term.n_missing
    if counts is None:  # equal weights
        counts, missing = (1,) * (len(at) // n_values), 0
    children = np.nan_to_num(np.array([*counts * n_values, (missing or 0) * n_values], dtype=np.float64))  # None is NaN
    return np.append(at, np.nan), children if children.any() else np.ones(len(children))


def _ends(edges: tuple[float, ...], term: LinearTerm | ShapeTerm) -> np.ndarray:
    """Return the ends of the bins; the outermost are those of the range of the linear part."""
    return np.array([min(term.low, *edges), *edges, max(term.high, *edges)] if edges else [term.low, term.high])


def _middles(edges: tuple[float, ...], term: Term) -> np.ndarray:
    """Return the middle of each bin: of numbers, within the range of the linear part; of levels, the mean position."""
    ends = np.array([-0.5, *edges, len(term.levels) - 0.5]) if isinstance(term, LevelsTerm) else _ends(edges, term)
    return np.asarray((ends[:-1] + ends[1:]) / 2.0)


def student_t_cdf(t: np.ndarray, degrees: int) -> np.ndarray:
    r"""Return the distribution function of Student's t at ``t``, which may be infinite, for even ``degrees``.

    With :math:`\theta = \arctan(t / \sqrt\nu)` and :math:`\nu` even [Abramowitz1972]_,

    .. math:: F = \tfrac12 + \tfrac12 \sin\theta \left( 1 + \tfrac12 \cos^2\theta
        + \tfrac{1 \cdot 3}{2 \cdot 4} \cos^4\theta + \ldots \right),

    the last power being :math:`\nu - 2`.

    References
    ----------
    .. [Abramowitz1972] Abramowitz and Stegun (1972), Handbook of Mathematical Functions, 26.7.4.
    """
    theta = np.arctan(np.asarray(t, dtype=np.float64) / math.sqrt(degrees))
    square, factor = np.cos(theta) ** 2, 1.0
    total = np.ones_like(theta)
    for k in range(1, degrees // 2):
        factor *= (2 * k - 1) / (2 * k)
        total += factor * square**k
    found: np.ndarray = 0.5 + 0.5 * np.sin(theta) * total
    return found


def student_t_quantile(share: float, degrees: int) -> float:
    """Return the quantile of Student's t for a share above one half, to 1e-12, by bisection."""
    low, high = 0.0, 1e3
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if student_t_cdf(np.array(middle), degrees) < share else (low, middle)
    return high
