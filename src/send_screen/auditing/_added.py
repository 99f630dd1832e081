"""Additions that leave a version as it is: tags, a stage, and text below its descriptions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from send_screen.auditing._checks import Addition
from send_screen.auditing._compare import Mismatch
from send_screen.documents import is_confusable
from send_screen.tracking import RUN_DESCRIPTION_TAG, RUN_USER_TAG, RegistrySnapshot

#: Tags that training writes; those with hashes are compared with the hashed files.
TRAINING_TAGS = ("version_id", "trained_on", "gates", "hashes", "evidence_location")
#: Tags of a registered version that promotion and withdrawal write: see ``check_decisions``.
DECISION_TAGS = ("promoted_by", "promoted_on", "promoted_because", "gates_overridden_because", "withdrawn")
_LEDGER_TAGS = ("ledger_head", "ledger_location")
_EXPECTED_TAGS = {
    "run": (*TRAINING_TAGS, RUN_DESCRIPTION_TAG, RUN_USER_TAG, "mlflow.runName"),
    "registered version": (*TRAINING_TAGS, *DECISION_TAGS),
    "registered model": _LEDGER_TAGS,
}
#: Tags of the experiment that withdrawals write, one per version.
_WITHDRAWAL_TAGS = re.compile(r"withdrawn\.[0-9a-f]{16}")


def own_tags(holder: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of an entity, such as ``"run"``, that training writes."""
    return {name: value for name, value in tags.items() if name in TRAINING_TAGS and name in _EXPECTED_TAGS[holder]}


def added_tags(snapshot: RegistrySnapshot, figures: Iterable[str]) -> tuple[list[Mismatch], list[Addition]]:
    """Return added tags that could be mistaken for the version's own tags or metrics, and all other additions."""
    own = sorted({*TRAINING_TAGS, *DECISION_TAGS, *_LEDGER_TAGS, *figures})
    holders = {"run": snapshot.run_tags, "registered version": snapshot.tags, **snapshot.other_tags}
    if not snapshot.registered:
        del holders["registered version"]  # the tags are those of the run
    misleading, additions = [], []
    for holder, tags in holders.items():
        for name in sorted({*tags} - {*_EXPECTED_TAGS.get(holder, ())}):
            if holder == "experiment" and _WITHDRAWAL_TAGS.fullmatch(name):
                continue
            imitated = next((each for each in own if name == each or is_confusable(name, each)), None)
            if imitated is None:
                additions.append(Addition(f"tag of the {holder}", f"{name}: {tags[name]}"))
            else:
                expected = f"no tag that can be taken for {imitated}"
                misleading.append(Mismatch(f"tag of the {holder}: {name}", tags[name], expected))
    return misleading, additions


def text_added_after(where: str, claimed: str, found: str) -> list[Addition] | None:
    """Return the text added below the recomputed one; None where the claimed text does not begin with that."""
    if claimed == found:
        return []
    own = found.rstrip()
    more = claimed.removeprefix(own)
    if not own or not claimed.startswith(own) or not more.startswith("\n"):
        return None
    return [Addition(where, more.strip())] if more.strip() else []
