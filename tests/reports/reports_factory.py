"""Synthetic results that look like real ones: a class of children, a published version."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pandas as pd

from send_screen.auditing import FAILED, NOT_ASKED_FOR, NOT_CHECKED, PASSED, Audit, Check, CheckResult, Mismatch
from send_screen.evaluation import outcome_shares, review_estimates
from send_screen.published import PublishedReport
from send_screen.reports import OutcomeFigures, render_page
from send_screen.screening import ExcludedChild, Reason, ScreenedChild, ScreeningResult

GOALS = {
    "Listening, attention and understanding": "Communication and interaction",
    "Speaking": "Communication and interaction",
    "Self-regulation": "Social, emotional and mental health",
    "Managing self": "Social, emotional and mental health",
    "Building relationships": "Social, emotional and mental health",
    "Gross motor skills": "Sensory and physical",
    "Fine motor skills": "Sensory and physical",
    "Comprehension": "Cognition and learning",
    "Word reading": "Cognition and learning",
    "Writing": "Cognition and learning",
    "Number": "Cognition and learning",
    "Numerical patterns": "Cognition and learning",
    "Past and present": "Cognition and learning",
    "People, culture and communities": "Cognition and learning",
    "The natural world": "Cognition and learning",
    "Creating with materials": "Cognition and learning",
    "Being imaginative and expressive": "Communication and interaction",
}
NAMES = [
    "Amira Testchild",
    "Benedict Sample",
    "Chloë Example",
    "Daniyal Invented",
    "Efua Placeholder",
    "Finn O'Nobody",
    "Grace Madeup",
    "Harpreet Fiction",
    "Imogen Pretend",
    "Jakub Nikdo",
    "Keziah Figment",
    "Liam Unreal",
    "Małgorzata Wymyślona",
    "Noah Dummy",
    "Olivia Mock",
    "Patience Specimen-Llewellyn",
    "Quinn Phantom",
    "Rosa Sampleworthy",
    "Samuel Notreal",
    "Tariq Imaginary",
]
GIRLS_MISSED = "Of 100 girls who later had support, it misses 62; of 100 others, 46. (n = 410; gap 16, 11 to 20)"
OUTCOME = "had SEN support or an EHC plan by the end of Year 2"
PERFORMANCE: list[dict[str, Any]] = [
    {"model": model, "metric": metric, "value": value, "low": low, "high": high, "n": 18204, "reason": ""}
    for model, metric, value, low, high in (
        ("candidate", "recall", 0.447, 0.421, 0.472),
        ("candidate", "precision", 0.381, 0.352, 0.411),
        ("candidate", "specificity", 0.932, 0.929, 0.936),
        ("candidate", "number_needed_to_screen", 2.62, 2.43, 2.84),
        ("candidate", "roc_auc", 0.812, 0.799, 0.824),
        ("candidate", "average_precision", 0.384, 0.361, 0.408),
        ("candidate", "calibration_slope", 0.98, 0.93, 1.03),
        ("candidate", "calibration_intercept", -0.03, -0.09, 0.04),
        ("baseline", "recall", 0.312, 0.290, 0.335),
        ("baseline", "precision", 0.266, 0.244, 0.290),
        ("baseline", "specificity", 0.919, 0.916, 0.923),
        ("baseline", "number_needed_to_screen", 3.76, 3.45, 4.10),
        ("baseline", "roc_auc", 0.744, 0.731, 0.757),
        ("baseline", "recall_at_operating_point", 0.770, 0.752, 0.786),
        ("baseline", "precision_at_operating_point", 0.191, 0.180, 0.203),
        ("baseline", "selection_rate_at_operating_point", 0.344, 0.335, 0.353),
        ("lightgbm", "recall", 0.452, 0.427, 0.478),
        ("lightgbm", "precision", 0.385, 0.357, 0.414),
        ("lightgbm", "roc_auc", 0.816, 0.804, 0.828),
    )
]
OWNER = {
    "organisation": "Invented Borough Council",
    "team": "Early Years and Inclusion",
    "role": "Head of Early Years",
    "contact": "early.years@invented.example",
}
PROHIBITED = [
    "to refuse, delay or ration an assessment, or to answer a parent's or a teacher's concern",
    "as a diagnosis, or as evidence of need",
    "to set or compare the performance of schools or teachers",
    "for children of another age, or after the review date",
]
ATTRIBUTES = {
    "Sex": ["Girl", "Boy"],
    "Ethnic group": [
        "White",
        "Mixed",
        "Asian",
        "Black",
        "Chinese",
        "Gypsy, Roma or Traveller",
        "Other",
        "not recorded",
    ],
    "Free school meals": ["Yes", "No"],
    "English as an additional language": ["Yes", "No", "not recorded"],
    "Birth season": ["Autumn", "Spring", "Summer"],
    "Sex × Free school meals": ["Girl, yes", "Girl, no", "Boy, yes", "Boy, no"],
}


def _reason(rng: random.Random, goal: str, sign: int) -> Reason:
    word = "emerging" if sign > 0 else "expected"
    return Reason((goal,), f"{goal}: {word}", sign * rng.uniform(0.05, 0.95), "education", (GOALS[goal],))


def _child(rng: random.Random, rank: int, schools: tuple[str, ...]) -> ScreenedChild:
    goals = rng.sample(list(GOALS), 7)
    reasons_for = sorted((_reason(rng, g, 1) for g in goals[: rng.choice([3, 4, 5])]), key=lambda r: -r.contribution)
    reasons_against = sorted((_reason(rng, g, -1) for g in goals[5:]), key=lambda r: r.contribution)
    return ScreenedChild(
        rank=rank,
        row=rank * 7 + 1,
        child_id=f"X000200021{rank:03d}",
        name=NAMES[(rank - 1) % len(NAMES)] if rank != 9 else "",
        class_name=rng.choice(["Robins", "Wrens", "Owls"]),
        school=rng.choice(schools),
        score=2.5 - rank * 0.06,
        percent=max(12, 78 - 2 * rank),
        reasons_for=tuple(reasons_for),
        reasons_against=tuple(reasons_against) if rank % 6 else (),
        not_known=("Age 2 to 2½ review", "Attendance in reception") if rank % 4 == 0 else (),
    )


def _set_aside(rng: random.Random, i: int) -> ExcludedChild:
    kind, rule, reason, remedy = (
        (
            "manual_review",
            "EYFSP-MOVED",
            "No profile: the child joined after the assessment.",
            "Ask the last school.",
        ),
        ("manual_review", "EYFSP-ALL-A", "Every goal is “A, not assessed”.", "Ask the teacher what they see."),
        ("not_eligible", "ELIGIBLE-1", "Already on SEN support.", "Review as planned."),
        ("outside_population", "YEAR-GROUP", "Not in reception.", "Nothing to do."),
    )[min(i // 3, 3) if i < 9 else 3]
    return ExcludedChild(
        row=300 + i,
        child_id=f"X000200022{i:03d}",
        name=NAMES[-1 - i % len(NAMES)],
        class_name=rng.choice(["Robins", "Wrens", "Owls"]),
        school="Invented Primary School",
        kind=kind,
        rule=rule,
        reason=reason,
        remedy=remedy,
    )


def make_result(*, listed: int = 30, margin: int = 10, excluded: int = 12, **changes: Any) -> ScreeningResult:
    """Make a run; ``changes`` replace fields of the result."""
    rng = random.Random(7)
    schools = ("Invented Primary School",)
    children = tuple(_child(rng, rank, schools) for rank in range(1, listed + margin + 1))
    aside = tuple(_set_aside(rng, i) for i in range(excluded))
    fields: dict[str, Any] = {
        "published": make_report(),
        "file": "reception_2025.csv",
        "date": "2025-09-08",
        "as_of": ("2025-07-31", "2025-07-31"),
        "capacity": "10%",
        "per_school": False,
        "role": "senco",
        "listed": children[:listed],
        "margin": children[listed:],
        "review_sample": (),
        "excluded": aside,
        "manual_review_by_group": (
            {"attribute": "Ethnic group", "group": "White", "n_manual_review": 12, "n_rows": 214},
            {"attribute": "Ethnic group", "group": "all other groups together", "n_manual_review": 23, "n_rows": 98},
        ),
        "n_rows": 312,
        "n_screened": 300,
        "linked": ("health/review: 290 of 312 children linked (290 by UPN).",),
        "linked_rows": (),
        "banners": ("The children in this file are invented.",),
        "notes": (
            "The column “Sp” was read as “Speaking”.",
            "2 ages were outside the training range and were clipped.",
        ),
    }
    return ScreeningResult(**(fields | changes))


def _group_rows(rng: random.Random) -> list[dict[str, Any]]:
    rows = []
    for attribute, groups in ATTRIBUTES.items():
        for group in groups:
            small = group in {"Chinese", "Gypsy, Roma or Traveller"}
            n = None if group == "Chinese" else rng.randint(30, 60) if small else rng.randint(300, 1900)
            for metric, middle in (
                ("prevalence", 0.13),
                ("selection_rate", 0.10),
                ("recall", 0.45),
                ("specificity", 0.93),
                ("precision", 0.38),
                ("roc_auc", 0.81),
                ("calibration_slope", 0.98),
            ):
                value = min(0.99, middle * rng.uniform(0.85, 1.15))
                if metric == "recall":
                    value = {"Girl": 0.38, "Boy": 0.54}.get(group, value)
                width = 0.14 if small else 0.03
                rows.append(
                    {
                        "attribute": attribute,
                        "group": group,
                        "metric": metric,
                        "model": "candidate",
                        "value": None if n is None else value,
                        "low": None if n is None else max(0.0, value - width),
                        "high": None if n is None else min(1.0, value + width),
                        "n": n,
                        "schools": None if n is None else min(n, 180),
                        "reason": "fewer than 10 children" if n is None else "",
                        "rounded_to": None,
                        "group_description": group,
                    }
                )
    return rows


def _gap_rows(rng: random.Random) -> list[dict[str, Any]]:
    rows = []
    asked = {"false_negative_rate": 0.1, "false_positive_rate": 0.05, "calibration_in_the_large": 0.05}
    for (metric, tolerance), (attribute, groups) in itertools.product(asked.items(), ATTRIBUTES.items()):
        pairs = list(itertools.combinations(groups, 2)) if len(groups) > 2 else []
        for group, against in [*((group, "all others") for group in groups), *pairs]:
            planted = {"Girl": 0.16, "Boy": -0.16} if metric == "false_negative_rate" else {}
            small = {group, against} & {"Chinese", "Gypsy, Roma or Traveller"}
            unknown = "Chinese" in {group, against}
            value = planted.get(group, rng.uniform(-0.03, 0.03))
            verdict = "outside tolerance" if group in planted else "within tolerance"
            rows.append(
                {
                    "attribute": attribute,
                    "group": group,
                    "against": against,
                    "metric": metric,
                    "value": None if unknown else value,
                    "low": None if small else value - 0.04,
                    "high": None if small else value + 0.04,
                    "n": None if unknown else 900,
                    "critical_difference": None if unknown else 0.03,
                    "tolerance": tolerance,
                    "verdict": "inconclusive" if small else verdict,
                    "required_n": 2400 if small and not unknown else None,
                    "required_schools": 310 if small and not unknown else None,
                    "description": GIRLS_MISSED
                    if (group, against, metric) == ("Girl", "all others", "false_negative_rate")
                    else "",
                    "reason": "fewer than 10 children"
                    if unknown
                    else "fewer than 10 schools on one side"
                    if small
                    else "",
                }
            )
    return rows


def _attribution_rows(rng: random.Random) -> list[dict[str, Any]]:
    """Gaps in mean score among children with the outcome: every feature's part, the agencies', and the folds'."""
    agency_of = {shape["feature"]: shape["agency"] for shape in _shapes()}
    rows = []
    for attribute, groups in list(ATTRIBUTES.items())[:-1]:
        for group in groups:
            unknown = group == "Chinese"
            parts = {name: (-0.03 if group == "Girl" else 0.01) * rng.uniform(0.2, 2) for name in agency_of}
            terms = {
                agency: sum(part for name, part in parts.items() if agency_of[name] == agency)
                for agency in sorted(set(agency_of.values()))
            }
            folds = rng.uniform(-0.004, 0.004)

            def term(name: str, value: float, unknown: bool = unknown) -> dict[str, Any]:
                low, high = (None, None) if unknown else (value - 0.02, value + 0.02)
                return {"term": name, "value": None if unknown else value, "low": low, "high": high}

            rows.append(
                {
                    "attribute": attribute,
                    "group": group,
                    "against": "all others",
                    "among": "children with the outcome",
                    **{key: item for key, item in term("", sum(parts.values()) + folds).items() if key != "term"},
                    "n": None if unknown else 410,
                    "schools": None if unknown else 60,
                    "reason": "fewer than 10 children" if unknown else "",
                    "features": [term(name, value) for name, value in parts.items()],
                    "agencies": [term(name, value) for name, value in terms.items()],
                    "folds": None if unknown else folds,
                }
            )
    return rows


