"""What readers of the outputs see, and the plain fold that it has to equal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager

from blo_domain.deadlines.terms import Terms, terms_of
from blo_domain.processor_outputs import OutputReason
from blo_log import topics
from blo_log.port import ConsumedRecord, Log, TopicPartition, read_to_end
from blo_processors.link.fold_state import LinkFoldState
from blo_processors.outputs.encode import LinkPartition
from blo_projection.errors import OutputRefused
from blo_projection.granted_keys import GrantedKeys
from blo_projection.outputs import AlertsRead, CasesRead, OutputReader, TrailRead
from blo_schemas.errors import WireError
from blo_schemas.event import LogRecord
from blo_schemas.ids import CaseId, KeyId, OfficeId
from blo_schemas.outputs import CaseRecord
from blo_sealing.errors import SealingError
from blo_sealing.identity import ProgramIdentity
from blo_sealing.keys import ContentKey, SummaryKey
from tests.processors.world import OBSERVER, START, LinkWriter, World


class Seen:
    """What a reader of the output topics sees of one link."""

    def __init__(self) -> None:
        self.cases = CasesRead()
        self.trail = TrailRead()
        self.alerts = AlertsRead()
        self.alerts_written = 0
        self.last: dict[CaseId, CaseRecord] = {}
        self.written = 0
        self.refused = 0

    @contextmanager
    def counting_refused(self) -> Iterator[None]:
        """What does not count is counted, and passed over."""
        try:
            yield
        except (WireError, SealingError, OutputRefused):
            self.refused += 1


class ReaderKeys:
    """The summary keys of somebody who is granted them, from the topic alone."""

    def __init__(self, granted: GrantedKeys) -> None:
        self._granted = granted

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        return self._granted.summary_key(key)


async def whole_topic(log: Log, topic: str, partition: int) -> list[ConsumedRecord]:
    part = TopicPartition(topic, partition)
    reader = await log.reader({part: 0})
    try:
        return [stored async for batch in read_to_end(reader) for stored in batch[part]]
    finally:
        await reader.close()


async def see(world: World, log: Log, place: LinkPartition, as_whom: OfficeId = OBSERVER) -> Seen:
    """Reads all outputs of a link as somebody who has only what was granted."""
    granted = GrantedKeys(place.link, ProgramIdentity(as_whom, (world.keys[as_whom],)))
    part = TopicPartition(topics.keys_topic(place.corridor), place.partition)
    reader = await log.reader({part: 0})
    async for batch in read_to_end(reader):
        for stored in batch[part]:
            granted.take(stored, world.directory)
    await reader.close()
    outputs = OutputReader(place.link, world.directory, granted, lambda: START)
    seen = Seen()
    for stored in await whole_topic(log, topics.cases_topic(place.corridor), place.partition):
        with seen.counting_refused():
            record = outputs.case(stored.value or b"")
            if stored.key != record.view.case:
                raise OutputRefused("its record has another key", OutputReason.OTHER_ID)
            seen.cases.take(record)
            seen.last[CaseId(record.view.case)] = record
    for stored in await whole_topic(log, topics.trail_topic(place.corridor), place.partition):
        with seen.counting_refused():
            seen.trail.take(outputs.trail(stored.value or b""))
            seen.written += 1
    for stored in await whole_topic(log, topics.alerts_topic(place.corridor), place.partition):
        with seen.counting_refused():
            alert = outputs.alert(stored.value or b"")
            if stored.key != alert.id:
                raise OutputRefused("its record has another key", OutputReason.OTHER_ID)
            seen.alerts.take(alert)
            seen.alerts_written += 1
    return seen


class KeysOfWriter:
    """All summary keys at once, for a plain fold."""

    def __init__(self, writer: LinkWriter) -> None:
        self._writer = writer

    def summary_key(self, key: KeyId) -> SummaryKey | None:
        return self._writer.summary_key(key)

    def summary_key_ids(self) -> Collection[KeyId]:
        return self._writer.summary_key_ids()

    def content_key(self, case: CaseId) -> ContentKey | None:
        del case
        return None


def plain(
    world: World, writer: LinkWriter, records: Iterable[LogRecord] | None = None
) -> LinkFoldState:
    """The fold of the link from zero, in one go: of what was written, or of other records."""
    trust = world.directory.link_trust(writer.place.link)
    state = LinkFoldState(
        writer.place.link,
        trust,
        KeysOfWriter(writer),
        terms(world, writer.place),
        checkpoint_every=7,
    )
    for record in writer.records if records is None else records:
        state.apply(record)
    return state


def terms(world: World, place: LinkPartition) -> Terms:
    agreed = world.directory.terms(place.link)
    return terms_of((one.agreement, one.start, one.end) for one in agreed)


def cases_of(state: LinkFoldState) -> dict[CaseId, CaseRecord]:
    return {CaseId(record.view.case): record for record in state.cases}
