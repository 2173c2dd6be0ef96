"""Two offices with fictional people, their agents in this process, and their pages on real ports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from blo_agent.api.app import entrance
from blo_agent.people.access import AT_NODE
from blo_agent.people.accounts import add_person
from blo_agent.people.passwords import hash_password
from blo_agent.store.connection import Transaction
from blo_agent.store.tables import people
from blo_desk.node import api_and_pages
from blo_runtime.http import ListeningServer, serve
from blo_schemas.people import (
    Agency,
    Appointment,
    DeputyDelegation,
    OfficeRole,
    PersonId,
    StaffMember,
)
from blo_sealing.passkeys import RelyingParty
from tests.agents.started import both_up
from tests.agents.world import RunningAgent, World
from tests.people.staff import PASSWORD

HOST = "localhost"
SECRET = bytes(range(20))
"""The secret of the one-time codes of everybody who has them."""

STAFF: dict[PersonId, tuple[str, OfficeRole]] = {
    "chief": ("Trần Văn Chánh", OfficeRole.CHIEF),
    "deputy": ("Hoàng Thị Phó", OfficeRole.STANDING_DEPUTY),
    "officer": ("Nguyễn Thị Trực", OfficeRole.DUTY_OFFICER),
    "colleague": ("Lê Văn Ban", OfficeRole.DUTY_OFFICER),
    "member": ("Phạm Hải Quan", OfficeRole.AGENCY_MEMBER),
    "auditor": ("Đỗ Kiểm", OfficeRole.OFFICE_AUDITOR),
    "operator": ("Vũ Kỹ Thuật", OfficeRole.OPERATOR),
}
WITH_CODES = {"chief"}


class OfficePages:
    """An office with its pages.

    Attributes:
        running: Its agent.
        server: Its listener.
    """

    def __init__(self, running: RunningAgent, server: ListeningServer) -> None:
        self.running = running
        self.server = server

    @property
    def url(self) -> str:
        """The address as people write it."""
        return f"http://{HOST}:{self.server.port}"

    async def staff(self, language: str = "en") -> None:
        """Have everybody of ``STAFF``, with one password."""
        agent = self.running.agent
        hashed = hash_password(PASSWORD, ())

        def job(tx: Transaction) -> None:
            for person, (name, role) in STAFF.items():
                agency = Agency.CUSTOMS if role is OfficeRole.AGENCY_MEMBER else None
                appointment = Appointment(role=role, agency=agency, start=0)
                member = StaffMember(
                    id=person,
                    name=f"{name} (fictional)",
                    language=language,
                    appointments=(appointment,),
                )
                add_person(AT_NODE, member, agent.clock.now_ms(), tx)
                account = people.get(tx, person)
                assert account is not None
                secret = SECRET if person in WITH_CODES else None
                people.put(tx, account._replace(password=hashed, totp=secret, confirmed=True))

        await agent.store.write(job)

    async def delegate(self, deputy: PersonId) -> None:
        """Let the deputy act as chief for a day."""
        agent = self.running.agent
        now = agent.clock.now_ms()
        day = DeputyDelegation(chief="chief", deputy=deputy, start=now, end=now + 86_400_000)
        await agent.store.write(lambda tx: people.add_delegation(tx, day))

    async def speak(self, language: str) -> None:
        """Let everybody of the office read another language."""

        def job(tx: Transaction) -> None:
            for account in people.everybody(tx):
                fields = {
                    name: getattr(account.member, name) for name in ("id", "name", "appointments")
                }
                member = StaffMember(language=language, **fields)
                people.put(tx, account._replace(member=member))

        await self.running.agent.store.write(job)


@asynccontextmanager
async def pages_of(running: RunningAgent) -> AsyncIterator[OfficePages]:
    """The pages of an agent, on a free port of loopback."""
    async with AsyncExitStack() as stack:
        # A passkey is for one origin, port included, so the port is chosen first.
        probe = await serve(api_and_pages(entrance(running.agent)), "127.0.0.1")
        port = probe.port
        await probe.stop()
        party = RelyingParty(HOST, f"http://{HOST}:{port}")
        server = await serve(api_and_pages(entrance(running.agent, party=party)), port=port)
        stack.push_async_callback(server.stop)
        yield OfficePages(running, server)


@asynccontextmanager
async def both_desks(folder: Path) -> AsyncIterator[tuple[World, OfficePages, OfficePages]]:
    """Two offices of a border, with their people and pages."""
    async with (
        both_up(folder) as (world, a, b),
        pages_of(a) as first,
        pages_of(b) as second,
    ):
        await first.staff()
        await second.staff()
        yield world, first, second
