"""The fold of one link: order, parked cases, and that every reader concludes the same."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import date
from typing import cast

import msgspec
import pytest

from blo_domain.cases import decide
from blo_domain.commands import Command, content_of
from blo_domain.trust import CertifiedWriter, LinkTrustRules
from blo_projection.errors import PositionError
from blo_projection.fold import ContentState, FoldedRecord, LinkFold
from blo_projection.link_chain import LinkChain
from blo_schemas.bodies import body_from_json
from blo_schemas.codec import encode
from blo_schemas.content import Dispatch
from blo_schemas.event import ENVELOPE, LogRecord
from blo_schemas.ids import CaseId, CertificateTag, DocumentId, KeyId, LinkId, OfficeId
from blo_schemas.summary import Kind, Step, Summary
from blo_schemas.verdicts import ACCEPTED, CROSSED, DUPLICATE, Reason, rejected
from blo_schemas.views import CaseView, State
from blo_sealing.keys import ContentKey, SummaryKey
from blo_sealing.seal_event import (
    Author,
    ChainPlace,
    SealedEvent,
    seal_event,
    seal_event_without_content,
)
from blo_sealing.signatures import SigningKey

LINK = LinkId("la-b~vn-a")
A = OfficeId("vn-a")
B = OfficeId("la-b")
NOON = 1_735_704_000_000
KEYS = {A: SigningKey.generate(os.urandom), B: SigningKey.generate(os.urandom)}
TAGS = {A: CertificateTag(b"a" * 8), B: CertificateTag(b"b" * 8)}
FIELDS: dict[Step, dict[str, object]] = {
    Step.OPEN: {"subject": "fictional", "questions": ["Known?"], "purpose": "fictional"},
    Step.ANSWER: {"text": "fictional"},
}
GROUND = {"ground": "other"}


class Trust:
    """Two offices, always."""

    def writer(self, kid: CertificateTag, position: int, log_time: int) -> CertifiedWriter | Reason:
        del position, log_time
        for office, tag in TAGS.items():
            if tag == kid:
                return CertifiedWriter(office, KEYS[office].public, DocumentId(bytes(32)))
        return Reason.UNKNOWN_KEY

    def other_links(self, office: OfficeId) -> tuple[LinkId, ...]:
        del office
        return ()

    def parties(self, log_time: int) -> tuple[OfficeId, ...]:
        del log_time
        return (B, A)


class Views(dict[CaseId, CaseView]):
    def put(self, view: CaseView) -> None:
        self[CaseId(view.case)] = view


class Keys:
    """What a reader holds: of the keys of the world, those that it was granted."""

    def __init__(self) -> None:
        self.summaries: dict[KeyId, SummaryKey] = {}
        self.contents: dict[CaseId, ContentKey] = {}

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        return self.summaries.get(key)

    def summary_key_ids(self) -> Collection[KeyId]:
        return self.summaries.keys()

    def content_key(self, case: CaseId) -> ContentKey | None:
        return self.contents.get(case)


class Offices:
    """Two offices that write one log, each with a summary key of its own."""

    def __init__(self) -> None:
        self.summaries = {office: SummaryKey(os.urandom(32)) for office in (A, B)}
        self.contents: dict[CaseId, ContentKey] = {}
        self.records: list[LogRecord] = []
        self.reader = reader(self)

    def write(
        self,
        office: OfficeId,
        step: Step,
        case: CaseId | None = None,
        *,
        place: ChainPlace | None = None,
    ) -> SealedEvent:
        """Seal an event as the office sees the log now, without appending it."""
        key = ContentKey(os.urandom(32)) if case is None else self.contents[case]
        self.contents[key.id] = key
        reason = "fictional" if step in (Step.WITHDRAW, Step.SHRED) else None
        command = Command(
            kind=Kind.VERIFICATION_REQUEST,
            step=step,
            on=date(2025, 1, 1),
            body=body_from_json(
                Kind.VERIFICATION_REQUEST,
                step,
                GROUND if step is Step.SHRED else FIELDS.get(step, {}),
            ),
            dispatch=Dispatch(subject="fictional") if step in FIELDS else None,
            reason=reason,
        )
        view = None if case is None else self.reader.views.get(case)
        return seal_event(
            Author(LINK, TAGS[office], KEYS[office]),
            place or self.reader.fold.chain.next_place(office),
            at=NOON,
            content_key=key,
            summary_key=self.summaries[office],
            summary=decide(view, command, (A, B), office),
            content=content_of(command),
            random=os.urandom,
        )

    def append(self, *events: SealedEvent) -> list[FoldedRecord]:
        folded = []
        for event in events:
            record = LogRecord(len(self.records), NOON + len(self.records), event.value)
            self.records.append(record)
            self.reader.grant(self)
            folded.append(self.reader.fold.feed(record))
        return folded

    def do(self, office: OfficeId, step: Step, case: CaseId | None = None) -> CaseId:
        event = self.write(office, step, case)
        self.append(event)
        return event.header.case_id


class Reading:
    """One reader's fold with what it keeps."""

    def __init__(self, *, read_content: bool) -> None:
        self.views = Views()
        self.keys = Keys()
        trust = cast("LinkTrustRules", Trust())
        chain = LinkChain(LINK, trust)
        self.fold = LinkFold(LINK, chain, trust, self.views, self.keys, read_content=read_content)

    def grant(self, offices: Offices, *whose: OfficeId, contents: bool = True) -> None:
        for office in whose or (A, B):
            key = offices.summaries[office]
            self.keys.summaries[key.id] = key
        if contents:
            self.keys.contents.update(offices.contents)

    def release(self, offices: Offices) -> list[FoldedRecord]:
        return released(self.fold, offices)


