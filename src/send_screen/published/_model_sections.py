"""The sections of the published report that follow from the model alone."""

from __future__ import annotations

from collections.abc import Mapping

from send_screen.contracts import Contract
from send_screen.published._axis_labels import axis_labels
from send_screen.published._model import ModelSections
from send_screen.published._plot_data import interaction_grid, shape
from send_screen.published._scorecard import example, scorecard, synthetic_child
from send_screen.specs import ModelSpec
from send_screen.tables import BaggedTables, RiskTables


def model_sections(
    spec: ModelSpec, contracts: Mapping[str, Contract], tables: RiskTables, bags: BaggedTables | None
) -> ModelSections:
    """Return the sections of the published report that follow from the model alone.

    Parameters
    ----------
    spec : ModelSpec
    contracts : mapping of str to Contract
        By id.
    tables : RiskTables
    bags : BaggedTables or None
        For standard errors.

    Returns
    -------
    ModelSections

    Examples
    --------
    >>> from send_screen import PenalisedLogisticClassifier, load_cohort, load_spec
    >>> from send_screen.contracts import shipped
    >>> from send_screen.simulation import simulate_england
    >>> spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
    >>> cohort = load_cohort(spec, simulate_england(children=600, schools=20, seed=0).tables)
    >>> tables = PenalisedLogisticClassifier().fit(cohort.X, cohort.y).risk_tables_
    >>> model_sections(spec, spec.contracts, tables, None).scorecard.features[0].label
    'Listening, attention and understanding'
    """
    axes = axis_labels(spec, contracts, tables)
    child = synthetic_child(axes, tables)
    return ModelSections(
        shapes=tuple(shape(axes[term.feature], term, bags) for term in tables.terms),
        interactions=tuple(interaction_grid(axes, interaction) for interaction in tables.interactions),
        example=example(axes, tables, child),
        scorecard=scorecard(axes, tables, child, spec.scorecard_points),
    )
