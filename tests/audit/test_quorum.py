"""A witness and two agents on one log: what is signed, by whom, and what survives a crash."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from blo_audit.replay.checkpoints import verify_quorum
from blo_log.memory import MemoryCluster
from blo_log.port import TopicPartition
from blo_log.topics import exchange_topic
from blo_schemas.heads import NoteKind
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.trust import Role
from blo_sealing.merkle import MerkleTree
from blo_sealing.tlog import ConsistencyProof, InclusionProof
from blo_sealing.verifier import verify_consistency
from tests.agents.started import begin
from tests.agents.world import CORRIDOR, LINK, A, B, all_read
from tests.audit.world import (
    QUICK,
    WITNESS,
    RunningWitness,
    claims_of,
    directory_of,
    leaves_of,
    newest_quorum,
    notes,
    say,
    tree_of,
    values_of,
    witnessed_world,
)

pytestmark = pytest.mark.slow


async def test_every_record_soon_stands_under_a_checkpoint_of_all_three(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, b = await begin(world, A, B)
        witness = RunningWitness(world)
        await a.open()
        await witness.quorum(1)
        for _ in range(3):
            await a.open()
        await all_read([a, b], 4)
        merged = await witness.quorum(4)
        quorum = verify_quorum(merged, directory_of(world))
        assert quorum.checkpoint == tree_of(cluster, 4)
        assert [office for office, _ in quorum.cosigned] == sorted([A, B])
        assert quorum.witness == WITNESS
        claims, findings = claims_of(world, values_of(cluster))
        assert findings == []
        newest = newest_quorum(claims)
        assert newest is not None
        assert newest.signers == (WITNESS, *sorted([A, B]))
        assert newest.tree_root == tree_of(cluster, 4).root
        leaves = leaves_of(cluster)
        tree = MerkleTree(leaves)
        InclusionProof(2, tree.inclusion_proof(2), merged).verify(leaves[2])
        ConsistencyProof(1, tree.consistency_proof(1), merged).verify(tree_of(cluster, 1))
        assert a.desk().status.halted is None
        assert a.desk().trees.refused == []
        await witness.kill()


async def test_a_checkpoint_is_cosigned_once_by_each_and_the_next_one_comes_later(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, b = await begin(world, A, B)
        spaced = msgspec.structs.replace(QUICK, spacing_s=3600)
        witness = RunningWitness(world, options=spaced)
        await a.open()
        await witness.quorum(1)
        await a.open()
        await all_read([a, b], 2)
        await witness.until(lambda: LINK in witness.witness._due)
        signed_at = witness.witness._collecting[LINK].since
        assert witness.witness._signs_at(LINK) == signed_at + 3600
        for kind, signer in (
            (NoteKind.CHECKPOINT, WITNESS),
            (NoteKind.COSIGNATURE, A),
            (NoteKind.COSIGNATURE, B),
            (NoteKind.QUORUM, WITNESS),
        ):
            assert [one.checkpoint.size for one in notes(cluster, kind, signer)] == [1]
        # After a rest of that length it is signed at once.
        witness.witness._collecting[LINK].since -= 3600
        await witness.quorum(2)
        await witness.kill()


async def test_a_checkpoint_waits_for_an_office_that_is_away(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        (a,) = await begin(world, A)
        witness = RunningWitness(world)
        await a.open()
        await witness.until(lambda: bool(notes(cluster, NoteKind.COSIGNATURE, A)))
        assert LINK not in witness.witness.quorums
        assert notes(cluster, NoteKind.QUORUM, WITNESS) == []
        await world.agent(B)
        await witness.quorum(1)
        await witness.kill()


@pytest.mark.parametrize("point", ["before keeping", "before publishing", "after publishing"])
async def test_a_witness_that_is_killed_anywhere_goes_on_with_the_same_tree(
    tmp_path: Path, point: str
) -> None:
    cluster = MemoryCluster()

    class Killed(BaseException):
        """What ends the witness as a kill would."""

    times = 0

    def probe(passed: str) -> None:
        nonlocal times
        times += passed == point
        if passed == point and times in (2, 4):
            raise Killed

    async with witnessed_world(tmp_path, cluster) as world:
        a, b = await begin(world, A, B)
        witness = RunningWitness(world, probe=probe)
        for size in range(1, 6):
            await a.open()
            await all_read([a, b], size)
            await ended_or_agreed(witness, size)
            if witness.task.done():
                assert isinstance(witness.task.exception(), Killed)
                await witness.log.close()
                witness = RunningWitness(world, probe=probe)
                await witness.quorum(size)
        assert times > 4
        await witness.kill()
        assert_one_history(cluster)
        assert claims_of(world, values_of(cluster))[1] == []


async def ended_or_agreed(witness: RunningWitness, size: int) -> None:
    """Wait for a quorum, or for the witness's sudden end."""
    agreed = asyncio.create_task(witness.quorum(size))
    await asyncio.wait([agreed, witness.task], return_when=asyncio.FIRST_COMPLETED)
    agreed.cancel()
    await asyncio.gather(agreed, return_exceptions=True)


