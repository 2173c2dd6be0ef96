"""Documents that change a link's trust in every way, logs written under them, and what folds conclude."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from blo_domain.cases import legal_steps
from blo_domain.trust import RecordTraces, TrustedDirectory, TrustReach
from blo_processors.link.fold_state import LinkFoldState, terms_of_link
from blo_projection.fold import LinkFold
from blo_projection.link_chain import LinkChain
from blo_schemas.content import Content
from blo_schemas.event import LogRecord
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.ids import CaseId, CertificateTag, KeyId, LinkId, OfficeId
from blo_schemas.summary import SUMMARY_VERSION, Kind, PauseGround, Step, Summary, Urgency
from blo_schemas.trust import SignedDocument
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.seal_event import Author, SealedEvent, seal_event
from blo_sealing.signatures import SigningKey
from blo_sealing.statements import sign_document
from tests.processors.world import Views
from tests.unit.trust.documents import (
    LA,
    LA_B,
    START,
    VN,
    VN_A,
    VN_B,
    agreement_body,
    certificate,
    empty,
    key,
    revocation,
    root,
    root_keys,
)

LINK = LinkId("border")
OTHER = LinkId("other")
RIVAL = LinkId("rival")
HOUR_MS = 3_600_000
OFFICES = (LA_B, VN_A, VN_B)


def at(hours: int) -> int:
    """An instant, so many hours after the first document begins."""
    return START + hours * HOUR_MS


def renewed(office: OfficeId, hours: int, label: str = "renewed", **more: Any) -> SignedDocument:
    """A further certificate of an office, with a key of its own."""
    return certificate(
        office, signing_key=key(f"{office} {label}").public, not_before=at(hours), **more
    )


def agreement(signers: Iterable[SigningKey] | None = None, **changes: Any) -> SignedDocument:
    """An agreement of the link, or of another, signed by all its offices."""
    body = agreement_body(**{"link": LINK, **changes})
    return sign_document(body, map(key, body.offices) if signers is None else signers)


A, B, C = (certificate(office) for office in (VN_A, LA_B, VN_B))
A_RENEWED, B_RENEWED = renewed(VN_A, 48), renewed(LA_B, 60)
A_BACKDATED = renewed(VN_A, 6, "backdated")
A_SHORT = renewed(VN_A, 1, "short", not_after=at(30))
A_TO_COME = renewed(VN_A, 24 * 365, "to come")
AGREED = agreement(effective_from=at(2))
WIDER = agreement(
    [key(LA_B), key(VN_A), key(VN_B)], version=2, offices=OFFICES, effective_from=at(50)
)
SOON_WIDER = agreement(
    [key(LA_B), key(VN_A), key(VN_B)], version=2, offices=OFFICES, effective_from=at(20)
)
NARROWER = agreement(
    [key(LA_B), key(VN_A), key(VN_B)], version=3, offices=(LA_B, VN_A), effective_from=at(70)
)
TO_COME = agreement(version=2, effective_from=at(24 * 365))
ENDING = agreement(version=2, effective_from=at(30), effective_until=at(80))
ELSEWHERE = agreement(link=OTHER, offices=(LA_B, VN_A), partition=1, effective_from=at(5))
ELSEWHERE_LATER = agreement(
    [key(LA_B), key(VN_A), key(VN_B)],
    link=OTHER,
    offices=OFFICES,
    partition=1,
    version=2,
    effective_from=at(40),
)
RIVALS = agreement(link=RIVAL, offices=(LA_B, VN_B), partition=0, effective_from=at(45))
CONTRADICTION = agreement(effective_from=at(2), working_marking="another")
REFUSED = (
    certificate(VN_A, root_keys(VN)[:1], signing_key=key("refused").public),
    agreement([key(VN_A)], version=2, effective_from=at(3)),
    revocation(A, at(4), signers=root_keys(VN)[:1]),
    certificate(VN_B, signing_key=key(VN_A).public, not_before=at(1)),
)
ROOTS = (root(VN), root(LA))
POOL = (
    A,
    B,
    C,
    A_RENEWED,
    B_RENEWED,
    A_BACKDATED,
    A_SHORT,
    A_TO_COME,
    AGREED,
    WIDER,
    SOON_WIDER,
    NARROWER,
    TO_COME,
    ENDING,
    ELSEWHERE,
    ELSEWHERE_LATER,
    RIVALS,
    CONTRADICTION,
    *REFUSED,
    revocation(A, at(40)),
    revocation(A, at(10), {LINK: 7}),
    revocation(A, at(10), {LINK: 3, OTHER: 2}),
    revocation(A, at(10), {OTHER: 0}),
    revocation(B, at(55), country=LA, signers=root_keys(LA)[:2]),
    revocation(B, at(1), {LINK: 9}, country=LA, signers=root_keys(LA)[:2]),
    revocation(A_RENEWED, at(48), {LINK: 0}),
    revocation(A_SHORT, at(31)),
)
"""Documents of every kind, with such as dispute others' ground, and refused ones."""
WRITERS: tuple[tuple[OfficeId, SignedDocument, SigningKey], ...] = (
    (VN_A, A, key(VN_A)),
    (LA_B, B, key(LA_B)),
    (VN_B, C, key(VN_B)),
    (VN_A, A_RENEWED, key(f"{VN_A} renewed")),
    (LA_B, B_RENEWED, key(f"{LA_B} renewed")),
    (VN_A, A_BACKDATED, key(f"{VN_A} backdated")),
    (VN_A, A_SHORT, key(f"{VN_A} short")),
    (VN_A, A_TO_COME, key(f"{VN_A} to come")),
)
"""Whose certificate, and with which key."""