def _point(x: float, to: float, label: str, log_odds: tuple[float, float], within: float, n: int | None) -> Any:
    return {
        "x": x,
        "to": to,
        "label": label,
        "log_odds": log_odds[0],
        "log_odds_to": log_odds[1],
        "margin_of_error": within,
        "margin_of_error_to": within,
        "n": n,
    }


def _shape(feature: str, label: str, kind: str, points: list[Any], missing: float, n_missing: int | None) -> Any:
    return {
        "feature": feature,
        "label": label,
        "kind": kind,
        "unit": "",
        "agency": "health" if feature == "asq" else "education",
        "monotonic": "increasing" if feature == "absence" else "decreasing",
        "points": points,
        "missing_log_odds": missing,
        "missing_margin_of_error": 0.21,
        "n_missing": n_missing,
    }


def _shapes() -> list[dict[str, Any]]:
    """Goals as levels; an age in steps of whole months; a score whose counts are suppressed; absence as a line."""
    rng = random.Random(3)
    shapes = []
    for i, goal in enumerate(GOALS):
        up, down = rng.uniform(0.1, 0.9), -rng.uniform(0.03, 0.3)
        emerging = _point(1, 1, "emerging", (up, up), 0.27, 2130 + i)
        expected = _point(2, 2, "expected", (down, down), 0.04, 15900 - i)
        n_missing = None if i % 5 == 0 else 174
        shapes.append(_shape(f"goal_{i}", goal, "levels", [emerging, expected], rng.uniform(0, 0.1), n_missing))
    months = [f"{m}" for m in range(61, 71)]
    ages = [
        _point(60 + i, 61 + i, label, (0.31 - 0.05 * i,) * 2, 0.05 + 0.01 * i, 1400 + 10 * i)
        for i, label in enumerate(["60 months or less", *months, "71 months or more"])
    ]
    scores = [
        _point(a, b, label, (top, top - 0.1), 0.2, None)
        for a, b, label, top in (
            (5, 20, "below 20", 0.85),
            (20, 35, "20 to below 35", 0.3),
            (35, 60, "35 or more", -0.3),
        )
    ]
    line = [
        _point(4.25 * i, 4.25 * (i + 1), f"{4.25 * i:g} %" if i < 7 else "34 %", (at, at + 0.12), 0.1, None)
        for i, at in enumerate(-0.2 + 0.12 * i for i in range(8))
    ]
    shapes.append(_shape("age", "Age at the end of reception", "steps", ages, 0.02, 0))
    shapes.append(_shape("asq", "Communication score at 2 to 2½ years", "steps", scores, 0.12, 4012))
    shapes.append(_shape("absence", "Sessions missed", "line", line, 0.0, 4012))
    return shapes


