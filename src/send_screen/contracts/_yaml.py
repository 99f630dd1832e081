"""Reading a contract's YAML strictly: no key twice, valid under the standard's JSON schema, then its pydantic model."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from send_screen.errors import ContractError

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from open_data_contract_standard.model import OpenDataContractStandard

API_VERSION = "v3.1.0"


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a key given twice, which plain YAML readers silently let the last one win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} is given twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


# A date in the YAML is text to the standard's schema, so it is not turned into a date object on the way.
_UniqueKeyLoader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


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
    try:
        document = yaml.load(text, Loader=_UniqueKeyLoader)  # a safe loader, made stricter
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ContractError(
            f"The contract is not valid YAML: {getattr(error, 'problem', None) or 'it cannot be read'}.",
            file=path.name,
            row=mark.line + 1 if mark else None,
            remedy="Correct the YAML at that line.",
        ) from error
    if not isinstance(document, dict):
        raise ContractError(
            "The contract is not a YAML mapping.", file=path.name, remedy="Begin with apiVersion: v3.1.0."
        )
    broken = sorted(_validator().iter_errors(document), key=lambda error: error.json_path)
    if broken:
        places = "; ".join(f"{error.message} @ {error.json_path}" for error in broken[:5])
        raise ContractError(
            f"The contract does not follow the Open Data Contract Standard ({len(broken)} mistakes): {places}.",
            file=path.name,
            remedy="Correct the places named after @.",
        )
    if document["apiVersion"] != API_VERSION:
        raise ContractError(
            f"The contract follows version {document['apiVersion']} of the standard.",
            file=path.name,
            remedy=f"Write it in {API_VERSION}.",
        )
    from open_data_contract_standard.model import OpenDataContractStandard

    return OpenDataContractStandard.model_validate(document)
