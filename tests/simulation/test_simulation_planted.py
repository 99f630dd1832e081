"""Planted harm reaches one sex's goals and nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from send_screen.errors import UsageError
from send_screen.simulation import SyntheticEngland, replace_goals_by_noise, simulate_england
from send_screen.simulation._rates import GOALS


@pytest.fixture(scope="module")
def england() -> SyntheticEngland:
    return simulate_england(6_000, seed=1)


def sex_of(england: SyntheticEngland) -> np.ndarray:
    return england.pupil_census.set_index("UPN")["Sex"].reindex(england.eyfsp["UPN"]).to_numpy()


def recall(england: SyntheticEngland, sex: str) -> float:
    """Share of the later needs of one sex among the tenth with most goals not met, of those not on the SEN register."""
    later = england.sen_status.set_index("UPN")["SENprovision"] != "N"
    census = england.pupil_census.set_index("UPN")
    new = england.eyfsp.set_index("UPN")
    new = new[census["SENprovision"].reindex(new.index).eq("N") & new.index.isin(later.index)]
    count = (new[list(GOALS)] == "1").sum(axis=1) + np.random.default_rng(0).random(len(new))
    flagged = count >= count.quantile(0.9)
    need = later.reindex(new.index) & census["Sex"].reindex(new.index).eq(sex)
    return float(flagged[need].mean())


@pytest.mark.parametrize("sex", ["F", "M"])
def test_noise_hides_the_needs_of_that_sex_only(england: SyntheticEngland, sex: str) -> None:
    harmed = replace_goals_by_noise(england, sex, seed=5)
    theirs = sex_of(england) == sex
    same = (harmed.eyfsp == england.eyfsp).all(axis=1)
    assert same[~theirs].all()
    assert same[theirs].mean() < 0.2
    assert recall(harmed, sex) < recall(england, sex) - 0.15
    for name in ("pupil_census", "sen_status", "truth"):
        assert getattr(harmed, name) is getattr(england, name)


def test_noise_keeps_the_shares_and_what_is_not_assessed(england: SyntheticEngland) -> None:
    harmed = replace_goals_by_noise(england, "F", seed=5)
    girls = sex_of(england) == "F"
    before, after = england.eyfsp.loc[girls, list(GOALS)], harmed.eyfsp.loc[girls, list(GOALS)]
    assert ((before == "A") == (after == "A")).all(axis=None)
    assert ((before == "2").mean() - (after == "2").mean()).abs().max() < 0.03
    assert (harmed.eyfsp.dtypes == england.eyfsp.dtypes).all()


def test_share_of_noise_and_its_seed(england: SyntheticEngland) -> None:
    girls = sex_of(england) == "F"

    def changed(**arguments: float) -> float:
        harmed = replace_goals_by_noise(england, "F", **{"seed": 1, **arguments})  # type: ignore[arg-type]
        return float((harmed.eyfsp[girls] != england.eyfsp[girls]).any(axis=1).mean())

    assert changed(share=0.0) == 0.0
    assert 0.3 < changed(share=0.5) / changed() < 0.7
    twice = [replace_goals_by_noise(england, "F", seed=9).eyfsp for _ in range(2)]
    pd.testing.assert_frame_equal(*twice)


@pytest.mark.parametrize(("sex", "share"), [("X", 1.0), ("F", 1.5), ("F", -0.1)])
def test_impossible_noise_is_refused(england: SyntheticEngland, sex: str, share: float) -> None:
    with pytest.raises(UsageError):
        replace_goals_by_noise(england, sex, seed=0, share=share)
