"""The check of disclosures against the sealed records.

A key that opens a part proves that the part holds this and was bound to this event, which its
writer signed. It does not prove that the key is derived from the case's key, because nothing
commits to a derived key (ADR 8). So the result names who disclosed it: another
office than the writer derived it from the key that it was granted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec

from blo_audit.findings.codes import Code
from blo_audit.findings.findings import Findings
from blo_audit.replay.sources import SourcePartition
from blo_domain.heads import head_signers
from blo_domain.trust import TrustedDirectory
from blo_schemas.bodies import decode_body
from blo_schemas.bodies.attachments import attachments_of
from blo_schemas.bundle import DISCLOSURE, DisclosedEvent, Disclosure, SignedDisclosure
from blo_schemas.content import Attachment
from blo_schemas.errors import WireError
from blo_schemas.event import Envelope
from blo_schemas.ids import CertificateTag, EventId, OfficeId
from blo_sealing.disclosures import OpenedDisclosure, open_disclosed
from blo_sealing.errors import SealingError
from blo_sealing.statements import DISCLOSURE_STATEMENT

MAX_SHOWN: Final = 1024 * 1024
"""At most so many bytes of sealed contents are shown; the rest are opened, checked and counted."""


class _Refused(Exception):
    """Why a disclosure is not used."""


class ShownContent(msgspec.Struct, frozen=True, kw_only=True):
    """An event's content, as it was sealed.

    Attributes:
        position: The record's position.
        event: The event's id, in hex.
        office: Who wrote and signed it.
        disclosed_by: Whose disclosures open it.
        at: The writer's clock, Unix milliseconds.
        kind: The case's kind.
        step: What the event does.
        on: Business date.
        reason: Why, in words.
        dispatch: The common fields.
        body: The fields of its kind and step; ``None``: they do not fit the kind and step.
    """

    position: int
    event: str
    office: OfficeId
    disclosed_by: tuple[OfficeId, ...]
    at: int
    kind: str
    step: str
    on: date
    reason: str | None
    dispatch: Any
    body: Any


class Disclosures:
    """The disclosures of one bundle.

    Args:
        signed: As the bundle has them.
        place: The link.
        directory: What the trust documents prove.
        closed: Which offices could not open which records.
        findings: Where what is wrong goes.

    Attributes:
        shown: The contents, by position, as far as there is room.
        opened: How many events were opened.
        unshown: How many of them are not in ``shown``.
        alone: How many are disclosed by their writer alone.
        enclosed: Position, event and attachment of what the opened events enclose, by SHA-256.
    """

    def __init__(
        self,
        signed: Sequence[SignedDisclosure],
        place: SourcePartition,
        directory: TrustedDirectory,
        closed: Mapping[int, set[OfficeId]],
        findings: Findings,
    ) -> None:
        self.shown: list[ShownContent] = []
        self.opened = 0
        self.unshown = 0
        self.alone = 0
        self.enclosed: dict[bytes, tuple[int, EventId, Attachment]] = {}
        self._place = place
        self._directory = directory
        self._signers = head_signers(directory, place.link)
        self._closed = closed
        self._findings = findings
        self._room = MAX_SHOWN
        self._keys: dict[int, list[tuple[OfficeId, DisclosedEvent]]] = defaultdict(list)
        for disclosed in signed:
            disclosure = self._admit(disclosed)
            if disclosure is not None:
                for event in disclosure.events:
                    self._keys[event.position].append((disclosure.office, event))

    def wants(self, position: int) -> bool:
        """Whether a record at this position is disclosed."""
        return position in self._keys

    def record(
        self, position: int, event: EventId, office: OfficeId, envelope: Envelope, at: int
    ) -> date | None:
        """Opens a record, if it is disclosed.

        Args:
            position: Its position.
            event: Its event's id.
            office: Its writer, whose signature was verified.
            envelope: Its envelope.
            at: The writer's clock.

        Returns:
            Its business date, if it was opened.
        """
        disclosed = self._keys.pop(position, ())
        opening: dict[tuple[bytes, bytes], list[OfficeId]] = defaultdict(list)
        opened: OpenedDisclosure | None = None
        for discloser, keys in disclosed:
            result = self._open(position, event, discloser, keys, envelope)
            if result is not None:
                opened = opened or result
                opening[keys.summary_key, keys.content_key].append(discloser)
        if opened is None:
            return None
        by = tuple(
            sorted({office_id for disclosers in opening.values() for office_id in disclosers})
        )
        if len(opening) > 1:
            self._findings.add(
                Code.DISCLOSURES_CONTRADICT,
                f"{', '.join(by)} disclosed {len(opening)} different pairs of keys, and each opens "
                "the event",
                position=position,
                office=office,
            )
        summary, content = opened.summary, opened.content
        for attachment in attachments_of(summary.kind, summary.step, content):
            self.enclosed.setdefault(attachment.sha256, (position, event, attachment))
        self._check_vouchers(position, office, by)
        self._show(position, event, office, by, at, opened, len(envelope.body_ct))
        return opened.content.on

    def finish(self) -> None:
        """Tell of disclosed events that no record was there for."""
        for position in sorted(self._keys):
            offices = sorted({office for office, _ in self._keys[position]})
            self._findings.add(
                Code.DISCLOSED_WITHOUT_RECORD,
                f"disclosed by {', '.join(offices)}; no event that counts is there",
                position=position,
            )

    def _admit(self, signed: SignedDisclosure) -> Disclosure | None:
        try:
            return self._checked(signed)
        except (WireError, SealingError, _Refused) as error:
            self._findings.add(Code.DISCLOSURE_REFUSED, str(error))
            return None

    def _checked(self, signed: SignedDisclosure) -> Disclosure:
        claimed = DISCLOSURE.decode(signed.disclosure)
        certified = self._directory.certified(self._place.link, CertificateTag(claimed.kid))
        if certified is None or certified.certificate.subject not in self._signers:
            raise _Refused("it names no certificate of an office that reads the link")
        disclosure = DISCLOSURE_STATEMENT.verify(
            signed.disclosure, signed.signature, certified.certificate.signing_key
        )
        if disclosure.office != certified.certificate.subject:
            raise _Refused(f"it names {disclosure.office}, and another office signed it")
        if disclosure.link != self._place.link:
            raise _Refused(f"it is about {disclosure.link}")
        # Whoever stole the key puts any time there; so a revoked one vouches for nothing.
        if not certified.covers(disclosure.at) or certified.revocations:
            raise _Refused(
                "its certificate was revoked, or did not count at the time that it names"
            )
        return disclosure

    def _open(
        self,
        position: int,
        event: EventId,
        discloser: OfficeId,
        keys: DisclosedEvent,
        envelope: Envelope,
    ) -> OpenedDisclosure | None:
        words = ""
        if keys.event != event:
            words = f"it is about the event {keys.event.hex()[:16]}…, here lies {event.hex()[:16]}…"
        else:
            try:
                return open_disclosed(self._place.link, envelope, keys)
            except (SealingError, WireError) as error:
                words = str(error)
        self._findings.add(
            Code.DISCLOSED_OTHERWISE,
            f"disclosed by {discloser}: {words}",
            position=position,
            office=discloser,
        )
        return None

    def _check_vouchers(self, position: int, office: OfficeId, by: tuple[OfficeId, ...]) -> None:
        if by == (office,):
            self.alone += 1
            self._findings.add(
                Code.DISCLOSED_BY_WRITER_ALONE,
                "only its writer discloses it",
                position=position,
                office=office,
            )
        for reader in sorted(self._closed.get(position, set()) - {office}):
            self._findings.add(
                Code.DISCLOSED_WAS_CLOSED,
                f"{reader} says in its last head that it could not open it; disclosed by {', '.join(by)}",
                position=position,
                office=office,
            )

    def _show(
        self,
        position: int,
        event: EventId,
        office: OfficeId,
        by: tuple[OfficeId, ...],
        at: int,
        opened: OpenedDisclosure,
        size: int,
    ) -> None:
        self.opened += 1
        self._room -= size
        if self._room < 0:
            self.unshown += 1
            return
        summary, content = opened.summary, opened.content
        try:
            body = msgspec.to_builtins(
                decode_body(summary.kind, summary.step, content.body_version, content.body)
            )
        except WireError:
            body = None
        self.shown.append(
            ShownContent(
                position=position,
                event=event.hex(),
                office=office,
                disclosed_by=by,
                at=at,
                kind=summary.kind.word,
                step=summary.step.word,
                on=content.on,
                reason=content.reason,
                dispatch=msgspec.to_builtins(content.dispatch),
                body=body,
            )
        )
