"""What training says of groups that earlier versions in the same store keep it from telling of."""

import pytest

from send_screen.workflows._trained import suppressed_by_earlier

PLAIN = {"attribute": "Sex", "n": 40}
TOLD, KEPT = ({"attribute": "Sex × Free meals", "n": n} for n in (40, None))
OTHER = {"version": "1f", "other_children": True}


@pytest.mark.parametrize(
    ("earlier", "groups", "said"),
    [
        ([], [PLAIN, KEPT], None),
        ([{"version": "1f"}], [PLAIN], None),
        ([{"version": "1f"}], [PLAIN, KEPT, TOLD], None),
        ([{"version": "1f"}], [PLAIN, KEPT], "crossed groups are withheld: a version with another list"),
        ([{"version": "0a"}, OTHER], [KEPT], "groups stand without counts: version 1f told"),
    ],
)
def test_training_says_what_it_may_not_tell_and_how_to_have_it(earlier, groups, said):
    lines = suppressed_by_earlier({"disclosure": {"prior_releases": earlier}, "groups": groups})
    if said is None:
        assert lines == []
    else:
        assert said in lines[0]
        assert "a store of its own" in lines[1]
