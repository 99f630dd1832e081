"""
Compare groups, with intervals and verdicts
===========================================

Whose needs does the list miss? Each gap between groups has an interval, and one of three verdicts.
"""

# %%
# Every figure comes from out-of-fold predictions: each child is scored by a model that has seen no child of the same
# school.

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt

from send_screen import AdditiveRiskClassifier, load_cohort, load_spec, simulate
from send_screen.contracts import shipped
from send_screen.evaluation import build_evidence, gaps, out_of_fold

spec = load_spec(shipped("models") / "reception_sen" / "spec.yaml")
with TemporaryDirectory() as folder:
    simulate(children=8_000, seed=0, out=folder)
    cohort = load_cohort(spec, folder)
scored = out_of_fold(
    cohort,
    {
        "candidate": lambda: AdditiveRiskClassifier(
            monotonic_cst=spec.monotonic_cst, categorical_features=cohort.categorical_features
        )
    },
    folds=5,
    capacity=spec.capacity,
)
evidence, _ = build_evidence(cohort, scored, capacity=spec.capacity, seed=0)

# %%
# The intervals of one metric hold for all its groups at once. A verdict is "within tolerance" only where the whole
# interval lies inside the tolerance.

found = gaps(evidence, tolerances=spec.tolerance.model_dump(), replicates=500)
missed = found[(found["metric"] == "false_negative_rate") & (found["against"] == "all others")]
missed[["attribute", "group", "value", "low", "high", "verdict"]].round(3)

# %%
# Grey marks a gap that these children cannot settle. That is no finding of fairness.

tolerance = missed["tolerance"].iloc[0]
colours = {"within tolerance": "#1f6f8b", "outside tolerance": "#b0413e", "inconclusive": "#8a8a8a"}
markers = {"within tolerance": "o", "outside tolerance": "s", "inconclusive": "D"}
figure, ax = plt.subplots(figsize=(8, 5.5))
ax.axvspan(-tolerance, tolerance, color="#1f6f8b", alpha=0.08, label="tolerance")
for y, row in enumerate(missed.iloc[::-1].itertuples()):
    ax.plot([row.low, row.high], [y, y], color=colours[row.verdict])
    ax.plot(row.value, y, markers[row.verdict], color=colours[row.verdict])
ax.set_yticks(range(len(missed)), [f"{row.attribute}: {row.group}" for row in missed.iloc[::-1].itertuples()])
for name, colour in colours.items():
    ax.plot([], [], markers[name], color=colour, label=name)
ax.set_xlabel("share missed in the group minus share missed among all others")
figure.legend(loc="upper center", ncols=4, fontsize=8)
figure.tight_layout(rect=(0, 0, 1, 0.96))  # the legend stands above
