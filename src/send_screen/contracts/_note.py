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

    Examples
    --------
    >>> Note("Column upn: 2 UPNs in small letters were put right.", ["upn"]).columns
    frozenset({'upn'})
    """

    columns: frozenset[str]

    def __new__(cls, text: str, columns: Iterable[str]) -> Note:
        note = super().__new__(cls, text)
        note.columns = frozenset(columns)
        return note
