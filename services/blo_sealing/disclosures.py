"""Disclosed events: the two derived keys that open one event each.

A derived key opens one part of one event. Nothing commits to it (``parts.derive_part_key``), so a
writer can seal under a key that it never granted, and show that key years later. Who signs a
disclosure therefore matters as much as that it opens: an office other than the writer derived it
from the key that the writer had granted.
"""

from __future__ import annotations

import msgspec

from blo_schemas.bundle import (
    DisclosedEvent,
)
from blo_schemas.content import CONTENT, Content
from blo_schemas.event import ENVELOPE, HEADER, Envelope, LogRecord
from blo_schemas.hashes import event_id
from blo_schemas.ids import LinkId
from blo_schemas.summary import SUMMARY, Summary
from blo_sealing.event_parts import (
    EventPart,
    derive_part_key,
    open_content,
    open_summary,
    open_with_part_key,
)
from blo_sealing.keys import ContentKey, SummaryKey


class OpenedDisclosure(msgspec.Struct, frozen=True):
    """What a disclosed event contains."""

    summary: Summary
    content: Content


def disclose_event(
    link: LinkId, record: LogRecord, summary_key: SummaryKey, content_key: ContentKey
) -> DisclosedEvent:
    """The derived keys of one event, after trying that they open it.

    Args:
        link: The event's link.
        record: The record.
        summary_key: The summary key that its header names.
        content_key: The key of its case.

    Raises:
        WireError: The record is no event, or what was sealed is no summary or content.
        SealingError: A key is not the right one, or the event does not open.
    """
    envelope = ENVELOPE.decode(record.value)
    header = HEADER.decode(envelope.header)
    open_summary(link, header, envelope, summary_key)
    open_content(link, header, envelope, content_key)
    return DisclosedEvent(
        record.position,
        event_id(link, envelope.header),
        derive_part_key(EventPart.SUMMARY, link, header, summary_key.secret),
        derive_part_key(EventPart.CONTENT, link, header, content_key.secret),
    )


def open_disclosed(link: LinkId, envelope: Envelope, disclosed: DisclosedEvent) -> OpenedDisclosure:
    """Opens an event with its disclosed keys.

    Raises:
        Unopenable: A key does not open its part.
        WireError: It opens, but holds no canonical summary or content.
    """
    summary = open_with_part_key(EventPart.SUMMARY, link, envelope, disclosed.summary_key)
    content = open_with_part_key(EventPart.CONTENT, link, envelope, disclosed.content_key)
    return OpenedDisclosure(SUMMARY.decode(summary), CONTENT.decode(content))
