"""What an agent cosigns, and what it refuses: loudly, with evidence, and for good."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from blo_agent.api.present_cases import link_answer
from blo_agent.api.response_types import LinkAnswer
from blo_agent.office.viewer import link_role, viewer
from blo_agent.store.tables import checkpoints, journal
from blo_log.memory import MemoryCluster
from blo_schemas.hashes import document_id
from blo_schemas.heads import NoteKind
from blo_schemas.ids import CountryId, Digest, OfficeId
from blo_schemas.trust import Revocation, Role
from blo_sealing.signatures import SigningKey
from blo_sealing.tlog import Checkpoint, SignedCheckpoint, cosign, parse_checkpoint, sign_checkpoint
from tests.agents.started import begin
from tests.agents.world import LINK, NOW, YEAR_MS, A, B, RunningAgent, World, all_read
from tests.audit.world import (
    WITNESS,
    note_message,
    notes,
    say,
    tree_of,
    witnessed_world,
)

pytestmark = pytest.mark.slow

OTHER_ROOT = Digest(bytes(range(32)))


def lie(checkpoint: Checkpoint) -> Checkpoint:
    return msgspec.structs.replace(checkpoint, root=OTHER_ROOT)


async def busy(world: World, events: int = 3) -> tuple[RunningAgent, RunningAgent]:
    """Two agents that have read some events."""
    a, b = await begin(world, A, B)
    for _ in range(events):
        await a.open()
    await all_read([a, b], events)
    return a, b


def cosigned(cluster: MemoryCluster, office: OfficeId = A) -> list[Checkpoint]:
    return [note.checkpoint for note in notes(cluster, NoteKind.COSIGNATURE, office)]


async def cosigns(a: RunningAgent, world: World, cluster: MemoryCluster, size: int) -> Checkpoint:
    """The witness says the true tree of a size, and A cosigns it."""
    tree = tree_of(cluster, size)
    await say(world, tree)
    await a.until(lambda: tree in cosigned(cluster))
    return tree


async def four_records(a: RunningAgent, world: World, cluster: MemoryCluster) -> Checkpoint:
    """The tree that A cosigns when there is one record more than the first three."""
    await a.open()
    await a.read(4)
    return await cosigns(a, world, cluster, 4)


async def journalled(agent: RunningAgent) -> list[bytes]:
    entries = await agent.ask(lambda tx: list(journal.entries(tx)))
    return [one.detail for one in entries if one.action == f"refuse checkpoint of {WITNESS}"]


def refusals(agent: RunningAgent) -> float:
    value = agent.agent.metrics.registry.get_sample_value(
        "blo_checkpoints_refused_total", {"link": LINK}
    )
    return value or 0


async def shown_of(agent: RunningAgent) -> LinkAnswer:
    """The link as the office's API shows it."""
    at, role = viewer(agent.agent.office), link_role(agent.desk())
    return await agent.ask(lambda snapshot: link_answer(at, snapshot, role, 3))


