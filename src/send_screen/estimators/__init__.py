"""Estimators as in scikit-learn: baseline, penalised logistic regression, additive model, and two challengers.

The first three are additive: fitting yields ``risk_tables_``, a :class:`send_screen.tables.RiskTables` that people can
read, and every score and explanation is computed from those tables, so that an exported model predicts bit for bit what
the estimator predicts. Boosted trees and EBM are challengers: models to compare with, never exported.
"""

from send_screen.estimators._additive import AdditiveRiskClassifier
from send_screen.estimators._baseline import BaselineClassifier
from send_screen.estimators._boosted_trees import BoostedTreesClassifier
from send_screen.estimators._ebm import EBMClassifier
from send_screen.estimators._explanation import INTERVENTIONAL, PATH_DEPENDENT
from send_screen.estimators._logistic import PenalisedLogisticClassifier
from send_screen.estimators._publish_tables import publish_tables
from send_screen.estimators._purify import purify

__all__ = [
    "BaselineClassifier",
    "PenalisedLogisticClassifier",
    "AdditiveRiskClassifier",
    "BoostedTreesClassifier",
    "EBMClassifier",
    "publish_tables",
    "purify",
    "INTERVENTIONAL",
    "PATH_DEPENDENT",
]
