"""
Report on any model, in five lines
==================================

A model of your own gets the report that a version of ours gets: intervals that know schools, gaps between groups with
verdicts, calibration and a decision curve. It needs no spec, no contract and no MLflow.
"""

# %%
# A frame of children, synthetic here: what was known early, what happened later, and where each child goes to school.

import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from send_screen import AdditiveRiskClassifier, cross_evaluate, evaluate, simulate

england = simulate(children=6_000, seed=0)
frame = england.pupil_census.merge(england.eyfsp.drop(columns="AcademicYear"), on="UPN")
status = england.sen_status.set_index("UPN")["SENprovision"].groupby(level=0).last()
y = frame["UPN"].map(status).isin(["K", "E"]).astype(int)
goals = [name for name in frame if name.startswith("E") and name[1:].isdigit()]
X = frame[goals].apply(pd.to_numeric, errors="coerce").fillna(2).astype(float)
print(f"{len(frame):,} children, {len(goals)} features, {y.mean():.0%} with later support")

# %%
# Five lines from here to a report. Each model is fitted on four fifths of the schools and scores the children of the
# others. In a notebook the last line shows the page.

boosted, logistic = HistGradientBoostingClassifier(max_depth=3), LogisticRegression()
sensitive, others = frame[["Sex", "FSMeligible"]], {"logistic": logistic}
options = {"groups": frame["School"], "outcome_description": "had SEN support"}
report = cross_evaluate(boosted, X, y, sensitive_features=sensitive, challengers=others, **options)
report

# %%
# ``report.report`` is the same page as a text, to write into a file. The figures are tidy frames: one row a figure,
# with its interval, and a reason where it is undefined or withheld to protect small groups.

columns = ["attribute", "group", "metric", "n", "value", "low", "high", "reason"]
report.groups[columns].head(9).round(3)

# %%
# Each gap has a verdict. "Not enough evidence" is not "fair".

missed = report.gaps.query("metric == 'false_negative_rate' and against == 'all others'")
missed[["group", "value", "low", "high", "tolerance", "verdict"]].round(3)

# %%
# Scores from elsewhere are a column. Here they are points that are no probabilities, so only their order counts.
# Without ``groups``, intervals take each child by itself, and the report says so.

points = evaluate(y, -X.sum(axis=1), capacity=0.15, title="Sum of the goals")
points.performance[["metric", "n", "value", "low", "high", "reason"]].round(3)

# %%
# Our additive model reports on itself, on children of schools that it was not fitted on, and draws its terms.

held_out = frame["School"].isin(frame["School"].unique()[:20])
training = ~held_out
model = AdditiveRiskClassifier()
model.fit(X[training], y[training], groups=frame["School"][training])
own = model.report(X[held_out], y[held_out], groups=frame["School"][held_out])
print(own.to_text())

# %%
model.plot(goals[0])
