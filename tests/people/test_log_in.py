"""Logging in: passwords, one-time codes, passkeys, sessions, and too many attempts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import msgspec
import pytest
from argon2 import PasswordHasher

from blo_agent.people import passwords
from blo_agent.people.access import AT_NODE
from blo_agent.people.accounts import disable_person
from blo_agent.people.attempts import FREE_FAILURES, NODE_BURST
from blo_agent.people.log_in import MOST_TICKETS, TICKET_S, Credentials
from blo_agent.people.passwords import hash_password, is_password
from blo_agent.people.sessions import (
    IDLE_MS,
    LONGEST_MS,
    MOST_OF_A_PERSON,
    SessionKeeper,
    end_session,
    open_session,
)
from blo_agent.store.tables import people, sessions
from blo_runtime.clock import ManualClock
from blo_schemas.ids import OfficeId
from blo_schemas.people import OfficeRole
from blo_sealing.one_time_codes import STEP_S, accept_code, code_at
from blo_sealing.passkeys import RelyingParty
from tests.people.authenticator import Authenticator
from tests.people.staff import NOW, PASSWORD, Staff, opened, refuses

REAL = passwords._HASHER
PARTY = RelyingParty("localhost", "http://localhost:8443")


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take a thousandth of the time."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", cheap)
    monkeypatch.setattr(passwords, "_NOBODY", cheap.hash("a password that nobody has"))


class Door:
    """The log-in of an office with a chief and a duty officer, the latter with a password."""

    def __init__(self, staff: Staff) -> None:
        self.staff = staff
        self.clock = ManualClock(NOW)
        self.credentials = Credentials(OfficeId("vn-a"), staff.store, self.clock, PARTY)
        self.sessions = SessionKeeper(staff.store, self.clock)

    def wait(self, seconds: float) -> None:
        self.clock.set(self.clock.now_ms() + round(seconds * 1000))

    async def codes(self, person: str) -> bytes:
        """Gives a person one-time codes; the secret."""
        ticket, address = self.credentials.begin_codes(person)
        assert address.startswith("otpauth://totp/BLO%20vn-a:")
        secret = self.credentials._tickets[ticket].value
        code = code_at(secret, self.clock.now_ms() // 1000 // STEP_S)
        await self.credentials.finish_codes(person, ticket, code)
        return secret

    async def passkey(self, person: str) -> Authenticator:
        """Gives a person a passkey."""
        authenticator = Authenticator(PARTY)
        ticket, challenge = self.credentials.challenge("new passkey", person)
        made = authenticator.register(challenge)
        await self.credentials.add_passkey(person, ticket, "key", *made)
        return authenticator


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    with opened(tmp_path) as store:
        staff = Staff(store)
        staff.add("chief", OfficeRole.CHIEF)
        token = staff.add("duty", OfficeRole.DUTY_OFFICER, by=staff.actor("chief"))
        made = Door(staff)
        assert await made.credentials.choose_password(token, PASSWORD) == "duty"
        yield made


async def test_a_one_time_link_counts_once_and_for_a_day(door: Door) -> None:
    chief = door.staff.actor("chief")
    first = door.staff.add("late", OfficeRole.DUTY_OFFICER, by=chief)
    second = door.staff.add("later", OfficeRole.DUTY_OFFICER, by=chief)
    await door.credentials.choose_password(first, PASSWORD)
    with refuses("link_expired"):
        await door.credentials.choose_password(first, PASSWORD)
    door.wait(24 * 3600)
    with refuses("link_expired"):
        await door.credentials.choose_password(second, PASSWORD)


async def test_name_and_password_open_a_session(door: Door) -> None:
    step = await door.credentials.begin(" DUTY ", PASSWORD, "browser")
    assert step.opened is not None
    session = await door.sessions.find(step.opened.token)
    assert session.actor.person == "duty"
    assert session.row.factor == "password"
    assert ("duty", "log in by password") in door.staff.journal()


async def test_unknown_name_wrong_password_and_ended_account_get_the_same_words(door: Door) -> None:
    door.staff.add("gone", OfficeRole.DUTY_OFFICER, by=door.staff.actor("chief"))
    chief = door.staff.actor("chief")
    door.staff.write(lambda tx: disable_person(chief, "gone", NOW, tx))
    words = set()
    for person in ("duty", "nobody", "gone", "chief", "\u202e", "x" * 5000):
        with refuses("log_in_failed") as raised:
            await door.credentials.begin(person, "wrong password", "browser")
        words.add(raised.value.words)
    assert len(words) == 1
    assert ("somebody", "refused: log in") in door.staff.journal()
    assert not any("x" * 100 in actor for actor, _ in door.staff.journal())


async def test_an_account_waits_after_failures_and_is_never_locked(door: Door) -> None:
    for _ in range(FREE_FAILURES):
        with refuses("log_in_failed"):
            await door.credentials.begin("duty", "wrong password", "b")
    with refuses("too_many_attempts"):
        await door.credentials.begin("duty", PASSWORD, "b")
    door.wait(60)
    assert (await door.credentials.begin("duty", PASSWORD, "b")).opened is not None
    assert (await door.credentials.begin("duty", PASSWORD, "b")).opened is not None


async def test_the_node_bounds_attempts_over_all_names(door: Door) -> None:
    for number in range(NODE_BURST):
        with refuses("log_in_failed"):
            await door.credentials.begin(f"name-{number}", "wrong password", "b")
    with refuses("too_many_attempts"):
        await door.credentials.begin("another", "wrong password", "b")
    door.wait(2)
    with refuses("log_in_failed"):
        await door.credentials.begin("another", "wrong password", "b")


async def test_a_passkey_log_in_does_not_wait_for_somebody_s_guesses(door: Door) -> None:
    authenticator = await door.passkey("duty")
    for _ in range(FREE_FAILURES):
        with refuses("log_in_failed"):
            await door.credentials.begin("duty", "wrong password", "b")
    ticket, challenge = door.credentials.challenge("passkey")
    session = await door.credentials.finish_passkey(ticket, authenticator.sign(challenge), "b")
    assert session.row.factor == "passkey"


async def test_one_time_codes_count_once_each(door: Door) -> None:
    secret = await door.codes("duty")
    step = await door.credentials.begin("duty", PASSWORD, "b")
    assert (step.opened, step.factors) == (None, ("totp",))
    present = door.clock.now_ms() // 1000 // STEP_S
    with refuses("log_in_failed"):  # Used up when the codes were added.
        await door.credentials.finish_code(step.ticket, code_at(secret, present), "b")
    code = code_at(secret, present + 1)
    opened_session = await door.credentials.finish_code(step.ticket, code, "b")
    assert opened_session.row.factor == "totp"
    with refuses("link_expired"):
        await door.credentials.finish_code(step.ticket, code, "b")
    again = await door.credentials.begin("duty", PASSWORD, "b")
    with refuses("log_in_failed"):
        await door.credentials.finish_code(again.ticket, code, "b")


def test_codes_are_those_of_rfc_6238() -> None:
    secret = b"12345678901234567890"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert code_at(secret, seconds // STEP_S) == code
        assert accept_code(secret, f"{code[:3]} {code[3:]}", seconds * 1000, 0) == seconds // STEP_S
    assert accept_code(secret, "287082", 59_000 + 61_000, 0) is None
    for junk in ("", "abc", "１２３４５６", "287082\0", "9" * 1000):
        assert accept_code(secret, junk, 59_000, 0) is None


async def test_a_wrong_first_code_adds_nothing(door: Door) -> None:
    ticket, _ = door.credentials.begin_codes("duty")
    with refuses("code_refused"):
        await door.credentials.finish_codes("duty", ticket, "000000")
    with refuses("link_expired"):
        await door.credentials.finish_codes("chief", ticket, "000000")


async def test_a_passkey_counts_for_its_person_challenge_and_counter(door: Door) -> None:
    authenticator = await door.passkey("duty")
    ticket, challenge = door.credentials.challenge("passkey")
    answer = authenticator.sign(challenge)
    await door.credentials.finish_passkey(ticket, answer, "b")
    with refuses("link_expired"):
        await door.credentials.finish_passkey(ticket, answer, "b")
    other, _ = door.credentials.challenge("passkey")
    with refuses("code_refused"):
        await door.credentials.finish_passkey(other, answer, "b")
    late, challenge = door.credentials.challenge("passkey")
    authenticator.counter = 0
    with refuses("code_refused"):  # A counter that went back: somebody has copied the key.
        await door.credentials.finish_passkey(late, authenticator.sign(challenge), "b")
    stranger, challenge = door.credentials.challenge("passkey")
    with refuses("log_in_failed"):
        await door.credentials.finish_passkey(stranger, Authenticator(PARTY).sign(challenge), "b")


@pytest.mark.parametrize(
    "change",
    [
        {"signature": b"x"},
        {"client_data": b"{}"},
        {"client_data": b"\xff"},
        {"authenticator_data": b"x"},
        {"public_key": b"x"},
        {"rp_id": "elsewhere"},
        {"origin": "http://elsewhere"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_an_altered_answer_of_a_passkey_is_refused(
    door: Door, change: dict[str, bytes | str]
) -> None:
    authenticator = await door.passkey("duty")
    ticket, challenge = door.credentials.challenge("passkey")
    answer = msgspec.structs.replace(authenticator.sign(challenge), **change)
    with refuses("code_refused"):
        await door.credentials.finish_passkey(ticket, answer, "b")


async def test_a_passkey_that_did_not_verify_its_user_is_refused(door: Door) -> None:
    careless = Authenticator(PARTY, verifies=False)
    ticket, challenge = door.credentials.challenge("new passkey", "duty")
    with refuses("code_refused"):
        await door.credentials.add_passkey("duty", ticket, "k", *careless.register(challenge))


async def test_a_passkey_is_added_once_and_by_its_person(door: Door) -> None:
    authenticator = await door.passkey("duty")
    ticket, challenge = door.credentials.challenge("new passkey", "chief")
    with refuses("too_many"):
        await door.credentials.add_passkey("chief", ticket, "k", *authenticator.register(challenge))
    ticket, challenge = door.credentials.challenge("new passkey", "chief")
    with refuses("link_expired"):
        fresh = Authenticator(PARTY).register(challenge)
        await door.credentials.add_passkey("duty", ticket, "k", *fresh)


async def test_half_done_log_ins_expire_and_are_bounded(door: Door) -> None:
    ticket, challenge = door.credentials.challenge("passkey")
    door.wait(TICKET_S)
    authenticator = Authenticator(PARTY)
    with refuses("link_expired"):
        await door.credentials.finish_passkey(ticket, authenticator.sign(challenge), "b")
    for _ in range(MOST_TICKETS + 5):
        door.credentials.challenge("passkey")
    assert len(door.credentials._tickets) == MOST_TICKETS


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "a" * 129,
        "aaaaaaaaaaaaaa",
        "Password12345!",
        "qwertyuiop[]",
        "duty-officer-vn-a",
    ],
)
def test_passwords_that_are_tried_first_are_refused(password: str) -> None:
    with refuses("password_refused"):
        hash_password(password, ("duty-officer", "vn-a"))


def test_a_password_is_any_sentence_in_any_script() -> None:
    for password in (
        "một hai ba bốn năm sáu",
        "ຫ້ອງການປະສານງານຊາຍແດນ",
        "a b c d e f g h!",
        PASSWORD,
    ):
        hashed = hash_password(password)
        assert is_password(password, hashed)
        assert not is_password(password + " ", hashed)
    assert is_password("cafe\u0301 au bord du fleuve", hash_password("caf\u00e9 au bord du fleuve"))
    assert not is_password(PASSWORD, None)
    assert not is_password(PASSWORD, "junk")
    assert not is_password("x" * 100_000, hash_password(PASSWORD))


async def test_changing_the_own_password_needs_the_old_one(door: Door) -> None:
    with refuses("log_in_failed"):
        await door.credentials.change_password("duty", "wrong password", "another long sentence")
    await door.credentials.change_password("duty", PASSWORD, "another long sentence")
    assert (await door.credentials.begin("duty", "another long sentence", "b")).opened is not None


async def test_a_session_ends_idle_or_old_or_by_its_owner_or_the_operator(door: Door) -> None:
    def log_in() -> str:
        now = door.clock.now_ms()
        made = door.staff.write(lambda tx: open_session("duty", "password", "b", now, tx))
        return made.token

    token = log_in()
    door.wait(IDLE_MS / 1000 - 1)
    await door.sessions.find(token)
    door.wait(IDLE_MS / 1000 - 1)
    await door.sessions.find(token)
    door.wait(IDLE_MS / 1000)
    with refuses("not_logged_in"):
        await door.sessions.find(token)
    assert door.staff.read(sessions.everybody) == []

    token = log_in()
    for _ in range(LONGEST_MS // (IDLE_MS // 2) - 1):
        door.wait(IDLE_MS / 2000)
        await door.sessions.find(token)
    door.wait(IDLE_MS / 2000)
    with refuses("not_logged_in"):
        await door.sessions.find(token)

    duty, chief = door.staff.actor("duty"), door.staff.actor("chief")
    for actor in (duty, AT_NODE):
        token = log_in()
        (row,) = door.staff.read(lambda s: sessions.of_person(s, "duty"))
        with refuses("unknown_person"):
            door.staff.write(partial(end_session, chief, row.token_hash, NOW))
        door.staff.write(partial(end_session, actor, row.token_hash, NOW))
        with refuses("not_logged_in"):
            await door.sessions.find(token)


async def test_a_restart_keeps_sessions_and_their_age(door: Door) -> None:
    now = door.clock.now_ms()
    made = door.staff.write(lambda tx: open_session("duty", "password", "b", now, tx))
    door.wait(120)
    await door.sessions.find(made.token)
    restarted = SessionKeeper(door.staff.store, door.clock)
    door.wait(IDLE_MS / 1000 - 1)
    await restarted.find(made.token)
    door.wait(IDLE_MS / 1000)
    with refuses("not_logged_in"):
        await SessionKeeper(door.staff.store, door.clock).find(made.token)


async def test_a_further_log_in_ends_the_oldest_session(door: Door) -> None:
    tokens = []
    for number in range(MOST_OF_A_PERSON + 1):
        made = door.staff.write(partial(open_session, "duty", "password", "b", NOW + number))
        tokens.append(made.token)
    door.wait(1)
    with refuses("not_logged_in"):
        await door.sessions.find(tokens[0])
    await door.sessions.find(tokens[-1])


@pytest.mark.parametrize("token", ["", "x", "00", "00" * 32, "\ud800", "0" * 100_000])
async def test_any_other_token_is_no_session(door: Door, token: str) -> None:
    with refuses("not_logged_in"):
        await door.sessions.find(token)


async def test_many_log_ins_at_once_all_get_an_answer(door: Door) -> None:
    async def attempt() -> bool:
        return (await door.credentials.begin("duty", PASSWORD, "b")).opened is not None

    assert all(await asyncio.gather(*(attempt() for _ in range(6))))
    account = door.staff.read(lambda s: people.get(s, "duty"))
    assert account is not None
    assert account.password is not None
    assert account.password.startswith("$argon2id$")


def test_a_hash_costs_what_rfc_9106_asks_for() -> None:
    assert (REAL.time_cost, REAL.memory_cost, REAL.parallelism) == (3, 64 * 1024, 4)
    assert REAL.hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
