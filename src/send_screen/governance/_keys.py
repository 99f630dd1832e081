"""Signing keys: the private key stays with whoever answers for training, the public key goes to auditors."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from send_screen.documents import read_regular_file
from send_screen.errors import MachineError, UsageError
from send_screen.governance._identity import sha256_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PRIVATE_KEY_FILE, PUBLIC_KEY_FILE = "private.pem", "public.pem"
_MAX_BYTES = 16 * 1024  # a key has about a hundred


def key_id(key: Ed25519PublicKey) -> str:
    """Return the SHA-256 of a public key (SubjectPublicKeyInfo, DER), so that people can compare keys."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return sha256_of(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def generate_key_pair(folder: Path) -> str:
    """Write ``private.pem``, readable by its owner alone, and ``public.pem``; return the id of the public key.

    The folder is made where it does not exist. Keep it outside the MLflow and evidence stores.

    Raises
    ------
    UsageError
        If there is a key in it already: no key is overwritten.
    MachineError
        If it cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"{folder} is no folder.", remedy="Give a folder with --out: it is made where it is not there."
        )
    try:
        folder.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
        if any((folder / name).exists() for name in (PRIVATE_KEY_FILE, PUBLIC_KEY_FILE)):
            raise FileExistsError
        for name, content, mode in ((PRIVATE_KEY_FILE, secret, 0o600), (PUBLIC_KEY_FILE, public, 0o644)):
            # O_EXCL never overwrites, and the mode holds from the start
            with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(content)
    except FileExistsError:
        raise UsageError(
            f"There is a key in {folder} already, and no key is written over.",
            remedy="Give another folder with --out. What the old key signed can only be checked with its public half.",
        ) from None
    except OSError as error:
        raise MachineError(
            f"{folder} cannot be written ({error.strerror}).", remedy="Give another folder with --out."
        ) from None
    return key_id(key.public_key())


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """Read the key to sign with.

    Raises
    ------
    UsageError
        If it is no private Ed25519 key.
    MachineError
        If it cannot be read.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = _load(path, lambda content: load_pem_private_key(content, password=None))
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(
            f"{path} is no private Ed25519 key in PEM, without a password.",
            remedy=f"Make one with send-screen generate-keys, and give its {PRIVATE_KEY_FILE}.",
        )
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read the key to verify with; it raises what :func:`read_private_key` does."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = _load(path, load_pem_public_key)
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(
            f"{path} is no public Ed25519 key in PEM.",
            remedy=f"Ask whoever answers for training for their {PUBLIC_KEY_FILE}: not whoever keeps the MLflow store.",
        )
    return key


def _load(path: Path, load: Callable[[bytes], object]) -> object:
    """Return the key in a file, None where there is none."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        content = read_regular_file(path, max_bytes=_MAX_BYTES)
    except OSError as error:
        raise MachineError(f"The key {path} cannot be read ({error.strerror}).", os_error=error) from None
    try:
        return load(content)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
