"""The models, as scikit-learn estimators: rule, penalised logistic regression, the flagship, boosted trees.

The first three are additive: fitting yields ``risk_tables_``, a :class:`send_screen.tables.RiskTables` that people can
read, and every score and explanation is taken from those tables, so that an exported model answers bit for bit as the
estimator does. Boosted trees are evidence only: they say what interpretability costs.
"""

from send_screen.estimators._additive import AdditiveRiskClassifier
from send_screen.estimators._boosted import BoostedTreesClassifier
from send_screen.estimators._explanation import EXACT, PATH_DEPENDENT, explanation
from send_screen.estimators._logistic import PenalisedLogisticClassifier
from send_screen.estimators._rule import RuleClassifier

__all__ = [
    "RuleClassifier",
    "PenalisedLogisticClassifier",
    "AdditiveRiskClassifier",
    "BoostedTreesClassifier",
    "EXACT",
    "PATH_DEPENDENT",
    "explanation",
]
