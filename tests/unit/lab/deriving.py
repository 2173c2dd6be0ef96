"""What a processor's worker makes of a link with some history, read back as an observer does."""

from __future__ import annotations

from pathlib import Path

from blo_lab.demo.outputs import CorridorOutputs, read_corridor
from blo_lab.network.layout import Layout
from blo_lab.network.network_file import articles
from blo_lab.network.table import the_programs
from blo_log import topics
from blo_log.port import ProducerRecord
from blo_schemas.codec import encode
from blo_schemas.grants import grant_record_key
from blo_schemas.ids import KeyId, OfficeId
from blo_schemas.trust import Role
from blo_sealing.grants import Recipient, make_grant
from blo_sealing.identity import ProgramIdentity
from blo_sealing.keys import ContentKey
from tests.processors.helpers import fresh
from tests.processors.world import OBSERVER, VN, LinkWriter, World

(PROGRAM,) = (
    one for one in the_programs(Layout(Path("lab")), articles()) if one.corridor == "la-vn"
)
SIZE = 80
DAY_MS = 24 * 3_600_000


LINK = "link-0"


def content_grant(
    world: World, writer: LinkWriter, key: ContentKey, reader: OfficeId
) -> ProducerRecord:
    certified = world.directory.certificates(reader)[-1]
    assert certified.certificate.kem_key is not None
    recipient = Recipient(
        certified.certificate.subject, certified.tag, certified.certificate.kem_key
    )
    grant = make_grant(key, writer.place.link, VN, recipient)
    topic = topics.keys_topic(writer.place.corridor)
    record_key = grant_record_key(KeyId(grant.key), recipient.id)
    return ProducerRecord(topic, writer.place.partition, record_key, encode(grant))


async def derive(world: World, *readers: OfficeId) -> CorridorOutputs:
    """What a worker makes of a link with some history, read back."""
    writer = LinkWriter(world, world.places[0], seed=7)
    writer.play(SIZE - 1)
    # A case that nobody answers for so long that the ladder is climbed.
    writer.now += 40 * DAY_MS
    writer.open()
    for key in writer.contents.values():
        writer.grants += [content_grant(world, writer, key, reader) for reader in readers]
    log = await fresh(world, writer)
    worker = await world.worker(log)
    await worker.start()
    await worker.close()
    observer = ProgramIdentity(OBSERVER, (world.keys[OBSERVER],), Role.OBSERVER)
    return await read_corridor(
        log, world.directory, PROGRAM, world.places, world.identity(), observer
    )
