"""Errors of floor 3: what can't be opened, verified, made or continued.

.. code-block:: text

    SealingError
    ├── Unopenable            the authenticated decryption of one sealed part fails
    ├── WrongKeyCommitment    the key is not the one that the header or the grant names
    ├── InvalidSignature      the signature does not verify under the key that should have made it
    ├── UnusableKey           a public or private key that must not be used
    ├── GrantNotForYou        the grant is sealed to someone else, or to another of your keys
    ├── WrongGrant            the grant is for another link or another purpose
    ├── WrongChunk            the record holds another chunk than its key, or the event, names
    ├── HeadRefused           the head does not count on the link, and why
    ├── HeartbeatRefused      the heartbeat does not count in the corridor, and why
    ├── DuplicateSignature    the key has signed this document already
    ├── PasskeyRefused        a passkey's answer does not prove what was asked
    ├── TooLargeToSeal        the envelope would be larger than a record may be
    ├── WrongPeaks            the stored peaks of a Merkle tree don't fit its size
    ├── ProofFailed           a Merkle proof does not prove what it claims
    ├── MalformedNote         a signed note, checkpoint, proof's text or verifier key can't be read
    ├── UnsignedNote          none of the known keys has signed a note
    └── OtherCheckpoint       the checkpoint is of another log, or not the one that is meant

Bytes that don't decode raise ``blo_schemas.errors.WireError``. No message contains a private key
or anything that was sealed.
"""

from __future__ import annotations

from typing import ClassVar

from blo_domain.heads import HeadReason
from blo_domain.heartbeats import HeartbeatReason


class SealingError(Exception):
    """Base of all errors of this floor.

    Attributes:
        defect: Stable name, used by the test vectors.
    """

    defect: ClassVar[str] = "sealing"


class Unopenable(SealingError):
    """A sealed part that the key does not open: altered bytes, or bytes sealed for another place.

    Attributes:
        part: ``summary``, ``content``, ``grant`` or ``chunk``.
    """

    defect = "unopenable"

    def __init__(self, part: str) -> None:
        super().__init__(f"the {part} can't be opened: it was altered, or sealed elsewhere")
        self.part = part


class WrongKeyCommitment(SealingError):
    """The key is not the one whose commitment stands in the header or the grant."""

    defect = "wrong_key_commitment"

    def __init__(self, part: str) -> None:
        super().__init__(f"the {part} key is not the one that is named; look it up by its id")
        self.part = part


class InvalidSignature(SealingError):
    """The signature does not verify under the key that should have made it."""

    defect = "bad_signature"


class UnusableKey(SealingError):
    """A key of the wrong length, or a point that must not be used as a public key."""

    defect = "unusable_key"


class GrantNotForYou(SealingError):
    """The grant is sealed to another recipient, or to another of the recipient's keys."""

    defect = "grant_not_for_you"


class WrongGrant(SealingError):
    """The grant is for another link or another purpose than the reader looks for."""

    defect = "grant_not_as_asked"


class WrongChunk(SealingError):
    """The record holds another chunk than its key names, or the event knows no such chunk."""

    defect = "chunk_not_as_asked"

    def __init__(self, index: int, count: int) -> None:
        super().__init__(f"chunk {index} lies under another key, or is not one of {count}")


class HeadRefused(SealingError):
    """The head does not count on the link.

    Attributes:
        reason: From the closed list.
    """

    defect = "head_refused"

    def __init__(self, detail: str, reason: HeadReason) -> None:
        super().__init__(f"{detail}: {reason.replace('_', ' ')}")
        self.reason = reason


class HeartbeatRefused(SealingError):
    """The heartbeat does not count in the corridor.

    Attributes:
        reason: From the closed list.
    """

    defect = "heartbeat_refused"

    def __init__(self, detail: str, reason: HeartbeatReason) -> None:
        super().__init__(f"{detail}: {reason.replace('_', ' ')}")
        self.reason = reason


class DuplicateSignature(SealingError):
    """The key has signed this document already."""

    defect = "duplicate_signature"


class PasskeyRefused(SealingError):
    """A passkey's answer that does not prove that its owner has agreed to this very challenge."""

    defect = "passkey_refused"

    def __init__(self, why: str) -> None:
        super().__init__(f"the passkey's answer proves nothing: {why}")


class TooLargeToSeal(SealingError):
    """The envelope would be larger than a record may be; send the rest as attachments."""

    defect = "too_large_to_seal"


class WrongPeaks(SealingError):
    """The stored peaks of a Merkle tree are not those of a tree of its size."""

    defect = "wrong_peaks"


class ProofFailed(SealingError):
    """A Merkle proof does not prove what it claims."""

    defect = "proof_failed"


class MalformedNote(SealingError):
    """Bytes that are not the text form they should be; the message names the rule."""

    defect = "malformed_note"


class UnsignedNote(SealingError):
    """None of the keys that the reader knows has signed the note: it says nothing."""

    defect = "unsigned_note"


class OtherCheckpoint(SealingError):
    """The checkpoint is of another log, or another one than the one that is meant."""

    defect = "other_checkpoint"
