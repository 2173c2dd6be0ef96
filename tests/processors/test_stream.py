"""How Faust shares out a corridor's links, where it can be asked without a broker."""

from __future__ import annotations

from typing import Any

import pytest

from blo_log.port import ConsumedRecord
from blo_log.topics import exchange_topic
from blo_processors.config import GroupSettings
from blo_processors.faust_app import FaustStream, _Event
from blo_schemas.instants import LAST_INSTANT
from tests.processors.world import CORRIDOR

TOPIC = exchange_topic(CORRIDOR)
AGREED = 3


class Metadata:
    """What aiokafka knows of the cluster; nothing while the only broker counts as away."""

    def __init__(self, partitions: set[int] | None) -> None:
        self._partitions = partitions

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        assert topic == TOPIC
        return self._partitions


class Held:
    """A record as Faust has it; times are in seconds."""

    def __init__(self, timestamp: float) -> None:
        self.timestamp, self.offset, self.key, self.value = timestamp, 7, b"k", b"v"
        self.message = self

    def incref(self) -> None:
        return


@pytest.mark.parametrize(
    ("seconds", "instant"),
    [
        (1.5, 1500),
        (-0.001, 0),
        (2**62 / 1000, LAST_INSTANT),
        (1_740_000_000.123, 1_740_000_000_123),
    ],
)
def test_a_record_has_the_same_log_time_from_the_stream_as_from_the_log(
    seconds: float, instant: int
) -> None:
    assert _Event(Held(seconds)).stored == ConsumedRecord(7, instant, b"k", b"v")


@pytest.mark.parametrize(
    ("known", "shared_out"),
    [(None, [0, 1, 2]), (set(), [0, 1, 2]), ({0, 1, 2}, [0, 1, 2]), ({0, 1, 2, 3}, [0, 1, 2, 3])],
    ids=["broker away", "no leaders", "as agreed", "more than agreed"],
)
async def test_all_links_are_shared_out_whatever_the_broker_says_of_itself(
    known: set[int] | None, shared_out: list[int]
) -> None:
    stream = FaustStream(
        CORRIDOR,
        TOPIC,
        ["localhost:1"],
        None,
        GroupSettings(instance="one"),
        partitions=lambda: AGREED,
        deliver=lambda *_: None,
        assign=lambda _: None,
    )
    assignor: Any = stream.make_app().assignor
    members = {name: assignor.metadata({TOPIC}) for name in ("one", "two")}
    shares = assignor.assign(Metadata(known), members)
    found = [part.partition for share in shares.values() for part in share.partitions()]
    assert sorted(found) == shared_out
