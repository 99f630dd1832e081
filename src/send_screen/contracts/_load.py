"""Find and load data contracts."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Literal

from send_screen.contracts._contract import Contract
from send_screen.contracts._odcs import read_contract
from send_screen.documents import MAX_YAML_BYTES, file_name, read_regular_file
from send_screen.errors import ContractError, MachineError

_FILE_NAME = re.compile(r"(?P<name>[a-z0-9_]+)-(?P<version>\d+\.\d+\.\d+)\.odcs\.yaml")


@lru_cache(maxsize=64)
def _read_once(text: str, path: Path) -> Contract:
    return read_contract(text, path, follows_standard=_is_shipped(text))


def _is_shipped(text: str) -> bool:
    """Return whether a contract is one that came with the library, which its tests hold against the standard."""
    sizes = range(len(text.encode()), len(text.encode()) + text.count("\n") + 1)  # with either kind of line end
    files = _contract_files(shipped("data_contracts")).values()
    return any(file.stat().st_size in sizes and file.read_text("utf-8") == text for file in files)


def shipped(folder: Literal["data_contracts", "models"]) -> Path:
    """Return the folder of contracts or models that came with the library.

    The wheel carries them inside the package (``send_screen/_shipped``). An editable install does not see them
    there, so the folder at the root of the repository is tried second.

    Parameters
    ----------
    folder : {"data_contracts", "models"}
        Which of the two.

    Returns
    -------
    pathlib.Path
        An existing folder.

    Raises
    ------
    MachineError
        If neither place has it.

    Examples
    --------
    >>> (shipped("models") / "reception_sen" / "spec.yaml").is_file()
    True
    """
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "_shipped" / folder, package.parent.parent / folder):
        if candidate.is_dir():
            return candidate
    raise MachineError(
        f"The folder {folder} that comes with send_screen is not on this machine.",
        remedy="Install send_screen again from its wheel, or run it from a complete checkout.",
    )


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
    return tuple(_contract_files(shipped("data_contracts")))


def load_contract(ref: str | Path, *, folder: Path | None = None) -> Contract:
    """Read a contract.

    Parameters
    ----------
    ref : str or pathlib.Path
        ``"education/eyfsp"`` (the newest version that comes with the library), ``"education/eyfsp@1.0.0"``, or the
        path of a YAML file.
    folder : pathlib.Path, optional
        A folder of the user's own contracts, laid out as ``data_contracts`` is, that takes precedence.

    Returns
    -------
    Contract

    Raises
    ------
    ContractError
        If there is no such contract, or it does not follow the standard or contradicts itself.

    Examples
    --------
    >>> load_contract("education/eyfsp").columns["E02"].label
    'E02 Speaking'
    """
    if isinstance(ref, Path) or ref.endswith((".yaml", ".yml")):
        return _read(Path(ref))
    user_files = _contract_files(folder) if folder else {}
    found = [
        (full, path)
        for full, path in (*_contract_files(shipped("data_contracts")).items(), *user_files.items())
        if ref in (full, full.partition("@")[0])
    ]
    if not found:
        raise ContractError(
            f"There is no contract {ref!r}.",
            remedy=(f"Beside the spec there are: {', '.join(user_files)}. " if user_files else "")
            + f"The contracts that come with send_screen are: {', '.join(available_contracts())}.",
            os_error=FileNotFoundError(),
        )
    expected, path = found[-1]
    contract = _read(path)
    if contract.ref != expected:
        raise ContractError(
            f"The contract says that it is {contract.ref}, and its place that it is {expected}.",
            file=file_name(path),
            remedy="Name its folder after its domain, and its file after its id and version.",
        )
    return contract


def _contract_files(folder: Path) -> dict[str, Path]:
    """Return the files of a folder of contracts by ``"<agency>/<name>@<version>"``, oldest version first."""
    found = []
    for path in folder.glob("*/*"):
        if match := _FILE_NAME.fullmatch(path.name):
            order = [int(part) for part in match["version"].split(".")]
            found.append((f"{path.parent.name}/{match['name']}", order, match["version"], path))
    return {f"{name}@{version}": path for name, _, version, path in sorted(found)}


def _read(path: Path) -> Contract:
    try:
        content = read_regular_file(path, max_bytes=MAX_YAML_BYTES)
    except OSError as error:
        raise ContractError(
            f"The contract cannot be opened ({error.strerror}).",
            file=file_name(path),
            remedy="Check the path and the right to read it.",
            os_error=error,
        ) from error
    return parse_contract(content, path)


def parse_contract(content: bytes, path: Path) -> Contract:
    """Parse a contract from the content of a file; the file's name is used in messages."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ContractError(
            "The contract is not UTF-8 text.", file=file_name(path), remedy="Save it as UTF-8."
        ) from error
    # the same text, and so the same hash, wherever it was checked out
    return _read_once(text.replace("\r\n", "\n").replace("\r", "\n"), path)
