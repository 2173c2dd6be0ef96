"""Two offices on one link, 1 KiB contents, and a log of the two working on joint cases."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from datetime import date
from itertools import count
from pathlib import Path

from blo_domain.trust import TrustedDirectory
from blo_log.memory import MemoryCluster, MemoryLog
from blo_projection.link_chain import LinkChain
from blo_projection.verification import TrustHeads
from blo_schemas.bodies import body_from_json, body_version
from blo_schemas.codec import encode
from blo_schemas.content import Content, Dispatch
from blo_schemas.event import LogRecord
from blo_schemas.ids import CaseId, KeyId, OfficeId
from blo_schemas.summary import SUMMARY_VERSION, Kind, Step, Summary, Urgency
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.seal_event import Author, seal_event
from blo_sealing.signatures import is_usable_signing_key, verify_signature
from tests.agents.world import LINK, NOW, A, B, World, two_offices

KIB = 1024
DAY = date(2025, 2, 20)
DISPATCH = Dispatch(subject="(fictional) a measurement")
JOINT_CASE: tuple[tuple[Step, OfficeId, dict[str, object]], ...] = (
    (Step.OPEN, A, {"code": "F1", "lead": "(fictional) X"}),
    (Step.JOIN, B, {"lead": "(fictional) Y"}),
    (Step.PHASE_REPORT, A, {"phase": 1}),
    (Step.PHASE_REPORT, B, {"phase": 1}),
    (Step.PHASE_REPORT, A, {"phase": 2}),
    (Step.PHASE_REPORT, B, {"phase": 2}),
    (Step.CLOSE, A, {}),
    (Step.CLOSE, B, {}),
)


class Keys:
    """The keys of a reader who holds them all."""

    def __init__(self) -> None:
        self.summaries: dict[KeyId, SummaryKey] = {}
        self.contents: dict[CaseId, ContentKey] = {}

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        return self.summaries.get(key)

    def summary_key_ids(self) -> Collection[KeyId]:
        return self.summaries.keys()

    def content_key(self, case: CaseId) -> ContentKey | None:
        return self.contents.get(case)


def kib_content(kind: Kind, step: Step, fields: dict[str, object]) -> Content:
    """A content whose encoding has exactly 1024 bytes; the reason in words makes it up."""
    body = encode(body_from_json(kind, step, fields))
    dispatch = DISPATCH if step is Step.OPEN else None
    version = body_version(kind, step)

    def content(reason: str) -> Content:
        return Content(DAY, dispatch, reason, body, version)

    frame = len(encode(content("x" * 300))) - 300
    return content("x" * (KIB - frame))


class Ground:
    """The trust documents and keys of two offices on one link."""

    def __init__(self) -> None:
        cluster = MemoryCluster()
        self.world: World = two_offices(Path(), lambda: MemoryLog(cluster))
        self.directory, refused = TrustedDirectory(
            self.world.pins,
            verify=verify_signature,
            check_key=is_usable_signing_key,
            check_kem_key=is_usable_kem_key,
        ).load(self.world.documents)
        assert not refused, refused
        self.trust = self.directory.link_trust(LINK)
        self.authors = {}
        for office in (A, B):
            certified = self.directory.certificate(office, NOW)
            assert certified is not None
            self.authors[office] = Author(LINK, certified.tag, self.world.keys[office].signing)


class SampleLog:
    """A log of joint cases of eight steps each, interleaved, written by both offices in turn.

    Args:
        records: How many records.
        ground: Who writes.
        abreast: How many cases run at the same time.
    """

    def __init__(self, records: int, ground: Ground | None = None, abreast: int = 50) -> None:
        self.ground = ground or Ground()
        self.keys = Keys()
        self.records: list[LogRecord] = []
        self._own = {office: SummaryKey.generate(os.urandom) for office in (A, B)}
        for key in self._own.values():
            self.keys.summaries[key.id] = key
        chain = LinkChain(LINK, self.ground.trust, TrustHeads())
        for value in self.values(chain, abreast):
            position = len(self.records)
            record = LogRecord(position, NOW + position, value)
            assert chain.admit(record).verdict is None
            self.records.append(record)
            if len(self.records) == records:
                break

    def values(self, chain: LinkChain, abreast: int = 50) -> Iterator[bytes]:
        """Without end: what comes next, each made when the one before was admitted."""
        kind = Kind.JOINT_CASE
        contents = [kib_content(kind, step, fields) for step, _, fields in JOINT_CASE]
        for _ in count():
            cases = [ContentKey.generate(os.urandom) for _ in range(abreast)]
            self.keys.contents.update((key.id, key) for key in cases)
            for version, (step, office, _) in enumerate(JOINT_CASE):
                summary = Summary(SUMMARY_VERSION, kind, step, Urgency.ROUTINE, version)
                for content_key in cases:
                    yield seal_event(
                        self.ground.authors[office],
                        chain.next_place(office),
                        at=NOW,
                        content_key=content_key,
                        summary_key=self._own[office],
                        summary=summary,
                        content=contents[version],
                        random=os.urandom,
                    ).value


__all__ = ["DAY", "DISPATCH", "KIB", "Ground", "Keys", "SampleLog", "kib_content"]