def _surfaces() -> list[dict[str, Any]]:
    """A small interaction with a square without children, and a large one whose counts are suppressed."""
    rng = random.Random(11)

    def interaction(features: list[str], labels: list[str], rows: list[str], columns: list[str], counted: bool) -> Any:
        cells = [
            [
                {"log_odds": rng.uniform(-0.2, 0.2), "margin_of_error": 0.1, "n": 40 if counted else None}
                for _ in columns
            ]
            for _ in rows
        ]
        return {
            "features": features,
            "labels": labels,
            "rows": rows,
            "columns": columns,
            "cells": cells,
            "counted": counted,
        }

    small = interaction(
        ["age", "goal_1"],
        ["Age at the end of reception", "Speaking"],
        ["64 months or less", "65 months or more", "not known"],
        ["emerging", "expected"],
        True,
    )
    small["cells"][0][1]["n"] = None
    bins = ["below 10", *(f"{10 * i} to below {10 * i + 10}" for i in range(1, 9)), "90 or more"]
    return [small, interaction(["asq", "absence"], ["Communication score at 2 to 2½ years", "Sessions missed"], bins,
    bins,
                           False)]  # fmt: skip


def _example() -> dict[str, Any]:
    contributions = [(0.9 - 0.1 * i) * (-1) ** i for i in range(len(GOALS))]
    return {
        "base_value": -2.4,
        "score": -2.4 + sum(contributions),
        "percent": 12,
        "reasons": [
            {"feature": f"goal_{i}", "label": goal, "value": "emerging" if c > 0 else "expected", "contribution": c}
            for i, (goal, c) in enumerate(zip(GOALS, contributions, strict=True))
        ],
    }


