"""Gates on withheld figures are judged on the exact counts, and their results reveal nothing of a small count."""

import numpy as np
import pandas as pd
import pytest
from disclosure_attack import Attack

from send_screen.evaluation import measured_sections
from send_screen.evaluation._suppressed_gates import check_suppressed_gates
from send_screen.published import check_gates, failed_gates
from send_screen.specs import Gate


def cohort(tp, fp, fn, tn, *, rule_fp=None):
    """A cohort of one fold with these counts of the list; the rule's list is as long, with other false positives."""
    y = np.repeat([1, 0, 1, 0], [tp, fp, fn, tn])
    flag = np.repeat([1, 1, 0, 0], [tp, fp, fn, tn])
    rule = flag.copy()
    for _ in range((fp if rule_fp is None else rule_fp) - fp):
        rule[np.flatnonzero((y == 1) & (rule == 1))[0]] = 0
        rule[np.flatnonzero((y == 0) & (rule == 0))[0]] = 1
    rows = np.random.default_rng(0).permutation(len(y))
    return pd.DataFrame(
        {
            "fold_seed": 0,
            "row": np.arange(len(y)),
            "fold": np.arange(len(y)) % 2,
            "school": np.arange(len(y)) % 24,
            "outcome": y[rows],
            "group.sex": np.where(np.arange(len(y)) % 3 == 0, "F", "M"),
            **{f"{kind}.{model}": 1.0 * value[rows] for model, value in {"candidate": flag, "baseline": rule}.items()
               for kind in ("flag", "score")},
        }
    )  # fmt: skip


def judged(evidence, gate):
    measured = measured_sections(evidence, replicates=20)
    [result] = check_gates([gate], measured, check_suppressed_gates(evidence, [gate], measured))
    return result


def test_seven_wrong_of_94_do_not_fail_a_gate_that_they_pass():
    result = judged(cohort(87, 7, 40, 800), Gate(metric="precision", at_least=0.3))
    assert result.passed
    assert result.measured is None
    assert result.reason == "withheld to protect small groups; judged on the exact figure"
    assert failed_gates([result]) == []


def test_a_result_that_would_bound_a_small_count_is_not_said():
    near = Gate(metric="precision", at_least=1 - 5.5 / 94)
    for wrong in (3, 7):
        result = judged(cohort(94 - wrong, wrong, 40, 800), near)
        assert not result.passed
        assert result.reason == "withheld to protect small groups, and so is whether it passes"
        assert failed_gates([result]) == [
            f"precision: {result.required} is asked, the figure is withheld to protect small groups, and so is whether "
            "it passes"
        ]


def test_a_shown_figure_is_judged_as_it_is_shown():
    result = judged(cohort(60, 34, 40, 800), Gate(metric="precision", at_least=0.3))
    assert (result.passed, result.reason) == (True, "")
    assert result.measured == pytest.approx(60 / 94)


@pytest.mark.parametrize(("rule", "passed"), [(9, True), (7, True), (40, True)])
def test_which_of_two_lists_finds_more_may_be_said(rule, passed):
    evidence = cohort(87, 7, 40, 800, rule_fp=rule)
    assert judged(evidence, Gate(metric="recall", against="baseline", at_least=0.0)).passed == passed
    by_more = judged(evidence, Gate(metric="recall", against="baseline", at_least=0.02))
    assert by_more.passed == (rule == 40)


def test_an_end_of_an_interval_and_other_figures_are_not_said():
    evidence = cohort(5, 40, 3, 800)
    for gate in (Gate(metric="roc_auc", at_least=0.5), Gate(metric="precision", end="low", at_least=0.0)):
        result = judged(evidence, gate)
        assert not result.passed
        assert result.reason.endswith("and so is whether it passes")


@pytest.mark.parametrize("seed", range(12))
def test_the_attack_works_out_no_small_count_from_the_results_of_gates(seed):
    rng = np.random.default_rng(seed)
    small, place = int(rng.integers(1, 10)), int(rng.integers(3))
    counts = [int(rng.integers(30, 90)), int(rng.integers(30, 90)), int(rng.integers(30, 90)), 700]
    counts[place] = small
    evidence = cohort(*counts)
    gates = [
        Gate(metric=metric, at_least=round(float(at), 3))
        for metric in ("recall", "precision")
        for at in (*rng.uniform(0, 1, 6), *(1 - rng.uniform(0, 12, 6) / sum(counts[:2])))
        if at <= 1
    ]
    measured = measured_sections(evidence, replicates=20)
    results = check_gates(gates, measured, check_suppressed_gates(evidence, gates, measured))
    assert any(result.reason for result in results)
    gates = [result.model_dump(mode="json") for result in results]
    published = measured.model_dump(mode="json") | {"version": {"gates": gates}}
    assert Attack(evidence, [{"published": published, "evidence": evidence}]).narrowed_down() == []
