"""A witness beside the agents of ``tests.agents.world``, and what it and they have said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from blo_audit.findings.findings import Finding, Findings
from blo_audit.replay.claims import Claim, read_claims
from blo_audit.replay.sources import SourcePartition
from blo_audit.witness.options import WitnessOptions
from blo_audit.witness.state import WitnessState
from blo_audit.witness.worker import Witness
from blo_domain.trust import TrustedDirectory, load_directory
from blo_log.directory import DirectoryFeed
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ConsumedRecord, Log, ProducerRecord
from blo_log.topics import exchange_topic, heads_topic
from blo_runtime.clock import SystemClock
from blo_runtime.metrics import Metrics
from blo_schemas.hashes import leaf_hash
from blo_schemas.heads import NoteKind, NoteRecordKey, read_note_key
from blo_schemas.ids import LinkId, OfficeId
from blo_schemas.trust import Role
from blo_sealing.identity import ProgramIdentity
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.merkle import MerkleTree
from blo_sealing.signatures import is_usable_signing_key, verify_signature
from blo_sealing.tlog import (
    Checkpoint,
    SignedCheckpoint,
    origin_of,
    parse_checkpoint,
    sign_checkpoint,
)
from tests.agents.world import CORRIDOR, LINK, World, two_offices
from tests.patience import PATIENCE_S

WITNESS = OfficeId("vn-witness")
QUICK = WitnessOptions(delay_s=0.01, spacing_s=0, patience_s=0.2, again_s=0.2, directory_s=0.1)


def with_witness(world: World) -> World:
    """The world with a certified witness."""
    world.certify(WITNESS, role=Role.WITNESS)
    return world


def witnessed_world(folder: Path, cluster: MemoryCluster) -> World:
    """Two offices, one link, one witness."""
    return with_witness(two_offices(folder, lambda: MemoryLog(cluster)))


class RunningWitness:
    """A witness with its task."""

    def __init__(
        self,
        world: World,
        *,
        state: Path | None = None,
        log: Log | None = None,
        probe: Callable[[str], None] | None = None,
        options: WitnessOptions = QUICK,
        witness: OfficeId = WITNESS,
    ) -> None:
        self.log = log or world.connect()
        self.metrics = Metrics()
        self.witness = Witness(
            [CORRIDOR],
            ProgramIdentity(witness, (world.keys[witness],), Role.WITNESS),
            log=self.log,
            feed=DirectoryFeed(self.log, world.pins),
            state=WitnessState(state or world.folder / f"{witness}.json", witness),
            clock=SystemClock(),
            metrics=self.metrics,
            options=options,
            probe=probe,
        )
        self.task = asyncio.create_task(self.witness.run())

    async def until(self, condition: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():
                if self.task.done():
                    self.task.result()
                await asyncio.sleep(0.005)

    async def quorum(self, size: int, link: LinkId = LINK) -> SignedCheckpoint:
        """The checkpoint with a quorum of at least this size."""

        def there() -> bool:
            found = self.witness.quorums.get(link)
            return found is not None and found.checkpoint.size >= size

        await self.until(there)
        return self.witness.quorums[link]

    async def kill(self) -> None:
        """End it where it stands."""
        self.task.cancel()
        await asyncio.wait([self.task])
        await self.log.close()


def directory_of(world: World) -> TrustedDirectory:
    directory, refusals = load_directory(
        world.pins,
        world.documents,
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )
    assert not refusals
    return directory


def heads_records(cluster: MemoryCluster, partition: int = 0) -> list[ConsumedRecord]:
    return cluster.records(heads_topic(CORRIDOR), partition)


def notes(cluster: MemoryCluster, kind: NoteKind, signer: OfficeId) -> list[SignedCheckpoint]:
    """Every note of a kind that somebody has published, in order."""
    found = []
    for stored in heads_records(cluster):
        key = read_note_key(stored.key)
        if key is not None and (key.kind, key.signer) == (kind, signer):
            assert stored.value is not None
            found.append(parse_checkpoint(stored.value))
    return found


def values_of(cluster: MemoryCluster) -> list[bytes]:
    return [record.value for record in heads_records(cluster) if record.value is not None]


def claims_of(world: World, values: Sequence[bytes]) -> tuple[list[Claim], list[Finding]]:
    """The claims and the findings that an auditor makes of the values of ``blo.heads``."""
    findings = Findings(LINK)
    place = SourcePartition(LINK, CORRIDOR, 0)
    claims = read_claims(values, place, directory_of(world), findings, partial=True)
    return claims, list(findings)


def newest_quorum(claims: Sequence[Claim]) -> Claim | None:
    """The largest checkpoint with a quorum."""
    quorums = (claim for claim in claims if claim.has_quorum)
    return max(quorums, key=lambda claim: claim.size, default=None)


def leaves_of(cluster: MemoryCluster, partition: int = 0) -> list[bytes]:
    return [
        leaf_hash(stored.value or b"")
        for stored in cluster.records(exchange_topic(CORRIDOR), partition)
    ]


def tree_of(cluster: MemoryCluster, size: int) -> Checkpoint:
    """The true checkpoint of a size."""
    return Checkpoint(origin_of(CORRIDOR, LINK), size, MerkleTree(leaves_of(cluster)[:size]).root())


def note_message(
    note: SignedCheckpoint,
    kind: NoteKind = NoteKind.CHECKPOINT,
    signer: OfficeId = WITNESS,
    link: LinkId = LINK,
) -> ProducerRecord:
    key = NoteRecordKey(link, signer, kind).encode()
    return ProducerRecord(heads_topic(CORRIDOR), 0, key, note.encode())


async def say(world: World, checkpoint: Checkpoint, link: LinkId = LINK) -> SignedCheckpoint:
    """A checkpoint with the witness's true signature, whatever it says."""
    note = sign_checkpoint(checkpoint, WITNESS, world.keys[WITNESS].signing)
    await world.append([note_message(note, link=link)])
    return note
