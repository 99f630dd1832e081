"""
A first day: from a frame to a report
=====================================

Twenty cells, on a table of your own kind: what was known of each child in autumn, and what a test said in summer. Only
the last two cells need a spec, a contract or MLflow.
"""

# %%
# **1. A frame.** These children are synthetic: 3,000 in 60 schools, with three scores in autumn, absence and language.

import numpy as np
import pandas as pd

rng = np.random.default_rng(0)
school = np.repeat(np.arange(60), 50)
skill = rng.normal(0, 1, 3_000) + rng.normal(0, 0.4, 60)[school]
frame = pd.DataFrame(
    {
        "school": [f"School {number:02d}" for number in school],
        "sex": rng.choice(["F", "M"], 3_000),
        "home_language": rng.choice(["English", "Polish", "Urdu", "another"], 3_000, p=[0.8, 0.08, 0.07, 0.05]),
        "letters": np.rint(18 + 6 * skill + rng.normal(0, 3, 3_000)).clip(0, 26).astype(int),
        "sounds": np.rint(9 + 4 * skill + rng.normal(0, 3, 3_000)).clip(0, 20).astype(int),
        "words": np.rint(5 + 3 * skill + rng.normal(0, 3, 3_000)).clip(0, 20).astype(int),
        "days_absent": rng.poisson(5, 3_000),
    }
)
later = 1.2 * skill - 0.05 * frame["days_absent"] + rng.normal(0, 0.8, 3_000)
frame["below_in_summer"] = (later < np.quantile(later, 0.15)).astype(int)
frame["sounds"] = frame["sounds"].mask(rng.random(3_000) < 0.06)
frame.head()

# %%
# **2. Roles.** Sex and home language are compared, and no model sees them. The school says which children belong
# together.

y, schools, sensitive = frame["below_in_summer"], frame["school"], frame[["sex", "home_language"]]
X = frame[["letters", "sounds", "words", "days_absent"]]
X.describe().round(1).loc[["count", "mean", "min", "max"]]

# %%
# **3. Schools that no model sees.** Twelve are kept apart, whole. A school's own children would make any model look
# better than it is for the next school.

new = schools.isin(schools.unique()[-12:])
print(f"{(~new).sum():,} children to learn from, {new.sum()} of other schools; {y.mean():.0%} below in summer")

# %%
# **4. Fit.** Higher scores never raise the risk. Not known is a value of its own, and needs no filling in.

from send_screen import AdditiveRiskClassifier

decreasing = dict.fromkeys(["letters", "sounds", "words"], "decreasing")
model = AdditiveRiskClassifier(monotonic_cst=decreasing).fit(X[~new], y[~new], groups=schools[~new])
model

# %%
# **5. What matters.** The mean absolute contribution of each term, in log-odds.

model.term_importances_.round(3)

# %%
# **6. A term.** The whole model is such pictures: points are looked up and added.

model.plot("words")

# %%
# **7. How sure a term is.** The bagged ensemble, each time without a quarter of the schools, gives its standard error.

term = next(term for term in model.risk_tables_.terms if term.feature == "words")
at = np.array([0.0, 5.0, 10.0])
pd.DataFrame(
    {"words": at, "log_odds": term.evaluate(at) - term.mean, "error": model.bagged_tables_.term_error(term, at)}
).round(2)

# %%
# **8. A score.** Log-odds, and the probability that goes with them.

pd.DataFrame(
    {"score": model.decision_function(X[new]), "probability": model.predict_proba(X[new])[:, 1]}, index=X[new].index
).sort_values("score", ascending=False).head().round(3)

# %%
# **9. Why.** ``explain`` returns exact Shapley values as a ``shap.Explanation``.

import matplotlib.pyplot as plt
import shap

explanation = model.explain(X[new])
shap.plots.beeswarm(explanation, order=shap.Explanation.abs.max(0), show=False)
plt.tight_layout()

# %%
# **10. One child.** The highest score among the new schools.

