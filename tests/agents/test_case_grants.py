"""The grants of a case in one record, and what somebody who writes to their topic can do with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord, TopicPartition
from blo_log.topics import keys_topic
from blo_schemas.codec import encode
from blo_schemas.grants import (
    CASE_GRANT,
    CaseGrant,
    CaseGrantEntry,
    KeyPurpose,
    case_grant_record_key,
    is_case_grant_key,
)
from blo_schemas.ids import CaseId, KeyId, LinkId, OfficeId
from blo_schemas.summary import Step
from blo_sealing.keys import ContentKey
from tests.agents.backups import back_up, restore
from tests.agents.late_keys import let_go, make_keeper
from tests.agents.shredded import key_of
from tests.agents.started import begin, both_up, opened_case, three_up
from tests.agents.world import CORRIDOR, PROVINCE, A, B, all_read, two_offices

KEYS = TopicPartition(keys_topic(CORRIDOR), 0)


def case_grants(cluster: MemoryCluster) -> list[CaseGrant]:
    records = cluster.records(KEYS.topic, KEYS.partition)
    return [
        CASE_GRANT.decode(record.value)
        for record in records
        if is_case_grant_key(record.key or b"") and record.value is not None
    ]


async def test_a_case_is_granted_to_all_its_readers_in_one_record(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with three_up(tmp_path, cluster) as (_, a, b, province):
        case = await opened_case(a, [b, province])
        for reader in (b, province):
            await reader.until(lambda reader=reader: not reader.desk().unopened)  # type: ignore[misc]
            assert await key_of(reader, case) == await key_of(a, case)
        (granted,) = case_grants(cluster)
        assert [entry.recipient for entry in granted.entries] == sorted([A, B, PROVINCE])
        own = granted.grant_to(A)
        assert own is not None
        assert len(own.sealed) == 48


async def test_a_restored_store_opens_its_own_copy(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        backup = await back_up(world, a)
        case = await opened_case(a, [b])
        key = await key_of(a, case)
        await a.stop()
        restore(world, backup)
        a = await world.agent(A)
        await a.read(1)
        await a.until(lambda: not a.desk().unopened)
        assert await key_of(a, case) == key


def _entry(recipient: OfficeId, sealed: bytes) -> CaseGrantEntry:
    return CaseGrantEntry(recipient, bytes(8), sealed)


async def test_hostile_grants_of_a_case_deny_nobody_the_good_ones(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    keeper = make_keeper(cluster, KeyPurpose.CONTENT)
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, b = await begin(world, A, B, log_of_a=keeper)
        case = await opened_case(a, [b])
        (kept,) = keeper.kept
        good = CASE_GRANT.decode(kept.value or b"")
        thousand = tuple(_entry(OfficeId(f"vn-o{number:04}"), b"") for number in range(1000))
        key = case_grant_record_key(KeyId(case))
        bad: list[tuple[bytes, Any]] = [
            (key, msgspec.structs.replace(good, entries=thousand)),
            (key, msgspec.structs.replace(good, entries=())),
            (key, msgspec.structs.replace(good, entries=good.entries[::-1])),
            (key, msgspec.structs.replace(good, sender=B)),
            (key, msgspec.structs.replace(good, link=LinkId("elsewhere"))),
            (key, _with_sealed(good, B, b"rubbish")),
            (key, _with_sealed(good, B, bytes(48))),
            (ContentKey(os.urandom(32)).id, good),
        ]
        values = [(name, encode(value)) for name, value in bad]
        values += [(key, b""), (key, b"rubbish"), (key, bytes(200_000))]
        await world.append([ProducerRecord(*KEYS, *pair) for pair in values])
        # A reader that has taken all of these still waits for its key, and has not halted.
        other = await opened_case(a, [b])
        assert await key_of(b, case) is None
        assert await key_of(b, other) is None
        # One reader's bad entry, and everything that was written before, cost the other nothing.
        spoiled = _with_sealed(good, A, b"rubbish")
        await world.append([ProducerRecord(*KEYS, key, encode(spoiled))])
        await b.until_true(lambda: _has_key(b, case))
        await let_go(cluster, keeper)
        await b.until_true(lambda: _has_key(b, other))
        await b.until(lambda: not b.desk().unopened)
        assert b.desk().status.halted is None
        await b.do(Step.ACKNOWLEDGE, case)
        await all_read([a, b], 3)


async def _has_key(agent: Any, case: CaseId) -> bool:
    return await key_of(agent, case) is not None


def _with_sealed(granted: CaseGrant, office: OfficeId, sealed: bytes) -> CaseGrant:
    entries = [
        msgspec.structs.replace(entry, sealed=sealed) if entry.recipient == office else entry
        for entry in granted.entries
    ]
    return msgspec.structs.replace(granted, entries=tuple(entries))


async def test_a_grant_of_a_case_is_not_taken_under_another_key_than_the_case_s(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    keeper = make_keeper(cluster, KeyPurpose.CONTENT)
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, b = await begin(world, A, B, log_of_a=keeper)
        case = await opened_case(a, [b])
        (kept,) = keeper.kept
        # Its withdrawal would leave it there.
        await world.append([ProducerRecord(*KEYS, bytes(32), kept.value)])
        await opened_case(a, [b])
        assert await key_of(b, case) is None
