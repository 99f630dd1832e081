"""
Check what a score means
========================

Of children with a predicted risk of 20 in 100, do about 20 in 100 later have the outcome?
"""

# %%
# Out-of-fold predictions of the additive model, on synthetic children.

from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt

from send_screen import AdditiveRiskClassifier, load_cohort, load_spec, simulate
from send_screen.contracts import shipped
from send_screen.evaluation import build_evidence, calibration_bins, out_of_fold, performance

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
)
evidence, _ = build_evidence(cohort, scored, capacity=spec.capacity, seed=0)

# %%
# Bins hold equally many children. Bins with few children with, or without, the outcome are merged.

bins = calibration_bins(evidence)
figure, ax = plt.subplots(figsize=(5.5, 5))
ax.plot([0, 60], [0, 60], color="grey", linewidth=0.8, label="perfect calibration")
ax.errorbar(
    bins["predicted_percent"],
    bins["observed_percent"],
    yerr=[bins["observed_percent"] - bins["low"], bins["high"] - bins["observed_percent"]],
    fmt="o",
    capsize=3,
    label="out-of-fold, 95 % interval",
)
ax.set_xlabel("predicted, of 100 children")
ax.set_ylabel("observed, of 100 children")
ax.legend()
figure.tight_layout()

# %%
# The slope is 1 where scores are neither too extreme nor too timid. Its interval takes the schools as clusters.

table = performance(evidence)
table[table["metric"].str.startswith("calibration")][["metric", "value", "low", "high"]].round(3)
