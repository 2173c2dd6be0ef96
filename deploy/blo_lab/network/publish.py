"""What a lab puts into Kafka before any agent starts: the topics, and the trust documents."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from blo_lab.errors import LabError
from blo_lab.network.world import World
from blo_log import AppendFailed, LogError, topics
from blo_log.kafka import KafkaConnection, KafkaLog
from blo_log.port import ProducerRecord, TopicSpec
from blo_schemas.hashes import document_id
from blo_schemas.trust import SIGNED_DOCUMENT, SignedDocument

_TIMEOUT_S = 90.0
_PAUSE_S = 0.5

T = TypeVar("T")


def publish(
    bootstrap: str,
    world: World,
    documents: Sequence[SignedDocument],
    *,
    simulated_time: bool,
    brokers: int = 1,
) -> None:
    """Makes the topics and publishes the documents.

    Args:
        bootstrap: Where Kafka listens.
        world: Whose topics.
        documents: The trust documents.
        simulated_time: Whether its times are a scenario's.
        brokers: How many brokers this Kafka has.

    Raises:
        LabError: This Kafka already holds topics of an exchange.
        LogError: Kafka does not do it; the error says why.
    """
    planned = planned_topics(world, simulated_time=simulated_time, brokers=brokers)
    asyncio.run(_publish(bootstrap, planned, documents))


def planned_topics(world: World, *, simulated_time: bool, brokers: int = 1) -> list[TopicSpec]:
    """The topics of a lab: up to three copies, of which one may be away."""
    links = Counter(link.corridor for link in world.links.values())
    copies = min(brokers, 3)
    return topics.plan(
        links, replication=copies, min_isr=max(copies - 1, 1), simulated_time=simulated_time
    )


async def _publish(
    bootstrap: str, planned: Sequence[TopicSpec], documents: Sequence[SignedDocument]
) -> None:
    log = KafkaLog(KafkaConnection(bootstrap=bootstrap, client_id="blo-lab"))
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            admin = await _patiently(log.admin)
            there = await _patiently(admin.topics)
            _refuse_used(bootstrap, there, {spec.name for spec in planned})
            await _patiently(lambda: topics.apply(admin, planned))
            appender = await _patiently(log.appender)
            messages = [_message(signed) for signed in documents]
            # What was appended and not acknowledged comes twice, which a document may.
            await _patiently(lambda: appender.append(messages))
    except TimeoutError:
        raise LabError(
            f"Kafka at {bootstrap}",
            f"did not make the topics within {_TIMEOUT_S:g} s",
            todo="See whether it has room and a leader for each partition, then try again",
        ) from None
    finally:
        await log.close()


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again while the broker, which has answered before, does not: it may have stood still."""
    while True:
        try:
            return await ask()
        except LogError as error:
            cause = error.cause if isinstance(error, AppendFailed) else error
            if not cause.transient:
                raise
        await asyncio.sleep(_PAUSE_S)


def _refuse_used(bootstrap: str, there: Iterable[str], planned: set[str]) -> None:
    used = sorted(planned.intersection(there))
    if used:
        raise LabError(
            f"Kafka at {bootstrap}",
            f"holds an exchange already ({used[0]} and {len(used) - 1} more topics)",
            todo="A lab needs a Kafka without them: use another one, or remove its blo.* topics",
        )


def _message(signed: SignedDocument) -> ProducerRecord:
    return ProducerRecord(
        topics.DIRECTORY_TOPIC, 0, document_id(signed.payload), SIGNED_DOCUMENT.encode(signed)
    )
