"""Where the contracts and models that come with the library are, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from send_screen.errors import MissingExtraError


def shipped(folder: Literal["data_contracts", "models"]) -> Path:
    """Return the folder of contracts or models that came with the library.

    The wheel carries them inside the package (``send_screen/_shipped``). An editable install does not see them
    there, so the folder at the root of the repository is the second place to look.

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
    MissingExtraError
        If neither place has it.

    Examples
    --------
    >>> (shipped("models") / "reception_sen" / "spec.yaml").is_file()
    True
    """
    package = Path(__file__).resolve().parent.parent
    for place in (package / "_shipped" / folder, package.parent.parent / folder):
        if place.is_dir():
            return place
    raise MissingExtraError(
        f"The folder {folder} that comes with send_screen is not on this machine.",
        remedy="Install send_screen again from its wheel, or run it from a complete checkout.",
    )