def released(fold: LinkFold, offices: Offices, limit: int = 100) -> list[FoldedRecord]:
    """Releases what can be, as a reader does that gets the records again from the log."""
    found = []
    while positions := fold.openable(limit):
        found += [fold.release(position, offices.records[position].value) for position in positions]
    return found


def reader(offices: Offices | None = None, *, read_content: bool = True) -> Reading:
    reading = Reading(read_content=read_content)
    if offices is not None:
        reading.grant(offices)
    return reading


@pytest.fixture
def offices() -> Offices:
    return Offices()


def test_records_are_folded_in_order_and_the_views_follow(offices: Offices) -> None:
    case = offices.do(A, Step.OPEN)
    offices.do(B, Step.ACKNOWLEDGE, case)
    offices.do(B, Step.ACCEPT, case)
    view = offices.reader.views[case]
    assert (view.state, view.version, view.position) == (State.ACCEPTED, 3, 2)
    assert offices.reader.fold.size == 3


def test_a_record_out_of_its_place_is_an_error_and_changes_nothing(offices: Offices) -> None:
    case = offices.do(A, Step.OPEN)
    urged = offices.write(A, Step.URGE, case)
    before = (offices.reader.fold.chain.snapshot(), dict(offices.reader.views))
    for position in (0, 2):
        with pytest.raises(PositionError):
            offices.reader.fold.feed(LogRecord(position, NOON, urged.value))
    assert (offices.reader.fold.chain.snapshot(), dict(offices.reader.views)) == before
    assert offices.append(urged)[0].verdict == ACCEPTED


def test_of_two_steps_that_cross_the_logs_order_decides(offices: Offices) -> None:
    case = offices.do(A, Step.OPEN)
    withdrawn = offices.write(A, Step.WITHDRAW, case)
    acknowledged = offices.write(B, Step.ACKNOWLEDGE, case)
    urged = offices.write(B, Step.URGE, case)
    assert [one.verdict for one in offices.append(acknowledged, withdrawn)] == [ACCEPTED, CROSSED]
    assert offices.append(urged)[0].verdict == rejected(Reason.FORK)
    assert offices.reader.views[case].crossed == 1


def test_the_same_event_again_is_a_duplicate_and_moves_nothing(offices: Offices) -> None:
    case = offices.do(A, Step.OPEN)
    acknowledged = offices.write(B, Step.ACKNOWLEDGE, case)
    assert [one.verdict for one in offices.append(acknowledged, acknowledged)] == [
        ACCEPTED,
        DUPLICATE,
    ]
    assert offices.reader.views[case].version == 2


def test_a_missing_summary_key_parks_its_case_and_only_its_case(offices: Offices) -> None:
    parked = offices.do(B, Step.OPEN)
    offices.do(A, Step.ACKNOWLEDGE, parked)
    other = offices.do(A, Step.OPEN)
    late = reader()
    late.grant(offices, A)
    verdicts = [late.fold.feed(record).verdict for record in offices.records]
    assert verdicts == [None, None, ACCEPTED]
    assert late.fold.parked_count() == 2
    assert [one.position for one in late.fold.parked] == [0, 1]
    assert set(late.views) == {other}
    assert late.release(offices) == []
    late.grant(offices, B)
    assert [(one.position, one.verdict) for one in late.release(offices)] == [
        (0, ACCEPTED),
        (1, ACCEPTED),
    ]
    assert late.fold.parked_count() == 0
    assert late.views == offices.reader.views


def test_what_is_released_comes_in_log_order_over_all_cases(offices: Offices) -> None:
    first, second = offices.do(B, Step.OPEN), offices.do(B, Step.OPEN)
    offices.do(B, Step.URGE, second)
    offices.do(B, Step.URGE, first)
    late = reader()
    for record in offices.records:
        late.fold.feed(record)
    late.grant(offices)
    assert [one.position for one in late.release(offices)] == [0, 1, 2, 3]
    assert late.views == offices.reader.views


def test_a_case_that_waits_for_one_key_waits_again_for_the_next(offices: Offices) -> None:
    case = offices.do(A, Step.OPEN)
    offices.do(B, Step.ACKNOWLEDGE, case)
    offices.do(A, Step.URGE, case)
    late = reader()
    for record in offices.records:
        assert late.fold.feed(record).verdict is None
    late.grant(offices, A)
    assert [one.position for one in late.release(offices)] == [0]
    assert late.fold.parked_count() == 2
    late.grant(offices, B)
    assert [one.position for one in late.release(offices)] == [1, 2]


