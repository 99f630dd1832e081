"""Model specs: population, features, outcome, capacity, gates and owner of a model.

:func:`load_spec` reads a YAML file, reports all its mistakes at once, and returns a frozen :class:`ModelSpec`. The hash
of the file's bytes is part of the identity of every version that is trained from it.
"""

from send_screen.specs._columns import AgeInMonths, ColumnRef, Condition, Equals, Feature, Share
from send_screen.specs._load import load_spec
from send_screen.specs._model_spec import (
    TOLERANCES,
    AcademicYearEnd,
    DataUse,
    Gate,
    GoalsNotMet,
    Group,
    Linkage,
    LowScore,
    ModelSpec,
    Outcome,
    ReviewSampleSize,
    SpecDocument,
)
from send_screen.specs._open_decisions import open_decisions

__all__ = [
    "load_spec",
    "open_decisions",
    "ModelSpec",
    "SpecDocument",
    "ColumnRef",
    "Condition",
    "DataUse",
    "Linkage",
    "AcademicYearEnd",
    "Feature",
    "AgeInMonths",
    "Share",
    "Equals",
    "Outcome",
    "ReviewSampleSize",
    "GoalsNotMet",
    "LowScore",
    "Group",
    "Gate",
    "TOLERANCES",
]