shap.plots.waterfall(explanation[int(np.argmax(model.decision_function(X[new])))], show=False)
plt.tight_layout()

# %%
# **11. They add up.** To the last digits, since nothing is sampled.

total = explanation.values.sum(axis=1) + explanation.base_values
print(f"{np.abs(total - model.decision_function(X[new])).max():.0e}")

# %%
# **12. Peers.** scikit-learn's own tools fit it. With metadata routing, schools reach the folds and every fit.

from sklearn import config_context
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

logistic = make_pipeline(StandardScaler(), LogisticRegression())
boosted = HistGradientBoostingClassifier(max_depth=3, learning_rate=0.05)
filled, folds = X.fillna(X.median()), StratifiedGroupKFold(5, shuffle=True, random_state=0)
with config_context(enable_metadata_routing=True):
    for name, peer in {"additive": model, "logistic": logistic, "boosted trees": boosted}.items():
        auc = cross_val_score(peer, filled, y, params={"groups": schools}, cv=folds, scoring="roc_auc")
        print(f"{name:14}{auc.mean():.3f}")

# %%
# **13. A report.** Five folds by whole schools, intervals that know schools, and a page as in a version of ours. The
# last line shows it in a notebook.

from send_screen import cross_evaluate

found = cross_evaluate(
    model,
    filled,
    y,
    sensitive_features=sensitive,
    groups=schools,
    challengers={"logistic": logistic},
    title="Below in the summer test",
    outcome_description="were below in summer",
)
found

# %%
# **14. Its figures** are tidy frames: one row a figure, its interval, and a reason where it is undefined or withheld.

found.performance[["model", "metric", "n", "value", "low", "high"]].head(8).round(3)

# %%
# **15. For whom.** Of the children of each group who were below in summer, how many are on the list.

columns = ["attribute", "group", "n", "value", "low", "high", "reason"]
found.groups.query("metric == 'recall'")[columns].round(2)

# %%
# **16. Verdicts** allow a tolerance, and call for evidence. "Not enough evidence" is not "fair".

missed = found.gaps.query("metric == 'false_negative_rate' and against == 'all others'")
missed[["group", "value", "low", "high", "tolerance", "verdict"]].round(2)

# %%
# **17. The schools kept apart.** The fitted model reports on children of schools that it has not seen.

own = model.report(X[new], y[new], sensitive_features=sensitive[new], groups=schools[new])
own.performance[["metric", "n", "value", "low", "high"]].head(5).round(3)

# %%
# **18. Keep it.** The model is data: a JSON file that scores the same to the last bit, without scikit-learn.

from pathlib import Path
from tempfile import TemporaryDirectory

from send_screen import RiskTables

folder = TemporaryDirectory()
model.risk_tables_.save(Path(folder.name) / "tables.json")
again = RiskTables.load(Path(folder.name) / "tables.json")
print((again.score(X[new]) == model.decision_function(X[new])).all())

# %%
# **19. Towards a version.** ``init`` drafts the spec and the contract, and asks what only you can say.

from send_screen import init

frame.assign(child=[f"C{number:04d}" for number in range(3_000)]).to_csv(Path(folder.name) / "tests.csv", index=False)
drafted = init(
    Path(folder.name) / "tests.csv",
    out=Path(folder.name) / "my_model",
    outcome="below_in_summer",
    school="school",
    child_id="child",
)
print(drafted.to_text().replace(f"{folder.name}/", ""))

# %%
# **20. A draft is measured and not registered**, until what is open is decided. From here on see the tutorial for a
# data scientist.

from send_screen import train

trained = train(
    Path(folder.name) / "my_model" / "spec.yaml",
    Path(folder.name) / "tests.csv",
    tracking_uri=f"sqlite:///{folder.name}/mlflow.db",
    evidence=Path(folder.name) / "evidence",
)
print(f"registered: {trained.registered_version}. Still to decide: {len(trained.undecided)} places, the first")
print(trained.undecided[0])
folder.cleanup()
