"""A certificate with a KEM key that nothing can be sealed to stops nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_agent.office import state as offices
from blo_agent.store.tables import journal
from blo_domain.trust import TrustRule
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord
from blo_log.topics import DIRECTORY_TOPIC
from blo_schemas.codec import encode
from blo_schemas.hashes import document_id
from blo_schemas.trust import KEM_KEY_SIZE, Superior
from tests.agents.started import begin, opened_case, three_up
from tests.agents.world import LINK, NOW, PROVINCE, A, B, World, all_read

pytestmark = pytest.mark.slow

JUNK = b"\xff" * KEM_KEY_SIZE


async def test_a_certificate_with_a_junk_kem_key_does_not_count_and_the_one_before_it_does(
    tmp_path: Path,
) -> None:
    async with three_up(tmp_path) as (world, a, b, province):
        junk = world.certify(B, not_before=NOW - 1, keys=world.keys[B], kem_key=JUNK)
        key = document_id(junk.payload)
        await world.append([ProducerRecord(DIRECTORY_TOPIC, 0, key, encode(junk))])
        await a.until(lambda: len(a.agent.office.directory.refusals) == 1)
        (refused,) = a.agent.office.directory.refusals
        assert refused.error.rule is TrustRule.UNUSABLE_KEM_KEY
        await opened_case(a, [b, province])
        assert not a.desk().ungranted
        await all_read([a, b, province], 1)


async def test_a_reader_that_nothing_can_be_sealed_to_is_passed_over_and_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a program would see it whose check of keys lets pass what its library then can't use.
    monkeypatch.setattr(offices, "is_usable_kem_key", lambda key: True)
    cluster = MemoryCluster()
    async with World(tmp_path, lambda: MemoryLog(cluster)) as world:
        world.certify(A)
        world.certify(B)
        world.certify(PROVINCE, kem_key=JUNK)
        world.agree(LINK, (A, B), superiors=(Superior(superior=PROVINCE, office=A),))
        a, b = await begin(world, A, B)
        await opened_case(a, [b])
        assert not b.desk().unopened
        assert a.desk().ungranted == {PROVINCE}
        entries = await a.ask(lambda tx: list(journal.entries(tx)))
        told = [one for one in entries if one.action == "grant impossible"]
        assert {one.link for one in told} == {LINK}
        assert all(one.detail.startswith(PROVINCE.encode()) for one in told)
        assert len(told) == 2  # Of the month's summary key, and of the case's.
        (sample,) = [
            sample
            for metric in a.agent.metrics.registry.collect()
            if metric.name == "blo_readers_ungranted"
            for sample in metric.samples
        ]
        assert sample.value == 1
