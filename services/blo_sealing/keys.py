"""The keys of cases and summaries, and a node's own private keys.

No private key appears in ``repr``, ``str`` or an error message.
"""

from __future__ import annotations

from typing import Final, Generic, Self, TypeVar

from blo_schemas import hashes
from blo_schemas.grants import KeyPurpose
from blo_schemas.ids import CaseId, KeyId
from blo_sealing.errors import UnusableKey
from blo_sealing.kem import KEM_PRIVATE_SIZE, KemKey
from blo_sealing.signatures import SEED_SIZE, RandomBytes, SigningKey

SYMMETRIC_KEY_SIZE: Final = 32
_NODE_KEYS_VERSION: Final = 1
_NODE_KEYS_SIZE: Final = 1 + SEED_SIZE + KEM_PRIVATE_SIZE

Id = TypeVar("Id", CaseId, KeyId)


class _SymmetricKey(Generic[Id]):
    """32 random bytes and the id that commits to them."""

    __slots__ = ("id", "secret")

    purpose: KeyPurpose
    id: Id
    secret: bytes

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SYMMETRIC_KEY_SIZE:
            raise UnusableKey(f"a key has {SYMMETRIC_KEY_SIZE} bytes, not {len(secret)}")
        self.secret = secret
        self.id = self._commit(secret)

    @classmethod
    def generate(cls, random: RandomBytes) -> Self:
        """A new key from the given source."""
        return cls(random(SYMMETRIC_KEY_SIZE))

    @staticmethod
    def _commit(secret: bytes) -> Id:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id.hex()[:16]}…)"


class ContentKey(_SymmetricKey[CaseId]):
    """Opens the contents of one case; made by the office that opens the case.

    Args:
        secret: 32 unpredictable bytes.

    Attributes:
        id: The case's id, which is the commitment to the key.
        secret: The key itself.

    Raises:
        UnusableKey: Not 32 bytes.
    """

    __slots__ = ()
    purpose = KeyPurpose.CONTENT

    @staticmethod
    def _commit(secret: bytes) -> CaseId:
        return hashes.content_key_id(secret)


class SummaryKey(_SymmetricKey[KeyId]):
    """Opens the summaries that one office writes on one link in one calendar month.

    Args:
        secret: 32 unpredictable bytes.

    Attributes:
        id: The commitment to the key.
        secret: The key itself.

    Raises:
        UnusableKey: Not 32 bytes.
    """

    __slots__ = ()
    purpose = KeyPurpose.SUMMARY

    @staticmethod
    def _commit(secret: bytes) -> KeyId:
        return hashes.summary_key_id(secret)


class NodeKeys:
    """A node's private keys: the one it signs with, and the one that grants are sealed to.

    Args:
        signing: Signs events, heads and documents.
        kem: Opens grants.
    """

    __slots__ = ("kem", "signing")

    def __init__(self, signing: SigningKey, kem: KemKey) -> None:
        self.signing = signing
        self.kem = kem

    @classmethod
    def generate(cls, random: RandomBytes) -> NodeKeys:
        """New keys from the given source."""
        return cls(SigningKey.generate(random), KemKey.generate(random))

    def to_bytes(self) -> bytes:
        """129 bytes for the encrypted store: version 1, signing seed 32, KEM private key 96."""
        return bytes([_NODE_KEYS_VERSION]) + self.signing.seed + self.kem.private

    @classmethod
    def from_bytes(cls, data: bytes) -> NodeKeys:
        """Reads what ``to_bytes`` wrote.

        Raises:
            UnusableKey: Another length or version.
        """
        if len(data) != _NODE_KEYS_SIZE or data[0] != _NODE_KEYS_VERSION:
            raise UnusableKey(f"not the {_NODE_KEYS_SIZE} bytes of a node's keys, version 1")
        return cls(SigningKey(data[1 : 1 + SEED_SIZE]), KemKey(data[1 + SEED_SIZE :]))

    def __repr__(self) -> str:
        return f"NodeKeys({self.signing!r}, {self.kem!r})"
