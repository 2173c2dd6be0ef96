"""A node that is lost without a backup, under load: new keys, revocation, contents granted again."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_agent.custody.replacement import lost_node
from blo_log.memory import MemoryCluster, MemoryLog
from blo_schemas.ids import OfficeId
from blo_schemas.summary import Step
from tests.agents.crashing import agree, same_place_same_bytes
from tests.agents.started import both_up, opened_case
from tests.agents.world import LINK, NOW, A, all_read
from tests.custody.lost_nodes import certify_new_keys, lose_disk, opens, regranted, revoke

pytestmark = pytest.mark.slow


async def test_a_lost_node_is_replaced_and_reads_what_its_counterpart_grants_again(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, a, b):
        own, theirs = await opened_case(a, [b]), await opened_case(b, [a])
        for _ in range(3):
            await a.do(Step.URGE, own)
        await all_read([a, b], 5)
        # Accepted and not sent yet when the disk is lost: nobody has it.
        await a.line_down()
        await a.do(Step.URGE, own)
        await a.kill()
        lose_disk(world, A)
        lost = await lost_node(MemoryLog(cluster), world.pins, A, NOW)
        assert lost.sizes == {LINK: 5}
        assert [row.certificate.subject for row in lost.certificates] == [A]
        revoke(world, A, lost.sizes)
        certify_new_keys(world, A)
        await world.publish()
        assert len((await lost_node(MemoryLog(cluster), world.pins, A, NOW)).certificates) == 1
        a = await world.agent(A)
        await a.read(5)
        await b.heeds(world)
        assert (await regranted(b, A)).contents == 2
        await opens(a, own, 4)
        await a.do(Step.URGE, own)
        await a.do(Step.ACKNOWLEDGE, theirs)
        await all_read([a, b], 7)
        assert {outcome for outcome, _, _ in await b.verdicts()} == {"accepted"}
        await agree([a, b])
        same_place_same_bytes(cluster)


async def test_an_office_that_was_never_published_has_nothing_to_revoke(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (world, _, _):
        lost = await lost_node(MemoryLog(cluster), world.pins, OfficeId("vn-nobody"), NOW)
        assert lost.certificates == ()
        assert lost.sizes == {}
