"""The usual way to sign and seal a message: a JWS (EdDSA) nested in a JWE, with joserfc.

ECDH-ES with a content key of its own for each message (A256GCM), wrapped for two recipients, so its
algorithm is ``ECDH-ES+A256KW``; X25519 keys; general JSON serialization. ``Ed25519`` is the name
of EdDSA with that curve since RFC 9864. A recipient tries the entry that is its own, which comes
first here, and leaves the other.
"""

from __future__ import annotations

import json

from joserfc import jwe, jws
from joserfc.jwe import GeneralJSONEncryption, JWERegistry
from joserfc.jwk import OKPKey

_JWS = ["Ed25519"]
_JWE = ["ECDH-ES+A256KW", "A256GCM"]


class JoseParties:
    """A writer and two readers."""

    def __init__(self) -> None:
        self._signing = OKPKey.generate_key("Ed25519")
        self._verifying = OKPKey.import_key(self._signing.as_dict(private=False))
        self._readers = [OKPKey.generate_key("X25519") for _ in range(2)]
        self._public = [OKPKey.import_key(key.as_dict(private=False)) for key in self._readers]
        self._registry = JWERegistry(algorithms=_JWE, verify_all_recipients=False)

    def seal(self, payload: bytes) -> bytes:
        """Sign, encrypt for both readers, encode."""
        signed = jws.serialize_compact({"alg": "Ed25519"}, payload, self._signing, _JWS)
        message = GeneralJSONEncryption({"enc": "A256GCM"}, signed.encode())
        for key in self._public:
            message.add_recipient({"alg": "ECDH-ES+A256KW"}, key)
        sealed = jwe.encrypt_json(message, None, registry=self._registry)
        return json.dumps(sealed).encode()

    def open(self, sealed: bytes) -> bytes:
        """Decode, decrypt as the first reader, verify."""
        message = jwe.decrypt_json(json.loads(sealed), self._readers[0], registry=self._registry)
        assert message.plaintext is not None
        return jws.deserialize_compact(message.plaintext, self._verifying, _JWS).payload


__all__ = ["JoseParties"]
