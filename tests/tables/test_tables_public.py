"""What a data scientist does with tables: save, load, look at them, and ask which terms matter."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from tables_factory import TABLES

from send_screen.errors import DataError, TablesError
from send_screen.tables import RiskTables

X = pd.DataFrame({"reading": [2.0, 8.0, None], "E02": ["1", None, "2"], "absence": [1.0, 20.0, None]})


def test_what_is_saved_is_loaded_by_its_hash_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "tables.json"
    path.write_text("an older file")
    digest = TABLES.save(path)
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert RiskTables.load(path, sha256=digest) == TABLES
    assert [file.name for file in tmp_path.iterdir()] == ["tables.json"]


def test_where_nothing_can_be_written_is_a_typed_error(tmp_path):
    with pytest.raises(TablesError, match="cannot be written") as caught:
        TABLES.save(tmp_path / "absent" / "tables.json")
    assert caught.value.file == "tables.json"


def test_importances_are_mean_absolute_contributions_of_terms_and_pairs():
    found = TABLES.term_importances(X)
    assert list(found.index) == list(found.sort_values(ascending=False).index)
    assert set(found.index) == {"reading", "E02", "absence", "absence x E02"}
    for term in TABLES.terms:
        assert found[term.feature] == pytest.approx(np.abs(term.log_odds(X[term.feature]) - term.mean).mean())
    # children 0 to 2: (absence below 12, level "1"), (above, missing), (missing, level "2")
    assert found["absence x E02"] == pytest.approx(np.abs(np.array([-0.1, 0.0, 0.0]) - 0.03).mean())
    with pytest.raises(DataError, match="missing: 'E02'"):
        TABLES.term_importances(X.drop(columns="E02"))


def test_it_shows_itself_in_a_line_and_in_a_notebook():
    assert repr(TABLES) == "RiskTables('synthetic – für ein Beispiel': 3 terms, 1 interactions, 100 training rows)"
    page = RiskTables(0.0, TABLES.terms, 100, "<b>a name</b>")._repr_html_()
    assert "<b>" not in page
    assert "&lt;b&gt;" in page
    assert "<th>Sessions missed</th><td>-0.30</td><td>+1.80</td>" in page
