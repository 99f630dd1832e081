"""What became of children: their outcome as a spec defines it, for all rows of a file, whether screened or not."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from send_screen.cohorts._build import _outcomes
from send_screen.cohorts._features import as_of_dates
from send_screen.cohorts._link import link
from send_screen.contracts import Contract
from send_screen.specs import ModelSpec
from send_screen.specs._columns import as_code

#: Codes of a plan, by column of an outcome; in a contract of plans each positive code is one.
_PLAN_CODES = {"outcomes/sen_status.SENprovision": ("E", "S")}
_PLAN_CONTRACT = "outcomes/ehc_plan"


def later_outcomes(
    spec: ModelSpec,
    data: object,
    *,
    contracts: Mapping[str, Contract] | None = None,
    academic_year: str | None = None,
) -> pd.Series:
    """Return what became of each child by the spec's horizon, also of those who could not be screened.

    Parameters
    ----------
    spec : ModelSpec
        States the outcome, its horizon, and how long a child without it must have been followed.
    data : see :func:`load_cohort`
        The files that were screened, and the file of the outcome.
    contracts : mapping of contract id to Contract, optional
        By default those that the spec was read with.
    academic_year : str, optional
        The academic year of tables that do not say theirs, such as ``"2025/26"``.

    Returns
    -------
    pandas.Series of str
        Index: the identifier. ``"plan"``, ``"supported"``, ``"none_recorded"`` or ``"not_known"``: a child who moved
        away, or was not followed for long enough, is not known.

    Raises
    ------
    DataError
        If the files cannot be used.

    Examples
    --------
    >>> from send_screen import load_spec
    >>> from send_screen.contracts import shipped
    >>> from send_screen.simulation import simulate_england
    >>> spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    >>> states = later_outcomes(spec, simulate_england(children=600, schools=20).tables)
    >>> sorted(states.unique())
    ['none_recorded', 'not_known', 'plan', 'supported']
    """
    linked = link(spec, data, training=True, contracts=contracts, academic_year=academic_year)
    as_of = as_of_dates(linked, spec)
    happened = _outcomes(spec, linked, as_of)
    plans = _plan_codes(spec)
    plan = _outcomes(spec.model_copy(update={"outcome": _only(spec, plans)}), linked, as_of) if plans else happened * 0
    states = pd.Series("not_known", index=happened.index, dtype=object)
    states[happened == 0] = "none_recorded"
    states[happened == 1] = "supported"
    states[(happened == 1) & (plan == 1)] = "plan"
    ids = linked.origin["child_id"].map(as_code, na_action="ignore")
    known = ids.notna() & ~ids.duplicated()
    return pd.Series(states[known].to_numpy(), index=pd.Index(ids[known].astype(str), name="child_id"), name="state")


def _plan_codes(spec: ModelSpec) -> tuple[str, ...]:
    """Return the positive codes of the outcome that are a plan."""
    positive = [as_code(value) for value in spec.outcome.positive]
    if spec.outcome.column.contract == _PLAN_CONTRACT:
        return tuple(positive)
    return tuple(code for code in positive if code in _PLAN_CODES.get(str(spec.outcome.column), ()))


def _only(spec: ModelSpec, codes: tuple[str, ...]) -> object:
    """Return the spec's outcome with these codes alone as positive."""
    others = [value for value in spec.outcome.positive if as_code(value) not in codes]
    return spec.outcome.model_copy(update={"positive": codes, "negative": (*spec.outcome.negative, *others)})
