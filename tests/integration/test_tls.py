"""Kafka behind TLS: programs that have no more rights than they need, and strangers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography.x509.oid import ExtendedKeyUsageOID

from blo_cli.main import run
from blo_lab.broker import EmbeddedBroker
from blo_lab.broker.settings import LOOPBACK, free_ports
from blo_log import AppendFailed, BrokerUnreachable, NotAuthorised, ProducerRecord, topics
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_processors.faust_app import group_of
from blo_runtime.settings import TlsSettings
from blo_runtime.tls import ssl_context
from tests.agents.processes import AgentProcess
from tests.agents.processing import PROCESSOR
from tests.agents.world import CORRIDOR, LINK, A, B, World
from tests.certificates import issue, write
from tests.integration.offices import OPEN, a_watched_world, is_taken, until
from tests.processors.process import WorkerProcess, write_config

pytestmark = pytest.mark.broker

TOPIC, GROUP = 2, 3
LITERAL = 3
READ, WRITE, DESCRIBE_CONFIGS = 3, 4, 10
ALLOW = 3
AUDITOR = "inspector"

OUTPUTS = [topics.cases_topic, topics.alerts_topic, topics.trail_topic, topics.dead_topic]
READ_BY_OFFICES = [topics.cases_topic, topics.alerts_topic]
SHARED = [topics.exchange_topic, topics.keys_topic, topics.heads_topic, topics.liveness_topic]


class Secured:
    """A broker with a listener for TLS, and the certificates of whoever may speak to it.

    On its other listener everybody is the operator, as far as a test is one.
    """

    def __init__(self, broker: EmbeddedBroker, bootstrap: str, folder: Path) -> None:
        self.broker = broker
        self.bootstrap = bootstrap
        self._folder = folder

    def files(self, name: str) -> TlsSettings:
        folder = self._folder
        return TlsSettings(
            ca=folder / "ca.pem", certificate=folder / f"{name}.pem", key=folder / f"{name}.key"
        )

    def section(self, name: str) -> str:
        """What a program's configuration has to say."""
        files = self.files(name)
        return (
            f'\n[kafka.tls]\nca = "{files.ca}"\ncertificate = "{files.certificate}"\n'
            f'key = "{files.key}"\n'
        )

    def log(self, name: str) -> KafkaLog:
        """The log as somebody with this certificate reaches it."""
        context = ssl_context(self.files(name))
        return KafkaLog(KafkaConnection(bootstrap=self.bootstrap, ssl_context=context))

    async def allow(self, name: str, kind: int, resource: str, *operations: int) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap)
        await admin.start()
        try:
            for operation in operations:
                principal = f"User:CN={name}"
                request = CreateAclsRequest(
                    kind, resource, LITERAL, principal, "*", operation, ALLOW
                )
                answer = await admin._send_request(request)
                assert [code for code, _ in answer.creation_responses] == [0], answer
        finally:
            await admin.close()


@pytest.fixture
def secured(
    tmp_path: Path, broker_factory: Callable[..., EmbeddedBroker], monkeypatch: pytest.MonkeyPatch
) -> Secured:
    folder = tmp_path / "certificates"
    folder.mkdir()
    authority = issue("operator", None)
    write(folder, "ca", authority)
    for name in (A, B, PROCESSOR, AUDITOR):
        write(folder, name, issue(name, authority))
    write(folder, "stranger", issue(A, issue("somebody else", None)))
    write(folder, "broker", issue("broker", authority, usage=ExtendedKeyUsageOID.SERVER_AUTH))
    chain = folder / "broker.chain"
    chain.write_bytes(
        b"".join((folder / name).read_bytes() for name in ("broker.key", "broker.pem", "ca.pem"))
    )
    ports, tls = free_ports(), free_ports().client
    monkeypatch.setattr("blo_lab.broker.embedded.free_ports", lambda: ports)
    broker = broker_factory(
        overrides={
            "listeners": f"CLIENT://{LOOPBACK}:{ports.client},"
            f"CONTROLLER://{LOOPBACK}:{ports.controller},TLS://{LOOPBACK}:{tls}",
            "advertised.listeners": f"CLIENT://{LOOPBACK}:{ports.client},TLS://{LOOPBACK}:{tls}",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(chain),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(folder / "ca.pem"),
            "ssl.client.auth": "required",
            "ssl.enabled.protocols": "TLSv1.3",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": "User:ANONYMOUS",
        }
    )
    return Secured(broker, f"{LOOPBACK}:{tls}", folder)