def _scorecard() -> dict[str, Any]:
    rng = random.Random(13)
    features = [
        {
            "feature": f"goal_{i}",
            "label": goal,
            "rows": [
                {"label": "emerging", "points": round(rng.uniform(0.1, 0.9), 1)},
                {"label": "expected", "points": -0.1},
            ],
            "missing": 0.1,
        }
        for i, goal in enumerate(GOALS)
    ]
    still = {"feature": "age", "label": "Age", "rows": [{"label": "any value", "points": 0.0}], "missing": 0.0}
    grid = {
        "labels": ["Age at the end of reception", "Speaking"],
        "rows": ["64 months or less", "65 months or more"],
        "columns": ["emerging", "expected"],
        "points": [[0.2, -0.1], [-0.2, 0.1]],
    }
    points = [feature["rows"][0]["points"] for feature in features]
    return {
        "digits": 1,
        "log_odds_per_point": 1.0,
        "start": -2.4,
        "features": [*features, still],
        "interactions": [grid],
        "largest_error": 0.46,
        "largest_left_out": 0.0152,
        "percent": [{"points": -4.5, "percent": 1}, {"points": 0.0, "percent": 50}, {"points": 2.5, "percent": 92}],
        "example": {
            "values": ["emerging"] * len(features) + ["not known"],
            "points": [*points, 0.0, 0.2],
            "total": round(-2.4 + sum(points) + 0.2, 1),
            "exact": -2.4 + sum(points) + 0.23,
        },
    }


