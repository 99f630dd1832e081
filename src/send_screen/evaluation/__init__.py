"""Evaluation: every figure, interval and finding about a version, from one evidence table.

The way in is :func:`out_of_fold`, which fits each model on training folds and scores children of schools it has not
seen; :func:`build_evidence` turns that into the evidence table, one row a child and fold seed, without an identifier.
Everything else reads that table and nothing else: :func:`performance` and :func:`differences` of the models,
:func:`by_group` and :func:`gaps` between groups, :func:`calibration_bins`; :func:`publish` puts it all into what may
be shown, under disclosure control, and :func:`headline` into MLflow metrics.
"""

from send_screen.evaluation._attribution import attribution
from send_screen.evaluation._calibration import calibration_bins
from send_screen.evaluation._disclosure_earlier import revealed_counts
from send_screen.evaluation._estimate import Estimate, clustered_rate
from send_screen.evaluation._evidence import EvidenceKeys, build_evidence, expected_share
from send_screen.evaluation._folds import out_of_school_folds, verify_folds
from send_screen.evaluation._gaps import gaps
from send_screen.evaluation._groups import by_group
from send_screen.evaluation._named import named
from send_screen.evaluation._out_of_fold import fit_on, out_of_fold
from send_screen.evaluation._performance import differences, performance
from send_screen.evaluation._publish import headline, publish
from send_screen.evaluation._replicates import BootstrapRates, cluster_bootstrap

__all__ = [
    "out_of_school_folds",
    "verify_folds",
    "out_of_fold",
    "fit_on",
    "build_evidence",
    "EvidenceKeys",
    "expected_share",
    "performance",
    "differences",
    "clustered_rate",
    "Estimate",
    "by_group",
    "gaps",
    "attribution",
    "cluster_bootstrap",
    "BootstrapRates",
    "named",
    "calibration_bins",
    "publish",
    "revealed_counts",
    "headline",
]
