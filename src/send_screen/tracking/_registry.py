"""Tell the registry of a decision: aliases, tags, the words beside a version, and the ledger's last hash."""

from __future__ import annotations

from dataclasses import dataclass

from send_screen.errors import UsageError
from send_screen.tracking._fetch import WITHDRAWN_TAG, Registered, same_version
from send_screen.tracking._store import connect, connect_to_existing, known_models

HEAD, PLACE = "ledger_head", "ledger_place"
NOTE = "decisions.md"
LONGEST = 5000  # characters of a description that every database of MLflow takes
RUN_NOTE = "mlflow.note.content"  # the words that MLflow shows of a run


@dataclass(frozen=True)
class RegisteredModel:
    """What a registry says of a model.

    Attributes
    ----------
    aliases : dict of str to str
        The number of the version that each alias points to.
    head, place : str or None
        Hash of the last decision that the registry was told of, and where its ledger is.
    """

    aliases: dict[str, str]
    head: str | None
    place: str | None


def find_model(name: str, *, uri: str) -> RegisteredModel:
    """Return what the registry says of a model.

    Raises
    ------
    UsageError
        If it has no such model.
    """
    client = connect_to_existing(uri)
    from mlflow.exceptions import MlflowException

    try:
        model = client.get_registered_model(name)
    except MlflowException:
        raise UsageError(
            f"The registry has no model {name}.",
            remedy=f"It has {known_models(client)}. Check the name and --tracking-uri.",
        ) from None
    aliases = {str(alias): str(number) for alias, number in model.aliases.items()}
    return RegisteredModel(aliases, model.tags.get(HEAD), model.tags.get(PLACE))


def set_alias(version: Registered, alias: str, *, tags: dict[str, str], uri: str) -> None:
    """Point an alias at a version, and tag the version.

    Parameters
    ----------
    version : Registered
    alias : str
    tags : dict of str to str
    uri : str
        Tracking URI.
    """
    client = connect(uri)
    for key, value in tags.items():
        client.set_model_version_tag(version.name, version.number, key, value)
    client.set_registered_model_alias(version.name, alias, version.number)


def tag_withdrawn(version: Registered, words: str, *, uri: str) -> None:
    """Mark a version as withdrawn, and take away every alias of it, whatever number it is registered under.

    Parameters
    ----------
    version : Registered
    words : str
        When, by whom and why; those of an earlier withdrawal stay.
    uri : str
        Tracking URI.
    """
    client = connect(uri)
    if not version.withdrawn:
        client.set_model_version_tag(version.name, version.number, WITHDRAWN_TAG, words)
    numbers = {str(twin.version) for twin in same_version(client, version.name, version.version_id)}
    for alias, number in find_model(version.name, uri=uri).aliases.items():
        if number in numbers:
            client.delete_registered_model_alias(version.name, alias)


def described(note: str, about: str) -> str:
    """Return the description of a registered version: its decisions, then what it does, as far as there is room.

    Parameters
    ----------
    note : str
        What was decided; empty while nothing was.
    about : str
        What is said of its run.
    """
    whole = f"{note}\n{about}" if note else about
    if len(whole) <= LONGEST:
        return whole
    shown = note or about
    rest = "\n\nThere is more in the artefacts of its run.\n"
    return shown if len(shown) <= LONGEST else shown[: LONGEST - len(rest)] + rest


def tag_decisions(version: Registered, note: str, *, head: str, place: str, uri: str) -> None:
    """Show what was decided about a version, and remember the last decision about its model.

    Parameters
    ----------
    version : Registered
    note : str
        Markdown, for the version's page in the registry, above what is said of the run, and beside the card.
    head, place : str
        Hash of the last entry of the ledger, and where that is. Told last: it says that all was done.
    uri : str
        Tracking URI.
    """
    client = connect(uri)
    about = client.get_run(version.run_id).data.tags.get(RUN_NOTE, "")
    client.update_model_version(version.name, version.number, description=described(note, about))
    client.log_text(version.run_id, note, NOTE)
    client.set_registered_model_tag(version.name, PLACE, place)
    client.set_registered_model_tag(version.name, HEAD, head)
