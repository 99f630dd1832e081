"""Draw a model's terms from its tables, as its pages do."""

from __future__ import annotations

from send_screen.errors import UsageError
from send_screen.published._axis_labels import term_axes
from send_screen.published._plot_data import interaction_grid, shape
from send_screen.reports import svg
from send_screen.reports._terms import FeatureView, InteractionView
from send_screen.tables import BaggedTables, RiskTables


def draw_term(tables: RiskTables, bags: BaggedTables | None, term: str | tuple[str, str]) -> svg.Picture:
    """Draw the shape function of a feature, or the interaction of two features."""
    axes = term_axes(tables)
    if isinstance(term, str):
        found = next((each for each in tables.terms if each.feature == term), None)
        if found is not None:
            feature = FeatureView(shape(axes[term], found, bags))
            return svg.Picture(feature.label, feature.description, svg.standalone(svg.shape_svg(feature)))
    else:
        pair = next((each for each in tables.interactions if set(each.features) == set(term)), None)
        if pair is not None:
            both = InteractionView(interaction_grid(axes, pair))
            return svg.Picture(both.title, both.description, svg.standalone(svg.interaction_svg(both)))
    names = [*tables.features, *(each.features for each in tables.interactions)]
    raise UsageError(f"The model has no term {term!r}.", remedy=f"Name one of: {', '.join(map(repr, names))}.")
