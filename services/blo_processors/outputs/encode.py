"""A processor's outputs as records: sealed, signed, the same bytes for the same output."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from blo_domain.trust import KeyRecipient, TrustedDirectory
from blo_log import topics
from blo_log.port import ProducerRecord
from blo_processors.link.fold_state import Checkpointed
from blo_projection.granted_keys import GrantedKeys, month_of
from blo_projection.outputs import OpenedOutput
from blo_runtime.logs import get_logger
from blo_schemas.clocks import ALERT, Alert
from blo_schemas.codec import encode
from blo_schemas.grants import GRANT, grant_record_key
from blo_schemas.ids import CertificateTag, CorridorId, LinkId, OfficeId
from blo_schemas.outputs import (
    CASE_RECORD,
    DEAD_LETTER,
    OUTPUT_VERSION,
    SIGNED_OUTPUT,
    TRAIL_CHECKPOINT,
    TRAIL_ENTRY,
    CaseRecord,
    DeadLetter,
    Output,
    OutputKind,
    TrailEntry,
    dead_letter_key,
    trail_key,
)
from blo_sealing.errors import UnusableKey
from blo_sealing.grants import Recipient, make_grant
from blo_sealing.identity import Signer
from blo_sealing.keys import SummaryKey
from blo_sealing.outputs import processor_summary_key, seal_output
from blo_sealing.statements import sign_output

Mark = bytes
"""Sixteen bytes of a hash; equal outputs have equal marks."""


class LinkPartition(NamedTuple):
    """A link and its partition.

    Attributes:
        link: The link.
        corridor: Its corridor.
        partition: Its partition in all of the corridor's topics.
    """

    link: LinkId
    corridor: CorridorId
    partition: int


class OutputDraft(NamedTuple):
    """An output before it is sealed and signed.

    Attributes:
        kind: The kind of output.
        key: Its record's key.
        position: Its log position.
        at: The log time at the position.
        body: The plain body.
    """

    kind: OutputKind
    key: bytes
    position: int
    at: int
    body: bytes

    @property
    def plain_mark(self) -> Mark:
        """The mark of the content, without the signature."""
        return _plain_mark(self.kind, self.position, self.at, self.body)


class OutputEncoder:
    """Makes the records of one link's outputs under one certificate.

    Args:
        place: The link.
        signer: The processor's keys and certificate.
        granted: Keeps the own grants.

    Attributes:
        ungranted: The readers, by certificate, whose key can't be sealed to.
    """

    def __init__(self, place: LinkPartition, signer: Signer, granted: GrantedKeys) -> None:
        self.place = place
        self.signer = signer
        self._granted = granted
        self.ungranted: set[tuple[OfficeId, CertificateTag]] = set()
        self._months: dict[str, SummaryKey] = {}
        self._topics = {
            OutputKind.CASE: topics.cases_topic(place.corridor),
            OutputKind.ALERT: topics.alerts_topic(place.corridor),
            OutputKind.TRAIL: topics.trail_topic(place.corridor),
            OutputKind.CHECKPOINT: topics.trail_topic(place.corridor),
        }

    def case(self, record: CaseRecord) -> OutputDraft:
        """The draft of a case's record."""
        view = record.view
        return OutputDraft(
            OutputKind.CASE, view.case, view.position, view.log_time, CASE_RECORD.encode(record)
        )

    def alert(self, alert: Alert) -> OutputDraft:
        """The draft of an alert or its clearing."""
        at = alert.since if alert.cleared_at is None else alert.cleared_at
        return OutputDraft(OutputKind.ALERT, alert.id, alert.position, at, ALERT.encode(alert))

    def trail(self, entry: TrailEntry) -> OutputDraft:
        """The draft of a trail entry."""
        key = trail_key(self.place.link)
        return OutputDraft(
            OutputKind.TRAIL, key, entry.position, entry.log_time, TRAIL_ENTRY.encode(entry)
        )

    def checkpoint(self, made: Checkpointed) -> OutputDraft:
        """The draft of a checkpoint."""
        key = trail_key(self.place.link)
        size = made.checkpoint.size
        return OutputDraft(
            OutputKind.CHECKPOINT,
            key,
            size,
            made.log_time,
            TRAIL_CHECKPOINT.encode(made.checkpoint),
        )

    def message(self, draft: OutputDraft) -> ProducerRecord:
        """The sealed and signed record of a draft."""
        output = Output(
            OUTPUT_VERSION,
            draft.kind,
            self.place.link,
            self.signer.subject,
            self.signer.tag,
            draft.position,
            draft.at,
            None,
            None,
            draft.body,
        )
        if draft.kind in (OutputKind.CASE, OutputKind.ALERT):
            output = seal_output(output, self.month_key(month_of(draft.at)))
        value = SIGNED_OUTPUT.encode(sign_output(output, self.signer.keys.signing))
        return ProducerRecord(self._topics[draft.kind], self.place.partition, draft.key, value)

    def months(self) -> tuple[str, ...]:
        """The months under whose keys outputs were sealed, sorted."""
        return tuple(sorted(self._months))

    @property
    def key_count(self) -> int:
        """The number of own keys that outputs were sealed with so far."""
        return len(self._months)

    def month_key(self, month: str) -> SummaryKey:
        """The own summary key of a month."""
        key = self._months.get(month)
        if key is None:
            key = processor_summary_key(self.signer.keys, self.place.link, month)
            self._months[month] = key
        return key

    def grants(self, directory: TrustedDirectory, at: int) -> list[ProducerRecord]:
        """The grants that the link's readers lack for the outputs that were sealed so far.

        Args:
            directory: Names the readers.
            at: The log time for which they are named, Unix milliseconds.
        """
        return [
            message for key in self._months.values() for message in self._grants(key, directory, at)
        ]

    def _grants(
        self, key: SummaryKey, directory: TrustedDirectory, at: int
    ) -> Iterator[ProducerRecord]:
        place = self.place
        for reader in directory.readers(place.link, at).summary:
            if reader.subject == self.signer.subject or self._granted.was_given(key, reader):
                continue
            recipient = Recipient(reader.subject, reader.tag, reader.kem_key)
            try:
                grant = make_grant(key, place.link, self.signer.subject, recipient)
            except UnusableKey:
                self._log_ungranted(reader)
                continue
            value = GRANT.encode(grant)
            self._granted.mark_granted(key, reader, value)
            record_key = grant_record_key(key.id, reader.subject)
            yield ProducerRecord(
                topics.keys_topic(place.corridor), place.partition, record_key, value
            )

    def _log_ungranted(self, reader: KeyRecipient) -> None:
        """Log once that a reader's key can't be sealed to; other readers are served."""
        if (reader.subject, reader.tag) not in self.ungranted:
            self.ungranted.add((reader.subject, reader.tag))
            get_logger().error(
                "alarm",
                reason=f"{reader.subject} can't be granted keys of {self.place.link}: nothing can "
                f"be sealed to the KEM key of its certificate {reader.tag.hex()}; its country must "
                "certify another",
            )

    def dead_letter(self, letter: DeadLetter) -> ProducerRecord:
        """The record of a dead letter."""
        key = dead_letter_key(letter.topic, letter.partition, letter.offset)
        topic = topics.dead_topic(self.place.corridor)
        return ProducerRecord(topic, self.place.partition, key, DEAD_LETTER.encode(letter))


def own_mark(value: bytes) -> Mark:
    """The mark of a record's exact bytes."""
    return sha256(value).digest()[:16]


def opened_mark(opened: OpenedOutput) -> Mark:
    """The mark of a verified output's content."""
    output = opened.output
    return _plain_mark(output.kind, output.position, output.at, opened.body)


def _plain_mark(kind: OutputKind, position: int, at: int, body: bytes) -> Mark:
    return sha256(encode([int(kind), position, at, body])).digest()[:16]
