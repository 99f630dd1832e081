"""A sentence on how a file was read, which knows what columns it tells of."""

from __future__ import annotations

from collections.abc import Iterable


class Note(str):
    """A sentence about the content of columns; who may not see one of them is not told it.

    A note that names no column, such as one on the encoding of a file, is a plain ``str``.

    Parameters
    ----------
    text : str
    columns : iterable of str
        Names of the columns, as in their contracts.
    contract : str, optional
        Id of the contract whose columns they are; without it, those of that name in every contract.

    Examples
    --------
    >>> Note("Column upn: 2 UPNs in small letters were put right.", ["upn"]).columns
    frozenset({'upn'})
    """

    columns: frozenset[str]
    contract: str | None

    def __new__(cls, text: str, columns: Iterable[str], contract: str | None = None) -> Note:
        note = super().__new__(cls, text)
        note.columns, note.contract = frozenset(columns), contract
        return note


def notes_of(contract: str, notes: Iterable[str]) -> list[str]:
    """Return notes on the columns of one contract, told apart from columns of the same names in others."""
    return [Note(note, note.columns, contract) if isinstance(note, Note) else note for note in notes]
