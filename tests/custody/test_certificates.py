"""A certificate is renewed while the node works: overlap, old keys for old grants, no gap, no wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_agent.custody.certificates import (
    check_next_certificate,
    covered_until,
    own_certificates,
    renew,
)
from blo_agent.custody.errors import CustodyRefused
from blo_agent.setup import OfficeRequest
from blo_agent.store.tables import identities, journal
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.topics import exchange_topic
from blo_runtime.clock import ManualClock
from blo_schemas.codec import encode
from blo_schemas.event import decode_event
from blo_schemas.ids import CertificateTag, CountryId, OfficeId
from blo_schemas.summary import Step
from blo_schemas.trust import Certificate, DatedText, Role, SignedDocument
from tests.agents.backups import back_up, restore
from tests.agents.crashing import agree
from tests.agents.started import begin, opened_case
from tests.agents.world import (
    CORRIDOR,
    LINK,
    NOW,
    YEAR_MS,
    A,
    B,
    RunningAgent,
    World,
    all_read,
)
from tests.custody.lost_nodes import opens

pytestmark = pytest.mark.slow
DAY_MS = 86_400_000
ENDS = NOW + 30 * DAY_MS


async def request_of(agent: RunningAgent, *, same_keys: bool = False) -> OfficeRequest:
    office, now = agent.agent.office, agent.agent.clock.now_ms()
    return await agent.agent.store.write(
        lambda tx: renew(office, now, "operator", tx, same_keys=same_keys)
    )


def certified(
    world: World,
    request: OfficeRequest,
    *,
    begins: int,
    ends: int = NOW + YEAR_MS,
    subject: OfficeId = A,
) -> SignedDocument:
    """What the country makes of a request."""
    certificate = Certificate(
        country=CountryId(subject[:2]),
        subject=subject,
        role=Role.OFFICE,
        names=(DatedText(text="(fictional)"),),
        signing_key=request.signing_key,
        kem_key=request.kem_key,
        not_before=begins,
        not_after=ends,
    )
    return world.sign(certificate, [world.root_keys[subject[:2]]])


def renewing_world(folder: Path) -> tuple[World, MemoryCluster, ManualClock]:
    clock = ManualClock(NOW)
    cluster = MemoryCluster(clock.now_ms)
    world = World(folder, lambda: MemoryLog(cluster))
    world.clock = clock
    world.certify(A, not_after=ENDS)
    world.certify(B)
    world.agree(LINK, (A, B))
    return world, cluster, clock


def tags_in(cluster: MemoryCluster) -> list[CertificateTag]:
    records = cluster.records(exchange_topic(CORRIDOR), 0)
    return [decode_event(record.value or b"")[1].certificate_tag for record in records]


@pytest.mark.parametrize("same_keys", [False, True])
async def test_a_certificate_is_renewed_while_the_node_works(
    tmp_path: Path, same_keys: bool
) -> None:
    world, cluster, clock = renewing_world(tmp_path)
    async with world:
        a, b = await begin(world, A, B)
        before = await opened_case(b, [a])
        await a.do(Step.ACKNOWLEDGE, before)
        made = await request_of(a, same_keys=same_keys)
        assert (made.signing_key == world.keys[A].signing.public) is same_keys
        assert await request_of(a, same_keys=same_keys) == made, "asked twice is asked once"
        document = certified(world, made, begins=NOW + DAY_MS)
        now = clock.now_ms()
        checked = await a.ask(
            lambda _: check_next_certificate(a.agent.office, encode(document), now)
        )
        await world.publish([document])
        await a.until_true(lambda: _knows(a, checked.tag))
        assert await a.ask(lambda _: covered_until(a.agent.office, now)) == NOW + YEAR_MS
        await b.do(Step.URGE, before)
        await all_read([a, b], 3)
        # From its first instant on, and without a restart.
        clock.set(NOW + DAY_MS)
        await a.do(Step.ACCEPT, before)
        later = await opened_case(b, [a])
        await a.do(Step.ACKNOWLEDGE, later)
        await all_read([a, b], 6)
        clock.set(ENDS + DAY_MS)
        last = await opened_case(a, [b])
        await all_read([a, b], 7)
        await opens(a, before, 4)
        await opens(b, last, 1)
        tags = tags_in(cluster)
        assert tags[1] != tags[3] == tags[5] == tags[6] == checked.tag
        assert {outcome for outcome, _, _ in await b.verdicts()} == {"accepted"}
        await agree([a, b])
        stored = await a.ask(identities.all_of)
        assert len(stored) == (1 if same_keys else 2), "the old key is kept for old grants"


async def _knows(agent: RunningAgent, tag: CertificateTag) -> bool:
    rows = await agent.ask(lambda _: own_certificates(agent.agent.office, NOW))
    return any(row.tag == tag for row in rows)


async def test_old_grants_open_with_the_old_key_after_a_renewal(tmp_path: Path) -> None:
    world, _, clock = renewing_world(tmp_path)
    async with world:
        a, b = await begin(world, A, B)
        made = await request_of(a)
        # The backup has both keys, and none of what comes now.
        backup = await back_up(world, a)
        case = await opened_case(b, [a])
        await world.publish([certified(world, made, begins=NOW + DAY_MS)])
        await a.heeds(world)
        clock.set(ENDS + DAY_MS)
        await a.kill()
        restore(world, backup)
        a = await world.agent(A)
        await opens(a, case, 1)


async def test_a_store_from_before_the_renewal_writes_with_the_certificate_that_it_has(
    tmp_path: Path,
) -> None:
    world, cluster, clock = renewing_world(tmp_path)
    async with world:
        a, b = await begin(world, A, B)
        backup = await back_up(world, a)
        made = await request_of(a)
        await world.publish([certified(world, made, begins=NOW)])
        clock.set(NOW + DAY_MS)
        await a.until_true(lambda: _signs_with(a, made))
        await opened_case(a, [b])
        await a.kill()
        restore(world, backup)
        a = await world.agent(A)
        await a.read(1)
        await opened_case(a, [b])
        first, second = tags_in(cluster)
        assert first != second, "the newest key is lost, the older one is still certified"
        assert {outcome for outcome, _, _ in await b.verdicts()} == {"accepted"}
        # And asks for another one.
        assert (await request_of(a)).signing_key != made.signing_key


async def _signs_with(agent: RunningAgent, made: OfficeRequest) -> bool:
    office, now = agent.agent.office, agent.agent.clock.now_ms()

    def query(_: object) -> bool:
        used = office.certificate(now)
        return used is not None and used.certificate.signing_key == made.signing_key

    return await agent.ask(query)


async def test_a_kill_between_request_and_certificate_loses_no_key(tmp_path: Path) -> None:
    world, _, _ = renewing_world(tmp_path)
    async with world:
        a, b = await begin(world, A, B)
        made = await request_of(a)
        await a.kill()
        a = await world.agent(A)
        await a.has_desk()
        assert await request_of(a) == made
        # Keys that nobody has certified yet sign nothing.
        await opened_case(a, [b])
        await world.publish([certified(world, made, begins=NOW)])
        await a.until_true(lambda: _signs_with(a, made))
        asked = await a.ask(lambda snapshot: [row.action for row in journal.entries(snapshot)])
        assert asked.count("ask for a certificate") == 2


async def test_a_certificate_that_does_not_fit_is_refused_with_words(tmp_path: Path) -> None:
    world, _, clock = renewing_world(tmp_path)
    async with world:
        a, b = await begin(world, A, B)
        made, theirs = await request_of(a), await request_of(b)
        mixed = OfficeRequest(A, made.signing_key, theirs.kem_key)
        unsigned = SignedDocument(certified(world, made, begins=NOW).payload, ())
        world.documents.pop()
        bad = {
            "it is of la-b": encode(certified(world, theirs, begins=NOW, subject=B)),
            "not in this store": encode(certified(world, theirs, begins=NOW)),
            "another node": encode(certified(world, mixed, begins=NOW)),
            "nothing could be written": encode(certified(world, made, begins=ENDS + 1)),
            "it has ended": encode(certified(world, made, begins=NOW - 9, ends=NOW - 1)),
            "sign": encode(unsigned),
            "no trust document": b"rubbish",
            "it is a agreement": encode(world.documents[4]),
        }
        now = clock.now_ms()
        for words, data in bad.items():
            with pytest.raises(CustodyRefused, match=words):
                await a.ask(
                    lambda _, data=data: check_next_certificate(a.agent.office, data, now)  # type: ignore[misc]
                )
