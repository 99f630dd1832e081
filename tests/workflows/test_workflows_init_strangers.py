"""Of tables as strangers have them, ``init`` makes a draft that needs few edits and is silently wrong in none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lookalikes import dyslexia_game, reading_study, university

from send_screen.cohorts import Cohort, load_cohort
from send_screen.errors import LeakageError, UsageError
from send_screen.reports import render_pages
from send_screen.specs import ModelSpec, load_spec
from send_screen.workflows import DraftedFiles, TrainedVersion, init, train
from send_screen.workflows._train_fit import raise_on_leakage


def draft(frame: pd.DataFrame, folder: Path, **options: Any) -> DraftedFiles:
    file = folder / "table.csv"
    frame.to_csv(file, index=False)
    return init(file, out=folder / "my_model", **options)


def opened(made: DraftedFiles) -> tuple[ModelSpec, Cohort]:
    spec = load_spec(made.spec)
    return spec, load_cohort(spec, made.file)


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> DraftedFiles:
    return draft(reading_study(), tmp_path_factory.mktemp("reading"), outcome="low_reader_spring")


def test_a_reading_study(reading: DraftedFiles) -> None:
    assert (reading.child_id, reading.school) == ("student_id", "school_id")
    assert set(reading.groups) == {"gender", "race_ethnicity", "frl", "sped", "ell_program"}
    assert set(reading.left_out) == {"teacher_id"}
    assert "# Does sped say so?" in reading.spec.read_text("utf-8")
    assert set(reading.features) == {
        *("fall_letter_names", "fall_vocabulary", "fall_attendance", "parent_rating", "age_in_fall")
    }
    assert set(reading.open_questions) == {"fall_word_reading", "fall_fluency", "low_speller_spring", "spring_fluency"}


def test_a_strong_early_score_is_asked_about_and_taken_in_by_one_edit(reading: DraftedFiles, tmp_path: Path) -> None:
    for score in ("fall_word_reading", "fall_fluency"):
        assert reading.open_questions[score].startswith("ROC AUC 0.9")
    text = reading.spec.read_text("utf-8")
    start = text.index("  # - name: fall_word_reading")
    block = text[start : text.index("  # Left out", start)]
    assert "fall_fluency" in block
    assert "spring" not in block.replace("low_reader_spring", "")
    whole = text.replace(block, block.replace("  # - ", "  - ").replace("  #   ", "    "))
    place = tmp_path / "contracts" / "local" / reading.contract.name
    place.parent.mkdir(parents=True)
    place.write_bytes(reading.contract.read_bytes())
    (tmp_path / "spec.yaml").write_text(whole, encoding="utf-8")
    spec = load_spec(tmp_path / "spec.yaml")
    cohort = load_cohort(spec, reading.file)
    raise_on_leakage(spec, cohort)
    assert {"fall_word_reading", "fall_fluency"} <= set(cohort.X)
    # Without a reason, training asks too, and says how to answer.
    (tmp_path / "spec.yaml").write_text(whole.replace("    expected_strong", "    # expected_strong"), encoding="utf-8")
    with pytest.raises(LeakageError, match=r"To be answered first(.|\n)*fall_fluency(.|\n)*recordedOn") as caught:
        raise_on_leakage(load_spec(tmp_path / "spec.yaml"), cohort)
    assert "Target leakage" not in str(caught.value)
    # A date in the contract answers as well.
    dated = place.read_text("utf-8").replace(
        'description: "No feature until it is known when it was recorded."\n        logicalType: number',
        'description: "An autumn test."\n        logicalType: number',
    )
    name = "      - name: fall_fluency\n"
    at = dated.index("          - {property: visibleTo", dated.index(name))
    place.write_text(
        dated[:at] + '          - {property: recordedOn, value: "2020-10-31"}\n' + dated[at:], encoding="utf-8"
    )
    spec = load_spec(tmp_path / "spec.yaml")
    with pytest.raises(LeakageError) as caught:
        raise_on_leakage(spec, load_cohort(spec, reading.file))
    assert "fall_word_reading" in str(caught.value)
    assert "fall_fluency" not in str(caught.value)


def test_numbers_with_marks_per_cent_and_decimal_commas_are_numbers(reading: DraftedFiles) -> None:
    spec, cohort = opened(reading)
    frame = reading_study()
    frame = frame[frame["low_reader_spring"] != "Unknown"].reset_index(drop=True)
    assert np.allclose(cohort.X["fall_attendance"], frame["fall_attendance"].str.rstrip("%").astype(float))
    assert np.allclose(cohort.X["parent_rating"], frame["parent_rating"].str.replace(",", ".").astype(float))
    column = spec.contracts["local/table"].columns["fall_word_reading"]
    assert set(column.missing_codes) == {"A", "D", "T"}
    assert column.logical_type == "integer"


def test_unknown_codes_are_unknown(reading: DraftedFiles) -> None:
    spec, cohort = opened(reading)
    frame = reading_study()
    unknown = int((frame["low_reader_spring"] == "Unknown").sum())
    assert (spec.outcome.positive, spec.outcome.negative) == (("yes",), ("no",))
    assert int((cohort.excluded["kind"] == "outcome_unknown").sum()) == len(cohort.excluded) == unknown > 50
    assert cohort.sensitive["gender"].value_counts()["not recorded"] > 50
    assert "Unknown" not in set(cohort.sensitive["gender"])


@pytest.mark.slow
def test_a_game_without_schools(tmp_path: Path) -> None:
    made = draft(dyslexia_game(500), tmp_path, outcome="Dyslexia", child_id="player")
    assert made.school is None
    assert "none: each row stands alone" in made.to_text()
    assert set(made.groups) == {"Gender", "Nativelang"}
    assert len(made.features) == 193
    assert not made.open_questions
    assert not made.left_out
    spec, cohort = opened(made)
    assert spec.school is None
    assert cohort.school.nunique() == len(cohort) == 500
    assert (cohort.show["school"] == "").all()


def test_university_courses(tmp_path: Path) -> None:
    frame = university(2_000)
    with pytest.raises(UsageError) as caught:
        draft(frame, tmp_path, outcome="final_result")
    said = str(caught.value)
    assert "--child-id and one of: 'enrolment'" in said
    assert "--positive with each of 'Distinction', 'Fail', 'Pass', 'Withdrawn'" in said
    made = draft(frame, tmp_path, outcome="final_result", child_id="enrolment", positive=["fail", "Withdrawn"])
    assert (made.school, made.guessed) == ("course", ("school",))
    assert set(made.left_out) == {"id_student", "region"}
    assert set(made.groups) == {"gender", "imd_band", "disability"}
    spec, cohort = opened(made)
    assert set(spec.outcome.positive) == {"Fail", "Withdrawn"}
    assert set(spec.outcome.negative) == {"Pass", "Distinction"}
    assert cohort.school.nunique() == 22
    assert spec.schools_are.plural == "courses"
    assert spec.baseline.kind == "low_score"
    assert spec.baseline.feature == "first_score"
    with pytest.raises(UsageError, match="must name some codes"):
        draft(frame, tmp_path / "..", outcome="final_result", child_id="enrolment", positive=["Failed"])


def lightly(made: DraftedFiles) -> Path:
    """Return the spec with the quickest model, so that the pages can be looked at."""
    text = made.spec.read_text("utf-8").replace("model: additive", "model: logistic")
    text = text.replace("challengers: [lightgbm]", "challengers: []").replace("folds: 5", "folds: 3")
    made.spec.write_text(text, encoding="utf-8")
    return made.spec


def trained_pages(made: DraftedFiles, folder: Path) -> tuple[TrainedVersion, str]:
    uri = f"sqlite:///{(folder / 'mlflow.db').as_posix()}"
    trained = train(lightly(made), made.file, tracking_uri=uri, evidence=folder / "evidence", threads=1)
    return trained, " ".join(render_pages(trained.published).values())


def test_without_schools_pages_speak_of_children_alone(tmp_path: Path) -> None:
    trained, pages = trained_pages(draft(small().drop(columns="school"), tmp_path), tmp_path)
    assert trained.published.version.clusters is None
    assert trained.published.cohort.n_schools is None
    assert {row.schools for row in trained.published.groups} == {None}
    assert trained.published.metric("roc_auc").low is not None
    assert "600 real children. Which schools they go to is not known: each stands alone." in pages
    assert "which takes each child by itself, as no schools are known" in pages
    for words in ("sit in schools", "600 schools", "other schools", "out of school"):
        assert words not in pages
    with pytest.raises(UsageError, match="no school can be held out"):
        train(tmp_path / "my_model" / "spec.yaml", tmp_path / "table.csv", hold_out=2)


def test_courses_are_called_so(tmp_path: Path) -> None:
    trained, pages = trained_pages(draft(small().rename(columns={"school": "course"}), tmp_path), tmp_path)
    assert trained.published.version.clusters.plural == "courses"
    assert "600 real children in 20 courses" in pages
    assert "which knows that children sit in courses" in pages
    for words in ("sit in schools", "20 schools", "other schools", "out of school"):
        assert words not in pages


# --- single guesses ---------------------------------------------------------------------------------------------


def small(**columns: Any) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 600
    score = rng.normal(50, 10, n).round(1)
    frame = pd.DataFrame(
        {
            "ref": [f"R{i:04d}" for i in range(n)],
            "school": [f"S{i % 20}" for i in range(n)],
            "Sex": rng.choice(["M", "F"], n),
            "score": score,
            "support_later": np.where(score + 12 * rng.normal(size=n) < 42, "yes", "no"),
        }
    )
    return frame.assign(**{name: make(rng, n) for name, make in columns.items()})


@pytest.mark.parametrize(
    "header", ["id_student", "TeacherID", "tch_id", "teacher_no", "staff code", "Learner number", "case_ref"]
)
def test_identifiers_are_neither_features_nor_the_baseline(header: str, tmp_path: Path) -> None:
    made = draft(small(**{header: lambda rng, n: 10_000 + rng.integers(0, n // 3, n)}), tmp_path)
    assert header in made.left_out
    assert made.features == ("score",)


def test_a_number_that_nearly_each_child_has_alone_is_asked_about(tmp_path: Path) -> None:
    made = draft(small(folio=lambda rng, n: rng.integers(0, 900, n)), tmp_path)
    assert "identifier" in made.open_questions["folio"]


@pytest.mark.parametrize(
    ("values", "on_register"),
    [
        (["K", "E", ""], {"K", "E"}),
        (["K", "E", "None"], {"K", "E"}),
        (["K", ""], {"K"}),
        (["N", "K", "E"], {"K", "E"}),
        ([1, 2], {"1"}),
        (["Y", "N"], {"Y"}),
        (["K", "E", "N", "Unknown"], {"K", "E"}),
    ],
)
def test_who_is_on_the_sen_register_is_not_asked_about(
    values: list[Any], on_register: set[str], tmp_path: Path
) -> None:
    frame = small(**{"SEN status": lambda rng, n: rng.choice(np.array(values, dtype=object), n)})
    spec, cohort = opened(draft(frame, tmp_path))
    (condition,) = spec.eligible.where
    assert set(map(str, condition.values)) == on_register
    assert len(cohort) == int((~frame["SEN status"].astype(str).isin(on_register)).sum())


def test_a_special_education_column_is_a_group_where_the_outcome_is_no_need(tmp_path: Path) -> None:
    frame = small(
        **{"special_ed": lambda rng, n: rng.choice(["Y", "N"], n), "LEP": lambda rng, n: rng.choice([0, 1], n)}
    )
    made = draft(frame.rename(columns={"support_later": "low_reading"}), tmp_path, outcome="low_reading")
    assert set(made.groups) == {"Sex", "special_ed", "LEP"}
    assert made.features == ("score",)


@pytest.mark.parametrize(
    ("codes", "right"),
    [
        (["yes", "no", "-9"], {"yes", "no"}),
        (["Y", "N", "U"], {"Y", "N"}),
        ([0, 1, 9], {"0", "1"}),
        ([0, 1, 99], {"0", "1"}),
        (["Yes", "No", "Refused"], {"Yes", "No"}),
        (["yes", "no", "not recorded"], {"yes", "no"}),
    ],
)
def test_an_unknown_outcome_is_no_outcome(codes: list[Any], right: set[str], tmp_path: Path) -> None:
    frame = small(later=lambda rng, n: rng.choice(np.array(codes, dtype=object), n, p=[0.3, 0.6, 0.1]))
    made = draft(frame.drop(columns="support_later"), tmp_path, outcome="later")
    spec, cohort = opened(made)
    assert {*spec.outcome.positive, *spec.outcome.negative} == right
    assert len(cohort) == int(frame["later"].astype(str).isin(right).sum())


@pytest.mark.parametrize("codes", [["pass", "fail"], [1, 2], ["low", "middle", "high"]])
def test_an_outcome_without_yes_and_no_is_asked_about(codes: list[Any], tmp_path: Path) -> None:
    frame = small(later=lambda rng, n: rng.choice(np.array(codes, dtype=object), n)).drop(columns="support_later")
    with pytest.raises(UsageError, match="--positive with each of"):
        draft(frame, tmp_path, outcome="later")
    (tmp_path / "again").mkdir()
    spec, _ = opened(draft(frame, tmp_path / "again", outcome="later", positive=[str(codes[0])]))
    assert spec.outcome.positive == (str(codes[0]),)


def test_all_that_is_missing_is_asked_at_once(tmp_path: Path) -> None:
    frame = small(URN=lambda rng, n: [f"U{i % 15}" for i in range(n)]).rename(
        columns={"ref": "code", "support_later": "low"}
    )
    with pytest.raises(UsageError) as caught:
        draft(frame, tmp_path)
    for option in (
        "--child-id and one of: 'code'",
        "--school and one of: 'school', 'URN'",
        "--outcome and one of: 'low'",
    ):
        assert option in str(caught.value)


def test_children_are_no_schools(tmp_path: Path) -> None:
    frame = small(alone=lambda rng, n: [f"A{i}" for i in range(n)])
    with pytest.raises(UsageError, match="no schools, courses or settings"):
        draft(frame, tmp_path, school="alone")


def test_where_no_header_sounds_like_a_group_the_one_taken_is_no_feature(tmp_path: Path) -> None:
    frame = small(nursery=lambda rng, n: rng.choice(["state", "private"], n)).drop(columns="Sex")
    made = draft(frame, tmp_path)
    assert (made.groups, made.features) == (("nursery",), ("score",))


@pytest.mark.parametrize(
    "make",
    [
        lambda rng, n: np.round(np.exp(rng.normal(0, 2.5, n)), 2),
        lambda rng, n: np.where(np.arange(n) == 7, 250.0, rng.normal(10, 1, n)),
        lambda rng, n: np.where(np.arange(n) == 7, -55.0, rng.normal(10, 1, n)),
        lambda rng, n: rng.poisson(3, n),
    ],
)
def test_ranges_are_wider_than_the_childrens(make: Callable[..., Any], tmp_path: Path) -> None:
    frame = small(value=make)
    spec, cohort = opened(draft(frame, tmp_path))
    column = spec.contracts["local/table"].columns["value"]
    assert column.minimum is not None
    assert column.maximum is not None
    assert column.minimum <= frame["value"].min() <= frame["value"].max() <= column.maximum
    assert cohort.X["value"].notna().all()


def test_sex_in_the_numbers_of_iso_5218(tmp_path: Path) -> None:
    frame = small(Sex=lambda rng, n: rng.choice([0, 1, 2, 9], n, p=[0.05, 0.45, 0.45, 0.05]))
    _, cohort = opened(draft(frame, tmp_path))
    assert set(cohort.sensitive["Sex"]) == {"children with Sex 1", "children with Sex 2", "not recorded"}


def test_none_among_codes_is_one_of_them(tmp_path: Path) -> None:
    _, cohort = opened(draft(small(ell_program=lambda rng, n: rng.choice(["none", "bilingual"], n)), tmp_path))
    assert set(cohort.sensitive["ell_program"]) == {
        "children with ell_program none",
        "children with ell_program bilingual",
    }


def test_bands_of_age_are_compared(tmp_path: Path) -> None:
    made = draft(small(age_band=lambda rng, n: rng.choice(["0-35", "35-55"], n)), tmp_path)
    assert (made.features, set(made.groups)) == (("score",), {"Sex", "age_band"})


def test_codes_that_are_years_are_asked_about(tmp_path: Path) -> None:
    made = draft(small(presentation=lambda rng, n: rng.choice(["2013B", "2014J"], n)), tmp_path)
    assert made.open_questions == {"presentation": "its codes are years, and those of a new year are none of them"}


def test_the_auc_of_what_only_those_with_the_outcome_have_is_undefined(tmp_path: Path) -> None:
    frame = small(days=lambda rng, n: rng.integers(10, 200, n).astype(float))
    frame["days"] = frame["days"].where(frame["support_later"] == "yes")
    asked = draft(frame, tmp_path).open_questions["days"]
    assert "missing" in asked
    assert "AUC" not in asked
