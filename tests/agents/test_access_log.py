"""Who saw, sent, exported and was refused: the journal says it, and its heads."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest

from blo_agent.store.connection import Snapshot
from blo_agent.store.tables import journal
from blo_audit.journal import Anchor, anchors_of, audit_journal
from blo_audit.replay.from_log import accepted_heads, read_heads
from blo_log.port import Log
from blo_schemas.journal import NamedPerson, named_person
from blo_schemas.journal_file import read_head
from blo_schemas.reports import signed_report
from blo_schemas.summary import Step
from tests.agents.test_api import Client, two_clients
from tests.agents.world import LINK, REQUEST, A, RunningAgent
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.slow

CHIEF = "Nguyễn Văn A (fictional)"


async def written(running: RunningAgent) -> list[tuple[str, str]]:
    """Who did what, as the store has it."""

    def query(snapshot: Snapshot) -> list[tuple[str, str]]:
        return [(entry.actor, entry.action) for entry in journal.entries(snapshot)]

    return await running.agent.store.read(query)


async def fetch(client: Client, path: str, actor: str) -> bytes:
    """What the API answers to somebody, as it is."""
    headers = {"Blo-Actor": quote(actor)}
    request = Request(client.url + path, headers=headers)

    def call() -> bytes:
        with urlopen(request, timeout=PATIENCE_S) as answer:
            data: bytes = answer.read()
            return data

    return await asyncio.to_thread(call)


async def test_who_opens_a_case_is_noted_and_a_list_of_cases_shows_no_contents(
    tmp_path: Path,
) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        case = await a.opened()
        await a.running.read(1)
        await fetch(a, f"/v1/links/{LINK}/cases/{case}", CHIEF)
        await a.ask(f"/v1/links/{LINK}/cases/{case}")
        listed = json.loads(await fetch(a, "/v1/cases", CHIEF))["cases"]
        assert not [one for one in listed if "fields" in one or "dispatch" in one]
        assert await written(a.running) == [
            ("duty-officer", "submit open"),
            (CHIEF, "view case"),
            ("duty-officer", "view case"),
        ]
        entries = await a.running.ask(lambda tx: list(journal.entries(tx)))
        assert {(one.link, (one.case or b"").hex()) for one in entries[1:3]} == {(LINK, case)}


async def test_a_case_that_is_not_known_leaves_no_entry(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        assert (await a.ask(f"/v1/links/{LINK}/cases/{'0' * 64}"))[0] == 404
        assert await written(a.running) == []


async def test_a_name_that_was_typed_is_told_as_typed_by_whoever_typed_it(
    tmp_path: Path,
) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        status, answer = await a.command(
            kind="verification_request",
            step="open",
            fields=REQUEST,
            dispatch={"subject": "fictional", "drafter": "Trần B (fictional)", "signer": CHIEF},
            actor="clerk",
        )
        assert status == 201
        assert await written(a.running) == [
            ("clerk", "names as drafter"),
            ("clerk", "names as signer"),
            ("clerk", "submit open"),
        ]
        entries = await a.running.ask(lambda tx: list(journal.entries(tx)))
        event = bytes.fromhex(answer["event"])
        assert [named_person(one) for one in entries] == [
            NamedPerson(event, Step.OPEN, "Trần B (fictional)"),
            NamedPerson(event, Step.OPEN, CHIEF),
            None,
        ]


async def test_an_exported_journal_fits_the_heads_of_its_office_and_a_changed_one_does_not(
    tmp_path: Path,
) -> None:
    async with two_clients(tmp_path) as (world, a, b):
        case = await a.opened()
        await a.command(
            case=case, step="answer", fields={"text": "x"}, dispatch={"subject": "fictional"}
        )
        await b.running.read(1)
        office = b.running.agent.office
        await b.running.until(lambda: (LINK, A) in office.heads)
        await b.running.until(lambda: office.heads[LINK, A].size == 1)
        data = await fetch(a, "/v1/journal", "auditor")
        anchors = await _anchors(world.connect(), b.running)
        audited = audit_journal(data, anchors)
        assert list(audited.findings) == []
        assert audited.anchored >= 1
        assert read_head(data).journal == A
        assert [(one.actor, one.action) for one in audited.entries] == [
            ("duty-officer", "submit open"),
            ("duty-officer", "refused answer"),
            ("auditor", "export journal"),
        ]
        assert await written(a.running) == [(one.actor, one.action) for one in audited.entries]
        lines = data.split(b"\n")
        without_first = b"\n".join([lines[0], *lines[2:]])
        assert list(audit_journal(without_first, anchors).findings)


async def _anchors(log: Log, reader: RunningAgent) -> list[Anchor]:
    directory = reader.agent.office.directory
    try:
        found = accepted_heads(await read_heads(log, directory), directory)
    finally:
        await log.close()
    assert found
    return anchors_of(found, A)


async def test_a_report_goes_its_way_through_the_api(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        await a.opened()
        await a.running.read(1)
        year = {"first": "2024-11-01", "last": "2025-10-31", "actor": "officer"}
        status, made = await a.ask("/v1/reports", year)
        assert (status, made["state"]) == (201, "compute")
        path = f"/v1/reports/{made['digest']}"
        status, answer = await a.ask(f"{path}/review", {"actor": "officer"})
        assert (status, answer["type"]) == (409, "/problems/own_work")
        assert "somebody else" in answer["detail"]
        for act, actor in (("review", "deputy"), ("sign", CHIEF), ("freeze", CHIEF)):
            status, answer = await a.ask(f"{path}/{act}", {"actor": actor})
            assert (status, answer["state"]) == (200, act)
        status, listed = await a.ask("/v1/reports")
        assert [one["digest"] for one in listed] == [made["digest"]]
        signed = signed_report(await fetch(a, path, "auditor"))
        assert [step.by for step in signed.frozen.steps] == ["officer", "deputy", CHIEF, CHIEF]
        status, compared = await a.ask(f"{path}/compare", {"actor": "auditor"})
        assert (status, compared["reproduced"]) == (200, True)
        assert (await written(a.running))[1:] == [
            ("officer", "report compute"),
            ("officer", "refused report review"),
            ("deputy", "report review"),
            (CHIEF, "report sign"),
            (CHIEF, "report freeze"),
            ("auditor", "report export"),
            ("auditor", "report compare"),
        ]


async def test_a_request_about_a_report_that_makes_no_sense_says_what_was_expected(
    tmp_path: Path,
) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        year = {"first": "2025-10-31", "last": "2024-11-01", "actor": "officer"}
        status, answer = await a.ask("/v1/reports", year)
        assert (status, "lies before" in answer["detail"]) == (400, True)
        unknown = f"/v1/reports/{'0' * 64}"
        assert (await a.ask(unknown))[0] == 404
        status, answer = await a.ask(f"{unknown}/shred", {"actor": "officer"})
        assert (status, "the steps are review, sign, freeze" in answer["detail"]) == (404, True)
        assert (await a.ask("/v1/reports/xyz/review", {"actor": "officer"}))[0] == 400
        status, answer = await a.ask(f"{unknown}/review", {})
        assert (status, "actor" in answer["detail"]) == (400, True)


async def test_a_long_name_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    async with two_clients(tmp_path) as (_, a, _b):
        await a.opened()
        with pytest.raises(HTTPError) as refused:
            await fetch(a, "/v1/journal", "x" * 65)
        with refused.value as answer:
            assert answer.code == 400
            assert b"64 characters at most" in answer.read()
        assert await written(a.running) == [("duty-officer", "submit open")]
