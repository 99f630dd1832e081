"""A small signed statement of what a version and its evidence are, by somebody who does not control the store.

Whoever controls a store can change the evidence and every hash of it. So the hashes of manifest, spec, evidence, served
model and pictures are signed with Ed25519 [RFC8032]_, as an in-toto Statement [InToto]_ in a DSSE envelope [DSSE]_:
formats that other tools read. The private key belongs to who answers for training and lies outside the store; an
auditor gets the public key from there, not from the store.

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
from dataclasses import dataclass
from typing import Any

from send_screen.errors import TablesError
from send_screen.governance._bundle import SIGNATURE
from send_screen.governance._keys import PrivateKey, PublicKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:send-screen:version:1"
_LONGEST = 64 * 1024


@dataclass(frozen=True)
class Statement:
    """What was signed.

    Attributes
    ----------
    digests : dict of str to str
        SHA-256 of what is vouched for: ``manifest.json``, ``spec.yaml``, each file of the evidence's folder, and the
        folders ``model`` and ``plots`` as :func:`~send_screen.governance.files_sha256` has them.
    model, version, signed_at : str
        Whose files they are, and when that was said.
    """

    digests: Mapping[str, str]
    model: str
    version: str
    signed_at: str


def sign_statement(
    digests: Mapping[str, str], *, model: str, version: str, key: PrivateKey, now: dt.datetime | None = None
) -> str:
    """Return a signed statement as a DSSE envelope, in JSON.

    Parameters
    ----------
    digests : mapping of str to str
        SHA-256 of each file or folder, by name.
    model, version : str
    key : PrivateKey
    now : datetime.datetime, optional
        With a time zone.
    """
    when = (now or dt.datetime.now(dt.UTC)).astimezone(dt.UTC).isoformat(timespec="seconds")
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in digests.items()],
        "predicateType": PREDICATE,
        "predicate": {"model": model, "version": version, "signedAt": when},
    }
    payload = json.dumps(statement, sort_keys=True).encode()
    return _envelope(payload, key.sign(signed_bytes(PAYLOAD_TYPE, payload)), key.public)


def _envelope(payload: bytes, signature: bytes, key: PublicKey) -> str:
    """Return a DSSE envelope as it is written here, and no other way."""
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key.id, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(envelope, indent=2) + "\n"


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """Return what is signed, DSSE's pre-authentication encoding.

    Examples
    --------
    >>> signed_bytes("text/plain", b"hello")
    b'DSSEv1 10 text/plain 5 hello'
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def signer(envelope: bytes) -> str:
    """Return the id of the key that an envelope says it was signed with, which nobody has verified yet.

    Raises
    ------
    TablesError
        If it says none.
    """
    try:
        return str(json.loads(envelope[:_LONGEST])["signatures"][0]["keyid"])
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        raise TablesError("It is no signed statement (a DSSE envelope).", file=SIGNATURE) from None


def read_statement(envelope: bytes, key: PublicKey) -> Statement:
    """Verify a signed statement with a public key, and only then read it.

    Raises
    ------
    TablesError
        If no signature in it was made by that key, what is signed is no statement about a version, or the envelope
        says anything beside.
    """
    try:
        if len(envelope) > _LONGEST:
            raise ValueError
        document: dict[str, Any] = json.loads(envelope)
        kind, payload = document["payloadType"], base64.b64decode(document["payload"], validate=True)
        signatures = [base64.b64decode(each["sig"], validate=True) for each in document["signatures"]]
        message = signed_bytes(kind, payload)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise TablesError("It is no signed statement (a DSSE envelope).") from None
    valid = next((signature for signature in signatures if key.verifies(signature, message)), None)
    if valid is None:
        raise TablesError(f"No signature in it was made by the key {key.id[:12]}.")
    try:
        statement = json.loads(payload)
        if (kind, statement["_type"], statement["predicateType"]) != (PAYLOAD_TYPE, STATEMENT, PREDICATE):
            raise ValueError
        digests = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
        told = statement["predicate"]
        found = Statement(digests, told["model"], told["version"], told["signedAt"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise TablesError("The key signed it, but it is no statement about a version.") from None
    if envelope != _envelope(payload, valid, key).encode():
        # what is around the payload is not signed: another name of the key, or of who signed as well
        raise TablesError("The key signed it, and somebody changed the envelope around it.")
    return found