def _net_benefit_rows() -> list[dict[str, Any]]:
    """A decision curve, of which the last threshold is withheld."""
    return [
        {
            "model": "candidate",
            "against": against,
            "threshold_probability": threshold,
            "value": None if threshold == 0.4 else value - lost * threshold,
            "low": None if threshold == 0.4 else value - lost * threshold - 0.006,
            "high": None if threshold == 0.4 else value - lost * threshold + 0.006,
            "n": None if threshold == 0.4 else 18_200,
            "rounded_to": None if threshold == 0.4 else 0.001,
            "reason": "withheld to protect small groups" if threshold == 0.4 else "",
        }
        for against, value, lost in (("none", 0.06, 0.16), ("all", -0.02, -1.0), ("baseline", 0.002, -0.04))
        for threshold in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
    ]


def make_published() -> dict[str, Any]:
    """Make what a synthetic version publishes."""
    rng = random.Random(5)
    return {
        "format": "send_screen.published/1",
        "version": {
            "id": "reception_sen/3",
            "name": "reception_sen",
            "title": "Children who may need SEN support after reception",
            "model": "logistic",
            "challengers": {"lightgbm": "LightGBM, tuned inside the training schools (12 settings)"},
            "outcome_description": OUTCOME,
            "outcome_kind": "recorded_status",
            "outcome_limits": ["In England, which school a child attends explains more than half (EPI 2021)."],
            "trained_on": "synthetic",
            "as_of": "2025-07-31",
            "review_date": "2026-08-31",
            "spec_sha256": "9f2c" * 16,
            "data_sha256": "01ab" * 16,
            "tables_sha256": "77de" * 16,
            "bags_sha256": None,
            "contracts": {"education/eyfsp@1.0.0": "aa10" * 16, "education/pupil_census@1.0.0": "bb20" * 16},
            "code_version": "0f1e2d3c4b5a",
            "release": "0.1.0",
            "packages": {"numpy": "2.4.6", "pandas": "3.1.0", "scikit-learn": "1.9.0"},
            "data": [
                {
                    "contract": "education/eyfsp@1.0.0",
                    "title": "Early years foundation stage profile",
                    "agency": "education",
                    "purpose": "what the profile at the end of reception says of each child's learning",
                    "lawful_basis": "UK GDPR Article 6(1)(e), public task",
                    "essential": True,
                    "training_only": False,
                },
                {
                    "contract": "education/pupil_census@1.0.0",
                    "title": "Pupil census",
                    "agency": "education",
                    "purpose": "whether support followed",
                    "lawful_basis": "UK GDPR Article 6(1)(e), public task",
                    "essential": False,
                    "training_only": True,
                },
            ],
            "folds": 5,
            "horizon_months": 18,
            "children": {"singular": "child", "plural": "children"},
            "clusters": {"singular": "school", "plural": "schools"},
            "held_out_schools": 0,
            "fold_seeds": [0, 1, 2],
            "intended_use": "Helps a SENCO decide whom to talk about first when reception ends",
            "prohibited_uses": PROHIBITED,
            "owner": OWNER,
            "population": "children at the end of reception in state-funded schools in England",
            "eligible_description": "children with neither SEN support nor an EHC plan at the end of reception",
            "capacity": 0.1,
            "baseline_description": "did not reach a Good Level of Development",
            "operating_point_description": "did not reach a Good Level of Development",
            "research_comparison": None,
            "never_looks_at": ["sex", "ethnicity", "religion", "name", "postcode", "family income"],
            "gates": [
                {"gate": "roc_auc, low end", "required": "at least 0.70", "measured": 0.799, "passed": True},
                {"gate": "recall against the rule", "required": "above 0", "measured": 0.135, "passed": True},
                {"gate": "calibration slope", "required": "0.9 to 1.1", "measured": 0.98, "passed": True},
            ],
        },
        "cohort": {
            "n": 18204,
            "n_outcome": 2366,
            "n_schools": 200,
            "prevalence": 0.13,
            "reason": "",
            "excluded": [
                {"reason": "already on SEN support", "n": 1632},
                {"reason": "no profile", "n": 164},
                {"reason": "outcome not known", "n": None},
            ],
        },
        "performance": PERFORMANCE,
        "differences": [
            {
                "model": "candidate",
                "against": against,
                "metric": m,
                "value": v,
                "low": a,
                "high": b,
                "n": 18204,
                "reason": "",
            }
            for against, m, v, a, b in (
                ("baseline", "recall", 0.135, 0.112, 0.158),
                ("baseline", "precision", 0.115, 0.094, 0.137),
                ("baseline", "roc_auc", 0.068, 0.059, 0.077),
                ("lightgbm", "recall", -0.005, -0.012, 0.002),
                ("lightgbm", "average_precision", -0.003, -0.009, 0.003),
                ("lightgbm", "roc_auc", -0.004, -0.007, -0.001),
            )
        ],
        "groups": _group_rows(rng),
        "gaps": _gap_rows(rng),
        "material_gaps": [GIRLS_MISSED],
        "attribution": _attribution_rows(random.Random(17)),
        "calibration": [
            {
                "bin": i,
                "min_risk_percent": low,
                "predicted_percent": float(says),
                "observed_percent": None if i == 7 else says * rng.uniform(0.85, 1.15),
                "low": None if i == 7 else says * 0.8,
                "high": None if i == 7 else says * 1.2,
                "n": None if i == 7 else 2275,
                "reason": "fewer than 10 children" if i == 7 else "",
            }
            for i, (low, says) in enumerate(((0, 2), (2, 4), (4, 6), (6, 9), (9, 15), (15, 26), (26, 41), (41, 66)))
        ],
        "net_benefit": _net_benefit_rows(),
        "combined": [],
        "points": None,
        "disclosure": {"prior_releases": [], "revealed_by_tables": []},
        "shapes": _shapes(),
        "interactions": _surfaces(),
        "example": _example(),
        "scorecard": _scorecard(),
    }


