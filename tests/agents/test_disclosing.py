"""Disclosing events: what opens them and nothing else, signed, and in the journal first."""

from __future__ import annotations

import asyncio
from datetime import date
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from blo_agent.api.app import office_api
from blo_agent.commands.accept import OfficeCommand
from blo_agent.commands.disclose import (
    DisclosureCommand,
    DisclosureFile,
    DisclosureRefused,
    disclose,
)
from blo_agent.config import API_SOCKET
from blo_agent.store.tables import journal
from blo_cli.main import run
from blo_domain.commands import Command
from blo_log.memory import MemoryCluster, MemoryLog
from blo_log.port import TopicPartition
from blo_log.topics import exchange_topic
from blo_runtime.http import serve
from blo_schemas.bodies import body_from_json
from blo_schemas.bundle import SIGNED_DISCLOSURE, DisclosureNote
from blo_schemas.codec import encode
from blo_schemas.content import Dispatch, HandlingCode
from blo_schemas.event import ENVELOPE, HEADER
from blo_schemas.ids import CaseId, EventId
from blo_schemas.journal import JournalEntry
from blo_schemas.summary import Kind, Step
from blo_sealing.disclosures import open_disclosed
from blo_sealing.errors import InvalidSignature, Unopenable
from blo_sealing.statements import DISCLOSURE_STATEMENT
from tests.agents.shredded import history
from tests.agents.started import begin
from tests.agents.world import (
    CORRIDOR,
    LINK,
    NOW,
    REQUEST,
    A,
    B,
    RunningAgent,
    World,
    all_read,
    two_offices,
)


def wanted(**fields: object) -> DisclosureCommand:
    return DisclosureCommand(
        **{"reason": "fictional order 12", "recipient": "fictional inspector", "actor": "chief"}  # type: ignore[arg-type]
        | fields
    )


async def disclosed(agent: RunningAgent, what: DisclosureCommand) -> DisclosureFile:
    inner = agent.agent
    return await disclose(inner.office, inner.store, inner.log, agent.desk(), what, NOW)


async def entries(agent: RunningAgent) -> list[JournalEntry]:
    found = await agent.ask(lambda tx: list(journal.entries(tx)))
    return [one for one in found if one.action == "disclose"]


async def two_cases(world: World) -> tuple[RunningAgent, RunningAgent, list[CaseId]]:
    a, b = await begin(world, A, B)
    first = (await a.open()).case
    second = (await a.open()).case
    await all_read([a, b], 2)
    await b.do(Step.ACKNOWLEDGE, first)
    await b.do(Step.ACCEPT, first)
    await all_read([a, b], 4)
    return a, b, [first, second]


