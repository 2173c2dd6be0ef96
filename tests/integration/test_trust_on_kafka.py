"""``blo topics apply`` and ``blo trust publish`` on the real Kafka."""

from __future__ import annotations

import asyncio
import uuid
from pathlib import Path

import pytest

from blo_cli.main import run
from blo_domain.trust import load_directory, read_signed
from blo_lab.broker import EmbeddedBroker
from blo_log import TopicPartition, read_to_end
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.topics import DIRECTORY_TOPIC
from blo_schemas.codec import encode
from blo_schemas.trust import SignedDocument
from blo_sealing.kem import is_usable_kem_key
from blo_sealing.signatures import is_usable_signing_key, verify_signature
from tests.unit.trust.documents import LA, LINK, START, VN, agreement, basis, pins

pytestmark = pytest.mark.broker


async def published(bootstrap: str) -> list[SignedDocument]:
    log = KafkaLog(KafkaConnection(bootstrap=bootstrap, client_id=uuid.uuid4().hex))
    try:
        place = TopicPartition(DIRECTORY_TOPIC, 0)
        reader = await log.reader({place: 0})
        return [
            read_signed(stored.value or b"")
            async for batch in read_to_end(reader)
            for stored in batch[place]
        ]
    finally:
        await log.close()


def test_topics_are_made_and_documents_published_by_the_command(
    broker_factory: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(broker_factory)
    broker = broker_factory()
    assert isinstance(broker, EmbeddedBroker)
    folder = tmp_path / "trust"
    folder.mkdir()
    for number, signed in enumerate([*basis(), agreement()]):
        (folder / f"{number}.blo").write_bytes(encode(signed))
    options = [str(folder), "--bootstrap", broker.bootstrap]
    for country, pin in pins(VN, LA).items():
        options += ["--pin", f"{country}={pin.hex()}"]
    assert run(["trust", "publish", *options]) == 2
    assert "run `blo topics apply`" in capsys.readouterr().err
    assert run(["topics", "apply", *options, "--replication", "1"]) == 0
    assert "made blo.exchange.la-vn" in capsys.readouterr().out
    assert run(["topics", "apply", *options, "--replication", "1"]) == 0
    assert "all topics are there as planned" in capsys.readouterr().out
    assert run(["topics", "apply", *options, "--replication", "1", "--simulated-time"]) == 1
    assert "message.timestamp.type is LogAppendTime" in capsys.readouterr().err
    for _ in range(2):
        assert run(["trust", "publish", *options]) == 0
    documents = asyncio.run(published(broker.bootstrap))
    assert len(documents) == len(basis()) + 1
    directory, refusals = load_directory(
        pins(VN, LA),
        documents,
        verify=verify_signature,
        check_key=is_usable_signing_key,
        check_kem_key=is_usable_kem_key,
    )
    assert not refusals
    assert directory.agreement(LINK, START + 1000)
