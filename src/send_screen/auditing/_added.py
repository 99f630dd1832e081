"""What people, and MLflow for them, may add to a version without changing it: tags, a stage, words after ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from send_screen.auditing._checks import Addition
from send_screen.auditing._compare import Mismatch
from send_screen.auditing._confusables import is_confusable
from send_screen.tracking import RUN_DESCRIPTION_TAG, RegistrySnapshot

#: Tags that training writes; those with hashes are compared with the hashed files.
OF_TRAINING = ("version_id", "trained_on", "gates", "hashes", "evidence_location")
#: Tags of a registered version that follow from decisions: see the check of those.
OF_DECISIONS = ("promoted_by", "promoted_on", "promoted_because", "gates_overridden_because", "withdrawn")
_OF_THE_LEDGER = ("ledger_head", "ledger_location")
_OWN = {
    "run": (*OF_TRAINING, RUN_DESCRIPTION_TAG),
    "registered version": (*OF_TRAINING, *OF_DECISIONS),
    "registered model": _OF_THE_LEDGER,
}
#: Tags that MLflow sets by itself: who ran what from where, what is registered, and how its pages show an experiment.
_OF_MLFLOW = re.compile(
    r"mlflow\.(?:user|runName|runColor|source\.(?:name|type)|source\.git\.(?:commit|branch|repoURL)|modelVersions"
    r"|experimentKind|sharedViewState\..*)"
)
#: Tags of the experiment that a withdrawal leaves, one per version.
_OF_WITHDRAWALS = re.compile(r"withdrawn\.\w+")


def own_tags(holder: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Return the tags of a holder, ``"run"`` for example, that training writes."""
    return {name: value for name, value in tags.items() if name in OF_TRAINING and name in _OWN[holder]}


def added_tags(snapshot: RegistrySnapshot, figures: Iterable[str]) -> tuple[list[Mismatch], list[Addition]]:
    """Return the tags that take, or read like, a name of the version's own tags or figures; and all other additions."""
    own = sorted({*OF_TRAINING, *OF_DECISIONS, *_OF_THE_LEDGER, *figures})
    holders = {"run": snapshot.run_tags, "registered version": snapshot.tags, **snapshot.other_tags}
    if not snapshot.registered:
        del holders["registered version"]  # the tags are those of the run
    misleading, additions = [], []
    for holder, tags in holders.items():
        for name in sorted({*tags} - {*_OWN.get(holder, ())}):
            if _OF_MLFLOW.fullmatch(name) or (holder == "experiment" and _OF_WITHDRAWALS.fullmatch(name)):
                continue
            taken = next((each for each in own if name == each or is_confusable(name, each)), None)
            if taken is None:
                additions.append(Addition(f"tag of the {holder}", f"{name}: {tags[name]}"))
            else:
                expected = f"no tag that can be taken for {taken}"
                misleading.append(Mismatch(f"tag of the {holder}: {name}", tags[name], expected))
    return misleading, additions


def text_added_after(where: str, claimed: str, found: str) -> list[Addition] | None:
    """Return what people wrote below our words; None where the claimed words do not begin with ours."""
    if claimed == found:
        return []
    own = found.rstrip()
    more = claimed.removeprefix(own)
    if not own or not claimed.startswith(own) or not more.startswith("\n"):
        return None
    return [Addition(where, more.strip())] if more.strip() else []
