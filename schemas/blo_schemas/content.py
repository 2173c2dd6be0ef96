"""The content: the sealed part that only the link's offices and their superiors read.

It is a frame of fields that every step has (docs/domain.md §2, "common fields") around the body of one
kind and step. The frame ends with the body's schema version, which is never zero, so the zero
bytes that pad the plaintext can be told from it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from blo_schemas.codec import Codec
from blo_schemas.fields import Bytes16, Bytes32, Count, Language, Line, MapStruct, Text, UnixMs
from blo_schemas.files import MAX_FILE_SIZE, MAX_FILES
from blo_schemas.instants import check_business_day
from blo_schemas.summary import Step


class HandlingCode(StrEnum):
    """How the receiver may use the content, with Europol's codes (docs/domain.md §3)."""

    H0 = "H0"
    H1 = "H1"
    H2 = "H2"
    H3 = "H3"


class Channel(StrEnum):
    """How the content first travelled; others are logged afterwards with their true time."""

    EXCHANGE = "exchange"
    PHONE = "phone"
    LETTER = "letter"
    MEETING = "meeting"
    FAX = "fax"


MediaType = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*$(?!\n)",
        max_length=127,
        description="a media type without parameters, in lower case",
        examples=["application/pdf"],
    ),
]
"""A media type without parameters, in lower case: ``application/pdf``."""


class EnclosedFile(MapStruct, frozen=True, kw_only=True):
    """A file that travels beside the event, on ``blo.files`` (``blo_schemas.files``).

    Attributes:
        id: Its id, 16 bytes.
        media_type: What it is, by its content.
    """

    id: Bytes16
    media_type: MediaType


class Attachment(MapStruct, frozen=True, kw_only=True, omit_defaults=True):
    """What is enclosed.

    Attributes:
        name: Its name, for people.
        size: Bytes; of a file 1 to 52,428,800.
        sha256: SHA-256 of the bytes.
        file: The file that holds them; ``None``: they come by another way, such as a courier.
    """

    name: Line
    size: Count
    sha256: Bytes32
    file: EnclosedFile | None = None

    def __post_init__(self) -> None:
        if self.file is not None and not 1 <= self.size <= MAX_FILE_SIZE:
            raise ValueError(f"a file has 1 to {MAX_FILE_SIZE} bytes, not {self.size}")


class Dispatch(MapStruct, frozen=True, kw_only=True, omit_defaults=True):
    """The common fields of an exchange document (văn bản trao đổi), docs/domain.md §2.

    Attributes:
        subject: Trích yếu.
        local_number: The sender's document number, e.g. ``527/BC-UBND``.
        counterpart_number: The counterpart's number of the same matter.
        legal_basis: The provision or agreement it rests on.
        urgency_ground: Why it is urgent; needed above routine.
        handling: Handling code; ``H3`` needs ``handling_note``.
        handling_note: Further restrictions in words.
        marking: The originator's marking, kept as it is, never mapped (docs/domain.md §6).
        language: Language of the text; ``None``: the first language of the writing office.
        translation: Subject or text in the counterpart's language.
        originator: Agency on whose behalf the office writes.
        drafter: Who drafted.
        signer: Who signed.
        receiver: To whom at the counterpart.
        onward_caveat: Who else may be given it.
        attachments: What is enclosed, at most ten things.
        channel: How it first travelled.
        channel_at: When it truly travelled, if not by the exchange; Unix milliseconds.
    """

    subject: Line
    local_number: Line | None = None
    counterpart_number: Line | None = None
    legal_basis: Line | None = None
    urgency_ground: Line | None = None
    handling: HandlingCode = HandlingCode.H0
    handling_note: Line | None = None
    marking: Line | None = None
    language: Language | None = None
    translation: Text | None = None
    originator: Line | None = None
    drafter: Line | None = None
    signer: Line | None = None
    receiver: Line | None = None
    onward_caveat: Line | None = None
    attachments: Annotated[tuple[Attachment, ...], msgspec.Meta(max_length=MAX_FILES)] = ()
    channel: Channel = Channel.EXCHANGE
    channel_at: UnixMs | None = None


class Content(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The content of one event.

    Attributes:
        on: Business date: the day on which the thing happened.
        dispatch: Common fields; present where a document is sent.
        reason: Why, in words; required for declining, returning, pausing, withdrawing, reopening.
        body: Encoded body of the event's kind and step (``blo_schemas.bodies``).
        body_version: Version of the body's schema, 1 to 127; the frame's last byte.
    """

    on: date
    dispatch: Dispatch | None
    reason: Text | None
    body: bytes
    body_version: Annotated[int, msgspec.Meta(ge=1, le=127)]

    def __post_init__(self) -> None:
        check_business_day("on", self.on)


CONTENT: Final = Codec(Content)

WITHOUT_CONTENT: Final = frozenset({Step.CONFIRM_SHREDDING})
"""Steps whose events have no content: they are written when the case's key is gone (ADR 7)."""
