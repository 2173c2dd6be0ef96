"""The health of a link: what its log and its offices' statements tell of each (docs/deadlines.md).

Heads and heartbeats lie on compacted topics, so a reader may know no more than the latest of each
office. All instants and occurrence numbers therefore come from those and from the log: a reader that starts
anew finds the same alerts under the same ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from blo_domain.deadlines.plan import added
from blo_domain.deadlines.terms import Terms, in_force
from blo_domain.heads import HeadOrder, order_heads
from blo_domain.heartbeats import HeartbeatOrder, order_heartbeats
from blo_schemas.clocks import ALERT_VERSION, Alert, Signal
from blo_schemas.hashes import clearing_id, link_alert_id
from blo_schemas.heads import Head
from blo_schemas.heartbeats import Heartbeat
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.policy import Span, SpanUnit

_MS: Final = {
    SpanUnit.MINUTES: 60_000,
    SpanUnit.HOURS: 3_600_000,
    # The day on which the clocks are set forward.
    SpanUnit.CALENDAR_DAYS: 23 * 3_600_000,
    SpanUnit.WORKING_DAYS: 23 * 3_600_000,
}
"""At least so long each unit lasts, in milliseconds."""


class Bounds(NamedTuple):
    """Bounds of health beside the agreement's ``silent_after``, with the project's defaults.

    Attributes:
        skew: Milliseconds between an office's clock and the log's.
        unopened: Milliseconds that a record may wait for its key.
    """

    skew: int = 5 * 60_000
    unopened: int = 15 * 60_000


DEFAULT_BOUNDS = Bounds()


class Mark(NamedTuple):
    """A record that began something: its log position and log time."""

    position: int
    log_time: int


class Peer(NamedTuple):
    """The state of one office on a link.

    Attributes:
        office: The office.
        since: From when it is expected to say something, Unix milliseconds.
        head: The head of it that counts (``blo_domain.heads``); ``None``: it never sent one.
        head_time: Timestamp of that head's record.
        heartbeat: The heartbeat of it that counts (``blo_domain.heartbeats``), if it sent one.
        heartbeat_time: Timestamp of that heartbeat's record.
        skewed: The first of its latest records that were all signed ahead of the log's time.
        forked: The first record that claims a place in its chain that another one has.
        withheld: The first of its records whose summary key a processor of the link still lacks.
    """

    office: OfficeId
    since: int
    head: Head | None = None
    head_time: int = 0
    heartbeat: Heartbeat | None = None
    heartbeat_time: int = 0
    skewed: Mark | None = None
    forked: Mark | None = None
    withheld: Mark | None = None


class LogFacts(NamedTuple):
    """The facts about a link's log that its health depends on.

    Attributes:
        link: The link.
        size: Number of its records.
        log_time_of: The log time of the record at a position below ``size``.
    """

    link: LinkId
    size: int
    log_time_of: Callable[[int], int]


def expected_since(office: OfficeId, terms: Terms, first: int) -> int:
    """From when an office is expected to say something, Unix milliseconds.

    Args:
        office: The office.
        terms: The link's terms.
        first: Log time of the link's first record; before it nobody has anything to sign.
    """
    joined = next((term.start for term in terms if office in term.offices), first)
    return max(joined, first)


def speaks_every(silences: Iterable[Span]) -> int | None:
    """So many milliseconds after its last statement an office makes the next, if nothing is read.

    It is a quarter of the shortest silence, so that three statements may be lost before anybody
    takes the office for silent; ``None`` if no silence is agreed.

    Args:
        silences: The ``silent_after`` of each agreement that holds or will hold.
    """
    return min((_MS[span.unit] * span.amount // 4 for span in silences), default=None)


def with_head(peer: Peer, head: Head, log_time: int) -> Peer:
    """The office after a head of it; one that does not take the place of the last changes nothing."""
    if order_heads(peer.head, head) is not HeadOrder.REPLACES:
        return peer
    return peer._replace(head=head, head_time=log_time)


def with_heartbeat(peer: Peer, heartbeat: Heartbeat, log_time: int) -> Peer:
    """The office after a heartbeat of it; one that says nothing new changes nothing."""
    if order_heartbeats(peer.heartbeat, heartbeat) is not HeartbeatOrder.REPLACES:
        return peer
    return peer._replace(heartbeat=heartbeat, heartbeat_time=log_time)


def with_record(
    peer: Peer, mark: Mark, at: int, *, forked: bool, bounds: Bounds = DEFAULT_BOUNDS
) -> Peer:
    """The office after one more of its records, in log order.

    A record that was signed long before it was appended is no sign of a wrong clock: the line may
    have been down. One that was signed after it was appended is.

    Args:
        peer: The office.
        mark: Where the record lies.
        at: The instant that the office signed.
        forked: Whether its verdict is ``fork``.
        bounds: What counts as healthy.
    """
    ahead = at - mark.log_time > bounds.skew
    return peer._replace(
        skewed=(peer.skewed or mark) if ahead else None,
        forked=peer.forked or (mark if forked else None),
    )


def health(
    log: LogFacts, peers: Iterable[Peer], terms: Terms, now: int, bounds: Bounds = DEFAULT_BOUNDS
) -> tuple[Alert, ...]:
    """The alerts about a link at an instant, the earliest first; repaired ones are left out.

    Args:
        log: The log.
        peers: What is known of the offices; those that have left the link are passed over.
        terms: The link's terms.
        now: Unix milliseconds.
        bounds: What counts as healthy.
    """
    alerts = [
        _alert(log, peer, finding, terms)
        for peer in peers
        if peer.office in in_force(terms, now).offices
        for finding in _findings(log, peer, terms, bounds)
        if finding.since <= now
    ]
    return tuple(sorted(alerts, key=lambda alert: (alert.since, alert.id)))


def next_health_change(
    log: LogFacts, peers: Iterable[Peer], terms: Terms, now: int, bounds: Bounds = DEFAULT_BOUNDS
) -> int | None:
    """The next instant at which ``health`` may say something else by time alone, Unix milliseconds.

    Args:
        log: As for ``health``.
        peers: As for ``health``.
        terms: As for ``health``.
        now: Unix milliseconds.
        bounds: As for ``health``.

    Returns:
        An instant after ``now``; ``None``: there is none.
    """
    problems = (finding.since for peer in peers for finding in _findings(log, peer, terms, bounds))
    periods = (term.start for term in terms)
    return min((at for at in (*problems, *periods) if at > now), default=None)


def repaired(known: Iterable[Alert], still: Iterable[Alert], now: int) -> tuple[Alert, ...]:
    """The clearing records of those known alerts about a link that are not found any more.

    Args:
        known: Alerts that were published and not cleared.
        still: What ``health`` finds.
        now: When that was asked.
    """
    remaining = {alert.id for alert in still}
    return tuple(
        alert.cleared(clearing_id(alert.id), None, now, alert.position)
        for alert in known
        if alert.signal is not None and alert.clears is None and alert.id not in remaining
    )


class _HealthProblem(NamedTuple):
    signal: Signal
    since: int
    occurrence: int
    position: int


def _findings(log: LogFacts, peer: Peer, terms: Terms, bounds: Bounds) -> Iterator[_HealthProblem]:
    """All health problems that an office has or will have by time alone."""
    read = peer.head.size if peer.head else 0
    signs = _signs_of_life(peer)
    # What was signed long ago is no sign of life when somebody puts it on the topic again.
    heard = max((min(sign) for sign in signs), default=peer.since)
    yield _HealthProblem(Signal.SILENT, _too_long(peer.office, terms, heard), heard, read)
    if read < log.size:
        unread = _too_long(peer.office, terms, max(log.log_time_of(read), peer.since))
        yield _HealthProblem(Signal.BEHIND, unread, read, read)
    if peer.head and peer.head.unopened:
        first = min(peer.head.first_unopened, default=read)
        read_at = log.log_time_of(first) if first < log.size else peer.head_time
        yield _HealthProblem(Signal.UNOPENABLE, read_at + bounds.unopened, first, first)
    if peer.withheld:
        position, log_time = peer.withheld
        yield _HealthProblem(Signal.UNOPENABLE, log_time + bounds.unopened, position, position)
    if peer.skewed:
        position, log_time = peer.skewed
        yield _HealthProblem(Signal.SKEWED, log_time, log_time, position)
    elif signs and abs(signs[-1].at - signs[-1].log_time) > bounds.skew:
        last = signs[-1].log_time
        yield _HealthProblem(Signal.SKEWED, last, last, read)
    if peer.forked:
        position, log_time = peer.forked
        yield _HealthProblem(Signal.FORKED, log_time, position, position)


class _SignOfLife(NamedTuple):
    """The two times of a head or heartbeat, Unix milliseconds: as signed, and of its record."""

    at: int
    log_time: int


def _signs_of_life(peer: Peer) -> list[_SignOfLife]:
    """The head and the heartbeat that count, the one that came last at the end."""
    signs = []
    if peer.head:
        signs.append(_SignOfLife(peer.head.at, peer.head_time))
    if peer.heartbeat:
        signs.append(_SignOfLife(peer.heartbeat.at, peer.heartbeat_time))
    return sorted(signs, key=lambda sign: sign.log_time)


def _too_long(office: OfficeId, terms: Terms, start: int) -> int:
    """When ``silent_after`` has passed, as the office counts it."""
    term = in_force(terms, start)
    time = term.offices.get(office) or next(iter(term.offices.values()))
    return added(start, term.policy.silent_after, time)


def _alert(log: LogFacts, peer: Peer, finding: _HealthProblem, terms: Terms) -> Alert:
    term = in_force(terms, finding.since)
    return Alert(
        v=ALERT_VERSION,
        id=link_alert_id(log.link, peer.office, finding.signal, finding.occurrence),
        link=log.link,
        case=None,
        clock=None,
        signal=finding.signal,
        rung=None,
        round=finding.occurrence,
        due=None,
        since=finding.since,
        must_act=(peer.office,),
        notified=tuple(term.offices),
        position=finding.position,
        policy=term.policy.name,
        agreement=term.version,
        holidays=term.policy.holidays,
    )
