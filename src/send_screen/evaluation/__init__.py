"""Evaluation: every metric, interval and verdict about a version, from one table of out-of-fold predictions.

:func:`out_of_fold` fits each model on training folds and scores children of schools it has not seen.
:func:`build_evidence` turns the scores into the *evidence*: the table of out-of-fold predictions, one row per child and
fold seed, without an identifier. Everything else is computed from that table alone: :func:`performance` and
:func:`paired_differences` of the models, :func:`by_group` and :func:`gaps` between groups, :func:`calibration_bins` and
:func:`decision_curve`. :func:`measured_sections` puts it all under disclosure control
(:mod:`send_screen.evaluation.disclosure`). :func:`link_rates` says in which groups fewer children were linked to other
agencies' records.

Once it is known what became of the children of a screening run, :func:`outcome_shares` counts it,
:func:`review_estimates` estimates the accuracy of the list from its random review sample, and
:func:`regression_discontinuity` what being listed did to children at the line.
"""

from send_screen.evaluation._attribution import attribution
from send_screen.evaluation._bootstrap import BootstrapRates, cluster_bootstrap
from send_screen.evaluation._calibration import calibration_bins
from send_screen.evaluation._decision_curve import decision_curve
from send_screen.evaluation._describe_gaps import material_gaps
from send_screen.evaluation._estimate import Estimate, clustered_rate
from send_screen.evaluation._evidence import EvidenceKeys, build_evidence
from send_screen.evaluation._gaps import gaps
from send_screen.evaluation._groups import by_group
from send_screen.evaluation._link_rates import link_rates
from send_screen.evaluation._measured_sections import measured_sections
from send_screen.evaluation._out_of_fold import out_of_fold, out_of_school_folds, verify_folds
from send_screen.evaluation._outcome_shares import outcome_shares
from send_screen.evaluation._performance import paired_differences, performance
from send_screen.evaluation._regression_discontinuity import distance_to_line, regression_discontinuity
from send_screen.evaluation._review_estimates import review_estimates
from send_screen.evaluation.disclosure import revealed_counts

__all__ = [
    "out_of_school_folds",
    "verify_folds",
    "out_of_fold",
    "build_evidence",
    "EvidenceKeys",
    "performance",
    "paired_differences",
    "clustered_rate",
    "Estimate",
    "by_group",
    "gaps",
    "attribution",
    "cluster_bootstrap",
    "BootstrapRates",
    "material_gaps",
    "calibration_bins",
    "decision_curve",
    "measured_sections",
    "link_rates",
    "revealed_counts",
    "outcome_shares",
    "review_estimates",
    "distance_to_line",
    "regression_discontinuity",
]