def test_a_fold_goes_on_from_what_was_parked_when_it_was_stored(offices: Offices) -> None:
    case = offices.do(B, Step.OPEN)
    offices.do(B, Step.URGE, case)
    late = reader()
    rows = [late.fold.feed(record).admitted for record in offices.records]
    again = Reading(read_content=True)
    again.fold.chain.restore(late.fold.chain.snapshot(), [row.row() for row in rows])
    resumed = LinkFold(
        LINK,
        again.fold.chain,
        again.fold.trust,
        again.views,
        again.keys,
        read_content=True,
        parked=late.fold.parked,
    )
    assert resumed.parked_count() == 2
    again.grant(offices)
    assert [one.position for one in released(resumed, offices)] == [0, 1]
    assert resumed.parked_count() == 0
    assert again.views == offices.reader.views


def test_a_processor_without_content_keys_comes_to_the_same_verdicts_and_views(
    offices: Offices,
) -> None:
    case = offices.do(A, Step.OPEN)
    withdrawn = offices.write(A, Step.WITHDRAW, case)
    offices.append(offices.write(B, Step.ACKNOWLEDGE, case), withdrawn)
    offices.append(offices.write(A, Step.OPEN))
    processor = reader(read_content=False)
    processor.grant(offices, contents=False)
    office = reader(offices)
    seen = [(processor.fold.feed(one), office.fold.feed(one)) for one in offices.records]
    for theirs, ours in seen:
        assert theirs.verdict == ours.verdict
        assert (theirs.version, theirs.summary) == (ours.version, ours.summary)
        assert theirs.content_state is ContentState.NOT_READ
        assert theirs.content is None
    assert processor.views == office.views
    assert processor.fold.chain.snapshot() == office.fold.chain.snapshot()


def test_content_that_is_missing_or_spoiled_does_not_change_the_verdict(offices: Offices) -> None:
    event = offices.write(A, Step.OPEN)
    waiting = reader()
    waiting.grant(offices, contents=False)
    folded = waiting.fold.feed(LogRecord(0, NOON, event.value))
    assert (folded.verdict, folded.content_state) == (ACCEPTED, ContentState.WAITING)
    liar = reader(offices)
    liar.keys.contents[event.header.case_id] = ContentKey(os.urandom(32))
    folded = liar.fold.feed(LogRecord(0, NOON, event.value))
    assert (folded.verdict, folded.content_state) == (ACCEPTED, ContentState.UNOPENABLE)
    assert (
        folded.content_fault == "the content key is not the one that is named; look it up by its id"
    )
    assert liar.views == waiting.views


def test_a_summary_that_does_not_open_with_its_own_key_is_rejected_and_parks_nothing(
    offices: Offices,
) -> None:
    event = offices.write(A, Step.OPEN)
    wrong = reader(offices)
    wrong.keys.summaries[offices.summaries[A].id] = SummaryKey(os.urandom(32))
    folded = wrong.fold.feed(LogRecord(0, NOON, event.value))
    assert folded.verdict == rejected(Reason.SUMMARY_UNOPENABLE)
    assert wrong.fold.parked_count() == 0
    assert wrong.views == {}


def test_rubbish_gets_a_verdict_and_a_place_in_the_log(offices: Offices) -> None:
    event = offices.write(A, Step.OPEN)
    envelope = ENVELOPE.decode(event.value)
    forged = encode(msgspec.structs.replace(envelope, signature=bytes(64)))
    fold = offices.reader.fold
    assert fold.feed(LogRecord(0, NOON, b"")).verdict == rejected(Reason.TRUNCATED)
    assert fold.feed(LogRecord(1, NOON, forged)).verdict == rejected(Reason.BAD_SIGNATURE)
    assert fold.size == 2
    assert offices.reader.views == {}


def test_a_step_without_content_is_read_without_a_content_key() -> None:
    offices = Offices()
    case = offices.do(A, Step.OPEN)
    offices.do(A, Step.WITHDRAW, case)
    for office in (A, B):
        offices.do(office, Step.SHRED, case)
    del offices.reader.keys.contents[case]
    view = offices.reader.views[case]
    assert view.state is State.SHREDDING
    bare = seal_event_without_content(
        Author(LINK, TAGS[A], KEYS[A]),
        offices.reader.fold.chain.next_place(A),
        at=NOON,
        case=case,
        summary_key=offices.summaries[A],
        summary=Summary(
            1, view.kind, Step.CONFIRM_SHREDDING, view.urgency, expected_version=view.version
        ),
        random=os.urandom,
    )
    record = LogRecord(len(offices.records), NOON, bare.value)
    folded = offices.reader.fold.feed(record)
    assert folded.verdict == ACCEPTED
    assert (folded.content, folded.content_state) == (None, ContentState.NOT_READ)
