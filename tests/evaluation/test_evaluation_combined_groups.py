"""Small groups are combined before anything is suppressed, within England's larger ethnic groups first."""

import numpy as np
import pytest
from disclosure_attack import Attack
from evaluation_factory import measured, revealed_by, synthetic_evidence

from send_screen.contracts import ETHNIC_GROUPS, MAJOR_ETHNIC_GROUPS


def evidence_of(groups, *, n, seed=0, with_outcome=0.3):
    """Evidence with groups of stated sizes."""
    columns = {name: np.repeat(list(sizes), list(sizes.values())) for name, sizes in groups.items()}
    return synthetic_evidence(n=n, seeds=1, prevalence=with_outcome, groups=columns, seed=seed)


def combined(document):
    return {one["group"]: tuple(one["levels"]) for one in document["combined"]}


def published(document, attribute):
    """The groups of an attribute of which a prevalence stands, with their numbers of children."""
    return {
        row["group"]: row["n"]
        for row in document["groups"]
        if row["attribute"] == attribute and row["metric"] == "prevalence" and row["value"] is not None
    }


@pytest.fixture
def unrecorded_sex():
    """Fourteen children of whom the sex is not recorded, four with the outcome."""
    evidence = evidence_of({"sex": {"F": 1000, "M": 1100, "not recorded": 14}}, n=2114)
    outcome = evidence["outcome"].to_numpy(copy=True)
    outcome[-14:] = 0
    outcome[-4:] = 1
    return evidence.assign(outcome=outcome)


def test_fourteen_children_of_unrecorded_sex_withhold_no_sex(unrecorded_sex):
    nouns = {"sex": {"F": "girls", "M": "boys", "not recorded": "children whose sex is not recorded"}}
    document = measured(unrecorded_sex, group_descriptions=nouns, replicates=20)
    assert published(document, "sex") == {"F": 1000, "M or not recorded": 1114}
    (one,) = document["combined"]
    assert one["description"] == (
        "Boys and children whose sex is not recorded are one group: there are too few children in one or more of them, "
        "or too few with or without the outcome."
    )
    words = {row["group_description"] for row in document["groups"]}
    assert words == {"girls", "boys or children whose sex is not recorded"}
    assert Attack(unrecorded_sex, [{"published": document, "evidence": unrecorded_sex}]).narrowed_down() == []


def test_they_withheld_one_before(unrecorded_sex, uncombined):
    document = measured(unrecorded_sex, replicates=20)
    assert [n for n in published(document, "sex").values() if n is not None] in ([1000], [1100])


def test_small_ethnic_groups_are_combined_within_the_larger_one():
    sizes = {
        "White British": 900,
        "White Irish": 4,
        "Irish Traveller": 7,
        "Gypsy/Roma": 30,
        "Any other White background": 90,
        "Indian": 60,
        "Chinese": 5,
        "Bangladeshi": 8,
        "Pakistani": 100,
        "Black African": 3,
        "Black Caribbean": 40,
        "Mixed": 70,
        "not recorded": 6,
    }
    evidence = evidence_of({"ethnicity": sizes}, n=sum(sizes.values()), with_outcome=0.5)
    hierarchies = {"ethnicity": MAJOR_ETHNIC_GROUPS}
    document = measured(evidence, hierarchies=hierarchies, replicates=20)
    found = combined(document)
    assert all(n >= 10 for n in published(document, "ethnicity").values())
    assert {"Any other White background", "Pakistani", "Black", "Mixed"} <= set(published(document, "ethnicity"))
    together = [set(levels) for levels in found.values()]
    assert {"White British", "not recorded"} in together
    for levels in together:
        assert len({MAJOR_ETHNIC_GROUPS[level] for level in levels - {"not recorded"}}) == 1, levels
    assert any({"White Irish", "Irish Traveller"} <= levels for levels in together)
    assert any({"Chinese", "Bangladeshi"} <= levels for levels in together)
    assert Attack(evidence, [{"published": document, "evidence": evidence}]).narrowed_down() == []
    assert measured(evidence, replicates=20)["combined"] != document["combined"]


def test_a_larger_group_that_is_combined_as_a_whole_goes_by_its_name():
    sizes = {"White British": 400, "Black African": 9, "Black Caribbean": 13, "Indian": 80}
    evidence = evidence_of({"ethnicity": sizes}, n=502, with_outcome=0.5)
    document = measured(evidence, hierarchies={"ethnicity": MAJOR_ETHNIC_GROUPS}, replicates=20)
    assert combined(document)["Black"] == ("Black African", "Black Caribbean")


def test_every_ethnic_group_is_part_of_a_larger_one():
    assert set(MAJOR_ETHNIC_GROUPS) == set(ETHNIC_GROUPS.values())


def test_what_is_not_recorded_joins_the_largest_group_and_a_small_level_the_smallest():
    common = {"large": 500, "middle": 300, "small": 200}
    for name, joins in (("not recorded", "large"), ("few", "small")):
        evidence = evidence_of({"origin": {**common, name: 5}}, n=1005)
        (levels,) = combined(measured(evidence, replicates=20)).values()
        assert set(levels) == {joins, name}


def test_groups_of_which_nothing_would_be_left_to_compare_stay_as_they_are():
    evidence = evidence_of({"sex": {"F": 5, "M": 595}}, n=600)
    assert measured(evidence, replicates=20)["combined"] == []


def test_two_levels_that_somebody_may_guess_to_be_small_are_not_given_away_by_their_sum():
    """Of nine and nine, the sum tells both, if one guesses that none has more than nine."""
    evidence = evidence_of({"origin": {"home": 600, "other": 60, "east": 9, "west": 9}}, n=678, with_outcome=0.5)
    found = combined(measured(evidence, replicates=20))
    assert list(found.values()) == [("east", "other", "west")]


def test_no_list_changes_what_is_combined():
    evidence = evidence_of({"origin": {"home": 600, "other": 60, "east": 9, "west": 30}}, n=699)
    other = evidence.assign(**{"flag.candidate": np.roll(evidence["flag.candidate"], 50)})
    assert measured(evidence, replicates=20)["combined"] == measured(other, replicates=20)["combined"]


def test_a_level_whose_number_the_tables_reveal_gives_no_other_level_away():
    evidence = evidence_of({"origin": {"home": 600, "east": 40, "west": 4}, "sex": {"F": 322, "M": 322}}, n=644)
    versions = [{"evidence": evidence, "tables": [("origin", ("east",), 40)]}]
    versions[0]["published"] = measured(evidence, revealed_by_tables=[("origin", ["east"])], replicates=20)
    assert combined(versions[0]["published"]) == {"east or west": ("east", "west")}
    assert "west" not in {row["group"] for row in versions[0]["published"]["groups"]}
    assert Attack(evidence, versions).narrowed_down() == []
    versions[0]["published"] = measured(evidence, replicates=20)
    assert Attack(evidence, versions).narrowed_down()


def test_nothing_is_said_of_groups_that_an_earlier_version_named_otherwise():
    """Their differences would be counts of few."""
    evidence = evidence_of({"origin": {"home": 500, "east": 100, "west": 45}, "sex": {"F": 322, "M": 323}}, n=645)
    earlier = evidence.replace({"group.origin": {"west": "east or west", "east": "east or west"}})
    document = measured(
        evidence,
        prior_releases=[{"version": "1", "counts": revealed_by(measured(earlier, replicates=20))}],
        replicates=20,
    )
    assert published(document, "origin") == {}
    assert published(document, "sex") == {"F": 322, "M": 323}
    assert published(measured(evidence, replicates=20), "origin") == {"home": 500, "east": 100, "west": 45}
