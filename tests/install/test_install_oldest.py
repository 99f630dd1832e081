"""``constraints-oldest.txt`` is what ``make test-oldest`` installs: each lower bound of ``pyproject.toml``, exactly."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version


@pytest.fixture(scope="module")
def pins(repository: Path) -> dict[str, Version]:
    lines = (repository / "constraints-oldest.txt").read_text("utf-8").splitlines()
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line) for line in lines), "plain name==version lines only"
    return {name: Version(version) for name, _, version in (line.partition("==") for line in lines)}


def test_every_lower_bound_is_what_is_tested(repository: Path, pins: dict[str, Version]) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [
        Requirement(line) for line in (*project["dependencies"], *extras["train"], *extras["ebm"], *extras["postgres"])
    ]
    for requirement in wanted:
        (bound,) = requirement.specifier
        assert bound.operator == ">=", f"{requirement}: one lower bound, and no other"
        name = canonicalize_name(requirement.name)
        assert pins[name] == Version(bound.version), f"{name}: run the recipe in CONTRIBUTING.md again"
