"""What a counterpart seals stops no agent, at no start, and changes no figure but its own."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from blo_agent.office.keyring import month_of
from blo_agent.store.tables import events
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import ProducerRecord
from blo_log.topics import exchange_topic
from blo_schemas.bodies import Correction
from blo_schemas.codec import encode
from blo_schemas.content import Content
from blo_schemas.hashes import certificate_tag, document_id
from blo_schemas.ids import CaseId
from blo_schemas.summary import Kind, Step, Summary, Urgency
from blo_schemas.trust import SignedDocument
from blo_sealing.seal_event import Author, seal_event
from tests.agents.started import begin, opened_case
from tests.agents.world import CORRIDOR, LINK, NOW, A, B, RunningAgent, World

pytestmark = pytest.mark.slow

NO_UTC = {"called_at": "0001-01-01T00:00:00+23:59"}


class ByHand:
    """B, which seals what no honest program would, with keys that A holds already."""

    def __init__(self, world: World, certificate: SignedDocument, a: RunningAgent) -> None:
        self._world = world
        self._tag = certificate_tag(document_id(certificate.payload))
        self._a = a
        self._version = 1

    async def write(
        self, case: CaseId, step: Step, body: bytes, supersedes: int | None = None
    ) -> None:
        """Append an event that is as it should be, with a body that is not."""
        keys = self._a.agent.office.keyring.of(LINK)
        content, month = self._a.content_key(case), keys.own_summary_key(month_of(NOW))
        assert content is not None
        assert month is not None
        sealed = seal_event(
            Author(LINK, self._tag, self._world.keys[B].signing),
            self._a.desk().fold.chain.next_place(B),
            at=NOW,
            content_key=content,
            summary_key=month,
            summary=Summary(
                1, Kind.VERIFICATION_REQUEST, step, Urgency.ROUTINE, self._version, None, supersedes
            ),
            content=Content(date(2025, 2, 20), None, None, body, 1),
            random=os.urandom,
        )
        self._version += 1
        size = self._a.desk().size
        await self._world.append(
            [ProducerRecord(exchange_topic(CORRIDOR), 0, LINK.encode(), sealed.value)]
        )
        await self._a.read(size + 1)


async def test_contents_that_no_decoder_can_read_stop_no_agent_at_any_start(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with World(tmp_path, lambda: MemoryLog(cluster)) as world:
        world.certify(A)
        certificate = world.certify(B)
        world.agree(LINK, (A, B))
        (a,) = await begin(world, A)
        case = await opened_case(a)
        by_hand = ByHand(world, certificate, a)
        await by_hand.write(case, Step.ACKNOWLEDGE, encode({}))
        await by_hand.write(case, Step.URGE, encode(NO_UTC))
        spoiled = Correction(corrects=Step.URGE, body=encode(NO_UTC), body_version=1)
        await by_hand.write(case, Step.SUPERSEDE, encode(spoiled), supersedes=3)
        verdicts = await a.verdicts()
        assert [outcome for outcome, *_ in verdicts] == ["accepted"] * 4
        assert a.desk().unopened == [2]
        await a.stop()
        again = await world.agent(A)
        await again.has_desk(LINK)
        await again.read(4)
        rows = await again.ask(lambda tx: list(events.by_case(tx, LINK, case)))
        assert [row.content is None for row in rows] == [False, False, True, False]
        await again.open()
        await again.read(5)
