"""Generate signing keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from send_screen.governance import PRIVATE_KEY_FILE, PUBLIC_KEY_FILE, generate_key_pair
from send_screen.results import Result, Section


@dataclass(frozen=True, repr=False)
class KeyPair(Result):
    """A pair of Ed25519 keys as files: the private one signs a version, the public one verifies the signature."""

    private: Path
    public: Path
    id: str
    """SHA-256 of the public key."""

    @property
    def headline(self) -> str:
        """The private key, and the command to sign with it."""
        return f"{self.private} signs: send-screen train SPEC --data PATH --sign {self.private}"

    def sections(self) -> Iterable[Section]:
        """Yield who should keep each key."""
        yield Section(
            [
                "Whoever has it can sign as you. Keep it, and a copy, where no keeper of the MLflow store can read it.",
                f"{self.public} goes to the auditors. They can ask you whether its id is {self.id}",
            ]
        )


def generate_keys(out: str | Path) -> KeyPair:
    """Generate the keys with which training signs a version and an auditor verifies it.

    Parameters
    ----------
    out : str or pathlib.Path
        A folder outside the MLflow and evidence stores, for ``private.pem`` and ``public.pem``.

    Returns
    -------
    KeyPair

    Raises
    ------
    UsageError
        If the folder holds a key already, which is never overwritten.
    MachineError
        If the folder cannot be written.

    Notes
    -----
    Ed25519: RFC 8032.

    Examples
    --------
    >>> import tempfile
    >>> from send_screen import generate_keys
    >>> keys = generate_keys(tempfile.mkdtemp() + "/keys")
    >>> keys.private.name, keys.public.name, len(keys.id)
    ('private.pem', 'public.pem', 64)
    """
    out = Path(out)
    return KeyPair(out / PRIVATE_KEY_FILE, out / PUBLIC_KEY_FILE, generate_key_pair(out))
