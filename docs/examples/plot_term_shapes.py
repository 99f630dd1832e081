"""
Draw the shape of each term
===========================

The tables *are* the model. What one feature adds to the score, in log-odds, can be drawn with its standard error.
"""

# %%
# Fit the model to synthetic children.

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np

from send_screen import AdditiveRiskClassifier, load_cohort, load_spec, simulate
from send_screen.contracts import shipped

spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
with TemporaryDirectory() as folder:
    simulate(children=4_000, seed=0, out=folder)
    cohort = load_cohort(spec, folder)
model = AdditiveRiskClassifier(monotonic_cst=spec.monotonic_cst, categorical_features=cohort.categorical_features)
model.fit(cohort.X, cohort.y, groups=cohort.school)

# %%
# In a notebook, ``plot`` draws a term as the model's pages do: its values, two standard errors, and how many children
# there are.

model.plot("absence")

# %%
# A picture of your own needs no more than the tables. A term is a function of its feature. The bagged ensemble gives
# the standard error of its value at each place.

labels = {feature.name: feature.label for feature in spec.features}
terms = {term.feature: term for term in model.risk_tables_.terms}
figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), sharey=True)
for ax, name in zip(axes, ["absence", "age_months", "E08"], strict=True):
    x = np.linspace(cohort.X[name].quantile(0.01), cohort.X[name].quantile(0.99), 200)
    value = terms[name].evaluate(x) - terms[name].mean
    error = model.bagged_tables_.term_error(terms[name], x)
    ax.step(x, value, where="mid")
    ax.fill_between(x, value - 2 * error, value + 2 * error, alpha=0.2, step="mid")
    ax.axhline(0, color="grey", linewidth=0.8)
    ax.set_xlabel(labels[name])
axes[0].set_ylabel("contribution to the score (log-odds)")
figure.suptitle("Shapes of three terms, with two standard errors")
figure.tight_layout()

# %%
# The spec says that more absence never lowers the risk. That is kept by the whole score, not by each part alone.

print({name: sign for name, sign in spec.monotonic_cst.items() if name in ("absence", "E08")})