async def grant_what_is_needed(secured: Secured) -> None:
    """The table of ``docs/kafka.md``; whoever reads a topic also looks at how it is set up."""
    look = (READ, DESCRIBE_CONFIGS)
    for office in (A, B):
        for topic in SHARED:
            await secured.allow(office, TOPIC, topic(CORRIDOR), *look, WRITE)
        await secured.allow(office, TOPIC, topics.files_topic(CORRIDOR), READ, WRITE)
        for topic in READ_BY_OFFICES:
            await secured.allow(office, TOPIC, topic(CORRIDOR), *look)
    for topic in (*SHARED, *OUTPUTS):
        await secured.allow(PROCESSOR, TOPIC, topic(CORRIDOR), *look)
    for topic in (topics.keys_topic, *OUTPUTS):
        await secured.allow(PROCESSOR, TOPIC, topic(CORRIDOR), WRITE)
    await secured.allow(PROCESSOR, GROUP, group_of(CORRIDOR), READ)
    for topic in SHARED:
        await secured.allow(AUDITOR, TOPIC, topic(CORRIDOR), READ)
    for name in (A, B, PROCESSOR, AUDITOR):
        await secured.allow(name, TOPIC, topics.DIRECTORY_TOPIC, *look)


async def test_agents_and_a_processor_work_with_the_rights_they_need_and_no_others(
    tmp_path: Path, secured: Secured
) -> None:
    async with await a_watched_world(secured.broker, tmp_path, 0) as world:
        await grant_what_is_needed(secured)
        config = write_config(world, tmp_path, secured.bootstrap, simulated=False)
        config.write_text(config.read_text() + secured.section(PROCESSOR))
        agents = [AgentProcess(world, office, secured.bootstrap) for office in (A, B)]
        worker = WorkerProcess(config, "one", tmp_path / "worker.log")
        try:
            for agent in agents:
                agent.config.write_text(agent.config.read_text() + secured.section(agent.office))
                agent.start()
            for agent in agents:
                agent.until_up()
            status, opened = await asyncio.to_thread(agents[0].ask, "POST", "/v1/commands", OPEN)
            assert status == 201, opened
            path = f"/v1/links/{LINK}/cases/{opened['case']}"
            for agent in agents:
                await asyncio.to_thread(until, partial(is_taken, agent))
                assert agent.ask("GET", path)[1]["differences"] == []
            assert await audited(world, secured, tmp_path) == 0
        finally:
            worker.stop()
            for agent in agents:
                agent.kill()


async def test_who_may_not_is_told_which_right_or_file_to_look_at(secured: Secured) -> None:
    await make_topics(secured)
    await grant_what_is_needed(secured)
    log = secured.log(A)
    appender = await log.appender()
    await appender.append([ProducerRecord(topics.exchange_topic(CORRIDOR), 0, b"k", b"x")])
    topic = topics.cases_topic(CORRIDOR)
    with pytest.raises(AppendFailed, match=f"may not do that on {topic}") as failed:
        await appender.append([ProducerRecord(topic, 0, b"k", b"x")])
    assert isinstance(failed.value.cause, NotAuthorised)
    await log.close()
    log = secured.log(AUDITOR)
    with pytest.raises(NotAuthorised, match="DESCRIBE_CONFIGS is missing"):
        await (await log.admin()).describe([topics.heads_topic(CORRIDOR)])
    await log.close()
    log = secured.log("stranger")
    with pytest.raises(BrokerUnreachable, match="trusts the authority of this certificate"):
        await log.appender()
    await log.close()
    plain = KafkaLog(KafkaConnection(bootstrap=secured.bootstrap, request_timeout_s=5))
    with pytest.raises(BrokerUnreachable, match="If the listener speaks TLS, certificates are"):
        await plain.appender()
    await plain.close()


async def audited(world: World, secured: Secured, folder: Path) -> int:
    """What ``blo audit replay`` ends with, as an auditor runs it."""
    config = folder / "auditor.toml"
    pins = "".join(f'{country} = "{pin.hex()}"\n' for country, pin in world.pins.items())
    kafka = f'[kafka]\nbootstrap = "{secured.bootstrap}"\n{secured.section(AUDITOR)}'
    config.write_text(f"[trust.pins]\n{pins}\n{kafka}")
    return await asyncio.to_thread(run, ["audit", "replay", "--config", str(config)])


async def make_topics(secured: Secured) -> None:
    log = KafkaLog(KafkaConnection(bootstrap=secured.broker.bootstrap))
    planned = topics.plan({CORRIDOR: 1}, replication=1, min_isr=1)
    await topics.apply(await log.admin(), planned)
    await log.close()