def assert_one_history(cluster: MemoryCluster) -> None:
    """All that the witness has ever signed are trees of one log."""
    said = [note.checkpoint for note in notes(cluster, NoteKind.CHECKPOINT, WITNESS)]
    leaves = leaves_of(cluster)
    for one in said:
        assert one == tree_of(cluster, one.size)
        last = said[-1]
        if one.size <= last.size:
            path = MerkleTree(leaves[: last.size]).consistency_proof(one.size)
            verify_consistency(one.size, one.root, last.size, last.root, path)


async def test_a_witness_without_its_state_goes_on_from_what_it_has_published(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, b = await begin(world, A, B)
        witness = RunningWitness(world)
        await a.open()
        await witness.quorum(1)
        await witness.kill()
        (tmp_path / "vn-witness.json").unlink()
        await a.open()
        await all_read([a, b], 2)
        witness = RunningWitness(world)
        await witness.quorum(2)
        await witness.kill()
        assert_one_history(cluster)


def remake_log(cluster: MemoryCluster, keep: int) -> None:
    """What nobody may do: the exchange's records from ``keep`` on are others."""
    held = cluster.partition(TopicPartition(exchange_topic(CORRIDOR), 0))
    held.records[keep:] = [
        type(one)(one.offset, one.timestamp, one.key, b"other " + (one.value or b""))
        for one in held.records[keep:]
    ]


@pytest.mark.parametrize("keeps_state", [True, False])
async def test_a_witness_signs_nothing_of_a_log_that_was_made_anew(
    tmp_path: Path, keeps_state: bool
) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, b = await begin(world, A, B)
        witness = RunningWitness(world)
        for _ in range(3):
            await a.open()
        await witness.quorum(3)
        await witness.kill()
        await a.stop()
        await b.stop()
        said = len(notes(cluster, NoteKind.CHECKPOINT, WITNESS))
        remake_log(cluster, 1)
        if not keeps_state:
            (tmp_path / "vn-witness.json").unlink()
        witness = RunningWitness(world)
        await witness.until(lambda: bool(stopped(witness)))
        assert "sign" in stopped(witness)
        assert not witness.witness.check().ok
        await witness.until(lambda: metric(witness, "blo_witness_stopped") == 1)
        await witness.kill()
        assert len(notes(cluster, NoteKind.CHECKPOINT, WITNESS)) == said


@pytest.mark.parametrize("while_running", [True, False])
async def test_a_log_that_was_cut_stops_the_witness(tmp_path: Path, while_running: bool) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, b = await begin(world, A, B)
        witness = RunningWitness(world)
        for _ in range(3):
            await a.open()
        await all_read([a, b], 3)
        await witness.quorum(3)
        await a.stop()
        await b.stop()
        if not while_running:
            await witness.kill()
        held = cluster.partition(TopicPartition(exchange_topic(CORRIDOR), 0))
        del held.records[2:]
        cluster.wake()
        if not while_running:
            witness = RunningWitness(world)
        await witness.until(lambda: bool(stopped(witness)))
        assert "cut" in stopped(witness) or "no offset" in stopped(witness)
        await witness.kill()


def stopped(witness: RunningWitness) -> str:
    link = witness.witness.links.get(LINK)
    return "" if link is None or link.stopped is None else link.stopped


async def test_a_key_that_is_used_elsewhere_too_stops_the_witness(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, _ = await begin(world, A, B)
        witness = RunningWitness(world)
        await a.open()
        await witness.quorum(1)
        await say(world, msgspec.structs.replace(tree_of(cluster, 1), size=9))
        await witness.until(lambda: bool(stopped(witness)))
        assert "used elsewhere" in stopped(witness)
        await a.open()
        await a.read(2)
        await witness.kill()
        assert {note.checkpoint.size for note in notes(cluster, NoteKind.QUORUM, WITNESS)} == {1}


async def test_two_witnesses_of_two_countries_do_not_disturb_each_other(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        other = OfficeId("la-witness")
        world.certify(other, role=Role.WITNESS)
        a, b = await begin(world, A, B)
        first, second = RunningWitness(world), RunningWitness(world, witness=other)
        for size in range(1, 4):
            await a.open()
            await all_read([a, b], size)
        await first.quorum(3)
        await second.quorum(3)
        await first.kill()
        await second.kill()
        assert claims_of(world, values_of(cluster))[1] == []


async def test_a_link_that_is_agreed_later_is_followed_too(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        conference = LinkId("conference")
        await world.publish(links=2)
        witness = RunningWitness(world)
        await witness.until(lambda: LINK in witness.witness.links)
        a, _ = await world.agent(A), await world.agent(B)
        before = len(world.documents)
        world.agree(conference, (A, B), partition=1)
        await world.publish(world.documents[before:], links=2)
        await a.has_desk(conference)
        await a.open(conference)
        await witness.quorum(1, conference)
        await witness.kill()


def metric(witness: RunningWitness, name: str) -> float | None:
    return witness.metrics.registry.get_sample_value(name, {"link": LINK})
