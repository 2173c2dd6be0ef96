"""Handlers of the node's keys and disks; each request leaves a journal entry."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency

from blo_agent.agent import Agent
from blo_agent.api.custody_types import BackupAnswer, BackupRequest, backup_answer
from blo_agent.api.identity import acting_name, actions, actor_of
from blo_agent.custody.errors import CustodyRefusal, CustodyRefused
from blo_agent.people.access import check_allowed
from blo_agent.store.errors import BackupRefused
from blo_domain.people.permissions import Action

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


HANDLERS = (backup,)