def make_report(published: dict[str, Any] | None = None) -> PublishedReport:
    """Return what a synthetic version publishes as the typed document."""
    return PublishedReport.model_validate(make_published() if published is None else published, strict=False)


def render(name: str, published: dict[str, Any] | None = None) -> str:
    """Render a page of what a synthetic version publishes."""
    return render_page(name, make_report(published))


def make_audit(*, green: bool = False, value: str = "0.71") -> Audit:
    """An audit with everything that its page can show."""
    wrong = CheckResult(
        FAILED, "It is not what the evidence says.", (Mismatch("$.performance[3].value", value, "0.69"),), 42
    )
    checks = [
        Check(
            "manifest",
            "The manifest is the one that was registered",
            CheckResult(PASSED, f"Its SHA-256 is {'0' * 64}."),
        ),
        Check(
            "figures",
            "Every figure follows from the evidence",
            CheckResult(PASSED, "1,000 values.") if green else wrong,
        ),
        Check(
            "evidence",
            "The evidence is the one that was registered",
            CheckResult(NOT_ASKED_FOR if green else NOT_CHECKED, "There is no right to read it."),
        ),
    ]
    metadata = {
        "version": "f" * 16,
        "title": "A screening model",
        "trained_on": "synthetic",
        "checked_on": "2026-11-24",
    }
    metadata |= {"code_here": "0.1.0+abc"}
    metadata |= {
        "registered": "models:/reception_sen/3",
        "run": "0" * 32,
        "withdrawn": "on 2026-11-20 by A. Board: a trial",
    }
    return Audit("models:/reception_sen/3", metadata, tuple(checks), ("The children's data.",))


def outcome_effect(value: float, low: float, high: float, reason: str = "", *, known: float = 0.0) -> pd.DataFrame:
    """Make the effect of being listed on support, and on whether the outcome is known."""
    rows = [["supported", value, low, high, 900, 60, reason], ["known", known, known - 0.02, known + 0.02, 900, 60, ""]]
    return pd.DataFrame(rows, columns=["outcome", "value", "low", "high", "n", "schools", "reason"])


def make_outcomes() -> OutcomeFigures:
    """Make what became of 8,000 children."""
    rng = np.random.default_rng(0)
    kinds = ["listed", "not_listed", "review_sample", "manual_review"]
    children = pd.DataFrame(
        {
            "school": rng.integers(0, 60, 8_000),
            "kind": rng.choice(kinds, 8_000, p=[0.1, 0.8, 0.05, 0.05]),
            "state": rng.choice(["supported", "none_recorded", "not_known"], 8_000, p=[0.3, 0.6, 0.1]),
            "group.Sex": rng.choice(["girls", "<b>boys</b>"], 8_000),
            "review_probability": 0.06,
        }
    )
    effect = outcome_effect(0.1, 0.02, 0.18)
    return OutcomeFigures(make_report().version, outcome_shares(children), review_estimates(children), effect)
