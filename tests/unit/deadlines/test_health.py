"""The health of a link: what its log and heads tell of each office."""

from __future__ import annotations

from typing import Any

import pytest

from blo_domain.deadlines.health import (
    LogFacts,
    Mark,
    Peer,
    health,
    repaired,
    with_head,
    with_record,
)
from blo_schemas.clocks import ALERT, Alert, Signal
from blo_schemas.codec import encode
from blo_schemas.heads import Head
from blo_schemas.ids import OfficeId
from tests.unit.deadlines.histories import DAY, HOUR, LA, LINK, MINUTE, STOCK, VN

T = 1_750_000_000_000
EMPTY = LogFacts(LINK, 0, lambda position: T + position * MINUTE)
LOG = EMPTY._replace(size=10)


def head(size: int, at: int, **fields: Any) -> Head:
    given: dict[str, Any] = {"unopened": 0, "first_unopened": ()} | fields
    return Head(
        v=1,
        link=LINK,
        office=LA,
        kid=bytes(8),
        size=size,
        log_hash=bytes(32),
        tree_root=bytes(32),
        view_digest=bytes(32),
        journal_size=0,
        journal_hash=bytes(32),
        at=at,
        **given,
    )


def heard(size: int = 10, at: int = T, **fields: Any) -> Peer:
    return with_head(Peer(LA, T), head(size, at, **fields), at)


def found(peer: Peer, now: int, log: LogFacts = LOG) -> dict[Signal | None, Alert]:
    return {one.signal: one for one in health(log, [peer], STOCK, now)}


def test_a_peer_that_keeps_up_is_healthy() -> None:
    assert found(heard(), T + DAY - 1) == {}


def test_a_peer_without_a_head_for_too_long_is_silent() -> None:
    alert = found(heard(), T + DAY)[Signal.SILENT]
    assert (alert.since, alert.must_act, alert.notified) == (T + DAY, (LA,), (LA, VN))
    assert (alert.case, alert.clock, alert.rung, alert.due) == (None, None, None, None)
    assert ALERT.decode(encode(alert)) == alert
    assert found(Peer(LA, T), T + DAY, EMPTY).keys() == {Signal.SILENT}


def test_the_next_head_ends_the_silence_and_the_next_silence_is_another() -> None:
    first = health(LOG, [heard()], STOCK, T + 2 * DAY)
    back = with_head(heard(), head(10, T + 2 * DAY), T + 2 * DAY)
    (clearing,) = repaired(first, health(LOG, [back], STOCK, T + 2 * DAY), T + 2 * DAY)
    assert (clearing.clears, clearing.cleared_at) == (first[0].id, T + 2 * DAY)
    assert repaired([*first, clearing], first, T + 2 * DAY) == ()
    again = health(LOG, [back], STOCK, T + 4 * DAY)
    assert {one.id for one in again}.isdisjoint({first[0].id, clearing.id})


def test_an_older_head_changes_nothing() -> None:
    peer = heard(10, T + HOUR)
    assert with_head(peer, head(3, T), T) is peer


def test_a_peer_that_sends_heads_but_does_not_read_on_is_behind() -> None:
    peer = heard(4, T + DAY)
    assert Signal.BEHIND not in found(peer, T + DAY + 4 * MINUTE - 1)
    alert = found(peer, T + DAY + 4 * MINUTE)[Signal.BEHIND]
    assert (alert.position, alert.since) == (4, T + DAY + 4 * MINUTE)


def test_a_record_that_waits_for_its_key_too_long_is_unopenable() -> None:
    peer = heard(10, T + HOUR, unopened=2, first_unopened=(3, 5))
    since = T + 3 * MINUTE + 15 * MINUTE
    assert found(peer, since)[Signal.UNOPENABLE].position == 3
    assert Signal.UNOPENABLE not in found(peer, since - 1)
    unnamed = heard(10, T + HOUR, unopened=1)
    assert found(unnamed, T + HOUR + 15 * MINUTE)[Signal.UNOPENABLE].position == 10


def test_an_office_whose_key_a_processor_lacks_for_too_long_has_to_act() -> None:
    peer = heard()._replace(withheld=Mark(7, T + 7 * MINUTE))
    since = T + 22 * MINUTE
    alert = found(peer, since)[Signal.UNOPENABLE]
    assert (alert.position, alert.must_act, alert.since) == (7, (LA,), since)
    assert Signal.UNOPENABLE not in found(peer, since - 1)


@pytest.mark.parametrize("off", [6 * MINUTE, -6 * MINUTE])
def test_a_head_that_was_signed_at_another_time_shows_a_wrong_clock(off: int) -> None:
    peer = with_head(Peer(LA, T), head(10, T + off), T)
    assert found(peer, T)[Signal.SKEWED].since == T
    assert found(with_head(peer, head(10, T + MINUTE), T + MINUTE), T + MINUTE) == {}


def test_a_record_signed_ahead_of_the_log_shows_a_wrong_clock_one_that_waited_does_not() -> None:
    peer = heard()
    waited = with_record(peer, Mark(3, T), T - DAY, forked=False)
    assert found(waited, T) == {}
    ahead = with_record(peer, Mark(4, T), T + 6 * MINUTE, forked=False)
    later = with_record(ahead, Mark(5, T + 1), T + 7 * MINUTE, forked=False)
    assert found(later, T)[Signal.SKEWED].position == 4
    assert found(with_record(later, Mark(6, T + 2), T, forked=False), T + DAY - 1) == {}


def test_a_fork_is_never_repaired() -> None:
    peer = with_record(heard(), Mark(6, T), T, forked=True)
    peer = with_record(peer, Mark(8, T + HOUR), T + HOUR, forked=True)
    peer = with_head(peer, head(10, T + HOUR), T + HOUR)
    assert found(peer, T + HOUR)[Signal.FORKED].position == 6


def test_who_has_left_the_link_is_passed_over() -> None:
    assert health(LOG, [Peer(OfficeId("la-gone"), 0)], STOCK, T + DAY) == ()
