"""What is known of the children before a version is published."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from reports_factory import make_published, make_report

from send_screen.cohorts import Cohort
from send_screen.errors import DataError
from send_screen.governance import sha256_of
from send_screen.published import PriorRelease
from send_screen.specs import load_spec
from send_screen.tables import LevelsTerm, RiskTables, ShapeTerm
from send_screen.tracking import PriorRun
from send_screen.workflows._revealed import counts_revealed_by_tables, prior_releases


@pytest.fixture(scope="module")
def spec(repository):
    return load_spec(repository / "models" / "reception_sen" / "spec.yaml")


def run(version, *, n=400, counted=True, prior_releases=(), model="reception_sen"):
    """A run that published the prevalence of a group of this spec, and of one that this spec does not know."""
    published = make_published()
    published["cohort"]["n"] = n
    published["version"]["name"] = model
    published["disclosure"]["prior_releases"] = list(prior_releases)
    row = next(row for row in published["groups"] if row["metric"] == "prevalence")
    row |= {"attribute": "Sex × Language", "group": "F × English", "value": 0.25, "n": 40 if counted else None}
    published["groups"] = [row, {**row, "attribute": "Shoe size"}]
    return PriorRun("run of " + version, version, make_report(published).to_json().encode())


def test_what_earlier_versions_told_is_named_as_the_spec_names_it(spec):
    runs = [run("a"), run("a")]
    (found,) = prior_releases(spec, runs, version="b", n=400)
    assert (found.version, found.published_sha256) == ("a", sha256_of(runs[0].published))
    (revealed,) = found.counts
    assert (revealed.attribute, revealed.group, revealed.n, revealed.with_outcome) == (
        "sex × eal",
        "F × English",
        40,
        10,
    )


def test_a_cohort_of_other_children_that_was_published_with_counts_is_named_and_nothing_else_of_it(spec):
    of_another = [run("of other need", n=n, model="speech") for n in (399, 390)]
    runs = [run("without a school", n=380), run("silent", n=401, counted=False)]
    found = prior_releases(spec, [*runs, *of_another], version="b", n=400)
    assert all(one.different_cohort and one.counts == () for one in found)
    assert [one.published_sha256 for one in found] == [sha256_of(each.published) for each in (runs[0], of_another[0])]


def test_the_same_version_knows_again_what_it_knew(spec):
    known = PriorRelease(version="before", model="reception_sen", published_sha256="0" * 64, n=400, counts=())
    runs = [run("a"), run("b", prior_releases=[known]), run("c")]
    assert prior_releases(spec, runs, version="b", n=400) == [known]


def test_a_run_that_is_purged_is_known_from_those_that_accounted_for_it(spec):
    """Of the same cohort with its counts; of one of another size, without."""
    (purged,) = prior_releases(spec, [run("a")], version="b", n=400)
    (smaller,) = prior_releases(spec, [run("c", n=380)], version="b", n=400)
    assert (purged.n, purged.different_cohort, smaller.n, smaller.different_cohort) == (400, False, 380, True)
    second = run("b", prior_releases=[purged, smaller])
    found = prior_releases(spec, [second], version="d", n=400)
    assert [one.version for one in found] == ["b", "a", "c"]
    assert found[1:] == [purged, smaller]
    assert prior_releases(spec, [run("a"), second], version="d", n=400)[0] == purged
    # beside a cohort of the smaller one's size, the larger are of other children, and its own counts nobody has
    beside = prior_releases(spec, [second], version="d", n=380)
    assert [(one.version, one.different_cohort, one.counts) for one in beside] == [
        ("b", True, ()),
        ("a", True, ()),
        ("c", True, ()),
    ]
    # another model on ten children more or fewer is nothing to it
    of_another = run("b", prior_releases=[purged.model_copy(update={"model": "speech"})], model="speech")
    assert prior_releases(spec, [of_another], version="d", n=390) == []
    assert len(prior_releases(spec, [of_another], version="d", n=391)) == 2


@pytest.mark.parametrize("published", [b"", b"[]", b'{"cohort": {"n": 400}}', b'{"cohort": {"n": 400}, "groups": [1]}'])
def test_what_cannot_be_read_stops_it(spec, published):
    with pytest.raises(DataError, match="cannot be read") as caught:
        prior_releases(spec, [PriorRun("r1", "a", published)], version="b", n=400)
    assert "r1" in str(caught.value)


def test_counts_of_the_tables_that_are_of_a_group_are_told(spec):
    meals = np.array(["yes"] * 30 + ["no"] * 50 + ["not recorded"] * 20)
    sex = np.array(["F", "M"] * 50)
    X = pd.DataFrame({"meals": np.where(meals == "yes", 1.0, np.where(meals == "no", 0.0, np.nan)), "kind": sex})
    common = {"missing": 0.0, "mean": 0.0, "n_missing": 20}
    shape = ShapeTerm(feature="meals", edges=(0.5,), values=(0.0, 1.0), slope=0.0, low=0, high=1, n=(50, 30), **common)
    levels = LevelsTerm(
        feature="kind", levels={"F": 0.0, "M": 1.0}, counts=(50, None), n=100, **common | {"n_missing": 0}
    )
    cohort = Cohort(
        ids=pd.Series([str(i) for i in range(100)]),
        X=X,
        y=pd.Series(np.zeros(100, dtype="int8")),
        sensitive=pd.DataFrame({name: sex if name == "sex" else meals for name in ("sex", "fsm", "eal")}, dtype=object),
        school=pd.Series(["s"] * 100),
        as_of=pd.Series(pd.Timestamp(2023, 7, 31), index=range(100)),
        synthetic=True,
    )
    revealed = counts_revealed_by_tables(spec, RiskTables(0.0, (shape, levels), 100, "x"), cohort)
    assert ("fsm", ["yes"]) in revealed
    assert ("fsm", ["not recorded"]) in revealed
    assert ("sex", ["F"]) in revealed
    assert ("sex", ["M"]) not in revealed
    assert not any(attribute == "sex × fsm" and len(groups) == 1 for attribute, groups in revealed)


def test_counts_of_several_bins_that_make_up_a_group_are_told(spec):
    """A feature of the month of birth, and a group by the season: whole seasons are sums of bins."""
    month = np.repeat(np.arange(12.0), 20)
    season = np.where(month < 4, "autumn", np.where(month < 8, "spring", "summer"))
    shape = ShapeTerm(
        feature="age", edges=(2, 4, 9), values=(0, 1, 2, 3), slope=0.0, low=0, high=11, n=(40, 40, 100, 60),
        missing=0.0, mean=0.0, n_missing=0,
    )  # fmt: skip
    cohort = Cohort(
        ids=pd.Series([str(i) for i in range(240)]),
        X=pd.DataFrame({"age": month}),
        y=pd.Series(np.zeros(240, dtype="int8")),
        sensitive=pd.DataFrame(dict.fromkeys(("sex", "fsm", "eal"), season), dtype=object),
        school=pd.Series(["s"] * 240),
        as_of=pd.Series(pd.Timestamp(2023, 7, 31), index=range(240)),
        synthetic=True,
    )
    revealed = counts_revealed_by_tables(spec, RiskTables(0.0, (shape,), 240, "x"), cohort)
    assert ("sex", ["autumn"]) in revealed
    assert ("sex", ["spring", "summer"]) in revealed
    hidden = dataclasses.replace(shape, n=(None, 40, 100, 60))
    assert ("sex", ["autumn"]) not in counts_revealed_by_tables(spec, RiskTables(0.0, (hidden,), 240, "x"), cohort)
