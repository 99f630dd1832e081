"""Synthetic tables of the kinds that strangers bring: a reading study, a game without schools, university courses."""

from __future__ import annotations

import numpy as np
import pandas as pd


def reading_study(n: int = 5_718, seed: int = 0) -> pd.DataFrame:
    """Reading at the end of grade 1, with three strong autumn scores, ceilings, marks and sibling outcomes."""
    rng = np.random.default_rng(seed)
    n_schools = 60
    school = rng.integers(0, n_schools, n)
    teacher = school * 4 + rng.integers(0, 4, n)
    skill = rng.normal(size=n) + 0.3 * rng.normal(size=n_schools)[school]
    end = skill + 0.5 * rng.normal(size=n)
    low = end < np.quantile(end, 0.15)
    letters = np.clip(np.round(24 + 9 * (skill + 0.8 * rng.normal(size=n))), 0, 26)  # four in ten at the ceiling
    words = np.maximum(np.round(20 + 12 * (skill + 0.5 * rng.normal(size=n))), 0)
    fluency = np.round(60 + 25 * (skill + 0.5 * rng.normal(size=n)), 1)
    vocabulary = np.round(100 + 15 * (0.5 * skill + rng.normal(size=n))).astype(int)
    attendance = np.clip(95 + 3 * rng.normal(size=n) + 0.5 * skill, 60, 100).round(1)
    marks = rng.choice(["A", "D", "T"], n, p=[0.6, 0.2, 0.2])
    sped = rng.random(n) < np.where(low, 0.25, 0.06)
    speller = end + 0.8 * rng.normal(size=n)
    return pd.DataFrame(
        {
            "student_id": 400_000 + rng.permutation(n * 3)[:n],
            "school_id": 1000 + school,
            "teacher_id": 70_000 + teacher,
            "gender": rng.choice(["Female", "Male", "Unknown"], n, p=[0.48, 0.5, 0.02]),
            "race_ethnicity": rng.choice(["Black", "Hispanic", "White", "Other"], n),
            "frl": rng.choice(["Y", "N"], n),
            "sped": np.where(sped, 1, 0),
            "ell_program": rng.choice(["none", "bilingual", "pull-out"], n, p=[0.8, 0.1, 0.1]),
            "fall_letter_names": letters.astype(int),
            "fall_word_reading": np.where(rng.random(n) < 0.06, marks, words.astype(int).astype(str)),
            "fall_fluency": fluency,
            "fall_vocabulary": vocabulary,
            "fall_attendance": [f"{value}%" for value in attendance],
            "parent_rating": [f"{value:.1f}".replace(".", ",") for value in 5 + 0.5 * skill + rng.normal(size=n)],
            "age_in_fall": rng.integers(70, 86, n),
            "low_speller_spring": (speller < np.quantile(speller, 0.15)).astype(int),
            "spring_fluency": np.round(80 + 25 * (end + 0.2 * rng.normal(size=n)), 1),
            "low_reader_spring": np.where(low, "yes", np.where(rng.random(n) < 0.02, "Unknown", "no")),
        }
    )


def dyslexia_game(n: int = 3_644, seed: int = 0) -> pd.DataFrame:
    """A game in 32 rounds of six measures, 194 feature columns, no schools."""
    rng = np.random.default_rng(seed)
    trait = rng.normal(size=n)
    later = rng.random(n) < 1 / (1 + np.exp(2.6 + 0.9 * trait))
    columns: dict[str, object] = {
        "player": [f"P{i:05d}" for i in range(n)],
        "Gender": rng.choice(["Male", "Female"], n),
        "Nativelang": rng.choice(["Yes", "No"], n, p=[0.9, 0.1]),
        "Age": rng.integers(7, 18, n),
    }
    for question in range(1, 33):
        clicks = rng.poisson(10, n) + 1
        hits = rng.binomial(clicks, 1 / (1 + np.exp(-0.8 - 0.25 * trait)))
        columns |= {
            f"Clicks{question}": clicks,
            f"Hits{question}": hits,
            f"Misses{question}": clicks - hits,
            f"Score{question}": hits,
            f"Accuracy{question}": (hits / clicks).round(6),
            f"Missrate{question}": (1 - hits / clicks).round(6),
        }
    return pd.DataFrame({**columns, "Dyslexia": np.where(later, "Yes", "No")})


def university(n: int = 32_593, seed: int = 0) -> pd.DataFrame:
    """Students in 22 courses with four outcomes; one student may take two courses."""
    rng = np.random.default_rng(seed)
    course = rng.integers(0, 22, n)
    effort = rng.normal(size=n)
    level = effort + 0.3 * rng.normal(size=22)[course] + rng.normal(size=n)
    result = np.select([level < -1.2, level < -0.5, level < 1.4], ["Withdrawn", "Fail", "Pass"], "Distinction")
    return pd.DataFrame(
        {
            "enrolment": [f"E{i:06d}" for i in rng.permutation(n)],
            "id_student": 6_000 + rng.integers(0, 8 * n, n),
            "course": [f"{'ABCDEFGHIJK'[c // 2] * 3} {2013 + c % 2}" for c in course],
            "gender": rng.choice(["M", "F"], n),
            "region": rng.choice(["North", "South", "Wales"], n),
            "imd_band": rng.choice(["0-20%", "20-60%", "60-100%"], n),
            "disability": rng.choice(["Y", "N"], n, p=[0.1, 0.9]),
            "highest_education": rng.choice(["A Level", "HE", "Lower"], n),
            "num_of_prev_attempts": rng.poisson(0.15, n),
            "studied_credits": rng.choice([60, 120, 30], n),
            "clicks_month_1": np.round(np.exp(4 + 0.5 * effort + 0.8 * rng.normal(size=n))).astype(int),
            "first_score": np.clip(np.round(70 + 8 * effort + 12 * rng.normal(size=n)), 0, 100),
            "final_result": result,
        }
    )
