"""A model's own report and pictures, without a spec: thin calls of what reports draw and ``evaluate`` measures."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from send_screen import AdditiveRiskClassifier, PenalisedLogisticClassifier, evaluate
from send_screen.errors import UsageError

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    n = 2_400
    X = pd.DataFrame(
        {
            "reading": rng.integers(-20, 20, n) / 10,
            "absence": rng.integers(0, 30, n).astype(float),
            "mark": pd.Categorical(rng.choice(["low", "high <b>"], n), categories=["low", "high <b>"]),
        }
    )
    together = 1.5 * (X["reading"] > 0) * (X["absence"] > 15)
    chance = 1 / (1 + np.exp(-(X["reading"] + (X["mark"] == "low") + together - 1.5)))
    y = np.where(rng.random(n) < chance, "yes", "no")
    return {"X": X, "y": y, "school": rng.integers(0, 40, n), "sex": rng.choice(["F", "M"], n)}


@pytest.fixture(scope="module")
def model(table: dict[str, Any]) -> AdditiveRiskClassifier:
    return AdditiveRiskClassifier().fit(table["X"], table["y"], groups=table["school"])


def test_a_term_is_drawn_as_a_picture_that_stands_by_itself(model: AdditiveRiskClassifier) -> None:
    for term in model.risk_tables_.terms:
        picture = model.plot(term.feature)
        drawn = ElementTree.fromstring(str(picture))
        assert drawn.tag == f"{SVG}svg"
        assert "--deep" in drawn.find(f"{SVG}style").text
        assert repr(picture) == f"<Picture: {term.feature}>"
        assert picture._repr_html_().startswith("<figure>")
        assert 'src="data:image/svg+xml;base64,' in picture._repr_html_()
    words = " ".join(text.text for text in ElementTree.fromstring(str(model.plot("mark"))).iter(f"{SVG}text"))
    assert "low (" in words
    assert "high <b>" in words
    assert "±" in words, "the standard errors of the bags are drawn"
    assert "<b>" not in model.plot("mark")._repr_html_()


def test_the_picture_shows_the_values_of_the_tables(model: AdditiveRiskClassifier) -> None:
    (mark,) = (term for term in model.risk_tables_.terms if term.feature == "mark")
    value = mark.evaluate(np.array([0.0]))[0] - mark.mean
    assert f"{value:+.2f}" in str(model.plot("mark"))


def test_an_interaction_is_drawn_by_either_order_of_its_features(model: AdditiveRiskClassifier) -> None:
    pair = model.risk_tables_.interactions[0].features
    assert set(pair) == {"reading", "absence"}
    assert str(model.plot(pair)) == str(model.plot(pair[::-1]))
    assert "together" in repr(model.plot(pair))


def test_what_is_no_term_is_refused_and_the_terms_are_named(model: AdditiveRiskClassifier) -> None:
    for term in ("readin", ("reading", "mark")):
        with pytest.raises(UsageError, match="The model has no term") as refused:
            model.plot(term)
        assert "'absence'" in str(refused.value)


def test_a_model_without_bags_draws_no_standard_errors(table: dict[str, Any]) -> None:
    logistic = PenalisedLogisticClassifier().fit(table["X"], table["y"])
    assert "±" not in str(logistic.plot("mark"))


def test_its_report_is_that_of_its_scores(model: AdditiveRiskClassifier, table: dict[str, Any]) -> None:
    X, y, school, sex = (table[name] for name in ("X", "y", "school", "sex"))
    found = model.report(X, y, sensitive_features={"sex": sex}, groups=school, capacity=0.2)
    risk = model.predict_proba(X)[:, 1]
    same = evaluate(y == "yes", risk, sensitive_features={"sex": sex}, groups=school, capacity=0.2)
    for frame in ("performance", "groups", "gaps", "calibration", "net_benefit"):
        pd.testing.assert_frame_equal(getattr(found, frame), getattr(same, frame))
    assert repr(found) == "<Evaluation: AdditiveRiskClassifier: evaluated on 2,400 children.>"
    with pytest.raises(ValueError, match="classes of fit"):
        model.report(X, np.where(y == "yes", "Yes", "no"))
