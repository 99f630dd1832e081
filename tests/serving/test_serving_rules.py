"""The served model keeps hard rules 3 to 7 as ``send-screen screen`` does, and says the same of each child."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pandas as pd
import pytest

from send_screen.cohorts import load_cohort
from send_screen.contracts import Contract
from send_screen.errors import DataError, PopulationError, UsageError
from send_screen.governance import Bundle, open_bundle
from send_screen.screening import NOTICE, Capacity, screen_cohort
from send_screen.serving import predict_records

TODAY = dt.date(2026, 9, 1)
ROLES = [None, "senco", "class_teacher", "head_teacher", "data_manager", "local_authority"]


@pytest.fixture(scope="module")
def bundle(trained: Any) -> Bundle:
    return open_bundle(trained.exported)


@pytest.fixture(scope="module")
def rows(trained: Any) -> pd.DataFrame:
    return pd.read_csv(trained.school_file, dtype=str)


def closed_to(bundle: Bundle, role: str, columns: set[str]) -> Bundle:
    """The same version under contracts in which ``role`` may not see some columns."""

    def closed(contract: Contract) -> Contract:
        changed = {
            name: dataclasses.replace(column, visible_to=column.visible_to - {role}) if name in columns else column
            for name, column in contract.columns.items()
        }
        return dataclasses.replace(contract, columns=changed)

    contracts = {name: closed(contract) for name, contract in bundle.contracts.items()}
    return dataclasses.replace(bundle, contracts=contracts)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("hidden", [set(), {"E01", "E02", "SENprovision", "SessionsAbsent"}])
def test_it_says_what_screen_says_to_every_role_rule_7(
    bundle: Bundle, trained: Any, rows: pd.DataFrame, role: str | None, hidden: set[str]
) -> None:
    closed = closed_to(bundle, role or "senco", hidden)
    cohort = load_cohort(closed.spec, trained.school_file, training=False, contracts=closed.contracts)
    result = screen_cohort(closed, cohort, file="x.csv", capacity=Capacity(share=1.0), role=role, today=TODAY)
    predictions = predict_records(closed, rows, role=role, today=TODAY)
    assert len(predictions) == result.n_rows == len(rows)
    by_row = {int(row["row"]): row for row in predictions.to_dict("records")}
    assert len(result.listed) == result.n_screened
    for child in result.listed:
        row = by_row.pop(child.row - 1)
        assert row["status"] == "screened"
        shown = (None, None) if hidden else (row["score"], row["percent"])  # a role that may not see all gets no number
        assert (child.score, child.percent) == shown
        assert pd.isna(row["score"]) == pd.isna(row["percent"]) == bool(hidden)
        assert row["reasons_for"] == "; ".join(reason.text for reason in child.reasons_for)
        assert row["reasons_against"] == "; ".join(reason.text for reason in child.reasons_against)
        assert row["not_known"] == "; ".join(child.not_known)
        assert row["ask"] == "; ".join(child.ask)
    assert len(by_row) == len(result.excluded) > 0
    for excluded in result.excluded:
        row = by_row.pop(excluded.row - 1)
        assert (row["status"], row["reason"]) == (excluded.kind, excluded.reason)
        assert pd.isna(row["score"])
    if hidden:
        seen = " ".join(
            predictions["reasons_for"]
            + predictions["reasons_against"]
            + predictions["not_known"]
            + predictions["beyond_training"]
        )
        for name in hidden - {"SENprovision", "SessionsAbsent"}:
            assert closed.spec.feature(name).label not in seen
        assert "already has SEN support" not in " ".join(predictions["reason"])
        assert (predictions.loc[predictions["status"] == "screened", "ask"] != "").all()


def test_an_unknown_role_is_refused_rule_7(bundle: Bundle, rows: pd.DataFrame) -> None:
    with pytest.raises(UsageError, match="Known are: class_teacher"):
        predict_records(bundle, rows, role="nobody", today=TODAY)


def test_every_row_says_what_it_is_not_rule_3(bundle: Bundle, rows: pd.DataFrame) -> None:
    predictions = predict_records(bundle, rows, today=TODAY)
    assert predictions["notice"].str.endswith(NOTICE).all()
    assert "refuse, delay or ration" in NOTICE


@pytest.mark.parametrize("count", [1, 2])
def test_children_who_cannot_be_screened_are_answered_for_rule_4(
    bundle: Bundle, rows: pd.DataFrame, count: int
) -> None:
    goals = [f"E{number:02d}" for number in range(1, 18)]
    nothing = rows.iloc[:count].assign(**dict.fromkeys(goals, None))
    predictions = predict_records(bundle, nothing, today=TODAY)
    assert predictions["status"].tolist() == ["manual_review"] * count
    assert (predictions["reason"].str.len() > 0).all()
    assert predictions["score"].isna().all()
    assert predictions["row"].tolist() == list(range(1, count + 1))


def test_rows_keep_their_order_and_none_is_lost_rule_4(bundle: Bundle, rows: pd.DataFrame) -> None:
    shuffled = pd.concat([rows.sample(frac=1, random_state=3), rows.iloc[:3]])  # the last three are there twice
    predictions = predict_records(bundle, shuffled, today=TODAY)
    assert predictions["row"].tolist() == list(range(1, len(shuffled) + 1))
    straight = predict_records(bundle, rows, today=TODAY).set_index("row")
    for place, index in enumerate(shuffled.index[:-3]):
        if index > 2 and straight.loc[index + 1, "status"] == "screened":
            assert predictions.loc[place, "score"] == straight.loc[index + 1, "score"]
    assert (predictions["status"].tail(3) == "manual_review").all()


def test_real_children_are_refused_rule_5(bundle: Bundle, rows: pd.DataFrame) -> None:
    for real in (rows.iloc[:1], rows):
        one = real.copy()
        one.loc[one.index[0], "UPN"] = "B801200005001"
        with pytest.raises(PopulationError, match="invented") as refused:
            predict_records(bundle, one, today=TODAY)
        assert "B801200005001" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "today", "words"),
    [
        (lambda rows: rows.assign(NCyearActual="X"), TODAY, "not in reception"),
        (lambda rows: rows.assign(NCyearActual="X").iloc[:1], TODAY, "not in reception"),
        (lambda rows: rows.assign(AcademicYear="2018/19", DOB="2014-05-01"), TODAY, "2021/22"),
        (lambda rows: rows.assign(AcademicYear="2031/32", DOB="2027-05-01"), TODAY, "not come yet"),
        (lambda rows: rows, dt.date(2029, 1, 1), "reviewed by"),
    ],
)
def test_outside_its_population_it_refuses_rule_6(
    bundle: Bundle, rows: pd.DataFrame, change: Any, today: dt.date, words: str
) -> None:
    with pytest.raises(PopulationError, match=words):
        predict_records(bundle, change(rows), today=today)


def test_without_an_essential_agency_it_refuses_rule_6(bundle: Bundle, rows: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="E01"):
        predict_records(bundle, rows.drop(columns=[f"E{number:02d}" for number in range(1, 18)]), today=TODAY)


def test_what_lies_beyond_training_is_said_row_by_row_rule_6(bundle: Bundle, rows: pd.DataFrame) -> None:
    label = bundle.spec.feature("absence").label
    usual = predict_records(bundle, rows, today=TODAY)
    screened = usual.index[usual["status"] == "screened"][:2]
    absent = rows.copy()
    absent.loc[screened[0], ["SessionsPossible", "SessionsAbsent"]] = ["380", "379"]
    predictions = predict_records(bundle, absent, today=TODAY)
    assert predictions.loc[screened[0], "beyond_training"] == label
    assert predictions.loc[screened[1], "beyond_training"] == usual.loc[screened[1], "beyond_training"]
    hidden = predict_records(closed_to(bundle, "senco", {"SessionsAbsent"}), absent, today=TODAY)
    assert label not in hidden.loc[screened[0], "beyond_training"]


@pytest.fixture(scope="module")
def loaded(trained: Any) -> Any:
    import mlflow

    mlflow.set_tracking_uri(trained.uri)
    mlflow.set_registry_uri(trained.uri)
    return mlflow.pyfunc.load_model(f"models:/reception_sen/{trained.made.registered_version}")


def test_params_name_the_role_where_the_model_is_loaded_rule_7(loaded: Any, rows: pd.DataFrame) -> None:
    from mlflow.exceptions import MlflowException

    numbers = {name: pd.to_numeric(rows[name], errors="coerce") for name in ("SessionsPossible", "SessionsAbsent")}
    asked = rows.assign(**numbers).astype(dict.fromkeys(numbers, "float64"))
    assert loaded.predict(asked).equals(loaded.predict(asked, params={"role": "senco"}))
    with pytest.raises(MlflowException, match="Known are: class_teacher"):
        loaded.predict(asked, params={"role": "nobody"})


def test_the_answers_are_the_same_whatever_pandas_holds_the_rows_in(
    loaded: Any, rows: pd.DataFrame, trained: Any
) -> None:
    plain = pd.read_csv(trained.school_file)
    numbers = plain.select_dtypes("number").columns
    assert {"bool", "int64", "float64"} <= set(map(str, plain.dtypes))
    kinds = {
        "as read": plain,
        "nullable": plain.convert_dtypes(),
        "Arrow": pd.read_csv(trained.school_file, dtype_backend="pyarrow"),
        "float32": plain.astype(dict.fromkeys(numbers, "float32")),
        "category of text": rows.astype("category"),
        "category of numbers": plain.astype("category"),
        "None": rows.astype(object).where(rows.notna(), None),
        "pd.NA": rows.astype(object).where(rows.notna(), pd.NA),
        "objects": plain.astype(object),
        "string": rows.astype("string"),
        "dates": plain.assign(DOB=pd.to_datetime(plain["DOB"])),
        "another index": plain.set_index(plain.index + 1000),
        "one index twice": plain.set_index(plain.index * 0),
    }
    wanted = loaded.predict(rows)
    assert (wanted["status"] == "screened").sum() > 10
    assert [kind for kind, frame in kinds.items() if not loaded.predict(frame).equals(wanted)] == []


@pytest.mark.parametrize("cell", [True, 1j, pd.Timedelta(1, "D"), [1], {"a": 1}])
def test_what_no_file_can_hold_is_named_by_its_column(loaded: Any, rows: pd.DataFrame, cell: Any) -> None:
    answers = loaded.predict(rows.assign(DOB=[cell] * len(rows)))
    assert set(answers["status"]) == {"manual_review"}
    assert answers["reason"].str.startswith("DOB: ").all()


def test_only_our_models_answer_in_the_place_of_the_server(loaded: Any) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc import scoring_server

    from send_screen.serving._model import patch_scoring_server

    class Other:
        def unwrap_python_model(self) -> None:
            raise MlflowException("This model has another flavour.")

    ours = scoring_server.invocations(b"<a/>", "text/xml", loaded, None)
    theirs = scoring_server.invocations(b"<a/>", "text/xml", Other(), None)
    assert ours.status == theirs.status == 415
    assert "Send a JSON object" in ours.response
    assert "This predictor only supports" in theirs.response
    before = scoring_server.invocations
    patch_scoring_server()
    assert scoring_server.invocations is before
