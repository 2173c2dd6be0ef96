"""The receipts of events in a case's history, each with the signature that proves it."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import receipts
from blo_domain.inbox.receipts import ReceiptStage
from blo_log.memory import MemoryCluster
from blo_schemas.grants import KeyPurpose
from blo_schemas.heads import SIGNED_HEAD
from blo_schemas.trust import DOCUMENT, Certificate, SignedDocument
from blo_sealing.heads import accept_head
from tests.agents.late_keys import let_go, make_keeper
from tests.agents.started import both_up
from tests.agents.test_api import Client, two_clients
from tests.agents.test_late_documents import revoked
from tests.agents.world import LINK, A, B, RunningAgent, all_read


async def history(client: Client, case: str) -> list[dict[str, Any]]:
    status, answer = await client.ask(f"/v1/links/{LINK}/cases/{case}")
    assert status == 200, answer
    events: list[dict[str, Any]] = answer["events"]
    return events


def stages(event: dict[str, Any]) -> list[str]:
    return [receipt["stage"] for receipt in event["receipts"]]


async def test_each_stage_of_an_event_has_its_time_and_the_signature_that_proves_it(
    tmp_path: Path,
) -> None:
    async with two_clients(tmp_path) as (world, a, b):
        case = await a.opened()
        await all_read([a.running, b.running], 1)

        async def is_opened() -> bool:
            return "opened" in stages((await history(a, case))[0])

        await a.running.until_true(is_opened)
        await b.command(case=case, step="acknowledge", fields={})
        await all_read([a.running, b.running], 2)
        opening, acknowledgement = await history(a, case)
        assert stages(opening) == ["sent", "delivered", "opened", "acknowledged"]
        sent, delivered, opened, acknowledged = opening["receipts"]
        assert (sent["office"], sent["event"], sent["position"]) == (A, opening["event"], 0)
        assert acknowledged["event"] == acknowledgement["event"]
        assert acknowledged["at"] == acknowledgement["at"]
        assert {row["office"] for row in (delivered, opened, acknowledged)} == {B}
        for row in (delivered, opened):
            status, proof = await a.ask(f"/v1/links/{LINK}/heads/{row['head']}")
            assert (status, proof["office"], proof["at"]) == (200, B, row["at"])
            signed = SIGNED_HEAD.decode(b64decode(proof["signed"]))
            accepted = accept_head(signed, world.directory(), link=LINK)
            assert sha256(signed.head).hexdigest() == row["head"]
            assert (accepted.signer, accepted.head.size > opening["position"]) == (B, True)
        assert (await a.ask(f"/v1/links/{LINK}/heads/{'0' * 64}"))[0] == 404
        assert (await a.ask(f"/v1/links/{LINK}/heads/x"))[0] == 400


def proven(running: RunningAgent, stage: ReceiptStage, position: int) -> int | None:
    """The size of B's head that is the first receipt for a record at A."""

    def query(snapshot: Snapshot) -> int | None:
        head = receipts.first_receipt(snapshot, LINK, B, stage, position)
        return None if head is None else head.size

    return running.read_store(query)


async def test_what_a_counterpart_cannot_open_is_delivered_and_not_opened(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    broker = make_keeper(cluster, KeyPurpose.CONTENT)
    async with both_up(tmp_path, cluster, broker) as (_, a, b):
        await a.open()
        await all_read([a, b], 1)
        await a.until(lambda: proven(a, ReceiptStage.DELIVERED, 0) is not None)
        assert proven(a, ReceiptStage.OPENED, 0) is None
        await let_go(cluster, broker)
        await a.until(lambda: proven(a, ReceiptStage.OPENED, 0) is not None)
        assert proven(a, ReceiptStage.DELIVERED, 0) == 1


def _is_certificate_of_b(signed: SignedDocument) -> bool:
    document = DOCUMENT.decode(signed.payload)
    return isinstance(document, Certificate) and document.subject == B


async def test_receipts_go_with_the_certificate_that_signed_them(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (world, a, b):
        await a.open()
        await all_read([a, b], 1)
        await a.until(lambda: proven(a, ReceiptStage.OPENED, 0) is not None)
        certificate = next(one for one in world.documents if _is_certificate_of_b(one))
        await world.publish([revoked(world, certificate, 0)])
        await a.until(lambda: proven(a, ReceiptStage.OPENED, 0) is None)
        assert proven(a, ReceiptStage.DELIVERED, 0) is None
