"""Finding contracts and turning what the standard says into :class:`Contract`."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from send_screen.contracts._contract import Column, Contract
from send_screen.contracts._headers import header_key
from send_screen.contracts._odcs import parse
from send_screen.contracts._odcs_column import column_of, custom_properties
from send_screen.contracts._odcs_rules import rules_of
from send_screen.contracts._quote import file_name
from send_screen.contracts._shipped import shipped
from send_screen.errors import ContractError

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject

SUFFIX = ".odcs.yaml"
_FILE_NAME = re.compile(r"(?P<name>[a-z0-9_]+)-(?P<version>\d+\.\d+\.\d+)\.odcs\.yaml")


def available_contracts() -> tuple[str, ...]:
    """Return the contracts that come with the library, each as ``"<agency>/<name>@<version>"``, oldest first.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> "education/eyfsp@1.0.0" in available_contracts()
    True
    """
    return tuple(f"{name}@{version}" for name, versions in sorted(_shipped_files().items()) for version in versions)


def load_contract(ref: str | Path, *, beside: Path | None = None) -> Contract:
    """Read a contract.

    Parameters
    ----------
    ref : str or pathlib.Path
        ``"education/eyfsp"`` (the newest version that comes with the library), ``"education/eyfsp@1.0.0"``, or the
        path of a YAML file.
    beside : pathlib.Path, optional
        A folder of a person's own contracts, laid out as ``data_contracts`` is, in which a name is looked up first.

    Returns
    -------
    Contract

    Raises
    ------
    ContractError
        If there is no such contract, or it does not follow the standard or contradicts itself.

    Examples
    --------
    >>> load_contract("education/eyfsp").columns["G02"].label
    'G02 Speaking'
    """
    if isinstance(ref, Path) or ref.endswith((".yaml", ".yml")):
        return _read(Path(ref))
    path = _find(ref, beside)
    contract = _read(path)
    expected = f"{path.parent.name}/{path.name.removesuffix(SUFFIX).replace('-', '@')}"
    if contract.ref != expected:
        raise ContractError(
            f"The contract says that it is {contract.ref}, and its place that it is {expected}.",
            file=file_name(path),
            remedy="Name its folder after its domain, and its file after its id and version.",
        )
    return contract


def _read(path: Path) -> Contract:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ContractError(
            "The contract cannot be opened.", file=file_name(path), remedy="Check the path and the right to read it."
        ) from error
    return parse_contract(content, path)


def parse_contract(content: bytes, path: Path) -> Contract:
    """Build a contract from the bytes of its file, read already; see :func:`load_contract`.

    Parameters
    ----------
    content : bytes
    path : pathlib.Path
        Where they were read: its name stands in messages.

    Returns
    -------
    Contract

    Raises
    ------
    ContractError
        If it is not a valid contract; the message names every mistake.

    Examples
    --------
    >>> from send_screen.contracts import load_contract, parse_contract
    >>> contract = load_contract("education/eyfsp")
    >>> parse_contract(contract.text.encode(), contract.path).id
    'education/eyfsp'
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContractError(
            "The contract is not UTF-8 text.", file=file_name(path), remedy="Save it as UTF-8."
        ) from error
    # the same text, and so the same hash, wherever it was checked out
    return _build(text.replace("\r\n", "\n").replace("\r", "\n"), path)


def _shipped_files() -> dict[str, dict[str, Path]]:
    return _files(shipped("data_contracts"))


def _files(folder: Path) -> dict[str, dict[str, Path]]:
    """Return the files of a folder of contracts by name, then by version, oldest first."""
    found: dict[str, list[tuple[tuple[int, ...], str, Path]]] = {}
    for path in folder.glob(f"*/*{SUFFIX}"):
        if match := _FILE_NAME.fullmatch(path.name):
            version = match["version"]
            order = tuple(int(part) for part in version.split("."))
            found.setdefault(f"{path.parent.name}/{match['name']}", []).append((order, version, path))
    return {name: {version: path for _, version, path in sorted(files)} for name, files in found.items()}


def _find(ref: str, beside: Path | None) -> Path:
    name, _, version = ref.partition("@")
    own = _files(beside) if beside else {}
    for files in (own, _shipped_files()):
        versions = files.get(name, {})
        if versions and (not version or version in versions):
            return versions[version] if version else list(versions.values())[-1]
    of_own = [f"{name}@{version}" for name, versions in sorted(own.items()) for version in versions]
    raise ContractError(
        f"There is no contract {ref!r}.",
        remedy=(f"Beside the spec there are: {', '.join(of_own)}. " if of_own else "")
        + f"The contracts that come with send_screen are: {', '.join(available_contracts())}.",
    )


