"""A draft's way to the log: who may do what with it, and that exactly what was approved is sealed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from blo_agent.commands.accept import Accepted, CommandRefused
from blo_agent.drafts import approve, lifecycle, policy
from blo_agent.drafts.errors import DraftRefusal, DraftStepRefused
from blo_agent.drafts.rows import known_draft
from blo_agent.people.access import AT_NODE, Actor, actor_of
from blo_agent.people.accounts import add_person
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import drafts, events, journal, people
from blo_agent.store.tables.drafts import DraftRow
from blo_audit.approvals import ApprovalAudit
from blo_audit.findings.findings import Findings
from blo_domain.commands import Command
from blo_domain.people.approval import ApprovedStep, command_of, drafted_step
from blo_domain.people.drafts import DraftState
from blo_schemas.approvals import (
    ADD_PASSKEY,
    APPROVAL,
    SENT_DRAFT,
    DraftedStep,
    SecondFactor,
    approval_challenge,
    drafted_step_digest,
)
from blo_schemas.bodies import body_from_json
from blo_schemas.content import CONTENT, Dispatch
from blo_schemas.ids import CaseId
from blo_schemas.people import OfficeRole
from blo_schemas.summary import Kind, Step
from blo_sealing.one_time_codes import STEP_S, code_at, new_secret
from blo_sealing.passkeys import RelyingParty, verify_assertion
from tests.agents.started import both_up, opened_case
from tests.agents.world import ANSWER, LINK, NOW, REQUEST, A, RunningAgent
from tests.people.authenticator import Authenticator
from tests.people.staff import member, refuses

T = TypeVar("T")
PARTY = RelyingParty("localhost", "http://localhost:8443")


class Bureau:
    """An office with a chief who has a passkey, a duty officer and another one."""

    def __init__(self, agent: RunningAgent) -> None:
        self.agent = agent
        self.store = agent.agent.store
        self.key = Authenticator(PARTY)

    async def staff(self) -> None:
        await self.add("chief", OfficeRole.CHIEF)
        chief = await self.actor("chief")
        for person in ("duty", "other"):
            await self.add(person, OfficeRole.DUTY_OFFICER, by=chief)
        await self.add("auditor", OfficeRole.OFFICE_AUDITOR, by=chief)
        await self.passkey("chief", self.key)

    async def add(self, person: str, *roles: OfficeRole, by: Actor = AT_NODE) -> None:
        await self.write(partial(add_person, by, member(person, *roles), NOW))

    async def passkey(self, person: str, key: Authenticator) -> None:
        row = people.Passkey(key.credential, person, key.public_key, 0, "key", NOW)

        def add(tx: Transaction) -> None:
            people.add_passkey(tx, row)
            detail = key.credential + key.public_key
            journal.append(tx, at=NOW, actor=person, action=ADD_PASSKEY, detail=detail)

        await self.write(add)

    async def actor(self, person: str) -> Actor:
        actor = await self.store.read(lambda snapshot: actor_of(snapshot, person, NOW))
        assert actor is not None
        return actor

    async def write(self, job: Callable[[Transaction], T]) -> T:
        return await self.store.write(job)

    async def begin(self, by: str = "duty", case: CaseId | None = None) -> DraftRow:
        actor = await self.actor(by)
        return await self.write(partial(lifecycle.begin, actor, LINK, case, b"{}", NOW))

    async def edit(self, row: DraftRow, by: str, request: bytes = b'{"a":1}') -> DraftRow:
        actor = await self.actor(by)
        return await self.write(partial(lifecycle.edit, actor, row.id, row.revision, request, NOW))

    async def submit(self, row: DraftRow, step: DraftedStep, by: str = "duty") -> DraftRow:
        actor = await self.actor(by)
        return await self.write(partial(lifecycle.submit, actor, row.id, row.revision, step, NOW))

    async def approve(
        self, row: DraftRow, by: str = "chief", key: Authenticator | None = None
    ) -> DraftRow:
        actor = await self.actor(by)
        proof = (key or self.key).sign(approve.challenge_of(row))
        return await self.write(
            partial(approve.approve, actor, row.id, row.revision, proof, PARTY, NOW)
        )

    async def send(
        self, row: DraftRow, step: DraftedStep | None = None, by: str = "duty"
    ) -> Accepted:
        actor = await self.actor(by)
        office = self.agent.agent.office
        return await self.write(
            partial(lifecycle.send, office, actor, row.id, row.revision, step, NOW)
        )

    async def stored(self, row: DraftRow) -> DraftRow:
        return await self.store.read(lambda snapshot: known_draft(snapshot, row.id))

    async def journal(self) -> list[tuple[str, str, bytes]]:
        rows = await self.store.read(lambda snapshot: list(journal.entries(snapshot)))
        return [(row.actor, row.action, row.detail) for row in rows]


def drafted(
    step: Step, case: CaseId | None, fields: Mapping[str, object] | None = None
) -> DraftedStep:
    """A step of a verification request, as it would be sealed."""
    has_dispatch = step in (Step.OPEN, Step.ANSWER)
    command = Command(
        kind=Kind.VERIFICATION_REQUEST,
        step=step,
        on=date(2025, 2, 20),
        body=body_from_json(Kind.VERIFICATION_REQUEST, step, dict(fields or {})),
        dispatch=Dispatch(subject="(fictional) a fictional person") if has_dispatch else None,
    )
    return drafted_step(A, LINK, case, command)


def opening(subject: str = "(fictional) Nguyen Van A") -> DraftedStep:
    """Opens a case."""
    return drafted(Step.OPEN, None, {**REQUEST, "subject": subject})


@pytest.fixture
async def bureau(tmp_path: Path) -> AsyncIterator[Bureau]:
    async with both_up(tmp_path) as (_, a, _):
        made = Bureau(a)
        await made.staff()
        yield made


async def test_a_step_goes_from_draft_over_approval_to_the_log(bureau: Bureau) -> None:
    row = await bureau.begin()
    row = await bureau.edit(row, "duty", b'{"step":"open"}')
    step = opening()
    row = await bureau.submit(row, step)
    row = await bureau.approve(row)
    accepted = await bureau.send(row)
    sent = await bureau.stored(row)
    assert (sent.state, sent.event) == (DraftState.SENT, accepted.event)
    await bureau.agent.read(1)
    event = await bureau.store.read(lambda s: events.get(s, accepted.event))
    assert event is not None
    assert event.content is not None
    content = CONTENT.decode(event.content)
    assert (content.body, content.on) == (step.body, step.on)
    acts = [(actor, action) for actor, action, _ in await bureau.journal()]
    assert [act for act in acts if act[0] in ("duty", "chief")][-4:] == [
        ("duty", "submit draft"),
        ("chief", "approve by passkey"),
        ("duty", "submit open"),
        ("duty", "send draft"),
    ]


async def test_the_journal_proves_the_approval_to_somebody_without_the_store(
    bureau: Bureau,
) -> None:
    step = opening()
    row = await bureau.approve(await bureau.submit(await bureau.begin(), step))
    accepted = await bureau.send(row)
    details = {action: detail for _, action, detail in await bureau.journal()}
    approval = APPROVAL.decode(details["approve by passkey"])
    sent = SENT_DRAFT.decode(details["send draft"])
    assert sent.event == accepted.event
    assert sent.digest == approval.digest == drafted_step_digest(step)
    assert (approval.approver, approval.authors) == ("chief", ("duty",))
    assert approval.factor is SecondFactor.PASSKEY
    assert approval.passkey is not None
    challenge = approval_challenge(approval.draft, approval.revision, approval.digest)
    verify_assertion(approval.passkey, challenge)
    findings = Findings()
    audit = ApprovalAudit(findings)
    audit.read(await bureau.store.read(lambda snapshot: list(journal.entries(snapshot))))
    assert list(findings) == []
    assert (audit.sent, audit.proved) == (1, 1)


async def test_nothing_is_sealed_before_its_approval(bureau: Bureau) -> None:
    row = await bureau.begin()
    with pytest.raises(DraftStepRefused, match="needs approval"):
        await bureau.send(row, opening())
    row = await bureau.submit(row, opening())
    with pytest.raises(DraftStepRefused):
        await bureau.send(row, opening("another subject"))
    assert (await bureau.stored(row)).event is None


async def test_what_is_sealed_is_what_was_approved_whatever_the_sender_says(
    bureau: Bureau,
) -> None:
    row = await bureau.approve(await bureau.submit(await bureau.begin(), opening()))
    accepted = await bureau.send(row, opening("another subject"))
    await bureau.agent.read(1)
    event = await bureau.store.read(lambda s: events.get(s, accepted.event))
    assert event is not None
    assert event.content is not None
    assert CONTENT.decode(event.content).body == opening().body


async def test_whoever_wrote_in_it_does_not_approve_it(bureau: Bureau) -> None:
    row = await bureau.edit(await bureau.begin(), "chief")
    row = await bureau.submit(row, opening())
    with refuses("not_allowed") as raised:
        await bureau.approve(row)
    assert "drafted or edited" in raised.value.words


async def test_only_a_chief_approves_and_an_auditor_drafts_nothing(bureau: Bureau) -> None:
    row = await bureau.submit(await bureau.begin(), opening())
    for person in ("duty", "other", "auditor"):
        with refuses("not_allowed"):
            await bureau.approve(row, person)
    with refuses("not_allowed"):
        await bureau.begin("auditor")
    with refuses("not_allowed"):
        await bureau.write(partial(lifecycle.begin, AT_NODE, LINK, None, b"{}", NOW))


async def test_an_approval_is_for_one_revision_of_one_draft(bureau: Bureau) -> None:
    chief = await bureau.actor("chief")
    row = await bureau.submit(await bureau.begin(), opening())
    proof = bureau.key.sign(approve.challenge_of(row))
    row = await bureau.write(
        partial(approve.return_to_author, chief, row.id, row.revision, "fictional reason", NOW)
    )
    row = await bureau.submit(row, opening())
    other = await bureau.submit(await bureau.begin(), opening())
    for target in (row, other):
        with refuses("code_refused"):
            await bureau.write(
                partial(approve.approve, chief, target.id, target.revision, proof, PARTY, NOW)
            )


async def test_an_approval_needs_the_approver_s_own_passkey(bureau: Bureau) -> None:
    duty_key = Authenticator(PARTY)
    await bureau.passkey("duty", duty_key)
    row = await bureau.submit(await bureau.begin(), opening())
    for key in (duty_key, Authenticator(PARTY)):
        with refuses("code_refused"):
            await bureau.approve(row, key=key)
    assert (await bureau.stored(row)).state is DraftState.SUBMITTED


async def test_a_one_time_code_approves_once_and_the_journal_says_that_it_was_one(
    bureau: Bureau,
) -> None:
    secret = new_secret()

    def give(tx: Transaction) -> None:
        account = people.get(tx, "chief")
        assert account is not None
        people.put(tx, account._replace(totp=secret))

    await bureau.write(give)
    chief = await bureau.actor("chief")
    code = code_at(secret, NOW // 1000 // STEP_S)
    row = await bureau.submit(await bureau.begin(), opening())
    await bureau.write(partial(approve.approve, chief, row.id, row.revision, code, PARTY, NOW))
    second = await bureau.submit(await bureau.begin(), opening())
    with refuses("code_refused"):
        await bureau.write(
            partial(approve.approve, chief, second.id, second.revision, code, PARTY, NOW)
        )
    details = {action: detail for _, action, detail in await bureau.journal()}
    approval = APPROVAL.decode(details["approve by totp"])
    assert (approval.factor, approval.passkey) == (SecondFactor.TOTP, None)


async def test_two_writers_get_both_versions(bureau: Bureau) -> None:
    row = await bureau.begin()
    newer = await bureau.edit(row, "other", b'{"mine":1}')
    with pytest.raises(DraftStepRefused) as raised:
        await bureau.edit(row, "duty", b'{"mine":2}')
    assert raised.value.reason == DraftRefusal.CONFLICT
    assert raised.value.current == newer
    assert newer.authors == ("duty", "other")


async def test_what_is_submitted_is_not_edited_until_it_is_taken_back(bureau: Bureau) -> None:
    row = await bureau.submit(await bureau.begin(), opening())
    with pytest.raises(DraftStepRefused, match="not possible now"):
        await bureau.edit(row, "duty")
    other, duty = await bureau.actor("other"), await bureau.actor("duty")
    with refuses("not_allowed"):
        await bureau.write(partial(lifecycle.take_back, other, row.id, row.revision, NOW))
    approved = await bureau.approve(row)
    back = await bureau.write(partial(lifecycle.take_back, duty, row.id, approved.revision, NOW))
    assert (back.state, back.approval) == (DraftState.DRAFT, None)
    with pytest.raises(DraftStepRefused, match="needs approval"):
        await bureau.send(back, opening())


async def test_a_routine_step_is_sent_without_approval(bureau: Bureau) -> None:
    case = await opened_case(bureau.agent)
    row = await bureau.begin(case=case)
    step = drafted(Step.URGE, case)
    with pytest.raises(DraftStepRefused, match="needs no approval"):
        await bureau.submit(row, step)
    accepted = await bureau.send(row, step)
    assert accepted.case == case


async def test_a_step_that_is_not_possible_leaves_the_draft_as_it_was(bureau: Bureau) -> None:
    case = await opened_case(bureau.agent)
    row = await bureau.begin(case=case)
    step = drafted(Step.ANSWER, case, ANSWER)
    row = await bureau.approve(await bureau.submit(row, step))
    with pytest.raises(CommandRefused):
        await bureau.send(row)
    assert await bureau.stored(row) == row


async def test_a_chief_sets_the_policy_and_nobody_else(bureau: Bureau) -> None:
    chief, duty = await bureau.actor("chief"), await bureau.actor("duty")
    urging = frozenset({ApprovedStep(Kind.VERIFICATION_REQUEST, Step.URGE)})
    with refuses("not_allowed"):
        await bureau.write(partial(policy.set_policy, duty, urging, NOW))
    await bureau.write(partial(policy.set_policy, chief, urging, NOW))
    assert await bureau.store.read(policy.office_policy) == urging
    row = await bureau.begin()
    accepted = await bureau.send(row, opening())
    await bureau.agent.read(1)
    row = await bureau.begin(case=accepted.case)
    urge = drafted(Step.URGE, accepted.case)
    with pytest.raises(DraftStepRefused, match="needs approval"):
        await bureau.send(row, urge)


async def test_drafts_have_bounds(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    row = await bureau.begin()
    with pytest.raises(DraftStepRefused) as raised:
        await bureau.edit(row, "duty", b"x" * (lifecycle.MAX_REQUEST + 1))
    assert raised.value.reason == DraftRefusal.TOO_LARGE
    monkeypatch.setattr(lifecycle, "MOST_OPEN", 1)
    with pytest.raises(DraftStepRefused) as raised:
        await bureau.begin()
    assert raised.value.reason == DraftRefusal.TOO_MANY
    duty = await bureau.actor("duty")
    gone = await bureau.write(partial(lifecycle.discard, duty, row.id, row.revision, NOW))
    assert (gone.state, gone.request) == (DraftState.DISCARDED, b"{}")
    await bureau.begin()
    with pytest.raises(DraftStepRefused) as raised:
        await bureau.store.read(lambda s: known_draft(s, bytes(16)))
    assert raised.value.reason == DraftRefusal.UNKNOWN_DRAFT


async def test_a_return_needs_words(bureau: Bureau) -> None:
    row = await bureau.submit(await bureau.begin(), opening())
    chief = await bureau.actor("chief")
    for words in ("", "  ", "x" * (approve.MAX_REASON + 1)):
        with pytest.raises(DraftStepRefused) as raised:
            await bureau.write(
                partial(approve.return_to_author, chief, row.id, row.revision, words, NOW)
            )
        assert raised.value.reason == DraftRefusal.REASON_MISSING


async def test_shredding_forgets_drafts_and_notes_of_the_case(bureau: Bureau) -> None:
    row = await bureau.approve(await bureau.submit(await bureau.begin(), opening()))
    accepted = await bureau.send(row)
    await bureau.agent.read(1)
    await bureau.begin(case=accepted.case)
    await bureau.write(
        lambda tx: drafts.add_note(tx, LINK, accepted.case, "duty", NOW, "fictional note")
    )
    (note,) = await bureau.store.read(lambda s: drafts.notes_of(s, LINK, accepted.case))
    assert note.words == "fictional note"
    await bureau.write(lambda tx: drafts.forget_case(tx, LINK, accepted.case))
    assert await bureau.store.read(lambda s: drafts.notes_of(s, LINK, accepted.case)) == []
    assert await bureau.store.read(lambda s: drafts.get(s, row.id)) is None
    assert await bureau.store.read(lambda s: drafts.of_case(s, LINK, accepted.case)) == []


def test_a_drafted_step_is_the_command_that_it_was_made_of() -> None:
    step = opening()
    again = drafted_step(A, LINK, None, command_of(step))
    assert again == step
    other = msgspec.structs.replace(step, reason="x")
    assert drafted_step_digest(other) != drafted_step_digest(step)
