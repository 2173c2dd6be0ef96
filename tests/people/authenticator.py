"""A software authenticator: what a security key or a phone does with a passkey (WebAuthn §6)."""

from __future__ import annotations

import json
import os
from hashlib import sha256

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

from blo_schemas.approvals import PasskeyAssertion
from blo_sealing.passkeys import RelyingParty

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One credential of one person."""

    def __init__(self, party: RelyingParty, *, verifies: bool = True) -> None:
        self.party = party
        self.credential = os.urandom(16)
        self.counter = 0
        self._flags = PRESENT | (VERIFIED if verifies else 0)
        self._key = generate_private_key(SECP256R1())

    @property
    def public_key(self) -> bytes:
        """The COSE key (RFC 9053 §7.1)."""
        point = self._key.public_key().public_numbers()
        parts = {-2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        return cbor2.dumps({1: 2, 3: -7, -1: 1, **parts})

    def register(self, challenge: bytes) -> tuple[bytes, bytes, bytes]:
        """Credential id, attestation object and client data of a new credential."""
        length = len(self.credential).to_bytes(2, "big")
        attested = bytes(16) + length + self.credential + self.public_key
        data = self._data(self._flags | ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self.credential, attestation, self._client("webauthn.create", challenge)

    def sign(self, challenge: bytes, *, purpose: str = "webauthn.get") -> PasskeyAssertion:
        """Agree to a challenge."""
        self.counter += 1
        data, client = self._data(self._flags), self._client(purpose, challenge)
        signature = self._key.sign(data + sha256(client).digest(), ECDSA(SHA256()))
        return PasskeyAssertion(
            rp_id=self.party.id,
            origin=self.party.origin,
            credential=self.credential,
            public_key=self.public_key,
            authenticator_data=data,
            client_data=client,
            signature=signature,
        )

    def _data(self, flags: int) -> bytes:
        rp_hash = sha256(self.party.id.encode()).digest()
        return rp_hash + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, purpose: str, challenge: bytes) -> bytes:
        data = {
            "type": purpose,
            "challenge": bytes_to_base64url(challenge),
            "origin": self.party.origin,
            "crossOrigin": False,
        }
        return json.dumps(data).encode()