@lru_cache(maxsize=64)
def _build(text: str, path: Path) -> Contract:
    odcs = parse(text, path)
    table = _only_table(odcs, path)
    custom = custom_properties(
        odcs.customProperties, required={"lawfulBasis"}, allowed=set(), place="the contract", file=file_name(path)
    )
    purpose = odcs.description.purpose if odcs.description else None
    if not purpose or not odcs.name or not odcs.domain:
        raise ContractError(
            "The contract does not say its name, its domain (the agency) and its description.purpose.",
            file=file_name(path),
            remedy="Add the three.",
        )
    try:
        columns = [column_of(item, file_name(path)) for item in table.properties or []]
    except (
        TypeError,
        ValueError,
        KeyError,
        AttributeError,
    ) as error:  # the standard lets custom properties be anything
        raise ContractError(
            "A custom property of a column has another form than send_screen knows.",
            file=file_name(path),
            remedy="Compare it with a contract that comes with send_screen.",
        ) from error
    key = [item for item in table.properties or [] if item.primaryKey]
    key.sort(key=lambda item: item.primaryKeyPosition or 0)
    by_name = {column.name: column for column in columns}
    contract = Contract(
        id=odcs.id or "",
        version=odcs.version or "",
        title=odcs.name,
        agency=odcs.domain,
        path=path,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        lawful_basis=custom["lawfulBasis"],
        purpose=" ".join(purpose.split()),
        columns=by_name,
        id_column=by_name[key[0].name or ""] if key else None,
        key=tuple(item.name or "" for item in key),
        rules=rules_of(table.quality, where=table.name or "", file=file_name(path)),
        roles={role.role or "": role.description or "" for role in odcs.roles or []},
    )
    _refuse_contradictions(contract, columns)
    return contract


def _only_table(odcs: OpenDataContractStandard, path: Path) -> SchemaObject:
    tables = odcs.schema_ or []
    if len(tables) != 1:
        raise ContractError(
            f"The contract describes {len(tables)} tables.", file=file_name(path), remedy="Write one contract a table."
        )
    return tables[0]


def _ambiguous_headers(columns: list[Column]) -> list[str]:
    owner: dict[str, str] = {}
    mistakes = []
    for column in columns:
        for key in {header_key(header) for header in (column.name, *column.aliases)}:
            if owner.setdefault(key, column.name) != column.name:
                mistakes.append(f"the header {key!r} stands for both {owner[key]} and {column.name}")
    return mistakes


def _refuse_contradictions(contract: Contract, columns: list[Column]) -> None:
    """Raise for what the standard's schema lets pass: doubles, and names that lead nowhere."""
    file = file_name(contract.path)
    mistakes: list[str] = []
    if len(contract.columns) < len(columns):
        mistakes.append("a column is described twice")
    expected = f"{contract.agency}/"
    if not contract.id.startswith(expected):
        mistakes.append(f"its id {contract.id!r} does not begin with its domain {expected!r}")
    ids = [rule.id for rule in contract.rules] + [rule.id for column in columns for rule in column.rules]
    mistakes += [f"the rule id {one!r} is used twice" for one in sorted({one for one in ids if ids.count(one) > 1})]
    mistakes += [
        f"the table has no rule for {words}"
        for kind, words in (("columns", "missing columns"), ("headers", "doubled headers"), ("rows", "empty tables"))
        if not any(rule.kind == kind for rule in contract.rules)
    ]
    mistakes += _ambiguous_headers(columns)
    for column in columns:
        for role in sorted(column.visible_to - contract.roles.keys()):
            mistakes.append(f"column {column.name} is visible to {role!r}, which is not among the roles")
        _, _, other = (column.recorded_on or "").partition(":")
        if other and other not in contract.columns:
            mistakes.append(f"column {column.name} was recorded on column {other!r}, which there is not")
        for rule in column.rules:
            other = str(rule.arguments.get("column", column.name))
            if other not in contract.columns:
                mistakes.append(f"rule {rule.id} names column {other!r}, which there is not")
    if mistakes:
        raise ContractError(f"The contract contradicts itself: {'; '.join(mistakes)}.", file=file, remedy="Mend it.")
