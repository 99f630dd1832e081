"""Open decisions in a drafted spec and its contracts."""

from __future__ import annotations

import re

from send_screen.specs._model_spec import ModelSpec

_MARK = re.compile(r"DECIDE: *(?P<question>.+)")
_NO_ANSWER = "To be decided"


def open_decisions(spec: ModelSpec) -> tuple[str, ...]:
    """Return each line of a spec and its contracts that is marked DECIDE, or that says "To be decided".

    Parameters
    ----------
    spec : ModelSpec

    Returns
    -------
    tuple of str
        File, line and question. Empty where nothing is open.

    Examples
    --------
    >>> from send_screen import load_spec
    >>> from send_screen.contracts import shipped
    >>> open_decisions(load_spec(shipped("models") / "reception_sen" / "spec.yaml"))
    ()
    """
    texts = {"spec.yaml": spec.text} | {contract.path.name: contract.text for contract in spec.contracts.values()}
    return tuple(
        f"{file}, line {number}: {question}"
        for file, text in texts.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if (question := _question(line))
    )


def _question(line: str) -> str:
    marked = _MARK.search(line)
    if marked:
        return marked["question"].strip()
    return line.strip() if _NO_ANSWER in line.partition("#")[0] else ""
