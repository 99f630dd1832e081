"""
Fit a model and explain a child's score
=======================================

The additive model is a scikit-learn estimator. Its explanations are exact Shapley values, looked up in tables.
"""

# %%
# The children are synthetic. A cohort keeps roles apart: ``cohort.X`` holds the features, and ``cohort.sensitive`` the
# groups that are compared. No model sees the groups.

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import shap

from send_screen import AdditiveRiskClassifier, load_cohort, load_spec, simulate
from send_screen.contracts import shipped

spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
with TemporaryDirectory() as folder:
    simulate(children=4_000, seed=0, out=folder)
    cohort = load_cohort(spec, folder)
print(f"{len(cohort):,} children, {cohort.X.shape[1]} features, {cohort.y.mean():.0%} with the outcome")

# %%
# The schools are given as groups. The model holds out whole schools where it chooses its settings.

model = AdditiveRiskClassifier(monotonic_cst=spec.monotonic_cst, categorical_features=cohort.categorical_features)
model.fit(cohort.X, cohort.y, groups=cohort.school)
tables = model.risk_tables_
print(f"{len(tables.terms)} terms of one feature, {len(tables.interactions)} of two")

# %%
# ``explain`` returns a ``shap.Explanation`` in log-odds. Contributions sum to the score minus the mean score.

explanation = model.explain(cohort.X)
total = explanation.values.sum(axis=1) + explanation.base_values
print("largest difference from the score:", np.abs(total - model.decision_function(cohort.X)).max().round(12))

# %%
# The child with the highest score, feature by feature:

child = int(np.argmax(model.decision_function(cohort.X)))
shap.plots.waterfall(explanation[child], max_display=10, show=False)
plt.gcf().set_size_inches(8, 5)
plt.tight_layout()
