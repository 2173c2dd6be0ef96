"""Shredding by agreement: who deletes when, what is left, and what is shown of it (ADR 7)."""

from __future__ import annotations

from pathlib import Path

import pytest

from blo_agent.commands.accept import CommandRefused
from blo_agent.store.tables import journal
from blo_log.memory import MemoryCluster
from blo_log.topics import exchange_topic, keys_topic
from blo_schemas.event import ENVELOPE
from blo_schemas.grants import case_grant_record_key
from blo_schemas.ids import KeyId
from blo_schemas.summary import Step
from blo_schemas.views import State
from tests.agents.crashing import agree
from tests.agents.shredded import (
    SUBJECT,
    WHY,
    both_confirm,
    both_consent,
    confirms,
    consents,
    history,
    key_of,
    pages,
    shredded,
    state_of,
    states_on_disk,
    tombstones_sent,
    traces,
    until_scrubbed,
    withdrawn,
)
from tests.agents.started import both_up, three_up
from tests.agents.world import (
    CORRIDOR,
    LINK,
    PROVINCE,
    A,
    B,
    all_read,
)


async def test_the_contents_go_when_both_have_agreed_and_both_sign_that_they_are_gone(
    tmp_path: Path,
) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (_, a, b):
        case = await withdrawn(a, [b])
        assert await key_of(a, case)
        assert await key_of(b, case)
        await consents(a, case)
        await all_read([a, b], 3)
        told = (await history(b, case)).view
        assert told is not None
        assert told.shredding is not None
        assert told.shredding.words == (
            f"Shredding is proposed by {A}; it needs the consent of {B}."
        )
        assert await key_of(a, case), "the office that asks deletes nothing yet"
        assert (await history(a, case)).events[0].content == "opened"
        await consents(b, case)
        await all_read([a, b], 4)
        for one in (a, b):
            assert state_of(one, case) is State.SHREDDING
            assert await key_of(one, case) is None
            assert one.desk().unconfirmed == {case}
        first, second = await confirms(b, case), await confirms(a, case)
        await all_read([a, b], 6)
        for one in (a, b):
            assert state_of(one, case) is State.SHREDDED
            assert one.desk().unconfirmed == set()
            shown = await history(one, case)
            assert [event.content for event in shown.events] == ["shredded"] * 4 + ["none"] * 2
            assert not [event for event in shown.events if event.fields or event.reason or event.on]
            assert shown.view is not None
            assert shown.view.shredding is not None
            signed = [(s.office, s.position, s.event) for s in shown.view.shredding.confirmations]
            assert signed == [(B, 4, first.event.hex()), (A, 5, second.event.hex())]
            assert shown.view.shredding.words.endswith(
                f", confirmed by {B} at position 4 and {A} at position 5."
            )
            assert one.desk().unopened == []
        bare = [
            ENVELOPE.decode(r.value or b"") for r in cluster.records(exchange_topic(CORRIDOR), 0)
        ]
        assert [one.body_ct == b"" for one in bare] == [False] * 4 + [True] * 2
        await agree([a, b])


async def test_the_office_that_made_the_grants_withdraws_them(tmp_path: Path) -> None:
    cluster = MemoryCluster()
    async with both_up(tmp_path, cluster) as (_, a, b):
        case = await shredded(a, b, [])
        last = {record.key: record.value for record in cluster.records(keys_topic(CORRIDOR), 0)}
        assert last[case_grant_record_key(KeyId(case))] is None
        assert [key for key, value in last.items() if value is not None], "summary keys stay"


