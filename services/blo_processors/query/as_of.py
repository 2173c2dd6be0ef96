"""The fast path: a link's state as of any past instant, read from the log itself (docs/deadlines.md).

``as-of`` and ``what-if`` use it, without a group and without Faust, and write nothing. Records up to
this processor's newest checkpoint are hashed, opened and judged, but their signatures are not
verified again. If the result is not what the checkpoint states, the log is read once more and
everything is verified.
"""

from __future__ import annotations

import gc

from blo_domain.deadlines.evaluate import alerts as alerts_at
from blo_domain.deadlines.evaluate import uncleared_alerts
from blo_domain.deadlines.responses import PolicyEffect, Responses, Window, changed, responses
from blo_domain.deadlines.terms import Terms, with_policy
from blo_domain.trust import TrustedDirectory
from blo_log import topics
from blo_log.directory import DirectoryFeed
from blo_log.port import Log, TopicPartition, read_to_end
from blo_processors.link.fold_state import LinkFoldState, terms_of_link
from blo_processors.link.health import LinkHealth
from blo_processors.link.side_topics import SideTopics
from blo_processors.outputs.encode import LinkPartition
from blo_processors.query.checkpoint import newest_checkpoint
from blo_projection.granted_keys import GrantedKeys
from blo_runtime.logs import get_logger
from blo_schemas.clocks import Alert
from blo_schemas.event import LogRecord
from blo_schemas.ids import CorridorId
from blo_schemas.outputs import CaseRecord, TrailCheckpoint
from blo_schemas.policy import DeadlinePolicy
from blo_sealing.identity import ProgramIdentity

_BATCH = 2000


class LinkAsOf:
    """One link, folded up to an instant.

    Attributes:
        place: The link.
        state: Its fold over all records with a log time up to the instant.
        terms: The policies and their periods.
        size: The number of these records.
        proved: The number of them that a checkpoint of this processor covers.
    """

    def __init__(
        self, place: LinkPartition, state: LinkFoldState, terms: Terms, size: int, proved: int
    ) -> None:
        self.place = place
        self.state = state
        self.terms = terms
        self.size = size
        self.proved = proved

    def cases(self) -> tuple[CaseRecord, ...]:
        """The cases, by their position."""
        return tuple(sorted(self.state.cases, key=lambda record: record.view.position))

    def standing(self, at: int) -> tuple[Alert, ...]:
        """The alerts at an instant that no step has cleared."""
        found = [
            alert
            for record in self.state.cases
            for alert in uncleared_alerts(alerts_at(record.clocks, self.terms, at))
        ]
        return tuple(sorted(found, key=lambda alert: (alert.since, alert.id)))


class WhatIf:
    """A corridor's log under the agreed policies and under another.

    Attributes:
        agreed: Responses under the agreed policies.
        other: Responses under the other policy.
        changes: The clocks whose state would differ.
    """

    def __init__(
        self,
        agreed: tuple[Responses, ...],
        other: tuple[Responses, ...],
        changes: tuple[PolicyEffect, ...],
    ) -> None:
        self.agreed = agreed
        self.other = other
        self.changes = changes


async def replay(
    log: Log,
    feed: DirectoryFeed,
    identity: ProgramIdentity,
    corridor: CorridorId,
    until: int,
    now: int | None = None,
) -> list[LinkAsOf]:
    """Fold all links of a corridor that name this processor, up to an instant.

    Args:
        log: The log.
        feed: The trust documents, already read.
        identity: The processor's keys, for the summaries.
        corridor: The corridor.
        until: The last log time that counts, Unix milliseconds.
        now: The machine's time, Unix milliseconds: checkpoints of this processor count while its
            certificate does. ``None``: none counts, and all signatures are verified.

    Raises:
        LogError: The log could not be read.
    """
    places = [
        LinkPartition(agreement.link, corridor, agreement.partition)
        for agreement in feed.directory.newest_agreements(corridor)
        if identity.subject in agreement.processors
    ]
    places.sort(key=lambda place: place.partition)
    return [await _replay(log, feed, identity, place, until, now) for place in places]


def what_if(one: LinkAsOf, policy: DeadlinePolicy, period: Window, now: int) -> WhatIf:
    """Compare a link's agreed policies with another one, from the period's start on.

    Args:
        one: The link, folded up to ``now``.
        policy: The other policy.
        period: Which clocks count, by their deadline.
        now: The instant at which the clocks are read.

    Raises:
        PolicyError: The policy is not whole; names the field.
    """
    link = one.place.link
    other = with_policy(policy, one.terms, period.start)
    clocks = [record.clocks for record in one.state.cases]
    return WhatIf(
        responses(clocks, {link: one.terms}, period, now),
        responses(clocks, {link: other}, period, now),
        tuple(change for view in clocks for change in changed(view, one.terms, other, now)),
    )


async def _replay(
    log: Log,
    feed: DirectoryFeed,
    identity: ProgramIdentity,
    place: LinkPartition,
    until: int,
    now: int | None,
) -> LinkAsOf:
    directory = feed.directory
    granted = GrantedKeys(place.link, identity)
    side = SideTopics(log, place, granted, feed, LinkHealth(place.link))
    await side.refresh()
    await side.close()
    if now is not None:
        processor = identity.subject
        checkpoint = await newest_checkpoint(log, directory, granted, place, processor, now)
        replayed = await _fold(log, directory, granted, place, until, checkpoint)
        if replayed is not None:
            return replayed
        get_logger().warning("everything is verified again", link=place.link)
    replayed = await _fold(log, directory, granted, place, until, None)
    assert replayed is not None
    return replayed


async def _fold(
    log: Log,
    directory: TrustedDirectory,
    granted: GrantedKeys,
    place: LinkPartition,
    until: int,
    checkpoint: TrailCheckpoint | None,
) -> LinkAsOf | None:
    """Fold one link; ``None``: this log does not give what the checkpoint states."""
    terms = terms_of_link(directory, place.link)
    trust = directory.link_trust(place.link)
    preverified_size = 0 if checkpoint is None else checkpoint.size
    state = LinkFoldState(
        place.link, trust, granted, terms, preverified_size=preverified_size, tells=False
    )
    exchange = TopicPartition(topics.exchange_topic(place.corridor), place.partition)
    reader = await log.reader({exchange: 0})
    size: int | None = None
    # The fold makes no reference cycles, and the collector would scan all views in vain.
    collects = gc.isenabled()
    gc.disable()
    try:
        async for batch in read_to_end(reader, max_records=_BATCH):
            for one in batch[exchange]:
                if one.offset == preverified_size and not _follows(checkpoint, state):
                    return None
                # The state is that of a prefix: records after the first later one were not known then.
                if size is None and one.timestamp > until:
                    size = one.offset
                if size is None:
                    state.apply(LogRecord(one.offset, one.timestamp, one.value or b""))
                elif one.offset < preverified_size:
                    state.pass_over(LogRecord(one.offset, one.timestamp, one.value or b""))
                else:
                    return LinkAsOf(place, state, terms, size, min(size, preverified_size))
    finally:
        if collects:
            gc.enable()
        await reader.close()
    if state.size <= preverified_size and not _follows(checkpoint, state):
        return None
    size = state.size if size is None else size
    return LinkAsOf(place, state, terms, size, min(size, preverified_size))


def _follows(checkpoint: TrailCheckpoint | None, state: LinkFoldState) -> bool:
    """Whether the records so far give what the checkpoint states."""
    return checkpoint is None or (
        (state.size, state.log_hash, state.admissions)
        == (checkpoint.size, checkpoint.log_hash, checkpoint.admissions)
    )
