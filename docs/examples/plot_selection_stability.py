"""
See how stable a list is
========================

How likely is it that a model trained on other schools would list the same child?
"""

# %%
# Fit the model. ``bagged_tables_`` holds the models of the bagged ensemble. Each was trained without a quarter of the
# schools.

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np

from send_screen import AdditiveRiskClassifier, load_cohort, load_spec, simulate
from send_screen.contracts import shipped

spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
with TemporaryDirectory() as folder:
    simulate(children=8_000, seed=0, out=folder)
    cohort = load_cohort(spec, folder)
schools = cohort.school.unique()
new = cohort.school.isin(schools[: len(schools) // 5]).to_numpy()
model = AdditiveRiskClassifier(monotonic_cst=spec.monotonic_cst, categorical_features=cohort.categorical_features)
model.fit(cohort.X[~new], cohort.y[~new], groups=cohort.school[~new])

# %%
# Screen the children of schools that the model has not seen: one in ten is listed.

X = cohort.X[new]
score = model.decision_function(X)
bag_scores = model.bagged_tables_.score(X)
k = round(0.1 * len(X))
probability = model.bagged_tables_.selection_probability(score, bag_scores, k)
print(f"{k} of {len(X)} children are listed; {np.sum(probability[np.argsort(-score)[:k]] > 0.9)} of them with 9 in 10")

# %%
# Far above the line the list is stable. Near the line it is not, and a list says so for each child.

order = np.argsort(-score)
rank = np.arange(1, len(X) + 1)
figure, ax = plt.subplots(figsize=(8, 4))
ax.plot(rank, probability[order], ".", markersize=4)
ax.axvline(k + 0.5, color="grey", linewidth=0.8)
ax.annotate("end of the list", (k + 0.5, 0.95), xytext=(6, 0), textcoords="offset points")
ax.set_xlim(0, 4 * k)
ax.set_xlabel("rank by score")
ax.set_ylabel("selection probability")
figure.tight_layout()
