"""Handlers of the node's keys and disks; each request that changes something is in the journal."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath

from blo_agent.agent import Agent
from blo_agent.api.custody_types import (
    BackupAnswer,
    BackupRequest,
    CertificateAnswer,
    CertificateForm,
    CertificatesAnswer,
    RegrantAnswer,
    RegrantRequest,
    RenewalAnswer,
    RenewalRequest,
    backup_answer,
    certificate_answer,
    regrant_answer,
)
from blo_agent.api.identity import acting_name, actions, actor_of
from blo_agent.api.parse import known_link
from blo_agent.custody.certificates import (
    OwnCertificate,
    check_next_certificate,
    covered_until,
    own_certificates,
    renew,
)
from blo_agent.custody.errors import CustodyRefusal, CustodyRefused
from blo_agent.custody.regrant import regrants
from blo_agent.people.access import check_allowed
from blo_agent.store.errors import BackupRefused
from blo_domain.people.permissions import Action
from blo_schemas.ids import OfficeId
from blo_schemas.instants import local

Req = Request[Any, Any, State]


@post("/v1/backups", opt=actions(Action.MANAGE_KEYS))
async def backup(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[BackupRequest]
) -> BackupAnswer:
    """Make a backup: 201 when it was written and verified."""
    name = acting_name(request, wanted.actor)
    check_allowed(actor_of(request), Action.MANAGE_KEYS)
    try:
        return backup_answer(await agent.backups.make(name))
    except BackupRefused as refused:
        raise CustodyRefused(CustodyRefusal.BACKUP_REFUSED, str(refused)) from None


@get("/v1/certificates", opt=actions(Action.SEE_HEALTH, Action.MANAGE_KEYS))
async def certificates(agent: NamedDependency[Agent]) -> CertificatesAnswer:
    """The office's certificates, and until when it may write."""
    now = agent.clock.now_ms()
    # Read in the store's thread, where documents change.
    rows, until = await agent.store.write(
        lambda _: (own_certificates(agent.office, now), covered_until(agent.office, now))
    )
    return CertificatesAnswer(
        [certificate_answer(row) for row in rows], None if until is None else local(until)
    )


@post("/v1/certificates/request", status_code=200, opt=actions(Action.MANAGE_KEYS))
async def renewal(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[RenewalRequest]
) -> RenewalAnswer:
    """The request for the next certificate: 200 when its keys are on disk."""
    name, now = acting_name(request, wanted.actor), agent.clock.now_ms()
    check_allowed(actor_of(request), Action.MANAGE_KEYS)
    made, until = await agent.store.write(
        lambda tx: (
            renew(agent.office, now, name, tx, same_keys=wanted.same_keys),
            covered_until(agent.office, now),
        )
    )
    return RenewalAnswer(
        made.subject,
        made.signing_key.hex(),
        made.kem_key.hex(),
        None if until is None else local(until),
    )


@post("/v1/certificates/check", status_code=200, opt=actions(Action.MANAGE_KEYS))
async def check(
    request: Req, agent: NamedDependency[Agent], wanted: NamedDependency[CertificateForm]
) -> CertificateAnswer:
    """Check a certificate before it is published; nothing is changed."""
    check_allowed(actor_of(request), Action.MANAGE_KEYS)
    now = agent.clock.now_ms()
    fitting: OwnCertificate = await agent.store.write(
        lambda _: check_next_certificate(agent.office, wanted.document, now)
    )
    return certificate_answer(fitting)


@post("/v1/links/{link:str}/regrants", status_code=202, opt=actions(Action.MANAGE_KEYS))
async def regrant(
    request: Req,
    agent: NamedDependency[Agent],
    link: FromPath[str],
    wanted: NamedDependency[RegrantRequest],
) -> RegrantAnswer:
    """Grant a link's keys again: 202 when that is in the journal; it goes on by itself."""
    state = known_link(agent, link)
    name = acting_name(request, wanted.actor)
    check_allowed(actor_of(request), Action.MANAGE_KEYS)
    asked = await agent.regrants.ask(state.link, OfficeId(wanted.reader), wanted.reason, name)
    return regrant_answer(asked)


@get("/v1/regrants", opt=actions(Action.SEE_HEALTH, Action.MANAGE_KEYS))
async def list_regrants(agent: NamedDependency[Agent]) -> list[RegrantAnswer]:
    """How far the granting of keys has come, for each link and reader."""
    return [regrant_answer(row) for row in await agent.store.read(regrants)]


HANDLERS = (backup, certificates, renewal, check, regrant, list_regrants)
