"""What training says of groups that earlier versions in the same store keep it from publishing."""

import pytest

from send_screen.published import Disclosure, GroupFigure, PriorRelease, PublishedReport
from send_screen.workflows._trained import suppressed_by_earlier

PLAIN = GroupFigure.model_construct(attribute="Sex", n=40)
PUBLISHED, KEPT = (GroupFigure.model_construct(attribute="Sex × Free meals", n=n) for n in (40, None))
SAME = PriorRelease.model_construct(version="1f", different_cohort=False)
OTHER = PriorRelease.model_construct(version="1f", different_cohort=True)


@pytest.mark.parametrize(
    ("earlier", "groups", "said"),
    [
        ([], [PLAIN, KEPT], None),
        ([SAME], [PLAIN], None),
        ([SAME], [PLAIN, KEPT, PUBLISHED], None),
        ([SAME], [PLAIN, KEPT], "crossed groups are suppressed: a version with another list"),
        ([SAME, OTHER], [KEPT], "groups stand without counts: version 1f published"),
    ],
)
def test_training_says_what_it_may_not_publish_and_how_to_have_it(earlier, groups, said):
    lines = suppressed_by_earlier(
        PublishedReport.model_construct(disclosure=Disclosure.model_construct(prior_releases=earlier), groups=groups)
    )
    if said is None:
        assert lines == []
    else:
        assert said in lines[0]
        assert "an MLflow store of its own" in lines[1]
