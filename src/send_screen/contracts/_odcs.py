"""Reading a contract's YAML strictly: valid under the standard's JSON schema, then its pydantic model."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from send_screen.contracts._quote import file_name
from send_screen.documents import load_yaml, shortened
from send_screen.errors import ContractError

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator
    from open_data_contract_standard.model import OpenDataContractStandard

API_VERSION = "v3.1.0"
_LONGEST = 200  # characters of one mistake in a message


@cache
def _validator() -> Validator:
    from jsonschema import validators

    schema = json.loads(resources.files("open_data_contract_standard").joinpath("schema.json").read_text("utf-8"))
    return validators.validator_for(schema)(schema)


def parse(text: str, path: Path) -> OpenDataContractStandard:
    """Return the contract in ``text`` as the standard's model.

    Raises
    ------
    ContractError
        If it is not YAML, gives a key twice, breaks the standard's JSON schema or follows another version.
    """
    document = load_yaml(text.encode("utf-8"), file=file_name(path), error=ContractError)
    if not isinstance(document, dict):
        raise ContractError(
            "The contract is not a YAML mapping.", file=file_name(path), remedy="Begin with apiVersion: v3.1.0."
        )
    broken = sorted(_validator().iter_errors(document), key=lambda error: error.json_path)
    if broken:
        places = "; ".join(f"{_said(error)} @ {error.json_path[:_LONGEST]}" for error in broken[:5])
        raise ContractError(
            f"The contract does not follow the Open Data Contract Standard ({len(broken)} mistakes): {places}.",
            file=file_name(path),
            remedy="Correct the places named after @.",
        )
    if document["apiVersion"] != API_VERSION:
        raise ContractError(
            f"The contract follows version {document['apiVersion']} of the standard.",
            file=file_name(path),
            remedy=f"Write it in {API_VERSION}.",
        )
    from open_data_contract_standard.model import OpenDataContractStandard

    try:
        return OpenDataContractStandard.model_validate(document)
    except ValueError as error:
        raise ContractError(
            "The contract follows the standard's schema and not its model.",
            file=file_name(path),
            remedy="Compare it with a contract that comes with send_screen.",
        ) from error


def _said(error: ValidationError) -> str:
    """Return what the validator says, with the part of the contract that it quotes cut short."""
    return error.message.replace(repr(error.instance), shortened(error.instance))[:_LONGEST]
