import json
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from disclosure_attack import NO_CHILDREN, NOT_READ, READ, Attack
from evaluation_factory import measured, revealed_by, synthetic_evidence
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from send_screen.documents import Document
from send_screen.errors import DataError
from send_screen.evaluation.disclosure import Intruder, _contingency_table, counts_by_reason, exposed_by_differencing
from send_screen.published import Performance, PublishedReport
from send_screen.tracking import mlflow_metrics

SUPPRESSED = "withheld to protect small groups"
LETTERS = "ABCDEFG"


def unequal_groups(rng, n, sizes):
    """Groups of an attribute each, some of them rare; no digit in a name, so that any digit in words is a figure."""
    groups = {}
    for name, size in sizes.items():
        shares = rng.dirichlet(np.full(size, rng.choice([0.3, 1.0, 3.0])))
        groups[name] = np.array([name + letter for letter in LETTERS[:size]])[rng.choice(size, n, p=shares)]
    return groups


def of_another_model(evidence, rng, capacity, noise):
    """The same children, scored and listed otherwise."""
    other = evidence.copy()
    score = evidence["score.candidate"].to_numpy() + rng.normal(0, noise, len(evidence))
    flag = np.zeros(len(evidence))
    for rows in evidence.groupby("fold_seed").indices.values():
        flag[rows[np.argsort(-score[rows], kind="stable")[: int(capacity * len(rows))]]] = 1
    other["score.candidate"], other["flag.candidate"] = score, flag
    return other


def published_in_turn(evidences, crossed, *, knowing=True):
    """Versions on the same children, each published knowing what those before it revealed."""
    versions, revealed = [], []
    for evidence, intersections in zip(evidences, crossed, strict=True):
        earlier = [
            {"version": str(place), "counts": counts, "exposed": exposed_beside(before, evidence, intersections)}
            for place, (before, counts) in enumerate(zip(evidences, revealed, strict=False))
        ]
        document = measured(
            evidence, intersections=intersections, prior_releases=earlier if knowing else [], replicates=20
        )
        metrics = mlflow_metrics(Performance(**row) for row in document["performance"])
        versions.append({"published": document, "evidence": evidence, "metrics": metrics})
        revealed.append(revealed_by(document))
    return versions


def exposed_beside(earlier, evidence, intersections):
    """What differencing would expose."""
    tables = (table.assign(child_id=table["row"]) for table in (evidence, earlier))
    return [each.model_dump() for each in exposed_by_differencing(*tables, intersections=intersections)]


def suppressed_figures(document):
    """Figures of groups that stand without their numbers of children, rounded or not at all."""
    return {
        (row["attribute"], row["group"], row["metric"])
        for row in document["groups"]
        if row["reason"] == SUPPRESSED or row["rounded_to"] is not None
    }


def listed_first(evidence, n):
    """The same children, of whom the ``n`` with the highest scores are listed."""
    flag = np.zeros(len(evidence))
    flag[np.argsort(-evidence["score.candidate"].to_numpy(), kind="stable")[:n]] = 1
    return evidence.assign(**{"flag.candidate": flag})


@pytest.mark.parametrize("more", [3, 40, 200])
def test_two_lists_of_the_same_children_do_not_tell_who_is_on_one_only(more):
    """As with two capacities: what is counted on the longer list only is counted of few."""
    evidence = synthetic_evidence(n=2000, seeds=1, groups={"sex": ["F", "M"], "fsm": ["no", "yes"]})
    evidences, crossed = [listed_first(evidence, n) for n in (200, 200 + more)], [[("sex", "fsm")]] * 2
    found = Attack(evidence, published_in_turn(evidences, crossed, knowing=False)).narrowed_down(guesses=False)
    assert bool(found) == (more < 200)
    versions = published_in_turn(evidences, crossed)
    assert Attack(evidence, versions).narrowed_down(guesses=False) == []
    published = {row["metric"] for row in versions[1]["published"]["groups"] if row["n"] is not None}
    assert {"prevalence", "roc_auc"} <= published
    assert ("recall" in published) == (more > 3)