async def test_what_is_disclosed_opens_these_events_and_no_others(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, b, (first, _) = await two_cases(world)
        made = await disclosed(b, wanted(case=first))
        assert (made.events, made.closed) == (3, 0)
        disclosure = DISCLOSURE_STATEMENT.verify(
            made.signed.disclosure, made.signed.signature, world.keys[B].signing.public
        )
        assert (disclosure.office, disclosure.link) == (B, LINK)
        assert [event.position for event in disclosure.events] == [0, 2, 3]
        held = cluster.partition(TopicPartition(exchange_topic(CORRIDOR), 0)).records
        for event in disclosure.events:
            envelope = ENVELOPE.decode(held[event.position].value or b"")
            opened = open_disclosed(LINK, envelope, event)
            assert opened.content.on == date(2025, 2, 20)
        others = [ENVELOPE.decode(one.value or b"") for one in held]
        for event in disclosure.events:
            for position, envelope in enumerate(others):
                if position != event.position:
                    with pytest.raises(Unopenable):
                        open_disclosed(LINK, envelope, event)
        # Neither the case's key nor an office's summary key is in it.
        for agent in (a, b):
            key = agent.content_key(first)
            assert key is not None
            assert key.secret not in made.signed.disclosure
            for envelope in others:
                header = HEADER.decode(envelope.header)
                keyring = agent.agent.office.keyring.of(LINK)
                summary_key = keyring.summary_key(header.summary_key_id)
                assert summary_key is not None
                assert summary_key.secret not in made.signed.disclosure


async def test_who_disclosed_what_to_whom_and_why_is_in_the_journal(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, _, (first, _) = await two_cases(world)
        made = await disclosed(a, wanted(case=first))
        (entry,) = await entries(a)
        assert (entry.actor, entry.link, entry.case) == ("chief", LINK, first)
        note = msgspec.msgpack.decode(entry.detail, type=DisclosureNote)
        assert (note.reason, note.recipient) == ("fictional order 12", "fictional inspector")
        assert note.digest == sha256(encode(made.signed)).digest()
        disclosure = DISCLOSURE_STATEMENT.verify(
            made.signed.disclosure, made.signed.signature, world.keys[A].signing.public
        )
        assert note.events == tuple(event.event for event in disclosure.events)


async def test_events_are_chosen_by_id_or_by_business_date(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, _, _ = await two_cases(world)
        day = date(2025, 2, 20)
        whole = await disclosed(a, wanted(period=(day, day)))
        assert whole.events == 4
        events = DISCLOSURE_STATEMENT.verify(
            whole.signed.disclosure, whole.signed.signature, world.keys[A].signing.public
        ).events
        one = await disclosed(a, wanted(events=(EventId(events[2].event),)))
        assert DISCLOSURE_STATEMENT.verify(
            one.signed.disclosure, one.signed.signature, world.keys[A].signing.public
        ).events == (events[2],)


async def test_what_is_not_here_is_refused_and_leaves_no_trace(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, _, _ = await two_cases(world)
        for what in (
            wanted(events=(EventId(bytes(32)),)),
            wanted(period=(date(2020, 1, 1), date(2020, 12, 31))),
        ):
            with pytest.raises(DisclosureRefused, match="is open here"):
                await disclosed(a, what)
        assert await entries(a) == []


async def opens_with(agent: RunningAgent, dispatch: Dispatch) -> CaseId:
    """Opens a case with this document, and waits until the agent itself has read it."""
    size = agent.desk().size
    kind, step = Kind.VERIFICATION_REQUEST, Step.OPEN
    body = body_from_json(kind, step, dict(REQUEST))
    command = Command(kind=kind, step=step, on=date(2025, 2, 20), body=body, dispatch=dispatch)
    accepted = await agent.agent.submit(OfficeCommand(LINK, None, command, "officer"))
    await agent.read(size + 1)
    return accepted.case


async def test_what_another_office_marked_h2_is_disclosed_only_to_whom_that_office_permits(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    strict = Dispatch(subject="(fictional)", handling=HandlingCode.H2)
    caveat = "Fictional  Inspector; somebody else"
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, b = await begin(world, A, B)
        closed = await opens_with(a, strict)
        permitted = await opens_with(a, msgspec.structs.replace(strict, onward_caveat=caveat))
        await all_read([a, b], 2)
        with pytest.raises(DisclosureRefused, match="whose onward caveat names") as refused:
            await disclosed(b, wanted(case=closed))
        assert refused.value.reason == "onward_not_permitted"
        assert await entries(b) == []
        assert (await disclosed(b, wanted(case=permitted))).events == 1
        with pytest.raises(DisclosureRefused):
            await disclosed(b, wanted(case=permitted, recipient="anybody"))
        assert (await disclosed(b, wanted(case=closed, recipient=A))).events == 1
        assert (await disclosed(a, wanted(case=closed))).events == 1, "its own it may disclose"
        shown = await history(b, permitted)
        assert shown.events[0].handling == (
            "H2: not to be passed on without the provider's permission",
            f"Passing on: {caveat}",
        )


async def test_another_log_than_the_office_has_read_is_not_disclosed(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, _, (first, _) = await two_cases(world)
        held = cluster.partition(TopicPartition(exchange_topic(CORRIDOR), 0)).records
        held[2] = msgspec.structs.replace(held[2], value=held[3].value)
        with pytest.raises(DisclosureRefused, match="another record at 2"):
            await disclosed(a, wanted(case=first))
        assert await entries(a) == []


async def test_a_disclosure_that_was_altered_is_not_the_offices(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, _, (first, _) = await two_cases(world)
        made = await disclosed(a, wanted(case=first))
        forged = msgspec.structs.replace(
            made.signed, disclosure=made.signed.disclosure[:-1] + b"\0"
        )
        with pytest.raises(InvalidSignature):
            DISCLOSURE_STATEMENT.verify(
                forged.disclosure, forged.signature, world.keys[A].signing.public
            )


async def test_the_command_writes_a_file_for_its_owner_alone_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster = MemoryCluster()
    async with two_offices(tmp_path, lambda: MemoryLog(cluster)) as world:
        a, _, (first, _) = await two_cases(world)
        server = await serve(
            office_api(a.agent, socket_is_office=True), socket_file=tmp_path / API_SOCKET
        )
        config, made = tmp_path / "agent.toml", tmp_path / "made"

        def command(*more: str) -> int:
            (tmp_path / "a.db").touch()
            config.write_text(
                f'office = "{A}"\n[store]\npath = "a.db"\nkey = "a.key"\n[trust.pins]\n'
                '[kafka]\nbootstrap = "127.0.0.1:1"\n'
            )
            told = ["--reason", "fictional", "--for", "nobody", "--actor", "chief"]
            return run(
                [
                    "agent",
                    "disclose",
                    "--config",
                    str(config),
                    "--link",
                    LINK,
                    *told,
                    "--output",
                    str(made),
                    *more,
                ]
            )

        try:
            assert await asyncio.to_thread(command, "--case", "ab" * 32) == 1
            assert "nothing was disclosed: none of the 0" in capsys.readouterr().err
            assert await asyncio.to_thread(command, "--case", first.hex()) == 0
            assert "opens 3 events" in capsys.readouterr().out
            assert await asyncio.to_thread(command, "--from", "2025-02-20") == 2
        finally:
            await server.stop()
        signed = SIGNED_DISCLOSURE.decode(await asyncio.to_thread(made.read_bytes))
        assert (
            len(
                DISCLOSURE_STATEMENT.verify(
                    signed.disclosure, signed.signature, world.keys[A].signing.public
                ).events
            )
            == 3
        )
        mode = (await asyncio.to_thread(made.stat)).st_mode
        assert mode & 0o777 == 0o600
        assert [entry.actor for entry in await entries(a)] == ["chief"]