async def test_nothing_of_a_shredded_case_is_left_in_the_stores(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (world, a, b):
        case = await withdrawn(a, [b])
        key = await key_of(a, case)
        assert key is not None
        await consents(a, case)
        await all_read([a, b], 3)
        for one in (a, b):
            await one.agent.store.checkpoint()
            await one.stop()
        for office in (A, B):
            found = traces(pages(world, office), key)
            assert found[:3] == [key, SUBJECT, WHY.encode()], "this search would find it"
        a, b = await world.agent(A), await world.agent(B)
        await consents(b, case)
        await all_read([a, b], 4)
        await both_confirm(a, b, case)
        for one in (a, b):
            await one.stop()
        for office in (A, B):
            assert traces(pages(world, office), key) == []


async def test_an_office_does_not_confirm_before_older_pages_are_off_its_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with both_up(tmp_path) as (world, a, b):

        async def busy() -> bool:
            return False

        case = await withdrawn(a, [b])
        key = await key_of(a, case)
        assert key is not None
        with monkeypatch.context() as patched:
            patched.setattr(a.agent.store, "checkpoint", busy)
            await consents(a, case)
            await consents(b, case)
            await all_read([a, b], 4)
            await tombstones_sent(a)
            with pytest.raises(CommandRefused, match="older pages") as refused:
                await a.do(Step.CONFIRM_SHREDDING, case)
            assert refused.value.reason == "not_shredded_yet"
            assert any(key in state for state in states_on_disk(world, A)), "the search finds it"
        await until_scrubbed(a)
        assert not any(key in state for state in states_on_disk(world, A))
        await confirms(a, case)


async def test_an_office_does_not_confirm_what_only_its_own_wish_would_make_agreed(
    tmp_path: Path,
) -> None:
    async with both_up(tmp_path) as (_, a, b):
        case = await withdrawn(a, [b])
        await consents(b, case)
        await all_read([a, b], 3)
        await a.line_down()
        await consents(a, case)
        with pytest.raises(CommandRefused, match="consent of every office") as refused:
            await a.do(Step.CONFIRM_SHREDDING, case)
        assert refused.value.reason == "not_shredded_yet"
        assert await key_of(a, case), "nothing is deleted before the log has it"
        a.line_up()
        await all_read([a, b], 4)
        await confirms(a, case)


async def test_a_proposal_that_was_taken_back_deletes_nothing(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (_, a, b):
        case = await withdrawn(a, [b])
        await consents(a, case)
        await a.do(Step.KEEP, case, reason="(fictional) it is needed")
        await all_read([a, b], 4)
        await consents(b, case)
        await all_read([a, b], 5)
        for one in (a, b):
            assert state_of(one, case) is State.WITHDRAWN
            assert await key_of(one, case)
            assert (await history(one, case)).events[0].content == "opened"
        await agree([a, b])


async def test_crossing_proposals_are_an_agreement(tmp_path: Path) -> None:
    async with both_up(tmp_path) as (_, a, b):
        case = await withdrawn(a, [b])
        for one in (a, b):
            await one.line_down()
        for one in (a, b):
            await consents(one, case)
        for one in (a, b):
            one.line_up()
        await all_read([a, b], 4)
        for one in (a, b):
            assert state_of(one, case) is State.SHREDDING
            assert await key_of(one, case) is None
        await agree([a, b])


async def test_a_superior_deletes_too_and_its_journal_and_head_say_so(tmp_path: Path) -> None:
    async with three_up(tmp_path) as (_, a, b, province):
        case = await withdrawn(a, [b, province])
        assert await key_of(province, case)
        await both_consent(a, b, case, [province])
        assert await key_of(province, case) is None
        assert province.desk().unconfirmed == set(), "it has nothing to sign"
        await both_confirm(a, b, case, [province])
        await agree([a, b, province])
        said = await province.ask(
            lambda snapshot: [one for one in journal.entries(snapshot) if one.case == case]
        )
        assert said[0].action == "delete contents"
        assert b"retention_ended" in said[0].detail
        assert WHY.encode() not in said[0].detail
        await a.until(
            lambda: (
                (head := a.agent.office.heads.get((LINK, PROVINCE))) is not None
                and (head.size, head.unopened) == (6, 0)
                and head.view_digest == a.views_digest()
            )
        )
