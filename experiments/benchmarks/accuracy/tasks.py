"""The four tasks on real children, of whom nothing enters the repository, and look-alikes of other data."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

_STAR = ["gender", "race", "age_entry", "gkclasstype", "gksurban", "gkclasssize", "gktyears", "gkfreelunch", "gkrepeat"]
_KNOWN = ["gkspeced", "gkspecin"]
_STAR_REST = ["gkpresent", "gkabsent", "gktreadss", "gktmathss", "gktlistss", "gkwordskillss", "gkmotivraw"]
_STAR_REST += ["gkselfconcraw"]
_ECLSK_LEFT_OUT = ["CHILDID", "S1_ID", "F5SPECS", "C5R4RSCL", "C6R4RSCL", "C5R4MSCL", "C6R4MSCL", "chg14"]


class Task(NamedTuple):
    """Features, label and schools of a task, rows in file order."""

    X: pd.DataFrame
    y: np.ndarray
    schools: np.ndarray


def load(name: str, data: Path) -> Task:
    """Return the task called ``name`` from the folder of real data, or a synthetic one (``lookalikes.lookalike``)."""
    if "-" in name:
        from lookalikes import lookalike

        return lookalike(name)
    if name == "eclsk":
        frame = pd.read_csv(data / "eclsk" / "eclsk_c.csv")
        X = frame.drop(columns=_ECLSK_LEFT_OUT).astype(float)
        return Task(X, frame["F5SPECS"].to_numpy(dtype=int), frame["S1_ID"].to_numpy())
    frame = pd.read_parquet(data / "star" / "STAR_Students.parquet")
    frame["age_entry"] = (1985 - frame["birthyear"]) * 12 + (9 - frame["birthmonth"])
    label, positive = ("g1promote", 2) if name == "star_retained" else ("g1specin", 1)
    kept = (frame["flagsgk"] == 1) & frame[label].notna()
    features = [*_STAR, *_KNOWN, *_STAR_REST]
    if name == "star_new":
        kept &= (frame["gkspeced"] != 1) & (frame["gkspecin"] != 1)
        features = [*_STAR, *_STAR_REST]
    frame = frame[kept].reset_index(drop=True)
    return Task(
        frame[features].astype(float), (frame[label] == positive).to_numpy(dtype=int), frame["g1schid"].to_numpy()
    )
