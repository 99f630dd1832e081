"""Damaged contracts: each is a contract that can be checked against, or one clear error of bounded length."""

import random
import re

import pytest

from send_screen.contracts import check_table, load_contract, shipped
from send_screen.errors import ContractError
from send_screen.readers import read_table

pytestmark = pytest.mark.slow

EYFSP = shipped("data_contracts") / "education" / "eyfsp-1.0.0.odcs.yaml"
EXAMPLE = shipped("data_contracts") / "examples" / "valid" / "eyfsp.csv"
TOKENS = ["7", "[]", "{}", "null", "yes", '"("', "*everyone", "[1, {a: b}]", "{a: 1}", "x" * 1_000, "9" * 5_000, "-1.5",
          "!!int x", "&a [*a]", "2027-01-31", ".inf", "string", "date", "''", ": :", "- - -"]  # fmt: skip
VALUE = re.compile(r"(?<=: )[^\n,{}\[\]]+|\[[^\n\[\]]*\]|\{[^\n{}]*\}")
FILES, CHUNKS = 400, 4


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_damaged_contracts_are_a_contract_or_one_error(tmp_path, chunk):
    rng = random.Random(chunk)
    text = EYFSP.read_text("utf-8")
    # Two goals say as much as seventeen, in a tenth of the time.
    text = text[: text.index("      - name: E03\n")]
    values = list(VALUE.finditer(text))
    frame = read_table(EXAMPLE).frame
    ended = []
    for number in range(FILES // CHUNKS):
        damaged = text
        if rng.random() < 0.8:
            value = rng.choice(values)
            damaged = text[: value.start()] + rng.choice(TOKENS) + text[value.end() :]
        else:
            start = rng.randrange(len(text))
            damaged = text[:start] + text[start + rng.choice((1, 5, 200)) :]
        path = tmp_path / f"{number}.odcs.yaml"
        path.write_text(damaged, encoding="utf-8")
        try:
            contract = load_contract(path)
        except ContractError as error:
            ended.append(len(str(error)))
            continue
        ended.append(0)
        assert len(check_table(contract, frame, file="eyfsp.csv").frame) == len(frame), path
    assert max(ended) < 2_500
    assert 0.02 < ended.count(0) / len(ended) < 0.98