@cache
def _checked() -> TrustedDirectory:
    return empty().load(POOL)[0]


def directory(documents: Iterable[SignedDocument]) -> TrustedDirectory:
    """The conclusions from both roots and these documents."""
    bare = TrustedDirectory.__new__(TrustedDirectory)
    # Signatures that were checked once need not be checked for each of hundreds of sets.
    bare._evaluate(_checked()._pins, _checked()._checker, {}, {})
    return bare.load([*ROOTS, *documents])[0]


class Keys:
    """Both offices' summary keys, of which a reader holds some."""

    def __init__(self, *missing: OfficeId) -> None:
        self.of = {office: SummaryKey(office.encode().ljust(32, b".")) for office in OFFICES}
        self._held = {key.id: key for office, key in self.of.items() if office not in missing}

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        return self._held.get(key)

    def summary_key_ids(self) -> set[KeyId]:
        return set(self._held)

    def content_key(self, case: CaseId) -> ContentKey | None:
        del case
        return None


class LogWriter:
    """Writes a log that means something under some documents.

    Args:
        trust: Under which documents the writers find their places in the chain.
        seed: What they do.
    """

    def __init__(self, trust: TrustedDirectory, seed: int = 1) -> None:
        self.records: list[LogRecord] = []
        self.hour = 0
        self._dice = random.Random(seed)
        self._keys = Keys()
        self._views = Views()
        self._contents: dict[CaseId, ContentKey] = {}
        rules = trust.link_trust(LINK)
        chain = LinkChain(LINK, rules)
        self._fold = LinkFold(LINK, chain, rules, self._views, self._keys, read_content=False)

    def play(self, count: int) -> None:
        """Write so many records of all sorts, some hours apart."""
        for _ in range(count):
            self.hour += self._dice.choice((0, 1, 3, 8, 20, -2))
            lot = self._dice.random()
            if lot < 0.05:
                self.put(self._dice.randbytes(20))
            elif lot < 0.1 and self.records:
                self.put(self._dice.choice(self.records).value)
            elif lot < 0.2:
                self.strange(self._dice.randbytes(8))
            elif lot < 0.3:
                self.write(self._dice.randrange(len(WRITERS)), link=OTHER)
            else:
                # The first two are the link's offices under most sets of documents.
                self.write(min(self._dice.randrange(3 * len(WRITERS)) % 11, len(WRITERS) - 1))

    def write(self, writer: int, link: LinkId = LINK) -> SealedEvent:
        """Write a step that is legal, if there is one; signed for this link or for another."""
        office, signed, signing = WRITERS[writer]
        tag = certificate_tag(document_id(signed.payload))
        return self._write(Author(link, tag, signing), office)

    def strange(self, tag: bytes) -> SealedEvent:
        """Write a step under a tag that names no certificate."""
        return self._write(Author(LINK, CertificateTag(tag), key("stranger")), VN_A)

    def put(self, value: bytes) -> None:
        """Write any bytes."""
        record = LogRecord(len(self.records), at(self.hour), value)
        self.records.append(record)
        self._fold.feed(record)

    def _write(self, author: Author, office: OfficeId) -> SealedEvent:
        case, summary = self._next(office)
        sealed = seal_event(
            author,
            self._fold.chain.next_place(office),
            at=at(self.hour),
            content_key=self._contents[case],
            summary_key=self._keys.of[office],
            summary=summary,
            content=Content(date(2025, 2, 20), None, None, b"\x80", 1),
            random=self._dice.randbytes,
        )
        self.put(sealed.value)
        return sealed

    def _next(self, office: OfficeId) -> tuple[CaseId, Summary]:
        for case in self._dice.sample(list(self._contents), len(self._contents)):
            view = self._views.get(case)
            steps = [] if view is None else legal_steps(view, office, OFFICES)
            steps = [step for step in steps if step not in (Step.SUPERSEDE, Step.WITHDRAW)]
            if view is not None and steps:
                step = self._dice.choice(sorted(steps))
                ground = PauseGround.OTHER if step is Step.PAUSE else None
                return case, Summary(
                    SUMMARY_VERSION,
                    view.kind,
                    step,
                    view.urgency,
                    view.version,
                    pause_ground=ground,
                )
        content = ContentKey.generate(self._dice.randbytes)
        self._contents[content.id] = content
        urgency = self._dice.choice(list(Urgency))
        return content.id, Summary(
            SUMMARY_VERSION, Kind.VERIFICATION_REQUEST, Step.OPEN, urgency, 0
        )


