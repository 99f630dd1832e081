"""Load a model spec, and report every mistake in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from send_screen.contracts import Contract, load_contract
from send_screen.documents import MAX_YAML_BYTES, raise_mistakes, read_document, read_regular_file
from send_screen.errors import ContractError, SpecError
from send_screen.specs._cross_checks import find_contradictions
from send_screen.specs._model_spec import ModelSpec, SpecDocument


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
        With one line per mistake: its path in the file, what is wrong, and the closest valid word.

    Examples
    --------
    >>> from send_screen import load_spec
    >>> from send_screen.contracts import shipped
    >>> load_spec(shipped("models") / "reception_sen" / "spec.yaml").name
    'reception_sen'
    """
    path = Path(path)
    try:
        raw = read_regular_file(path, max_bytes=MAX_YAML_BYTES)
    except OSError as error:
        raise SpecError(
            f"The spec cannot be opened ({error.strerror}).",
            file=str(path),
            remedy="Give the path of a spec.yaml.",
            os_error=error,
        ) from None
    return parse_spec(raw, file=path.name, contracts_folder=path.parent / "contracts")


def parse_spec(
    raw: bytes, *, file: str, contracts: Mapping[str, Contract] | None = None, contracts_folder: Path | None = None
) -> ModelSpec:
    """Return the spec in the content of a file; ``file`` is its name in messages.

    ``contracts`` are those that came with an exported model, by id. Others are looked up, first in
    ``contracts_folder``.
    """
    document = read_document(SpecDocument, raw, error=SpecError, file=file, yaml=True, kind="spec")
    used: dict[str, Contract] = {}
    mistakes = []
    for position, use in enumerate(document.data):
        try:
            used[use.contract] = (contracts or {}).get(use.contract) or load_contract(use.ref, folder=contracts_folder)
        except ContractError as error:
            mistakes.append(f"$.data[{position}].contract: {' '.join(str(error).split())}")
    mistakes += find_contradictions(document, used)
    if mistakes:
        raise_mistakes(mistakes, error=SpecError, file=file, kind="spec")
    source = {"text": raw.decode("utf-8"), "sha256": hashlib.sha256(raw).hexdigest(), "contracts": used}
    keys = {name: getattr(document, name) for name in SpecDocument.model_fields}
    return ModelSpec.model_construct(document.model_fields_set, **keys, **source)
