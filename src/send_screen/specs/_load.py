"""Read a spec, find every mistake in it, and say each one in a line of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from send_screen.contracts import Contract, load_contract
from send_screen.documents import closest, load_yaml
from send_screen.errors import ContractError, SpecError
from send_screen.specs._mistakes import meaning_mistakes
from send_screen.specs._parse import parse
from send_screen.specs._spec import ModelSpec

LONGEST = 200  # characters of what a spec says that a message quotes


def load_spec(path: str | Path) -> ModelSpec:
    """Read and validate a model spec.

    Parameters
    ----------
    path : str or pathlib.Path
        A ``spec.yaml``. Contracts are looked up in the folder ``contracts`` beside it first, where there is one, and
        then among those that came with the library.

    Returns
    -------
    ModelSpec

    Raises
    ------
    SpecError
        With one line a mistake: its path inside the file, what is wrong, and the closest right word.
    """
    path = Path(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SpecError(
            f"The spec cannot be opened ({error.strerror}).", file=str(path), remedy="Give the path of a spec.yaml."
        ) from None
    return parse_spec(raw, file=path.name, beside=path.parent / "contracts")


def parse_spec(
    raw: bytes, *, file: str, contracts: Mapping[str, Contract] | None = None, beside: Path | None = None
) -> ModelSpec:
    """Validate the bytes of a spec, read already. See :func:`load_spec`.

    Parameters
    ----------
    raw : bytes
    file : str
        The name used in messages.
    contracts : mapping of contract id to Contract, optional
        The contracts that came with an exported model; others are looked up.
    beside : pathlib.Path, optional
        A folder of contracts to look them up in, before those that came with the library.
    """
    document = load_yaml(raw, file=file, error=SpecError)
    mistakes = list(_schema_mistakes(document))
    used: dict[str, Contract] = {}
    if not mistakes:
        used, mistakes = _contracts(document, contracts or {}, beside)
        mistakes += meaning_mistakes(document, used)
    if mistakes:
        lines = "\n".join(f"  {mistake}" for mistake in mistakes)
        count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise SpecError(f"The spec has {count}:\n{lines}\n", file=file, remedy="Mend each line and try again.")
    return parse(document, text=raw.decode("utf-8"), sha256=hashlib.sha256(raw).hexdigest(), contracts=used)


def _contracts(
    document: dict[str, Any], given: Mapping[str, Contract], beside: Path | None
) -> tuple[dict[str, Contract], list[str]]:
    """Return the contracts under ``data`` by id, and a mistake for each that cannot be had."""
    contracts: dict[str, Contract] = {}
    mistakes = []
    for position, use in enumerate(document["data"]):
        name = use["contract"].partition("@")[0]
        try:
            contracts[name] = given.get(name) or load_contract(use["contract"], beside=beside)
        except ContractError as error:
            mistakes.append(f"$.data[{position}].contract: {error.message}")
    return contracts, mistakes


def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(resources.files("send_screen.specs").joinpath("schema.json").read_text("utf-8"))
    return schema


def _schema_mistakes(document: object) -> Iterator[str]:
    import jsonschema

    validator = jsonschema.Draft202012Validator(_schema())
    errors = sorted(validator.iter_errors(document), key=lambda error: list(map(str, error.absolute_path)))
    for error in errors:
        place = _place(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = list(error.schema.get("properties", {}))
            for key in sorted(set(error.instance) - set(known), key=str):
                yield f"{place}: {key!r} is not a key here{closest(str(key), known)}"
        elif error.validator == "required" and isinstance(error.instance, dict):
            missing = [key for key in error.validator_value if key not in error.instance]
            yield f"{place}: {', '.join(map(repr, missing))} missing"
        elif error.validator == "enum":
            allowed = [str(value) for value in error.validator_value]
            guess = closest(str(error.instance), allowed)
            yield f"{place}: {error.instance!r} is not one of {', '.join(allowed)}{guess}"
        elif error.validator in ("oneOf", "anyOf"):
            options = [option.get("required") for option in error.validator_value]
            if all(options):
                either = " or ".join(" and ".join(option) for option in options)
                yield f"{place}: give {either}, and only one of them"
            else:
                yield f"{place}: {error.instance!r} has none of the forms that may stand here"
        else:
            words = error.message
            yield f"{place}: {words if len(words) < LONGEST else words[:LONGEST] + '…'}"


def _place(path: Iterable[str | int]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