@pytest.mark.parametrize("narrower", [4, 60, 300])
def test_two_outcomes_of_the_same_children_do_not_tell_who_had_one_only(narrower):
    """As with SEN support or an EHC plan, and an EHC plan."""
    evidence = synthetic_evidence(n=2000, seeds=1, groups={"sex": ["F", "M"], "fsm": ["no", "yes"]})
    outcome = evidence["outcome"].to_numpy().copy()
    outcome[np.random.default_rng(0).choice(np.flatnonzero(outcome), narrower, replace=False)] = 0
    evidences = [evidence, evidence.assign(outcome=outcome)]
    crossed = [[("sex", "fsm")]] * 2
    found = Attack(evidence, published_in_turn(evidences, crossed, knowing=False)).narrowed_down(guesses=False)
    assert bool(found) == (narrower < 300)
    versions = published_in_turn(evidences, crossed)
    assert Attack(evidence, versions).narrowed_down(guesses=False) == []
    published = any(row["n"] is not None for row in versions[1]["published"]["groups"])
    assert published == (narrower > 4)


@pytest.mark.parametrize("seed", range(6))
def test_a_list_that_an_earlier_version_counted_tells_nothing_of_another_outcome(seed):
    """Whom it listed of a group, less those without the later outcome, are those with it."""
    evidence = synthetic_evidence(n=600, seeds=1, groups={"origin": ["north", "south"]}, seed=seed)
    outcome = evidence["outcome"].to_numpy().copy()
    outcome[np.random.default_rng(seed).choice(np.flatnonzero(outcome), 145, replace=False)] = 0
    versions = published_in_turn([evidence, evidence.assign(outcome=outcome)], [[], []])
    assert Attack(evidence, versions).narrowed_down(guesses=False) == []


@pytest.mark.parametrize("more", [0, 3, 300])
def test_a_rule_s_own_list_that_is_a_few_children_longer_is_not_published(more):
    evidence = synthetic_evidence(n=2000, seeds=1)
    flag = evidence["flag.baseline"].to_numpy().copy()
    flag[np.random.default_rng(0).choice(np.flatnonzero(flag == 0), more, replace=False)] = 1
    document = measured(evidence.assign(**{"operating_point.baseline": flag}), replicates=20)
    shown = {row["metric"]: row["value"] for row in document["performance"] if row["model"] == "baseline"}
    assert (shown["recall_at_operating_point"] is None) == (more == 3)
    assert (shown["selection_rate_at_operating_point"] is None) == (more == 3)


@pytest.mark.parametrize("more", [4, 60, 300])
def test_a_group_within_another_column_s_group_does_not_tell_who_is_in_one_only(more, monkeypatch):
    """As free meals now and ever: each of the two is large, and what is left of the larger without the other is not."""
    rng = np.random.default_rng(0)
    now = rng.random(2000) < 0.25
    ever = now.copy()
    ever[rng.choice(np.flatnonzero(~now), more, replace=False)] = True
    groups = {"now": np.where(now, "now", "not now"), "ever": np.where(ever, "ever", "never")}
    evidence = synthetic_evidence(n=2000, seeds=1, groups=groups)
    document = measured(evidence, replicates=20)
    assert Attack(evidence, [{"published": document, "evidence": evidence}]).narrowed_down() == []
    assert len(suppressed_figures(document)) == {4: 18, 60: 8, 300: 0}[more]
    monkeypatch.setattr(_contingency_table, "_nested_groups", lambda *_: {})
    document = measured(evidence, replicates=20)
    found = Attack(evidence, [{"published": document, "evidence": evidence}]).narrowed_down()
    assert bool(found) == (more < 300)


CROSSED = (
    [],
    [("sex", "fsm")],
    [("sex", "fsm"), ("sex", "origin")],
    [("sex", "fsm"), ("sex", "origin"), ("origin", "fsm")],
    [("sex", "fsm", "origin")],
)


