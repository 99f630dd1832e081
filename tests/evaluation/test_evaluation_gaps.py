import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_screen.evaluation import gaps, named
from send_screen.evaluation._gaps import holm_levels, paired_error

STATUSES = {"larger than the tolerance", "smaller than the tolerance", "no gap shown", "too few to say"}


def planted(make_evidence, extra, n=6000, groups=None):
    """Evidence in which the flags of girls with the outcome are taken away until they are missed by ``extra`` more."""
    evidence = make_evidence(n=n, schools=100, seeds=1, capacity=0.3, groups=groups or {"sex": ["F", "M"]})
    rng = np.random.default_rng(1)
    girls = evidence["group.sex"] == "F"
    found = np.flatnonzero(girls & (evidence["label"] == 1) & (evidence["flag.version"] == 1))
    lost = rng.choice(found, round(extra * (girls & (evidence["label"] == 1)).sum()), replace=False)
    evidence.loc[lost, "flag.version"] = 0.0
    return evidence


def test_a_planted_gap_is_named_once_in_plain_words(make_evidence):
    table = gaps(planted(make_evidence, 0.2))
    girls, boys = (table[table["group"] == group].iloc[0] for group in "FM")
    assert girls["status"] == boys["status"] == "larger than the tolerance"
    assert girls["value"] == pytest.approx(-boys["value"])
    assert (girls["low"], girls["high"]) == pytest.approx((-boys["high"], -boys["low"]))
    sentences = named(table, outcome_words="had SEN support", group_words={"sex": {"F": "girls", "M": "boys"}})
    assert len(sentences) == 1
    assert sentences[0].startswith(
        f"Of 100 girls who later had SEN support, it misses {100 * girls['rate']:.0f}; of 100"
    )
    assert f"(n = {girls['n']:.0f}; gap" in sentences[0]


def test_a_small_sure_gap_is_smaller_than_the_tolerance_and_not_named(make_evidence):
    table = gaps(planted(make_evidence, 0.05, n=60_000))
    assert set(table["status"]) == {"smaller than the tolerance"}
    assert named(table) == []


def test_no_gap_is_never_called_fair(make_evidence):
    table = gaps(make_evidence(n=2000, groups={"sex": ["F", "M"], "area": list("abcdef")}))
    assert set(table["status"]) <= STATUSES
    assert (table["status"] == "no gap shown").all()
    assert named(table) == []


def test_too_few_children_or_schools_cannot_say(make_evidence):
    groups = np.array(["few"] * 12 + ["many"] * 1188)
    table = gaps(make_evidence(n=1200, groups={"g": groups, "one": ["all"]}))
    assert set(table["status"]) == {"too few to say"}
    assert table["low"].isna().all()
    assert (table["reason"] == "fewer than 10 children with the outcome on one side").all()
    by_schools = gaps(make_evidence(n=1200, schools=8, folds=2))
    assert (by_schools["status"] == "too few to say").all()


def test_two_groups_are_one_question_and_more_are_one_each(make_evidence):
    evidence = make_evidence(n=3000, schools=60, groups={"sex": ["F", "M"]})
    alone = gaps(evidence).iloc[0]
    evidence["group.again"] = evidence["group.sex"]
    twice = gaps(evidence).iloc[0]
    assert alone["high"] - alone["low"] < twice["high"] - twice["low"], "a larger family has wider intervals"
    from scipy.stats import t

    half = t.ppf(0.975, alone["schools"] - 1)
    assert t.ppf(1 - 0.025 / 2, alone["schools"] - 1) / half == pytest.approx(
        (twice["high"] - twice["low"]) / (alone["high"] - alone["low"]), rel=1e-2
    )


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=20))
def test_holms_levels_reject_what_step_down_rejects(p_values):
    p = np.array(p_values)
    levels = holm_levels(p, 0.05)
    adjusted = np.empty(len(p))
    highest = 0.0
    for i, which in enumerate(np.argsort(p, kind="stable")):
        highest = max(highest, (len(p) - i) * p[which])
        adjusted[which] = highest
    clear = np.abs(adjusted - 0.05) > 1e-9
    assert np.array_equal((p <= levels)[clear], (adjusted <= 0.05)[clear])


def test_children_who_share_schools_are_paired():
    rng = np.random.default_rng(0)
    trials = np.full(80, 20.0)
    effect = rng.uniform(0.1, 0.9, 80)
    ours, theirs = rng.binomial(20, effect).astype(float), rng.binomial(20, effect).astype(float)
    apart = paired_error((ours, trials), (theirs[::-1], trials))
    together = paired_error((ours, trials), (theirs, trials))
    assert together < 0.6 * apart
    rate = (ours.sum() + 1) / 1602
    assert together >= np.sqrt(rate * (1 - rate) / 1602), "never below the binomial"


def test_the_family_is_wrong_at_most_one_time_in_twenty_where_there_is_no_gap(make_evidence):
    shown = 0
    for seed in range(120):
        evidence = make_evidence(
            n=1500,
            schools=40,
            seeds=1,
            seed=seed,
            icc=0.8,
            groups={"a": ["x", "y"], "b": list("pqr"), "c": list("uvwz")},
        )
        table = gaps(evidence)
        shown += bool(table["status"].isin(["larger than the tolerance", "smaller than the tolerance"]).any())
    assert shown <= 12
