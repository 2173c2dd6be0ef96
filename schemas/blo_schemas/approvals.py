"""What is approved before it is sealed, and the proof that somebody approved it (docs/people.md)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.content import Dispatch
from blo_schemas.fields import Bytes16, Bytes32, MapStruct, Name, Positive, Text, UnixMs, Word
from blo_schemas.ids import Digest, LinkId, OfficeId
from blo_schemas.people import PersonId
from blo_schemas.summary import Kind, PauseGround, Step, Urgency

APPROVAL_VERSION: Final = 1
_DRAFTED_STEP: Final = b"blo/drafted-step/v1\0"
_APPROVAL: Final = b"blo/approval/v1\0"
_Part = Annotated[bytes, msgspec.Meta(max_length=4096)]


class DraftedStep(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Everything that the office decides about a step, as it will be sealed.

    The dispatch names each attachment with its size and SHA-256, so the digest covers the files.

    Attributes:
        v: Version of this layout, 1.
        office: The office that writes.
        link: The link.
        case: The case, 32 bytes; ``None`` opens one.
        kind: The case's kind.
        step: The step.
        on: Business date.
        urgency: The case's urgency from now on.
        reason: Why, in words.
        dispatch: Common fields of the document that travels, with its attachments.
        corrects: For ``SUPERSEDE``: the corrected step.
        nth: For ``SUPERSEDE``: its number among the office's own steps of that name.
        due: When the requester wants it, Unix milliseconds.
        pause_ground: For ``PAUSE``: why.
        body: The encoded body of the kind and step.
        body_version: The version of the body's schema.
    """

    v: int
    office: OfficeId
    link: LinkId
    case: Bytes32 | None
    kind: Kind
    step: Step
    on: date
    urgency: Urgency | None
    reason: Text | None
    dispatch: Dispatch | None
    corrects: Step | None
    nth: Positive | None
    due: UnixMs | None
    pause_ground: PauseGround | None
    body: bytes
    body_version: Annotated[int, msgspec.Meta(ge=1, le=127)]


DRAFTED_STEP: Final = Codec(DraftedStep, versions=(APPROVAL_VERSION,))


def drafted_step_digest(drafted: DraftedStep) -> Digest:
    """The digest of what is sealed: SHA-256 over a label and the canonical encoding."""
    return Digest(sha256(_DRAFTED_STEP + DRAFTED_STEP.encode(drafted)).digest())


def approval_challenge(draft: bytes, revision: int, digest: bytes) -> Digest:
    """What an approver signs: the digest, for one revision of one draft.

    Args:
        draft: The draft's id, 16 bytes.
        revision: The revision that was looked at, from 1.
        digest: ``drafted_step_digest``.
    """
    return Digest(sha256(_APPROVAL + draft + revision.to_bytes(8, "big") + digest).digest())


class SecondFactor(StrEnum):
    """How an approver has shown who it is, beyond the password."""

    PASSKEY = "passkey"
    TOTP = "totp"


class PasskeyAssertion(MapStruct, frozen=True, kw_only=True):
    """A WebAuthn assertion over ``approval_challenge`` (Web Authentication Level 2, §6.3.3).

    Attributes:
        rp_id: The domain for which the credential was made.
        origin: The address of the pages on which the approver acted.
        credential: The credential's id.
        public_key: The credential's public key, a COSE key.
        authenticator_data: The signed authenticator data.
        client_data: The client data JSON; it holds the challenge.
        signature: The authenticator's signature.
    """

    rp_id: Word
    origin: Word
    credential: _Part
    public_key: _Part
    authenticator_data: _Part
    client_data: _Part
    signature: _Part


class Approval(MapStruct, frozen=True, kw_only=True):
    """The proof of an approval, as the journal keeps it.

    Attributes:
        v: Version of this layout, 1.
        draft: The draft's id.
        revision: The revision that was approved.
        digest: What was approved (``drafted_step_digest``).
        approver: Who approved.
        name: The approver's name as it was shown.
        authors: Everybody who drafted or edited, sorted.
        at: When, Unix milliseconds.
        factor: How the approver has shown who it is.
        passkey: The assertion; ``None`` for a one-time code, which proves nothing to others.
    """

    v: int = APPROVAL_VERSION
    draft: Bytes16
    revision: Positive
    digest: Bytes32
    approver: PersonId
    name: Name
    authors: tuple[PersonId, ...]
    at: UnixMs
    factor: SecondFactor
    passkey: PasskeyAssertion | None = None


APPROVAL: Final = Codec(Approval, versions=(APPROVAL_VERSION,))


class SentDraft(MapStruct, frozen=True, kw_only=True):
    """Which draft became which event, as the journal keeps it.

    Attributes:
        draft: The draft's id.
        revision: The revision that was sealed.
        digest: What was sealed (``drafted_step_digest``).
        event: The event's id.
        kind: The case's kind.
        step: The step.
        corrects: For ``SUPERSEDE``: the corrected step.
        approved: Whether it had an approval.
    """

    draft: Bytes16
    revision: Positive
    digest: Bytes32
    event: Bytes32
    kind: Kind
    step: Step
    corrects: Step | None
    approved: bool


SENT_DRAFT: Final = Codec(SentDraft)


class StoredStep(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A step that needs approval: of one kind, or, with ``None``, of every kind."""

    kind: Kind | None
    step: Step


class StoredPolicy(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The steps that need approval, as the store and the journal keep them, sorted."""

    steps: Annotated[tuple[StoredStep, ...], msgspec.Meta(max_length=2000)]


STORED_POLICY: Final = Codec(StoredPolicy)

ADD_PASSKEY: Final = "add passkey"
"""The journal's action whose detail is a credential's id and its public key."""

REMOVE_PASSKEY: Final = "remove passkey"
"""The journal's action whose detail is a credential's id."""

SET_POLICY: Final = "set approval policy"
APPROVE: Final = "approve by {}"
"""The journal's action whose detail is an ``Approval``, with its second factor."""

SEND_DRAFT: Final = "send draft"
"""The journal's action whose detail is a ``SentDraft``."""