@st.composite
def situations(draw):
    """One to three versions on the same children: how many, in which groups, crossed how, with which lists."""
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    n = draw(st.integers(60, 700))
    sizes = {"sex": draw(st.integers(1, 3)), "origin": draw(st.integers(2, 6)), "fsm": draw(st.integers(2, 3))}
    first = synthetic_evidence(
        n=n,
        schools=draw(st.integers(6, 40)),
        seeds=draw(st.integers(1, 2)),
        folds=3,
        prevalence=draw(st.floats(0.05, 0.6)),
        capacity=draw(st.floats(0.1, 0.5)),
        groups=unequal_groups(rng, n, sizes),
        seed=int(rng.integers(1000)),
    )
    more = draw(st.lists(st.tuples(st.floats(0.1, 0.5), st.sampled_from([None, 0.0, 0.3])), max_size=2))
    evidences = [first, *(first if no is None else of_another_model(first, rng, capacity, no) for capacity, no in more)]
    return evidences, [draw(st.sampled_from(CROSSED)) for _ in evidences]


@pytest.mark.slow
@settings(max_examples=settings().max_examples // 25 + 1, suppress_health_check=[HealthCheck.too_slow])
@given(situations())
def test_no_small_count_can_be_narrowed_down_from_all_that_is_published(situation):
    evidences, crossed = situation
    # so short a list cannot be hidden: how long it is follows from the capacity
    assume(all(each["flag.candidate"].sum() >= 10 * each["fold_seed"].nunique() for each in evidences))
    try:
        versions = published_in_turn(evidences, crossed)
    except DataError:  # nothing is published at all: so few children in so many groups cannot be hidden
        assume(False)
    together = Attack(evidences[0], versions)
    assert together.narrowed_down(guesses=False) == []
    if all(evidence["flag.candidate"].equals(evidences[0]["flag.candidate"]) for evidence in evidences):
        assert together.narrowed_down() == []
    for evidence, version in zip(evidences, versions, strict=True):  # of several lists each is safe by itself
        assert Attack(evidence, [version]).narrowed_down() == []


@pytest.mark.parametrize("seed", [6, 87, pytest.param(92, marks=pytest.mark.slow), 107])
def test_another_list_and_groups_crossed_anew_narrow_nothing_down_that_an_earlier_version_suppressed(seed):
    """Pairs in which they did, while a later version could cross what an earlier one with another list had not."""
    sizes_from, rng = np.random.default_rng([77, seed]), np.random.default_rng(seed)
    n = int(sizes_from.integers(150, 420))
    sizes = dict(zip(("sex", "origin", "fsm"), map(int, sizes_from.integers([1, 2, 2], [4, 7, 4])), strict=True))
    schools, prevalence = int(sizes_from.integers(6, 41)), sizes_from.uniform(0.05, 0.3)
    common = {"schools": schools, "seeds": 1, "folds": 3, "prevalence": prevalence}
    capacity = sizes_from.uniform(0.1, 0.5)
    groups = unequal_groups(rng, n, sizes)
    first = synthetic_evidence(n=n, capacity=capacity, groups=groups, seed=int(rng.integers(1000)), **common)
    second = of_another_model(first, rng, sizes_from.uniform(0.1, 0.5), sizes_from.choice([0.0, 0.3]))
    versions = published_in_turn([first, second], [[], CROSSED[3]])
    assert Attack(first, versions).narrowed_down() == []
    assert suppressed_figures(versions[1]["published"]) >= {
        (row["attribute"], row["group"], "prevalence")
        for row in versions[1]["published"]["groups"]
        if "×" in row["attribute"]
    }


def numbers(kind, path=""):
    """The path of each number that a document may hold."""
    for name, field in kind.model_fields.items():
        yield from numbers_of(field.annotation, f"{path}{name}")


def numbers_of(annotation, path):
    if isinstance(annotation, type) and issubclass(annotation, Document):
        yield from numbers(annotation, path + ".")
    elif annotation in (int, float):
        yield path
    for part in get_args(annotation):
        yield from numbers_of(part, path)


def test_the_attack_reads_every_number_that_is_published():
    """A new figure has to be read by the attack, or to stand here with a reason."""
    published = set(numbers(PublishedReport))
    measured_ones = {path for path in published if not path.startswith(NO_CHILDREN)} | (READ & published)
    assert measured_ones == READ | NOT_READ.keys()


def test_the_attack_works_where_only_small_counts_themselves_are_suppressed(monkeypatch, evidence):
    safe = published_in_turn([evidence], [[("sex", "fsm")]])
    assert Attack(evidence, safe).narrowed_down() == []
    monkeypatch.setattr(Intruder, "is_protected", lambda *_: True)
    monkeypatch.setattr(Intruder, "exposed_cells", lambda *_: None)
    primary_only = published_in_turn([evidence], [[("sex", "fsm")]])
    assert suppressed_figures(primary_only[0]["published"]) < suppressed_figures(safe[0]["published"])
    found = Attack(evidence, primary_only).narrowed_down()
    assert any("(8.5): 8.50 to 8.50" in words for words in found), found


def test_what_is_left_of_a_group_when_its_larger_parts_are_taken_away_is_protected(uncombined, monkeypatch):
    """Girls less White girls less Black girls were eight girls, none with the outcome; each group alone was safe."""
    rng = np.random.default_rng(2)
    race = np.array(["White"] * 1400 + ["Black"] * 600 + ["Asian"] * 4 + ["Hispanic"] * 6 + ["other"] * 4)
    sex = np.where(rng.random(len(race)) < 0.5, "F", "M")
    evidence = synthetic_evidence(n=len(race), seeds=1, groups={"sex": sex, "race": race}, capacity=0.1)
    crossed = [("sex", "race")]
    assert Attack(evidence, published_in_turn([evidence], [crossed])).narrowed_down() == []
    monkeypatch.setattr(Intruder, "exposed_cells", lambda *_: None)
    found = Attack(evidence, published_in_turn([evidence], [crossed])).narrowed_down()
    assert any(" and " in words for words in found), found


@pytest.fixture
def rare(uncombined):
    """Three children of whom it is not recorded where they are from; two groups of 40, and one of 517."""
    origin = np.array(["unknown"] * 3 + ["north"] * 40 + ["south"] * 40 + ["home"] * 517)
    return synthetic_evidence(n=600, seeds=1, groups={"origin": origin}, capacity=0.3)


def test_what_is_suppressed_is_the_least_that_protects(rare):
    document = measured(rare, replicates=20)
    whole = {group for _, group, metric in suppressed_figures(document) if metric == "prevalence"}
    assert "unknown" in whole
    assert len(whole) == 2
    assert whole & {"north", "south"}


def test_a_small_number_and_one_that_would_give_it_away_look_alike(uncombined):
    """Where nothing can be said even rounded, both have the same reason, and nothing else."""
    origin = np.array(["unknown"] * 3 + ["north"] * 40 + ["home"] * 557)
    document = measured(synthetic_evidence(n=600, seeds=1, groups={"origin": origin}, capacity=0.3), replicates=20)
    rows = {(row["group"], row["metric"]): row for row in document["groups"]}
    suppressed = [rows[group, "net_benefit"] for group in ("unknown", "north")]
    first, second = ({key: row[key] for key in row if key not in ("group", "group_description")} for row in suppressed)
    assert first == second
    assert first["reason"] == SUPPRESSED


def test_three_children_of_unknown_sex_silence_no_finding_about_girls(uncombined):
    """Girls are suppressed for the sake of three others: their shares stand, rounded, and their verdict."""
    rng = np.random.default_rng(2)
    sex = np.where(rng.random(6000) < 0.45, "F", "M").astype(object)
    sex[:3] = "unknown"
    evidence = synthetic_evidence(n=6000, schools=60, seeds=1, groups={"sex": sex})
    girls = ((evidence["group.sex"] == "F") & (evidence["outcome"] == 1)).to_numpy()
    evidence.loc[girls & (rng.random(6000) < 0.7), "flag.candidate"] = 0.0
    document = measured(evidence, replicates=100)
    counts = evidence[evidence["group.sex"] == "F"]
    true = {
        "prevalence": counts["outcome"].mean(),
        "recall": counts.loc[counts["outcome"] == 1, "flag.candidate"].mean(),
        "specificity": 1 - counts.loc[counts["outcome"] == 0, "flag.candidate"].mean(),
    }
    rows = {row["metric"]: row for row in document["groups"] if row["group"] == "F"}
    for metric, share in true.items():
        row = rows[metric]
        assert (row["n"], row["schools"], row["rounded_to"]) == (None, None, 0.01)
        assert row["value"] == pytest.approx(share, abs=0.0050001)
        assert row["low"] <= share <= row["high"]
        for figure in ("value", "low", "high"):
            assert 100 * row[figure] == pytest.approx(round(100 * row[figure]), abs=1e-6)
    gap = next(row for row in document["gaps"] if row["group"] == "F" and row["metric"] == "false_negative_rate")
    assert gap["value"] is gap["n"] is None
    assert gap["verdict"] == "outside tolerance"
    assert gap["description"] in document["material_gaps"]
    assert Attack(evidence, [{"published": document, "evidence": evidence}]).narrowed_down() == []


def test_rounding_is_no_finer_than_is_safe(uncombined):
    """Of forty children, a share rounded to one of a hundred is a count."""
    origin = np.array(["unknown"] * 3 + ["north"] * 40 + ["home"] * 557)
    evidence = synthetic_evidence(n=600, seeds=1, groups={"origin": origin}, capacity=0.3)
    safe = measured(evidence, replicates=20)
    assert Attack(evidence, [{"published": safe, "evidence": evidence}]).narrowed_down() == []
    steps = {row["rounded_to"] for row in safe["groups"] if row["group"] == "north" and row["metric"] != "roc_auc"}
    assert 0.01 not in steps - {row["rounded_to"] for row in safe["groups"] if row["metric"] == "calibration_slope"}


def test_a_later_version_rounds_only_what_an_earlier_one_has_revealed(uncombined):
    """Rounded shares of several lists, together, say more of the same children than each by itself."""
    origin = np.array(["unknown"] * 3 + ["north"] * 400 + ["home"] * 1597)
    first = synthetic_evidence(n=2000, seeds=1, groups={"origin": origin}, capacity=0.3)
    revealed = revealed_by(measured(first, replicates=20))
    north = next(row for row in revealed if row["group"] == "north")
    assert north["n"] is north["with_outcome"] is None
    assert {"prevalence", "recall"} <= set(north["between"])
    later = of_another_model(first, np.random.default_rng(1), 0.2, 0.3)
    document = measured(later, replicates=20, prior_releases=[{"version": "1", "counts": revealed}])
    rows = {row["metric"]: row for row in document["groups"] if row["group"] == "north"}
    low, high = north["between"]["prevalence"]
    assert low <= rows["prevalence"]["value"] <= high
    assert rows["recall"]["reason"] == SUPPRESSED
    # the same list once more reveals nothing new
    again = measured(first, replicates=20, prior_releases=[{"version": "1", "counts": revealed}])
    assert revealed_by(again) == revealed


def test_nothing_is_suppressed_where_no_count_is_small():
    evidence = synthetic_evidence(n=9000, seeds=1, groups={"sex": ["F", "M"], "fsm": ["no", "yes"]})
    document = measured(evidence, intersections=[("sex", "fsm")], replicates=20)
    assert suppressed_figures(document) == set()
    assert not any(row["reason"] == SUPPRESSED for row in document["gaps"])


def test_a_later_version_does_not_give_away_what_an_earlier_one_suppressed(rare):
    """North and south are alike: which of the two stands in for the unknown may change with the list."""
    order = {"north": "south", "south": "north"}
    first = measured(rare, replicates=20)
    stand_in = next(
        group for group in ("north", "south") if ("origin", group, "prevalence") in suppressed_figures(first)
    )
    # a later version whose own choice would be the other one
    later = of_another_model(rare, np.random.default_rng(1), 0.5, 0.5)
    revealed = [dict(row) for row in revealed_by(first)]
    for row in revealed:  # an earlier version that had chosen the other
        if row["group"] in order:
            row["n"], row["with_outcome"] = None, None
            if row["group"] == stand_in:
                inside = (rare["group.origin"] == stand_in).to_numpy()
                row["n"], row["with_outcome"] = int(inside.sum()), int(rare["outcome"].to_numpy()[inside].sum())
            row["true_positives"] = row["false_positives"] = None
    document = measured(later, replicates=20, prior_releases=[{"version": "1", "counts": revealed}])
    assert ("origin", order[stand_in], "prevalence") in suppressed_figures(document)
    alone = measured(later, replicates=20)
    assert ("origin", order[stand_in], "prevalence") not in suppressed_figures(alone)


@pytest.mark.slow
def test_versions_that_do_not_know_of_each_other_give_small_counts_away():
    """The same, as an attack: with other crossings, what the first suppressed can be added up."""
    rng = np.random.default_rng(0)
    first = synthetic_evidence(
        n=300, seeds=1, groups=unequal_groups(rng, 300, {"sex": 2, "origin": 4, "fsm": 3}), seed=0
    )
    evidences = [first, of_another_model(first, rng, 0.3, 0.3), of_another_model(first, rng, 0.15, 0.0)]
    crossed = [CROSSED[1], CROSSED[2], CROSSED[4]]
    assert Attack(first, published_in_turn(evidences, crossed)).narrowed_down() == []
    assert Attack(first, published_in_turn(evidences, crossed, knowing=False)).narrowed_down()


def subtracted(one, other):
    """What is left of the counts of groups when those of another cohort are taken away: 1 to 9 children of a few."""
    found = [{(row["attribute"], row["group"]): row for row in revealed_by(each)} for each in (one, other)]
    counts = ("n", "with_outcome", "true_positives", "false_positives")
    return {
        (*key, count): abs(found[0][key][count] - found[1][key][count])
        for key in found[0].keys() & found[1].keys()
        for count in counts
        if found[0][key][count] is not None and found[1][key][count] is not None
    }


@pytest.mark.parametrize("seed", range(3))
def test_a_cohort_without_one_school_gives_no_count_of_that_school_away(seed):
    groups = {"sex": ["F", "M"], "fsm": ["no", "yes"]}
    first = synthetic_evidence(n=2000, schools=60, seeds=1, groups=groups, seed=seed)
    school = first["school"].value_counts().idxmin()
    second = first[first["school"] != school].reset_index(drop=True)
    assert 1 <= len(first) - len(second) <= 60
    whole = measured(first, intersections=[("sex", "fsm")], replicates=20)
    alone = measured(second, intersections=[("sex", "fsm")], replicates=20)
    assert any(0 < n < 10 for n in subtracted(whole, alone).values())
    earlier = [{"version": "1", "different_cohort": True, "counts": []}]
    document = measured(second, intersections=[("sex", "fsm")], prior_releases=earlier, replicates=20)
    assert subtracted(whole, document) == {}
    rows = {(row["group"], row["metric"]): row for row in document["groups"]}
    assert {row["n"] for row in rows.values()} == {None}
    assert rows["F", "recall"]["rounded_to"] == 0.05  # what is found about girls stands, roughly
    assert {row["value"] for row in document["gaps"]} == {None}
    assert {gap["verdict"] for gap in document["gaps"]} - {SUPPRESSED}
    assert Attack(second, [{"published": document, "evidence": second}]).narrowed_down() == []
    again = measured(second, intersections=[("sex", "fsm")], replicates=20, **document["disclosure"])
    assert again == document


def test_what_an_earlier_version_gave_away_stops_no_later_one(rare):
    of_the_list = {"true_positives": None, "false_positives": None, "between": {}}
    counts = rare.groupby("group.origin")["outcome"].agg(["size", "sum"])
    counts.loc[["north", "south", "home"]] = None
    revealed = [
        {"attribute": "origin", "group": group, "n": n, "with_outcome": outcome, **of_the_list}
        for group, n, outcome in counts.astype(object).where(counts.notna(), None).itertuples()
    ]
    document = measured(rare, replicates=20, prior_releases=[{"version": "1", "counts": revealed}])
    assert ("origin", "unknown", "prevalence") in suppressed_figures(document)
    assert len({group for _, group, metric in suppressed_figures(document) if metric == "prevalence"}) >= 2


def test_numbers_of_the_tables_are_accounted_for(rare):
    """Where the tables reveal how many are from the north or from the south, neither can stand in for the other."""
    document = measured(rare, replicates=20, revealed_by_tables=[("origin", ["north"]), ("origin", ["south"])])
    assert ("origin", "home", "prevalence") in suppressed_figures(document)
    assert document["disclosure"]["revealed_by_tables"] == [["origin", ["north"]], ["origin", ["south"]]]
    versions = [
        {
            "published": document,
            "evidence": rare,
            "tables": [("origin", ("north",), 40), ("origin", ("south",), 40)],
        }
    ]
    assert Attack(rare, versions).narrowed_down() == []
    versions[0]["published"] = measured(rare, replicates=20)
    assert Attack(rare, versions).narrowed_down()


def test_it_can_be_derived_again_from_what_is_kept_in_it(rare):
    later = of_another_model(rare, np.random.default_rng(5), 0.4, 0.5)
    earlier = [{"version": "a", "published_sha256": "0" * 64, "counts": revealed_by(measured(rare))}]
    document = measured(later, prior_releases=earlier, revealed_by_tables=[("origin", ["home"])])
    again = measured(later, **document["disclosure"])
    assert json.dumps(again) == json.dumps(document)


def test_an_empty_combination_looks_like_a_small_one():
    sex = np.array(["F"] * 300 + ["M"] * 300)
    fsm = np.where(np.arange(600) < 300, np.where(np.arange(600) % 2 == 0, "no", "yes"), "no")
    evidence = synthetic_evidence(n=600, seeds=1, groups={"sex": sex, "fsm": fsm})
    rows = [row for row in measured(evidence, intersections=[("sex", "fsm")])["groups"] if row["group"] == "M × yes"]
    assert rows
    assert all(row["reason"] == SUPPRESSED and row["n"] is None for row in rows)


def test_few_children_in_many_groups_are_refused_in_words():
    evidence = synthetic_evidence(
        n=24,
        schools=8,
        seeds=1,
        folds=2,
        capacity=0.5,
        groups={"form": np.array([f"form {i}" for i in range(20)] + ["form 0"] * 4)},
    )
    with pytest.raises(DataError, match="give people away"):
        measured(evidence, replicates=20)


@given(st.dictionaries(st.sampled_from(LETTERS), st.integers(1, 40)))
def test_counts_of_excluded_rows_are_not_revealed_by_their_sum(counts):
    rows = counts_by_reason(pd.Series([reason for reason, n in counts.items() for _ in range(n)], dtype=object))
    suppressed = [row.reason for row in rows if row.n is None]
    assert [row.reason for row in rows] == sorted(counts)
    assert {reason for reason, n in counts.items() if n < 10} <= set(suppressed)
    if any(n < 10 for n in counts.values()) and len(counts) > len(suppressed):
        total = sum(counts[reason] for reason in suppressed)
        for reason in suppressed:
            low, high = 1, total - (len(suppressed) - 1)
            assert low <= counts[reason] <= high
            assert high - low >= 5