class Conclusions(NamedTuple):
    """What a fold has concluded after each record, and what it remembers in the end.

    Attributes:
        steps: One value for each size from 0 on; equal values are equal conclusions.
        latest: The latest log time at each size.
        traces: What it remembers of all records.
    """

    steps: list[object]
    latest: list[int]
    traces: RecordTraces

    def spared(self, reach: TrustReach) -> int:
        """The largest prefix that a change of the documents does not concern."""
        sizes = range(len(self.steps))
        return max(size for size in sizes if self.traces.spared(reach, size, self.latest[size]))


def conclusions(
    documents: TrustedDirectory, records: list[LogRecord], *missing: OfficeId
) -> Conclusions:
    """Fold a log as a processor does: verdicts, views, alerts, and facts about the offices."""
    state = LinkFoldState(
        LINK,
        documents.link_trust(LINK),
        Keys(*missing),
        terms_of_link(documents, LINK),
        checkpoint_every=3,
    )
    steps: list[object] = [None]
    latest = [0]
    for record in records:
        state.apply(record)
        effects = state.take_effects()
        changed = [
            (case, state.cases.get(case), state.cases.clocks(case)) for case in effects.cases
        ]
        parked = [item.position for item in state.fold.parked]
        peers = sorted(state.peers.items())
        heads = state.fold.chain.snapshot()
        steps.append((effects, changed, parked, peers, heads, state.admissions))
        latest.append(state.fold.chain.traces.latest)
    return Conclusions(steps, latest, state.fold.chain.traces)


def first_difference(one: Conclusions, other: Conclusions) -> int:
    """The largest prefix of which two folds conclude the same, the largest but itself included."""
    same = zip(one.steps, other.steps, strict=True)
    differing = (size for size, (first, second) in enumerate(same) if first != second)
    return next(differing, len(one.steps)) - 1