async def test_the_office_s_own_tree_is_cosigned_once_and_said_again_when_asked(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, _ = await busy(world)
        await say(world, tree_of(cluster, 3))
        await a.until(lambda: len(cosigned(cluster)) == 1)
        first = notes(cluster, NoteKind.COSIGNATURE, A)
        await say(world, tree_of(cluster, 3))
        await a.until(lambda: len(cosigned(cluster)) == 2)
        assert notes(cluster, NoteKind.COSIGNATURE, A) == first * 2
        assert a.desk().trees.cosigned_size == 3
        assert (await shown_of(a)).cosigned == 3


async def test_another_tree_is_refused_shown_and_kept(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, b = await busy(world)
        note = await say(world, lie(tree_of(cluster, 3)))
        await a.until(lambda: refusals(a) == 1)
        await b.until(lambda: refusals(b) == 1)
        assert cosigned(cluster) == cosigned(cluster, B) == []
        (kept,) = a.desk().trees.refused
        assert "another tree of the first 3 records" in kept.words
        assert parse_checkpoint(kept.note) == note
        assert len(await journalled(a)) == 1
        (shown,) = (await shown_of(a)).refused_checkpoints
        assert shown.witness == WITNESS
        assert shown.notes == [note.encode().decode()]
        assert "another tree" in capfd.readouterr().err
        # Said once, however often it comes; counted every time.
        await say(world, lie(tree_of(cluster, 3)))
        await a.until(lambda: refusals(a) == 2)
        assert len(await journalled(a)) == 1
        # It stays so over a restart, and the truth is still cosigned.
        await a.kill()
        a = await world.agent(A)
        assert [one.words for one in a.desk().trees.refused] == [kept.words]
        await a.open()
        await a.read(4)
        await say(world, tree_of(cluster, 4))
        await a.until(lambda: cosigned(cluster) == [tree_of(cluster, 4)])


async def test_a_witness_that_signs_two_trees_is_shown_with_both(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, _ = await busy(world)
        first = await say(world, tree_of(cluster, 3))
        await a.until(lambda: len(cosigned(cluster)) == 1)
        await a.kill()
        a = await world.agent(A)
        second = await say(world, lie(tree_of(cluster, 3)))
        await a.until(lambda: bool(a.desk().trees.refused))
        (kept,) = a.desk().trees.refused
        assert "two different trees" in kept.words
        assert [kept.note, kept.other] == [second.encode(), first.encode()]
        assert cosigned(cluster) == [tree_of(cluster, 3)]


async def test_two_trees_are_seen_although_neither_can_be_compared_yet(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, _ = await busy(world)
        ahead = Checkpoint(tree_of(cluster, 3).origin, 100, OTHER_ROOT)
        await say(world, ahead)
        await say(world, msgspec.structs.replace(ahead, root=Digest(bytes(32))))
        await a.until(lambda: len(a.desk().trees.refused) == 1)
        assert "two different trees" in a.desk().trees.refused[0].words


async def test_a_smaller_tree_than_the_last_is_not_signed_and_a_larger_waits(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, _ = await busy(world)
        await cosigns(a, world, cluster, 3)
        await say(world, tree_of(cluster, 2))
        four = await four_records(a, world, cluster)
        assert cosigned(cluster) == [tree_of(cluster, 3), four]
        assert a.desk().trees.refused == []


async def test_a_checkpoint_that_is_ahead_is_compared_when_the_log_has_been_read(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, _ = await busy(world)
        ahead = msgspec.structs.replace(tree_of(cluster, 3), size=4, root=OTHER_ROOT)
        await say(world, ahead)
        await cosigns(a, world, cluster, 3)
        assert a.desk().trees.refused == []
        await a.open()
        await a.until(lambda: len(a.desk().trees.refused) == 1)
        assert "another tree of the first 4 records" in a.desk().trees.refused[0].words


@pytest.mark.parametrize("defect", ["origin", "key", "uncertified", "expired", "cosigned", "bytes"])
async def test_what_no_witness_of_the_link_has_signed_is_passed_over(
    tmp_path: Path, defect: str
) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        old = OfficeId("la-old-witness")
        world.certify(old, role=Role.WITNESS, not_after=NOW - YEAR_MS // 2)
        a, _ = await busy(world)
        key = world.keys[WITNESS].signing
        true = tree_of(cluster, 3)
        note: SignedCheckpoint
        match defect:
            case "origin":
                elsewhere = msgspec.structs.replace(true, origin="blo-exchange/la-vn/other")
                note = sign_checkpoint(elsewhere, WITNESS, key)
            case "key":
                note = sign_checkpoint(true, WITNESS, SigningKey(bytes(32)))
            case "uncertified":
                note = sign_checkpoint(true, OfficeId("vn-stranger"), key)
            case "expired":
                note = sign_checkpoint(true, old, world.keys[old].signing)
            case _:
                note = cosign(true, B, world.keys[B].signing, 1)
        message = note_message(note)
        if defect == "bytes":
            message = msgspec.structs.replace(message, value=note.encode()[:-3])
        await world.append([message])
        # What comes behind it shows that it was read.
        await four_records(a, world, cluster)
        assert cosigned(cluster) == [tree_of(cluster, 4)]
        assert a.desk().trees.refused == []


async def test_a_revoked_witness_is_not_listened_to(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        certificate = world.documents[-1]
        second = OfficeId("la-witness")
        world.certify(second, role=Role.WITNESS)
        revocation = Revocation(
            country=CountryId("vn"),
            certificate=document_id(certificate.payload),
            at=NOW - YEAR_MS // 2,
            reason="key lost (fictional)",
        )
        world.sign(revocation, [world.root_keys["vn"]])
        a, _ = await busy(world)
        await say(world, tree_of(cluster, 2))
        third = sign_checkpoint(tree_of(cluster, 3), second, world.keys[second].signing)
        await world.append([note_message(third, signer=second)])
        await a.until(lambda: bool(cosigned(cluster)))
        assert cosigned(cluster) == [tree_of(cluster, 3)]


def back_up(folder: Path) -> None:
    for path in folder.glob(f"{A}.db*"):
        shutil.copy(path, folder / f"backup-{path.name}")


def bring_back(folder: Path) -> None:
    for path in folder.glob(f"{A}.db*"):
        path.unlink()
    for path in folder.glob(f"backup-{A}.db*"):
        path.rename(folder / path.name.removeprefix("backup-"))


async def test_a_store_from_a_backup_signs_no_other_tree_than_it_has_signed(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, _ = await busy(world)
        await a.stop()
        back_up(tmp_path)
        a = await world.agent(A)
        await cosigns(a, world, cluster, 3)
        await a.stop()
        bring_back(tmp_path)
        a = await world.agent(A)
        # The store does not know of it; the topic does.
        assert a.desk().trees.cosigned is None
        await a.until(lambda: a.desk().trees.cosigned_size == 3)
        four = await four_records(a, world, cluster)
        assert cosigned(cluster)[-1] == four
        assert a.desk().trees.refused == []


async def test_an_own_cosignature_that_this_office_has_not_made_is_refused(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, _ = await busy(world)
        forged = cosign(
            msgspec.structs.replace(lie(tree_of(cluster, 3)), size=4),
            A,
            world.keys[A].signing,
            NOW // 1000,
        )
        await world.append([note_message(forged, NoteKind.COSIGNATURE, A)])
        await a.until(lambda: a.desk().trees.cosigned_size == 4)
        await a.open()
        await a.read(4)
        await say(world, tree_of(cluster, 4))
        await a.until(lambda: len(a.desk().trees.refused) == 1)
        assert "is not a continuation" in a.desk().trees.refused[0].words
        assert cosigned(cluster) == [forged.checkpoint]


async def test_reading_again_from_the_first_record_changes_nothing_that_was_signed(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with witnessed_world(tmp_path, cluster) as world:
        a, _ = await busy(world)
        await cosigns(a, world, cluster, 3)
        # A new certificate in one of the countries makes every link be folded again.
        before = len(world.documents)
        world.certify(OfficeId("la-new-witness"), role=Role.WITNESS)
        await world.publish(world.documents[before:])
        four = await four_records(a, world, cluster)
        assert cosigned(cluster)[-1] == four
        kept = await a.ask(lambda tx: checkpoints.get_cosigned(tx, LINK))
        assert kept is not None
        assert (kept.size, kept.root) == (4, four.root)
        assert a.desk().trees.refused == []
