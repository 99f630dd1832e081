"""Signed statement of the hashes of a version and its evidence (out-of-fold predictions).

Whoever controls the MLflow store can change the evidence and every hash of it. So the hashes of manifest, spec,
evidence, served model and plots are signed with Ed25519 [RFC8032]_, as an in-toto Statement [InToto]_ in a DSSE
envelope [DSSE]_, which other tools can read. The private key belongs to the person who answers for training, and
lies outside the MLflow store. An auditor gets the public key from that person.

References
----------
.. [RFC8032] Josefsson and Liusvaara (2017), Edwards-Curve Digital Signature Algorithm (EdDSA), RFC 8032.
.. [InToto] in-toto Attestation Framework, Statement v1.
.. [DSSE] Dead Simple Signing Envelope v1: what is signed is
   ``"DSSEv1" SP len(type) SP type SP len(payload) SP payload``.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from pydantic import ConfigDict, Field

from send_screen.documents import Document, read_document
from send_screen.errors import TablesError
from send_screen.governance._bundle import SIGNATURE
from send_screen.governance._keys import key_id

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
_STATEMENT: Final = "https://in-toto.io/Statement/v1"
_PREDICATE: Final = "urn:send-screen:version:1"


class _Standard(Document):
    """A document whose keys are those of a standard."""

    model_config = ConfigDict(serialize_by_alias=True)


class _Sha256(Document):
    sha256: str


class Subject(Document):
    """A file or folder, and its hash."""

    name: str
    digest: _Sha256


class Predicate(_Standard):
    """The version that the files belong to, and when the statement was signed."""

    model: str
    version: str
    signed_at: str = Field(alias="signedAt")


class Statement(_Standard):
    """The signed content: an in-toto Statement about a version."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(default=_STATEMENT, alias="_type")
    subject: tuple[Subject, ...]
    predicate_type: Literal["urn:send-screen:version:1"] = Field(default=_PREDICATE, alias="predicateType")
    predicate: Predicate

    @property
    def digests(self) -> dict[str, str]:
        """Name -> SHA-256 of each file of version and evidence, and of each folder (``files_sha256``)."""
        return {subject.name: subject.digest.sha256 for subject in self.subject}


class Signature(Document):
    """An Ed25519 signature in Base64, and the claimed id of its key."""

    keyid: str
    sig: str


class Envelope(_Standard):
    """A DSSE envelope: a payload in Base64 and its signature."""

    payload_type: Literal["application/vnd.in-toto+json"] = Field(default=_PAYLOAD_TYPE, alias="payloadType")
    payload: str
    signatures: tuple[Signature]


def _seal(payload: bytes, signature: bytes, key: Ed25519PublicKey) -> str:
    """Return a DSSE envelope in the one form that is accepted."""
    signed = Signature(keyid=key_id(key), sig=base64.b64encode(signature).decode())
    envelope = Envelope(payload=base64.b64encode(payload).decode(), signatures=(signed,))
    return json.dumps(envelope.model_dump(), indent=2) + "\n"


def sign_statement(
    digests: Mapping[str, str], *, model: str, version: str, key: Ed25519PrivateKey, now: dt.datetime | None = None
) -> str:
    """Sign the SHA-256 of each file and folder of a version; return the statement as a DSSE envelope, in JSON."""
    when = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).isoformat(timespec="seconds")
    subject = tuple(Subject(name=name, digest=_Sha256(sha256=sha256)) for name, sha256 in digests.items())
    statement = Statement(subject=subject, predicate=Predicate(model=model, version=version, signedAt=when))
    payload = json.dumps(statement.model_dump(), sort_keys=True).encode()
    return _seal(payload, key.sign(signed_bytes(payload)), key.public_key())


def signed_bytes(payload: bytes, kind: str = _PAYLOAD_TYPE) -> bytes:
    """Return the bytes that are signed: DSSE's pre-authentication encoding of a payload.

    Examples
    --------
    >>> signed_bytes(b"hello", "text/plain")
    b'DSSEv1 10 text/plain 5 hello'
    """
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)


def read_envelope(content: bytes) -> Envelope:
    """Return the envelope of a signed statement, unverified."""
    return read_document(Envelope, content, error=TablesError, file=SIGNATURE, kind="signed statement")


def read_statement(content: bytes, key: Ed25519PublicKey) -> Statement:
    """Verify a signed statement with a public key, and only then read it.

    Raises
    ------
    TablesError
        If it was not signed by that key, the payload is no statement about a version, or the envelope holds anything
        else.
    """
    from cryptography.exceptions import InvalidSignature

    envelope = read_envelope(content)
    try:
        payload = base64.b64decode(envelope.payload, validate=True)
        signature = base64.b64decode(envelope.signatures[0].sig, validate=True)
    except ValueError:
        raise TablesError("The signed statement is not Base64.", file=SIGNATURE) from None
    try:
        key.verify(signature, signed_bytes(payload))
    except InvalidSignature:
        raise TablesError(f"It was not signed by the key {key_id(key)[:12]}.", file=SIGNATURE) from None
    statement = read_document(Statement, payload, error=TablesError, file=SIGNATURE, kind="statement about a version")
    if content != _seal(payload, signature, key).encode():
        # the envelope itself is not signed: key id and blanks could be changed
        raise TablesError("The key signed it, and somebody changed the envelope around it.", file=SIGNATURE)
    return statement
